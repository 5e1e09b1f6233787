import Files

/// The type of a tensor's elements, with its number in onnx.proto.
public enum ONNXElementType: Int, Sendable, CaseIterable {
    case float = 1
    case uint8, int8, uint16, int16, int32, int64, string, bool, float16, double, uint32, uint64
    case complex64, complex128, bfloat16, float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz
    case uint4, int4, float4e2m1, float8e8m0, uint2, int2, float6e2m3, float6e3m2

    /// Bytes of a number; nil for types whose numbers aren't read.
    public var width: Int? {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16, .float16, .bfloat16: 2
        case .float, .int32, .uint32: 4
        case .double, .int64, .uint64: 8
        default: nil
        }
    }

    /// Whether its numbers are whole, truth values included.
    public var isInteger: Bool {
        switch self {
        case .uint8, .int8, .uint16, .int16, .int32, .int64, .uint32, .uint64, .bool: true
        default: false
        }
    }
}

/// An array of numbers in an .onnx file, or in a file beside it. It keeps no numbers: they are read when asked for.
public struct ONNXTensor: Sendable {
    /// The tensor's name; that of its attribute, where it has none.
    public let name: String
    /// Its sizes; empty for one number.
    public let shape: [Int]
    /// The type of its elements.
    public let elementType: ONNXElementType
    /// The number of its elements.
    public let count: Int
    let storage: Storage
    /// The model's file.
    let file: InputFile

    /// Where the numbers are.
    enum Storage: Sendable {
        /// There are none, or they are of a type that isn't read.
        case nowhere
        /// Little-endian, from a byte on, in the file at the path; nil: in the model's.
        case raw(path: String?, at: Int)
        /// In a repeated field of the tensor's message, which is these bytes of the model's file.
        case field(Range<Int>)
    }

    /// Reads all numbers, in order, in double precision; `int64` and `uint64` beyond 2^53 are rounded, true is 1.
    public func doubles() throws(ONNXFault) -> [Double] {
        switch elementType {
        case .float: try numbers { Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0))) }
        case .double: try numbers { Double(bitPattern: $0) }
        case .float16: try numbers { Double(single(fromBinary16: UInt16(truncatingIfNeeded: $0))) }
        case .bfloat16: try numbers { Double(single(fromBFloat16: UInt16(truncatingIfNeeded: $0))) }
        case .uint64: try numbers { Double($0) }
        default: try integers().map { Double($0) }
        }
    }

    /// Reads all numbers, in order, in single precision; what it can't hold is rounded.
    public func floats() throws(ONNXFault) -> [Float] {
        switch elementType {
        case .float: try numbers { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
        case .float16: try numbers { single(fromBinary16: UInt16(truncatingIfNeeded: $0)) }
        case .bfloat16: try numbers { single(fromBFloat16: UInt16(truncatingIfNeeded: $0)) }
        default: try doubles().map { Float($0) }
        }
    }

    /// Reads all numbers, in order, exactly. The tensor must be of integers or truth values.
    public func integers() throws(ONNXFault) -> [Int] {
        switch elementType {
        case .int8: return try numbers { Int(Int8(truncatingIfNeeded: $0)) }
        case .int16: return try numbers { Int(Int16(truncatingIfNeeded: $0)) }
        case .int32: return try numbers { Int(Int32(truncatingIfNeeded: $0)) }
        case .bool: return try numbers { $0 == 0 ? 0 : 1 }
        case .uint8, .uint16, .uint32, .int64: return try numbers { Int(truncatingIfNeeded: $0) }
        case .uint64:
            let numbers = try numbers { Int(exactly: $0) }
            let exact = numbers.compactMap { $0 }
            guard exact.count == numbers.count else {
                throw fault("has a number beyond 64-bit signed integers")
            }
            return exact
        default:
            throw fault(
                elementType.width == nil
                    ? unread : "has elements of type \(elementType) where integers belong")
        }
    }

    /// Reads all numbers; `convert` gets the bits of each, of as many bytes as the type has.
    private func numbers<Number>(_ convert: (UInt64) -> Number) throws(ONNXFault) -> [Number] {
        guard let width = elementType.width else { throw fault(unread) }
        var numbers: [Number] = []
        numbers.reserveCapacity(count)
        switch storage {
        case .nowhere: break
        case .raw(let path, let offset):
            do throws(FileError) {
                let file = try path.map { path throws(FileError) in try InputFile(path) } ?? file
                guard file.size - offset >= count * width else {
                    throw FileError(path: file.path, doing: "read", code: 0)
                }
                try file.forEachNumber(at: offset, count: count, width: width) { numbers.append(convert($0)) }
            } catch { throw ONNXFault(file: error.path, what: "cannot be read: \(error.cause)") }
        case .field(let range):
            let message = WireMessage(input: WireInput(file), range: range)
            try message.forEachNumber(elementType.field, elementType.fieldWidth) { bits throws(ONNXFault) in
                guard elementType.holds(bits) else {
                    throw fault("has a number at \(numbers.count) that is none of type \(elementType)")
                }
                numbers.append(convert(bits))
            }
        }
        return numbers
    }

    private var unread: String {
        "has elements of type \(elementType), which are not read; export the network in float32"
    }

    private func fault(_ what: String) -> ONNXFault {
        ONNXFault(file: file.path, what: "tensor '\(name)' \(what)")
    }
}

extension ONNXElementType {
    /// The field of `TensorProto` that may hold numbers of this type, one by one.
    var field: Int {
        switch self {
        case .float, .complex64: 4
        case .string: 6
        case .int64: 7
        case .double, .complex128: 10
        case .uint32, .uint64: 11
        default: 5
        }
    }

    /// Bytes of a number in that field; nil: they vary.
    var fieldWidth: Int? { self == .float ? 4 : self == .double ? 8 : nil }

    /// Whether the bits of a field's number are one of the type.
    fileprivate func holds(_ bits: UInt64) -> Bool {
        switch self {
        case .int8: Int8(exactly: Int64(bitPattern: bits)) != nil
        case .int16: Int16(exactly: Int64(bitPattern: bits)) != nil
        case .int32: Int32(exactly: Int64(bitPattern: bits)) != nil
        case .bool: bits < 2
        case .uint8: bits < 1 << 8
        case .uint16, .float16, .bfloat16: bits < 1 << 16
        case .uint32: bits < 1 << 32
        default: true
        }
    }
}
