/// The reason why a text is not JSON, and its position.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A reason why a text is not JSON.
    public enum Problem: String, Sendable {
        case unexpectedByte = "unexpected character"
        case unexpectedEnd = "the text ends too soon"
        case rest = "more text after the value"
        case number = "not a finite JSON number"
        case escape = "not an escape of JSON"
        case utf8 = "not UTF-8"
        case repeatedKey = "a key appears twice in an object"
        case depth = "nested more than 128 deep"
    }
    /// The reason.
    public let problem: Problem
    /// Number of bytes before the error.
    public let offset: Int
    /// The problem and its offset, as a message.
    public var description: String { "not JSON: \(problem.rawValue) at byte \(offset)" }
}

extension JSONValue {
    /// Parses one JSON text (RFC 8259). Stricter than most parsers: it refuses a repeated key, a number
    /// beyond double's range and nesting beyond 128 levels.
    public init(parsing text: some Sequence<UInt8>) throws(JSONError) {
        var parser = JSONParser(bytes: Array(text))
        self = try parser.document()
    }
}

/// A recursive-descent parser for JSON.
private struct JSONParser {
    let bytes: [UInt8]
    var position = 0

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw mistake(.rest) }
        return value
    }

    private func mistake(_ problem: JSONError.Problem) -> JSONError {
        JSONError(problem: problem, offset: position)
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// The byte at the position; throws at the end of the text.
    private func peek() throws(JSONError) -> UInt8 {
        guard position < bytes.count else { throw mistake(.unexpectedEnd) }
        return bytes[position]
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= 128 else { throw mistake(.depth) }
        skipSpace()
        switch try peek() {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            guard try peek() == word.utf8Start[index] else { throw mistake(.unexpectedByte) }
            position += 1
        }
        return value
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array([]) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw mistake(try unexpected()) }
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        position += 1
        var members = [String: JSONValue](minimumCapacity: 6)
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object([:]) }
        while true {
            skipSpace()
            guard try peek() == UInt8(ascii: "\"") else { throw mistake(.unexpectedByte) }
            let start = position
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw mistake(try unexpected()) }
            let value = try value(depth: depth + 1)
            if members.updateValue(value, forKey: key) != nil {
                throw JSONError(problem: .repeatedKey, offset: start)
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw mistake(try unexpected()) }
        }
    }

    private func unexpected() throws(JSONError) -> JSONError.Problem {
        _ = try peek()
        return .unexpectedByte
    }

    // MARK: Numbers

    private mutating func number() throws(JSONError) -> Double {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let isZero = try peek() == UInt8(ascii: "0")
        let first = position
        let whole = try digits()
        if isZero, whole > 1 { throw JSONError(problem: .number, offset: start) }
        if !isZero, whole <= 15, position == bytes.count || ![0x2E, 0x45, 0x65].contains(bytes[position]) {
            // A whole number that a double holds exactly.
            let size = bytes[first..<position].reduce(0) { 10 * $0 + Int64($1 - 0x30) }
            return Double(first > start ? -size : size)
        }
        if take(UInt8(ascii: ".")) { _ = try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            _ = try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let number = Double(text), number.isFinite else {
            throw JSONError(problem: .number, offset: start)
        }
        return number
    }

    /// Skips at least one digit and returns how many it skipped.
    private mutating func digits() throws(JSONError) -> Int {
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        guard position > start else { throw mistake(try unexpected()) }
        return position - start
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        // Most strings are ASCII without an escape, so their bytes are their content.
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""),
            bytes[position] != UInt8(ascii: "\\"), (0x20..<0x80).contains(bytes[position])
        {
            position += 1
        }
        if try peek() == UInt8(ascii: "\"") {
            position += 1
            return String(decoding: bytes[start..<position - 1], as: UTF8.self)
        }
        var content = bytes[start..<position]
        while true {
            let byte = try peek()
            if byte < 0x20 { throw mistake(.unexpectedByte) }
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                content += try escape()
            } else {
                content.append(byte)
                position += 1
            }
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw JSONError(problem: .utf8, offset: start)
        }
        position += 1
        return text
    }

    private mutating func escape() throws(JSONError) -> [UInt8] {
        position += 1
        let letter = try peek()
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "u"):
            var unit = try hexadecimal()
            if (0xD800..<0xDC00).contains(unit), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw mistake(.escape) }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw mistake(.escape) }
            return Array(String(Character(scalar)).utf8)
        default:
            position -= 1
            throw mistake(.escape)
        }
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            let byte = try peek()
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw mistake(.escape)
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }
}
