import Files
import Glibc
import Text

extension ONNXTensor {
    /// Reads a tensor's message, but not its numbers.
    ///
    /// - Parameter unnamed: the name of a tensor that has none.
    init(_ given: WireMessage, unnamed: String) throws(ONNXFault) {
        var (parts, message) = (TensorParts(name: unnamed), given)
        while let field = try message.next() { try parts.read(field) }
        (name, shape, file) = (parts.name, parts.shape, message.input.file)
        let tensor = "tensor '\(parts.name)'"
        func fault(_ what: String) -> ONNXFault { given.input.fault("\(tensor) \(what)") }
        guard let type = ONNXElementType(rawValue: parts.type) else {
            throw fault("has elements of type \(parts.type), which ONNX does not know")
        }
        elementType = type
        guard shape.count <= 32 else { throw fault("has \(shape.count) dimensions; 32 are the most") }
        guard !shape.contains(where: { $0 < 0 }), let count = product(shape),
            let bytes = product([count, type.width ?? 1])
        else { throw fault("announces the shape \(shape), which no tensor can have") }
        self.count = count
        if type.width == nil {
            storage = .nowhere
            return
        }
        let held = (parts.isExternal ? 1 : 0) + (parts.raw == nil ? 0 : 1) + parts.fields.count
        guard held <= 1, parts.fields.first.map({ $0 == type.field }) ?? true else {
            throw fault("has numbers in more than one field, or in the field of another type")
        }
        if parts.isExternal {
            storage = try parts.external.storage(beside: file.path, bytes: bytes, fault)
        } else if let field = parts.fields.first {
            guard parts.numbers == count else {
                throw fault("of shape \(shape) cannot have \(countText(parts.numbers, "number"))")
            }
            storage = .field(field, message.range)
        } else {
            let found = parts.raw?.count ?? 0
            guard found == bytes else {
                throw fault("of type \(type) and shape \(shape) cannot have \(countText(found, "byte"))")
            }
            storage = parts.raw.map { .raw(at: $0.lowerBound) } ?? .nowhere
        }
    }
}

/// The fields of a tensor's message.
private struct TensorParts {
    var name: String
    var type = 0
    var shape: [Int] = []
    var raw: Range<Int>?
    var fields: Set<TensorField> = []
    /// How many numbers the fields hold.
    var numbers = 0
    var isExternal = false
    var external = ExternalData()

    init(name: String) { self.name = name }

    mutating func read(_ field: WireField) throws(ONNXFault) {
        switch field.number {
        case 1: try field.append(to: &shape)
        case 2: type = try field.int()
        case 3: throw field.input.fault("tensor '\(name)' is stored in segments, which are not read")
        case 8:
            let text = try field.text()
            if !text.isEmpty { name = text }
        case 9: raw = try field.bytes()
        case 13: try external.read(try field.message("StringStringEntryProto"))
        case 14: isExternal = try field.int() == 1
        default:
            guard let kind = TensorField(rawValue: field.number) else { return }
            var found = 0
            try field.forEachNumber(kind.encoding) { _ throws(ONNXFault) in found += 1 }
            guard found > 0 else { return }
            numbers += found
            fields.insert(kind)
        }
    }
}

/// The part of another file that holds a tensor's numbers.
private struct ExternalData {
    private var entries: [String: String] = [:]

    mutating func read(_ given: WireMessage) throws(ONNXFault) {
        var (message, key, value) = (given, "", "")
        while let field = try message.next() {
            switch field.number {
            case 1: key = try field.text()
            case 2: value = try field.text()
            default: break
            }
        }
        // Others, such as a checksum, are not used.
        if ["location", "offset", "length"].contains(key) { entries[key] = value }
    }

    /// Finds the numbers in a file inside the folder of the model's.
    func storage(
        beside model: String, bytes: Int, _ fault: (String) -> ONNXFault
    ) throws(ONNXFault) -> ONNXTensor.Storage {
        func number(_ key: String) throws(ONNXFault) -> Int? {
            guard let text = entries[key] else { return nil }
            guard let number = Int(text), number >= 0 else {
                throw fault("has external data whose \(key) is '\(text)'")
            }
            return number
        }
        guard let location = entries["location"], !location.isEmpty else {
            throw fault("has external data, but does not say in which file")
        }
        let parts = location.split(separator: "/", omittingEmptySubsequences: false)
        guard !location.utf8.contains(0), !parts.contains(where: { $0.isEmpty || $0 == ".." }) else {
            throw fault("has external data in '\(location)', which is not a path inside the model's folder")
        }
        let offset = try number("offset") ?? 0
        let length = try number("length") ?? bytes
        guard length == bytes else {
            throw fault(
                "has \(countText(bytes, "byte")) by its shape, but announces \(length) of '\(location)'")
        }
        let folder = model.lastIndex(of: "/").map { String(model[...$0]) } ?? "./"
        let path = folder + location
        let size: Int
        do throws(FileError) { size = try InputFile(path).size } catch {
            throw fault(
                "has its numbers in '\(location)' beside the model, which cannot be read: \(error.cause)")
        }
        guard let home = realPath(folder), let real = realPath(path),
            real.hasPrefix(home.hasSuffix("/") ? home : home + "/")
        else {
            throw fault(
                "has external data in '\(location)', which leads out of the model's folder; put the file itself there"
            )
        }
        guard offset <= size, bytes <= size - offset else {
            throw fault(
                "should be \(countText(bytes, "byte")) of '\(location)' from byte \(offset) on, but that has only "
                    + "\(size): it is cut short, or another model's")
        }
        return .external(path: path, at: offset)
    }
}

/// A path without symbolic links; nil where there is none.
private func realPath(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(validatingCString: real)
}
