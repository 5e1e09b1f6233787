import Glibc

/// Writes a file so that a reader sees the old one or the new one, whole, also after a crash.
func writeFile(_ text: String, to path: String) throws(ReportError) {
    let file = try WholeFile(path)
    try file.write(text.utf8)
    try file.commit()
}

/// Renames within a folder, and waits until the disk has the new name.
func renameFile(_ from: String, to path: String) throws(ReportError) {
    guard rename(from, path) == 0 else { throw .file(path: path, doing: "rename a file to", code: errno) }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(path: folder, doing: "open", code: errno) }
    defer { close(descriptor) }
    // Some file systems cannot sync a folder (EINVAL): the name then is as safe as they make it.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
        throw .file(path: folder, doing: "write", code: errno)
    }
}

/// Makes a file that another program wrote durable, and gives it its name.
public func adoptFile(_ from: String, as path: String) throws(ReportError) {
    let descriptor = open(from, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(path: from, doing: "open", code: errno) }
    let code = fsync(descriptor) == 0 ? 0 : errno
    close(descriptor)
    guard code == 0 else { throw .file(path: from, doing: "write", code: code) }
    try renameFile(from, to: path)
}

/// A whole file's text.
func readText(at path: String) throws(ReportError) -> String {
    var bytes: [UInt8] = []
    try readLines(at: path) { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self)
}

/// Makes a folder and those above it, where they are missing.
public func makeFolder(_ path: String) throws(ReportError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
        made += part + "/"
        guard mkdir(made, 0o755) == 0 || errno == EEXIST || errno == EISDIR else {
            throw .file(path: made, doing: "make the folder", code: errno)
        }
    }
}
