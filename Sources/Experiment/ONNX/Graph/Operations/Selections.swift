import Model

/// Operations that take numbers from their inputs without changing them.
extension GraphOperations {
    static let selections: [String: GraphOperation] = [
        "Transpose": .other(transpose),
        "Slice": .other(slice), "Split": .other(split), "Concat": .other(concatenate),
        "Gather": .other(gather), "Pad": .other(pad),
        "Expand": .other(expand),
        "Tile": .other(tile),
        "DepthToSpace": .other(depthToSpace),
    ]

    private static func transpose(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        let order = try node.ints("perm") ?? x.shape.indices.reversed()
        guard order.sorted() == Array(x.shape.indices) else {
            throw .words("has the permutation \(order) for \(x.shape.count) axes")
        }
        return [try compiler.transposed(x, order)]
    }

    private static func expand(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        guard let asked = try node.constantInts(1), let shape = broadcastShape([x.shape, asked]) else {
            throw .words("can't expand shape \(x.shape)")
        }
        return [try compiler.expanded(x, to: shape)]
    }

    private static func tile(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        guard let times = try node.constantInts(1), times.count == x.shape.count,
            times.allSatisfy({ $0 >= 0 })
        else { throw .words("needs as many repeats as its input has axes") }
        let shape = zip(x.shape, times).map { $0 * $1 }
        try compiler.prepare(shape)
        let sources = zip(shape, x.shape).map { size, own in (0..<size).map { $0 % max(1, own) } }
        return [try compiler.picked(sources, from: x)]
    }

    private static func depthToSpace(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        guard let block = try node.int("blocksize"), block > 0, x.shape.count == 4,
            x.shape[1] % (block * block) == 0
        else { throw .words("needs four axes, and a block size whose square divides the channels") }
        let (depth, isCRD) = (x.shape[1] / block / block, try node.string("mode", "DCR") == "CRD")
        let parts = isCRD ? [depth, block, block] : [block, block, depth]
        let split = x.reshaped([x.shape[0]] + parts + x.shape[2...])
        let moved = try compiler.transposed(
            split, isCRD ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2])
        return [moved.reshaped([x.shape[0], depth, x.shape[2] * block, x.shape[3] * block])]
    }

    private static func slice(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        guard let starts = try node.list("starts", input: 1), let ends = try node.list("ends", input: 2)
        else {
            throw .words("lacks starts or ends")
        }
        let axes = try node.list("axes", input: 3) ?? Array(starts.indices)
        let steps = try node.constantInts(4) ?? [Int](repeating: 1, count: starts.count)
        guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else {
            throw .words("has lists of different lengths")
        }
        var sources = try compiler.indices(x.shape)
        for (position, axis) in axes.enumerated() {
            let axis = try node.axis(axis, rank: x.shape.count)
            let (size, step) = (x.shape[axis], steps[position])
            guard step != 0 else { throw .words("has a step of 0") }
            func end(_ end: Int) -> Int {
                let positive = end < 0 ? end + size : end
                return step > 0 ? min(max(positive, 0), size) : min(max(positive, -1), size - 1)
            }
            sources[axis] = Array(stride(from: end(starts[position]), to: end(ends[position]), by: step))
        }
        return [try compiler.picked(sources, from: x)]
    }

    private static func split(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        let axis = try node.axis(try node.int("axis") ?? 0, rank: x.shape.count)
        let count = try node.int("num_outputs") ?? node.node.outputs.count
        guard (1...max(1, node.node.outputs.count)).contains(count) else {
            throw .words("splits into \(count) parts, and has \(node.node.outputs.count) outputs")
        }
        let size = (x.shape[axis] + count - 1) / count
        let parts =
            try node.list("split", input: 1)
            ?? (0..<count).map { max(0, min(size, x.shape[axis] - $0 * size)) }
        guard parts.allSatisfy({ $0 >= 0 }),
            parts.reduce(0, { $0.addingReportingOverflow($1).partialValue }) == x.shape[axis]
        else { throw .words("splits \(x.shape[axis]) into \(parts)") }
        var (results, start) = ([GraphValue](), 0)
        for part in parts {
            var sources = try compiler.indices(x.shape)
            sources[axis] = Array(start..<start + part)
            results.append(try compiler.picked(sources, from: x))
            start += part
        }
        return results
    }

    private static func concatenate(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        var parts: [GraphValue] = []
        for index in node.inputs.indices { parts.append(try node.input(index)) }
        guard let first = parts.first else { throw .words("lacks its inputs") }
        let axis = try node.axis(try node.int("axis") ?? 0, rank: first.shape.count)
        func others(_ shape: [Int]) -> [Int] { shape.indices.filter { $0 != axis }.map { shape[$0] } }
        guard
            parts.allSatisfy({
                $0.shape.count == first.shape.count && others($0.shape) == others(first.shape)
            })
        else {
            throw .words("can't join shapes " + parts.map { "\($0.shape)" }.joined(separator: " and "))
        }
        var shape = first.shape
        shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
        try checkedCount(shape)
        let blocks = shape[..<axis].reduce(1, *)
        let lengths = parts.map { $0.shape[axis...].reduce(1, *) }
        let constants = parts.compactMap(\.constant)
        if constants.count == parts.count, shape.reduce(1, *) <= GraphCompiler.maxFolded {
            var numbers: [[Double]] = []
            for constant in constants { numbers.append(try constant.checked()) }
            try compiler.charge(blocks * parts.count)
            var joined: [Double] = []
            for block in 0..<blocks {
                for (part, length) in zip(numbers, lengths) {
                    joined += part[block * length..<(block + 1) * length]
                }
            }
            return [try compiler.constant(shape, joined, isInteger: first.isInteger)]
        }
        let (inputs, operands) = try compiler.operands(parts, node)
        return [
            try compiler.add(
                ConcatenationOperation(operands: operands, lengths: lengths, blocks: blocks), reading: inputs,
                shape: shape)
        ]
    }

    private static func gather(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let (x, indices) = (try node.input(0), try node.input(1))
        let axis = try node.axis(try node.int("axis") ?? 0, rank: x.shape.count)
        guard indices.constant != nil else {
            throw .words(
                "looks up what the data say, as embeddings of tokens do: that has no Jacobian. Export the network from "
                    + "the embedding's output on")
        }
        guard let list = try node.constantInts(1, atMost: GraphCompiler.maxFolded) else {
            throw .words("lacks its indices")
        }
        let size = x.shape[axis]
        guard list.allSatisfy({ (-size..<size).contains($0) }) else {
            throw .words("has an index outside of axis \(axis), of size \(size)")
        }
        let shape = Array(x.shape[..<axis]) + indices.shape + Array(x.shape[(axis + 1)...])
        try compiler.prepare(shape)
        var sources = try compiler.indices(x.shape, but: axis)
        sources[axis] = list.map { $0 < 0 ? $0 + size : $0 }
        return [try compiler.picked(sources, from: x, shape: shape)]
    }

    private static func pad(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        let rank = x.shape.count
        guard let pads = try node.list("pads", input: 1) else { throw .words("lacks its pads") }
        var axes = Array(0..<rank)
        if let given = try node.constantInts(3) {
            axes = []
            for axis in given { axes.append(try node.axis(axis, rank: rank)) }
        }
        guard pads.count == 2 * axes.count else {
            throw .words("has \(pads.count) pads for \(axes.count) axes")
        }
        let mode = try node.string("mode", "constant")
        let value = try node.constantNumbers(2)?.first
        let fill = if let value { value } else { try node.float("value", 0) }
        var shape = x.shape
        for (position, axis) in axes.enumerated() {
            shape[axis] = x.shape[axis] + pads[position] + pads[position + axes.count]
        }
        try compiler.prepare(shape)
        var sources = try compiler.indices(x.shape)
        for (position, axis) in axes.enumerated() {
            let (before, after, size) = (pads[position], pads[position + axes.count], x.shape[axis])
            guard let made = padded(before, after, size, mode) else {
                throw .words("can't pad an axis of size \(size) in the mode '\(mode)'")
            }
            sources[axis] = made
        }
        return [try compiler.picked(sources, from: x, fill: fill)]
    }

    /// The index that each index of a padded axis takes; −1: none. nil for an unknown mode, or an axis that has
    /// nothing to take.
    private static func padded(_ before: Int, _ after: Int, _ size: Int, _ mode: String) -> [Int]? {
        let range = -before..<max(-before, size + after)
        if mode != "constant", size == 0 { return nil }
        switch mode {
        case "constant": return range.map { (0..<size).contains($0) ? $0 : -1 }
        case "edge": return range.map { min(max($0, 0), size - 1) }
        case "wrap": return range.map { (($0 % size) + size) % size }
        case "reflect":
            let period = max(1, 2 * (size - 1))
            return range.map { index in
                let phase = ((index % period) + period) % period
                return phase < size ? phase : period - phase
            }
        default: return nil
        }
    }
}
