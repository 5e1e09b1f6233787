import Glibc

/// A file that is written in chunks and appears whole or not at all: it is written beside its place, synced,
/// then renamed. Until then an older file stays in place.
public final class WholeFile {
    /// The programs that may write the same file at the same time.
    public enum Writers: Sendable {
        /// Only this one: a crash leaves `PATH.partial` behind, which the next writer overwrites.
        case one
        /// Several: each writes under a unique name, and the last to commit wins.
        case several
    }

    private let path: String
    private let temporary: String
    private var descriptor: Int32
    private var pending: [UInt8] = []

    /// Creates the temporary file.
    public init(_ path: String, among writers: Writers = .one) throws(FileError) {
        self.path = path
        switch writers {
        case .one:
            temporary = path + ".partial"
            // Without O_NONBLOCK, opening a pipe would block.
            descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0o644)
        case .several:
            var name = Array((path + ".XXXXXX").utf8CString)
            descriptor = mkstemp(&name)
            let code = errno
            temporary = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if descriptor >= 0 {
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                // mkstemp grants access to this user only.
                fchmod(descriptor, 0o644)
            } else {
                errno = code
            }
        }
        guard descriptor >= 0 else { throw FileError(path: path, doing: "write", code: errno) }
    }

    /// A file that was not committed is deleted.
    deinit {
        if descriptor >= 0 { discard() }
    }

    private func discard() {
        close(descriptor)
        descriptor = -1
        unlink(temporary)
    }

    /// Appends bytes, which may stay in memory until `commit`.
    public func write(_ bytes: some Sequence<UInt8>) throws(FileError) {
        pending += bytes
        if pending.count >= 1 << 20 { try flush() }
    }

    /// Writes what is in memory, and frees it.
    public func flush() throws(FileError) {
        guard writeAll(pending, to: descriptor) else {
            throw FileError(path: path, doing: "write", code: errno)
        }
        pending = []
    }

    /// Makes the file durable and gives it its name.
    public func commit() throws(FileError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw FileError(path: path, doing: "write", code: errno) }
        do throws(FileError) { try renameFile(temporary, to: path) } catch {
            discard()
            throw error
        }
        close(descriptor)
        descriptor = -1
    }
}
