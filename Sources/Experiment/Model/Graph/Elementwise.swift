/// A function of one to three numbers, as the operations of ONNX define them. α and β are an operation's
/// parameters.
public enum ElementwiseFunction: Int32, CaseIterable, Sendable {
    // Functions of one number x. The raw value is the code in kernels (tensors.h).
    case identity, relu, leakyRelu, elu, celu, selu, thresholdedRelu
    case sigmoid, hardSigmoid, hardSwish, mish, tanh, softplus, softsign
    case gelu, geluTanh, erf
    case exp, log, sqrt, reciprocal, negate, abs, sign, floor, ceil, round, truncate, not
    case sin, cos
    /// min(max(x, α), β)
    case clip
    // Functions of two numbers.
    case add = 100, subtract, multiply, divide, power, minimum, maximum
    /// The remainder with the sign of the divisor, as Python's.
    case modulo
    /// The remainder with the sign of the dividend, as C's.
    case remainder
    /// x where x ≥ 0, else x times the second number.
    case prelu
    case equal, less, greater, lessOrEqual, greaterOrEqual, and, or, xor
    // A function of three: the second number where the first isn't 0, else the third.
    case select = 200

    /// Number of operands.
    public var operandCount: Int { rawValue < 100 ? 1 : rawValue < 200 ? 2 : 3 }
}

/// A function of numbers with the same index in each operand, after the operands are brought to the result's
/// size.
public struct ElementwiseOperation: NetworkOperation {
    /// The function.
    public let function: ElementwiseFunction
    /// The function's parameters.
    public let alpha: Double, beta: Double
    /// As many operands as the function takes.
    public let operands: [Operand]
    /// For each operand, the number that belongs to each number of the result; nil: the one with the same
    /// index.
    public let maps: [IndexMap?]
    /// Number of numbers of the result.
    public let count: Int

    /// Creates the operation.
    public init(
        _ function: ElementwiseFunction, alpha: Double = 0, beta: Double = 0, operands: [Operand],
        maps: [IndexMap?], count: Int
    ) {
        (self.function, self.alpha, self.beta) = (function, alpha, beta)
        (self.operands, self.maps, self.count) = (operands, maps, count)
    }
}
