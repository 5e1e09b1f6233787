// Rescue of a journal whose path is gone while it is open: the open file still has all that was appended.

extension RunJournal {
    /// Writes all that the journal holds to a new file, with which a run directory can be resumed.
    public func copy(to directory: String) throws(JournalError) {
        let path = RunJournal.path(in: directory)
        guard !fileExists(path) else { throw .exists(path: path) }
        try Statement("VACUUM INTO ?", in: database).run(.text(path))
        try Database(path: path, access: .readWrite).execute("PRAGMA journal_mode = WAL")
    }
}
