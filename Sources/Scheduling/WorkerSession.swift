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
    case wake
    /// The user wants the worker to end.
    case stop
}

public enum SessionEffect: Equatable, Sendable {
    case send(WorkerMessage)
    /// Give the slot the sweep that trials index into.
    case load(sweep: [UInt8], slot: Int)
    case start(trial: UInt64, slot: Int)
    /// Send these bytes of a file that the trial's slot left, as a `piece`.
    case sendPiece(trial: UInt64, file: UInt32, offset: UInt64, count: Int)
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
        case running(UInt64, since: Instant)
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
    }

    private let settings: SessionSettings
    /// When the worker says goodbye, whatever still runs then.
    let until: Instant?
    var isLeaving = false
    var trialTime = TrialTime()
    private(set) var hello: WorkerMessage.Hello
    private(set) var link = Link.waitingForSlots
    private(set) var slots: [Slot]
    /// What each slot last said of the trial that it runs.
    var fractions: [TrialProgress?]
    var lastProgress: Instant
    private var slotDeaths: [Int]
    var held: [UInt64: Held] = [:]
    /// Trials that wait for a slot, in the order they came.
    var queue: [UInt64] = []
    private var sweep: [UInt8]?
    private(set) var beatMilliseconds: Int64 = 1000
    private var trialLimitMilliseconds: Int64?
    private var lastHeard: Instant
    private var lastSent: Instant
    private var lastHello: Instant

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
        fractions = Array(repeating: nil, count: Int(hello.slots))
        lastProgress = now
        lastHeard = now
        lastSent = now
        lastHello = now
    }

    /// When `wake` is due at the latest.
    public var nextDeadline: Instant {
        let link =
            switch link {
            case .waitingForSlots: lastSent + settings.giveUpMilliseconds
            case .greeting: lastSent + settings.helloMilliseconds
            case .joined:
                min(
                    lastSent + beatMilliseconds, lastHello + beatMilliseconds * settings.helloBeats,
                    lastHeard + beatMilliseconds * settings.silentBeats)
            }
        return (slots.compactMap(limit) + [until].compactMap { $0 }).reduce(link) { min($0, $1) }
    }

    /// When a slot's trial has run for too long.
    private func limit(of slot: Slot) -> Instant? {
        guard case .running(_, let since) = slot else { return nil }
        return trialLimitMilliseconds.map { since + $0 }
    }

    public mutating func handle(_ event: SessionEvent, at now: Instant) -> [SessionEffect] {
        var effects: [SessionEffect] = []
        switch event {
        case .message(let message):
            lastHeard = now
            receive(message, now, &effects)
        case .connected:
            // Who is at the other end may know nothing of this worker.
            if link != .waitingForSlots {
                link = .greeting
                greet(now, &effects)
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
        case .wake: wake(now, &effects)
        case .stop: effects += [.send(.goodbye), .exit(.stopped)]
        }
        startWaiting(now, &effects)
        leaveIfDue(now, &effects)
        if effects.contains(where: { if case .send = $0 { true } else { false } }) { lastSent = now }
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
            for trial in assignment.trials { take(trial, assignment, &effects) }
        case .beat: break
        case .accepted(let trials):
            for trial in trials where isReported(trial) { forget(trial, &effects) }
        case .fetch(let trial, let file, let offset): sendPiece(trial, file, offset, &effects)
        case .revoke(let lease, let trials):
            for trial in trials where held[trial]?.lease == lease { drop(trial, &effects) }
        case .recall: giveBack(now, &effects)
        case .finish: effects += [.send(.goodbye), .exit(.finished)]
        }
    }

    private mutating func join(
        _ welcome: CoordinatorMessage.Welcome, _ now: Instant, _ effects: inout [SessionEffect]
    ) {
        beatMilliseconds = max(50, Int64(welcome.beatMilliseconds))
        let limit = Int64(welcome.trialLimitSeconds)
        trialLimitMilliseconds = limit > 0 ? limit * 1000 : nil
        if sweep != welcome.sweep {
            // Another sweep: what is held belongs to nobody any more.
            sweep = welcome.sweep
            let claimed = !held.isEmpty
            for trial in held.keys.sorted() { forget(trial, &effects) }
            queue = []
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
            if claimed { greet(now, &effects) }
        }
        if link != .joined { effects.append(.note(.joined)) }
        link = .joined
        for trial in held.keys.sorted() {
            if case .reported(let message)? = held[trial]?.stage { effects.append(.send(message)) }
        }
    }

    private mutating func take(
        _ trial: UInt64, _ assignment: CoordinatorMessage.Assignment, _ effects: inout [SessionEffect]
    ) {
        guard let known = held[trial] else {
            held[trial] = Held(lease: assignment.lease, attempt: assignment.attempt, stage: .waiting)
            queue.append(trial)
            return
        }
        switch known.stage {
        case .waiting, .running:
            held[trial]?.lease = assignment.lease
            held[trial]?.attempt = assignment.attempt
        case .reported(.failure) where known.lease != assignment.lease:
            // Its failure was reported under another lease: this is the retry.
            held[trial] = Held(lease: assignment.lease, attempt: assignment.attempt, stage: .waiting)
            queue.append(trial)
        case .reported(let message):
            // It has the answer already; the coordinator had not heard.
            effects.append(.send(message))
        }
    }

    private func isReported(_ trial: UInt64) -> Bool {
        if case .reported? = held[trial]?.stage { true } else { false }
    }

    private mutating func drop(_ trial: UInt64, _ effects: inout [SessionEffect]) {
        forget(trial, &effects)
        queue.removeAll { $0 == trial }
        for slot in slots.indices {
            if case .running(trial, _) = slots[slot] {
                slots[slot] = .starting
                effects.append(.restart(slot: slot))
            }
        }
    }

    private mutating func wake(_ now: Instant, _ effects: inout [SessionEffect]) {
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
            if now >= lastSent + settings.helloMilliseconds { greet(now, &effects) }
        case .joined:
            if now >= lastHeard + beatMilliseconds * settings.silentBeats {
                link = .greeting
                effects.append(.note(.coordinatorSilent))
                greet(now, &effects)
            } else if now >= lastHello + beatMilliseconds * settings.helloBeats {
                greet(now, &effects)
            } else if now >= lastSent + beatMilliseconds {
                effects.append(.send(.beat))
            }
        }
    }

    mutating func greet(_ now: Instant, _ effects: inout [SessionEffect]) {
        var message = hello
        message.held = claims
        message.remainingMilliseconds = remaining(now)
        effects.append(.send(.hello(message)))
        lastHello = now
    }
}

// MARK: - The slots

extension WorkerSession {
    private mutating func ready(_ slot: Int, _ now: Instant, _ effects: inout [SessionEffect]) {
        // Ready twice: a slot that has its trial is not free, whatever it says.
        guard slots[slot] == .starting else { return }
        slots[slot] = .idle
        if let sweep { effects.append(.load(sweep: sweep, slot: slot)) }
        if link == .waitingForSlots {
            link = .greeting
            greet(now, &effects)
        }
    }

    private mutating func finish(
        _ slot: Int, _ reply: SlotReply, _ time: Int64, _ log: String, _ effects: inout [SessionEffect]
    ) {
        guard case .running(let trial, _) = slots[slot] else { return }
        switch reply {
        case .ready, .progress: return
        case .done, .failed: slots[slot] = .idle
        }
        slotDeaths[slot] = 0
        guard let hold = held[trial] else { return }
        switch reply {
        case .ready, .progress: break
        case .done(
            trial, let id, let body, let files, let continuedFrom, let seconds, let measuring, let peak):
            if continuedFrom == 0 { trialTime.add(seconds * 1000) }
            report(
                .report(
                    WorkerMessage.Report(
                        lease: hold.lease, trial: trial, id: id, attempt: hold.attempt, body: body,
                        files: files,
                        provenance: provenance(
                            slot, seconds, peak, time, continuedFrom: continuedFrom, measuring: measuring))),
                of: trial, &effects)
        case .failed(trial, let cause, let seconds, let peak):
            fail(trial, cause, log, provenance(slot, seconds, peak, time), &effects)
        case .done, .failed:
            fail(trial, "its slot answered for another trial", log, provenance(slot, 0, 0, time), &effects)
        }
    }

    private mutating func died(
        _ slot: Int, _ cause: String, _ time: Int64, _ peak: UInt64, _ log: String, _ now: Instant,
        _ effects: inout [SessionEffect]
    ) {
        let was = slots[slot]
        slots[slot] = .starting
        if case .running(let trial, let since) = was {
            let seconds = Double(now.milliseconds - since.milliseconds) / 1000
            fail(trial, cause, log, provenance(slot, seconds, peak, time), &effects)
        } else {
            slotDeaths[slot] += 1
            if slotDeaths[slot] >= settings.maximumSlotDeaths {
                effects += [.send(.goodbye), .exit(.slotsBroken(cause: cause))]
                return
            }
        }
        effects.append(.restart(slot: slot))
    }

    private mutating func startWaiting(_ now: Instant, _ effects: inout [SessionEffect]) {
        for slot in slots.indices where slots[slot] == .idle && !queue.isEmpty {
            let trial = queue.removeFirst()
            slots[slot] = .running(trial, since: now)
            fractions[slot] = nil
            held[trial]?.stage = .running
            effects.append(.start(trial: trial, slot: slot))
        }
    }
}
