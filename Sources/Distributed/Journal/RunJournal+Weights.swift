// Digests of kept weights: a table of their own, made with the first of them, as that of logs is.

extension RunJournal {
    private var hasWeights: Bool {
        get throws(JournalError) {
            try database.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'weights'") > 0
        }
    }

    /// Keeps the SHA-256 of a file of weights, hexadecimal. Within a transaction.
    func keepDigest(_ sha256: String, ofWeights file: String) throws(JournalError) {
        try database.execute(
            "CREATE TABLE IF NOT EXISTS weights (file TEXT PRIMARY KEY, sha256 TEXT NOT NULL) WITHOUT ROWID")
        try Statement("INSERT OR REPLACE INTO weights VALUES (?, ?)", in: database).run(
            .text(file), .text(sha256))
    }

    /// Adds the digest of a file of weights that no coordinator of this journal received. Within `adding`.
    public func add(digest sha256: String, ofWeights file: String) throws(JournalError) {
        try keepDigest(sha256, ofWeights: file)
    }

    /// By the files' names. What an older version kept is not among them.
    public func weightDigests() throws(JournalError) -> [String: String] {
        guard try hasWeights else { return [:] }
        var digests: [String: String] = [:]
        try forEach("SELECT file, sha256 FROM weights") { row in digests[row.text(0)] = row.text(1) }
        return digests
    }
}
