// Decisions about a run's jobs in a batch engine: how many there should be, and what to do when they die. Events go in,
// and effects come out. Launch (BatchJobs) has the clock and calls the engine's programs.

/// Limits and intervals of a run's jobs.
public struct BatchFleetSettings: Equatable, Sendable {
    /// Fewest jobs while there is work.
    public var minimum = 1
    /// Most jobs at any time.
    public var maximum = 10
    /// Slots of each job.
    public var slots = 1
    /// Least work for each of its slots that makes a job worth its start.
    public var worthwhileMilliseconds: Int64 = 60_000
    /// Interval between two submissions.
    public var submitMilliseconds: Int64 = 5000
    /// A job that was submitted and is in no listing for this long is gone.
    public var unseenMilliseconds: Int64 = 60_000
    /// A job that ends sooner than this, with no trial done meanwhile, has died.
    public var quickMilliseconds: Int64 = 60_000
    /// After this many deaths in a row something is wrong, and submissions back off.
    public var quickDeaths = 3
    /// First back-off after too many deaths, or after a submission that failed. It doubles each time.
    public var firstBackOffMilliseconds: Int64 = 15_000
    /// Longest back-off.
    public var maxBackOffMilliseconds: Int64 = 600_000

    /// Creates the default settings.
    public init() {}
}

/// Work that is left.
public struct BatchDemand: Equatable, Sendable {
    /// Trials without an outcome.
    public var trialsLeft: Int
    /// Mean time of a trial; nil if unknown.
    public var millisecondsPerTrial: Double?
    /// Trials with an outcome. As long as their number grows, jobs are of use.
    public var trialsDone: Int

    /// Creates a demand from its parts.
    public init(trialsLeft: Int, millisecondsPerTrial: Double?, trialsDone: Int) {
        self.trialsLeft = trialsLeft
        self.millisecondsPerTrial = millisecondsPerTrial
        self.trialsDone = trialsDone
    }
}

/// Something that happened, for `BatchFleet.handle`.
public enum BatchEvent: Equatable, Sendable {
    case demand(BatchDemand)
    /// All jobs of this run that the engine knows, asked for after the answer to the last submission.
    case listed([BatchListing])
    case submitted([String])
    /// A submission failed.
    ///
    /// - Parameter isFinal: whether no such job will ever be accepted.
    case submissionFailed(why: String, isFinal: Bool = false)
    /// The caller was stopped for this long. Nothing was asked in that time.
    case stoodStill(milliseconds: Int64)
    /// No more jobs are needed, now or later.
    case end
}

/// Something for the caller to do.
public enum BatchEffect: Equatable, Sendable {
    /// Submit an array of this many jobs, and report the result.
    case submit(Int)
    case cancel([String])
    case note(BatchNote)
    /// No job is left, and none will be accepted.
    case giveUp(why: String)
}

/// News for a person who watches the run.
public enum BatchNote: Equatable, Sendable {
    case submitting(jobs: Int)
    /// Jobs of an earlier coordinator of this run, or of a submission that seemed to fail, now belong to this
    /// one.
    case adopted([String])
    case requeued(String)
    /// It ended too soon, and no trial was done meanwhile.
    case died(String)
    /// This many jobs died in a row. None is submitted for this long.
    case backsOff(deaths: Int, milliseconds: Int64)
    case submissionFailed(why: String, milliseconds: Int64)
    /// No job is submitted any more.
    case refused(why: String)
    /// The engine won't start the job, so it is cancelled.
    case held(String, reason: String)
    /// The engine's reason why jobs wait. It is reported when it changes.
    case waiting(jobs: Int, reason: String)
}

/// A run's jobs. At most one submission or listing is under way.
public struct BatchFleet: Sendable {
    struct Job: Equatable, Sendable {
        var submittedAt: Int64
        var wasListed = false
        var runningSince: Int64?
        /// Trials that were done when it was last seen to start.
        var doneBefore: Int
        /// Whether it was cancelled, so that only its end is awaited.
        var isCancelled = false
    }

    let settings: BatchFleetSettings
    private(set) var jobs: [String: Job] = [:]
    private var demand: BatchDemand?
    /// Number of jobs in the submission under way; nil if there is none.
    private(set) var submitting: Int?
    private var nextSubmission: Int64 = .min
    /// Back-off after the next death, once there are too many.
    private var backOff: Int64
    /// Back-off after the next submission that fails.
    private var submissionBackOff: Int64
    private(set) var deathsInARow = 0
    /// Why the engine accepts no job, now or later.
    private var refusal: String?
    private var isEnding = false
    private var hasListed = false
    private var reportedReason = ""

    /// Creates the fleet of a run that has no jobs yet.
    public init(_ settings: BatchFleetSettings) {
        self.settings = settings
        backOff = settings.firstBackOffMilliseconds
        submissionBackOff = settings.firstBackOffMilliseconds
    }

    /// Jobs that run or will run, sorted by identifier.
    public var ids: [String] { jobs.filter { !$0.value.isCancelled }.keys.sorted() }

    /// Handles an event. Returns the effects, in the order in which they must be performed.
    public mutating func handle(_ event: BatchEvent, at now: Int64) -> [BatchEffect] {
        var effects: [BatchEffect] = []
        switch event {
        case .demand(let new):
            if new.trialsDone > demand?.trialsDone ?? new.trialsDone { noteSuccess() }
            demand = new
        case .listed(let list):
            reconcile(list, now, &effects)
            if isEnding { cancelAll(&effects) } else { cancelSurplus(&effects) }
            submit(now, &effects)
            giveUpIfAlone(&effects)
        case .submitted(let ids):
            submitting = nil
            submissionBackOff = settings.firstBackOffMilliseconds
            for id in ids where jobs[id] == nil { add(id, now) }
            if isEnding { cancelAll(&effects) }
        case .submissionFailed(let why, isFinal: true):
            submitting = nil
            refusal = why
            effects.append(.note(.refused(why: why)))
            giveUpIfAlone(&effects)
        case .submissionFailed(let why, isFinal: false):
            submitting = nil
            nextSubmission = now + submissionBackOff
            effects.append(.note(.submissionFailed(why: why, milliseconds: submissionBackOff)))
            submissionBackOff = min(settings.maxBackOffMilliseconds, 2 * submissionBackOff)
        case .stoodStill(let gap):
            for (id, job) in jobs { jobs[id]?.submittedAt = min(now, job.submittedAt + gap) }
        case .end:
            isEnding = true
            cancelAll(&effects)
        }
        return effects
    }

    /// Number of jobs that the work that is left is worth.
    var wanted: Int {
        guard let demand, demand.trialsLeft > 0, !isEnding else { return 0 }
        let slots = max(1, settings.slots)
        var count = (demand.trialsLeft - 1) / slots + 1
        if let each = demand.millisecondsPerTrial {
            let work = Double(demand.trialsLeft) * each / Double(slots)
            let worth = (work / Double(max(1, settings.worthwhileMilliseconds))).rounded(.up)
            if worth < Double(count) { count = Int(max(1, worth)) }
        }
        return min(settings.maximum, max(settings.minimum, count))
    }

    // MARK: - Listings

    private mutating func reconcile(
        _ list: [BatchListing], _ now: Int64, _ effects: inout [BatchEffect]
    ) {
        let listed = Dictionary(list.filter { $0.phase != .over }.map { ($0.id, $0) }) { first, _ in first }
        let unknown = listed.keys.filter { jobs[$0] == nil }.sorted()
        for id in unknown { add(id, now) }
        if !unknown.isEmpty, !isEnding { effects.append(.note(.adopted(unknown))) }
        var deaths = 0
        for id in jobs.keys.sorted() {
            guard let job = jobs[id] else { continue }
            if let listing = listed[id] {
                if follow(id, listing, now, &effects) { deaths += 1 }
            } else if job.wasListed || now >= job.submittedAt + settings.unseenMilliseconds {
                jobs[id] = nil
                if isDeath(job, now) {
                    deaths += 1
                    effects.append(.note(.died(id)))
                }
            }
        }
        count(deaths: deaths, now, &effects)
        tellReason(list, &effects)
        hasListed = true
    }

    /// Updates a job from its listing. Returns whether it counts as dead.
    private mutating func follow(
        _ id: String, _ listing: BatchListing, _ now: Int64, _ effects: inout [BatchEffect]
    ) -> Bool {
        jobs[id]?.wasListed = true
        switch listing.phase {
        case .running:
            if jobs[id]?.runningSince == nil {
                jobs[id]?.runningSince = now
                jobs[id]?.doneBefore = demand?.trialsDone ?? 0
            }
        case .pending:
            if jobs[id]?.runningSince != nil { effects.append(.note(.requeued(id))) }
            jobs[id]?.runningSince = nil
        case .held:
            guard jobs[id]?.isCancelled == false else { return false }
            jobs[id]?.isCancelled = true
            effects += [.note(.held(id, reason: listing.reason)), .cancel([id])]
            return true
        case .over: break
        }
        return false
    }

    /// Whether a job that is gone has died. It may have begun and ended between two listings.
    private func isDeath(_ job: Job, _ now: Int64) -> Bool {
        let ran = job.runningSince.map { now - $0 } ?? 0
        return !job.isCancelled && !isEnding && ran < settings.quickMilliseconds
            && job.doneBefore == demand?.trialsDone ?? 0 && demand?.trialsLeft ?? 0 > 0
    }

    private mutating func count(deaths: Int, _ now: Int64, _ effects: inout [BatchEffect]) {
        guard deaths > 0 else { return }
        deathsInARow += deaths
        guard deathsInARow >= settings.quickDeaths else { return }
        nextSubmission = max(nextSubmission, now + backOff)
        effects.append(.note(.backsOff(deaths: deathsInARow, milliseconds: backOff)))
        backOff = min(settings.maxBackOffMilliseconds, 2 * backOff)
    }

    private mutating func tellReason(_ list: [BatchListing], _ effects: inout [BatchEffect]) {
        let waiting = list.filter { $0.phase == .pending && !$0.reason.isEmpty }
        guard let reason = waiting.map(\.reason).min(), reason != reportedReason else { return }
        reportedReason = reason
        effects.append(.note(.waiting(jobs: waiting.count { $0.reason == reason }, reason: reason)))
    }

    private mutating func add(_ id: String, _ now: Int64) {
        jobs[id] = Job(submittedAt: now, doneBefore: demand?.trialsDone ?? 0)
    }

    // MARK: - More and fewer

    private mutating func submit(_ now: Int64, _ effects: inout [BatchEffect]) {
        guard submitting == nil, hasListed, now >= nextSubmission, refusal == nil else { return }
        // A cancelled job may run for some seconds more.
        var missing = wanted - jobs.count
        // A single job shows whether the fault persists.
        if deathsInARow >= settings.quickDeaths { missing = jobs.isEmpty ? min(missing, 1) : 0 }
        guard missing > 0 else { return }
        submitting = missing
        nextSubmission = now + settings.submitMilliseconds
        effects += [.note(.submitting(jobs: missing)), .submit(missing)]
    }

    private func giveUpIfAlone(_ effects: inout [BatchEffect]) {
        guard let refusal, jobs.isEmpty, !isEnding, demand?.trialsLeft ?? 0 > 0 else { return }
        effects.append(.giveUp(why: refusal))
    }

    /// Cancels jobs beyond the maximum: a submission that seemed to fail may have been accepted after all.
    /// Waiting jobs are cancelled first, and among equals the youngest.
    private mutating func cancelSurplus(_ effects: inout [BatchEffect]) {
        let alive = jobs.filter { !$0.value.isCancelled }
        let surplus = alive.count - settings.maximum
        guard surplus > 0 else { return }
        let order = alive.sorted {
            ($0.value.runningSince ?? .max, $0.value.submittedAt, $0.key)
                > ($1.value.runningSince ?? .max, $1.value.submittedAt, $1.key)
        }
        cancel(order.prefix(surplus).map(\.key).sorted(), &effects)
    }

    private mutating func cancelAll(_ effects: inout [BatchEffect]) { cancel(ids, &effects) }

    private mutating func cancel(_ ids: [String], _ effects: inout [BatchEffect]) {
        guard !ids.isEmpty else { return }
        for id in ids { jobs[id]?.isCancelled = true }
        effects.append(.cancel(ids))
    }

    private mutating func noteSuccess() {
        deathsInARow = 0
        backOff = settings.firstBackOffMilliseconds
    }
}
