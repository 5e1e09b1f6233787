import Records
import Scheduling
import Text
import Wire

// Importing from other journals, whose content is taken over as it is.

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
    public func add(_ imported: ProvenanceLine, trial: Int) throws(JournalError) {
        let same = try Statement(
            """
            SELECT 1 FROM attempts WHERE trial = ? AND attempt = ? AND lease = ? AND host = ? AND process = ?
            AND start_ms = ?
            """, in: database)
        let provenance = imported.provenance
        try same.bind([
            .integer(Int64(trial)), .integer(Int64(imported.number)),
            .integer(Int64(bitPattern: imported.lease)), .text(provenance.host),
            .integer(Int64(provenance.process)), .integer(provenance.startMilliseconds),
        ])
        guard try !same.step() else { return }
        let attempt = TrialAttempt(
            trial: trial, number: imported.number, lease: LeaseID(imported.lease), provenance: provenance)
        try append(attempt, outcome: imported.outcome, cause: imported.cause)
        if !imported.log.isEmpty { try keepLog(imported.log) }
    }

    /// Quarantines a trial that has no record.
    public func addQuarantine(trial: Int) throws(JournalError) {
        try Statement("INSERT OR IGNORE INTO quarantined VALUES (?)", in: database).run(
            .integer(Int64(trial)))
    }

    /// The record of a trial, damaged or not; nil if it has none.
    public func storedRecord(ofTrial trial: Int) throws(JournalError) -> StoredRecord? {
        try record(ofTrial: trial)
    }
}
