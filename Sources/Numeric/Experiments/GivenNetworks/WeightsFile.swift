import Files
import Text

/// A .safetensors file. It is checked as a whole when it is opened; tensors are read one by one.
///
/// Format (github.com/huggingface/safetensors): the header's length as a little-endian UInt64; the header, a
/// JSON object of name → {dtype, shape, data_offsets} with an optional "__metadata__"; then the tensors'
/// bytes without gap or overlap.
struct WeightsFile {
    struct Tensor: Equatable {
        var name: String
        /// As the file spells it: "F32".
        var type: String
        var shape: [Int]
        /// The tensor's bytes within the data.
        var bytes: Range<Int>
    }

    /// The tensors by position in the file.
    let tensors: [Tensor]
    /// The header's "__metadata__".
    let metadata: [String: String]
    private let file: InputFile
    private let dataStart: Int

    var path: String { file.path }

    private static let headerLimit = 100_000_000

    /// Bits of an element of each type in the format.
    private static let widths = [
        "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
        "I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64,
    ]

    static let readTypes = ["F64", "F32", "F16", "BF16"]

    init(opening path: String) throws(DataError) {
        file = try reading(InputFile(path))
        let header = try WeightsFile.header(file)
        dataStart = header.end
        do throws(WeightsProblem) {
            tensors = try WeightsFile.tensors(header.json, dataSize: file.size - header.end)
            metadata = header.json["__metadata__"]?.object?.compactMapValues(\.string) ?? [:]
        } catch { throw DataError(file: path, problem: .weights(error)) }
    }

    private static func header(_ file: InputFile) throws(DataError) -> (json: JSONValue, end: Int) {
        guard file.size >= 8 else { throw DataError(file: file.path, problem: .weights(.noHeader)) }
        let length = try reading(file.read(at: 0, count: 8)).reversed().reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
        }
        // "PK", as a zip archive begins.
        guard length & 0xffff_ffff != 0x0403_4b50 else {
            throw DataError(file: file.path, problem: .weights(.archive))
        }
        guard length <= UInt64(min(headerLimit, file.size - 8)) else {
            let problem = WeightsProblem.headerTooLong(announced: length, found: file.size - 8)
            throw DataError(file: file.path, problem: .weights(problem))
        }
        let bytes = try reading(file.read(at: 8, count: Int(length)))
        do throws(JSONError) {
            return (try JSONValue(parsing: bytes), 8 + Int(length))
        } catch { throw DataError(file: file.path, problem: .weights(.notJSON(error))) }
    }

    private static func tensors(_ header: JSONValue, dataSize: Int) throws(WeightsProblem) -> [Tensor] {
        guard let members = header.object else { throw .noObject }
        var tensors: [Tensor] = []
        for (name, value) in members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            if name == "__metadata__" {
                guard value.object?.values.allSatisfy({ $0.string != nil }) == true else { throw .metadata }
                continue
            }
            do throws(WeightsProblem.OfTensor) {
                tensors.append(try tensor(name, value, dataSize: dataSize))
            } catch { throw .tensor(name, error) }
        }
        // Tensors without elements come before the one that begins at the same byte.
        tensors.sort {
            ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
        }
        var end = 0
        var previous = ""
        for tensor in tensors {
            guard tensor.bytes.lowerBound >= end else {
                throw .tensor(tensor.name, .overlaps(previous))
            }
            guard tensor.bytes.lowerBound == end else {
                throw .tensor(tensor.name, .gapBefore(tensor.bytes.lowerBound - end))
            }
            (end, previous) = (tensor.bytes.upperBound, tensor.name)
        }
        guard end == dataSize else { throw .trailing(dataSize - end) }
        return tensors
    }

    private static func tensor(
        _ name: String, _ value: JSONValue, dataSize: Int
    ) throws(WeightsProblem.OfTensor) -> Tensor {
        guard let members = value.object else { throw .noObject }
        for key in members.keys.sorted() where !["dtype", "shape", "data_offsets"].contains(key) {
            throw .unknownMember(key)
        }
        guard let type = members["dtype"]?.string else { throw .badMember("dtype") }
        guard let shape = wholeNumbers(members["shape"]) else { throw .badMember("shape") }
        guard let offsets = wholeNumbers(members["data_offsets"]), offsets.count == 2,
            offsets[0] <= offsets[1]
        else { throw .badMember("data_offsets") }
        guard offsets[1] <= dataSize else { throw .beyondEnd(begin: offsets[0], end: offsets[1], dataSize) }
        // A type that is newer than this list is refused when its tensor is read.
        if let width = widths[type] {
            guard let count = product(shape), let bits = product([count, width]), bits % 8 == 0,
                bits / 8 == offsets[1] - offsets[0]
            else { throw .sizesDisagree(shape: shape, type: type, bytes: offsets[1] - offsets[0]) }
        }
        return Tensor(name: name, type: type, shape: shape, bytes: offsets[0]..<offsets[1])
    }

    private static func wholeNumbers(_ value: JSONValue?) -> [Int]? {
        guard let elements = value?.array else { return nil }
        let numbers = elements.compactMap { element in
            element.number.flatMap { Int(exactly: $0) }.flatMap { 0...(1 << 53) ~= $0 ? $0 : nil }
        }
        return numbers.count == elements.count ? numbers : nil
    }

    /// Reads a tensor's numbers, in order, in single precision; F64 is rounded.
    func floats(_ tensor: Tensor) throws(DataError) -> [Float] {
        guard tensor.type != "F64" else {
            let numbers = try doubles(tensor).map { Float($0) }
            if let index = numbers.firstIndex(where: { !$0.isFinite }) {
                throw fault(.tensor(tensor.name, .beyondSingle(index)))
            }
            return numbers
        }
        let convert = try conversion(of: tensor)
        return try numbers(tensor, convert)
    }

    /// Reads a tensor's numbers, in order, in double precision.
    func doubles(_ tensor: Tensor) throws(DataError) -> [Double] {
        guard tensor.type != "F64" else { return try numbers(tensor) { Double(bitPattern: $0) } }
        let convert = try conversion(of: tensor)
        return try numbers(tensor) { Double(convert($0)) }
    }

    private func conversion(of tensor: Tensor) throws(DataError) -> (UInt64) -> Float {
        switch tensor.type {
        case "F32": { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
        case "F16": { single(fromBinary16: UInt16(truncatingIfNeeded: $0)) }
        case "BF16": { single(fromBFloat16: UInt16(truncatingIfNeeded: $0)) }
        default: throw fault(.tensor(tensor.name, .type(tensor.type)))
        }
    }

    private func numbers<Number: BinaryFloatingPoint>(
        _ tensor: Tensor, _ convert: (UInt64) -> Number
    ) throws(DataError) -> [Number] {
        let count = tensor.shape.reduce(1, *)
        guard count > 0 else { return [] }
        var numbers: [Number] = []
        numbers.reserveCapacity(count)
        try reading(
            file.forEachNumber(
                at: dataStart + tensor.bytes.lowerBound, count: count, width: tensor.bytes.count / count
            ) { numbers.append(convert($0)) })
        if let index = numbers.firstIndex(where: { !$0.isFinite }) {
            throw fault(.tensor(tensor.name, .notFinite(index)))
        }
        return numbers
    }

    func fault(_ problem: WeightsProblem) -> DataError { DataError(file: path, problem: .weights(problem)) }
}

// MARK: - Writing

extension WeightsFile {
    /// The bytes of a file of F32 tensors, as the format's own package writes them: sorted by name, with the
    /// header padded with spaces to a multiple of eight bytes.
    static func bytes(of tensors: [(name: String, shape: [Int], values: [Float])]) -> [UInt8] {
        var header: [String] = []
        var data: [UInt8] = []
        for tensor in tensors.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            precondition(tensor.shape.reduce(1, *) == tensor.values.count)
            let begin = data.count
            for value in tensor.values {
                for shift in stride(from: 0, to: 32, by: 8) {
                    data.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift)))
                }
            }
            header.append(
                "\(JSONValue.string(tensor.name).canonicalText):{\"dtype\":\"F32\",\"shape\":"
                    + "\(JSONValue(tensor.shape).canonicalText),\"data_offsets\":[\(begin),\(data.count)]}")
        }
        var text = Array("{\(header.joined(separator: ","))}".utf8)
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
        return length + text + data
    }
}
