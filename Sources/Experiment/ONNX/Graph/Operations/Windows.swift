import Model

/// Pools, and images in another size.
extension GraphOperations {
    static let windows: [String: GraphOperation] = [
        "MaxPool": .other(maxPool),
        "AveragePool": .other(meanPool),
        "GlobalAveragePool": .other(globalAveragePool),
        "GlobalMaxPool": .other(globalMaxPool),
        "Resize": .other(resize),
    ]

    private static func maxPool(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        guard node.node.outputs.count < 2 || node.node.outputs[1].isEmpty else {
            throw .words("gives indices, which can't be measured")
        }
        return [try pool(&compiler, node, isMaximum: true)]
    }

    private static func meanPool(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        [try pool(&compiler, node, isMaximum: false)]
    }

    private static func globalAveragePool(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        [try global(.mean, &compiler, node)]
    }

    private static func globalMaxPool(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        [try global(.maximum, &compiler, node)]
    }

    private static func resize(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        let axes = try ResizeGeometry(node, shape: x.shape, &compiler).axes
        return [try windowed(x, axes, &compiler, node)]
    }

    private static func global(
        _ function: GroupFunction, _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> GraphValue {
        let x = try node.input(0)
        guard x.shape.count > 2 else { throw .words("needs an image, and has shape \(x.shape)") }
        let result = try compiler.grouped(function, x, axes: Array(2..<x.shape.count), node)
        return result.reshaped(Array(x.shape[..<2]) + [Int](repeating: 1, count: x.shape.count - 2))
    }

    private static func pool(
        _ compiler: inout GraphCompiler, _ node: NodeContext, isMaximum: Bool
    ) throws(NodeError) -> GraphValue {
        let x = try node.input(0)
        guard x.shape.count > 2 else { throw .words("needs an image, and has shape \(x.shape)") }
        let geometry = try WindowGeometry(node, sizes: Array(x.shape[2...]))
        let countsPadding = try node.flag("count_include_pad")
        var axes = x.shape[..<2].map { WindowAxis(size: $0) }
        for axis in geometry.axes {
            try compiler.prepare([axis.positions, axis.kernel], atMost: WindowAxis.maxTerms)
            let windows = (0..<axis.positions).map { position -> [WindowAxis.Term] in
                let start = position * axis.stride - axis.before
                let pixels = (0..<axis.kernel).map { start + $0 * axis.dilation }
                let inside = pixels.filter { (0..<axis.size).contains($0) }
                // Zeros that only rounding up adds don't count.
                let counted =
                    countsPadding
                    ? pixels.count { $0 >= -axis.before && $0 < axis.size + axis.after } : inside.count
                return inside.map { WindowAxis.Term(index: $0, weight: 1 / Double(max(1, counted))) }
            }
            guard windows.allSatisfy({ !$0.isEmpty }) else {
                throw .words("has a window that lies outside of the image")
            }
            axes.append(WindowAxis(size: axis.size, windows: windows))
        }
        return try windowed(x, axes, isMaximum: isMaximum, &compiler, node)
    }

    /// The largest number, or the weighted sum, in each window that the axes' windows span together. The first
    /// axes whose windows are single numbers divide the tensor into planes.
    private static func windowed(
        _ x: GraphValue, _ axes: [WindowAxis], isMaximum: Bool = false, _ compiler: inout GraphCompiler,
        _ node: NodeContext
    ) throws(NodeError) -> GraphValue {
        let outer = axes.prefix { $0.windows == nil }
        let planes = outer.reduce(1) { $0 * $1.size }
        let inner = axes.dropFirst(outer.count)
        let shape = axes.map { $0.windows?.count ?? $0.size }
        try checkedCount(shape)
        var windows = Windows()
        for (axis, stride) in zip(inner, strides(of: inner.map(\.size))) {
            try compiler.prepare([axis.size], atMost: WindowAxis.maxTerms)
            let own = axis.windows ?? (0..<axis.size).map { [WindowAxis.Term(index: $0, weight: 1)] }
            try compiler.prepare(
                [max(windows.indices.count, windows.starts.count), max(1, own.reduce(0) { $0 + $1.count })],
                atMost: 1 << 22)
            windows = windows.times(own, stride)
        }
        try compiler.keep(windows.indices.count + windows.starts.count)
        return try compiler.add(
            WindowOperation(
                planes: planes, planeSize: inner.reduce(1) { $0 * $1.size }, starts: windows.starts,
                indices: windows.indices, weights: isMaximum ? nil : windows.weights.map { Float($0) }),
            reading: [try compiler.value(of: x, node)], shape: shape)
    }
}

/// The windows of a plane, one after the other: those of some axes together.
private struct Windows {
    var starts: [Int32] = [0, 1]
    var indices: [Int32] = [0]
    var weights: [Double] = [1]

    /// The windows with those of one more axis, whose indices lie `stride` apart.
    func times(_ own: [[WindowAxis.Term]], _ stride: Int) -> Windows {
        var result = Windows(starts: [0], indices: [], weights: [])
        for (start, end) in zip(starts, starts.dropFirst()) {
            for window in own {
                for first in Int(start)..<Int(end) {
                    for term in window {
                        result.indices.append(indices[first] + Int32(term.index * stride))
                        result.weights.append(weights[first] * term.weight)
                    }
                }
                result.starts.append(Int32(result.indices.count))
            }
        }
        return result
    }
}

/// The windows along one axis of a tensor: for each index of the result, indices with their weights.
struct WindowAxis {
    struct Term {
        var index: Int
        var weight: Double
    }

    var size: Int
    /// nil: the axis stays as it is.
    var windows: [[Term]]?

    /// The largest number of terms along one axis.
    static let maxTerms = 1 << 21
}
