import Journal
import Reporting
import Sweep
import Text
import Wire

/// A worker's report, held against the grid: what a peer sends is never trusted.
struct ValidatedReport {
    let report: WorkerMessage.Report
    private let trial: Int
    private let line: [UInt8]
    private let outcome: String

    enum Verdict {
        case record(ValidatedReport)
        /// The worker expands the sweep otherwise.
        case otherTrial
        case malformed(String)
    }

    /// - Parameter trials: of the sweep.
    static func check(
        _ report: WorkerMessage.Report, _ spec: SweepSpec, digest: String, _ trials: inout TrialCache
    ) -> Verdict {
        guard let index = Int(exactly: report.trial), index < spec.grid.count else { return .otherTrial }
        let trial = trials.trial(at: index)
        guard trials.id(of: trial) == report.id else { return .otherTrial }
        let form = trials.form(of: trial)
        // Before anything is made of it.
        guard report.body.count <= form.maxBytes else {
            return .malformed("it has \(report.body.count) bytes, and at most \(form.maxBytes) are due")
        }
        guard let body = CanonicalObject(report.body) else { return .malformed(mistake(in: report.body)) }
        if let fault = form.fault(in: body) { return .malformed(fault) }
        guard let outcome = ValidatedReport.outcome(of: body) else { return .malformed("no outcome") }
        let line = recordLine(trial: trial, id: report.id, sweepDigest: digest, body: body)
        guard filesAreRight(report.files, of: trial, spec, outcome: outcome) else {
            return .malformed("its weights are not those that the sweep asks for")
        }
        return .record(ValidatedReport(report: report, trial: index, line: line, outcome: outcome))
    }

    private static let outcomes = ["measured", "diverged"]

    /// nil where the body is not one.
    private static func outcome(of body: CanonicalObject) -> String? {
        guard body["metrics"]?.first == UInt8(ascii: "{"), let word = body["outcome"] else { return nil }
        return outcomes.first { word.elementsEqual("\"\($0)\"".utf8) }
    }

    /// Why a body is not canonical JSON of an object: one form of the same values, so that equal records have equal
    /// bytes.
    private static func mistake(in bytes: [UInt8]) -> String {
        do throws(JSONError) {
            _ = try JSONValue(parsing: bytes)
            return "not canonical JSON of a record"
        } catch { return error.description }
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
