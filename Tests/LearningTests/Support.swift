import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

extension Draws {
    mutating func numbers(_ count: Int, in range: ClosedRange<Double> = -1...1) -> [Double] {
        (0..<count).map { _ in uniform(range) }
    }

    mutating func matrix<T: Real>(
        rows: Int, columns: Int, in range: ClosedRange<Double> = -1...1
    ) -> Matrix<T> {
        let matrix = Matrix<T>(rows: rows, columns: columns)
        matrix.assign(numbers(rows * columns, in: range).map { T($0) })
        return matrix
    }
}

/// Every actual number within `tolerance` of the expected one, relative to numbers above `floor`.
func expectClose(
    _ actual: [Double], _ expected: [Double], within tolerance: Double, floor: Double = 1,
    _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, "\(what)", sourceLocation: sourceLocation)
    for (index, (a, e)) in zip(actual, expected).enumerated() {
        let error = abs(a - e) / max(floor, abs(a), abs(e))
        guard error <= tolerance else {
            Issue.record(
                "\(what) [\(index)] is \(a), not \(e): error \(error)", sourceLocation: sourceLocation)
            return
        }
    }
}

extension Matrix {
    var doubles: [Double] { values.map { Double($0) } }
    var nested: [[Double]] { (0..<rows).map { rows($0..<$0 + 1).doubles } }
}

/// A network's objective written as the formulas are (science: MLP p_l = W_l h_{l−1} + b_l; VIB as Alemi et
/// al. 2016, eq. 17), over plain arrays.
struct PlainObjective {
    struct Latent {
        var beta: Double
        var shift: Double
        var noise: [[Double]]
    }
    struct Value {
        var task = 0.0
        var kl = 0.0
        var correct = 0
        /// Which ReLUs, or leaky ones, were open: where it changes between two parameters, no difference quotient is a
        /// derivative.
        var pattern: [Bool] = []
    }

    var shapes: [StackShape]
    var loss: Loss
    var inputs: [[Double]]
    var labels: [Int32] = []
    var targets: [[Double]] = []
    var latent: Latent?

    /// `w` as `Parameters` lays it out: stack by stack each layer's W and b, then the vectors.
    func value(_ w: [Double]) -> Value {
        var value = Value()
        for (point, input) in inputs.enumerated() {
            var rest = w[...]
            var h = stack(shapes[0], input, &rest, &value.pattern)
            if let latent {
                let k = h.count / 2
                let sigma = h[k...].map { PlainMath.softplus($0 + latent.shift) }
                for (mean, s) in zip(h, sigma) {
                    value.kl += 0.5 * (mean * mean + s * s - 1 - PlainMath.ln(s * s))
                }
                h = (0..<k).map { h[$0] + sigma[$0] * latent.noise[point][$0] }
                h = stack(shapes[1], h, &rest, &value.pattern)
            }
            if loss == .crossEntropy, h.firstIndex(of: h.max() ?? 0) == Int(labels[point]) {
                value.correct += 1
            }
            if loss == .logistic, labels[point] == 1 ? h[0] > 0 : h[0] < 0 { value.correct += 1 }
            value.task += pointLoss(h, point, logVariance: rest)
        }
        let outputs = shapes[shapes.count - 1].units.last ?? 1
        value.task /= Double(inputs.count) * (loss == .meanSquaredError ? Double(outputs) : 1)
        value.kl /= Double(inputs.count)
        return value
    }

    func total(_ w: [Double]) -> Double {
        let value = value(w)
        return value.task + (latent?.beta ?? 0) * value.kl
    }

    private func stack(
        _ shape: StackShape, _ input: [Double], _ w: inout ArraySlice<Double>, _ pattern: inout [Bool]
    ) -> [Double] {
        var h = input
        for layer in 1...shape.depth {
            let outputs = shape.units[layer]
            let weights = Array(w.prefix(outputs * h.count))
            w = w.dropFirst(weights.count)
            let bias = shape.hasBiases ? Array(w.prefix(outputs)) : [Double](repeating: 0, count: outputs)
            w = w.dropFirst(shape.hasBiases ? outputs : 0)
            let p = (0..<outputs).map { i in
                bias[i] + h.indices.reduce(0) { $0 + weights[i * h.count + $1] * h[$1] }
            }
            if layer == shape.depth { return p }
            if [.relu, .leakyRelu].contains(shape.activation) { pattern += p.map { $0 > 0 } }
            h = p.map { shape.activation.plain($0) }
        }
        return h
    }

    private func pointLoss(_ output: [Double], _ point: Int, logVariance: ArraySlice<Double>) -> Double {
        switch loss {
        case .crossEntropy:
            let largest = output.max() ?? 0
            let sum = output.reduce(0) { $0 + PlainMath.e($1 - largest) }
            return PlainMath.ln(sum) + largest - output[Int(labels[point])]
        case .logistic:
            let margin = labels[point] == 1 ? output[0] : -output[0]
            return PlainMath.ln(1 + PlainMath.e(-margin))
        case .meanSquaredError:
            return zip(output, targets[point]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        case .gaussianNLL:
            return zip(zip(output, targets[point]), logVariance).reduce(0) { sum, entry in
                let ((y, t), v) = entry
                return sum + 0.5 * (PlainMath.ln(2 * .pi) + v + (y - t) * (y - t) * PlainMath.e(-v))
            }
        }
    }

    /// The derivative in every parameter by the five-point central difference: error O(h⁴) and rounding 1e-16
    /// / h. Fails where a step opens or closes a ReLU.
    func differences(_ w: [Double], step h: Double = 3e-4) -> [Double] {
        let pattern = value(w).pattern
        return w.indices.map { index in
            func at(_ offset: Double) -> Double {
                var moved = w
                moved[index] += offset
                if !pattern.isEmpty {
                    #expect(
                        value(moved).pattern == pattern, "a ReLU's kink is within a step: choose another seed"
                    )
                }
                return total(moved)
            }
            return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
        }
    }
}
