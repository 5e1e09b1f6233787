import Files
import Glibc

/// Reads `records.ndjson` line by line, with one line in memory at a time.
///
/// - Parameters:
///   - sweep: the digest that every record must have; nil: any.
///   - fault: why a line isn't a record of the sweep; called before the line is parsed.
/// - Throws: `RecordFileError` with the file and line of the first line that isn't a record. Nothing after it
///   is read.
public func readRecords(
    at path: String, ofSweep sweep: String? = nil, fault: ([UInt8]) -> String? = { _ in nil },
    _ body: (Record) -> Void
) throws(RecordFileError) {
    var number = 0
    try readLines(at: path) { line throws(RecordFileError) in
        number += 1
        let content = line.last == UInt8(ascii: "\n") ? Array(line.dropLast()) : line
        if let why = fault(content) { throw .malformedLine(file: path, line: number, why: why) }
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

/// The largest length of a line in bytes. Lines that we write are never longer.
private let longestLine = 64 << 20

/// Calls `body` with each line of a file, including its newline, with one line in memory at a time.
package func readLines(at path: String, _ body: ([UInt8]) throws(RecordFileError) -> Void)
    throws(RecordFileError)
{
    let file: UnsafeMutablePointer<FILE>
    do throws(FileError) { file = try openStream(path) } catch { throw .file(error) }
    defer { fclose(file) }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var line: [UInt8] = []
    var number = 1
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        guard count > 0 else { break }
        var rest = chunk[..<count]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            line += rest[...end]
            rest = rest[(end + 1)...]
            try body(line)
            line.removeAll(keepingCapacity: true)
            number += 1
        }
        line += rest
        guard line.count <= longestLine else {
            throw .malformedLine(file: path, line: number, why: "longer than \(longestLine >> 20) MiB")
        }
    }
    if ferror(file) != 0 { throw .file(FileError(path: path, doing: "read", code: errno)) }
    if !line.isEmpty { try body(line) }
}
