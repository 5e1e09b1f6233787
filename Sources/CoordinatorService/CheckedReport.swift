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

    /// - Parameter trials: of the sweep.
    static func check(
        _ report: WorkerMessage.Report, _ spec: SweepSpec, digest: String, _ trials: inout TrialReader
    ) -> Verdict {
        guard let index = Int(exactly: report.trial), index < spec.grid.count else { return .otherTrial }
        let trial = trials.trial(at: index)
        guard trials.id(of: trial) == report.id else { return .otherTrial }
        let outcome: String
        let line: [UInt8]
        // Nearly all are as they should be, and pass as they came.
        if let body = CanonicalObject(report.body), let known = CheckedReport.outcome(of: body) {
            outcome = known
            line = recordLine(trial: trial, id: report.id, sweepDigest: digest, body: body)
        } else {
            switch CheckedReport.read(report.body) {
            case .failure(let malformed): return .malformed(malformed.why)
            case .success(let body):
                outcome = body["outcome"]?.string ?? ""
                line = recordLine(trial: trial, id: report.id, sweepDigest: digest, body: body)
            }
        }
        guard filesAreRight(report.files, of: trial, spec, outcome: outcome) else {
            return .malformed("its weights are not those that the sweep asks for")
        }
        return .record(CheckedReport(report: report, trial: index, line: line, outcome: outcome))
    }

    private static let outcomes = ["measured", "diverged"]

    /// nil where the body is not one.
    private static func outcome(of body: CanonicalObject) -> String? {
        guard body["metrics"]?.first == UInt8(ascii: "{"), let word = body["outcome"] else { return nil }
        return outcomes.first { word.elementsEqual("\"\($0)\"".utf8) }
    }

    private struct Malformed: Error { let why: String }

    private static func read(_ bytes: [UInt8]) -> Result<JSONValue, Malformed> {
        func malformed(_ why: String) -> Result<JSONValue, Malformed> { .failure(Malformed(why: why)) }
        let body: JSONValue
        do throws(JSONError) { body = try JSONValue(parsing: bytes) } catch {
            return malformed(error.description)
        }
        guard let outcome = body["outcome"]?.string, outcomes.contains(outcome) else {
            return malformed("no outcome")
        }
        guard body["metrics"]?.object != nil else { return malformed("no metrics") }
        // One form of the same values, so that equal records have equal bytes.
        guard body.canonicalBytes == bytes else { return malformed("not canonical JSON") }
        return .success(body)
    }

    /// Sizes follow from the trial's settings, to the byte.
    private static func filesAreRight(
        _ files: [KeptFile], of trial: Trial, _ spec: SweepSpec, outcome: String
    ) -> Bool {
        guard outcome == "measured" else { return files.isEmpty }
        // Most sweeps keep none.
        guard !files.isEmpty || spec.weights != .none else { return true }
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
