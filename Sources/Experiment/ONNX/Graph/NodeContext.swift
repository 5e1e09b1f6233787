import Glibc
import Model

/// A node with the tensors that it reads, and its attributes as its operation asks for them.
struct NodeContext {
    let node: ONNXModel.Node
    let inputs: [GraphValue?]
    let opset: Int

    /// No node: for tensors that have no name.
    static let none = NodeContext(
        node: ONNXModel.Node(name: "", operation: "", domain: "", inputs: [], outputs: [], attributes: [:]),
        inputs: [], opset: 21)

    /// The name of the layer that the node makes: its own, or that of its first result where it has none.
    var layerName: String { node.name.isEmpty ? node.outputs.first ?? "" : node.name }

    /// The parameters' name for a constant among the inputs.
    func constantName(_ index: Int) -> String {
        node.inputs.indices.contains(index) && !node.inputs[index].isEmpty
            ? node.inputs[index] : "\(node.name).\(index)"
    }

    /// An input that must be there.
    func input(_ index: Int) throws(NodeError) -> GraphValue {
        guard let input = optional(index) else { throw .words("lacks its input \(index)") }
        return input
    }

    func optional(_ index: Int) -> GraphValue? { inputs.indices.contains(index) ? inputs[index] : nil }

    func int(_ name: String) throws(NodeError) -> Int? {
        guard let attribute = node.attributes[name] else { return nil }
        guard case .int(let value) = attribute else { throw .words("'\(name)' is not a whole number") }
        return NodeContext.bounded(value)
    }

    /// A number of the file, no larger than 32 bits: sums with sizes, and products with one, don't overflow then.
    private static func bounded(_ value: Int) -> Int { min(max(value, -1 << 31), 1 << 31) }

    func flag(_ name: String, _ usual: Bool = false) throws(NodeError) -> Bool {
        try int(name).map { $0 != 0 } ?? usual
    }

    func float(_ name: String, _ usual: Double) throws(NodeError) -> Double {
        guard let attribute = node.attributes[name] else { return usual }
        guard case .float(let value) = attribute else { throw .words("'\(name)' is not a number") }
        return value
    }

    func string(_ name: String, _ usual: String) throws(NodeError) -> String {
        guard let attribute = node.attributes[name] else { return usual }
        guard case .string(let value) = attribute else { throw .words("'\(name)' is not a text") }
        return value
    }

    func ints(_ name: String) throws(NodeError) -> [Int]? {
        guard let attribute = node.attributes[name] else { return nil }
        switch attribute {
        case .ints(let values): return values.map(NodeContext.bounded)
        case .int(let value): return [NodeContext.bounded(value)]
        default: throw .words("'\(name)' is not a list of whole numbers")
        }
    }

    /// Whole numbers that an input gives: they must not depend on the network's input.
    func constantInts(_ index: Int, atMost count: Int = 1 << 16) throws(NodeError) -> [Int]? {
        guard let numbers = try constantNumbers(index, atMost: count) else { return nil }
        return numbers.map { Int(bounded: $0.rounded()) }
    }

    /// Numbers that an input gives, which must not depend on the network's input.
    func constantNumbers(_ index: Int, atMost count: Int = 1 << 16) throws(NodeError) -> [Double]? {
        guard let input = optional(index) else { return nil }
        guard let constant = input.constant else {
            throw .words("takes its input '\(node.inputs[index])' from the data: it must be a constant")
        }
        guard input.count <= count else { throw .words("has too long a list of numbers") }
        return try constant.checked()
    }

    /// The list that an attribute gave in older opsets, and an input gives today.
    func list(_ attribute: String, input: Int) throws(NodeError) -> [Int]? {
        if let ints = try ints(attribute) { return ints }
        return try constantInts(input)
    }

    /// An axis of a tensor with this rank; a negative one counts from the end.
    func axis(_ axis: Int, rank: Int, orEnd: Bool = false) throws(NodeError) -> Int {
        let end = rank + (orEnd ? 1 : 0)
        let positive = axis < 0 ? axis + rank : axis
        guard (0..<end).contains(positive) else {
            throw .words("names axis \(axis) of a tensor with \(rank)")
        }
        return positive
    }

    /// Axes of a tensor with this rank, each once, ascending.
    func axes(_ axes: [Int], rank: Int) throws(NodeError) -> [Int] {
        var result: [Int] = []
        for axis in axes { result.append(try self.axis(axis, rank: rank)) }
        guard Set(result).count == result.count else { throw .words("names an axis twice") }
        return result.sorted()
    }
}

extension Int {
    /// A number of the file as a whole number, no larger than 32 bits.
    init(bounded number: Double) {
        self.init(number.isNaN ? 0 : Swift.min(Swift.max(number, -0x1p31), 0x1p31))
    }
}

extension ONNXElementType {
    /// Whether the numbers are real.
    var isFloatingPoint: Bool {
        switch self {
        case .float, .float16, .double, .bfloat16: true
        default: false
        }
    }
}

extension ONNXModel.Node {
    /// The node as messages name it.
    var title: String { "node '\(name.isEmpty ? outputs.first ?? "" : name)' (\(operation))" }
    var isOfDefaultDomain: Bool { domain.isEmpty || domain == "ai.onnx" }
}

extension GroupFunction {
    /// The function of two numbers that makes up those functions of constants that are computed here; nil for
    /// others.
    var fold: ((Double, Double) -> Double)? {
        switch self {
        case .sum: (+)
        case .product: (*)
        case .maximum: Swift.max
        case .minimum: Swift.min
        default: nil
        }
    }
}

extension ElementwiseFunction {
    /// Whether constants are computed here: the functions that sizes are computed with.
    var isFolded: Bool {
        switch self {
        case .identity, .sqrt, .reciprocal, .negate, .abs, .sign, .floor, .ceil, .round, .truncate, .not,
            .clip, .add, .subtract, .multiply, .divide, .power, .minimum, .maximum, .modulo, .remainder,
            .equal, .less, .greater, .lessOrEqual, .greaterOrEqual, .and, .or, .xor, .select, .exp, .log:
            true
        default: false
        }
    }

    /// The function of constants, in double.
    func folded(_ x: [Double], alpha: Double, beta: Double) -> Double {
        switch operandCount {
        case 1: folded(x[0], alpha, beta)
        case 2: folded(x[0], x[1])
        default: x[0] != 0 ? x[1] : x[2]
        }
    }

    private func folded(_ x: Double, _ alpha: Double, _ beta: Double) -> Double {
        switch self {
        case .sqrt: x.squareRoot()
        case .reciprocal: 1 / x
        case .negate: -x
        case .abs: Swift.abs(x)
        case .sign: x > 0 ? 1 : x < 0 ? -1 : x
        case .floor: x.rounded(.down)
        case .ceil: x.rounded(.up)
        case .round: x.rounded(.toNearestOrEven)
        case .truncate: x.rounded(.towardZero)
        case .not: x == 0 ? 1 : 0
        case .clip: Swift.min(Swift.max(x, alpha), beta)
        case .exp: Glibc.exp(x)
        case .log: Glibc.log(x)
        default: x
        }
    }

    private func folded(_ x: Double, _ y: Double) -> Double {
        switch self {
        case .add: x + y
        case .subtract: x - y
        case .multiply: x * y
        case .divide: x / y
        case .power: Glibc.pow(x, y)
        case .minimum: Swift.min(x, y)
        case .maximum: Swift.max(x, y)
        case .modulo: x - y * (x / y).rounded(.down)
        case .remainder: x.truncatingRemainder(dividingBy: y)
        case .equal: x == y ? 1 : 0
        case .less: x < y ? 1 : 0
        case .greater: x > y ? 1 : 0
        case .lessOrEqual: x <= y ? 1 : 0
        case .greaterOrEqual: x >= y ? 1 : 0
        case .and: x != 0 && y != 0 ? 1 : 0
        case .or: x != 0 || y != 0 ? 1 : 0
        case .xor: (x != 0) != (y != 0) ? 1 : 0
        default: x
        }
    }
}
