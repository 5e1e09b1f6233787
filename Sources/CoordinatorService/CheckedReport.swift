import Journal
import Reporting
import Sweep
import Text
import Wire

/// A worker's report, held against the grid: what a peer sends is never trusted.
struct CheckedReport {
    let report: WorkerMessage.Report
    private let trial: Int
    private let line: [UInt8]
    private let outcome: String

    enum Verdict {
        case record(CheckedReport)
        /// The worker expands the sweep otherwise.
        case otherTrial
        case malformed(String)
    }

    /// - Parameter identifier: of the sweep's trials.
    static func check(
        _ report: WorkerMessage.Report, _ spec: SweepSpec, digest: String, _ identifier: inout TrialIdentifier
    ) -> Verdict {
        guard let index = Int(exactly: report.trial), index < spec.grid.count else { return .otherTrial }
        let trial = spec.grid[index]
        guard identifier.id(of: trial.settings) == report.id else { return .otherTrial }
        let body: JSONValue
        do throws(JSONError) { body = try JSONValue(parsing: report.body) } catch {
            return .malformed(error.description)
        }
        guard let outcome = body["outcome"]?.string, ["measured", "diverged"].contains(outcome) else {
            return .malformed("no outcome")
        }
        guard body["metrics"]?.object != nil else { return .malformed("no metrics") }
        // One form of the same values, so that equal records have equal bytes.
        guard body.canonicalBytes == report.body else {
            return .malformed("not canonical JSON")
        }
        guard filesAreRight(report.files, of: trial, spec, outcome: outcome) else {
            return .malformed("its weights are not those that the sweep asks for")
        }
        let line = recordLine(trial: trial, id: report.id, sweepDigest: digest, body: body)
        return .record(CheckedReport(report: report, trial: index, line: line, outcome: outcome))
    }

    /// Sizes follow from the trial's settings, to the byte.
    private static func filesAreRight(
        _ files: [KeptFile], of trial: Trial, _ spec: SweepSpec, outcome: String
    ) -> Bool {
        guard outcome == "measured" else { return files.isEmpty }
        let steps = files.map { Int(clamping: $0.step) }
        return spec.weights.allows(steps)
            && zip(files, steps).allSatisfy { $0.bytes == UInt64(trial.weightsFileSize(step: $1)) }
            && files.count * trial.settings.parameterBytes <= KeptWeights.limit
    }

    var entry: JournalEntry {
        .record(
            line: line, outcome: outcome,
            JournalAttempt(
                trial: trial, number: report.attempt, lease: report.lease, provenance: report.provenance))
    }
}
