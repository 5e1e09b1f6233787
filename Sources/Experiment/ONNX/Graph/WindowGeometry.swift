import Model

/// Where the windows of a convolution or a pool lie, from a node's attributes.
struct WindowGeometry {
    struct Axis {
        var size: Int, kernel: Int, stride: Int, dilation: Int, before: Int, after: Int
        var positions: Int

        var grid: GroupedWindow.Axis {
            GroupedWindow.Axis(
                size: size, kernel: kernel, stride: stride, dilation: dilation, before: before,
                positions: positions)
        }
        /// Pixels from the window's first to its last, both counted.
        var span: Int { (kernel - 1) * dilation + 1 }
    }

    let axes: [Axis]

    /// - Parameters:
    ///   - sizes: the image's, from its third axis on.
    ///   - kernel: the window's; nil: the attribute's.
    init(_ node: NodeContext, sizes: [Int], kernel given: [Int]? = nil) throws(NodeError) {
        let lists = try AxisLists(node, rank: sizes.count, kernel: given)
        let padding = try node.string("auto_pad", "NOTSET")
        let roundsUp = try node.flag("ceil_mode")
        guard !sizes.contains(0) else { throw .words("has an image without pixels, of shape \(sizes)") }
        var axes: [Axis] = []
        for axis in sizes.indices {
            var made = Axis(
                size: sizes[axis], kernel: lists.kernel[axis], stride: lists.strides[axis],
                dilation: lists.dilations[axis], before: lists.pads[axis],
                after: lists.pads[axis + sizes.count], positions: 0)
            switch padding {
            case "NOTSET": break
            case "VALID": (made.before, made.after) = (0, 0)
            case "SAME_UPPER", "SAME_LOWER":
                let positions = (made.size + made.stride - 1) / made.stride
                let total = max(0, (positions - 1) * made.stride + made.span - made.size)
                made.before = padding == "SAME_UPPER" ? total / 2 : total - total / 2
                made.after = total - made.before
            default: throw .words("has an unknown auto_pad '\(padding)'")
            }
            let room = made.size + made.before + made.after - made.span
            guard room >= 0 else {
                throw .words("has a window of \(made.span) pixels for an image of \(made.size)")
            }
            made.positions = room / made.stride + 1
            // A window that only the rounding adds must begin within the image or the zeros before it.
            if roundsUp, room % made.stride != 0, made.positions * made.stride < made.size + made.before {
                made.positions += 1
            }
            axes.append(made)
        }
        self.axes = axes
    }
}

/// Where a transposed convolution's pixels come from.
struct TransposedGeometry {
    struct Axis {
        /// The input's pixel, or −1 for a zero, at each pixel of the image that is convolved.
        var sources: [Int]
        var kernel: Int, dilation: Int, positions: Int

        var grid: GroupedWindow.Axis {
            GroupedWindow.Axis(
                size: sources.count, kernel: kernel, stride: 1, dilation: dilation, before: 0,
                positions: positions)
        }
    }

    let axes: [Axis]

    init(
        _ node: NodeContext, sizes: [Int], kernel given: [Int], _ compiler: inout GraphCompiler
    ) throws(NodeError) {
        let rank = sizes.count
        let lists = try AxisLists(node, rank: rank, kernel: given)
        let extra = try node.ints("output_padding") ?? [Int](repeating: 0, count: rank)
        let asked = try node.ints("output_shape")
        let padding = try node.string("auto_pad", "NOTSET")
        guard extra.count == rank, asked.map({ $0.count == rank }) ?? true,
            ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].contains(padding)
        else { throw .words("has an output_padding, output_shape or auto_pad that doesn't fit") }
        var axes: [Axis] = []
        for axis in sizes.indices {
            let (stride, span) = (lists.strides[axis], (lists.kernel[axis] - 1) * lists.dilations[axis] + 1)
            let full = (sizes[axis] - 1) * stride + span + extra[axis]
            var before = lists.pads[axis]
            var positions = full - before - lists.pads[axis + rank]
            if let target = asked?[axis] ?? (padding.hasPrefix("SAME") ? sizes[axis] * stride : nil) {
                let total = full - target
                before = padding == "SAME_UPPER" ? total >> 1 : total - (total >> 1)
                positions = target
            }
            guard positions > 0 else { throw .words("makes an image of \(positions) pixels") }
            try compiler.prepare([positions + span - 1])
            let first = before - (span - 1)
            let sources = (first..<first + positions + span - 1).map { pixel in
                pixel >= 0 && pixel % stride == 0 && pixel / stride < sizes[axis] ? pixel / stride : -1
            }
            axes.append(
                Axis(
                    sources: sources, kernel: lists.kernel[axis], dilation: lists.dilations[axis],
                    positions: positions))
        }
        self.axes = axes
    }
}

/// The lists that the nodes of windows have: a number for each axis, or two.
private struct AxisLists {
    let kernel: [Int], strides: [Int], dilations: [Int], pads: [Int]

    init(_ node: NodeContext, rank: Int, kernel given: [Int]?) throws(NodeError) {
        func list(_ name: String, _ count: Int, _ usual: Int, least: Int) throws(NodeError) -> [Int] {
            let list = try node.ints(name) ?? [Int](repeating: usual, count: count)
            guard list.count == count, list.allSatisfy({ (least...1 << 20).contains($0) }) else {
                throw .words("has \(name) \(list) for \(rank) axes")
            }
            return list
        }
        let asked = try node.ints("kernel_shape")
        guard let kernel = given ?? asked, kernel.count == rank,
            kernel.allSatisfy({ (1...1 << 20).contains($0) }), asked == nil || asked == kernel
        else { throw .words("has no kernel_shape of \(rank) sizes that fits") }
        self.kernel = kernel
        strides = try list("strides", rank, 1, least: 1)
        dilations = try list("dilations", rank, 1, least: 1)
        pads = try list("pads", 2 * rank, 0, least: 0)
    }
}
