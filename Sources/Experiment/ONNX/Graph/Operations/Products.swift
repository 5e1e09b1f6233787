import Model

/// Products of matrices and convolutions.
extension GraphOperations {
    static let products: [String: GraphOperation] = [
        "MatMul": .other(matMul),
        "Gemm": .other(gemm), "Conv": .other(convolution), "ConvTranspose": .other(transposedConvolution),
    ]

    private static func matMul(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        [try product(try node.input(0), try node.input(1), &compiler, node)]
    }

    /// The matrix product of NumPy's `matmul`: of the last two axes, with the others broadcast.
    private static func product(
        _ a: GraphValue, _ b: GraphValue, isRightTransposed: Bool = false, _ compiler: inout GraphCompiler,
        _ node: NodeContext
    ) throws(NodeError) -> GraphValue {
        guard !a.shape.isEmpty, !b.shape.isEmpty else { throw .words("multiplies a single number") }
        let left = a.shape.count == 1 ? [1] + a.shape : a.shape
        let right = b.shape.count == 1 ? b.shape + [1] : b.shape
        let (rows, inner) = (left[left.count - 2], left[left.count - 1])
        var (columns, below) = (right[right.count - 1], right[right.count - 2])
        if isRightTransposed { (columns, below) = (below, columns) }
        guard inner == below, let batch = broadcastShape([Array(left.dropLast(2)), Array(right.dropLast(2))])
        else { throw .words("can't multiply shapes \(a.shape) and \(b.shape)") }
        var shape = batch + [rows, columns]
        if a.shape.count == 1 { shape.remove(at: shape.count - 2) }
        if b.shape.count == 1 { shape.removeLast() }
        try checkedCount(shape)
        try compiler.prepare(batch)
        func starts(_ own: [Int], _ size: Int) -> [Int32] {
            broadcastOffsets(of: Array(own.dropLast(2)), to: batch).map { $0 * Int32(size) }
        }
        var pairs = zip(starts(left, rows * inner), starts(right, inner * columns)).map {
            MatrixProductOperation.Offsets(left: Int($0), right: Int($1))
        }
        var height = rows
        // One right matrix for all left ones, which follow each other: one taller product.
        if pairs.count > 1, pairs.allSatisfy({ $0.right == 0 }),
            pairs.indices.allSatisfy({ pairs[$0].left == $0 * rows * inner })
        {
            height = rows * pairs.count
            pairs = [pairs[0]]
        }
        try compiler.keep(pairs.count)
        var isTransposed = isRightTransposed
        let (inputs, operands) = try productOperands(a, b, (inner, columns), &isTransposed, &compiler, node)
        return try compiler.add(
            MatrixProductOperation(
                left: operands[0], right: operands[1], rows: height, inner: inner, columns: columns,
                isRightTransposed: isTransposed, offsets: pairs),
            reading: inputs, shape: shape)
    }

    /// The operands of a product. A right matrix that is a constant is the weight of a layer, and is kept as
    /// [outputs, inputs].
    private static func productOperands(
        _ a: GraphValue, _ b: GraphValue, _ size: (inner: Int, columns: Int), _ isTransposed: inout Bool,
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> (inputs: [Int], operands: [Operand]) {
        guard let weight = b.constant, let left = a.value, b.count == size.inner * size.columns else {
            return try compiler.operands([a, b], node)
        }
        let region = try compiler.parameters(
            weight, name: node.constantName(1), shape: b.shape, rows: size.columns,
            isTransposed: !isTransposed, layer: (node.layerName, size.columns))
        isTransposed = true
        return ([left], [.input(0), .constant(region)])
    }

    /// α op(A) op(B) + β C.
    private static func gemm(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        var (a, b) = (try node.input(0), try node.input(1))
        guard a.shape.count == 2, b.shape.count == 2 else {
            throw .words("needs matrices, and has shapes \(a.shape) and \(b.shape)")
        }
        if try node.flag("transA") { a = try compiler.transposed(a, [1, 0]) }
        var result = try product(
            a, b, isRightTransposed: try node.flag("transB"), &compiler, node)
        func scaled(_ x: GraphValue, _ factor: Double) throws(NodeError) -> GraphValue {
            if factor == 1 { return x }
            return try compiler.elementwise(.multiply, [x, GraphValue([], numbers: [factor])], .none)
        }
        result = try scaled(result, try node.float("alpha", 1))
        guard let bias = node.optional(2) else { return [result] }
        return [
            try compiler.elementwise(.add, [result, try scaled(bias, try node.float("beta", 1))], .none)
        ]
    }

    private static func convolution(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let (x, weight) = (try node.input(0), try node.input(1))
        guard let kernels = weight.constant else {
            throw .words("takes its kernels from the data: they must be constant")
        }
        let rank = x.shape.count - 2
        guard rank == 1 || rank == 2, weight.shape.count == x.shape.count else {
            throw .words(
                "needs images with one or two axes, and has shape \(x.shape) with kernels of shape \(weight.shape)"
            )
        }
        let groups = try node.int("group") ?? 1
        let (channels, outputs) = (x.shape[1], weight.shape[0])
        guard groups > 0, outputs > 0, outputs % groups == 0, channels > 0,
            weight.shape[1] * groups == channels
        else {
            throw .words("has kernels of shape \(weight.shape) in \(groups) groups for \(channels) channels")
        }
        let geometry = try WindowGeometry(
            node, sizes: Array(x.shape[2...]), kernel: Array(weight.shape[2...]))
        let axes = geometry.axes.map(\.grid)
        let window = GroupedWindow(
            channels: channels, groups: groups,
            vertical: rank == 2 ? axes[0] : .single, horizontal: axes[rank - 1])
        let shape = [x.shape[0], outputs] + geometry.axes.map(\.positions)
        try checkedCount(shape)
        try checkedCount([window.rows, window.positions])
        let input = try compiler.value(of: x, node)
        let region = try compiler.parameters(
            kernels, name: node.constantName(1), shape: weight.shape, rows: outputs,
            layer: (node.layerName, x.shape[0] * outputs * window.positions))
        var bias: NetworkPlan.Region?
        var loose: GraphValue?
        if let given = node.optional(2) {
            guard given.count == outputs else {
                throw .words("has \(given.count) biases for \(outputs) channels")
            }
            if let constant = given.constant {
                bias = try compiler.parameters(constant, name: node.constantName(2), shape: [outputs])
            } else {
                loose = given.reshaped([outputs] + [Int](repeating: 1, count: rank))
            }
        }
        let result = try compiler.add(
            GroupedConvolutionOperation(
                window: window, images: x.shape[0], outputChannels: outputs, weight: region, bias: bias),
            reading: [input], shape: shape)
        return [
            try loose.map { bias throws(NodeError) in
                try compiler.elementwise(.add, [result, bias], node)
            } ?? result
        ]
    }

    /// A transposed convolution is a convolution of the image with zeros between its pixels, with the kernels
    /// turned around.
    private static func transposedConvolution(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let (x, weight) = (try node.input(0), try node.input(1))
        guard let kernels = weight.constant else {
            throw .words("takes its kernels from the data: they must be constant")
        }
        let rank = x.shape.count - 2
        guard rank == 1 || rank == 2, weight.shape.count == x.shape.count else {
            throw .words("needs images with one or two axes, and has shape \(x.shape)")
        }
        let groups = try node.int("group") ?? 1
        guard groups > 0, weight.shape[0] == x.shape[1], weight.count > 0, x.shape[1] % groups == 0 else {
            throw .words(
                "has kernels of shape \(weight.shape) in \(groups) groups for \(x.shape[1]) channels")
        }
        let geometry = try TransposedGeometry(
            node, sizes: Array(x.shape[2...]), kernel: Array(weight.shape[2...]), &compiler)
        let outputShape = [x.shape[0], groups * weight.shape[1]] + geometry.axes.map(\.positions)
        try checkedCount(outputShape)
        // The image with zeros between its pixels and around them; −1 where there is a zero.
        let spread = try compiler.picked(
            [Array(0..<x.shape[0]), Array(0..<x.shape[1])] + geometry.axes.map(\.sources), from: x)
        let input = try compiler.value(of: spread, node)
        // [inputs, outputs of a group, …] becomes [groups · outputs of a group, inputs of a group, …], with the
        // windows' pixels in reverse.
        let (inputs, outputs) = (x.shape[1] / groups, weight.shape[1])
        let turned = try compiler.picked(
            try compiler.indices(weight.shape).enumerated().map { $0 < 2 ? $1 : $1.reversed() },
            from: GraphValue(weight.shape, .constant(kernels)))
        let ordered = try compiler.transposed(
            turned.reshaped([groups, inputs, outputs] + weight.shape[2...]),
            [0, 2, 1] + (3..<3 + rank))
        guard let numbers = ordered.constant else { throw .words("has too many weights") }
        let axes = geometry.axes.map(\.grid)
        let region = try compiler.parameters(
            numbers, name: node.constantName(1), shape: ordered.shape, rows: groups * outputs,
            layer: (node.layerName, geometry.axes.reduce(x.shape[0] * groups * outputs) { $0 * $1.positions })
        )
        var bias: NetworkPlan.Region?
        if let given = node.optional(2) {
            guard let constant = given.constant, given.count == groups * outputs else {
                throw .words("needs a constant bias for each of \(groups * outputs) channels")
            }
            bias = try compiler.parameters(constant, name: node.constantName(2), shape: given.shape)
        }
        return [
            try compiler.add(
                GroupedConvolutionOperation(
                    window: GroupedWindow(
                        channels: x.shape[1], groups: groups, vertical: rank == 2 ? axes[0] : .single,
                        horizontal: axes[rank - 1]),
                    images: x.shape[0], outputChannels: groups * outputs, weight: region, bias: bias),
                reading: [input], shape: outputShape)
        ]
    }
}

extension GroupedWindow.Axis {
    /// The axis that an image without it has.
    static let single = GroupedWindow.Axis(
        size: 1, kernel: 1, stride: 1, dilation: 1, before: 0, positions: 1)
}
