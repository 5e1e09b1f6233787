import Files
import Text

/// A table of comma-separated values by RFC 4180: a header, then a line for each row, with quotes only around
/// values that need them, and nothing for a missing value. Lines end with a line feed. It is written row by
/// row, and appears whole or not at all.
final class CSVFile {
    private let file: WholeFile
    private var line: [UInt8] = []

    init(_ path: String, columns: [String]) throws(FileError) {
        file = try WholeFile(path)
        try write(columns.map { .string($0) })
    }

    func write(_ cells: [JSONValue?]) throws(FileError) {
        line.removeAll(keepingCapacity: true)
        for (index, cell) in cells.enumerated() {
            if index > 0 { line.append(UInt8(ascii: ",")) }
            switch cell {
            case nil, .null: break
            case .string(let text): append(text)
            case .number(let number): line += JSONValue.text(of: number).utf8
            case let value?: append(value.canonicalText)
            }
        }
        line.append(UInt8(ascii: "\n"))
        try file.write(line)
    }

    func commit() throws(FileError) { try file.commit() }

    private func append(_ text: String) {
        let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
        let isPlain = !text.utf8.contains { $0 == comma || $0 == quote || $0 == 10 || $0 == 13 }
        // An empty text is quoted, because an empty field means a missing value.
        guard !isPlain || text.isEmpty else {
            line += text.utf8
            return
        }
        line.append(quote)
        for byte in text.utf8 {
            if byte == quote { line.append(quote) }
            line.append(byte)
        }
        line.append(quote)
    }
}
