import Model

/// Reductions, softmax and normalisations.
extension GraphOperations {
    static let groups: [String: GraphOperation] = [
        "LayerNormalization": .other(layerNormalization),
        "InstanceNormalization": .other(instanceNormalization),
        "GroupNormalization": .other(groupNormalization), "BatchNormalization": .other(batchNormalization),
        "Softmax": .alongAxis(.softmax), "LogSoftmax": .alongAxis(.logSoftmax),
        "ReduceSum": .reduction(.sum), "ReduceMean": .reduction(.mean), "ReduceMax": .reduction(.maximum),
        "ReduceMin": .reduction(.minimum), "ReduceProd": .reduction(.product),
        "ReduceSumSquare": .reduction(.sumOfSquares), "ReduceL1": .reduction(.l1),
        "ReduceL2": .reduction(.l2), "ReduceLogSum": .reduction(.logSum),
        "ReduceLogSumExp": .reduction(.logSumExp),
    ]

    static func alongAxis(
        _ function: GroupFunction, _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> GraphValue {
        let x = try node.input(0)
        let axis = try node.int("axis") ?? (node.opset < 13 ? 1 : -1)
        let first = try node.axis(axis, rank: x.shape.count)
        // Before opset 13 all axes from this one on are one.
        let axes = node.opset < 13 ? Array(first..<x.shape.count) : [first]
        return try compiler.grouped(function, x, axes: axes, node)
    }

    static func reduced(
        _ function: GroupFunction, _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> GraphValue {
        let x = try node.input(0)
        let given = try node.list("axes", input: 1) ?? []
        if given.isEmpty, try node.flag("noop_with_empty_axes") { return x }
        let axes =
            given.isEmpty
            ? Array(x.shape.indices) : try node.axes(given, rank: x.shape.count)
        let result = try compiler.grouped(function, x, axes: axes, node)
        guard try node.flag("keepdims", true) else { return result }
        return result.reshaped(x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] })
    }

    private static func layerNormalization(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        let axis = try node.axis(try node.int("axis") ?? -1, rank: x.shape.count)
        let (axes, epsilon) = (Array(axis..<x.shape.count), try node.float("epsilon", 1e-5))
        let standard = try compiler.grouped(.standardise, x, axes: axes, epsilon: epsilon, node)
        let result = try scaled(standard, node.optional(1), node.optional(2), &compiler, node)
        guard node.node.outputs.count > 1 else { return [result] }
        // The mean and 1 / √(variance + ε), too.
        let kept = x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] }
        let mean = try compiler.grouped(.mean, x, axes: axes, node).reshaped(kept)
        let centred = try compiler.elementwise(.subtract, [x, mean], .none)
        let square = try compiler.elementwise(.multiply, [centred, centred], .none)
        let variance = try compiler.grouped(.mean, square, axes: axes, node).reshaped(kept)
        let raised = try compiler.elementwise(.add, [variance, GraphValue([], numbers: [epsilon])], .none)
        let deviation = try compiler.elementwise(.sqrt, [raised], .none)
        return [result, mean, try compiler.elementwise(.reciprocal, [deviation], .none)]
    }

    private static func instanceNormalization(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        guard x.shape.count > 2 else { throw .words("needs an image, and has shape \(x.shape)") }
        let standard = try compiler.grouped(
            .standardise, x, axes: Array(2..<x.shape.count), epsilon: try node.float("epsilon", 1e-5), node)
        return [
            try scaled(
                standard, perChannel(try node.input(1), of: x), perChannel(try node.input(2), of: x),
                &compiler, node)
        ]
    }

    private static func groupNormalization(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        guard x.shape.count > 2, x.shape[0] > 0, let groups = try node.int("num_groups"), groups > 0,
            x.shape[1] % groups == 0
        else { throw .words("needs groups that divide the channels of shape \(x.shape)") }
        let parts = x.reshaped([x.shape[0], groups, x.count / x.shape[0] / groups])
        let standard = try compiler.grouped(
            .standardise, parts, axes: [2], epsilon: try node.float("epsilon", 1e-5), node
        ).reshaped(x.shape)
        // Before opset 21 there is a scale for each group, later for each channel.
        func spread(_ tensor: GraphValue) throws(NodeError) -> GraphValue {
            guard tensor.count == groups, groups != x.shape[1] else { return perChannel(tensor, of: x) }
            let repeats = x.shape[1] / groups
            let indices = (0..<x.shape[1]).map { Int32($0 / repeats) }
            return perChannel(try compiler.rearranged(tensor, indices, shape: [x.shape[1]]), of: x)
        }
        let (scale, bias) = (try spread(try node.input(1)), try spread(try node.input(2)))
        return [try scaled(standard, scale, bias, &compiler, node)]
    }

    /// (x − mean) / √(variance + ε) · scale + bias with the moments of the training.
    private static func batchNormalization(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        guard !(try node.flag("training_mode")) else {
            throw .words("is in training mode: export the network after .eval()")
        }
        guard x.shape.count > 1 else { throw .words("needs channels, and has shape \(x.shape)") }
        var vectors: [[Double]] = []
        for index in 1...4 {
            guard let numbers = try node.constantNumbers(index), numbers.count == x.shape[1] else {
                throw .words("needs a scale, bias, mean and variance for each channel")
            }
            vectors.append(numbers)
        }
        let epsilon = try node.float("epsilon", 1e-5)
        let factors = zip(vectors[0], vectors[3]).map { $0 / ($1 + epsilon).squareRoot() }
        let shifts = zip(zip(factors, vectors[2]), vectors[1]).map { $1 - $0.0 * $0.1 }
        let channels = [x.shape[1]]
        return [
            try scaled(
                x, perChannel(GraphValue(channels, numbers: factors), of: x),
                perChannel(GraphValue(channels, numbers: shifts), of: x), &compiler, .none)
        ]
    }

    /// A vector with a number for each channel, in a shape that is broadcast over a tensor's other axes.
    private static func perChannel(_ vector: GraphValue, of x: GraphValue) -> GraphValue {
        vector.reshaped([vector.count] + [Int](repeating: 1, count: x.shape.count - 2))
    }

    private static func scaled(
        _ x: GraphValue, _ scale: GraphValue?, _ bias: GraphValue?, _ compiler: inout GraphCompiler,
        _ node: NodeContext
    ) throws(NodeError) -> GraphValue {
        var result = x
        if let scale { result = try compiler.elementwise(.multiply, [result, scale], .none) }
        if let bias { result = try compiler.elementwise(.add, [result, bias], .none) }
        return result
    }
}
