/// A network in the ONNX format, as its file has it. Names are consistent: each node's inputs are there before it.
public struct ONNXModel: Sendable {
    /// Version of ONNX's own operations.
    public let opset: Int
    /// The network.
    public let graph: Graph

    /// The versions of ONNX's operations that are read.
    public static let opsets = 11...28
    static let maxNodes = 200_000

    /// A network's nodes and tensors.
    public struct Graph: Sendable {
        /// The operations, each after those whose results it reads.
        public var nodes: [Node] = []
        /// Tensors with numbers in the file.
        public var initializers: [String: ONNXTensor] = [:]
        /// The inputs, without those that have initial values.
        public var inputs: [ValueInfo] = []
        /// The outputs.
        public var outputs: [ValueInfo] = []
    }

    /// An input or output.
    public struct ValueInfo: Sendable {
        /// The name.
        public var name = ""
        /// The type of its numbers, where the file says it.
        public var elementType: ONNXElementType?
        /// Its sizes, where the file says them.
        public var shape: [Dimension]?
    }

    /// A size of an input or output.
    public enum Dimension: Sendable {
        case size(Int)
        /// Open, under a name.
        case symbol(String)
    }

    /// An operation.
    public struct Node: Sendable {
        /// The name; may be empty.
        public var name = ""
        /// The operation's name.
        public var operation = ""
        /// Whose operation it is; empty: ONNX's own.
        public var domain = ""
        /// Names of the tensors that it reads; empty: an optional one that is left out.
        public var inputs: [String] = []
        /// Names of the tensors that it makes.
        public var outputs: [String] = []
        /// Its settings.
        public var attributes: [String: Attribute] = [:]
    }

    /// A setting of a node.
    public enum Attribute: Sendable {
        case int(Int)
        case float(Double)
        case string(String)
        case ints([Int])
        case floats([Double])
        case strings([String])
        case tensor(ONNXTensor)
        /// A kind that no operation here has.
        case unsupported(String)
    }

    /// Reads a file.
    public init(reading path: String) throws(ONNXFault) {
        try self.init(try ByteSource(opening: path))
    }

    /// Reads a file's bytes.
    ///
    /// - Parameter name: the file's name in messages; external data lie beside it.
    public init(bytes: [UInt8], name: String) throws(ONNXFault) {
        try self.init(ByteSource(bytes, name: name))
    }

    private init(_ source: ByteSource) throws(ONNXFault) {
        if let kind = try source.foreignKind() {
            throw ONNXFault(
                source.path,
                "is \(kind), not an ONNX file; export the network, from PyTorch with torch.onnx.export(network, "
                    + "(example,), \"net.onnx\")")
        }
        var reader = ProtobufReader(source, 0..<source.size)
        var (graph, opset) = (Graph?.none, Int?.none)
        while let (number, payload) = try reader.next() {
            switch number {
            case 7: graph = try Graph(try reader.message(payload, "a graph"))
            case 8:
                var message = try reader.message(payload, "a version")
                var (domain, version) = ("", 0)
                while let (number, payload) = try message.next() {
                    if number == 1 { domain = try message.text(payload, "a domain") }
                    if number == 2 { version = try message.integer(payload, "a version") }
                }
                if domain.isEmpty || domain == "ai.onnx" { opset = version }
            default: break
            }
        }
        guard let graph, let opset else {
            throw reader.fault("is not an ONNX file: it has no graph, or doesn't say its opset")
        }
        guard ONNXModel.opsets.contains(opset) else {
            throw reader.fault(
                "has opset \(opset); \(ONNXModel.opsets.lowerBound) to \(ONNXModel.opsets.upperBound) are read: export it "
                    + "again with opset_version=17")
        }
        (self.graph, self.opset) = (graph, opset)
        if let words = graph.inconsistency { throw reader.fault(words) }
    }
}

extension ByteSource {
    /// What a file is whose first bytes are those of another format.
    fileprivate func foreignKind() throws(ONNXFault) -> String? {
        let start = try read(0..<min(size, 16))
        func begins(_ text: String) -> Bool { start.starts(with: Array(text.utf8)) }
        if start.isEmpty { return "empty" }
        if begins("PK") { return "a zip archive, such as PyTorch's .pt and .pth" }
        if start.starts(with: [0x89] + Array("HDF".utf8)) { return "HDF5, such as Keras' .h5" }
        if start.starts(with: [0x93] + Array("NUMPY".utf8)) { return "a .npy array" }
        if start.count > 8, start[8] == UInt8(ascii: "{"), start[4..<8].allSatisfy({ $0 == 0 }) {
            return "a .safetensors file"
        }
        return nil
    }
}

extension ONNXModel.Graph {
    /// Reads a GraphProto.
    fileprivate init(_ message: ProtobufReader) throws(ONNXFault) {
        var reader = message
        while let (number, payload) = try reader.next() {
            switch number {
            case 1:
                guard nodes.count < ONNXModel.maxNodes else {
                    throw reader.fault("has more than \(ONNXModel.maxNodes) nodes")
                }
                nodes.append(try ONNXModel.Node(try reader.message(payload, "a node")))
            case 5:
                let tensor = try ONNXTensor(try reader.message(payload, "an initializer"))
                guard initializers.updateValue(tensor, forKey: tensor.name) == nil else {
                    throw reader.fault("has two initializers named '\(tensor.name)'")
                }
            case 11: inputs.append(try ONNXModel.ValueInfo(try reader.message(payload, "an input")))
            case 12: outputs.append(try ONNXModel.ValueInfo(try reader.message(payload, "an output")))
            case 15: throw reader.fault("has sparse initializers, which aren't read")
            default: break
            }
        }
        inputs.removeAll { initializers[$0.name] != nil }
    }

    /// Why the names don't fit together; nil where they do.
    fileprivate var inconsistency: String? {
        guard !nodes.isEmpty else { return "has no nodes" }
        guard !outputs.isEmpty else { return "has no outputs" }
        var known = Set(initializers.keys)
        for input in inputs where !known.insert(input.name).inserted {
            return "has two inputs named '\(input.name)'"
        }
        for node in nodes {
            for name in node.inputs where !name.isEmpty && !known.contains(name) {
                let isMadeLater = nodes.contains { $0.outputs.contains(name) }
                return "\(node.title) reads '\(name)', which "
                    + (isMadeLater ? "only a later node makes: the nodes are out of order or in a circle" : "nothing makes")
            }
            for name in node.outputs where !name.isEmpty && !known.insert(name).inserted {
                return "has two tensors named '\(name)'"
            }
        }
        return outputs.first { !known.contains($0.name) }.map { "has the output '\($0.name)', which no node makes" }
    }
}

extension ONNXModel.ValueInfo {
    /// Reads a ValueInfoProto.
    fileprivate init(_ message: ProtobufReader) throws(ONNXFault) {
        var reader = message
        while let (number, payload) = try reader.next() {
            if number == 1 { name = try reader.text(payload, "a name") }
            guard number == 2 else { continue }
            var type = try reader.message(payload, "a type")
            while let (number, payload) = try type.next() {
                guard number == 1 else { continue }
                var tensor = try type.message(payload, "a tensor's type")
                while let (number, payload) = try tensor.next() {
                    if number == 1 { elementType = ONNXElementType(rawValue: try tensor.integer(payload, "a type")) }
                    if number == 2 { shape = try ONNXModel.Dimension.list(try tensor.message(payload, "a shape")) }
                }
            }
        }
    }
}

extension ONNXModel.Dimension {
    /// Reads a TensorShapeProto.
    fileprivate static func list(_ message: ProtobufReader) throws(ONNXFault) -> [ONNXModel.Dimension] {
        var reader = message
        var list: [ONNXModel.Dimension] = []
        while let (number, payload) = try reader.next() {
            guard number == 1 else { continue }
            var dimension = ONNXModel.Dimension.symbol("")
            var inner = try reader.message(payload, "a dimension")
            while let (number, payload) = try inner.next() {
                if number == 1 {
                    let size = try inner.integer(payload, "a size")
                    guard size >= 0 else { throw reader.fault("has an input or output of size \(size)") }
                    dimension = .size(size)
                }
                if number == 2 { dimension = .symbol(try inner.text(payload, "a dimension's name")) }
            }
            guard list.count < 64 else { throw reader.fault("has a tensor with more than 64 dimensions") }
            list.append(dimension)
        }
        return list
    }
}

extension ONNXModel.Node {
    /// Reads a NodeProto.
    fileprivate init(_ message: ProtobufReader) throws(ONNXFault) {
        var reader = message
        while let (number, payload) = try reader.next() {
            switch number {
            case 1: inputs.append(try reader.text(payload, "a name"))
            case 2: outputs.append(try reader.text(payload, "a name"))
            case 3: name = try reader.text(payload, "a node's name")
            case 4: operation = try reader.text(payload, "an operation's name")
            case 5:
                let (name, attribute) = try ONNXModel.Attribute.read(try reader.message(payload, "an attribute"))
                attributes[name] = attribute
            case 7: domain = try reader.text(payload, "a domain")
            default: break
            }
        }
        guard inputs.count <= 65_536, outputs.count <= 65_536, !operation.isEmpty else {
            throw reader.fault("has a node without an operation, or with more than 65536 inputs or outputs")
        }
    }
}

extension ONNXModel.Attribute {
    /// Reads an AttributeProto.
    fileprivate static func read(
        _ message: ProtobufReader
    ) throws(ONNXFault) -> (name: String, attribute: ONNXModel.Attribute) {
        var reader = message
        var (name, kind) = ("", 0)
        var (float, int, string) = (0.0, 0, "")
        var (floats, ints, strings) = ([Double](), [Int](), [String]())
        var tensor: ONNXTensor?
        func single(_ bits: UInt64) -> Double { Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))) }
        while let (number, payload) = try reader.next() {
            switch number {
            case 1: name = try reader.text(payload, "an attribute's name")
            case 2: float = try reader.numbers(payload, width: 4, "a number").first.map(single) ?? 0
            case 3: int = try reader.integer(payload, "a whole number")
            case 4: if case .bytes(let range) = payload, range.count <= 1 << 16 {
                string = String(decoding: try reader.source.read(range), as: UTF8.self)
            }
            case 5: tensor = try ONNXTensor(try reader.message(payload, "a tensor"))
            case 7: floats += try reader.numbers(payload, width: 4, "numbers").map(single)
            case 8: ints += try reader.numbers(payload, width: nil, "numbers").map { Int(truncatingIfNeeded: $0) }
            case 9: strings.append(try reader.text(payload, "a text"))
            case 20: kind = try reader.integer(payload, "a kind")
            default: break
            }
        }
        switch kind {
        case 1: return (name, .float(float))
        case 2: return (name, .int(int))
        case 3: return (name, .string(string))
        case 4: return (name, tensor.map { .tensor($0) } ?? .unsupported("a missing tensor"))
        case 6: return (name, .floats(floats))
        case 7: return (name, .ints(ints))
        case 8: return (name, .strings(strings))
        default: return (name, .unsupported(kind == 5 || kind == 10 ? "a graph" : "kind \(kind)"))
        }
    }
}
