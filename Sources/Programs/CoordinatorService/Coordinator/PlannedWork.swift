import Console
import Scheduling
import Sweep

/// The work that a run has done and has left, in planned seconds, and how long the rest will take.
struct PlannedWork {
    private var costs: TrialCosts
    private let meanSeconds: Double
    /// Planned seconds of trials with an outcome, in all and since this coordinator began.
    private var settled = 0.0
    private var done = 0.0
    private let total: Double
    private var remaining = RemainingTime()
    /// When each running trial was first seen at the end of its training.
    private var measuredSince: [Int: Int64] = [:]
    private var nextLook: Int64 = .min

    /// The most earlier outcomes whose cost is looked up; the others count with the mean.
    private static let maxLookedUp = 20_000

    /// - Parameter outcomes: the outcomes of trials from before this coordinator.
    init(_ grid: Grid, _ outcomes: [(trial: Int, outcome: Dispatcher.Restored)]) {
        costs = TrialCosts(grid)
        let cost = grid.cost()
        total = cost.seconds
        meanSeconds = cost.seconds / Double(max(1, grid.count))
        var settledTrials: [Int] = []
        for (trial, outcome) in outcomes {
            if case .failed = outcome { continue }
            settledTrials.append(trial)
        }
        if settledTrials.count <= PlannedWork.maxLookedUp {
            for trial in settledTrials where trial < grid.count { settled += costs.cost(of: trial).seconds }
        } else {
            settled = Double(settledTrials.count) * meanSeconds
        }
    }

    /// Counts a trial that has its outcome.
    mutating func settle(_ trial: Int) {
        let seconds = costs.cost(of: trial).seconds
        settled += seconds
        done += seconds
    }

    /// Updates the estimate, at most twice a second. The loop calls it every turn.
    mutating func look(at dispatcher: Dispatcher, milliseconds: Int64) {
        guard milliseconds >= nextLook else { return }
        nextLook = milliseconds + 500
        let progress = dispatcher.progress
        let trialsLeft = max(0, progress.total - progress.complete - progress.quarantined)
        var (reported, reportedSince, unreported, longest) = (0.0, 0.0, 0.0, 0.0)
        let running = dispatcher.runningTrials
        var measuring: [Int: Int64] = [:]
        for (trial, fraction, before) in running {
            let cost = costs.cost(of: trial)
            // A trial reports the progress of its training, but not of its measurements at the end.
            let training = cost.seconds - cost.endSeconds
            reported += fraction * training
            reportedSince += (fraction - before) * training
            var measured = 0.0
            if fraction > 0.99 {
                let start = measuredSince[trial] ?? milliseconds
                measuring[trial] = start
                let seconds = Double(milliseconds - start) / 1000 / max(remaining.factor ?? 1, 1e-9)
                measured = min(0.95 * cost.endSeconds, seconds)
            }
            unreported += measured
            longest = max(longest, cost.seconds - fraction * training - measured)
        }
        measuredSince = measuring
        let silent = min(progress.slots, dispatcher.leasedCount) - running.count
        if silent > 0, trialsLeft > 0 {
            unreported += Double(silent) * (total - settled) / Double(trialsLeft) / 2
        }
        remaining.update(
            RemainingTime.Look(
                milliseconds: milliseconds, slots: dispatcher.mode == .open ? progress.slots : 0,
                trialsLeft: trialsLeft, left: max(0, total - settled - reported), done: done + reportedSince,
                unreported: unreported, longest: longest))
    }

    /// nil while there is no estimate.
    var secondsLeft: Double? { remaining.seconds }
}
