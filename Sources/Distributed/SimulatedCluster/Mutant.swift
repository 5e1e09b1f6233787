import Scheduling
import Wire

/// A bug planted between the dispatcher and its shell, for the simulation to find: what checks nothing finds
/// none.
public enum Mutant: String, CaseIterable, Sendable {
    /// Effects are sent first and made durable after.
    case acknowledgeBeforeAppend = "acknowledge-before-append"
    /// A late failure counts against whichever attempt is under way.
    case noFence = "no-fence"
    /// A trial that failed or was lost is never given to a worker again.
    case lostRetry = "lost-retry"
    /// A second record is appended instead of compared.
    case duplicateExport = "duplicate-export"
    /// A lost worker counts as one that left: nothing that ran there is suspected.
    case forgottenSuspect = "forgotten-suspect"
    /// The coordinator does not hear of a pause.
    case deafPause = "deaf-pause"
    /// Workers are not told to give back what they have not begun.
    case lostRecall = "lost-recall"
    /// A drained run ends at once, whatever still runs.
    case hastyDrain = "hasty-drain"
    /// What a worker says of its end is not heard.
    case ignoredEnd = "ignored-end"
    /// A coordinator that was stopped holds the silence meanwhile against its workers.
    case ownSilence = "own-silence"
    /// Records are not held against the sweep.
    case believedRecord = "believed-record"
    /// Of two records of a trial the last is kept.
    case lastRecordWins = "last-record-wins"
    /// A run in which everything fails goes on.
    case endlessFailure = "endless-failure"
}

/// What stands between the dispatcher and the rest of the simulated coordinator. Without a mutant it changes
/// nothing.
struct Shell {
    let mutant: Mutant?
    /// To whom and by what lease each trial was last given.
    private var leases: [UInt64: (worker: WorkerID, lease: LeaseID, attempt: UInt32)] = [:]
    private var lastHeard: [WorkerID: Instant] = [:]
    private var isDraining = false

    init(_ mutant: Mutant?) { self.mutant = mutant }

    /// What the dispatcher is told instead of the event.
    mutating func events(for event: DispatchEvent, at now: Instant, _ settings: DispatchSettings)
        -> [DispatchEvent]
    {
        switch (mutant, event) {
        case (.noFence, .message(.failure(var failure), let worker)):
            guard let last = leases[failure.trial], last.lease != failure.lease else { return [event] }
            (failure.lease, failure.attempt) = (last.lease, last.attempt)
            return [.message(.failure(failure), from: last.worker), .message(.heartbeat, from: worker)]
        case (.forgottenSuspect, .message(_, let worker)), (.ownSilence, .message(_, let worker)):
            lastHeard[worker] = now
            return [event]
        case (.forgottenSuspect, .tick), (.ownSilence, .tick):
            let silent = lastHeard.filter { now >= $0.value + settings.deadAfterMilliseconds }.keys
                .sorted { $0.value < $1.value }
            for worker in silent { lastHeard[worker] = nil }
            return silent.map { mutant == .ownSilence ? .lost($0) : .message(.goodbye, from: $0) } + [.tick]
        case (.deafPause, .pause): return []
        case (.hastyDrain, .drain):
            isDraining = true
            return [event]
        case (.ignoredEnd, .message(.hello(var hello), let worker)):
            hello.remainingMilliseconds = nil
            return [.message(.hello(hello), from: worker)]
        default: return [event]
        }
    }

    /// What is performed instead of the dispatcher's effects.
    mutating func effects(for effects: [DispatchEffect]) -> [DispatchEffect] {
        switch mutant {
        case .noFence:
            for case .send(.assign(let assignment), let worker) in effects {
                for trial in assignment.trials {
                    leases[trial] = (worker, assignment.lease, assignment.attempt)
                }
            }
            return effects
        case .lostRetry:
            return effects.filter {
                if case .send(.assign(let assignment), _) = $0 { assignment.attempt == 1 } else { true }
            }
        case .duplicateExport:
            return effects.map { if case .check(let report) = $0 { .append(report) } else { $0 } }
        case .lostRecall:
            return effects.filter { if case .send(.recall, _) = $0 { false } else { true } }
        case .hastyDrain:
            defer { isDraining = false }
            return isDraining && !effects.contains(.drained) ? effects + [.drained] : effects
        case .endlessFailure:
            return effects.filter { if case .hopeless = $0 { false } else { true } }
        case .acknowledgeBeforeAppend, .forgottenSuspect, .deafPause, .ignoredEnd, .ownSilence,
            .believedRecord,
            .lastRecordWins, nil:
            return effects
        }
    }
}
