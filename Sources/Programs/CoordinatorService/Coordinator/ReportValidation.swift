import Records
import Scheduling
import Sweep
import Wire

extension ValidatedReport {
    /// Checks a worker's report against the sweep: a peer's message is never trusted.
    ///
    /// - Parameter records: the records of the same sweep.
    init(
        _ report: WorkerMessage.Report, ofSweep digest: String, keeping weights: KeptWeights,
        _ records: inout SweepRecords
    ) throws(RecordFault) {
        let record = try records.record(
            ofTrial: report.trial, id: report.id, body: report.body, sweepDigest: digest)
        guard
            ValidatedReport.filesAreRight(report.files, of: record.trial, weights, outcome: record.outcome)
        else { throw .malformed("its weights are not those that the sweep asks for") }
        self.init(report, line: record.line, outcome: record.outcome)
    }

    /// Whether the files are those that the sweep asks for. Their sizes follow from the trial's settings, to
    /// the byte.
    private static func filesAreRight(
        _ files: [KeptFile], of trial: Trial, _ weights: KeptWeights, outcome: String
    ) -> Bool {
        guard outcome == "measured" else { return files.isEmpty }
        // Most sweeps keep no weights.
        guard !files.isEmpty || weights != .none else { return true }
        let steps = files.map { Int(clamping: $0.step) }
        return weights.allows(steps)
            && zip(files, steps).allSatisfy { $0.bytes == UInt64(trial.weightsFileSize(step: $1)) }
            && files.count * trial.settings.parameterBytes <= KeptWeights.limit
    }
}
