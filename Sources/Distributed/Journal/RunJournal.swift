import Records
import Files
import Scheduling
import Text
import Wire

/// An event of a trial, to be made durable.
public enum JournalEntry: Equatable, Sendable {
    /// A trial's record: its line, without a newline. A second record of a trial is compared with the first,
    /// not kept.
    case record(line: [UInt8], outcome: String, TrialAttempt)
    /// - Parameter log: the last lines of the attempt's slot, or nothing.
    case failure(cause: String, log: String = "", quarantined: Bool, TrialAttempt)
    /// The digest of a file of kept weights, by the file's name, which follows from its trial.
    case weights(file: String, sha256: String)
}

/// Two unequal records of one trial: only a defect or a faulty machine can cause that.
public struct RecordConflict: Equatable, Sendable {
    /// Grid index.
    public let trial: Int
    /// The attempt whose record is kept; nil if the journal doesn't say.
    public let kept: Provenance?
    /// The attempt whose record isn't kept.
    public let refused: Provenance
}

/// The coordinator's durable state: `journal.sqlite` in a run directory. Entries are safe when `append`
/// returns, against kill -9 and power loss (WAL, synchronous = FULL).
public final class RunJournal {
    static let version = Int(formatVersion)
    /// Application ID in SQLite's header: "RkSw".
    static let applicationID = 0x526b_5377

    let database: Database
    private let insertRecord: Statement
    private let replaceRecord: Statement
    private let insertAttempt: Statement
    private let insertQuarantine: Statement
    private let deleteQuarantine: Statement

    /// Path of the journal in a run directory.
    public static func path(in directory: String) -> String { directory + "/journal.sqlite" }

    /// Creates the journal of a new run. Throws `exists` if there is one already.
    public static func create(in directory: String, sweep digest: String) throws(JournalError) -> RunJournal {
        let path = path(in: directory)
        if let database = try? Database(path: path, access: .readWrite) {
            // A creation that was cut short left a file that holds nothing. It may be completed.
            let tables = try database.integer("SELECT count(*) FROM sqlite_schema")
            guard tables == 0 else { throw .exists(path: path) }
        }
        let database = try Database(path: path, access: .create)
        try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        try database.transaction { () throws(JournalError) in
            try database.execute(schema)
            try Statement("INSERT INTO meta VALUES ('sweep', ?)", in: database).run(.text(digest))
            try database.execute("INSERT INTO meta VALUES ('incarnation', 0)")
            try database.execute(
                "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version)")
        }
        return try RunJournal(database)
    }

    /// Opens the journal of a run.
    ///
    /// - Parameter digest: digest of the sweep that the journal must belong to.
    public static func open(
        in directory: String, sweep digest: String, readOnly: Bool = false
    ) throws(JournalError) -> RunJournal {
        let path = path(in: directory)
        if let why = readRefusal(path) { throw .unreadable(path: path, detail: why) }
        guard fileExists(path) else { throw .missing(path: path) }
        let database =
            readOnly
            ? try Database.reading(path, in: directory) : try Database(path: path, access: .readWrite)
        guard try database.integer("SELECT count(*) FROM sqlite_schema") > 0 else { throw .empty(path: path) }
        guard try database.integer("PRAGMA application_id") == Int64(applicationID) else {
            throw .notAJournal(path: path)
        }
        let found = try database.integer("PRAGMA user_version")
        guard found == version else { throw .otherFormat(directory: directory, found: Int(found)) }
        if !readOnly { try database.execute("PRAGMA synchronous = FULL") }
        let statement = try Statement("SELECT value FROM meta WHERE key = 'sweep'", in: database)
        let sweep = try statement.step() ? statement.text(0) : ""
        guard sweep == digest else { throw .otherSweep(path: path, found: sweep, expected: digest) }
        return try RunJournal(database)
    }

    /// The format version of a run's journal; nil where there is none that can be read.
    public static func format(in directory: String) -> Int? {
        guard fileExists(path(in: directory)),
            let database = try? Database.reading(path(in: directory), in: directory),
            let application = try? database.integer("PRAGMA application_id"),
            application == Int64(applicationID),
            let found = try? database.integer("PRAGMA user_version")
        else { return nil }
        return Int(found)
    }

    private init(_ database: Database) throws(JournalError) {
        self.database = database
        insertRecord = try Statement("INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?)", in: database)
        replaceRecord = try Statement(
            "UPDATE records SET outcome = ?, line = ?, checksum = ? WHERE trial = ?", in: database)
        insertAttempt = try Statement(
            """
            INSERT INTO attempts VALUES
            (NULL, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, in: database)
        insertQuarantine = try Statement("INSERT OR IGNORE INTO quarantined VALUES (?)", in: database)
        deleteQuarantine = try Statement("DELETE FROM quarantined WHERE trial = ?", in: database)
    }

    private static let schema = """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
        CREATE TABLE records (trial INTEGER PRIMARY KEY, outcome TEXT NOT NULL, line BLOB NOT NULL,
            checksum INTEGER NOT NULL);
        CREATE TABLE attempts (
            id INTEGER PRIMARY KEY, trial INTEGER NOT NULL, attempt INTEGER NOT NULL, lease INTEGER NOT NULL,
            outcome TEXT NOT NULL, cause TEXT, forgiven INTEGER NOT NULL, host TEXT NOT NULL,
            process INTEGER NOT NULL, slot INTEGER NOT NULL, cpu TEXT NOT NULL, kernel TEXT NOT NULL,
            start_ms INTEGER NOT NULL, seconds REAL NOT NULL, peak_memory_bytes INTEGER NOT NULL,
            continued_step INTEGER NOT NULL, measuring_seconds REAL NOT NULL,
            program_commit TEXT NOT NULL);
        CREATE INDEX attempts_by_trial ON attempts (trial);
        CREATE INDEX attempts_by_outcome ON attempts (outcome);
        CREATE TABLE quarantined (trial INTEGER PRIMARY KEY);
        """
}

// MARK: - Writing

extension RunJournal {
    /// Makes the entries durable: all of them or, when it throws, none.
    ///
    /// - Returns: the records that differ from one that is already there. The first one is kept.
    public func append(_ entries: [JournalEntry]) throws(JournalError) -> [RecordConflict] {
        guard !entries.isEmpty else { return [] }
        var conflicts: [RecordConflict] = []
        try database.transaction { () throws(JournalError) in
            for entry in entries {
                switch entry {
                case .record(let line, let outcome, let attempt):
                    try append(line, outcome, attempt, &conflicts)
                case .failure(let cause, let log, let quarantined, let attempt):
                    try append(attempt, outcome: quarantined ? "quarantined" : "failed", cause: cause)
                    if !log.isEmpty { try keepLog(log) }
                    if quarantined { try insertQuarantine.run(.integer(Int64(attempt.trial))) }
                case .weights(let file, let sha256): try keepDigest(sha256, ofWeights: file)
                }
            }
        }
        return conflicts
    }

    private func append(
        _ line: [UInt8], _ outcome: String, _ attempt: TrialAttempt, _ conflicts: inout [RecordConflict]
    ) throws(JournalError) {
        let trial = Statement.Value.integer(Int64(attempt.trial))
        let sum = Statement.Value.integer(
            RunJournal.checksum(trial: attempt.trial, outcome: outcome, line: line))
        try insertRecord.run(trial, .text(outcome), .blob(line), sum)
        if database.changes == 0 {
            let kept = try self.record(ofTrial: attempt.trial)
            guard kept?.isWhole ?? true else {
                // The disk damaged the first record.
                try replaceRecord.run(.text(outcome), .blob(line), sum, trial)
                return try append(attempt, outcome: outcome, cause: nil)
            }
            guard kept?.line != line else {
                // The same record again: a report whose acknowledgement was lost, or a second worker's.
                return try append(attempt, outcome: "duplicate", cause: nil)
            }
            conflicts.append(
                RecordConflict(
                    trial: attempt.trial, kept: try provenance(ofTrial: attempt.trial),
                    refused: attempt.provenance))
            return try append(attempt, outcome: "conflict", cause: "its record differs from the first")
        }
        try append(attempt, outcome: outcome, cause: nil)
        try deleteQuarantine.run(trial)
    }

    func append(_ attempt: TrialAttempt, outcome: String, cause: String?) throws(JournalError) {
        let provenance = attempt.provenance
        try insertAttempt.run(
            .integer(Int64(attempt.trial)), .integer(Int64(attempt.number)),
            .integer(Int64(bitPattern: attempt.lease.value)), .text(outcome),
            cause.map { .text($0) } ?? .null, .text(provenance.host), .integer(Int64(provenance.process)),
            .integer(Int64(provenance.slot)), .text(provenance.cpu), .text(provenance.kernel),
            .integer(provenance.startMilliseconds), .real(provenance.seconds),
            .integer(Int64(clamping: provenance.peakMemoryBytes)),
            .integer(Int64(clamping: provenance.continuedFrom)), .real(provenance.measuringSeconds),
            .text(provenance.commit))
    }

    /// Numbers this coordinator among all that have served the run directory: 1, 2, ….
    public func beginIncarnation() throws(JournalError) -> UInt64 {
        try database.execute("UPDATE meta SET value = value + 1 WHERE key = 'incarnation'")
        return UInt64(try database.integer("SELECT value FROM meta WHERE key = 'incarnation'"))
    }

    /// Stores a text under a name, in place of the one before.
    public func setSetting(_ name: String, _ value: String) throws(JournalError) {
        try Statement("INSERT OR REPLACE INTO meta VALUES (?, ?)", in: database).run(
            .text(name), .text(value))
    }

    /// The text stored under a name; nil if there is none.
    public func setting(_ name: String) throws(JournalError) -> String? {
        let statement = try Statement("SELECT value FROM meta WHERE key = ?", in: database)
        try statement.bind([.text(name)])
        return try statement.step() ? statement.text(0) : nil
    }

    /// Gives failed trials their full number of attempts again.
    ///
    /// - Parameter quarantined: whether quarantined trials are tried again, too.
    public func forgive(failed: Bool, quarantined: Bool) throws(JournalError) {
        try database.transaction { () throws(JournalError) in
            if failed {
                try database.execute("UPDATE attempts SET forgiven = 1 WHERE outcome = 'failed'")
            }
            if quarantined {
                try database.execute(
                    """
                    UPDATE attempts SET forgiven = 1 WHERE trial IN (SELECT trial FROM quarantined);
                    DELETE FROM quarantined
                    """)
            }
        }
    }
}
