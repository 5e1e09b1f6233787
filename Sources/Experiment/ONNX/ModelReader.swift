extension ONNXModel {
    init(_ input: WireInput, opsets: ClosedRange<Int>) throws(ONNXFault) {
        let size = input.file.size
        guard size > 0 else { throw input.fault("is empty") }
        let start = try input.read(0..<min(size, 32))
        if let fault = ONNXFault(file: input.file.path, start: start, size: size) { throw fault }
        let message = WireMessage(input: input, range: 0..<size)
        guard let graph = try message.message(7) else {
            throw input.fault("is not an ONNX file, or holds no network: it has no graph")
        }
        var opset = 0
        try message.forEach(8) { field throws(ONNXFault) in
            let version = try field.message()
            if ["", "ai.onnx"].contains(try version.text(1)) { opset = try version.int(2) }
        }
        guard opset != 0 else {
            throw input.fault("does not say which version of ONNX's operations (opset) it uses")
        }
        guard opsets.contains(opset) else {
            throw input.fault(
                "uses version \(opset) of ONNX's operations (opset); \(opsets.lowerBound) to \(opsets.upperBound) "
                    + "are read: export it with opset_version=\(min(max(18, opsets.lowerBound), opsets.upperBound))"
            )
        }
        (formatVersion, self.opset) = (try message.int(1), opset)
        self.graph = try Graph(graph)
        try self.graph.check(input)
    }
}

extension ONNXModel.Graph {
    fileprivate init(_ message: WireMessage) throws(ONNXFault) {
        let input = message.input
        (nodes, initializers, inputs, outputs) = ([], [:], [], [])
        try message.forEach { field throws(ONNXFault) in
            switch field.number {
            case 1:
                try input.charge(256)
                nodes.append(try ONNXModel.Node(try field.message(), index: nodes.count))
            case 5:
                try input.charge(400)
                let tensor = try ONNXTensor(try field.message(), unnamed: "")
                guard !tensor.name.isEmpty else { throw input.fault("holds an initializer without a name") }
                guard initializers.updateValue(tensor, forKey: tensor.name) == nil else {
                    throw input.fault("holds the initializer '\(tensor.name)' twice")
                }
            case 11: inputs.append(try ONNXModel.ValueInfo(try field.message()))
            case 12: outputs.append(try ONNXModel.ValueInfo(try field.message()))
            case 15: throw input.fault("holds sparse initializers, which are not read; export dense ones")
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
        var makers = initializers.mapValues { _ in -1 }
        for value in inputs where makers.updateValue(-1, forKey: value.name) != nil {
            throw input.fault("holds the input '\(value.name)' twice")
        }
        for (index, node) in nodes.enumerated() {
            for name in node.outputs where !name.isEmpty {
                try input.charge(160)
                guard makers.updateValue(index, forKey: name) == nil else {
                    throw input.fault(
                        "\(node.label(index)) makes '\(name)', which is an input, an initializer or another "
                            + "output already")
                }
            }
        }
        for (index, node) in nodes.enumerated() {
            for name in node.inputs where !name.isEmpty && makers[name] ?? index >= index {
                let why =
                    makers[name].map {
                        "only \(nodes[$0].label($0)) makes, and that does not come before it: the nodes are not in "
                            + "order, or form a cycle"
                    } ?? "is no input, no initializer and no output of a node"
                throw input.fault("\(node.label(index)) reads '\(name)', which \(why)")
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
    fileprivate init(_ message: WireMessage) throws(ONNXFault) {
        let input = message.input
        try input.charge(256)
        name = try message.text(1)
        guard !name.isEmpty else { throw input.fault("holds an input or output without a name") }
        guard let tensor = try message.message(2)?.message(1) else { return }
        let type = try tensor.int(1)
        elementType = ONNXElementType(rawValue: type)
        guard elementType != nil || type == 0 else {
            throw input.fault("value '\(name)' has elements of type \(type), which ONNX does not know")
        }
        guard let shape = try tensor.message(2) else { return }
        var dimensions: [ONNXModel.Dimension] = []
        try shape.forEach(1) { field throws(ONNXFault) in
            try input.charge(64)
            let dimension = try field.message()
            // Some exporters write -1 where they know no size.
            var size = -1
            try dimension.forEachNumber(1, nil) { size = Int(truncatingIfNeeded: $0) }
            guard size >= -1 else { throw input.fault("value '\(name)' has the size \(size)") }
            dimensions.append(size >= 0 ? .size(size) : .symbol(try dimension.text(2)))
        }
        self.shape = dimensions
    }
}

extension ONNXModel.Node {
    /// The node in messages: "node 'conv1' (Conv)", or by its index where it has no name.
    package func label(_ index: Int) -> String {
        "node \(name.isEmpty ? String(index) : "'\(name)'") (\(operation))"
    }

    fileprivate init(_ message: WireMessage, index: Int) throws(ONNXFault) {
        let input = message.input
        (inputs, outputs, attributes) = (try message.texts(1), try message.texts(2), [:])
        (name, operation, domain) = (try message.text(3), try message.text(4), try message.text(7))
        // ONNX's own operations have two names for their domain.
        if domain == "ai.onnx" { domain = "" }
        guard !operation.isEmpty else { throw input.fault("\(label(index)) has no operation") }
        try message.forEach(5) { field throws(ONNXFault) in
            try input.charge(320)
            let attribute = try field.message()
            let name = try attribute.text(1)
            let value = try ONNXModel.Attribute(attribute, name: name, node: label(index))
            guard attributes.updateValue(value, forKey: name) == nil else {
                throw input.fault("\(label(index)) has the attribute '\(name)' twice")
            }
        }
    }
}

extension ONNXModel.Attribute {
    fileprivate init(_ message: WireMessage, name: String, node: String) throws(ONNXFault) {
        // Its type says which of its fields counts.
        let type = try message.int(20)
        switch type {
        case _ where try !message.text(21).isEmpty: self = .unsupported("reference to a function's attribute")
        case 1: self = .float(try message.floats(2).last ?? 0)
        case 2: self = .int(try message.int(3))
        case 3: self = .string(try message.text(4))
        case 4:
            guard let tensor = try message.message(5) else {
                throw message.input.fault("\(node) has an attribute '\(name)' without its tensor")
            }
            self = .tensor(try ONNXTensor(tensor, unnamed: "\(name) of \(node)"))
        case 6: self = .floats(try message.floats(7))
        case 7: self = .ints(try message.ints(8))
        case 8: self = .strings(try message.texts(9))
        default:
            let kinds = [
                5: "graph", 9: "list of tensors", 10: "list of graphs", 11: "sparse tensor",
                12: "list of sparse tensors", 13: "type", 14: "list of types",
            ]
            guard let kind = kinds[type] else {
                throw message.input.fault(
                    "\(node) has an attribute '\(name)' of type \(type), which ONNX does not know")
            }
            self = .unsupported(kind)
        }
    }
}
