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
        let axes = try ResizeGeometry(node, shape: x.shape).axes
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
        var axes = x.shape[..<2].map { WindowAxis.identity($0) }
        for axis in geometry.axes {
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
        let outer = axes.prefix(while: \.isIdentity)
        let planes = outer.reduce(1) { $0 * $1.size }
        let inner = axes.dropFirst(outer.count)
        let shape = axes.map(\.windows.count)
        _ = try checkedSize(shape)
        let strides = strides(of: inner.map(\.size))
        var windows: [[WindowAxis.Term]] = [[WindowAxis.Term(index: 0, weight: 1)]]
        var terms = 1
        for (axis, stride) in zip(inner, strides) {
            terms *= axis.windows.reduce(0) { $0 + $1.count }
            guard terms <= GraphCompiler.maxFolded else { throw .words("has too many windows") }
            windows = windows.flatMap { before in
                axis.windows.map { window in
                    before.flatMap { first in
                        window.map {
                            WindowAxis.Term(
                                index: first.index + $0.index * stride, weight: first.weight * $0.weight)
                        }
                    }
                }
            }
        }
        var starts: [Int32] = [0]
        for window in windows { starts.append(starts[starts.count - 1] + Int32(window.count)) }
        let all = windows.flatMap { $0 }
        let constants = axes.reduce(0.0) { $0 + $1.extrapolated }
        guard constants == 0 else { throw .words("extrapolates, which can't be measured") }
        return try compiler.add(
            WindowOperation(
                planes: planes, planeSize: inner.reduce(1) { $0 * $1.size }, starts: starts,
                indices: all.map { Int32($0.index) }, weights: isMaximum ? nil : all.map { Float($0.weight) }),
            reading: [try compiler.value(of: x, node)], shape: shape)
    }
}

/// The windows along one axis of a tensor: for each index of the result, indices with their weights.
struct WindowAxis {
    struct Term {
        var index: Int
        var weight: Double
    }

    var size: Int
    var windows: [[Term]]
    /// Sum of weights that belong to no index: a number from outside the image.
    var extrapolated = 0.0

    var isIdentity: Bool {
        windows.count == size
            && windows.indices.allSatisfy { position in
                windows[position].count == 1 && windows[position][0].index == position
                    && windows[position][0].weight == 1
            }
    }

    /// An axis that stays as it is.
    static func identity(_ size: Int) -> WindowAxis {
        WindowAxis(size: size, windows: (0..<size).map { [Term(index: $0, weight: 1)] })
    }
}
