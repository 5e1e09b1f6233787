import Model

/// An operation of ONNX that can be compiled.
enum GraphOperation: Sendable {
    /// Makes a node's results.
    typealias Handler = @Sendable (inout GraphCompiler, NodeContext) throws(NodeError) -> [GraphValue]

    /// A function of each number.
    case unary(ElementwiseFunction)
    /// The same with the attribute "alpha" and perhaps a second one, and their defaults.
    case parametric(ElementwiseFunction, alpha: Double, second: String = "", beta: Double = 0)
    /// A function of two numbers.
    case binary(ElementwiseFunction)
    /// A function of two numbers over any number of inputs.
    case chained(ElementwiseFunction)
    /// One number for each group along some axes.
    case reduction(GroupFunction)
    /// A function along one axis.
    case alongAxis(GroupFunction)
    case other(Handler)

    func results(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        switch self {
        case .unary(let function): return [try GraphOperations.unary(function, &compiler, node)]
        case .parametric(let function, let alpha, let second, let beta):
            return [
                try compiler.elementwise(
                    function, alpha: try node.float("alpha", alpha),
                    beta: second.isEmpty ? beta : try node.float(second, beta), [try node.input(0)], node)
            ]
        case .binary(let function): return [try GraphOperations.binary(function, &compiler, node)]
        case .chained(let function): return [try GraphOperations.chained(function, &compiler, node)]
        case .reduction(let function): return [try GraphOperations.reduced(function, &compiler, node)]
        case .alongAxis(let function): return [try GraphOperations.alongAxis(function, &compiler, node)]
        case .other(let handler): return try handler(&compiler, node)
        }
    }
}

/// The operations of ONNX that can be compiled.
enum GraphOperations {
    /// By ONNX's names.
    static let all: [String: GraphOperation] = {
        var all: [String: GraphOperation] = [:]
        for part in [elementwise, shapes, selections, products, windows, groups] {
            all.merge(part) { first, _ in first }
        }
        return all
    }()
}
