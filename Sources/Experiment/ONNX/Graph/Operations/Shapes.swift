import Model

/// Operations that make tensors of sizes, or give numbers another shape.
extension GraphOperations {
    static let shapes: [String: GraphOperation] = [
        "Identity": .other(identity),
        "Dropout": .other(dropout),
        "Constant": .other(constant), "ConstantOfShape": .other(constantOfShape), "Range": .other(range),
        "Shape": .other(shape),
        "Size": .other(size),
        "Reshape": .other(reshape),
        "Flatten": .other(flatten),
        "Squeeze": .other(squeeze),
        "Unsqueeze": .other(unsqueeze),
    ]

    private static func shape(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let shape = try node.input(0).shape
        func end(_ name: String, _ usual: Int) throws(NodeError) -> Int {
            let end = try node.int(name) ?? usual
            return min(max(end < 0 ? end + shape.count : end, 0), shape.count)
        }
        let (start, end) = (try end("start", 0), try end("end", shape.count))
        let sizes = start < end ? Array(shape[start..<end]) : []
        return [GraphValue([sizes.count], numbers: sizes.map { Double($0) }, isInteger: true)]
    }

    private static func size(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        [GraphValue([], numbers: [Double(try node.input(0).count)], isInteger: true)]
    }

    private static func flatten(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        let axis = try node.axis(try node.int("axis") ?? 1, rank: x.shape.count, orEnd: true)
        let rows = x.shape[..<axis].reduce(1, *)
        return [x.reshaped([rows, x.shape[axis...].reduce(1, *)])]
    }

    private static func squeeze(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        let ones = x.shape.indices.filter { x.shape[$0] == 1 }
        let axes =
            try node.list("axes", input: 1).map { axes throws(NodeError) in
                try node.axes(axes, rank: x.shape.count)
            } ?? ones
        guard axes.allSatisfy({ x.shape[$0] == 1 }) else {
            throw .words("squeezes axes \(axes) of shape \(x.shape), whose size isn't 1")
        }
        return [x.reshaped(x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] })]
    }

    private static func unsqueeze(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        guard let list = try node.list("axes", input: 1) else { throw .words("lacks its axes") }
        let rank = x.shape.count + list.count
        guard rank <= 32 else { throw .words("makes a tensor of \(rank) axes; 32 are the most") }
        let axes = try node.axes(list, rank: rank)
        var left = x.shape[...]
        return [x.reshaped((0..<rank).map { axes.contains($0) ? 1 : left.popFirst() ?? 1 })]
    }

    private static func identity(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        [try node.input(0)]
    }

    private static func dropout(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        [try node.input(0)]
    }

    private static func constant(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let attributes = node.node.attributes
        if case .tensor(let tensor)? = attributes["value"] {
            return [
                GraphValue(tensor.shape, .constant(.tensor(tensor)), isInteger: tensor.elementType.isInteger)
            ]
        }
        if case .int(let value)? = attributes["value_int"] {
            return [GraphValue([], numbers: [Double(value)], isInteger: true)]
        }
        if case .ints(let values)? = attributes["value_ints"] {
            return [GraphValue([values.count], numbers: values.map { Double($0) }, isInteger: true)]
        }
        if case .floats(let values)? = attributes["value_floats"] {
            return [GraphValue([values.count], numbers: values)]
        }
        if case .float(let value)? = attributes["value_float"] { return [GraphValue([], numbers: [value])] }
        throw .words("has no value that can be measured: " + attributes.keys.sorted().joined(separator: ", "))
    }

    private static func constantOfShape(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let shape = try node.constantInts(0) ?? []
        try compiler.prepare(shape)
        var (fill, isInteger) = (0.0, false)
        if case .tensor(let tensor)? = node.node.attributes["value"] {
            guard tensor.count == 1 else { throw .words("has \(tensor.count) numbers where one is due") }
            fill = try GraphConstant.tensor(tensor).checked()[0]
            isInteger = tensor.elementType.isInteger
        }
        let numbers = [Double](repeating: fill, count: shape.reduce(1, *))
        return [try compiler.constant(shape, numbers, isInteger: isInteger)]
    }

    private static func range(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let start = try node.constantNumbers(0)?.first ?? 0
        let (limit, step) = (
            try node.constantNumbers(1)?.first ?? 0, try node.constantNumbers(2)?.first ?? 1
        )
        guard step != 0 else { throw .words("has a step of 0") }
        let count = max(0, ((limit - start) / step).rounded(.up))
        guard count <= Double(GraphCompiler.maxFolded) else { throw .words("makes too long a range") }
        try compiler.prepare([Int(count)])
        let numbers = (0..<Int(count)).map { start + Double($0) * step }
        return [
            try compiler.constant([numbers.count], numbers, isInteger: try node.input(0).isInteger)
        ]
    }

    private static func reshape(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        guard var shape = try node.list("shape", input: 1) else { throw .words("lacks its shape") }
        let allowsZero = try node.flag("allowzero")
        for axis in shape.indices where shape[axis] == 0 && !allowsZero {
            guard axis < x.shape.count else { throw .words("copies axis \(axis) of shape \(x.shape)") }
            shape[axis] = x.shape[axis]
        }
        let open = shape.indices.filter { shape[$0] == -1 }
        if open.count == 1 {
            let known = try? checkedCount(shape.filter { $0 != -1 })
            if let known, known > 0, x.count % known == 0 { shape[open[0]] = x.count / known }
        }
        guard let count = try? checkedCount(shape), count == x.count else {
            throw .words(
                "can't give \(x.count) numbers, of shape \(x.shape), the shape \(shape); was the network exported for "
                    + "a fixed batch of more than one input? Export it with one")
        }
        return [x.reshaped(shape)]
    }
}
