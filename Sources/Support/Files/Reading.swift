import CPosix
import Glibc

/// Something at a path that is not a regular file.
public enum FileKind: Equatable, Sendable {
    case folder, pipe, device, socket

    /// The kind in a file's mode; nil for a regular file.
    public init?(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFREG: return nil
        case S_IFDIR: self = .folder
        case S_IFIFO: self = .pipe
        case S_IFSOCK: self = .socket
        default: self = .device
        }
    }

    /// The kind of what is at a path; nil if it is a regular file, or nothing.
    public init?(at path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(mode: status.st_mode)
    }

    /// The kind in words: "a folder, not a file".
    public var words: String {
        switch self {
        case .folder: "a folder, not a file"
        case .pipe: "a pipe, not a file"
        case .device: "a device, not a file"
        case .socket: "a socket, not a file"
        }
    }
}

/// Why this user may not read a file, list a folder, or reach it; nil if access is granted or
/// nothing is there.
public func readRefusal(_ path: String) -> String? {
    var status = stat()
    let isFolder = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    guard access(path, isFolder ? R_OK | X_OK : R_OK) != 0, errno == EACCES || errno == EPERM else {
        return nil
    }
    return refusalMessage(errno)
}

/// Opens a file for reading. Every reader opens its file here: anything but a regular file is refused at
/// once, because opening a pipe waits for a writer, and a device may never end.
///
/// - Returns: a descriptor, which the caller closes.
public func openToRead(_ path: String) throws(FileError) -> Int32 {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
        // A socket can't be opened at all.
        throw FileError(path: path, doing: "read", code: errno, kind: errno == ENXIO ? .socket : nil)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
        let code = errno
        close(descriptor)
        throw FileError(path: path, doing: "read", code: code)
    }
    if let kind = FileKind(mode: status.st_mode) {
        close(descriptor)
        throw FileError(path: path, doing: "read", code: kind == .folder ? EISDIR : EINVAL, kind: kind)
    }
    return descriptor
}

/// Opens a file for buffered reading with the C library, by the rules of `openToRead`. The caller
/// calls `fclose`.
public func openStream(_ path: String) throws(FileError) -> UnsafeMutablePointer<FILE> {
    let descriptor = try openToRead(path)
    guard let file = fdopen(descriptor, "r") else {
        let code = errno
        close(descriptor)
        throw FileError(path: path, doing: "read", code: code)
    }
    return file
}

/// The names in a folder, sorted, without `.` and `..`. Names that aren't UTF-8 are omitted: none of our
/// files has such a name.
public func listFolder(_ path: String) throws(FileError) -> [String] {
    guard let folder = opendir(path) else { throw FileError(path: path, doing: "list", code: errno) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        // An entry is only as long as its name, so no Swift value of its declared size may be read from it.
        guard let name = String(validatingCString: cposix_entry_name(entry)) else { continue }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// The names in a folder, sorted; empty if it can't be listed.
public func fileNames(in folder: String) -> [String] {
    do throws(FileError) { return try listFolder(folder) } catch { return [] }
}

/// Removes a folder and everything in it. Entries that can't be removed stay.
package func removeTree(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
        unlink(path)
        return
    }
    for name in fileNames(in: path) { removeTree("\(path)/\(name)") }
    rmdir(path)
}
