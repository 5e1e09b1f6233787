import Files
import Glibc

/// The names in a folder, sorted; none where it is not there.
func fileNames(in folder: String) -> [String] {
    guard let listing = opendir(folder) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
        let bytes = withUnsafeBytes(of: entry.pointee.d_name) { $0.prefix { $0 != 0 } }
        let name = String(decoding: bytes, as: UTF8.self)
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// A file's size in bytes; nil where there is none.
func fileSize(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
}

/// Whether something is there that is no file, and no folder: to open a pipe is to wait for who writes to it.
func isPipeOrDevice(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
}

/// The first bytes of a file: fewer where it is shorter or cannot be read.
func firstBytes(_ count: Int, of path: String) -> [UInt8] {
    guard let file = fopen(path, "re") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: count)
    let found = fread(&bytes, 1, count, file)
    return Array(bytes[..<found])
}

/// A file read line by line, one in memory.
final class LineFile {
    private let file: UnsafeMutablePointer<FILE>
    private var buffer: UnsafeMutablePointer<CChar>?
    private var capacity = 0

    /// nil where it cannot be opened.
    init?(_ path: String) {
        guard let opened = fopen(path, "re") else { return nil }
        file = opened
    }

    deinit {
        free(buffer)
        fclose(file)
    }

    /// The next line without its newline; nil at the end.
    func next() -> [UInt8]? {
        let length = getline(&buffer, &capacity, file)
        guard length > 0, let buffer else { return nil }
        let line = UnsafeRawBufferPointer(start: buffer, count: length)
        return Array(line.last == UInt8(ascii: "\n") ? line.dropLast() : line[...])
    }
}
