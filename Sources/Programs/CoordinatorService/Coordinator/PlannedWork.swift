import Console
import Scheduling
import Sweep

/// What a run has done and has left, in seconds of its plan, and how long that will take.
struct PlannedWork {
    private var costs: TrialCosts
    private let meanSeconds: Double
    /// Of trials with an outcome, in all and since this coordinator began.
    private var settled = 0.0
    private var done = 0.0
    private let total: Double
    private var remaining = RemainingTime()
    /// When running trials were first seen at the end of their training.
    private var measuredSince: [Int: Int64] = [:]
    private var nextLook: Int64 = .min

    /// More outcomes from before are counted by the mean.
    private static let maxLookedUp = 20_000

    /// - Parameter outcomes: what became of trials before.
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

    /// A trial has its outcome.
    mutating func settle(_ trial: Int) {
        let seconds = costs.cost(of: trial).seconds
        settled += seconds
        done += seconds
    }

    /// At most twice a second: the loop asks at every turn.
    mutating func look(at dispatcher: Dispatcher, milliseconds: Int64) {
        guard milliseconds >= nextLook else { return }
        nextLook = milliseconds + 500
        let progress = dispatcher.progress
        let trialsLeft = max(0, progress.total - progress.complete - progress.quarantined)
        var (told, toldSince, untold, longest) = (0.0, 0.0, 0.0, 0.0)
        let running = dispatcher.runningTrials
        var measuring: [Int: Int64] = [:]
        for (trial, fraction, before) in running {
            let cost = costs.cost(of: trial)
            // A trial tells how far its training is; what it measures at the end, it doesn't.
            let training = cost.seconds - cost.endSeconds
            told += fraction * training
            toldSince += (fraction - before) * training
            var measured = 0.0
            if fraction > 0.99 {
                let start = measuredSince[trial] ?? milliseconds
                measuring[trial] = start
                let seconds = Double(milliseconds - start) / 1000 / max(remaining.factor ?? 1, 1e-9)
                measured = min(0.95 * cost.endSeconds, seconds)
            }
            untold += measured
            longest = max(longest, cost.seconds - fraction * training - measured)
        }
        measuredSince = measuring
        let silent = min(progress.slots, dispatcher.leasedCount) - running.count
        if silent > 0, trialsLeft > 0 {
            untold += Double(silent) * (total - settled) / Double(trialsLeft) / 2
        }
        remaining.update(
            RemainingTime.Look(
                milliseconds: milliseconds, slots: dispatcher.mode == .open ? progress.slots : 0,
                trialsLeft: trialsLeft, left: max(0, total - settled - told), done: done + toldSince,
                untold: untold, longest: longest))
    }

    /// nil while nothing can be said.
    var secondsLeft: Double? { remaining.seconds }
}
