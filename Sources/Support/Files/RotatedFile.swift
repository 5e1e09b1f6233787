import Glibc

/// A file of lines that only grows at its end and has a bounded size: when it is full it takes an older file's
/// place, and a new one begins. It never throws and never syncs: a line that the disk doesn't take is lost, and whoever
/// wrote it goes on.
public final class RotatedFile {
    private let path: String
    private let older: String
    private let limit: Int
    private var descriptor: Int32 = -1
    private var size = 0

    /// Creates it. The file is opened with the first line.
    ///
    /// - Parameters:
    ///   - older: the path of the file before this one.
    ///   - limit: the size in bytes at which the file is full.
    public init(_ path: String, older: String, limit: Int) {
        self.path = path
        self.older = older
        self.limit = limit
    }

    deinit { close() }

    /// Appends a line, given without its newline.
    ///
    /// - Returns: whether it was written. The file never holds a part of it.
    public func append(_ line: some Collection<UInt8>) -> Bool {
        let bytes = Array(line) + [UInt8(ascii: "\n")]
        if isRemoved { close() }
        if descriptor >= 0, size + bytes.count > limit {
            close()
            // A file that can't be moved away is emptied: the bound matters more than old lines.
            if rename(path, older) != 0 { truncate(path, 0) }
        }
        guard descriptor >= 0 || open() else { return false }
        guard writeAll(bytes, to: descriptor) else {
            // Part of a line would spoil the next one.
            if ftruncate(descriptor, off_t(size)) != 0 { close() }
            return false
        }
        size += bytes.count
        return true
    }

    /// Whether somebody removed the open file.
    private var isRemoved: Bool {
        var status = stat()
        return descriptor >= 0 && (fstat(descriptor, &status) != 0 || status.st_nlink == 0)
    }

    private func open() -> Bool {
        let flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW
        let opened = Glibc.open(path, flags, 0o644)
        var status = stat()
        guard opened >= 0, fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            if opened >= 0 { Glibc.close(opened) }
            return false
        }
        descriptor = opened
        size = Int(status.st_size)
        // A crash may have cut the last line short.
        if size > 0, readAll(1, of: opened, at: UInt64(size - 1)) != [UInt8(ascii: "\n")] {
            guard writeAll([UInt8(ascii: "\n")], to: opened) else {
                close()
                return false
            }
            size += 1
        }
        return true
    }

    private func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}
