import TestSupport
import Wire

@testable import Scheduling

extension Draws {
    mutating func chance(_ probability: Double) -> Bool {
        Double.random(in: 0..<1, using: &self) < probability
    }

    mutating func milliseconds(_ range: ClosedRange<Int64>) -> Int64 { .random(in: range, using: &self) }

    mutating func pick<Element>(_ elements: Element...) -> Element {
        elements[Int(next() % UInt64(elements.count))]
    }
}

/// What a seed draws. Faults come until `faultsEnd`; from then on everything works, and the sweep must
/// finish.
struct SimulationOptions {
    var trials: Int
    var workers: Int
    var slots: UInt32
    /// The longest trial, in milliseconds.
    var longest: Int64
    var badTrials: Double
    var latency: Int64
    var faultsEnd: Int64
    var faultEvery: Int64
    var failure: Double
    var death: Double
    /// Of a trial that never ends by itself.
    var hang: Double
    /// Of the coordinator, while it performs the effects of an event.
    var crash: Double
    var queuesWhileDown: Bool
    /// ZeroMQ does neither; the protocol bears them.
    var duplicates: Double
    var reorders: Double
    /// Bytes of the weights that each trial leaves.
    var files: [UInt64]
    /// Of weights that are gone when they are fetched.
    var lostFiles: Double
    var settings: DispatchSettings

    init(_ draws: inout Draws) {
        trials = draws.pick(0, 1, 2, 5, 20, 60, 150)
        workers = draws.pick(1, 2, 3, 6)
        slots = draws.pick(1, 2, 4)
        longest = draws.pick(5, 200, 3000, 20_000)
        badTrials = draws.pick(0, 0, 0.1)
        latency = draws.pick(1, 30, 400, 2500)
        let calm = draws.chance(0.15)
        faultsEnd = calm ? 0 : draws.milliseconds(1000...150_000)
        faultEvery = draws.pick(300, 1000, 3000, 15_000)
        failure = draws.pick(0, 0.05, 0.3)
        death = draws.pick(0, 0.05, 0.3)
        hang = draws.pick(0, 0, 0.05)
        crash = draws.pick(0, 0, 0.002, 0.02)
        queuesWhileDown = draws.chance(0.5)
        duplicates = draws.pick(0, 0, 0.1)
        reorders = draws.pick(0, 0, 0.1)
        files = draws.pick([], [], [5], [5, 9], trials <= 5 ? [UInt64(WireLimit.piece) + 5, 1] : [7])
        lostFiles = draws.pick(0, 0.02)
        settings = DispatchSettings()
        settings.trialLimitSeconds = 30
        settings.maximumLosses = draws.pick(5, 1000)
        settings.shardMilliseconds = draws.pick(10, 1000, 20_000)
    }

    var isCalm: Bool { faultsEnd == 0 }
    var isLikeZeroMQ: Bool { duplicates == 0 && reorders == 0 }

    /// By when all must be done: as if one slot did the work, with every trial tried as often as it may fail.
    var deadline: Int64 {
        faultsEnd + 120_000 + Int64(trials * settings.maximumFailures) * (longest + 4 * latency + 1000)
    }
}

/// What will happen when: earliest first, and in the order of arrangement within a millisecond.
struct Agenda<Happening> {
    private var entries: [(time: Int64, order: Int, happening: Happening)] = []
    private var count = 0

    mutating func add(_ happening: Happening, at time: Int64) {
        count += 1
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].time > time { low = middle + 1 } else { high = middle }
        }
        entries.insert((time, count, happening), at: low)
    }

    mutating func next() -> (time: Int64, happening: Happening)? {
        entries.popLast().map { ($0.time, $0.happening) }
    }
}

/// What a coordinator leaves behind, and the checks of what it appends. Sees effects only.
struct SimulatedJournal {
    let trials: Int
    /// Of each trial's weights.
    let files: [UInt64]
    /// Bytes written of files that are not whole, and whole files' steps, by trial.
    private var partial: [UInt64: (step: Int, count: UInt64)] = [:]
    private(set) var kept: [UInt64: Set<Int>] = [:]
    private(set) var records: [UInt64: WorkerMessage.Report] = [:]
    private(set) var quarantined: Set<UInt64> = []
    private var failures: [UInt64: [WorkerMessage.Failure]] = [:]

    init(trials: Int, files: [UInt64]) {
        self.trials = trials
        self.files = files
    }

    var isComplete: Bool {
        (0..<UInt64(trials)).allSatisfy { records[$0] != nil || quarantined.contains($0) }
    }

    var restored: [(trial: Int, outcome: Dispatcher.Restored)] {
        (0..<trials).compactMap { trial in
            let key = UInt64(trial)
            if records[key] != nil { return (trial, .complete) }
            if quarantined.contains(key) { return (trial, .quarantined) }
            return failures[key].map { list in
                (trial, .failed(times: list.count, lastAttempt: list.map(\.attempt).max() ?? 0))
            }
        }
    }

    /// Performs the effect if it concerns the journal; returns what is wrong with it.
    mutating func perform(_ effect: DispatchEffect, settings: DispatchSettings) -> String? {
        switch effect {
        case .append(let report):
            if records[report.trial] != nil { return "trial \(report.trial) is appended twice" }
            if report.trial >= trials { return "trial \(report.trial) is appended" }
            if report.body != body(of: report.trial) { return "trial \(report.trial) has another's record" }
            if kept[report.trial, default: []].count != files.count {
                return "trial \(report.trial) is appended before its weights"
            }
            records[report.trial] = report
        case .check(let report):
            if records[report.trial]?.body != report.body {
                return "trial \(report.trial) is checked in vain"
            }
        case .appendFailure(let failure, let isFinal):
            let trial = failure.trial
            if records[trial] != nil || quarantined.contains(trial) {
                return "trial \(trial) fails after its end"
            }
            if failures[trial, default: []].contains(where: {
                $0.lease == failure.lease && $0.attempt == failure.attempt
            }) {
                return "attempt \(failure.attempt) at trial \(trial) fails twice"
            }
            failures[trial, default: []].append(failure)
            if isFinal { quarantined.insert(trial) }
            let isLoss = failure.cause.contains("lost")
            if isFinal, !isLoss, failures[trial]?.count != settings.maximumFailures {
                return "trial \(trial) is given up after \(failures[trial]?.count ?? 0) failures"
            }
        case .write(let trial, let step, let offset, let bytes):
            return write(UInt64(trial), step, offset, bytes)
        case .keep(let trial, let step):
            let trial = UInt64(trial)
            guard let whole = partial.removeValue(forKey: trial), files.indices.contains(step),
                whole == (step, files[step])
            else { return "half of trial \(trial)'s weights are kept" }
            kept[trial, default: []].insert(step)
        case .send, .note, .finished, .drained: break
        }
        return nil
    }

    private mutating func write(_ trial: UInt64, _ step: Int, _ offset: UInt64, _ bytes: [UInt8]) -> String? {
        if records[trial] != nil { return "trial \(trial)'s weights are written after its record" }
        if offset == 0 { partial[trial] = (step, 0) }
        guard let before = partial[trial], before == (step, offset) else {
            return "trial \(trial)'s weights have a gap or an overlap at \(offset)"
        }
        guard bytes.allSatisfy({ $0 == weightByte(trial, step) }) else { return "another's weights" }
        partial[trial] = (step, offset + UInt64(bytes.count))
        return nil
    }
}

/// What a simulated file is made of.
func weightByte(_ trial: UInt64, _ step: Int) -> UInt8 { UInt8(truncatingIfNeeded: 3 * trial + UInt64(step)) }

/// A worker's process and its slots'.
struct SimulatedWorker {
    struct Process {
        var number = 0
        var isUp = false
        var isLoaded = false
        var trial: UInt64?
    }

    let id: UInt64
    var session: WorkerSession
    var processes: [Process]
    /// Trials whose weights lie on its disk.
    var files: Set<UInt64> = []
    /// Which connection this is; what was sent on another never arrives.
    var connection = 0
    var upAgain: Int64 = 0
    /// When the last message that was sent arrives, upwards and downwards.
    var lastUp: Int64 = 0
    var lastDown: Int64 = 0
    var nextWake: Int64?

    init(_ id: UInt64, slots: UInt32, at now: Instant) {
        self.id = id
        session = WorkerSession(hello: hello(id, slots: slots), at: now)
        processes = Array(repeating: Process(), count: Int(slots))
    }
}
