import Model

/// A tensor of a graph while its plan is made: its shape, and where its numbers are.
struct GraphValue {
    /// Where a tensor's numbers are.
    enum Source {
        /// They don't depend on the network's input.
        case constant(GraphConstant)
        /// The value of the plan with this index has them, for one input.
        case value(Int)
    }

    var shape: [Int]
    var source: Source
    /// Whether the numbers are whole: division then truncates.
    var isInteger = false

    var count: Int { shape.reduce(1, *) }
    var constant: GraphConstant? { if case .constant(let constant) = source { constant } else { nil } }
    var value: Int? { if case .value(let value) = source { value } else { nil } }

    init(_ shape: [Int], _ source: Source, isInteger: Bool = false) {
        (self.shape, self.source, self.isInteger) = (shape, source, isInteger)
    }

    /// Numbers that were computed, as a constant.
    init(_ shape: [Int], numbers: [Double], isInteger: Bool = false) {
        self.init(shape, .constant(.numbers(numbers)), isInteger: isInteger)
    }

    /// The same numbers in another shape.
    func reshaped(_ shape: [Int]) -> GraphValue { GraphValue(shape, source, isInteger: isInteger) }
}

/// Numbers that don't depend on the network's input.
enum GraphConstant {
    /// A tensor with a name of its own in the file, whose numbers are read when they are asked for.
    case initializer(ONNXTensor)
    /// A tensor among a node's settings.
    case tensor(ONNXTensor)
    /// Numbers that were computed from sizes and other constants.
    case numbers([Double])

    func doubles() throws(ONNXFault) -> [Double] {
        switch self {
        case .initializer(let tensor), .tensor(let tensor): try tensor.doubles()
        case .numbers(let numbers): numbers
        }
    }

    func floats() throws(ONNXFault) -> [Float] {
        switch self {
        case .initializer(let tensor), .tensor(let tensor): try tensor.floats()
        case .numbers(let numbers): numbers.map { Float($0) }
        }
    }
}

/// Why a graph can't be measured.
public struct GraphFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// The node at fault, as "node 'NAME' (OPERATION)"; nil: the graph.
    public let node: String?
    /// The fault, and what to do about it.
    public let words: String

    /// The node and what is wrong with it.
    public var description: String { node.map { "\($0) \(words)" } ?? words }

    init(_ words: String, node: String? = nil) {
        // Names and lists of a file may be of any length.
        func line(_ text: String) -> String { ONNXFault(file: "", what: text).what }
        (self.words, self.node) = (line(words), node.map(line))
    }
}

/// The number of numbers of a shape that a file gives, or that was computed from what it gives. Sizes of 0 count
/// as 1 in its limit, so no product of some of the sizes overflows where this doesn't throw.
@discardableResult
func checkedCount(_ shape: [Int], atMost limit: Int = GraphCompiler.maxValue) throws(NodeError) -> Int {
    guard shape.count <= 32 else { throw .words("makes a tensor of \(shape.count) axes; 32 are the most") }
    var bound = 1
    for size in shape {
        guard size >= 0 else { throw .words("makes a shape with a negative size: \(shape)") }
        let (product, overflow) = bound.multipliedReportingOverflow(by: max(1, size))
        guard !overflow, product <= limit else {
            throw .words("makes more than 2^\(limit.trailingZeroBitCount) numbers, of shape \(shape)")
        }
        bound = product
    }
    return shape.reduce(1, *)
}

/// Row-major strides of a shape.
func strides(of shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return strides
}

/// The shape that operands of these shapes are broadcast to; nil where they don't fit together.
func broadcastShape(_ shapes: [[Int]]) -> [Int]? {
    let rank = shapes.map(\.count).max() ?? 0
    var result = [Int](repeating: 1, count: rank)
    for shape in shapes {
        for (axis, size) in zip(rank - shape.count..<rank, shape) where size != 1 {
            guard result[axis] == 1 || result[axis] == size else { return nil }
            result[axis] = size
        }
    }
    return result
}

/// The offset in a tensor for each number of the shape that it is broadcast to.
func broadcastOffsets(of own: [Int], to shape: [Int]) -> [Int32] {
    let (strides, missing) = (strides(of: own), shape.count - own.count)
    return offsets(
        shape: shape,
        strides: shape.indices.map { axis in
            axis < missing || own[axis - missing] == 1 ? 0 : strides[axis - missing]
        })
}

/// The offset in an operand for each number of a result: Σ index · stride over the axes. It is
/// how tensors are transposed, sliced and broadcast.
func offsets(shape: [Int], strides: [Int]) -> [Int32] {
    let count = shape.reduce(1, *)
    guard count > 0 else { return [] }
    var offsets = [Int32(0)]
    offsets.reserveCapacity(count)
    // The last axis is made first, then copied for each index of the axis before it.
    var made = 1
    for axis in shape.indices.reversed() {
        for index in 1..<max(1, shape[axis]) {
            let step = Int32(index * strides[axis])
            for position in 0..<made { offsets.append(offsets[position] + step) }
        }
        made *= shape[axis]
    }
    return offsets
}
