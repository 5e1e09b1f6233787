import Files

/// A file in Protocol Buffers' wire format (protobuf.dev/programming-guides/encoding), read through a window: bytes
/// that nobody asks for are never read.
final class WireInput {
    let file: InputFile
    private var window: [UInt8] = []
    private var windowStart = 0
    private var budget = 144 << 20

    private static let windowSize = 1 << 16

    init(_ file: InputFile) { self.file = file }

    func fault(_ what: String) -> ONNXFault { ONNXFault(file: file.path, what: what) }

    func damage(_ what: String, at offset: Int) -> ONNXFault {
        fault("is damaged, or not an ONNX file: at byte \(offset) \(what)")
    }

    /// Accounts for memory that is to be kept, so that no file, whatever it says, takes more than the budget.
    func charge(_ bytes: Int) throws(ONNXFault) {
        budget -= bytes
        guard budget >= 0 else {
            throw fault("describes a network that takes more than 144 MiB of memory beside its weights")
        }
    }

    func read(_ range: Range<Int>) throws(ONNXFault) -> [UInt8] {
        do throws(FileError) { return try file.read(at: range.lowerBound, count: range.count) } catch {
            throw fault("cannot be read: \(error.cause)")
        }
    }

    /// - Precondition: the byte lies within the file.
    private func byte(at offset: Int) throws(ONNXFault) -> UInt8 {
        if offset < windowStart || offset >= windowStart + window.count {
            window = try read(offset..<min(offset + WireInput.windowSize, file.size))
            windowStart = offset
        }
        return window[offset - windowStart]
    }

    /// Reads a number, and moves `offset` behind it.
    ///
    /// - Parameter width: its bytes; nil for an integer of variable length.
    func number(_ width: Int?, at offset: inout Int, before end: Int) throws(ONNXFault) -> UInt64 {
        let start = offset
        var bits: UInt64 = 0
        for index in 0..<(width ?? 10) {
            guard offset < end else { throw damage("a number is cut short", at: start) }
            let byte = UInt64(try byte(at: offset))
            offset += 1
            if width != nil {
                bits |= byte << UInt64(8 * index)
            } else {
                // The tenth byte has room for one bit.
                guard index < 9 || byte < 2 else {
                    throw damage("a number is longer than 64 bits", at: start)
                }
                bits |= (byte & 0x7f) << UInt64(7 * index)
                if byte < 0x80 { break }
            }
        }
        return bits
    }

    /// The text in a range of the file.
    func text(_ range: Range<Int>) throws(ONNXFault) -> String {
        guard range.count <= 1 << 16 else {
            throw damage("a text has \(range.count) bytes; 65536 are the most", at: range.lowerBound)
        }
        try charge(64 + range.count)
        var bytes: [UInt8] = []
        for offset in range { bytes.append(try byte(at: offset)) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw damage("a text is not UTF-8", at: range.lowerBound)
        }
        return text
    }
}

/// A field of a message.
struct WireField {
    enum Value {
        /// A number, of so many bytes; nil: of variable length.
        case number(UInt64, width: Int?)
        case bytes(Range<Int>)
    }

    let input: WireInput
    let number: Int
    let value: Value
    /// Where it begins in the file.
    let start: Int

    var wrongType: ONNXFault { input.damage("field \(number) of a message has a wrong wire type", at: start) }

    /// Whether it is a list without elements.
    var isEmpty: Bool { if case .bytes(let range) = value { range.isEmpty } else { false } }

    func bytes() throws(ONNXFault) -> Range<Int> {
        guard case .bytes(let range) = value else { throw wrongType }
        return range
    }

    func message() throws(ONNXFault) -> WireMessage { WireMessage(input: input, range: try bytes()) }
}

/// A message: fields one after another. Those that nobody asks for are skipped.
struct WireMessage {
    let input: WireInput
    /// The message's bytes in the file.
    let range: Range<Int>

    /// Calls `body` with each field, or with each of one number.
    func forEach(
        _ number: Int? = nil, _ body: (WireField) throws(ONNXFault) -> Void
    ) throws(ONNXFault) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let field = try field(at: &offset)
            if number == nil || field.number == number { try body(field) }
        }
    }

    private func field(at offset: inout Int) throws(ONNXFault) -> WireField {
        let (start, end) = (offset, range.upperBound)
        let tag = try input.number(nil, at: &offset, before: end)
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else {
            throw input.damage("a field has the number \(tag >> 3)", at: start)
        }
        let value: WireField.Value
        switch tag & 7 {
        case 0: value = .number(try input.number(nil, at: &offset, before: end), width: nil)
        case 1: value = .number(try input.number(8, at: &offset, before: end), width: 8)
        case 2:
            let count = try input.number(nil, at: &offset, before: end)
            guard count <= UInt64(end - offset) else {
                throw input.damage(
                    "a field announces \(count) bytes, but only \(end - offset) are left", at: start)
            }
            value = .bytes(offset..<offset + Int(count))
            offset += Int(count)
        case 5: value = .number(try input.number(4, at: &offset, before: end), width: 4)
        case 3, 4: throw input.damage("a group begins or ends, which ONNX does not use", at: start)
        default: throw input.damage("a field has the wire type \(tag & 7)", at: start)
        }
        return WireField(input: input, number: Int(tag >> 3), value: value, start: start)
    }

    // Where a field that isn't repeated is given more than once, the last counts.

    func message(_ number: Int) throws(ONNXFault) -> WireMessage? {
        var last: WireMessage?
        try forEach(number) { field throws(ONNXFault) in last = try field.message() }
        return last
    }

    func text(_ number: Int) throws(ONNXFault) -> String { try texts(number).last ?? "" }

    func int(_ number: Int) throws(ONNXFault) -> Int {
        var last = 0
        try forEachNumber(number, nil) { last = Int(truncatingIfNeeded: $0) }
        return last
    }

    func texts(_ number: Int) throws(ONNXFault) -> [String] {
        var texts: [String] = []
        try forEach(number) { field throws(ONNXFault) in texts.append(try input.text(try field.bytes())) }
        return texts
    }

    func ints(_ number: Int) throws(ONNXFault) -> [Int] {
        try numbers(number, nil) { Int(truncatingIfNeeded: $0) }
    }

    func floats(_ number: Int) throws(ONNXFault) -> [Double] {
        try numbers(number, 4) { Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0))) }
    }

    private func numbers<Number>(
        _ number: Int, _ width: Int?, _ convert: (UInt64) -> Number
    ) throws(ONNXFault) -> [Number] {
        var numbers: [Number] = []
        try forEachNumber(number, width) { bits throws(ONNXFault) in
            try input.charge(24)
            numbers.append(convert(bits))
        }
        return numbers
    }

    /// Calls `body` with the bits of each number of a field, packed or not.
    func forEachNumber(
        _ number: Int, _ width: Int?, _ body: (UInt64) throws(ONNXFault) -> Void
    ) throws(ONNXFault) {
        try forEach(number) { field throws(ONNXFault) in
            switch field.value {
            case .number(let bits, width): try body(bits)
            case .number: throw field.wrongType
            case .bytes(let range):
                var offset = range.lowerBound
                while offset < range.upperBound {
                    try body(try input.number(width, at: &offset, before: range.upperBound))
                }
            }
        }
    }
}
