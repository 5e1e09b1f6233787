import Records
import Wire

/// An attempt at a trial, as a line of `provenance.ndjson` holds it.
public struct TrialAttempt: Equatable, Sendable {
    /// Grid index.
    public var trial: Int
    /// Attempt number.
    public var number: UInt32
    /// Lease of the attempt.
    public var lease: LeaseID
    /// Where, when and for how long the attempt ran.
    public var provenance: Provenance

    /// Creates an attempt.
    public init(trial: Int, number: UInt32, lease: LeaseID, provenance: Provenance) {
        self.trial = trial
        self.number = number
        self.lease = lease
        self.provenance = provenance
    }
}

/// A worker's report that its receiver has checked against the sweep: everything in it that is made durable.
public struct ValidatedReport: Equatable, Sendable {
    /// The attempt that is reported.
    public let attempt: TrialAttempt
    /// The record's line, without a newline.
    public let line: [UInt8]
    /// "measured" or "diverged".
    public let outcome: String
    /// Weights that the worker has. The report counts once they are durable.
    public let files: [KeptFile]

    /// Creates a report that has been checked.
    public init(_ attempt: TrialAttempt, line: [UInt8], outcome: String, files: [KeptFile] = []) {
        self.attempt = attempt
        self.line = line
        self.outcome = outcome
        self.files = files
    }

    /// Creates a report whose message has been checked.
    public init(_ report: WorkerMessage.Report, line: [UInt8], outcome: String) {
        let attempt = TrialAttempt(
            trial: Int(clamping: report.trial), number: report.attempt, lease: report.lease,
            provenance: report.provenance)
        self.init(attempt, line: line, outcome: outcome, files: report.files)
    }
}
