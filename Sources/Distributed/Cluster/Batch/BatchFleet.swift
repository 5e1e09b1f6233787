// The decisions about a batch engine's jobs: how many there should be, and what to do where they die. Events
// in, effects out; the clock and the engine's programs are CoordinatorService's (BatchJobs).

public struct BatchFleetSettings: Equatable, Sendable {
    /// Jobs while there is work, and at any time.
    public var minimum = 1
    public var maximum = 10
    /// Of each job.
    public var slots = 1
    /// A job is not worth its start for less work than this for each of its slots.
    public var worthwhileMilliseconds: Int64 = 60_000
    /// Between two submissions.
    public var submitMilliseconds: Int64 = 5000
    /// A job that was submitted and is in no listing for so long is gone.
    public var unseenMilliseconds: Int64 = 60_000
    /// A job that ends so soon, with no trial done meanwhile, died; after so many in a row something is
    /// wrong.
    public var quickMilliseconds: Int64 = 60_000
    public var quickDeaths = 3
    /// After that, and after a submission that failed: twice as long each time.
    public var firstRestMilliseconds: Int64 = 15_000
    public var longestRestMilliseconds: Int64 = 600_000

    public init() {}
}

/// What there is to do.
public struct BatchDemand: Equatable, Sendable {
    /// Trials without an outcome.
    public var trialsLeft: Int
    public var millisecondsPerTrial: Double?
    /// Trials with an outcome: that it grows shows that jobs are of use.
    public var trialsDone: Int

    public init(trialsLeft: Int, millisecondsPerTrial: Double?, trialsDone: Int) {
        self.trialsLeft = trialsLeft
        self.millisecondsPerTrial = millisecondsPerTrial
        self.trialsDone = trialsDone
    }
}

public enum BatchEvent: Equatable, Sendable {
    case demand(BatchDemand)
    /// All jobs of this run that the engine knows, asked for after the last submission's answer.
    case listed([BatchListing])
    case submitted([String])
    /// - Parameter isFinal: no such job will ever be taken.
    case submissionFailed(why: String, isFinal: Bool = false)
    /// The caller stood still for so long: nothing was asked in that time.
    case stoodStill(milliseconds: Int64)
    /// No more jobs are needed, now or later.
    case end
}

public enum BatchEffect: Equatable, Sendable {
    /// Submit an array of so many jobs, and tell what came of it.
    case submit(Int)
    case cancel([String])
    case note(BatchNote)
    /// No job is left, and none will be taken.
    case giveUp(why: String)
}

/// What a person watching would want to know.
public enum BatchNote: Equatable, Sendable {
    case submitting(jobs: Int)
    /// Jobs of an earlier coordinator of this run, or of a submission that seemed to fail.
    case adopted([String])
    case requeued(String)
    /// It ended too soon, and nothing was done meanwhile.
    case died(String)
    /// So many died in a row: none is submitted for so long.
    case resting(deaths: Int, milliseconds: Int64)
    case submissionFailed(why: String, milliseconds: Int64)
    /// None is submitted any more.
    case refused(why: String)
    /// The engine will not start it: it is cancelled.
    case held(String, reason: String)
    /// The engine's reason why jobs wait; told when it changes.
    case waiting(jobs: Int, reason: String)
}

/// A run's jobs. One submission or listing is under way at a time.
public struct BatchFleet: Sendable {
    struct Job: Equatable, Sendable {
        var submittedAt: Int64
        var wasListed = false
        var runningSince: Int64?
        /// Trials done when it was last seen to begin.
        var doneBefore: Int
        /// Its end is only waited for.
        var isCancelled = false
    }

    let settings: BatchFleetSettings
    private(set) var jobs: [String: Job] = [:]
    private var demand: BatchDemand?
    /// Of the submission that is under way.
    private(set) var submitting: Int?
    private var nextSubmission: Int64 = .min
    /// After the next death too many, and after the next submission that fails.
    private var rest: Int64
    private var submissionRest: Int64
    private(set) var deathsInARow = 0
    /// Why the engine takes no job, now or later.
    private var refusal: String?
    private var isEnding = false
    private var hasListed = false
    private var toldReason = ""

    public init(_ settings: BatchFleetSettings) {
        self.settings = settings
        rest = settings.firstRestMilliseconds
        submissionRest = settings.firstRestMilliseconds
    }

    /// Jobs that run or will, in no order of time.
    public var ids: [String] { jobs.filter { !$0.value.isCancelled }.keys.sorted() }

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
            submissionRest = settings.firstRestMilliseconds
            for id in ids where jobs[id] == nil { add(id, now) }
            if isEnding { cancelAll(&effects) }
        case .submissionFailed(let why, isFinal: true):
            submitting = nil
            refusal = why
            effects.append(.note(.refused(why: why)))
            giveUpIfAlone(&effects)
        case .submissionFailed(let why, isFinal: false):
            submitting = nil
            nextSubmission = now + submissionRest
            effects.append(.note(.submissionFailed(why: why, milliseconds: submissionRest)))
            submissionRest = min(settings.longestRestMilliseconds, 2 * submissionRest)
        case .stoodStill(let gap):
            for (id, job) in jobs { jobs[id]?.submittedAt = min(now, job.submittedAt + gap) }
        case .end:
            isEnding = true
            cancelAll(&effects)
        }
        return effects
    }

    /// How many jobs the work that is left is worth.
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

    /// Returns whether it counts as dead.
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

    /// One that is gone may have begun and ended between two listings.
    private func isDeath(_ job: Job, _ now: Int64) -> Bool {
        let ran = job.runningSince.map { now - $0 } ?? 0
        return !job.isCancelled && !isEnding && ran < settings.quickMilliseconds
            && job.doneBefore == demand?.trialsDone ?? 0 && demand?.trialsLeft ?? 0 > 0
    }

    private mutating func count(deaths: Int, _ now: Int64, _ effects: inout [BatchEffect]) {
        guard deaths > 0 else { return }
        deathsInARow += deaths
        guard deathsInARow >= settings.quickDeaths else { return }
        nextSubmission = max(nextSubmission, now + rest)
        effects.append(.note(.resting(deaths: deathsInARow, milliseconds: rest)))
        rest = min(settings.longestRestMilliseconds, 2 * rest)
    }

    private mutating func tellReason(_ list: [BatchListing], _ effects: inout [BatchEffect]) {
        let waiting = list.filter { $0.phase == .pending && !$0.reason.isEmpty }
        guard let reason = waiting.map(\.reason).min(), reason != toldReason else { return }
        toldReason = reason
        effects.append(.note(.waiting(jobs: waiting.count { $0.reason == reason }, reason: reason)))
    }

    private mutating func add(_ id: String, _ now: Int64) {
        jobs[id] = Job(submittedAt: now, doneBefore: demand?.trialsDone ?? 0)
    }

    // MARK: - More and fewer

    private mutating func submit(_ now: Int64, _ effects: inout [BatchEffect]) {
        guard submitting == nil, hasListed, now >= nextSubmission, refusal == nil else { return }
        // One that is cancelled may run for some seconds more.
        var missing = wanted - jobs.count
        // To see whether what was wrong is so still.
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

    /// A submission that seemed to fail may have been taken after all: the youngest go, those that wait
    /// first.
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
        rest = settings.firstRestMilliseconds
    }
}
