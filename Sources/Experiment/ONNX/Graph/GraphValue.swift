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

    init(_ words: String, node: String? = nil) { (self.words, self.node) = (words, node) }
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

/// The offset in an operand for each number of a result: Σ index · stride over the axes, from `start` on. It is
/// how tensors are transposed, sliced and broadcast.
func offsets(shape: [Int], strides: [Int], start: Int = 0) -> [Int32] {
    let count = shape.reduce(1, *)
    guard count > 0 else { return [] }
    var offsets = [Int32(start)]
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
