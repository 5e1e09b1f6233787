import Model

/// Operations that work number by number.
extension GraphOperations {
    static let elementwise: [String: GraphOperation] = [
        "Relu": .unary(.relu), "Sigmoid": .unary(.sigmoid), "Tanh": .unary(.tanh),
        "Softplus": .unary(.softplus), "Softsign": .unary(.softsign), "HardSwish": .unary(.hardSwish),
        "Mish": .unary(.mish), "Erf": .unary(.erf), "Exp": .unary(.exp), "Log": .unary(.log),
        "Sqrt": .unary(.sqrt), "Reciprocal": .unary(.reciprocal), "Neg": .unary(.negate),
        "Abs": .unary(.abs), "Sign": .unary(.sign), "Floor": .unary(.floor), "Ceil": .unary(.ceil),
        "Round": .unary(.round), "Not": .unary(.not), "Sin": .unary(.sin), "Cos": .unary(.cos),
        "LeakyRelu": .parametric(.leakyRelu, alpha: 0.01), "Elu": .parametric(.elu, alpha: 1),
        "Celu": .parametric(.celu, alpha: 1), "ThresholdedRelu": .parametric(.thresholdedRelu, alpha: 1),
        "Selu": .parametric(.selu, alpha: 1.6732632423543772, second: "gamma", beta: 1.0507009873554805),
        "HardSigmoid": .parametric(.hardSigmoid, alpha: 0.2, second: "beta", beta: 0.5),
        "Add": .binary(.add), "Sub": .binary(.subtract), "Mul": .binary(.multiply), "Pow": .binary(.power),
        "PRelu": .binary(.prelu), "Equal": .binary(.equal), "Less": .binary(.less),
        "Greater": .binary(.greater), "LessOrEqual": .binary(.lessOrEqual),
        "GreaterOrEqual": .binary(.greaterOrEqual), "And": .binary(.and), "Or": .binary(.or),
        "Xor": .binary(.xor), "Min": .chained(.minimum), "Max": .chained(.maximum), "Sum": .chained(.add),
        "Mean": .other(mean), "Gelu": .other(gelu), "Div": .other(divide), "Mod": .other(modulo),
        "Clip": .other(clip), "Where": .other(select), "Cast": .other(cast),
    ]

    static func unary(
        _ function: ElementwiseFunction, _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> GraphValue {
        let x = try node.input(0)
        return try compiler.elementwise(function, [x], node, isInteger: x.isInteger)
    }

    static func binary(
        _ function: ElementwiseFunction, _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> GraphValue {
        let (a, b) = (try node.input(0), try node.input(1))
        return try compiler.elementwise(function, [a, b], node, isInteger: a.isInteger && b.isInteger)
    }

    /// A function of two numbers over any number of inputs.
    static func chained(
        _ function: ElementwiseFunction, _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> GraphValue {
        var result = try node.input(0)
        for index in node.inputs.indices.dropFirst() {
            result = try compiler.elementwise(
                function, [result, try node.input(index)], node, isInteger: result.isInteger)
        }
        return result
    }

    private static func mean(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let sum = try chained(.add, &compiler, node)
        let count = GraphValue([], numbers: [Double(node.inputs.count)])
        return [try compiler.elementwise(.divide, [sum, count], node)]
    }

    private static func gelu(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let kind = try node.string("approximate", "none")
        guard kind == "none" || kind == "tanh" else { throw .words("knows no approximation '\(kind)'") }
        return [try unary(kind == "tanh" ? .geluTanh : .gelu, &compiler, node)]
    }

    private static func modulo(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        [try binary(try node.flag("fmod") ? .remainder : .modulo, &compiler, node)]
    }

    private static func select(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let (yes, no) = (try node.input(1), try node.input(2))
        return [
            try compiler.elementwise(
                .select, [try node.input(0), yes, no], node, isInteger: yes.isInteger && no.isInteger)
        ]
    }

    private static func divide(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let (a, b) = (try node.input(0), try node.input(1))
        let isInteger = a.isInteger && b.isInteger
        let quotient = try compiler.elementwise(.divide, [a, b], node, isInteger: isInteger)
        return [isInteger ? try compiler.elementwise(.truncate, [quotient], node, isInteger: true) : quotient]
    }

    private static func clip(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        var x = try node.input(0)
        // Older opsets have attributes.
        for (index, function) in [(1, ElementwiseFunction.maximum), (2, ElementwiseFunction.minimum)] {
            if let bound = node.optional(index), bound.value != nil {
                x = try compiler.elementwise(function, [x, bound], node)
            }
        }
        func bound(_ index: Int, _ name: String, _ usual: Double) throws(NodeError) -> Double {
            if node.optional(index)?.value != nil { return usual }
            if let given = try node.constantNumbers(index)?.first { return given }
            return try node.float(name, usual)
        }
        let (low, high) = (try bound(1, "min", -.infinity), try bound(2, "max", .infinity))
        if low == -.infinity, high == .infinity { return [x] }
        return [try compiler.elementwise(.clip, alpha: low, beta: high, [x], node, isInteger: x.isInteger)]
    }

    private static func cast(
        _ compiler: inout GraphCompiler, _ node: NodeContext
    ) throws(NodeError) -> [GraphValue] {
        let x = try node.input(0)
        guard let code = try node.int("to") else { throw .words("lacks 'to'") }
        guard let type = ONNXElementType(rawValue: code) else {
            throw .words("casts to unknown type \(code)")
        }
        if type == .bool {
            let zero = GraphValue([], numbers: [0])
            let equal = try compiler.elementwise(.equal, [x, zero], node)
            return [try compiler.elementwise(.not, [equal], node)]
        }
        if type.isInteger {
            return [
                x.isInteger ? x : try compiler.elementwise(.truncate, [x], node, isInteger: true)
            ]
        }
        guard type.isFloatingPoint else { throw .words("casts to \(type), which can't be measured") }
        var result = x
        result.isInteger = false
        return [result]
    }
}
