import Wire

/// One attempt at a trial: what `provenance.ndjson` tells.
public struct TrialAttempt: Equatable, Sendable {
    /// Grid index.
    public var trial: Int
    public var number: UInt32
    public var lease: LeaseID
    public var provenance: Provenance

    public init(trial: Int, number: UInt32, lease: LeaseID, provenance: Provenance) {
        self.trial = trial
        self.number = number
        self.lease = lease
        self.provenance = provenance
    }
}

/// A worker's report that its receiver has checked against the sweep: all that is made durable of it.
public struct ValidatedReport: Equatable, Sendable {
    public let attempt: TrialAttempt
    /// The record's line, without a newline.
    public let line: [UInt8]
    /// "measured" or "diverged".
    public let outcome: String
    /// Weights that the worker has: the report counts once they are durable.
    public let files: [KeptFile]

    public init(_ attempt: TrialAttempt, line: [UInt8], outcome: String, files: [KeptFile] = []) {
        self.attempt = attempt
        self.line = line
        self.outcome = outcome
        self.files = files
    }

    /// - Parameter line: the record that the report's body makes.
    public init(_ report: WorkerMessage.Report, line: [UInt8], outcome: String) {
        let attempt = TrialAttempt(
            trial: Int(clamping: report.trial), number: report.attempt, lease: report.lease,
            provenance: report.provenance)
        self.init(attempt, line: line, outcome: outcome, files: report.files)
    }
}
