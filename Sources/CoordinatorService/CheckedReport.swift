import Journal
import Reporting
import Sweep
import Text
import Wire

/// A worker's report, held against the grid: what a peer sends is never trusted.
struct CheckedReport {
    let trial: Int
    private let line: [UInt8]
    private let outcome: String

    enum Verdict {
        case record(CheckedReport)
        /// The worker expands the sweep otherwise.
        case otherTrial
        case malformed(String)
    }

    static func check(_ report: WorkerMessage.Report, _ spec: SweepSpec, digest: String) -> Verdict {
        guard let index = Int(exactly: report.trial), index < spec.grid.count else { return .otherTrial }
        let trial = spec.grid[index]
        guard trial.id == report.id else { return .otherTrial }
        let body: JSONValue
        do throws(JSONError) { body = try JSONValue(parsing: report.body) } catch {
            return .malformed(error.description)
        }
        guard let outcome = body["outcome"]?.string, ["measured", "diverged"].contains(outcome) else {
            return .malformed("no outcome")
        }
        guard body["metrics"]?.object != nil else { return .malformed("no metrics") }
        // One form of the same values, so that equal records have equal bytes.
        guard body.canonicalText.utf8.elementsEqual(report.body) else {
            return .malformed("not canonical JSON")
        }
        let line = recordLine(trial: trial, sweepDigest: digest, body: body)
        return .record(CheckedReport(trial: index, line: Array(line.utf8), outcome: outcome))
    }

    func entry(_ report: WorkerMessage.Report) -> JournalEntry {
        .record(
            line: line, outcome: outcome,
            JournalAttempt(
                trial: trial, number: report.attempt, lease: report.lease, provenance: report.provenance))
    }
}
