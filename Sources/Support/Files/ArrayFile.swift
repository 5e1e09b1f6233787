/// A .npy file (NumPy's format, versions 1 to 3) in C order, checked against its size when it is opened.
public struct ArrayFile: Sendable {
    /// The types of numbers that are read, as NumPy names them.
    public enum Element: String, CaseIterable, Sendable {
        case f2, f4, f8, b1, u1, u2, u4, u8, i1, i2, i4, i8
    }

    /// The array's sizes.
    public let shape: [Int]
    /// The type of its numbers.
    public let element: Element
    /// The file's path.
    public var path: String { file.path }
    private let file: InputFile
    /// Offset of the numbers in the file.
    public let dataStart: Int
    /// Number of numbers.
    public let count: Int

    /// The first bytes of such files.
    public static let magic = [0x93] + Array("NUMPY".utf8)
    private static let headerLimit = 65_536

    /// Why a file can't be opened as an array.
    public enum Fault: Error, Equatable, Sendable {
        case unreadable(FileError)
        case content(ArrayProblem)

        /// The fault in words that follow the file's name.
        public var words: String {
            switch self {
            case .unreadable(let error): "cannot be read: \(error.cause)"
            case .content(let problem): problem.words
            }
        }
    }

    /// Opens a file.
    public init(_ path: String) throws(Fault) {
        do throws(FileError) { file = try InputFile(path) } catch { throw .unreadable(error) }
        guard file.size >= 8 else { throw .content(.notNPY) }
        let start = try ArrayFile.read(file, at: 0, count: 8)
        guard start.starts(with: ArrayFile.magic) else { throw .content(.notNPY) }
        guard (1...3).contains(start[6]), start[7] == 0 else { throw .content(.version(start[6], start[7])) }
        let lengthBytes = start[6] == 1 ? 2 : 4
        guard file.size >= 8 + lengthBytes else { throw .content(.headerCut) }
        let length = try ArrayFile.read(file, at: 8, count: lengthBytes).reversed().reduce(0) {
            $0 << 8 | Int($1)
        }
        dataStart = 8 + lengthBytes + length
        guard dataStart <= file.size else { throw .content(.headerCut) }
        guard length <= ArrayFile.headerLimit else { throw .content(.header("is longer than 65536 bytes")) }
        let text = try ArrayFile.read(file, at: 8 + lengthBytes, count: length)
        do throws(ArrayProblem) {
            let header = try ArrayHeader(parsing: text)
            (shape, element) = (header.shape, header.element)
            guard let count = product(shape), let expected = product([count, element.width]) else {
                throw .tooLarge(shape: shape)
            }
            self.count = count
            let found = file.size - dataStart
            guard expected <= found else { throw .truncated(expected: expected, found: found) }
            guard expected == found else { throw .trailing(found - expected) }
        } catch { throw .content(error) }
    }

    private static func read(_ file: InputFile, at offset: Int, count: Int) throws(Fault) -> [UInt8] {
        do throws(FileError) { return try file.read(at: offset, count: count) } catch {
            throw .unreadable(error)
        }
    }

    /// Calls `body` with the numbers in this range, in order; nil: with all. Numbers of `i8` and `u8` beyond 2^53 are
    /// rounded.
    public func forEachNumber(in range: Range<Int>? = nil, _ body: (Double) -> Void) throws(FileError) {
        let convert = element.number
        let range = range ?? 0..<count
        try file.forEachNumber(
            at: dataStart + range.lowerBound * element.width, count: range.count, width: element.width
        ) { body(convert($0)) }
    }
}

extension ArrayFile.Element {
    /// Bytes of a number.
    public var width: Int {
        switch self {
        case .b1, .u1, .i1: 1
        case .f2, .u2, .i2: 2
        case .f4, .u4, .i4: 4
        case .f8, .u8, .i8: 8
        }
    }

    /// Whether numbers may have fractions, and may be infinite or NaN.
    public var isFloat: Bool { [.f2, .f4, .f8].contains(self) }

    /// The function that gives the number with these bits.
    fileprivate var number: (UInt64) -> Double {
        switch self {
        case .f2: { Double(single(fromBinary16: UInt16(truncatingIfNeeded: $0))) }
        case .f4: { Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0))) }
        case .f8: { Double(bitPattern: $0) }
        case .b1, .u1, .u2, .u4, .u8: { Double($0) }
        case .i1: { Double(Int8(truncatingIfNeeded: $0)) }
        case .i2: { Double(Int16(truncatingIfNeeded: $0)) }
        case .i4: { Double(Int32(truncatingIfNeeded: $0)) }
        case .i8: { Double(Int64(bitPattern: $0)) }
        }
    }
}

/// The header of a .npy file: a Python dictionary `{'descr': '<f4', 'fortran_order': False, 'shape': (60,
/// 784), }` and white space.
struct ArrayHeader {
    var element: ArrayFile.Element
    var shape: [Int]

    init(parsing text: [UInt8]) throws(ArrayProblem) {
        var parser = Parser(text: text)
        let members = try parser.dictionary()
        guard case .string(let type)? = members["descr"] else { throw .header("has no 'descr'") }
        guard case .bool(let isFortran)? = members["fortran_order"] else {
            throw .header("has no 'fortran_order'")
        }
        guard case .tuple(let shape)? = members["shape"] else { throw .header("has no 'shape'") }
        guard members.count == 3 else { throw .header("has more than 'descr', 'fortran_order', 'shape'") }
        guard let element = ArrayFile.Element(rawValue: String(type.dropFirst())), let order = type.first,
            "<>|".contains(order)
        else { throw .type(type) }
        if order == ">", element.width > 1 { throw .bigEndian(type) }
        guard order == "<" || element.width == 1 else { throw .type(type) }
        // A vector has the same bytes in both orders.
        guard !isFortran || shape.count < 2 else { throw .fortranOrder }
        (self.element, self.shape) = (element, shape)
    }

    private enum Value: Equatable {
        case string(String)
        case bool(Bool)
        case tuple([Int])
    }

    private struct Parser {
        let text: [UInt8]
        var position = 0

        init(text: [UInt8]) { self.text = text }

        private var mistake: ArrayProblem { .header("is no such dictionary, at byte \(position)") }

        private mutating func skipSpace() {
            while position < text.count, [0x20, 0x0A, 0x0D, 0x09].contains(text[position]) { position += 1 }
        }

        private mutating func take(_ character: Character) -> Bool {
            skipSpace()
            guard position < text.count, text[position] == character.asciiValue else { return false }
            position += 1
            return true
        }

        mutating func dictionary() throws(ArrayProblem) -> [String: Value] {
            var members: [String: Value] = [:]
            guard take("{") else { throw mistake }
            while !take("}") {
                guard members.isEmpty || take(",") else { throw mistake }
                // A comma may come before the end.
                if take("}") { break }
                guard let key = try string(), take(":") else { throw mistake }
                guard members.updateValue(try value(), forKey: key) == nil else {
                    throw .header("has '\(key)' twice")
                }
            }
            skipSpace()
            guard position == text.count else { throw mistake }
            return members
        }

        private mutating func value() throws(ArrayProblem) -> Value {
            if let text = try string() { return .string(text) }
            if take("(") { return .tuple(try numbers()) }
            if take("[") { throw .header("describes records, not plain numbers") }
            for (word, flag) in [("True", true), ("False", false)]
            where text[position...].starts(with: word.utf8) {
                position += word.utf8.count
                return .bool(flag)
            }
            throw mistake
        }

        /// A quoted string; nil where none begins here.
        private mutating func string() throws(ArrayProblem) -> String? {
            let quote: Character
            if take("'") { quote = "'" } else if take("\"") { quote = "\"" } else { return nil }
            let start = position
            while position < text.count, text[position] != quote.asciiValue {
                guard text[position] != UInt8(ascii: "\\") else { throw mistake }
                position += 1
            }
            guard position < text.count else { throw mistake }
            defer { position += 1 }
            return String(decoding: text[start..<position], as: UTF8.self)
        }

        /// The numbers of a tuple whose opening parenthesis has been read.
        private mutating func numbers() throws(ArrayProblem) -> [Int] {
            var numbers: [Int] = []
            while !take(")") {
                guard numbers.isEmpty || take(",") else { throw mistake }
                if take(")") { break }
                skipSpace()
                let start = position
                while position < text.count, (0x30...0x39).contains(text[position]) { position += 1 }
                guard let number = Int(String(decoding: text[start..<position], as: UTF8.self)) else {
                    throw mistake
                }
                numbers.append(number)
                // Python 2 wrote long numbers with an L.
                if position < text.count, text[position] == UInt8(ascii: "L") { position += 1 }
            }
            return numbers
        }
    }
}
