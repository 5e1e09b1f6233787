// Last lines of slots whose attempts failed. They have a table of their own, which is made with the first of
// them.

extension RunJournal {
    private var hasLogs: Bool {
        get throws(JournalError) {
            try database.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'attempt_logs'") > 0
        }
    }

    /// Stores the log of the attempt that was appended last. Call it within its transaction.
    func keepLog(_ log: String) throws(JournalError) {
        try database.execute(
            "CREATE TABLE IF NOT EXISTS attempt_logs (attempt INTEGER PRIMARY KEY, lines TEXT NOT NULL)")
        let last = try database.integer("SELECT max(id) FROM attempts")
        try Statement("INSERT OR REPLACE INTO attempt_logs VALUES (?, ?)", in: database).run(
            .integer(last), .text(log))
    }

    /// Log of an attempt, its lines separated by newlines; empty if there is none.
    func log(ofAttempt id: Int64) throws(JournalError) -> String {
        guard try hasLogs else { return "" }
        let statement = try Statement("SELECT lines FROM attempt_logs WHERE attempt = ?", in: database)
        try statement.bind([.integer(id)])
        return try statement.step() ? statement.text(0) : ""
    }

    /// Fills in the host on which the cause's example last failed, and its log.
    func completeExample(_ cause: inout RunSummary.Cause) throws(JournalError) {
        let statement = try Statement(
            """
            SELECT id, host FROM attempts WHERE trial = ? AND cause = ?
            AND outcome IN ('failed', 'quarantined') ORDER BY id DESC LIMIT 1
            """, in: database)
        try statement.bind([.integer(Int64(cause.exampleTrial)), .text(cause.text)])
        guard try statement.step() else { return }
        cause.exampleHost = statement.text(1)
        cause.exampleLog = try log(ofAttempt: statement.integer(0))
    }
}
