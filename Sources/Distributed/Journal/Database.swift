import CSQLite
import Files
import Glibc

/// A connection to an SQLite file. Only this class and `Statement` call SQLite.
final class Database {
    enum Access {
        case create, readWrite, readOnly
        /// The file doesn't change while it is open: no lock is taken, and no file is made beside it.
        case immutable
    }

    let path: String
    fileprivate let handle: OpaquePointer

    init(path: String, access: Access) throws(JournalError) {
        let flags =
            switch access {
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .readWrite: SQLITE_OPEN_READWRITE
            case .readOnly, .immutable: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            }
        let name =
            switch access {
            case .create, .readWrite: path
            case .readOnly: "file:\(Database.quoted(path))?mode=ro"
            case .immutable: "file:\(Database.quoted(path))?mode=ro&immutable=1"
            }
        // SQLite would wait for the writer of a pipe.
        for ending in ["", "-wal", "-shm", "-journal"] {
            if let kind = FileKind(at: path + ending) { throw .notAFile(path: path + ending, kind) }
        }
        if let why = readRefusal(path) { throw .unreadable(path: path, detail: why) }
        // SQLite would open it for reading only, and fail later.
        if access == .readWrite, Glibc.access(path, F_OK) == 0, Glibc.access(path, W_OK) != 0 {
            throw .unwritable(path: path, detail: refusalMessage(errno))
        }
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(name, &opened, flags | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let opened else {
            let detail = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw .system(path: path, code: code, detail: detail)
        }
        self.path = path
        handle = opened
        // A status command's read and a checkpoint may collide for a moment.
        sqlite3_busy_timeout(handle, 10_000)
    }

    /// A path as it is written in an SQLite URI.
    private static func quoted(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            let isPlain =
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "/._-".utf8.contains(byte)
                }
            if isPlain {
                text.append(Character(Unicode.Scalar(byte)))
            } else {
                let digits = String(byte, radix: 16)
                text += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return text
    }

    deinit { sqlite3_close_v2(handle) }

    func execute(_ text: String) throws(JournalError) {
        let code = sqlite3_exec(handle, text, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
    }

    /// Performs `body` as one transaction: all of it, durable on return, or nothing.
    func transaction(_ body: () throws(JournalError) -> Void) throws(JournalError) {
        try execute("BEGIN IMMEDIATE")
        do throws(JournalError) {
            try body()
            try execute("COMMIT")
        } catch {
            // On a full disk SQLite rolls back by itself. The first error is the one to report.
            sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
            throw error
        }
    }

    /// Number of rows that the last statement inserted, updated or deleted.
    var changes: Int { Int(sqlite3_changes(handle)) }

    func integer(_ query: String) throws(JournalError) -> Int64 {
        let statement = try Statement(query, in: self)
        return try statement.step() ? statement.integer(0) : 0
    }

    /// Whether a file of the journal is as large as it may become. SQLite forgets the `errno` of most writes.
    private var isTooLarge: Bool {
        if sqlite3_system_errno(handle) == EFBIG { return true }
        guard let limit = ProcessLimit.fileSize.value else { return false }
        return ["", "-wal", "-journal"].contains { suffix in
            var status = stat()
            // A page that doesn't fit is written in part or not at all.
            return stat(path + suffix, &status) == 0 && UInt64(status.st_size) + 8192 > limit
        }
    }

    /// Whether the message names a missing table or column. Our statements fit the schema, so the file is
    /// damaged.
    private func isOfSchema(_ detail: String) -> Bool {
        detail.hasPrefix("no such ") || detail.contains(" has no column ") || detail.contains(" columns but ")
    }

    func error(_ code: Int32) -> JournalError {
        if code & 0xff == SQLITE_IOERR, isTooLarge { return .tooLarge(path: path) }
        let detail = String(cString: sqlite3_errmsg(handle))
        return switch code & 0xff {
        case SQLITE_FULL: .diskFull(path: path)
        case SQLITE_NOTADB: .notAJournal(path: path)
        case SQLITE_CORRUPT: .corrupt(path: path, detail: detail)
        case SQLITE_ERROR where isOfSchema(detail): .corrupt(path: path, detail: detail)
        default: .system(path: path, code: code, detail: detail)
        }
    }
}

/// A compiled statement for repeated use: bind, step, reset.
final class Statement {
    private let database: Database
    private let handle: OpaquePointer

    init(_ text: String, in database: Database) throws(JournalError) {
        var compiled: OpaquePointer?
        let code = sqlite3_prepare_v2(database.handle, text, -1, &compiled, nil)
        guard code == SQLITE_OK, let compiled else { throw database.error(code) }
        self.database = database
        handle = compiled
    }

    deinit { sqlite3_finalize(handle) }

    enum Value {
        case null
        case integer(Int64)
        case real(Double)
        case text(String)
        case blob([UInt8])
    }

    /// Runs the statement to its end with these values. Values for which it has no parameter are left out.
    func run(_ values: Value...) throws(JournalError) {
        defer { sqlite3_reset(handle) }
        try bind(Array(values.prefix(Int(sqlite3_bind_parameter_count(handle)))))
        while try step() {}
    }

    func bind(_ values: [Value]) throws(JournalError) {
        for (offset, value) in values.enumerated() {
            let index = Int32(offset + 1)
            let code =
                switch value {
                case .null: sqlite3_bind_null(handle, index)
                case .integer(let number): sqlite3_bind_int64(handle, index, number)
                case .real(let number): sqlite3_bind_double(handle, index, number)
                case .text(let text): sqlite3_bind_text(handle, index, text, -1, copied)
                case .blob(let bytes):
                    // An empty array may have no address, which SQLite would read as NULL.
                    bytes.isEmpty
                        ? sqlite3_bind_zeroblob(handle, index, 0)
                        : sqlite3_bind_blob64(handle, index, bytes, UInt64(bytes.count), copied)
                }
            guard code == SQLITE_OK else { throw database.error(code) }
        }
    }

    /// Makes the statement ready to be bound and stepped again.
    func reset() { sqlite3_reset(handle) }

    /// Goes to the next row. Returns whether there is one.
    func step() throws(JournalError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw database.error(code)
        }
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func real(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

    func text(_ column: Int32) -> String {
        sqlite3_column_text(handle, column).map { String(cString: $0) } ?? ""
    }

    func blob(_ column: Int32) -> [UInt8] {
        let count = Int(sqlite3_column_bytes(handle, column))
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}

/// Tells SQLite to copy what it is given (SQLITE_TRANSIENT, a macro that Swift does not import).
private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

/// Version of SQLite.
public var journalLibraryVersion: String { String(cString: sqlite3_libversion()) }
