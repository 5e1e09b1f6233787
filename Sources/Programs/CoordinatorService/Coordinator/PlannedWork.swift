import Console
import Records
import Scheduling
import Sweep

/// The work that a run has left, and the forecast of its end: what the loop knows, put into the forecast's terms.
struct PlannedWork {
    /// Knowledge of a unit that a slot runs.
    private struct Seen {
        /// When its slot began it, as far as looks can tell.
        var start: Int64
        var fraction: Double
        /// When `fraction` was first seen.
        var since: Int64
        /// The first fraction that was seen, and when.
        var first: (fraction: Double, at: Int64)?
    }

    private var costs: TrialCosts
    private var forecast: Forecast
    /// By the unit's first trial.
    private var seen: [Int: Seen] = [:]
    private var lastLook: Int64?
    private var nextLook: Int64 = .min

    /// The most earlier outcomes whose cost is looked up; more are taken to be spread over all classes.
    private static let maxLookedUp = 20_000
    /// The most trials of which it is asked what slots run and what comes next.
    private static let maxListed = 20_000
    private static let maxWaiting = 5000
    /// The most trials of each class that earlier coordinators' times count as.
    private static let earlierTrials = 8.0

    /// - Parameters:
    ///   - outcomes: the outcomes of trials from before this coordinator.
    ///   - earlier: the seconds that trials took then.
    init(
        _ grid: Grid, _ outcomes: [(trial: Int, outcome: Dispatcher.Restored)],
        earlier: [(trial: Int, seconds: Double)] = []
    ) {
        costs = TrialCosts(grid)
        var left = costs.counts()
        var settled: [Int] = []
        for (trial, outcome) in outcomes where trial < grid.count {
            if case .failed = outcome { continue }
            settled.append(trial)
        }
        if settled.count <= PlannedWork.maxLookedUp {
            for trial in settled {
                let number = costs.number(of: trial)
                if number < left.count { left[number] = max(0, left[number] - 1) }
            }
        } else {
            let share = 1 - Double(settled.count) / Double(max(1, grid.count))
            left = left.map { $0 * share }
        }
        forecast = Forecast(costs.classes, left: left)
        for (trial, seconds) in earlier where trial < grid.count {
            let number = costs.number(of: trial)
            forecast.classes = costs.classes
            forecast.learn(class: number, seconds: seconds)
        }
        forecast.limitEarlier(to: PlannedWork.earlierTrials)
    }

    /// Counts a trial that has its outcome.
    ///
    /// - Parameter provenance: the attempt that gave its record; nil where the trial was given up.
    mutating func settle(_ trial: Int, _ provenance: Provenance? = nil) {
        let number = costs.number(of: trial)
        forecast.classes = costs.classes
        forecast.settle(
            class: number, seconds: provenance?.seconds, measuring: provenance?.measuringSeconds ?? 0,
            isWhole: provenance?.continuedFrom ?? 0 == 0)
    }

    /// Updates the forecast, at most four times a second. The loop calls it every turn.
    mutating func look(at dispatcher: Dispatcher, milliseconds: Int64) {
        guard milliseconds >= nextLook else { return }
        let began = monotonicMilliseconds()
        let held = dispatcher.heldUnits(atMost: PlannedWork.maxListed) ?? []
        var running: [Forecast.RunningUnit] = []
        var waiting: [[Int]] = []
        var still: [Int: Seen] = [:]
        for unit in held {
            let classes = unit.trials.map { costs.number(of: $0) }
            guard unit.isRunning, let first = unit.trials.first else {
                waiting.append(classes)
                continue
            }
            let known = note(unit, seen[first], at: milliseconds)
            still[first] = known
            running.append(report(unit, classes, known, at: milliseconds))
        }
        seen = still
        let pending = dispatcher.pendingUnits(atMost: PlannedWork.maxWaiting)?.map { unit in
            unit.map { costs.number(of: $0) }
        }
        forecast.classes = costs.classes
        forecast.update(
            Forecast.Look(
                milliseconds: milliseconds,
                slots: dispatcher.mode == .open ? dispatcher.progress.slots : 0, running: running,
                waiting: pending.map { waiting + $0 }))
        lastLook = milliseconds
        // Looking takes a twentieth of the time at most.
        nextLook = milliseconds + max(250, 20 * (monotonicMilliseconds() - began))
    }

    private func note(_ unit: Dispatcher.HeldUnit, _ before: Seen?, at now: Int64) -> Seen {
        guard var known = before else {
            // It began between two looks, and not before it was leased.
            let start = lastLook.map { max(unit.sinceMilliseconds, ($0 + now) / 2) } ?? now
            return Seen(
                start: min(now, start), fraction: unit.fraction, since: now,
                first: unit.fraction > 0 ? (unit.fraction, now) : nil)
        }
        guard unit.fraction != known.fraction else { return known }
        known.fraction = unit.fraction
        known.since = now
        if known.first == nil { known.first = (unit.fraction, now) }
        return known
    }

    private func report(
        _ unit: Dispatcher.HeldUnit, _ classes: [Int], _ known: Seen, at now: Int64
    ) -> Forecast.RunningUnit {
        func seconds(since start: Int64) -> Double { Double(max(0, now - start)) / 1000 }
        var running = Forecast.RunningUnit(
            classes: classes, fraction: unit.fraction, before: unit.before,
            seconds: seconds(since: known.start), quietSeconds: seconds(since: known.since))
        // Its own speed is that between two reports, or else that since its beginning.
        if let first = known.first, known.fraction - first.fraction > 0.1 {
            running.timedFraction = known.fraction - first.fraction
            running.timedSeconds = Double(known.since - first.at) / 1000
        } else if known.fraction > unit.before {
            running.timedFraction = known.fraction - unit.before
            running.timedSeconds = Double(known.since - known.start) / 1000
        }
        return running
    }

    /// nil while there is no estimate.
    var timeLeft: TimeLeft? {
        forecast.estimate.map { TimeLeft(seconds: $0.seconds, low: $0.low, high: $0.high) }
    }
}
