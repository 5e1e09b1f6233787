import Scheduling
import Text
import Wire

// Importing from other journals, whose content is taken over as it is.

/// An attempt, as read from a line of `provenance.ndjson`.
public struct ImportedAttempt: Equatable, Sendable {
    /// Attempt number.
    public var number: UInt32
    /// Lease of the attempt.
    public var lease: LeaseID
    /// `measured`, `diverged`, `failed`, `quarantined`, `duplicate`, `conflict` or `damaged`.
    public var outcome: String
    /// Cause in one sentence; nil if there is none.
    public var cause: String?
    /// Last lines of its slot, separated by newlines; may be empty.
    public var log: String
    /// Where, when and for how long the attempt ran.
    public var provenance: Provenance

    /// All outcomes that an attempt can have.
    public static let outcomes = [
        "measured", "diverged", "failed", "quarantined", "duplicate", "conflict", "damaged",
    ]

    /// Reads a line; nil if it lacks a field, or has a value that this version doesn't write.
    public init?(_ line: JSONValue) {
        func whole<Number: FixedWidthInteger>(_ key: String) -> Number? {
            line[key]?.number.flatMap { Number(exactly: $0) }
        }
        guard let number: UInt32 = whole("attempt"), let lease = line["lease"]?.string.flatMap({ Int64($0) }),
            let outcome = line["outcome"]?.string, ImportedAttempt.outcomes.contains(outcome),
            let host = line["host"]?.string, let process: UInt32 = whole("process"),
            let slot: UInt32 = whole("slot"), let cpu = line["cpu"]?.string,
            let kernel = line["blas_kernel"]?.string, let start: Int64 = whole("start_unix_ms"),
            let seconds = line["seconds"]?.number, let memory: UInt64 = whole("peak_memory_bytes")
        else { return nil }
        self.number = number
        self.lease = LeaseID(UInt64(bitPattern: lease))
        self.outcome = outcome
        cause = line["cause"]?.string
        log = (line["log"]?.array ?? []).compactMap(\.string).joined(separator: "\n")
        provenance = Provenance(
            host: host, process: process, slot: slot, cpu: cpu, kernel: kernel, startMilliseconds: start,
            seconds: seconds, peakMemoryBytes: memory, continuedFrom: whole("continued_from_step") ?? 0,
            measuringSeconds: line["measuring_seconds"]?.number ?? 0,
            commit: line["commit"]?.string ?? "")
    }
}

extension RunJournal {
    /// Performs `body`, which adds to the journal, as one transaction.
    public func adding(_ body: () throws(JournalError) -> Void) throws(JournalError) {
        try database.transaction(body)
    }

    /// Adds a record to a trial that has none. Call it within `adding`, like the next two.
    public func add(record line: [UInt8], outcome: String, trial: Int) throws(JournalError) {
        let sum = RunJournal.checksum(trial: trial, outcome: outcome, line: line)
        try Statement("INSERT INTO records VALUES (?, ?, ?, ?)", in: database).run(
            .integer(Int64(trial)), .text(outcome), .blob(line), .integer(sum))
    }

    /// Adds an attempt, unless it is there already.
    public func add(_ imported: ImportedAttempt, trial: Int) throws(JournalError) {
        let same = try Statement(
            """
            SELECT 1 FROM attempts WHERE trial = ? AND attempt = ? AND lease = ? AND host = ? AND process = ?
            AND start_ms = ?
            """, in: database)
        let provenance = imported.provenance
        try same.bind([
            .integer(Int64(trial)), .integer(Int64(imported.number)),
            .integer(Int64(bitPattern: imported.lease.value)), .text(provenance.host),
            .integer(Int64(provenance.process)), .integer(provenance.startMilliseconds),
        ])
        guard try !same.step() else { return }
        let attempt = TrialAttempt(
            trial: trial, number: imported.number, lease: imported.lease, provenance: provenance)
        try append(attempt, outcome: imported.outcome, cause: imported.cause)
        if !imported.log.isEmpty { try keepLog(imported.log) }
    }

    /// Quarantines a trial that has no record.
    public func addQuarantine(trial: Int) throws(JournalError) {
        try Statement("INSERT OR IGNORE INTO quarantined VALUES (?)", in: database).run(
            .integer(Int64(trial)))
    }

    /// Provenance of the record that is kept; nil if the journal doesn't say.
    public func provenance(ofTrial trial: Int) throws(JournalError) -> Provenance? {
        try keptProvenance(ofTrial: trial)
    }

    /// The record of a trial, damaged or not; nil if it has none.
    public func storedRecord(ofTrial trial: Int) throws(JournalError) -> StoredRecord? {
        try record(ofTrial: trial)
    }
}
