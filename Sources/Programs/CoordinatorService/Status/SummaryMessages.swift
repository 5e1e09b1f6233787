import Console
import Journal
import Text

/// "700 measured, 3 diverged, 32 quarantined".
func words(_ summary: RunSummary) -> String {
    var parts = ["\(groupedText(summary.measured)) measured"]
    if summary.diverged > 0 { parts.append("\(groupedText(summary.diverged)) diverged") }
    if summary.quarantined > 0 { parts.append("\(groupedText(summary.quarantined)) quarantined") }
    if summary.conflicts > 0 { parts.append("\(countText(summary.conflicts, "unequal duplicate"))") }
    return parts.joined(separator: ", ")
}

extension TimeLeft {
    /// The members of `status --json`.
    var json: [String: JSONValue] {
        ["eta_seconds": seconds, "eta_low": low, "eta_high": high].mapValues { .number(twoDigits($0)) }
    }

    /// Reads them; nil where there is no estimate.
    init?(_ json: JSONValue) {
        guard let seconds = json["eta_seconds"]?.number else { return nil }
        self.init(
            seconds: seconds, low: json["eta_low"]?.number ?? seconds,
            high: json["eta_high"]?.number ?? seconds)
    }
}

/// A trial's axes in words: "beta 0.1, depth 2".
func pointText(_ axes: [(path: String, value: JSONValue)]) -> String {
    printable(axes.map { "\($0.path) \($0.value.string ?? $0.value.canonicalText)" }.joined(separator: ", "))
}

/// Failed attempts by cause, the most frequent first. Each comes with an example: a trial's settings, the
/// host where it last failed for this cause, and what its slot reported.
func causes(_ summary: RunSummary, _ run: RunDirectory) -> [String] {
    var lines: [String] = []
    for cause in summary.causes.prefix(10) {
        let trial = cause.exampleTrial
        let point = pointText(trial < run.spec.grid.count ? run.spec.grid[trial].axes : [])
        lines.append("  \(countText(cause.count, "failed attempt")): \(printable(cause.text))")
        lines.append(
            "    for one trial \(trial) on \(printable(cause.exampleHost)): "
                + point)
        lines += cause.exampleLog.split(separator: "\n").suffix(5).map { "    | \(printable(String($0)))" }
    }
    let rest = summary.causes.count - min(10, summary.causes.count)
    return lines + (rest > 0 ? ["  … and \(countText(rest, "other cause"))"] : [])
}
