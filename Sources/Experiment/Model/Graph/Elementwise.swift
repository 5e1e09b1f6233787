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

extension ElementwiseOperation {
    /// The numbers of which any operand changes.
    public func restricted(to supports: [Support]) -> RestrictedOperation? {
        let marks = supports.map(\.marks)
        let indices = maps.map { $0?.indices }
        var isMarked = [Bool](repeating: false, count: count)
        for (operand, map) in zip(operands, indices) {
            guard case .input(let index) = operand else { continue }
            for i in 0..<count where marks[index][map.map { Int($0[i]) } ?? i] { isMarked[i] = true }
        }
        let output = Support(isMarked)
        let taken = indices.map { map in output.all.map { map?[Int($0)] ?? $0 } }
        // A number is also needed where only another operand's changes.
        var needed = supports.map { [Bool](repeating: false, count: $0.total) }
        for case (.input(let index), let numbers) in zip(operands, taken) {
            for number in numbers { needed[index][Int(number)] = true }
        }
        let inputs = needed.map { Support($0) }
        let positions = inputs.map(\.positions)
        let maps = zip(operands, taken).map { operand, numbers in
            guard case .input(let index) = operand else { return IndexMap(numbers) }
            return IndexMap(numbers.map { positions[index][Int($0)] })
        }
        return RestrictedOperation(
            operation: ElementwiseOperation(
                function, alpha: alpha, beta: beta, operands: operands,
                maps: zip(operands, maps).map { operand, map in
                    guard case .input(let index) = operand, map.isIdentity(of: inputs[index].count)
                    else { return map }
                    return nil
                }, count: output.count),
            inputs: inputs, output: output)
    }
}
