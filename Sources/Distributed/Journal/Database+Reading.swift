import CSQLite
import Files
import Glibc

extension Database {
    /// Opens a run's journal for reading, even if its folder can't be written to because it belongs to
    /// another user or is on a read-only file system. SQLite wants to make files beside a journal with a
    /// write-ahead log. If that isn't allowed, the journal is read as it stands, provided that nobody writes
    /// it and its log is merged.
    static func reading(_ path: String, in directory: String) throws(JournalError) -> Database {
        let code: Int32
        do throws(JournalError) {
            let database = try Database(path: path, access: .readOnly)
            _ = try database.integer("SELECT count(*) FROM sqlite_schema")
            return database
        } catch {
            guard case .system(_, let found, _) = error,
                [SQLITE_READONLY, SQLITE_CANTOPEN].contains(found & 0xff), access(path, R_OK) == 0
            else { throw error }
            code = found
        }
        var log = stat()
        let hasLog = stat(path + "-wal", &log) == 0 && log.st_size > 0
        for file in hasLog ? ["-wal", "-shm"].map({ path + $0 }) : [] {
            if let why = readRefusal(file) { throw .unreadable(path: file, detail: why) }
        }
        guard !hasLog, CoordinatorLock.holder(in: directory) == nil else {
            throw .unreadableLog(path: path, code: code)
        }
        return try Database(path: path, access: .immutable)
    }
}
