// Scheduling: who runs which trial, as values. Events in, effects out, in the order they must be performed.
// Imports Wire and Sweep. Leaves out clocks, sockets, files and chance: the services (CoordinatorService,
// WorkerService) bring the time and perform the effects.

import Sweep
import Wire

/// Milliseconds from an origin that only the caller knows.
public struct Instant: Comparable, Hashable, Sendable {
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (a: Instant, b: Instant) -> Bool { a.milliseconds < b.milliseconds }
    public static func + (a: Instant, milliseconds: Int64) -> Instant {
        Instant(milliseconds: a.milliseconds + milliseconds)
    }
}

public struct DispatchSettings: Equatable, Sendable {
    public var heartbeatMilliseconds: Int64 = 1000
    /// A worker unheard for so long gets no new trials, and then loses those it holds.
    public var suspectAfterMilliseconds: Int64 = 4000
    public var deadAfterMilliseconds: Int64 = 15_000
    /// A trial is quarantined after so many failures, or after going down with so many workers.
    public var maximumFailures = 3
    public var maximumLosses = 5
    /// A worker that fails so often in a row rests before each new trial, twice as long each time: one bad host must
    /// not use up the attempts of a whole sweep.
    public var restAfterFailures = 3
    public var longestRestMilliseconds: Int64 = 60_000
    /// A shard is about so much work for each of its worker's slots.
    public var shardMilliseconds: Double = 1000
    public var largestShard = 256
    /// Trials that a slot trains together leave no checkpoint: they are so few that, as estimated, they are done in so
    /// long, in a third of the time between two checkpoints, and in half of what one trial may take.
    public var togetherMilliseconds: Double = 20_000
    /// Of one worker.
    public var maxSlots = 4096
    /// With nothing else left to do, idle slots begin a second copy of what was given to a worker so long ago, and
    /// so many times the mean of a trial; and of what a silent worker holds, at once.
    public var stragglerMilliseconds: Int64 = 5000
    public var stragglerMeans: Double = 3
    /// Workers end a trial that runs longer; 0: never.
    public var trialLimitSeconds: UInt32 = 0
    /// A run is hopeless once so many trials (or all, where they are fewer) failed with the same message and none
    /// succeeded.
    public var hopelessTrials = 10
    /// Whether workers of other hosts may come: a run waits so long for one before it is called hopeless.
    public var mayGrow = true
    public var growMilliseconds: Int64 = 30_000

    public init() {}
}

public enum DispatchEvent: Equatable, Sendable {
    /// A worker's message; its trial's identifier has been held against the grid by the caller.
    case message(WorkerMessage, from: WorkerID)
    /// The caller saw the worker's process die.
    case lost(WorkerID)
    /// Time passed: call by `nextDeadline`.
    case tick
    /// A person's wish: lease no new trials; what is running goes on.
    case pause
    /// The same, and end with the last that is running.
    case drain
    /// Takes back `pause` or `drain`.
    case unpause
}

public enum DispatchEffect: Equatable, Sendable {
    /// Make the record durable. Comes before the `accepted` that tells of it.
    case append(WorkerMessage.Report)
    /// Write a piece of the trial's weights after a step; one that begins at 0 begins the file.
    case write(trial: Int, step: Int, offset: UInt64, bytes: [UInt8])
    /// The file of those weights is whole: make it durable and give it its name. Comes before the `append` of
    /// its record.
    case keep(trial: Int, step: Int)
    /// The trial has its record already: it must be equal to this one.
    case check(WorkerMessage.Report)
    /// Make the failure durable; a quarantined trial is tried no more.
    case appendFailure(WorkerMessage.Failure, quarantined: Bool)
    case send(CoordinatorMessage, to: WorkerID)
    case note(DispatchNote)
    /// Every trial has its outcome.
    case finished
    /// Nothing is leased any more, after a `drain`.
    case drained
    /// No trial ever succeeded, and the same failure met so many trials, on all hosts: going on is of no use.
    case hopeless(cause: String, trials: Int, hosts: Int)
}

/// What a person watching would want to know.
public enum DispatchNote: Equatable, Sendable {
    case joined(WorkerID, host: String, slots: Int, kernel: String)
    case left(WorkerID, host: String, trials: Int)
    case suspect(WorkerID, host: String)
    case lost(WorkerID, host: String, trials: Int)
    case failed(trial: Int, host: String, cause: String, willRetry: Bool)
    /// It fails again and again, and gets new trials one by one, at ever longer intervals.
    case resting(WorkerID, host: String, failures: Int)
    /// A trial is expected to take longer than a worker has left that was given one, and nothing of it is kept.
    case tooLong(expectedMilliseconds: Int64, leftMilliseconds: Int64)
}

/// The coordinator's decisions. Records depend on the trial alone, so whoever reports first is believed, and
/// a second report is only compared; a trial's attempt number keeps a late failure from counting against a
/// newer attempt.
public struct Dispatcher: Sendable {
    /// What became of a trial before this coordinator started.
    public enum Restored: Equatable, Sendable {
        case complete
        case quarantined
        /// Somebody else's: it is never leased, and counts nowhere.
        case elsewhere
        /// The last failure was that of attempt `lastAttempt`, or of the attempt numbered `times`.
        case failed(times: Int, lastAttempt: UInt32 = 0)
    }

    public struct Progress: Equatable, Sendable {
        public var total: Int
        public var complete: Int
        public var quarantined: Int
        public var failures: Int
        public var workers: Int
        public var slots: Int
        public var isFinished: Bool { complete + quarantined == total }
    }

    enum TrialState: UInt8 { case pending, leased, complete, quarantined }

    struct TrialHistory: Sendable {
        var attempts: UInt32 = 0
        var failures = 0
        /// Workers that it went down with, one after another, since it last began further on than before.
        var losses = 0
        /// Where the furthest of those attempts began: not at 0 where it went on from a checkpoint.
        var began = 0.0
        /// The newest attempt that had failed before this coordinator began.
        var failedBefore: UInt32 = 0
        /// By which it failed since then.
        var failedLeases: [LeaseID] = []
        /// Where it last failed; another worker is asked first.
        var avoid: WorkerID?
    }

    struct Lease: Sendable {
        var id: LeaseID
        var attempt: UInt32
        /// When it was given.
        var since: Instant
        /// As its worker's last hello says.
        var stage = WorkerMessage.HeldTrial.Stage.waiting
        /// Whether one slot runs all of the lease at once.
        var isBatched = false
    }

    /// Who holds a leased trial.
    struct LeaseHolders: Sendable {
        var worker: WorkerID
        /// Who runs a second copy, because the first is late.
        var copy: WorkerID?
        /// One copy is enough, even where it was lost again.
        var wasCopied = false
    }

    struct Worker: Sendable {
        /// Joining order.
        let number: Int
        var host: String
        var slots: Int
        var lastHeard: Instant
        var lastSent: Instant
        var isUnresponsive = false
        var failuresInARow = 0
        var restsUntil: Instant?
        var process: UInt32 = 0
        var kernel = ""
        var commit = ""
        var held: [Int: Lease] = [:]
        /// How many it still holds of each lease that one slot runs at once.
        var together: [LeaseID: Int] = [:]
        /// What slots take one after another: a trial, or all of such a lease.
        var units: Int { held.count - together.values.reduce(0) { $0 + $1 - 1 } }
        /// The trial that it runs with nothing beside.
        var isolatedTrial: Int?
        /// When `deadlines` has it.
        var due = Instant(milliseconds: .max)
        /// When it says goodbye, if it told; and how often its trials leave their state, 0: never.
        var until: Instant?
        var checkpointMilliseconds: Int64 = 0
        /// Trials leased to it so far.
        var given = 0
        /// Whether `idle` has it.
        var isQueued = false
    }

    let settings: DispatchSettings
    let welcome: CoordinatorMessage.Welcome
    var states: [TrialState]
    /// Trials that were tried and are not done; most trials have no entry.
    var histories: [Int: TrialHistory] = [:]
    var workers: [WorkerID: Worker] = [:]
    var joined = 0
    /// Of all workers, and how many of them are not suspected.
    var totalSlots = 0
    var liveCount = 0
    var deadlines = DeadlineQueue()
    var loopTime = LoopTime()
    /// Workers with a free slot when they were last looked at; some may be gone or busy by now.
    var idle = Queue<WorkerID>()
    /// Of leased trials.
    var holders: [Int: LeaseHolders] = [:]
    /// When late trials are looked for again.
    var nextTailCheck = Instant(milliseconds: .min)
    /// nil: the grid's, and each trial is run alone.
    var order: TrialOrder?
    /// Trials from this place of the order on have never been leased, unless a returning worker brought them.
    var cursor = 0
    /// Trials that came back, to be leased first. May hold some that are no longer pending, like the next two.
    var returned = Queue<Int>()
    /// Trials that went down with one worker: no worker has two of them at a time.
    var suspects = Queue<Int>()
    /// Trials that went down with more than one: each is run by a worker that runs nothing else.
    var isolationQueue = Queue<Int>()
    /// Weights that are being fetched, by trial.
    var transfers: [Int: Transfer] = [:]
    var pendingCount: Int
    let firstLease: UInt64
    var nextLease: UInt64
    var meanMilliseconds: Double?
    var trialTime = TrialTime()
    var hasToldOfLongTrials = false
    var isFinished = false
    var hopelessness = Hopelessness()
    public internal(set) var mode = DispatchMode.open
    var isDrained = false
    /// How far running trials are: those that are known to be somewhere.
    var fractions: [Int: Fraction] = [:]
    /// What finished trials had been done of, before this coordinator: no work of its time.
    var skipped = 0.0
    /// Trials that are somebody else's.
    var elsewhere = 0
    public internal(set) var progress: Progress

    /// - Parameters:
    ///   - sweep: the canonical JSON that workers expand.
    ///   - restored: outcomes and failures from before, by trial.
    ///   - firstLease: lease numbers from here on were never used in this run directory.
    ///   - order: in which trials are leased, with those side by side that may be trained together; nil: the grid's,
    ///     each alone.
    public init(
        trialCount: Int, sweep: [UInt8], settings: DispatchSettings = DispatchSettings(),
        restored: some Sequence<(trial: Int, outcome: Restored)> = EmptyCollection(), firstLease: UInt64 = 1,
        order: TrialOrder? = nil
    ) {
        self.settings = settings
        self.order = order
        welcome = CoordinatorMessage.Welcome(
            sweep: sweep, heartbeatMilliseconds: UInt32(settings.heartbeatMilliseconds),
            trialLimitSeconds: settings.trialLimitSeconds)
        states = Array(repeating: .pending, count: trialCount)
        pendingCount = trialCount
        self.firstLease = firstLease
        nextLease = firstLease
        progress = Progress(
            total: trialCount, complete: 0, quarantined: 0, failures: 0, workers: 0, slots: 0)
        for (trial, outcome) in restored where states.indices.contains(trial) {
            switch outcome {
            case .complete: settle(trial, .complete)
            case .quarantined: settle(trial, .quarantined)
            case .elsewhere: leaveOut(trial)
            case .failed(let times, let lastAttempt):
                let attempt = max(UInt32(clamping: times), lastAttempt)
                histories[trial] = TrialHistory(attempts: attempt, failures: times, failedBefore: attempt)
            }
        }
    }

    /// When `tick` is due at the latest; sometimes it is due later than this says, never sooner.
    public var nextDeadline: Instant? { deadlines.first.map(loopTime.clock) }

    /// Workers that were heard lately.
    public var liveWorkers: Int { liveCount }

    /// In joining order, the order that effects are made in; for what happens once, as it sorts.
    var workerOrder: [WorkerID] {
        workers.map { (number: $0.value.number, id: $0.key) }.sorted { $0.number < $1.number }.map(\.id)
    }

    /// - Parameter clock: now. Where this comes long after `nextDeadline`, the caller was stopped, and the workers'
    ///   silence meanwhile is not held against them.
    public mutating func handle(_ event: DispatchEvent, at clock: Instant) -> [DispatchEffect] {
        let now = readClock(clock)
        var effects: [DispatchEffect] = []
        switch event {
        case .tick: checkWorkers(now, &effects)
        case .pause, .drain, .unpause: change(event, &effects)
        case .lost(let id): release(id, isLoss: true, now, &effects)
        case .message(let message, let id):
            noteHeard(id, now)
            switch message {
            case .hello(let hello): handleHello(id, hello, now, &effects)
            case .heartbeat: break
            case .progress(let list): note(list, from: id)
            case .report(let report): accept(report, from: id, &effects)
            case .failure(let failure): accept(failure, from: id, now, &effects)
            case .chunk(let chunk): accept(chunk, from: id, &effects)
            case .goodbye: release(id, isLoss: false, now, &effects)
            }
            assignWork(id, now, &effects)
        }
        fillIdle(now, &effects)
        copyStragglers(now, &effects)
        finishIfDone(now, &effects)
        endIfDrained(&effects)
        endIfHopeless(now, &effects)
        for effect in effects {
            if case .send(_, let id) = effect { workers[id]?.lastSent = now }
        }
        progress.workers = workers.count
        progress.slots = totalSlots
        return effects
    }

    private mutating func readClock(_ clock: Instant) -> Instant {
        let (now, gap) = loopTime.read(clock, due: deadlines.first)
        // Workers' own time went on.
        if gap > 0 {
            for id in workers.keys {
                guard let until = workers[id]?.until else { continue }
                workers[id]?.until = until + -gap
            }
        }
        return now
    }
}
