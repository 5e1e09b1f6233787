import Files
import Glibc
import Text

extension ONNXTensor {
    /// Reads a tensor's message, but not its numbers.
    ///
    /// - Parameter unnamed: the name of a tensor that has none.
    init(_ message: WireMessage, unnamed: String) throws(ONNXFault) {
        let ownName = try message.text(8)
        let name = ownName.isEmpty ? unnamed : ownName
        func fault(_ what: String) -> ONNXFault { message.input.fault("tensor '\(name)' \(what)") }
        let type = try message.int(2)
        guard let elementType = ONNXElementType(rawValue: type) else {
            throw fault("has elements of type \(type), which ONNX does not know")
        }
        let shape = try message.ints(1)
        guard shape.count <= 32 else { throw fault("has \(shape.count) dimensions; 32 are the most") }
        guard !shape.contains(where: { $0 < 0 }), let count = product(shape),
            let bytes = product([count, elementType.width ?? 1])
        else { throw fault("announces the shape \(shape), which no tensor can have") }
        (self.name, self.shape, self.elementType, self.count) = (name, shape, elementType, count)
        file = message.input.file
        if elementType.width == nil {
            storage = .nowhere
            return
        }
        guard try message.message(3) == nil else { throw fault("is stored in segments, which are not read") }
        var (raw, fields): (Range<Int>?, Set<Int>) = (nil, [])
        try message.forEach { part throws(ONNXFault) in
            if part.number == 9 { raw = try part.bytes() }
            if [4, 5, 6, 7, 10, 11].contains(part.number), !part.isEmpty { fields.insert(part.number) }
        }
        let isExternal = try message.int(14) == 1
        let held = (isExternal ? 1 : 0) + (raw == nil ? 0 : 1) + fields.count
        guard held <= 1, fields.isSubset(of: [elementType.field]) else {
            throw fault("has numbers in more than one field, or in the field of another type")
        }
        if isExternal {
            storage = try ONNXTensor.external(message, bytes: bytes, fault)
        } else if !fields.isEmpty {
            var found = 0
            try message.forEachNumber(elementType.field, elementType.fieldWidth) { _ in found += 1 }
            guard found == count else {
                throw fault("of shape \(shape) cannot have \(countText(found, "number"))")
            }
            storage = .field(message.range)
        } else {
            let found = raw?.count ?? 0
            guard found == bytes else {
                throw fault(
                    "of type \(elementType) and shape \(shape) cannot have \(countText(found, "byte"))")
            }
            storage = raw.map { .raw(path: nil, at: $0.lowerBound) } ?? .nowhere
        }
    }

    /// Finds the numbers that a tensor has in a file inside the folder of the model's.
    private static func external(
        _ tensor: WireMessage, bytes: Int, _ fault: (String) -> ONNXFault
    ) throws(ONNXFault) -> Storage {
        var entries: [String: String] = [:]
        try tensor.forEach(13) { field throws(ONNXFault) in
            let entry = try field.message()
            let key = try entry.text(1)
            // Others, such as a checksum, are not used.
            if ["location", "offset", "length"].contains(key) { entries[key] = try entry.text(2) }
        }
        func number(_ key: String, default number: Int) throws(ONNXFault) -> Int {
            guard let text = entries[key] else { return number }
            guard let number = Int(text), number >= 0 else {
                throw fault("has external data whose \(key) is '\(text)'")
            }
            return number
        }
        guard let given = entries["location"], !given.isEmpty else {
            throw fault("has external data, but does not say in which file")
        }
        let parts = given.split(separator: "/", omittingEmptySubsequences: false).filter { $0 != "." }
        guard !given.utf8.contains(0), !parts.isEmpty, !parts.contains(where: { $0.isEmpty || $0 == ".." })
        else {
            throw fault("has external data in '\(given)', which is not a path inside the model's folder")
        }
        let location = parts.joined(separator: "/")
        let offset = try number("offset", default: 0)
        let length = try number("length", default: bytes)
        guard length == bytes else {
            throw fault(
                "has \(countText(bytes, "byte")) by its shape, but announces \(length) of '\(location)'")
        }
        let model = tensor.input.file.path
        let folder = model.lastIndex(of: "/").map { String(model[...$0]) } ?? "./"
        let path = folder + location
        let size: Int
        do throws(FileError) { size = try InputFile(path).size } catch {
            throw fault(
                "has its numbers in '\(location)' beside the model, which cannot be read: \(error.cause)")
        }
        guard let home = realPath(folder), let real = realPath(path),
            real.hasPrefix(home == "/" ? home : home + "/")
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
        return .raw(path: path, at: offset)
    }
}

/// A path without symbolic links; nil where there is none.
private func realPath(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(validatingCString: real)
}
