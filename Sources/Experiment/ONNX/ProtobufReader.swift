import Files
import Glibc

/// The bytes of a file that a user gave, read in parts, so that large tensors are never copied.
final class ByteSource {
    let path: String
    let size: Int
    private let descriptor: Int32
    private var window: [UInt8]
    private var windowStart = 0
    private static let windowSize = 1 << 16
    /// Whether the bytes were given, and are in no file.
    var isInMemory: Bool { descriptor < 0 }

    init(opening path: String) throws(ONNXFault) {
        self.path = path
        do throws(FileError) { descriptor = try openToRead(path) } catch {
            throw ONNXFault(path, "cannot be read: \(error.cause)")
        }
        var status = stat()
        size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
        window = []
    }

    /// Bytes in memory, under a name.
    init(_ bytes: [UInt8], name: String) {
        (path, size, descriptor, window) = (name, bytes.count, -1, bytes)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func read(_ range: Range<Int>) throws(ONNXFault) -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= size else {
            throw ONNXFault(path, "is cut short at byte \(size)")
        }
        if descriptor < 0 { return Array(window[range]) }
        guard let bytes = readAll(range.count, of: descriptor, at: UInt64(range.lowerBound)) else {
            throw ONNXFault(path, "became shorter while it was read")
        }
        return bytes
    }

    func byte(at position: Int) throws(ONNXFault) -> UInt8 {
        if position >= windowStart, position < windowStart + window.count {
            return window[position - windowStart]
        }
        let part = try read(position..<min(size, position + ByteSource.windowSize))
        guard let byte = part.first else { throw ONNXFault(path, "is cut short at byte \(size)") }
        (window, windowStart) = (part, position)
        return byte
    }
}

/// Reads one message in protobuf's wire format, field by field. Nested messages are readers of their own.
struct ProtobufReader {
    /// A field's payload.
    enum Payload {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(Range<Int>)
    }

    let source: ByteSource
    private(set) var position: Int
    let end: Int

    init(_ source: ByteSource, _ range: Range<Int>) {
        (self.source, position, end) = (source, range.lowerBound, range.upperBound)
    }

    /// The next field; nil at the end of the message.
    mutating func next() throws(ONNXFault) -> (number: Int, payload: Payload)? {
        guard position < end else { return nil }
        let start = position
        let key = try varint()
        guard let number = Int(exactly: key >> 3), number > 0, number < 1 << 29 else {
            throw fault("has no field at byte \(start)")
        }
        switch key & 7 {
        case 0: return (number, .varint(try varint()))
        case 1: return (number, .fixed64(try fixed(8)))
        case 2:
            let count = try varint()
            guard count <= UInt64(end - position) else {
                throw fault("is cut short: the field at byte \(start) announces \(count) bytes, and \(end - position) follow")
            }
            let range = position..<position + Int(count)
            position = range.upperBound
            return (number, .bytes(range))
        case 5: return (number, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
        default: throw fault("has a field of unknown kind \(key & 7) at byte \(start)")
        }
    }

    func fault(_ words: String) -> ONNXFault { ONNXFault(source.path, words) }

    mutating func varint() throws(ONNXFault) -> UInt64 {
        var (value, shift) = (UInt64(0), UInt64(0))
        while shift < 64 {
            guard position < end else { throw fault("is cut short at byte \(position)") }
            let byte = try source.byte(at: position)
            position += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw fault("has a number longer than 64 bits at byte \(position)")
    }

    private mutating func fixed(_ count: Int) throws(ONNXFault) -> UInt64 {
        guard count <= end - position else { throw fault("is cut short at byte \(position)") }
        var value = UInt64(0)
        for index in 0..<count {
            value |= UInt64(try source.byte(at: position + index)) << (8 * UInt64(index))
        }
        position += count
        return value
    }

    /// A text among the fields.
    func text(_ payload: Payload, _ what: String) throws(ONNXFault) -> String {
        guard case .bytes(let range) = payload, range.count <= 1 << 16 else {
            throw fault("has \(what) that is no text, or longer than 65536 bytes")
        }
        guard let text = String(validating: try source.read(range), as: UTF8.self) else {
            throw fault("has \(what) that is not UTF-8, at byte \(range.lowerBound)")
        }
        return text
    }

    /// A nested message.
    func message(_ payload: Payload, _ what: String) throws(ONNXFault) -> ProtobufReader {
        guard case .bytes(let range) = payload else { throw fault("has \(what) that is no message") }
        return ProtobufReader(source, range)
    }

    func integer(_ payload: Payload, _ what: String) throws(ONNXFault) -> Int {
        guard case .varint(let value) = payload else { throw fault("has \(what) that is no whole number") }
        return Int(truncatingIfNeeded: value)
    }

    /// The elements of a repeated field of numbers, packed or one by one, as their bits.
    func numbers(_ payload: Payload, width: Int?, _ what: String) throws(ONNXFault) -> [UInt64] {
        switch (payload, width) {
        case (.varint(let value), nil): return [value]
        case (.fixed32(let value), 4?): return [UInt64(value)]
        case (.fixed64(let value), 8?): return [value]
        case (.bytes(let range), let width):
            var reader = ProtobufReader(source, range)
            var numbers: [UInt64] = []
            while reader.position < reader.end {
                if let width { numbers.append(try reader.fixed(width)) } else { numbers.append(try reader.varint()) }
            }
            return numbers
        default: throw fault("has \(what) of the wrong kind")
        }
    }
}
