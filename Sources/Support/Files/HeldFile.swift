import Glibc

/// A file or folder held by its inode, not by its path: it tells whether the path still leads there. As long
/// as this object lives, no other file can get the same device and inode.
public final class HeldFile {
    /// The path that led to the file when it was opened.
    public let path: String
    private let descriptor: Int32

    /// Where a held file is now.
    public enum State: Equatable, Sendable {
        /// The path leads to it, or the system does not say.
        case present
        /// It has another path now, nil if the system does not say which.
        case moved(to: String?)
        /// It has no path any more, and disappears when the last program closes it.
        case removed
    }

    /// Holds the file at the path; nil if there is none.
    public init?(_ path: String) {
        // O_PATH, because closing any other descriptor would release this process's POSIX locks on the file.
        descriptor = open(path, cposixPath | O_CLOEXEC)
        self.path = path
        if descriptor < 0 { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether the path still leads to the file.
    public var state: State {
        var (held, found) = (stat(), stat())
        guard fstat(descriptor, &held) == 0 else { return .present }
        if stat(path, &found) == 0 {
            if found.st_dev == held.st_dev, found.st_ino == held.st_ino { return .present }
        } else if ![ENOENT, ENOTDIR, ELOOP].contains(errno) {
            // A disk or server that does not answer has not lost anything.
            return .present
        }
        if held.st_nlink == 0 { return .removed }
        let own = ownPath
        // Some file systems do not count the links of a removed folder.
        if own?.hasSuffix(" (deleted)") == true { return .removed }
        return .moved(to: own)
    }

    private var ownPath: String? {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/fd/\(descriptor)", &bytes, bytes.count - 1)
        guard count > 0 else { return nil }
        return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// O_PATH, which Glibc declares only for GNU programs.
private let cposixPath: Int32 = 0o10000000
