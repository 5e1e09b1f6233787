import Glibc

/// Reads `records.ndjson` line by line, keeping one line in memory.
///
/// - Parameter sweep: the digest that every record must have, or nil for any.
/// - Throws: `ReportError`, naming file and line of what is no record; nothing after it is read.
public func readRecords(
    at path: String, ofSweep sweep: String? = nil, _ body: (Record) -> Void
) throws(ReportError) {
    guard let file = fopen(path, "re") else { throw .file(path: path, doing: "read", code: errno) }
    defer { fclose(file) }
    var buffer: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(buffer) }
    var number = 0
    while true {
        errno = 0
        let length = getline(&buffer, &capacity, file)
        guard length > 0, let buffer else {
            if ferror(file) != 0 { throw .file(path: path, doing: "read", code: errno) }
            return
        }
        number += 1
        let line = UnsafeRawBufferPointer(start: buffer, count: length)
        let record: Record
        do { record = try Record(parsing: line) } catch {
            throw .malformedLine(file: path, line: number, why: error.why)
        }
        if let sweep, record.sweep != sweep {
            throw .otherSweep(file: path, line: number, expected: sweep, found: record.sweep)
        }
        body(record)
    }
}

func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }
