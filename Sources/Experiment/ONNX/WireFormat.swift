import Files

/// A file in Protocol Buffers' wire format (protobuf.dev/programming-guides/encoding), read through a window: bytes
/// that nobody asks for are never read.
final class WireInput {
    let file: InputFile
    private var window: [UInt8] = []
    private var windowStart = 0
    private var budget = 144 << 20

    private static let windowSize = 1 << 16
    private static let textLimit = 1 << 16

    init(_ file: InputFile) { self.file = file }

    func fault(_ what: String) -> ONNXFault { ONNXFault(file: file.path, what: what) }

    func damage(_ what: String, at offset: Int) -> ONNXFault {
        fault("is damaged, or not an ONNX file: at byte \(offset) \(what)")
    }

    /// Accounts for memory that is to be kept, so that no file, whatever it says, takes more than the budget.
    func charge(_ bytes: Int) throws(ONNXFault) {
        budget -= bytes
        guard budget >= 0 else {
            throw fault(
                "describes a network that takes more than 144 MiB of memory beside its weights, more than any that can "
                    + "be measured")
        }
    }

    func read(_ range: Range<Int>) throws(ONNXFault) -> [UInt8] {
        do throws(FileError) { return try file.read(at: range.lowerBound, count: range.count) } catch {
            throw fault("cannot be read: \(error.cause)")
        }
    }

    /// - Precondition: the byte lies within the file.
    func byte(at offset: Int) throws(ONNXFault) -> UInt8 {
        if offset < windowStart || offset >= windowStart + window.count {
            window = try read(offset..<min(offset + WireInput.windowSize, file.size))
            windowStart = offset
        }
        return window[offset - windowStart]
    }

    /// Reads an integer of variable length, and moves `offset` behind it.
    func varint(at offset: inout Int, before end: Int) throws(ONNXFault) -> UInt64 {
        let start = offset
        var bits: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard offset < end else { throw damage("a number is cut short", at: start) }
            let byte = try byte(at: offset)
            offset += 1
            // The tenth byte has room for one bit.
            guard shift < 63 || byte < 2 else { break }
            bits |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return bits }
        }
        throw damage("a number is longer than 64 bits", at: start)
    }

    /// Reads a little-endian number of `width` bytes, and moves `offset` behind it.
    func fixed(_ width: Int, at offset: inout Int, before end: Int) throws(ONNXFault) -> UInt64 {
        guard end - offset >= width else { throw damage("a number is cut short", at: offset) }
        var bits: UInt64 = 0
        for byte in 0..<width { bits |= UInt64(try self.byte(at: offset + byte)) << (8 * UInt64(byte)) }
        offset += width
        return bits
    }

    /// The text in a range of the file.
    func text(_ range: Range<Int>) throws(ONNXFault) -> String {
        guard range.count <= WireInput.textLimit else {
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

/// The fields of a message, one after another.
struct WireMessage {
    let input: WireInput
    /// The message's name in onnx.proto, for errors.
    let name: String
    /// The message's bytes in the file.
    let range: Range<Int>
    private var offset: Int

    init(_ input: WireInput, _ range: Range<Int>, name: String) {
        (self.input, self.range, self.name) = (input, range, name)
        offset = range.lowerBound
    }

    /// The next field; nil at the end of the message.
    mutating func next() throws(ONNXFault) -> WireField? {
        guard offset < range.upperBound else { return nil }
        let start = offset
        let tag = try input.varint(at: &offset, before: range.upperBound)
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else {
            throw input.damage("a field has the number \(tag >> 3)", at: start)
        }
        let value: WireField.Value
        switch tag & 7 {
        case 0: value = .varint(try input.varint(at: &offset, before: range.upperBound))
        case 1: value = .fixed64(try input.fixed(8, at: &offset, before: range.upperBound))
        case 2:
            let count = try input.varint(at: &offset, before: range.upperBound)
            guard count <= UInt64(range.upperBound - offset) else {
                throw input.damage(
                    "a field of a \(name) announces \(count) bytes, but only \(range.upperBound - offset) are left",
                    at: start)
            }
            value = .bytes(offset..<offset + Int(count))
            offset += Int(count)
        case 5: value = .fixed32(UInt32(try input.fixed(4, at: &offset, before: range.upperBound)))
        default:
            throw input.damage(
                (3...4).contains(tag & 7)
                    ? "a group begins, which ONNX does not use" : "a field has the wire type \(tag & 7)",
                at: start)
        }
        return WireField(input: input, message: name, number: Int(tag >> 3), value: value, start: start)
    }
}

/// A field of a message.
struct WireField {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(Range<Int>)
    }

    /// How numbers are written.
    enum Encoding { case varint, fixed32, fixed64 }

    let input: WireInput
    /// The name of the message that it belongs to.
    let message: String
    let number: Int
    let value: Value
    /// Where it begins in the file.
    let start: Int

    private var wrongType: ONNXFault {
        input.damage("field \(number) of a \(message) has a wrong wire type", at: start)
    }

    func bytes() throws(ONNXFault) -> Range<Int> {
        guard case .bytes(let range) = value else { throw wrongType }
        return range
    }

    func message(_ name: String) throws(ONNXFault) -> WireMessage {
        WireMessage(input, try bytes(), name: name)
    }

    func text() throws(ONNXFault) -> String { try input.text(try bytes()) }

    func int() throws(ONNXFault) -> Int {
        guard case .varint(let bits) = value else { throw wrongType }
        return Int(truncatingIfNeeded: bits)
    }

    func float() throws(ONNXFault) -> Double {
        guard case .fixed32(let bits) = value else { throw wrongType }
        return Double(Float(bitPattern: bits))
    }

    /// Calls `body` with the bits of each number of a repeated field, packed or not.
    func forEachNumber(
        _ encoding: Encoding, _ body: (UInt64) throws(ONNXFault) -> Void
    ) throws(ONNXFault) {
        switch (value, encoding) {
        case (.varint(let bits), .varint), (.fixed64(let bits), .fixed64): try body(bits)
        case (.fixed32(let bits), .fixed32): try body(UInt64(bits))
        case (.bytes(let range), _):
            var offset = range.lowerBound
            while offset < range.upperBound {
                switch encoding {
                case .varint: try body(try input.varint(at: &offset, before: range.upperBound))
                case .fixed32: try body(try input.fixed(4, at: &offset, before: range.upperBound))
                case .fixed64: try body(try input.fixed(8, at: &offset, before: range.upperBound))
                }
            }
        default: throw wrongType
        }
    }

    /// Appends the integers of a repeated field.
    func append(to numbers: inout [Int]) throws(ONNXFault) {
        try forEachNumber(.varint) { bits throws(ONNXFault) in
            try input.charge(24)
            numbers.append(Int(truncatingIfNeeded: bits))
        }
    }
}
