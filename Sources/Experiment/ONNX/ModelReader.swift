import Files

extension ONNXModel {
    init(_ input: WireInput, opsets: ClosedRange<Int>) throws(ONNXFault) {
        let size = input.file.size
        guard size > 0 else { throw input.fault("is empty") }
        let start = try input.read(0..<min(size, 32))
        if let fault = ONNXFault(file: input.file.path, start: start, size: size) { throw fault }
        var message = WireMessage(input, 0..<size, name: "ModelProto")
        (formatVersion, opset) = (0, 0)
        var graph: Graph?
        while let field = try message.next() {
            switch field.number {
            case 1: formatVersion = try field.int()
            case 7:
                guard graph == nil else { throw input.fault("holds more than one graph") }
                graph = try Graph(try field.message("GraphProto"))
            case 8:
                let (domain, version) = try ONNXModel.opset(try field.message("OperatorSetIdProto"))
                if domain.isEmpty { opset = version }
            default: break
            }
        }
        guard let graph else {
            throw input.fault("is not an ONNX file, or holds no network: it has no graph")
        }
        guard opset != 0 else {
            throw input.fault("does not say which version of ONNX's operations (opset) it uses")
        }
        guard opsets.contains(opset) else {
            throw input.fault(
                "uses version \(opset) of ONNX's operations (opset); \(opsets.lowerBound) to \(opsets.upperBound) are "
                    + "read: export it with opset_version=\(opsets.upperBound)")
        }
        try graph.check(input)
        self.graph = graph
    }

    private static func opset(_ given: WireMessage) throws(ONNXFault) -> (domain: String, version: Int) {
        var (message, domain, version) = (given, "", 0)
        while let field = try message.next() {
            switch field.number {
            case 1: domain = try field.text()
            case 2: version = try field.int()
            default: break
            }
        }
        return (ownDomain(domain), version)
    }

    /// ONNX's own operations have two names for their domain.
    fileprivate static func ownDomain(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }
}

extension ONNXModel.Graph {
    fileprivate init(_ given: WireMessage) throws(ONNXFault) {
        var message = given
        let input = message.input
        (nodes, initializers, inputs, outputs) = ([], [:], [], [])
        while let field = try message.next() {
            switch field.number {
            case 1:
                try input.charge(256)
                nodes.append(try ONNXModel.Node(try field.message("NodeProto"), index: nodes.count))
            case 5:
                let tensor = try ONNXTensor(try field.message("TensorProto"), unnamed: "")
                try input.charge(400)
                guard !tensor.name.isEmpty else { throw input.fault("holds an initializer without a name") }
                guard initializers.updateValue(tensor, forKey: tensor.name) == nil else {
                    throw input.fault("holds the initializer '\(tensor.name)' twice")
                }
            case 11: inputs.append(try ONNXModel.ValueInfo(try field.message("ValueInfoProto")))
            case 12: outputs.append(try ONNXModel.ValueInfo(try field.message("ValueInfoProto")))
            case 15:
                throw input.fault("holds sparse initializers, which are not read; export it with dense ones")
            default: break
            }
        }
        // Old files list initializers as inputs, too: then they are defaults.
        inputs.removeAll { initializers[$0.name] != nil }
    }

    /// Checks that each value has one maker, before those that read it.
    fileprivate func check(_ input: WireInput) throws(ONNXFault) {
        guard !nodes.isEmpty else { throw input.fault("holds an empty network: its graph has no node") }
        guard !outputs.isEmpty else {
            throw input.fault("holds a network without a result: its graph has no output")
        }
        // The index of the node that makes a value; -1 for what is given.
        var makers: [String: Int] = [:]
        for name in initializers.keys { makers[name] = -1 }
        for value in inputs where makers.updateValue(-1, forKey: value.name) != nil {
            throw input.fault("holds the input '\(value.name)' twice")
        }
        for (index, node) in nodes.enumerated() {
            for name in node.outputs where !name.isEmpty {
                try input.charge(160)
                guard makers.updateValue(index, forKey: name) == nil else {
                    throw input.fault(
                        "\(node.label(index)) makes '\(name)', which is an input, an initializer or another output already"
                    )
                }
            }
        }
        for (index, node) in nodes.enumerated() {
            for name in node.inputs where !name.isEmpty {
                let maker = makers[name]
                guard let maker, maker < index else {
                    let why = maker.map {
                        "only \(nodes[$0].label($0)) makes, and that does not come before it: the nodes are not in order, or form a cycle"
                    }
                    throw input.fault(
                        "\(node.label(index)) reads '\(name)', which "
                            + (why ?? "is no input, no initializer and no output of a node"))
                }
            }
        }
        var names: Set<String> = []
        for output in outputs {
            guard makers[output.name] != nil else {
                throw input.fault("output '\(output.name)' of the graph is made by no node")
            }
            guard names.insert(output.name).inserted else {
                throw input.fault("holds the output '\(output.name)' twice")
            }
        }
    }
}

extension ONNXModel.ValueInfo {
    fileprivate init(_ given: WireMessage) throws(ONNXFault) {
        var message = given
        name = ""
        try message.input.charge(256)
        var type: WireMessage?
        while let field = try message.next() {
            switch field.number {
            case 1: name = try field.text()
            case 2: type = try field.message("TypeProto")
            default: break
            }
        }
        guard !name.isEmpty else { throw message.input.fault("holds an input or output without a name") }
        while let field = try type?.next() {
            if field.number == 1 { try readTensor(try field.message("TypeProto.Tensor")) }
        }
    }

    private mutating func readTensor(_ given: WireMessage) throws(ONNXFault) {
        var message = given
        while let field = try message.next() {
            switch field.number {
            case 1:
                let number = try field.int()
                elementType = ONNXElementType(rawValue: number)
                guard elementType != nil || number == 0 else {
                    throw message.input.fault(
                        "value '\(name)' has elements of type \(number), which ONNX does not know")
                }
            case 2:
                var dimensions: [ONNXModel.Dimension] = []
                var sizes = try field.message("TensorShapeProto")
                while let size = try sizes.next() {
                    guard size.number == 1 else { continue }
                    try message.input.charge(64)
                    dimensions.append(try dimension(try size.message("TensorShapeProto.Dimension")))
                }
                shape = dimensions
            default: break
            }
        }
    }

    private func dimension(_ given: WireMessage) throws(ONNXFault) -> ONNXModel.Dimension {
        var (message, dimension) = (given, ONNXModel.Dimension.symbol(""))
        while let field = try message.next() {
            switch field.number {
            case 1:
                let size = try field.int()
                guard size >= -1 else { throw message.input.fault("value '\(name)' has the size \(size)") }
                // Some exporters write -1 where they know no size.
                dimension = size == -1 ? .symbol("") : .size(size)
            case 2: dimension = .symbol(try field.text())
            default: break
            }
        }
        return dimension
    }
}

extension ONNXModel.Node {
    /// The node in messages: "node 'conv1' (Conv)", or by its index where it has no name.
    package func label(_ index: Int) -> String {
        "node \(name.isEmpty ? String(index) : "'\(name)'") (\(operation))"
    }

    fileprivate init(_ given: WireMessage, index: Int) throws(ONNXFault) {
        var (message, fields) = (given, [WireMessage]())
        let input = message.input
        (name, operation, domain, inputs, outputs, attributes) = ("", "", "", [], [], [:])
        while let field = try message.next() {
            switch field.number {
            case 1: inputs.append(try field.text())
            case 2: outputs.append(try field.text())
            case 3: name = try field.text()
            case 4: operation = try field.text()
            case 5:
                try input.charge(320)
                fields.append(try field.message("AttributeProto"))
            case 7: domain = ONNXModel.ownDomain(try field.text())
            default: break
            }
        }
        guard !operation.isEmpty else { throw input.fault("\(label(index)) has no operation") }
        for field in fields {
            let (name, value) = try attribute(field, label(index))
            guard attributes.updateValue(value, forKey: name) == nil else {
                throw input.fault("\(label(index)) has the attribute '\(name)' twice")
            }
        }
    }

    /// Reads an attribute, whose type says which of its fields counts.
    private func attribute(
        _ message: WireMessage, _ label: String
    ) throws(ONNXFault) -> (name: String, value: ONNXModel.Attribute) {
        var (fields, name, type, isReference) = (message, "", 0, false)
        while let field = try fields.next() {
            switch field.number {
            case 1: name = try field.text()
            case 20: type = try field.int()
            case 21: isReference = true
            default: break
            }
        }
        if isReference { return (name, .unsupported("reference to a function's attribute")) }
        switch type {
        case 1: return (name, .float(try message.fields(2).last?.float() ?? 0))
        case 2: return (name, .int(try message.fields(3).last?.int() ?? 0))
        case 3: return (name, .string(try message.fields(4).last?.text() ?? ""))
        case 4:
            guard let field = try message.fields(5).last else {
                return (name, .unsupported("missing tensor"))
            }
            let owner = "\(name) of \(label)"
            return (name, .tensor(try ONNXTensor(try field.message("TensorProto"), unnamed: owner)))
        case 6:
            var numbers: [Double] = []
            for field in try message.fields(7) {
                try field.forEachNumber(.fixed32) { bits throws(ONNXFault) in
                    try message.input.charge(24)
                    numbers.append(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
                }
            }
            return (name, .floats(numbers))
        case 7:
            var numbers: [Int] = []
            for field in try message.fields(8) { try field.append(to: &numbers) }
            return (name, .ints(numbers))
        case 8:
            var texts: [String] = []
            for field in try message.fields(9) { texts.append(try field.text()) }
            return (name, .strings(texts))
        default:
            let kinds = [
                5: "graph", 9: "list of tensors", 10: "list of graphs", 11: "sparse tensor",
                12: "list of sparse tensors", 13: "type", 14: "list of types",
            ]
            guard let kind = kinds[type] else {
                throw message.input.fault(
                    "\(label) has an attribute '\(name)' of type \(type), which ONNX does not know")
            }
            return (name, .unsupported(kind))
        }
    }
}

extension WireMessage {
    /// All fields of a number.
    fileprivate func fields(_ number: Int) throws(ONNXFault) -> [WireField] {
        var (message, fields) = (self, [WireField]())
        while let field = try message.next() {
            guard field.number == number else { continue }
            try input.charge(96)
            fields.append(field)
        }
        return fields
    }
}
