import Text

/// A record as the journal stores it, damaged or not.
public struct StoredRecord: Equatable, Sendable {
    /// Grid index.
    public var trial: Int
    /// Outcome of the trial, such as `measured` or `diverged`.
    public var outcome: String
    /// The record's line, without a newline.
    public var line: [UInt8]
    /// Whether the record is what was appended.
    public var isWhole: Bool
}

// MARK: - Damage by the disk

extension RunJournal {
    /// Checksum that ties a record to its grid index: the first 64 bits of the SHA-256 of index, outcome and
    /// line.
    static func checksum(trial: Int, outcome: String, line: [UInt8]) -> Int64 {
        // One array, because this runs for every record.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(line.count + 32)
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: trial >> (8 * shift))) }
        bytes += outcome.utf8
        bytes.append(0)
        bytes += line
        return Digest(of: bytes).bytes.prefix(8).reduce(0) { $0 << 8 | Int64($1) }
    }

    /// Calls `body` with each record in grid order. Only one is in memory at a time.
    public func forEachStoredRecord(
        _ body: (StoredRecord) throws(JournalError) -> Void
    ) throws(JournalError) {
        try forEach("\(selectRecord) ORDER BY trial") { row throws(JournalError) in
            try body(storedRecord(row))
        }
    }

    func record(ofTrial trial: Int) throws(JournalError) -> StoredRecord? {
        let statement = try Statement("\(selectRecord) WHERE trial = ?", in: database)
        try statement.bind([.integer(Int64(trial))])
        return try statement.step() ? storedRecord(statement) : nil
    }

    private var selectRecord: String { "SELECT trial, outcome, line, checksum FROM records" }

    private func storedRecord(_ row: Statement) -> StoredRecord {
        let (trial, outcome, line) = (Int(row.integer(0)), row.text(1), row.blob(2))
        let isWhole =
            row.integer(3) == RunJournal.checksum(trial: trial, outcome: outcome, line: line)
        return StoredRecord(trial: trial, outcome: outcome, line: line, isWhole: isWhole)
    }

    /// Trials whose records differ from what was appended.
    public func damagedRecords() throws(JournalError) -> [Int] {
        var trials: [Int] = []
        try forEachStoredRecord { record in if !record.isWhole { trials.append(record.trial) } }
        return trials
    }

    /// Drops the records of these trials, so that they run again. Their attempts keep the cause.
    public func drop(records trials: [Int], cause: String) throws(JournalError) {
        try database.transaction { () throws(JournalError) in
            let delete = try Statement("DELETE FROM records WHERE trial = ?", in: database)
            let mark = try Statement(
                """
                UPDATE attempts SET outcome = 'damaged', cause = ?
                WHERE trial = ? AND outcome IN ('measured', 'diverged')
                """, in: database)
            for trial in trials {
                try delete.run(.integer(Int64(trial)))
                try mark.run(.text(cause), .integer(Int64(trial)))
            }
        }
    }

    /// Faults that SQLite finds in the file itself, at most a hundred lines; none if it is undamaged.
    public func structuralFaults() throws(JournalError) -> [String] {
        var faults: [String] = []
        try forEach("PRAGMA integrity_check(100)") { row in
            let text = row.text(0)
            if text != "ok" { faults.append(text) }
        }
        return faults
    }

    /// Trials beyond the first `count` that have attempts or are quarantined, ascending, at most a hundred.
    public func attempts(beyond count: Int) throws(JournalError) -> [Int] {
        var trials: [Int] = []
        try forEach(
            """
            SELECT trial FROM attempts WHERE trial < 0 OR trial >= \(count) UNION
            SELECT trial FROM quarantined WHERE trial < 0 OR trial >= \(count) ORDER BY 1 LIMIT 100
            """
        ) { row in trials.append(Int(row.integer(0))) }
        return trials
    }

    /// Performs `body` on the journal as it is now, whatever a coordinator appends meanwhile.
    public func snapshot<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
        // If the transaction can't begin, each read fails with a better reason.
        try? database.execute("BEGIN")
        defer { try? database.execute("COMMIT") }
        try body()
    }
}
