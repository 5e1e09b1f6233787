import Console
import Files
import Glibc

/// A regular file's size in bytes; nil where there is none.
func fileSize(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
}

/// The first bytes of a file; fewer where it is shorter or can't be read.
func firstBytes(_ count: Int, of path: String) -> [UInt8] {
    guard let file = try? openStream(path) else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: count)
    let found = fread(&bytes, 1, count, file)
    return Array(bytes[..<found])
}

/// A file read line by line, with one line in memory.
final class LineFile {
    private let file: UnsafeMutablePointer<FILE>
    private var buffer: UnsafeMutablePointer<CChar>?
    private var capacity = 0

    /// nil where it can't be opened.
    init?(_ path: String) {
        guard let opened = try? openStream(path) else { return nil }
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

/// The absolute path of the folder that holds a file.
func folderOf(_ file: String) -> String {
    let path = absolutePath(file)
    return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
}
