import Files
import Glibc

/// Reads `records.ndjson` line by line, keeping one line in memory.
///
/// - Parameter sweep: the digest that every record must have, or nil for any.
/// - Throws: `ReportError`, naming file and line of what is no record; nothing after it is read.
public func readRecords(
    at path: String, ofSweep sweep: String? = nil, _ body: (Record) -> Void
) throws(ReportError) {
    var number = 0
    try readLines(at: path) { line throws(ReportError) in
        number += 1
        let record: Record
        do throws(Record.Mistake) { record = try Record(parsing: line) } catch {
            throw .malformedLine(file: path, line: number, why: error.why)
        }
        if let sweep, record.sweep != sweep {
            throw .otherSweep(file: path, line: number, expected: sweep, found: record.sweep)
        }
        body(record)
    }
}

/// Calls `body` with each line of a file, its newline included, keeping one in memory.
func readLines(
    at path: String, _ body: (UnsafeRawBufferPointer) throws(ReportError) -> Void
) throws(ReportError) {
    let file: UnsafeMutablePointer<FILE>
    do throws(FileError) { file = try openStream(path) } catch { throw .file(error) }
    defer { fclose(file) }
    var buffer: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(buffer) }
    while true {
        errno = 0
        let length = getline(&buffer, &capacity, file)
        guard length > 0, let buffer else {
            if ferror(file) != 0 { throw .file(FileError(path: path, doing: "read", code: errno)) }
            return
        }
        try body(UnsafeRawBufferPointer(start: buffer, count: length))
    }
}

/// A whole file's text.
func readText(at path: String) throws(ReportError) -> String {
    var bytes: [UInt8] = []
    try readLines(at: path) { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self)
}
