import CPosix
import Files
import Glibc

/// The right to coordinate a run directory: an exclusive lock on its file `coordinator.lock`, which names the
/// holder. The kernel releases it when the process ends, in whatever way.
public final class CoordinatorLock {
    /// The process that holds the lock.
    public struct Holder: Equatable, Sendable {
        /// Process identifier on its host.
        public var process: Int32
        /// Name of its host.
        public var host: String
        /// Endpoint at which workers reach it; empty until it listens.
        public var address: String

        /// Creates a holder from its parts.
        public init(process: Int32, host: String, address: String) {
            self.process = process
            self.host = host
            self.address = address
        }

        init?(line: String) {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2, let process = Int32(words[0]) else { return nil }
            self.init(
                process: process, host: String(words[1]), address: words.count > 2 ? String(words[2]) : "")
        }

        var line: String { "\(process) \(host) \(address)\n" }
    }

    private let file: Int32
    private var holder: Holder

    /// Takes the lock. Throws `locked` if another process holds it.
    public init(in directory: String, holder: Holder) throws(JournalError) {
        let path = Self.path(in: directory)
        if let kind = FileKind(at: path) { throw .notAFile(path: path, kind) }
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o644)
        self.holder = holder
        guard file >= 0 else { throw Self.systemError(path) }
        // A status command takes a shared lock for an instant to see whether there is a holder, so one try
        // isn't enough.
        for attempt in 1...5 {
            if flock(file, LOCK_EX | LOCK_NB) == 0 { break }
            guard errno == EWOULDBLOCK || errno == EINTR else { throw Self.systemError(path) }
            guard attempt < 5 else { throw .locked(directory: directory, by: Self.readHolder(file)) }
            usleep(20_000)
        }
        announce(address: holder.address)
    }

    deinit {
        if file >= 0 { close(file) }
    }

    /// Writes into the lock file where the coordinator listens. It is for people to read, so a failed write
    /// is no error.
    public func announce(address: String) {
        holder.address = address
        let bytes = Array(holder.line.utf8)
        if ftruncate(file, 0) == 0 { _ = pwrite(file, bytes, bytes.count, 0) }
    }

    /// The coordinator that serves the directory now; nil if there is none.
    public static func holder(in directory: String) -> Holder? {
        guard let file = try? openToRead(path(in: directory)) else { return nil }
        defer { close(file) }
        if flock(file, LOCK_SH | LOCK_NB) == 0 { return nil }
        return readHolder(file) ?? Holder(process: 0, host: "unknown", address: "")
    }

    /// Path of the lock's file in a run directory.
    public static func path(in directory: String) -> String { directory + "/coordinator.lock" }

    private static func systemError(_ path: String) -> JournalError {
        .unwritable(path: path, detail: systemMessage(errno))
    }

    private static func readHolder(_ file: Int32) -> Holder? {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = pread(file, &bytes, bytes.count, 0)
        return count > 0 ? Holder(line: String(decoding: bytes.prefix(count), as: UTF8.self)) : nil
    }
}
