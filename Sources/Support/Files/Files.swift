// Files: files that appear whole or not at all, the opening of regular files, folders, files that may lose their
// place, and what the system says where it refuses. Imports CPosix and Glibc.
// Leaves out: what is in them, and where they belong.

import Glibc

/// What the system refused.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    public let path: String
    /// A verb: "write".
    public let doing: String
    /// `errno`.
    public let code: Int32
    /// What is there in place of a regular file; nil where that isn't the trouble.
    public let kind: FileKind?

    public init(path: String, doing: String, code: Int32, kind: FileKind? = nil) {
        self.path = path
        self.doing = doing
        self.code = code
        self.kind = kind
    }

    /// The cause alone: "No such file or directory", "a pipe, not a file".
    public var cause: String { kind?.words ?? refusalMessage(code) }

    public var description: String {
        kind.map { "\(path): \($0.words)" } ?? "\(path): cannot \(doing): \(refusalMessage(code))"
    }
}

/// Writes a file so that a reader sees the old one or the new one, whole, also after a crash.
///
/// - Parameter among: who else may write it at the same time.
public func writeFile(
    _ bytes: some Sequence<UInt8>, to path: String, among writers: WholeFile.Writers = .one
) throws(FileError) {
    let file = try WholeFile(path, among: writers)
    try file.write(bytes)
    try file.commit()
}

/// Makes a file that another program wrote durable, and gives it its name.
public func adoptFile(_ from: String, as path: String) throws(FileError) {
    let descriptor = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path: from, doing: "open", code: errno) }
    let code = fsync(descriptor) == 0 ? 0 : errno
    close(descriptor)
    guard code == 0 else { throw FileError(path: from, doing: "sync", code: code) }
    try renameFile(from, to: path)
}

/// Renames within a folder, and waits until the disk has the new name.
func renameFile(_ from: String, to path: String) throws(FileError) {
    guard rename(from, path) == 0 else {
        throw FileError(path: path, doing: "rename a file to", code: errno)
    }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: folder, doing: "open", code: errno) }
    defer { close(descriptor) }
    // Some file systems cannot sync a folder (EINVAL): the name then is as safe as they make it.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
        throw FileError(path: folder, doing: "sync", code: errno)
    }
}

/// Makes a folder and those above it, where they are missing.
///
/// - Returns: those that were missing, outermost first.
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
        // Another's folder above, or one of a file system that is only read, may be there and yet refuse.
        guard code == EEXIST || code == EISDIR || access(folder, F_OK) == 0 else {
            for folder in made.reversed() { rmdir(folder) }
            throw FileError(path: folder, doing: "make the folder", code: code)
        }
    }
    return made
}
