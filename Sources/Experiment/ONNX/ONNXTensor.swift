import Glibc
import Model

/// The type of a tensor's numbers, by its code in ONNX.
public enum ONNXElementType: Int, Sendable {
    case float = 1, uint8, int8, uint16, int16, int32, int64, string, bool, float16, double, uint32, uint64
    case complex64, complex128, bfloat16

    /// Bytes of a number; nil: the type isn't read.
    var width: Int? {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16, .float16, .bfloat16: 2
        case .float, .int32, .uint32: 4
        case .double, .int64, .uint64: 8
        case .string, .complex64, .complex128: nil
        }
    }

    /// Whether the numbers are whole.
    public var isInteger: Bool {
        switch self {
        case .uint8, .int8, .uint16, .int16, .int32, .int64, .uint32, .uint64: true
        default: false
        }
    }

    /// Whether the numbers are real.
    public var isFloatingPoint: Bool {
        switch self {
        case .float, .float16, .double, .bfloat16: true
        default: false
        }
    }

    /// The number that little-endian bits stand for.
    func number(_ bits: UInt64) -> Double {
        switch self {
        case .float: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case .double: Double(bitPattern: bits)
        case .float16: Double(single(fromBinary16: UInt16(truncatingIfNeeded: bits)))
        case .bfloat16: Double(single(fromBFloat16: UInt16(truncatingIfNeeded: bits)))
        case .int8: Double(Int8(truncatingIfNeeded: bits))
        case .int16: Double(Int16(truncatingIfNeeded: bits))
        case .int32: Double(Int32(truncatingIfNeeded: bits))
        case .int64: Double(Int64(bitPattern: bits))
        case .bool: bits & 0xff == 0 ? 0 : 1
        case .uint8: Double(UInt8(truncatingIfNeeded: bits))
        case .uint16: Double(UInt16(truncatingIfNeeded: bits))
        case .uint32: Double(UInt32(truncatingIfNeeded: bits))
        default: Double(bits)
        }
    }
}

/// A tensor of a file: an initializer or the value of a constant. Its numbers are read when they are asked for.
public struct ONNXTensor: Sendable {
    /// Where a tensor's numbers are.
    enum Storage: Sendable {
        /// Little-endian, in a file from this byte on.
        case file(String, offset: Int)
        case bytes([UInt8])
        /// In a field of the tensor's type, one element each.
        case elements([UInt64])
    }

    /// The name in the file; empty for a constant's value.
    public let name: String
    /// The sizes of its dimensions.
    public let shape: [Int]
    /// The type of its numbers.
    public let elementType: ONNXElementType
    let storage: Storage
    /// Path of the file, for messages.
    let file: String
    /// Number of numbers.
    public var count: Int { shape.reduce(1, *) }

    /// All numbers, row-major.
    public func doubles() throws(ONNXFault) -> [Double] {
        var numbers: [Double] = []
        numbers.reserveCapacity(count)
        try forEach { numbers.append($0) }
        return numbers
    }

    /// All numbers, row-major, rounded to single precision.
    public func floats() throws(ONNXFault) -> [Float] {
        var numbers: [Float] = []
        numbers.reserveCapacity(count)
        try forEach { numbers.append(Float($0)) }
        return numbers
    }

    private func forEach(_ body: (Double) -> Void) throws(ONNXFault) {
        guard let width = elementType.width else {
            throw ONNXFault(file, "tensor '\(name)' has the type \(elementType), which isn't read")
        }
        switch storage {
        case .elements(let bits): for bits in bits { body(elementType.number(bits)) }
        case .bytes(let bytes): decode(bytes, width, body)
        case .file(let path, let offset):
            let source = try ByteSource(opening: path)
            let part = 1 << 20
            for start in stride(from: 0, to: count * width, by: part) {
                let end = min(count * width, start + part)
                decode(try source.read(offset + start..<offset + end), width, body)
            }
        }
    }

    private func decode(_ bytes: [UInt8], _ width: Int, _ body: (Double) -> Void) {
        for start in stride(from: 0, to: bytes.count, by: width) {
            var bits = UInt64(0)
            for byte in 0..<width { bits |= UInt64(bytes[start + byte]) << (8 * UInt64(byte)) }
            body(elementType.number(bits))
        }
    }
}

extension ONNXTensor {
    /// Reads a TensorProto.
    init(_ message: ProtobufReader) throws(ONNXFault) {
        var reader = message
        var name = "", type = 0, shape: [Int] = []
        var raw: Range<Int>?
        var elements: [UInt64] = []
        var external: [String: String] = [:]
        var isExternal = false
        while let (number, payload) = try reader.next() {
            switch number {
            case 1: shape += try reader.numbers(payload, width: nil, "dimensions").map { Int(truncatingIfNeeded: $0) }
            case 2: type = try reader.integer(payload, "a data type")
            case 4: elements += try reader.numbers(payload, width: 4, "numbers")
            case 5, 7, 11: elements += try reader.numbers(payload, width: nil, "numbers")
            case 10: elements += try reader.numbers(payload, width: 8, "numbers")
            case 8: name = try reader.text(payload, "a tensor's name")
            case 9: if case .bytes(let range) = payload { raw = range }
            case 13:
                var entry = try reader.message(payload, "an external file's description")
                var (key, value) = ("", "")
                while let (number, payload) = try entry.next() {
                    if number == 1 { key = try entry.text(payload, "a key") }
                    if number == 2 { value = try entry.text(payload, "a value") }
                }
                external[key] = value
            case 14: isExternal = try reader.integer(payload, "a location") == 1
            default: break
            }
        }
        let file = reader.source.path
        func fault(_ words: String) -> ONNXFault { ONNXFault(file, "tensor '\(name)' \(words)") }
        guard let elementType = ONNXElementType(rawValue: type) else {
            throw fault("has the data type \(type), which isn't read")
        }
        var count = 1
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard size >= 0, !overflow, product < 1 << 40 else { throw fault("has the impossible shape \(shape)") }
            count = product
        }
        (self.name, self.shape, self.elementType, self.file) = (name, shape, elementType, file)
        guard let width = elementType.width else {
            storage = .bytes([])
            return
        }
        if isExternal {
            storage = try ExternalData(external, model: file, bytes: count * width, fault).storage
        } else if let raw {
            guard raw.count == count * width else {
                throw fault("of shape \(shape) and type \(elementType) has \(raw.count) bytes, and needs \(count * width)")
            }
            storage = reader.source.isInMemory
                ? .bytes(try reader.source.read(raw)) : .file(file, offset: raw.lowerBound)
        } else {
            guard elements.count == count else {
                throw fault("of shape \(shape) has \(elements.count) numbers, and needs \(count)")
            }
            storage = .elements(elements)
        }
    }
}

/// Where a tensor's numbers lie in another file beside the model.
private struct ExternalData {
    let storage: ONNXTensor.Storage

    init(
        _ entries: [String: String], model: String, bytes: Int, _ fault: (String) -> ONNXFault
    ) throws(ONNXFault) {
        guard let location = entries["location"], !location.isEmpty else {
            throw fault("is in another file, which isn't named")
        }
        let parts = location.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(""), !parts.contains(".."), !parts.contains("."), !location.contains("\0") else {
            throw fault("is in '\(location)', which is not below the model's folder")
        }
        let folder = model.lastIndex(of: "/").map { String(model[...$0]) } ?? ""
        let path = folder + location
        guard let own = resolved(folder.isEmpty ? "." : folder), let real = resolved(path) else {
            throw fault("is in '\(location)', which is not there: keep it beside the model")
        }
        guard real.hasPrefix(own == "/" ? own : own + "/") else {
            throw fault("is in '\(location)', which leads out of the model's folder")
        }
        func number(_ key: String, _ usual: Int) throws(ONNXFault) -> Int {
            guard let text = entries[key] else { return usual }
            guard let number = Int(text), number >= 0 else { throw fault("has the \(key) '\(text)'") }
            return number
        }
        let source = try ByteSource(opening: path)
        let offset = try number("offset", 0)
        guard try number("length", bytes) == bytes else {
            throw fault("needs \(bytes) bytes, and \(entries["length"] ?? "") are announced in '\(location)'")
        }
        guard offset <= source.size, bytes <= source.size - offset else {
            throw fault("needs \(bytes) bytes from \(offset) on of '\(location)', which has \(source.size)")
        }
        storage = .file(path, offset: offset)
    }
}

/// The path without symbolic links; nil where there is no such file.
private func resolved(_ path: String) -> String? {
    guard let name = realpath(path, nil) else { return nil }
    defer { free(name) }
    return String(cString: name)
}
