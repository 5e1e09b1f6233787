import Glibc
import Text

/// A small table of comma-separated values (RFC 4180) whose first line names the columns, held in memory.
public struct TableFile: Sendable {
    /// The columns' names, in order, each once.
    public let names: [String]
    private let bytes: [UInt8]
    private let body: (start: Int, line: Int)

    /// The most bytes of a table.
    public static let maxBytes = 100_000_000
    /// The most columns of a table.
    public static let maxColumns = 10_000

    /// Why a file is no such table, in words that follow its name.
    public struct Fault: Error, Equatable, Sendable {
        /// The words.
        public let words: String

        /// A fault in these words.
        public init(_ words: String) { self.words = words }
    }

    /// A line of the table.
    public struct Row {
        /// The line on which it begins, counted from 1.
        public let line: Int
        fileprivate let fields: [Field]
        fileprivate let bytes: [UInt8]

        /// The text of a cell, without its quotes and without spaces around it.
        public func text(_ column: Int) -> String {
            let field = fields[column]
            let text = String(decoding: bytes[field.start..<field.end], as: UTF8.self)
            return field.hasEscapes ? text.replacing("\"\"", with: "\"") : text
        }
    }

    fileprivate struct Field {
        var start: Int
        var end: Int
        var hasEscapes = false
    }

    /// Reads a file and its header.
    public init(_ path: String) throws(Fault) {
        let bytes: [UInt8]
        do throws(FileError) {
            let file = try InputFile(path)
            let isSmall = file.size <= TableFile.maxBytes
            bytes = try file.read(at: 0, count: isSmall ? file.size : 0)
            if !isSmall { throw FileError(path: path, doing: "read", code: EFBIG) }
        } catch {
            guard error.code != EFBIG else {
                throw Fault(
                    "is larger than \(sizeText(decimal: Double(TableFile.maxBytes))), the most that a table may "
                        + "have: save its columns as .npy files")
            }
            throw Fault("cannot be read: \(error.cause)")
        }
        try self.init(bytes)
    }

    init(_ bytes: [UInt8]) throws(Fault) {
        guard !bytes.isEmpty else { throw Fault("is empty") }
        var reader = RecordReader(bytes)
        // The mark by which some programs say that a text is UTF-8.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
        guard !bytes.contains(0), let header = try reader.next() else {
            throw Fault("is not a table of comma-separated values")
        }
        names = header.fields.indices.map(header.text)
        self.bytes = bytes
        body = (reader.position, reader.line)
        try checkNames()
    }

    private func checkNames() throws(Fault) {
        if names.count == 1, let other = [";", "\t"].first(where: names[0].contains) {
            let name = other == ";" ? "';'" : "tabs"
            throw Fault("line 1: columns are separated by \(name): separate them by commas")
        }
        if names.allSatisfy({ TableFile.number($0) != nil }) {
            throw Fault(
                "has no header: line 1 holds numbers (\(names.prefix(3).joined(separator: ", "))"
                    + "\(names.count > 3 ? ", …" : "")), not the columns' names")
        }
        var seen: Set<String> = []
        for (index, name) in names.enumerated() {
            guard !name.isEmpty else {
                throw Fault(
                    "line 1: column \(index) (counted from 0) has no name; pandas leaves its index out with "
                        + "to_csv(…, index=False)")
            }
            guard seen.insert(name).inserted else { throw Fault("line 1: has the column '\(name)' twice") }
        }
    }

    /// Calls `body` with each line after the header. Throws where a line has another number of cells than the header.
    public func forEachRow(_ body: (Row) -> Void) throws(Fault) {
        var reader = RecordReader(bytes)
        (reader.position, reader.line) = self.body
        while let row = try reader.next() {
            // A file may end with empty lines.
            if row.fields.count == 1, row.text(0).isEmpty, reader.isAtBlankEnd { return }
            guard row.fields.count == names.count else {
                throw Fault(
                    "line \(row.line): has \(countText(row.fields.count, "cell")), and the header "
                        + "\(countText(names.count, "column"))")
            }
            body(row)
        }
    }

    /// The finite number that a cell holds, within single precision; nil for any other text.
    public static func number(_ text: String) -> Double? {
        guard let first = text.utf8.first, (48...57).contains(first) || [43, 45, 46].contains(first),
            !text.utf8.contains(where: { $0 == 120 || $0 == 88 }), let number = Double(text),
            Float(number).isFinite
        else { return nil }
        return number
    }
}

/// Reads records one after another.
private struct RecordReader {
    private let bytes: [UInt8]
    var position = 0
    /// The line at `position`, counted from 1.
    var line = 1
    /// Where only line ends follow.
    private let end: Int

    private static let (quote, comma, newline, carriage): (UInt8, UInt8, UInt8, UInt8) = (34, 44, 10, 13)

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        end = 1 + (bytes.lastIndex { $0 != RecordReader.newline && $0 != RecordReader.carriage } ?? -1)
    }

    /// Whether only line ends follow.
    var isAtBlankEnd: Bool { position >= end }

    /// The next record; nil at the end.
    mutating func next() throws(TableFile.Fault) -> TableFile.Row? {
        guard position < bytes.count else { return nil }
        let first = line
        var fields: [TableFile.Field] = []
        while true {
            guard fields.count < TableFile.maxColumns else {
                throw TableFile.Fault(
                    "line \(first): has more than \(groupedText(TableFile.maxColumns)) cells, the most columns that are read"
                )
            }
            fields.append(try field())
            guard position < bytes.count else { break }
            let end = bytes[position]
            position += 1
            if end == RecordReader.comma { continue }
            line += 1
            break
        }
        return TableFile.Row(line: first, fields: fields, bytes: bytes)
    }

    /// The field at the position, which is moved to the comma or newline after it.
    private mutating func field() throws(TableFile.Fault) -> TableFile.Field {
        var field = TableFile.Field(start: position, end: position)
        if position < bytes.count, bytes[position] == RecordReader.quote {
            let begin = line
            position += 1
            field.start = position
            while position < bytes.count {
                if bytes[position] == RecordReader.quote {
                    guard position + 1 < bytes.count, bytes[position + 1] == RecordReader.quote else { break }
                    field.hasEscapes = true
                    position += 1
                } else if bytes[position] == RecordReader.newline {
                    line += 1
                }
                position += 1
            }
            guard position < bytes.count else {
                throw TableFile.Fault("line \(begin): a quote is opened and never closed")
            }
            field.end = position
            position += 1
            if position < bytes.count, bytes[position] == RecordReader.carriage { position += 1 }
            guard
                position == bytes.count
                    || [RecordReader.comma, RecordReader.newline].contains(bytes[position])
            else {
                throw TableFile.Fault(
                    "line \(line): text follows a closing quote; a quote within quotes is doubled")
            }
            return field
        }
        while position < bytes.count, bytes[position] != RecordReader.comma,
            bytes[position] != RecordReader.newline
        {
            position += 1
        }
        field.end = position
        while field.end > field.start, [32, 9, RecordReader.carriage].contains(bytes[field.end - 1]) {
            field.end -= 1
        }
        while field.start < field.end, [32, 9].contains(bytes[field.start]) { field.start += 1 }
        return field
    }
}
