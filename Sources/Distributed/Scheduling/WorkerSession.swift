import Sweep
import Wire

/// Limits and intervals that a worker's session works by.
public struct SessionSettings: Equatable, Sendable {
    /// Interval at which an unanswered hello is repeated.
    public var helloMilliseconds: Int64 = 1000
    /// After this many heartbeat intervals of silence the worker says hello again.
    public var silentHeartbeats: Int64 = 6
    /// Number of heartbeat intervals between hellos. A hello lists what the worker holds, and is the only
    /// message that reveals an assignment or a report that was lost with its connection.
    public var helloHeartbeats: Int64 = 10
    /// A worker that hears nothing for this long exits.
    public var giveUpMilliseconds: Int64 = 15 * 60 * 1000
    /// The worker exits when a slot dies this often with no trial, and with no answer in between.
    public var maximumSlotDeaths = 3

    /// Creates the default settings.
    public init() {}
}

/// Something that happened, for `WorkerSession.handle`.
public enum SessionEvent: Equatable, Sendable {
    case message(CoordinatorMessage)
    /// A connection was made: the first, or another after a loss.
    case connected
    /// A slot's process has started, and uses this BLAS kernel.
    case slotReady(Int, kernel: String)
    case slotReply(Int, SlotReply, unixMilliseconds: Int64, log: String = "")
    /// A slot's process is gone; the caller starts another on `restart`.
    case slotDied(
        Int, cause: String, unixMilliseconds: Int64, peakMemoryBytes: UInt64 = 0, log: String = "")
    /// Weights that the coordinator fetches can't be read. Their trial has failed.
    case filesLost(trial: UInt64, cause: String, unixMilliseconds: Int64)
    case tick
    /// The user wants the worker to exit.
    case stop
}

/// Something for the caller to do. Effects must be performed in the order in which they are returned.
public enum SessionEffect: Equatable, Sendable {
    case send(WorkerMessage)
    /// Give the slot the sweep that trials index into.
    case load(sweep: [UInt8], slot: Int)
    /// Run one trial, or several as a batch.
    case start(trials: [UInt64], slot: Int)
    /// Send these bytes of a file that the trial's slot left, as a `chunk`.
    case sendChunk(trial: UInt64, file: UInt32, offset: UInt64, count: Int)
    /// Delete the files that the trial's slot left.
    case deleteFiles(trial: UInt64)
    /// End the slot's process if it is alive, and start another.
    case restart(slot: Int)
    /// End the slot's process, and report its death (`slotDied`) with this cause.
    case end(slot: Int, cause: String)
    case note(SessionNote)
    case exit(SessionEnd)
}

/// News for the worker's user.
public enum SessionNote: Equatable, Sendable {
    case joined
    case coordinatorSilent
    case failed(trial: UInt64, cause: String)
    /// A slot died while it trained this many trials as a batch. Each is now run alone.
    case apart(trials: Int, cause: String)
}

/// Why a worker exits.
public enum SessionEnd: Equatable, Sendable {
    /// The sweep is done.
    case finished
    /// The end that the worker was given is near.
    case timeUp
    case refused(reason: String)
    case silent
    case stopped
    case slotsBroken(cause: String)
}

/// A worker's side of the protocol. It holds trials until their reports are acknowledged, even if connections
/// are lost or the coordinator restarts: a hello lists what it holds, and reports are sent again after each
/// welcome.
public struct WorkerSession: Sendable {
    enum Link: Equatable, Sendable {
        /// No slot is ready yet, so there is nothing to offer.
        case waitingForSlots
        case helloSent
        case joined
    }

    enum Slot: Equatable, Sendable {
        case starting
        case idle
        case running(Run)
    }

    /// Trials that a slot was given.
    struct Run: Equatable, Sendable {
        /// Trials that it hasn't answered for.
        var trials: [UInt64]
        /// Trials among them that are no longer wanted.
        var unwanted: Set<UInt64> = []
        /// Whether the slot was given several trials.
        let isBatched: Bool
        let since: Instant

        /// Whether none of its trials is wanted.
        var isUseless: Bool { unwanted.isSuperset(of: trials) }
    }

    enum Stage: Equatable, Sendable {
        case waiting
        case running
        case reported(WorkerMessage)
    }

    struct Held: Equatable, Sendable {
        var lease: LeaseID
        var attempt: UInt32
        var stage: Stage
        /// Whether it was leased as part of a batch, for one slot.
        var isBatched = false
    }

    let settings: SessionSettings
    /// When the worker says goodbye, whatever is still running.
    private(set) var until: Instant?
    /// Whether the worker has said that it exits. Whatever comes after that is a consequence of it.
    private var isOver = false
    private var loopTime = LoopTime()
    var trialTime = TrialTime()
    var hello: WorkerMessage.Hello
    var link = Link.waitingForSlots
    var slots: [Slot]
    /// Latest progress of running trials.
    var fractions: [UInt64: TrialProgress] = [:]
    var lastProgress: Instant
    var slotDeaths: [Int]
    var held: [UInt64: Held] = [:]
    /// Trials that wait for a slot, in the order in which they came: one by one, or as a batch for one slot.
    var queue: [[UInt64]] = []
    private(set) var sweep: [UInt8]?
    private(set) var heartbeatMilliseconds: Int64 = 1000
    private var trialLimitMilliseconds: Int64?
    private var lastHeard: Instant
    private var lastSent: Instant
    private var lastHello: Instant
    private var lastTick: Instant

    /// Creates the session of a worker that has no connection yet.
    ///
    /// - Parameters:
    ///   - hello: description of the worker. The session fills in what it holds, and for how long.
    ///   - until: when it says goodbye, whatever is still running.
    public init(
        hello: WorkerMessage.Hello, settings: SessionSettings = SessionSettings(), until: Instant? = nil,
        at now: Instant
    ) {
        self.hello = hello
        self.until = until
        self.settings = settings
        slots = Array(repeating: .starting, count: Int(hello.slots))
        slotDeaths = Array(repeating: 0, count: Int(hello.slots))
        lastProgress = now
        lastHeard = now
        lastSent = now
        lastHello = now
        lastTick = now
    }

    /// Time by which to handle `tick`.
    public var nextDeadline: Instant { isOver ? Instant(milliseconds: .max) : loopTime.clock(at: due) }

    private var due: Instant {
        let link =
            switch link {
            // Frequent enough to tell a gap from a wait.
            case .waitingForSlots: lastTick + settings.helloMilliseconds
            case .helloSent: lastSent + settings.helloMilliseconds
            case .joined:
                min(
                    lastSent + heartbeatMilliseconds,
                    lastHello + heartbeatMilliseconds * settings.helloHeartbeats,
                    lastHeard + heartbeatMilliseconds * settings.silentHeartbeats)
            }
        return (slots.compactMap(limit) + [until].compactMap { $0 }).reduce(link) { min($0, $1) }
    }

    /// When a slot's trial reaches its time limit.
    private func limit(of slot: Slot) -> Instant? {
        guard case .running(let run) = slot else { return nil }
        return trialLimitMilliseconds.map { run.since + $0 }
    }

    /// Handles an event.
    ///
    /// - Parameter clock: the time now. If it is long after `nextDeadline`, the caller was stopped: neither
    ///   the coordinator's silence nor a trial's time counts for that gap.
    /// - Returns: the effects, in the order in which they must be performed.
    public mutating func handle(_ event: SessionEvent, at clock: Instant) -> [SessionEffect] {
        guard !isOver else { return [] }
        let (now, gap) = loopTime.read(clock, due: due)
        // The worker's end is a time of the clock: a gap brings it nearer.
        until = until.map { $0 + -gap }
        lastTick = now
        var effects: [SessionEffect] = []
        switch event {
        case .message(let message):
            lastHeard = now
            receive(message, now, &effects)
        case .connected:
            // The other end may know nothing of this worker.
            if link != .waitingForSlots {
                link = .helloSent
                sendHello(now, &effects)
            }
        case .slotReady(let slot, let kernel):
            hello.kernel = kernel
            ready(slot, now, &effects)
        case .slotReply(let slot, .progress(let progress), _, _): note(progress, of: slot, now, &effects)
        case .slotReply(let slot, let reply, let time, let log): finish(slot, reply, time, log, &effects)
        case .slotDied(let slot, let cause, let time, let peak, let log):
            died(slot, cause, time, peak, log, now, &effects)
        case .filesLost(let trial, let cause, let time):
            guard files(of: trial) != nil else { break }
            effects.append(.deleteFiles(trial: trial))
            fail(trial, cause, "", provenance(0, 0, 0, time), &effects)
        case .tick: tick(now, &effects)
        case .stop: effects += [.send(.goodbye), .exit(.stopped)]
        }
        if until.map({ now < $0 }) ?? true { startWaiting(now, &effects) }
        leaveIfDue(now, &effects)
        if effects.contains(where: { if case .send = $0 { true } else { false } }) { lastSent = now }
        isOver = effects.contains { if case .exit = $0 { true } else { false } }
        return effects
    }
}

// MARK: - The coordinator

extension WorkerSession {
    private mutating func receive(
        _ message: CoordinatorMessage, _ now: Instant, _ effects: inout [SessionEffect]
    ) {
        switch message {
        case .welcome(let welcome): join(welcome, now, &effects)
        case .refuse(let reason): effects.append(.exit(.refused(reason: reason)))
        case .assign(let assignment):
            // Before a welcome the indices mean nothing. The next hello reveals what was missed.
            guard link == .joined else { return }
            take(assignment, &effects)
        case .heartbeat: break
        case .accepted(let trials):
            for trial in trials where isReported(trial) { forget(trial, &effects) }
        case .fetch(let trial, let file, let offset): sendChunk(trial, file, offset, &effects)
        case .revoke(let lease, let trials):
            for trial in trials where held[trial]?.lease == lease { drop(trial, &effects) }
        case .recall: giveBack(now, &effects)
        case .finish: effects += [.send(.goodbye), .exit(.finished)]
        }
    }

    private mutating func join(
        _ welcome: CoordinatorMessage.Welcome, _ now: Instant, _ effects: inout [SessionEffect]
    ) {
        heartbeatMilliseconds = max(50, Int64(welcome.heartbeatMilliseconds))
        let limit = Int64(welcome.trialLimitSeconds)
        trialLimitMilliseconds = limit > 0 ? limit * 1000 : nil
        if sweep != welcome.sweep {
            // This is another sweep, so no trial that is held belongs to it.
            sweep = welcome.sweep
            let claimed = !held.isEmpty
            for trial in held.keys.sorted() { forget(trial, &effects) }
            queue = []
            fractions = [:]
            for slot in slots.indices {
                switch slots[slot] {
                case .starting: break
                case .idle: effects.append(.load(sweep: welcome.sweep, slot: slot))
                case .running:
                    slots[slot] = .starting
                    effects.append(.restart(slot: slot))
                }
            }
            // The hello that this welcome answers claimed trials of another sweep.
            if claimed { sendHello(now, &effects) }
        }
        if link != .joined { effects.append(.note(.joined)) }
        link = .joined
        for trial in held.keys.sorted() {
            if case .reported(let message)? = held[trial]?.stage { effects.append(.send(message)) }
        }
    }

    private mutating func take(
        _ assignment: CoordinatorMessage.Assignment, _ effects: inout [SessionEffect]
    ) {
        var new: [UInt64] = []
        for trial in assignment.trials where isNew(trial, assignment, &effects) {
            held[trial] = Held(
                lease: assignment.lease, attempt: assignment.attempt, stage: .waiting,
                isBatched: assignment.isBatched)
            new.append(trial)
        }
        if !assignment.isBatched {
            queue += new.map { [$0] }
        } else if !new.isEmpty {
            queue.append(new)
        }
    }

    /// Records the assignment of a trial. Returns whether the trial now has to wait for a slot.
    private mutating func isNew(
        _ trial: UInt64, _ assignment: CoordinatorMessage.Assignment, _ effects: inout [SessionEffect]
    ) -> Bool {
        guard let known = held[trial] else { return true }
        switch known.stage {
        case .waiting, .running:
            held[trial]?.lease = assignment.lease
            held[trial]?.attempt = assignment.attempt
        // Its failure was reported under another lease, so this is the retry.
        case .reported(.failure) where known.lease != assignment.lease: return true
        // The worker has the answer already, and the coordinator hadn't heard it.
        case .reported(let message): effects.append(.send(message))
        }
        return false
    }

    private func isReported(_ trial: UInt64) -> Bool {
        if case .reported? = held[trial]?.stage { true } else { false }
    }

    private mutating func tick(_ now: Instant, _ effects: inout [SessionEffect]) {
        if now >= lastHeard + settings.giveUpMilliseconds {
            effects.append(.exit(.silent))
            return
        }
        for (slot, state) in slots.enumerated() {
            guard let limit = limit(of: state), now >= limit else { continue }
            let seconds = (trialLimitMilliseconds ?? 0) / 1000
            effects.append(.end(slot: slot, cause: "ran longer than the limit of \(seconds) s"))
        }
        switch link {
        case .waitingForSlots: break
        case .helloSent:
            if now >= lastSent + settings.helloMilliseconds { sendHello(now, &effects) }
        case .joined:
            if now >= lastHeard + heartbeatMilliseconds * settings.silentHeartbeats {
                link = .helloSent
                effects.append(.note(.coordinatorSilent))
                sendHello(now, &effects)
            } else if now >= lastHello + heartbeatMilliseconds * settings.helloHeartbeats {
                sendHello(now, &effects)
            } else if now >= lastSent + heartbeatMilliseconds {
                effects.append(.send(.heartbeat))
            }
        }
    }

    mutating func sendHello(_ now: Instant, _ effects: inout [SessionEffect]) {
        var message = hello
        message.held = claims
        message.remainingMilliseconds = remaining(now)
        effects.append(.send(.hello(message)))
        lastHello = now
    }
}
