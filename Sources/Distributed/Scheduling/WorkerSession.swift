import Sweep
import Wire

public struct SessionSettings: Equatable, Sendable {
    /// How often an unanswered hello is said again.
    public var helloMilliseconds: Int64 = 1000
    /// A coordinator unheard for so many beats is greeted again.
    public var silentBeats: Int64 = 6
    /// Every so many beats is a hello, which says what the worker holds: an assignment or a report that was
    /// lost with its connection is noticed then, and only then.
    public var helloBeats: Int64 = 10
    /// A worker that heard nothing for so long gives up.
    public var giveUpMilliseconds: Int64 = 15 * 60 * 1000
    /// A slot that dies so often without a trial, and without an answer in between, is beyond help.
    public var maximumSlotDeaths = 3

    public init() {}
}

public enum SessionEvent: Equatable, Sendable {
    case message(CoordinatorMessage)
    /// There is a connection: the first, or another after one was lost.
    case connected
    /// A slot's process is up, with this BLAS kernel.
    case slotReady(Int, kernel: String)
    case slotReply(Int, SlotReply, unixMilliseconds: Int64, log: String = "")
    /// A slot's process is gone; the caller starts another on `restart`.
    case slotDied(
        Int, cause: String, unixMilliseconds: Int64, peakMemoryBytes: UInt64 = 0, log: String = "")
    /// Weights that the coordinator fetches are not to be read: the trial has failed.
    case filesLost(trial: UInt64, cause: String, unixMilliseconds: Int64)
    case tick
    /// The user wants the worker to end.
    case stop
}

public enum SessionEffect: Equatable, Sendable {
    case send(WorkerMessage)
    /// Give the slot the sweep that trials index into.
    case load(sweep: [UInt8], slot: Int)
    /// One trial, or several that the slot trains together.
    case start(trials: [UInt64], slot: Int)
    /// Send these bytes of a file that the trial's slot left, as a `piece`.
    case sendChunk(trial: UInt64, file: UInt32, offset: UInt64, count: Int)
    /// Delete the files that the trial's slot left.
    case deleteFiles(trial: UInt64)
    /// End the slot's process, if it lives, and start another.
    case restart(slot: Int)
    /// End the slot's process, and tell of it as of any death (`slotDied`), with this cause.
    case end(slot: Int, cause: String)
    case note(SessionNote)
    case exit(SessionEnd)
}

public enum SessionNote: Equatable, Sendable {
    case joined
    case coordinatorSilent
    case failed(trial: UInt64, cause: String)
    /// A slot ended while it trained so many together: each is tried alone.
    case apart(trials: Int, cause: String)
}

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

/// A worker's side of the protocol. It holds trials until their reports are acknowledged, through lost
/// connections and coordinators that restart: a hello names what it holds, and reports are sent again after
/// each welcome.
public struct WorkerSession: Sendable {
    enum Link: Equatable, Sendable {
        /// No slot is up yet: there is nothing to offer.
        case waitingForSlots
        case greeting
        case joined
    }

    enum Slot: Equatable, Sendable {
        case starting
        case idle
        case running(Run)
    }

    /// What a slot was given.
    struct Run: Equatable, Sendable {
        /// Whose answers are to come.
        var trials: [UInt64]
        /// Those of them that nobody wants any more.
        var unwanted: Set<UInt64> = []
        /// Whether it was several.
        let isBatched: Bool
        let since: Instant

        /// Whether the slot works for nothing.
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
        /// Whether it was given with all others of its lease, for one slot.
        var isBatched = false
    }

    let settings: SessionSettings
    /// When the worker says goodbye, whatever still runs then.
    private(set) var until: Instant?
    /// It has said how it ends: whatever comes now is a consequence of that, and no news.
    private var isOver = false
    private var loopTime = LoopTime()
    var trialTime = TrialTime()
    var hello: WorkerMessage.Hello
    var link = Link.waitingForSlots
    var slots: [Slot]
    /// What slots last said of the trials that they run.
    var fractions: [UInt64: TrialProgress] = [:]
    var lastProgress: Instant
    var slotDeaths: [Int]
    var held: [UInt64: Held] = [:]
    /// Trials that wait for a slot, in the order they came: one by one, or those together that one slot takes.
    var queue: [[UInt64]] = []
    private(set) var sweep: [UInt8]?
    private(set) var heartbeatMilliseconds: Int64 = 1000
    private var trialLimitMilliseconds: Int64?
    private var lastHeard: Instant
    private var lastSent: Instant
    private var lastHello: Instant
    private var lastAwake: Instant

    /// - Parameters:
    ///   - hello: who the worker is; what it holds, and for how long, is filled in.
    ///   - until: when it says goodbye, whatever still runs then.
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
        lastAwake = now
    }

    /// When `tick` is due at the latest.
    public var nextDeadline: Instant { isOver ? Instant(milliseconds: .max) : loopTime.clock(at: due) }

    private var due: Instant {
        let link =
            switch link {
            // Often enough to tell a gap from a wait.
            case .waitingForSlots: lastAwake + settings.helloMilliseconds
            case .greeting: lastSent + settings.helloMilliseconds
            case .joined:
                min(
                    lastSent + heartbeatMilliseconds, lastHello + heartbeatMilliseconds * settings.helloBeats,
                    lastHeard + heartbeatMilliseconds * settings.silentBeats)
            }
        return (slots.compactMap(limit) + [until].compactMap { $0 }).reduce(link) { min($0, $1) }
    }

    /// When a slot's trial has run for too long.
    private func limit(of slot: Slot) -> Instant? {
        guard case .running(let run) = slot else { return nil }
        return trialLimitMilliseconds.map { run.since + $0 }
    }

    /// - Parameter clock: now. Where this comes long after `nextDeadline`, the caller was stopped: neither the
    ///   coordinator's silence nor a trial's time is counted meanwhile.
    public mutating func handle(_ event: SessionEvent, at clock: Instant) -> [SessionEffect] {
        guard !isOver else { return [] }
        let (now, gap) = loopTime.read(clock, due: due)
        // The end that it was given comes when it comes.
        until = until.map { $0 + -gap }
        lastAwake = now
        var effects: [SessionEffect] = []
        switch event {
        case .message(let message):
            lastHeard = now
            receive(message, now, &effects)
        case .connected:
            // Who is at the other end may know nothing of this worker.
            if link != .waitingForSlots {
                link = .greeting
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
            // Before a welcome the indices would mean nothing; the next hello tells what was missed.
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
            // Another sweep: what is held belongs to nobody any more.
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
            // The hello that this answers laid claim to trials of another sweep.
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

    /// Whether the trial waits for a slot from now on.
    private mutating func isNew(
        _ trial: UInt64, _ assignment: CoordinatorMessage.Assignment, _ effects: inout [SessionEffect]
    ) -> Bool {
        guard let known = held[trial] else { return true }
        switch known.stage {
        case .waiting, .running:
            held[trial]?.lease = assignment.lease
            held[trial]?.attempt = assignment.attempt
        // Its failure was reported under another lease: this is the retry.
        case .reported(.failure) where known.lease != assignment.lease: return true
        // It has the answer already; the coordinator had not heard.
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
        case .greeting:
            if now >= lastSent + settings.helloMilliseconds { sendHello(now, &effects) }
        case .joined:
            if now >= lastHeard + heartbeatMilliseconds * settings.silentBeats {
                link = .greeting
                effects.append(.note(.coordinatorSilent))
                sendHello(now, &effects)
            } else if now >= lastHello + heartbeatMilliseconds * settings.helloBeats {
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
