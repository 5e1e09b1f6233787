import Console
import Files
import Journal
import Text

/// A coordinator's counts, for `status` and for monitoring.
struct RunTally {
    /// Records by outcome, and failed attempts by cause, of all coordinators of the run.
    var (measured, diverged, conflicts) = (0, 0, 0)
    var causes: [String: Int] = [:]
    /// Commits of the journal by this coordinator, and the time that they took.
    private(set) var commits = 0
    private(set) var commitSeconds = 0.0
    /// Bytes of messages from and to workers.
    var (receivedBytes, sentBytes) = (0, 0)
    /// When the metrics' file is written next, on a clock that never goes back.
    fileprivate var nextWrite: Int64 = .min

    /// The most causes that are told apart; the rest count as one.
    private static let maxCauses = 1000

    init(_ summary: RunSummary) {
        (measured, diverged, conflicts) = (summary.measured, summary.diverged, summary.conflicts)
        for cause in summary.causes { causes[cause.text] = cause.count }
    }

    mutating func noteRecord(outcome: String) {
        if outcome == "diverged" { diverged += 1 } else { measured += 1 }
    }

    mutating func noteFailure(_ cause: String) {
        let key = causes[cause] != nil || causes.count < RunTally.maxCauses ? cause : "other causes"
        causes[key, default: 0] += 1
    }

    mutating func noteCommit(nanoseconds: Int64) {
        commits += 1
        commitSeconds += Double(nanoseconds) / 1e9
    }

    /// The members of `live` in `status --json`.
    func facts(journalBytes: Int) -> [String: JSONValue] {
        [
            "journal": .object([
                "commits": JSONValue(commits), "commit_seconds": .number(commitSeconds),
                "bytes": JSONValue(journalBytes),
            ]),
            "messages": .object([
                "received_bytes": JSONValue(receivedBytes), "sent_bytes": JSONValue(sentBytes),
            ]),
        ]
    }
}

extension Coordinator {
    private static let metricsMilliseconds: Int64 = 5000

    /// Writes the metrics' file, at most every five seconds. Nothing depends on it: a file that can't be written stays
    /// as it was, and no run waits for its disk.
    mutating func writeMetrics(isLast: Bool = false) {
        let now = monotonicMilliseconds()
        guard isLast || now >= tally.nextWrite else { return }
        tally.nextWrite = now + Coordinator.metricsMilliseconds
        let text = metricsText(
            statusFacts(isLast: isLast), directory: absolutePath(run.path),
            unixMilliseconds: unixMilliseconds())
        replaceFile(text.utf8, at: "\(run.path)/\(metricsFileName)")
    }

    /// The facts of `status --json` that metrics need.
    private func statusFacts(isLast: Bool) -> JSONValue {
        let progress = dispatcher.progress
        let live = liveFacts
        var members: [String: JSONValue] = [
            "name": .string(run.spec.name), "total": JSONValue(progress.total), "done": JSONValue(done),
            "measured": JSONValue(tally.measured), "diverged": JSONValue(tally.diverged),
            "quarantined": JSONValue(progress.quarantined), "conflicts": JSONValue(tally.conflicts),
            "causes": .array(
                tally.causes.keys.sorted().map {
                    .object(["cause": .string($0), "count": JSONValue(tally.causes[$0] ?? 0)])
                }),
            "refused": admission.refusals.json, "lost": ledger.json,
        ]
        let halt = trouble != nil ? "waiting for the disk" : dispatcher.mode == .open ? "running" : modeWord
        members["state"] = .string(
            done == progress.total ? "done" : isLast ? "interrupted" : halt)
        if !isLast {
            members["live"] = live
            for key in ["trials_per_second", "eta_seconds", "eta_low", "eta_high"] {
                members[key] = live[key]
            }
        }
        return .object(members)
    }

    /// The size of the journal's files.
    var journalBytes: Int {
        ["", "-wal"].reduce(0) { $0 + (fileSize(RunJournal.path(in: run.path) + $1) ?? 0) }
    }
}
