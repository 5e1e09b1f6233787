import Console
import Journal
import Sweep
import Text

// The end of a run beside its counts: which trials were given up, and which points took longest.

/// "quarantined: trial 3 (beta 0.1, seed 2), trial 17 (…)"; nil where there are none.
func quarantineLine(_ summary: RunSummary, _ run: RunDirectory) -> String? {
    guard summary.quarantined > 0 else { return nil }
    let shown = summary.quarantinedTrials.filter { $0 < run.spec.grid.count }.prefix(5)
    let names = shown.map { "trial \($0) (\(pointText(run.spec.grid[$0].axes)))" }
    let rest = summary.quarantined - shown.count
    return "quarantined: "
        + (names + (rest > 0 ? ["and \(groupedText(rest)) more"] : [])).joined(separator: ", ")
}

/// The points whose trials took longest, the slowest first: a heading and a line for each. Nothing where all trials
/// took about as long, or hardly any time.
func slowestLines(_ run: RunDirectory, _ journal: RunJournal) -> [String] {
    guard let found = try? journal.slowestTrials(atMost: 200), let first = found.trials.first,
        first.seconds >= 1, first.seconds > 1.5 * found.meanSeconds
    else { return [] }
    var points: [String] = []
    var lines: [String] = []
    for (trial, seconds) in found.trials where trial < run.spec.grid.count && lines.count < 3 {
        // A point is all axes but the seed.
        let point = pointText(run.spec.grid[trial].axes.filter { $0.path != "seed" })
        guard !point.isEmpty, !points.contains(point), seconds > 1.5 * found.meanSeconds else { continue }
        points.append(point)
        lines.append("  \(durationText(seconds: seconds)): \(point)")
    }
    guard !lines.isEmpty else { return [] }
    let mean = durationText(seconds: found.meanSeconds)
    return ["slowest points, by their slowest trial (a trial takes \(mean) on average):"] + lines
}
