// Files: files that appear whole or not at all, opening regular files, reading a large one part by part, .npy files,
// tables and the formats of numbers, folders, pipes, reading and writing descriptors, noticing that a file was moved or
// removed, and wording what the system refuses. Imports Text, CPosix and Glibc. Leaves out what else files contain
// and where they belong.

import Glibc

/// An operation on a file that the system refused.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file or folder.
    public let path: String
    /// The operation as a verb: "write".
    public let doing: String
    /// `errno`; 0 where a file became shorter while it was read.
    public let code: Int32
    /// The kind found instead of a regular file; nil if that isn't the problem.
    public let kind: FileKind?

    /// Creates an error for an operation on a path.
    public init(path: String, doing: String, code: Int32, kind: FileKind? = nil) {
        self.path = path
        self.doing = doing
        self.code = code
        self.kind = kind
    }

    /// The cause without the path: "No such file or directory", "a pipe, not a file".
    public var cause: String {
        kind?.words ?? (code == 0 ? "it became shorter while it was read" : refusalMessage(code))
    }

    /// The path, the operation and the cause, as a message.
    public var description: String {
        kind.map { "\(path): \($0.words)" } ?? "\(path): cannot \(doing): \(cause)"
    }
}

/// Writes a file atomically: a reader sees all of the old file or all of the new one, even after a crash.
///
/// - Parameter writers: whether others may write the file at the same time.
public func writeFile(
    _ bytes: some Sequence<UInt8>, to path: String, among writers: WholeFile.Writers = .one
) throws(FileError) {
    let file = try WholeFile(path, among: writers)
    try file.write(bytes)
    try file.commit()
}

/// Writes a file that readers see whole, the old one or the new one, but that a crash may lose: nothing waits for the
/// disk. Where the system refuses, the file stays as it was.
public func replaceFile(_ bytes: some Sequence<UInt8>, at path: String) {
    let temporary = path + ".partial"
    let descriptor = open(
        temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { return }
    let isWritten = writeAll(Array(bytes), to: descriptor)
    close(descriptor)
    guard isWritten, rename(temporary, path) == 0 else {
        unlink(temporary)
        return
    }
}

/// Makes a file that another program wrote durable, and moves it to `path`.
public func adoptFile(_ from: String, as path: String) throws(FileError) {
    let descriptor = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path: from, doing: "open", code: errno) }
    let code = fsync(descriptor) == 0 ? 0 : errno
    close(descriptor)
    guard code == 0 else { throw FileError(path: from, doing: "sync", code: code) }
    try renameFile(from, to: path)
}

/// Renames within a folder, and waits until the new name is on disk.
func renameFile(_ from: String, to path: String) throws(FileError) {
    guard rename(from, path) == 0 else {
        throw FileError(path: path, doing: "rename a file to", code: errno)
    }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: folder, doing: "open", code: errno) }
    defer { close(descriptor) }
    // Some file systems cannot sync a folder (EINVAL): the name is then as safe as they make it.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
        throw FileError(path: folder, doing: "sync", code: errno)
    }
}

/// Creates a folder and its missing parents.
///
/// - Returns: the folders created, outermost first.
@discardableResult
public func makeFolder(_ path: String) throws(FileError) -> [String] {
    var folder = path.hasPrefix("/") ? "/" : ""
    var made: [String] = []
    for part in path.split(separator: "/") {
        folder += part + "/"
        guard mkdir(folder, 0o755) != 0 else {
            made.append(folder)
            continue
        }
        let code = errno
        // A parent may exist and yet refuse, because it is another user's or on a read-only file system.
        guard code == EEXIST || code == EISDIR || access(folder, F_OK) == 0 else {
            for folder in made.reversed() { rmdir(folder) }
            throw FileError(path: folder, doing: "make the folder", code: code)
        }
    }
    return made
}

/// Bytes that this user may still write on a folder's file system; nil where the system doesn't report it.
public func freeBytes(at path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return Int(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
}
