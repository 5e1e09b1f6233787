import Sweep
import Wire

/// A point in time, in milliseconds from an origin that only the caller knows.
public struct Instant: Comparable, Hashable, Sendable {
    /// Milliseconds since the origin.
    public var milliseconds: Int64

    /// Creates the instant this many milliseconds after the origin.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Orders instants from earlier to later.
    public static func < (a: Instant, b: Instant) -> Bool { a.milliseconds < b.milliseconds }
    /// The instant this many milliseconds later.
    public static func + (a: Instant, milliseconds: Int64) -> Instant {
        Instant(milliseconds: a.milliseconds + milliseconds)
    }
}

/// Limits and intervals that the dispatcher works by.
public struct DispatchSettings: Equatable, Sendable {
    /// Interval between heartbeats, in both directions.
    public var heartbeatMilliseconds: Int64 = 1000
    /// A worker that is silent for this long gets no new trials.
    public var unresponsiveAfterMilliseconds: Int64 = 4000
    /// A worker that is silent for this long loses the trials it holds.
    public var deadAfterMilliseconds: Int64 = 15_000
    /// A trial is quarantined after this many failures.
    public var maximumFailures = 3
    /// A trial is quarantined after this many losses of workers that may have been running it.
    public var maximumLosses = 5
    /// After this many failures in a row a worker backs off before each new trial, twice as long each time:
    /// one bad host must not use up the attempts of a whole sweep.
    public var backOffAfterFailures = 3
    /// Longest back-off of a failing worker.
    public var maxBackOffMilliseconds: Int64 = 60_000
    /// Work in a shard for each of its worker's slots, in milliseconds.
    public var shardMilliseconds: Double = 1000
    /// Most trials in a shard.
    public var largestShard = 256
    /// Longest batch, by its estimated duration in milliseconds. Batches leave no checkpoint, so a batch must
    /// also fit into a third of the checkpoint interval and half of the time limit of a trial.
    public var maxBatchMilliseconds: Double = 20_000
    /// Most slots of one worker.
    public var maxSlots = 4096
    /// Once no trial is pending, idle slots start a second copy of each trial that was leased at least this
    /// long ago and at least `stragglerMeans` mean trial times ago. Trials of an unresponsive worker are
    /// copied at once.
    public var stragglerMilliseconds: Int64 = 5000
    /// Multiple of the mean trial time after which a trial counts as late.
    public var stragglerMeans: Double = 3
    /// Time limit of a trial in seconds, enforced by workers; 0: none.
    public var trialLimitSeconds: UInt32 = 0
    /// A run is hopeless once this many trials (all of them in a smaller sweep) failed with the same message
    /// and none succeeded.
    public var hopelessTrials = 10
    /// Whether workers of other hosts may still join. If so, a run waits `growMilliseconds` for them before
    /// it is declared hopeless.
    public var mayGrow = true
    /// Time from the first failure with a message until the run may be declared hopeless, if it may grow.
    public var growMilliseconds: Int64 = 30_000

    /// Creates the default settings.
    public init() {}
}

/// Something that happened, for `Dispatcher.handle`.
public enum DispatchEvent: Equatable, Sendable {
    /// A message from a worker, except a report: reports come as `report`, validated; `.message(.report)` is
    /// ignored.
    case message(WorkerMessage, from: WorkerID)
    /// A worker's report, checked against the sweep by the caller.
    case report(ValidatedReport, from: WorkerID)
    /// The caller saw the worker's process die.
    case lost(WorkerID)
    /// Time passed. Due by `nextDeadline`.
    case tick
    /// The operator pauses the run: no new trials are leased, and running ones continue.
    case pause
    /// The operator drains the run: like `pause`, and the run ends with its last running trial.
    case drain
    /// Takes back `pause` or `drain`.
    case unpause
}

/// Something for the caller to do. Effects must be performed in the order in which they are returned.
public enum DispatchEffect: Equatable, Sendable {
    /// Make the record durable. Comes before the `accepted` that reports it.
    case append(ValidatedReport)
    /// Write a chunk of the trial's weights after a step. The chunk with offset 0 creates the file.
    case write(trial: Int, step: Int, offset: UInt64, bytes: [UInt8])
    /// The file of those weights is complete: make it durable and give it its final name. Comes before the
    /// `append` of the trial's record.
    case keep(trial: Int, step: Int)
    /// Compare the record with the one that the trial has already: they must be equal.
    case check(ValidatedReport)
    /// Make the failure durable. A quarantined trial isn't tried again.
    case appendFailure(WorkerMessage.Failure, quarantined: Bool)
    case send(CoordinatorMessage, to: WorkerID)
    case note(DispatchNote)
    /// Every trial has its outcome.
    case finished
    /// A drained run has no leases left.
    case drained
    /// No trial ever succeeded, and this many failed with the same message, on all hosts: there is no point
    /// in going on.
    case hopeless(cause: String, trials: Int, hosts: Int)
}

/// News for a person who watches the run.
public enum DispatchNote: Equatable, Sendable {
    case joined(WorkerID, host: String, slots: Int, kernel: String)
    case left(WorkerID, host: String, trials: Int)
    case suspect(WorkerID, host: String)
    case lost(WorkerID, host: String, trials: Int)
    case failed(trial: Int, host: String, cause: String, willRetry: Bool)
    /// The worker keeps failing. It gets new trials one at a time, at growing intervals.
    case backsOff(WorkerID, host: String, failures: Int)
    /// A trial is expected to take longer than its worker has left, and the worker saves no checkpoints.
    case tooLong(expectedMilliseconds: Int64, leftMilliseconds: Int64)
}

/// The coordinator's decisions. A record depends on its trial alone, so the first report is believed and a
/// second one is only compared with it. A trial's attempt number keeps a late failure from counting against a
/// newer attempt.
public struct Dispatcher: Sendable {
    /// State of a trial when this coordinator started.
    public enum Restored: Equatable, Sendable {
        case complete
        case quarantined
        /// The trial is done elsewhere: it is never leased, and counts nowhere.
        case excluded
        /// The trial failed this many times. The number of its newest attempt is the larger of `times` and
        /// `lastAttempt`.
        case failed(times: Int, lastAttempt: UInt32 = 0)
    }

    /// Counts of trials, workers and slots.
    public struct Progress: Equatable, Sendable {
        /// Trials in this run, without those that are done elsewhere.
        public var total: Int
        /// Trials with a record.
        public var complete: Int
        /// Trials that were given up after too many failures or losses.
        public var quarantined: Int
        /// Failed attempts since this coordinator started.
        public var failures: Int
        /// Workers that have joined and not left.
        public var workers: Int
        /// Slots of those workers.
        public var slots: Int
        /// Whether every trial has an outcome.
        public var isFinished: Bool { complete + quarantined == total }
    }

    enum TrialState: UInt8 { case pending, leased, complete, quarantined }

    struct TrialHistory: Sendable {
        var attempts: UInt32 = 0
        var failures = 0
        /// Losses in a row of workers that may have been running it. The count restarts when an attempt
        /// begins further on than all before it.
        var losses = 0
        /// Fraction at which the furthest of those attempts began; above 0 where it continued from a
        /// checkpoint.
        var began = 0.0
        /// Newest attempt that failed before this coordinator started.
        var failedBefore: UInt32 = 0
        /// Leases under which it failed since then.
        var failedLeases: [LeaseID] = []
        /// Worker with which it last failed or was lost; another one is tried first.
        var avoid: WorkerID?
    }

    struct Lease: Sendable {
        var id: LeaseID
        var attempt: UInt32
        /// When it was granted.
        var since: Instant
        /// Stage according to its worker's last hello.
        var stage = WorkerMessage.HeldTrial.Stage.waiting
        /// Whether one slot runs all trials of the lease as a batch.
        var isBatched = false
    }

    /// Workers that hold a leased trial.
    struct LeaseHolders: Sendable {
        var worker: WorkerID
        /// Worker that runs a second copy, because the first is late.
        var copy: WorkerID?
        /// Whether the trial was copied. One copy is enough, even if it is lost.
        var wasCopied = false
    }

    struct Worker: Sendable {
        /// Position in the order of joining.
        let number: Int
        var host: String
        var slots: Int
        var lastHeard: Instant
        var lastSent: Instant
        var isUnresponsive = false
        var failuresInARow = 0
        var backsOffUntil: Instant?
        var process: UInt32 = 0
        var kernel = ""
        var commit = ""
        var held: [Int: Lease] = [:]
        /// Number of trials still held of each batched lease.
        var batches: [LeaseID: Int] = [:]
        /// Number of things that slots take one after another: a single trial or a whole batch.
        var units: Int { held.count - batches.values.reduce(0) { $0 + $1 - 1 } }
        /// Trial that it runs with nothing beside it.
        var isolatedTrial: Int?
        /// Time under which `deadlines` lists it.
        var due = Instant(milliseconds: .max)
        /// When it will say goodbye, if it said so.
        var until: Instant?
        /// Interval between its trials' checkpoints; 0: it saves none.
        var checkpointMilliseconds: Int64 = 0
        /// Trials leased to it so far.
        var given = 0
        /// Whether `idle` lists it.
        var isQueued = false
    }

    let settings: DispatchSettings
    let welcome: CoordinatorMessage.Welcome
    var states: [TrialState]
    /// Trials that were tried and have no outcome. Most trials have no entry.
    var histories: [Int: TrialHistory] = [:]
    var workers: [WorkerID: Worker] = [:]
    var joined = 0
    /// Slots of all workers.
    var totalSlots = 0
    /// Number of workers that aren't unresponsive.
    var liveCount = 0
    var deadlines = DeadlineQueue()
    var loopTime = LoopTime()
    /// Workers that had a free slot when last checked. Some may be gone or busy by now.
    var idle = Queue<WorkerID>()
    /// Holders of each leased trial.
    var holders: [Int: LeaseHolders] = [:]
    /// Earliest time of the next search for late trials.
    var nextTailCheck = Instant(milliseconds: .min)
    /// Order in which trials are leased; nil: the grid's, each trial alone.
    var order: TrialOrder?
    /// Position in the order from which on no trial was ever leased, except those that a returning worker
    /// brought.
    var cursor = 0
    /// Trials that came back, to be leased first. Like the next two queues it may list trials that are no
    /// longer pending.
    var returned = Queue<Int>()
    /// Trials that were lost with one worker. No worker holds two of them at a time.
    var suspects = Queue<Int>()
    /// Trials that were lost with more than one worker. Each is run by a worker that runs nothing else.
    var isolationQueue = Queue<Int>()
    /// Weights that are being fetched, by trial.
    var transfers: [Int: Transfer] = [:]
    var pendingCount: Int
    let firstLease: UInt64
    var nextLease: UInt64
    var meanMilliseconds: Double?
    var trialTime = TrialTime()
    var hasReportedLongTrials = false
    var isFinished = false
    var hopelessness = Hopelessness()
    /// Whether trials are leased.
    public internal(set) var mode = DispatchMode.open
    var isDrained = false
    /// Progress of running trials, where it is known.
    var fractions: [Int: Fraction] = [:]
    /// Work on finished trials that was done before this coordinator, in trials. It isn't work of its time.
    var skipped = 0.0
    /// Number of trials that are done elsewhere.
    var excluded = 0
    /// Counts of trials, workers and slots.
    public internal(set) var progress: Progress

    /// Creates the dispatcher of a run.
    ///
    /// - Parameters:
    ///   - sweep: the `gridJSON` that workers expand.
    ///   - restored: outcomes and failures from before, by trial.
    ///   - firstLease: first lease number that was never used in this run directory.
    ///   - order: order in which trials are leased, with those that may be batched side by side; nil: the
    ///     grid's, each trial alone.
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
            case .excluded: leaveOut(trial)
            case .failed(let times, let lastAttempt):
                let attempt = max(UInt32(clamping: times), lastAttempt)
                histories[trial] = TrialHistory(attempts: attempt, failures: times, failedBefore: attempt)
            }
        }
    }

    /// Time by which to handle `tick`. It may be too early, never too late.
    public var nextDeadline: Instant? { deadlines.first.map(loopTime.clock) }

    /// Number of workers that were heard from lately.
    public var liveWorkers: Int { liveCount }

    /// Workers in joining order, the order in which effects are made. It sorts, so it isn't for frequent
    /// events.
    var workerOrder: [WorkerID] {
        workers.map { (number: $0.value.number, id: $0.key) }.sorted { $0.number < $1.number }.map(\.id)
    }

    /// Handles an event.
    ///
    /// - Parameter clock: the time now. If it is long after `nextDeadline`, the caller was stopped, and the
    ///   workers' silence meanwhile isn't held against them.
    /// - Returns: the effects, in the order in which they must be performed.
    public mutating func handle(_ event: DispatchEvent, at clock: Instant) -> [DispatchEffect] {
        let now = readClock(clock)
        var effects: [DispatchEffect] = []
        switch event {
        case .tick: checkWorkers(now, &effects)
        case .pause, .drain, .unpause: change(event, &effects)
        case .lost(let id): release(id, isLoss: true, now, &effects)
        case .report(let report, let id):
            noteHeard(id, now)
            accept(report, from: id, &effects)
            assignWork(id, now, &effects)
        case .message(let message, let id):
            noteHeard(id, now)
            switch message {
            case .hello(let hello): handleHello(id, hello, now, &effects)
            case .heartbeat, .report: break
            case .progress(let list): note(list, from: id)
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
        // The workers' own clocks went on.
        if gap > 0 {
            for id in workers.keys {
                guard let until = workers[id]?.until else { continue }
                workers[id]?.until = until + -gap
            }
        }
        return now
    }
}
