import Collections
import Glibc
import Sweep

/// An estimate of how long a run still takes. Pure: the caller passes the time and what it sees.
///
/// The plan counts the seconds of each cost class on one core; `DurationModel` corrects them by what this run's trials
/// take. The slots' time that passes beside that (starting, sending, a machine that became slower) is a further factor,
/// the *pace*, by the last minutes. The trials that are left are then given to the slots in the order in which the
/// dispatcher will lease them: the end is the time at which the last slot is idle.
public struct Forecast: Sendable {
    /// Seconds until the end: the estimate, and the ends of a range that holds the truth in four of five runs.
    public struct Estimate: Equatable, Sendable {
        /// The estimate.
        public var seconds: Double
        /// The low end of the range.
        public var low: Double
        /// The high end.
        public var high: Double

        /// Creates an estimate.
        public init(seconds: Double, low: Double, high: Double) {
            (self.seconds, self.low, self.high) = (seconds, low, high)
        }
    }

    /// The unit that a slot runs at present: a trial, or several as a batch.
    public struct RunningUnit: Equatable, Sendable {
        /// The classes of its trials.
        public var classes: [Int]
        /// The share of their training that is done, by their last report; 0 where none has come.
        public var fraction: Double
        /// The share that was done before this coordinator knew of the attempt.
        public var before: Double
        /// Seconds since the slot began it, or since this coordinator has known of it.
        public var seconds: Double
        /// Seconds since `fraction` last changed.
        public var quietSeconds: Double
        /// A share of the training that was timed, from which the unit's own speed follows; 0 where two reports have not
        /// come yet.
        public var timedFraction: Double
        /// The seconds that this share took.
        public var timedSeconds: Double

        /// Creates a unit.
        public init(
            classes: [Int], fraction: Double = 0, before: Double = 0, seconds: Double = 0,
            quietSeconds: Double = 0,
            timedFraction: Double = 0, timedSeconds: Double = 0
        ) {
            self.classes = classes
            self.fraction = fraction
            self.before = before
            self.seconds = seconds
            self.quietSeconds = quietSeconds
            self.timedFraction = timedFraction
            self.timedSeconds = timedSeconds
        }
    }

    /// An observation of a run.
    public struct Look: Equatable, Sendable {
        /// When it was made, on a clock that never goes back.
        public var milliseconds: Int64
        /// Slots of the connected workers; 0 while no trial is started.
        public var slots: Int
        /// The units that they run.
        public var running: [RunningUnit]
        /// The classes of the units that wait, in the order in which slots take them; nil where there are too many.
        public var waiting: [[Int]]?

        /// Creates an observation.
        public init(milliseconds: Int64, slots: Int, running: [RunningUnit], waiting: [[Int]]?) {
            self.milliseconds = milliseconds
            self.slots = slots
            self.running = running
            self.waiting = waiting
        }
    }

    /// The cost classes of the run's trials. Classes may be added at the end.
    public var classes: [TrialCosts.Class]
    /// Trials without an outcome, by class.
    private var left: [Double]
    /// The time that finished trials took, by class.
    private var finished: [DurationModel.Observation]
    /// Trials that were done lately, by class; running ones count in part. Their weight decays as that of `spent`.
    private var recent: [Double]
    /// Trials that were done until the last look, and until now, without the running ones.
    private var counted: [Double] = []
    private var done: [Double] = []
    private var last: Look?
    /// How finished trials' time was divided, as they told and as planned.
    private var parts = Parts()
    /// Slot-seconds spent, decaying.
    private var spent = 0.0
    /// The weight of the plan's own pace, as slot-seconds, decaying.
    private var prior: Double?
    private var model: DurationModel
    /// The newest estimate; nil while no slot is connected.
    public private(set) var estimate: Estimate?
    /// Slot-seconds that pass for each second of the model.
    private(set) var pace = 1.0

    /// Time constant in seconds after which the weight of what was spent falls to a third (1/e).
    private static let memory = 300.0
    private static let minPrior = 10.0
    /// A range of four fifths of a normal distribution, in standard deviations.
    private static let quantile = 1.28
    /// The deviation that is left when everything is known: other work on the machine, chance.
    private static let minDeviation = 0.04
    /// The deviation of the pace before any time was spent.
    private static let paceDeviation = 0.25

    /// - Parameters:
    ///   - counts: the number of trials without an outcome in each class.
    public init(_ classes: [TrialCosts.Class], left counts: [Double]) {
        self.classes = classes
        left = counts
        finished = []
        recent = []
        model = DurationModel(classes, [])
        pad()
    }

    private mutating func pad() {
        func fill<Value>(_ list: inout [Value], _ value: Value) {
            while list.count < classes.count { list.append(value) }
        }
        fill(&left, 0)
        fill(&finished, DurationModel.Observation())
        fill(&recent, 0)
        fill(&counted, 0)
        fill(&done, 0)
    }

    /// Learns from a trial that an earlier coordinator of the run saw end.
    public mutating func learn(class number: Int, seconds: Double) {
        pad()
        guard seconds.isFinite, seconds > 0 else { return }
        finished[number].trials += 1
        finished[number].seconds += seconds
    }

    /// Lets the trials that were learned from so far count as at most this many of each class, because they ran on
    /// machines that may have been others.
    public mutating func limitEarlier(to trials: Double) {
        for number in finished.indices where finished[number].trials > trials {
            finished[number].seconds *= trials / finished[number].trials
            finished[number].trials = trials
        }
    }

    /// Counts a trial that has its outcome.
    ///
    /// - Parameters:
    ///   - seconds: the seconds of its slot; nil where it failed for good.
    ///   - measuring: those of them in which the network was measured.
    ///   - isWhole: whether they are those of the whole trial. They aren't if it continued from a checkpoint.
    public mutating func settle(
        class number: Int, seconds: Double?, measuring: Double = 0, isWhole: Bool = true
    ) {
        pad()
        left[number] = max(0, left[number] - 1)
        guard let seconds, seconds.isFinite, seconds >= 0 else { return }
        if isWhole {
            finished[number].trials += 1
            finished[number].seconds += seconds
            done[number] += 1
            parts.add(measuring: measuring, of: seconds, planned: classes[number].cost)
        } else {
            let whole = number < model.count ? model.seconds(of: number) : 0
            done[number] += whole > 0 ? min(1, seconds / whole) : 1
        }
    }

    /// Makes an estimate. A look that is not newer than the last doesn't change the pace.
    public mutating func update(_ look: Look) {
        pad()
        defer { last = look }
        model = DurationModel(classes, observations(look))
        let trials = left.reduce(0, +)
        let work = left.enumerated().reduce(0) {
            $0 + ($1.element > 0 ? $1.element * model.seconds(of: $1.offset) : 0)
        }
        if prior == nil, look.slots > 0, trials > 0 {
            // As if each slot had already run at the planned pace for that long.
            let least = min(Forecast.minPrior, work / Double(look.slots) / 10)
            prior = Double(look.slots) * max(least, work / trials / 2)
        }
        let begun = look.running.map { progress(of: $0) }
        note(look, begun)
        guard let prior, look.slots > 0 else {
            estimate = nil
            return
        }
        let modelled = recent.enumerated().reduce(0) {
            $0 + ($1.element > 0 ? $1.element * model.seconds(of: $1.offset) : 0)
        }
        pace = min(1000, max(0.1, (prior + spent) / (prior + modelled)))
        estimate =
            trials > 0 ? end(look, begun, work: work, prior: prior) : Estimate(seconds: 0, low: 0, high: 0)
    }

    /// Counts the slots' time since the last look, and what was done in it.
    private mutating func note(_ look: Look, _ begun: [(sinceBegin: Double, left: Double)]) {
        var sums = done
        for (unit, progress) in zip(look.running, begun) {
            let whole = seconds(of: unit.classes)
            for number in unit.classes where whole > 0 { sums[number] += progress.sinceBegin / whole }
        }
        defer { counted = sums }
        guard let last, last.slots > 0, look.milliseconds > last.milliseconds else { return }
        let seconds = Double(look.milliseconds - last.milliseconds) / 1000
        let weight = exp(-seconds / Forecast.memory)
        // With fewer units than slots, some slots are idle.
        let units = last.waiting.map { $0.count + last.running.count } ?? last.slots
        spent = weight * spent + Double(min(last.slots, max(1, units))) * seconds
        prior = prior.map { $0 * weight }
        for number in recent.indices {
            recent[number] = weight * recent[number] + sums[number] - counted[number]
        }
    }

    private func seconds(of unit: [Int]) -> Double { unit.reduce(0) { $0 + model.seconds(of: $1) } }

    // MARK: - Running units

    /// The time that finished trials took, and running ones so far.
    private func observations(_ look: Look) -> [DurationModel.Observation] {
        var sum = finished
        for unit in look.running where unit.timedFraction > 0.01 && unit.timedSeconds > 0 {
            for number in unit.classes {
                sum[number].trials += unit.timedFraction * (1 - parts.end(of: classes[number].cost))
                // The trials of a batch share their slot's time.
                sum[number].seconds += unit.timedSeconds / Double(unit.classes.count)
            }
        }
        return sum
    }

    /// The seconds of the model that a running unit has done since it began, and those that it has left.
    private func progress(of unit: RunningUnit) -> (sinceBegin: Double, left: Double) {
        let whole = seconds(of: unit.classes)
        let end = unit.classes.reduce(0) { $0 + model.seconds(of: $1) * parts.end(of: classes[$1].cost) }
        let training = whole - end
        /// The seconds left after so many on something that takes `expected`: little is known of what takes
        /// longer than expected, but it takes the longer the longer it took.
        func rest(of expected: Double, after seconds: Double) -> Double {
            let (rest, shown) = (expected - seconds, min(seconds, expected))
            guard rest < 0.5 * shown, let first = unit.classes.first else { return rest }
            return max(rest, min(0.5, 0.1 + 0.5 * model.deviation(ofClass: first)) * shown)
        }
        guard unit.fraction > 0 else {
            let left = rest(of: whole, after: unit.seconds)
            return (whole - left, left)
        }
        // Training goes on after a report, and the next one comes within two seconds or so.
        let reported = unit.fraction * training
        if unit.fraction < 0.99 {
            let since = min(unit.quietSeconds, 2.5, 0.9 * (training - reported))
            return (reported - unit.before * training + since, training - reported - since + end)
        }
        let left = rest(of: training - reported + end, after: unit.quietSeconds)
        return (training * (1 - unit.before) + end - left, left)
    }

    // MARK: - The end

    private func end(
        _ look: Look, _ begun: [(sinceBegin: Double, left: Double)], work: Double, prior: Double
    ) -> Estimate {
        let slots = look.slots
        var seconds: Double
        var longest = begun.map(\.left).max() ?? 0
        if let waiting = look.waiting {
            let units = waiting.map { self.seconds(of: $0) }
            longest = max(longest, units.max() ?? 0)
            seconds = makespan(begun.map(\.left), units, slots: slots)
        } else {
            // Where so many wait, the slots end together, up to half a trial.
            let done = zip(look.running, begun).reduce(0) { sum, unit in
                sum + max(0, self.seconds(of: unit.0.classes) - unit.1.left)
            }
            seconds = max(0, work - done) / Double(slots) + work / max(1, left.reduce(0, +)) / 2
        }
        seconds *= pace
        // Trials that are left, running ones by what they have left.
        var trials = left
        for (unit, rest) in zip(look.running, begun) {
            let whole = self.seconds(of: unit.classes)
            guard whole > 0 else { continue }
            for number in unit.classes {
                trials[number] = max(0, trials[number] - max(0, 1 - rest.left / whole))
            }
        }
        let known = model.deviation(of: trials)
        let paced = Forecast.paceDeviation * (prior / (prior + spent)).squareRoot()
        // Which slot gets the last long trial is chance; with one slot a unit nothing is.
        let units = look.waiting?.count ?? Int.max
        let ragged = units > 0 ? min(0.5 * longest * pace, 0.25 * seconds) / max(seconds, 1e-9) * 0.5 : 0
        let deviation =
            (known * known + paced * paced + ragged * ragged
            + Forecast.minDeviation * Forecast.minDeviation).squareRoot()
        let factor = exp(Forecast.quantile * deviation)
        return Estimate(seconds: seconds, low: seconds / factor, high: seconds * factor)
    }
}

/// How the time of trials is divided between training and measuring.
private struct Parts: Equatable, Sendable {
    private var trials = 0.0
    private var (measuring, rest) = (0.0, 0.0)
    private var (plannedMeasuring, plannedRest) = (0.0, 0.0)

    mutating func add(measuring seconds: Double, of whole: Double, planned: TrialCosts.Cost) {
        trials += 1
        measuring += min(max(0, seconds), whole)
        rest += max(0, whole - seconds)
        plannedMeasuring += planned.measuringSeconds
        plannedRest += planned.seconds - planned.measuringSeconds
    }

    /// How much more of the time than planned is measuring: a ratio of odds. The plan counts as one trial.
    private var factor: Double {
        guard measuring > 0, rest > 0, plannedMeasuring > 0, plannedRest > 0 else { return 1 }
        return pow(measuring / rest / (plannedMeasuring / plannedRest), trials / (trials + 1))
    }

    /// The share of a trial's time that follows its last training step.
    func end(of cost: TrialCosts.Cost) -> Double {
        let rest = cost.seconds - cost.measuringSeconds
        let measuring = factor * cost.measuringSeconds
        guard cost.measuringSeconds > 0, measuring + rest > 0 else { return 0 }
        return measuring / (measuring + rest) * cost.endSeconds / cost.measuringSeconds
    }
}

/// When the last slot is idle, if slots that become free take the waiting units in order.
///
/// - Parameters:
///   - running: what the busy slots have left, in seconds.
///   - waiting: the seconds of the units that wait.
func makespan(_ running: [Double], _ waiting: [Double], slots: Int) -> Double {
    // More may run than there are slots for a moment: units that workers hold.
    let busy = running.sorted().suffix(max(1, slots))
    let idle = [Double](repeating: 0, count: max(0, slots - busy.count))
    var ends = Heap(sorted: idle + busy)
    var last = busy.last ?? 0
    for unit in waiting {
        let end = (ends.first ?? 0) + unit
        ends.replaceFirst(by: end)
        last = max(last, end)
    }
    return last
}
