// Digests of kept weights. Like logs, they have a table of their own, which is made with the first of them.

extension RunJournal {
    private var hasWeights: Bool {
        get throws(JournalError) {
            try database.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'weights'") > 0
        }
    }

    /// Stores the SHA-256 of a file of weights, as hexadecimal text. Call it within a transaction.
    func keepDigest(_ sha256: String, ofWeights file: String) throws(JournalError) {
        try database.execute(
            "CREATE TABLE IF NOT EXISTS weights (file TEXT PRIMARY KEY, sha256 TEXT NOT NULL) WITHOUT ROWID")
        try Statement("INSERT OR REPLACE INTO weights VALUES (?, ?)", in: database).run(
            .text(file), .text(sha256))
    }

    /// Adds the digest of a file of weights that no coordinator of this journal received. Call it within
    /// `adding`.
    public func add(digest sha256: String, ofWeights file: String) throws(JournalError) {
        try keepDigest(sha256, ofWeights: file)
    }

    /// Digests by file name.
    public func weightDigests() throws(JournalError) -> [String: String] {
        guard try hasWeights else { return [:] }
        var digests: [String: String] = [:]
        try forEach("SELECT file, sha256 FROM weights") { row in digests[row.text(0)] = row.text(1) }
        return digests
    }
}
