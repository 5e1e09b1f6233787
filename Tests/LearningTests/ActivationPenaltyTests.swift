import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// −ln det(HᵀH + ε I) of hidden layers as its formula is, by elimination, over plain arrays.
private struct PlainPenalty {
    let shape: StackShape
    let inputs: [[Double]]
    let settings: LogDetSettings

    /// - Parameter w: as `Parameters` lays it out, the stack first.
    func value(_ w: [Double]) -> Double {
        var rest = w[...]
        var h = inputs
        var sum = 0.0
        for layer in 1..<shape.depth {
            let (below, units) = (shape.units[layer - 1], shape.units[layer])
            let weights = Array(rest.prefix(units * below))
            let bias = Array(rest.dropFirst(units * below).prefix(units))
            rest = rest.dropFirst(units * below + units)
            h = h.map { x in
                (0..<units).map { unit in
                    let p = bias[unit] + x.indices.reduce(0) { $0 + weights[unit * below + $1] * x[$1] }
                    return shape.activation == .relu
                        ? max(0, p) : shape.activation == .tanh ? PlainMath.tangent(p) : p
                }
            }
            if settings.layers.contains(layer) { sum -= logDeterminant(h) }
        }
        return settings.weight * sum
    }

    private func logDeterminant(_ h: [[Double]]) -> Double {
        let units = h[0].count
        var gram = (0..<units).map { i in
            (0..<units).map { j in
                h.reduce(i == j ? settings.epsilon : 0) { $0 + $1[i] * $1[j] }
            }
        }
        var sum = 0.0
        for pivot in 0..<units {
            sum += PlainMath.ln(gram[pivot][pivot])
            for row in pivot + 1..<max(pivot + 1, units) {
                let factor = gram[row][pivot] / gram[pivot][pivot]
                for column in pivot..<units { gram[row][column] -= factor * gram[pivot][column] }
            }
        }
        return sum
    }
}

@Suite struct ActivationPenaltyTests {
    /// The value to 1e-10; the gradient to 1e-6 of five-point differences of the plain objective.
    private func check<M: TrainableNetwork>(
        _ model: M, _ plain: PlainObjective, _ penalty: PlainPenalty, _ batch: Batch<Double>,
        noise: Matrix<Double>, _ what: String
    ) where M.Scalar == Double {
        let gradients = model.makeGradients()
        gradients.flat.fill(.nan)
        let w = model.parameters.flat.values
        let objective = model.setGradients(gradients, batch, noise: noise)
        let expected = plain.total(w) + penalty.value(w)
        expectClose([objective.total], [expected], within: 1e-10, what)
        expectClose([objective.task], [plain.value(w).task], within: 1e-12, what)
        let h = 3e-4
        let differences = w.indices.map { index in
            func at(_ offset: Double) -> Double {
                var moved = w
                moved[index] += offset
                #expect(plain.value(moved).pattern == plain.value(w).pattern, "choose another seed")
                return plain.total(moved) + penalty.value(moved)
            }
            return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
        }
        expectClose(gradients.flat.values, differences, within: 1e-6, floor: 1e-2, what)
        // A copy has the same objective.
        let copy = model.copy()
        #expect(copy.setGradients(copy.makeGradients(), batch, noise: noise) == objective)
    }

    /// More points than units and fewer; one hidden layer, all, and one of the middle.
    @Test(arguments: [Activation.linear, .relu, .tanh], [[3], [1, 2, 3], [2]])
    func `An MLP's gradient with the penalty is the derivative of its objective`(
        activation: Activation, layers: [Int]
    ) {
        let settings = LogDetSettings(weight: 0.3, epsilon: 0.05, layers: layers)
        var draws = Draws(77)
        let shape = StackShape(units: [4, 5, 3, 8, 3], activation: activation)
        let model = MLP<Double>(shape, loss: .crossEntropy, points: 6, logDet: settings)
        model.parameters.flat.assign(draws.numbers(model.parameters.flat.count))
        let batch = GradientTests.batch(.crossEntropy, inputs: 4, outputs: 3, &draws)
        let inputs = batch.inputs.nested
        check(
            model,
            PlainObjective(shapes: [shape], loss: .crossEntropy, inputs: inputs, labels: batch.labels),
            PlainPenalty(shape: shape, inputs: inputs, settings: settings), batch,
            noise: Matrix(rows: 6, columns: 0), "\(activation) \(layers)")
    }

    @Test(arguments: [Activation.relu, .tanh])
    func `A VIB's gradient with the penalty is the derivative of its objective`(activation: Activation) {
        let settings = LogDetSettings(weight: 0.2, epsilon: 0.1, layers: [1, 2])
        var draws = Draws(81)
        let model = VIB<Double>(
            .stack(hidden: [4, 7, 5], activation: activation, bottleneck: 2), outputs: 3, loss: .crossEntropy,
            beta: 0.1, shift: -1, points: 6, logDet: settings)
        model.parameters.flat.assign(draws.numbers(model.parameters.flat.count))
        let batch = GradientTests.batch(.crossEntropy, inputs: 4, outputs: 3, &draws)
        let noise: Matrix<Double> = draws.matrix(rows: 6, columns: 2, in: -2...2)
        let inputs = batch.inputs.nested
        check(
            model,
            PlainObjective(
                shapes: model.shapes, loss: .crossEntropy, inputs: inputs,
                labels: batch.labels, latent: .init(beta: 0.1, shift: -1, noise: noise.nested)),
            PlainPenalty(shape: model.shapes[0], inputs: inputs, settings: settings), batch,
            noise: noise, "\(activation)")
    }

    /// Layers that the next operation would overwrite (a dropout, a sum), that a block's shortcut reads too, that are
    /// images of more numbers than points, and that come after a normalisation of the batch.
    @Test func `A network's gradient with the penalty is the derivative of its objective`() throws {
        let image = ImageSize(height: 8, width: 8, channels: 2)
        let sizes = TokenSizes(blocks: 2, width: 4, patch: 4, input: image, outputs: 3)
        let shapes: [(String, NetworkShape, [Int])] = [
            (
                "mlp",
                try .mlp(units: [4, 5, 5, 3], activation: .tanh, normalisation: .batch, isResidual: true),
                [1, 2]
            ),
            (
                "cnn",
                try .cnn(
                    channels: [3, 4], activation: .tanh, classes: 3, input: image, normalisation: .layer),
                [1, 2]
            ),
            ("vit", try .vit(sizes, heads: 2), [1, 3]),
            (
                "mixer",
                try .mixer(TokenSizes(blocks: 1, width: 4, patch: 4, dropout: 0.5, input: image, outputs: 3)),
                [2]
            ),
        ]
        for (name, shape, layers) in shapes {
            NetworkGradientTests.check(
                shape, loss: .crossEntropy, logDet: LogDetSettings(weight: 0.3, epsilon: 0.5, layers: layers),
                name)
        }
    }

    /// The same weights as a network of any layers.
    @Test func `A network's penalty is that of the same MLP`() throws {
        let settings = LogDetSettings(weight: 0.3, epsilon: 0.05, layers: [1, 3])
        let shape = StackShape(units: [4, 5, 3, 8, 3], activation: .tanh)
        let model = MLP<Double>(shape, loss: .crossEntropy, points: 6, logDet: settings)
        let network = Network<Double>(
            try .mlp(units: shape.units, activation: .tanh), loss: .crossEntropy, points: 6, logDet: settings)
        var draws = Draws(78)
        let numbers = draws.numbers(model.parameters.flat.count)
        model.parameters.flat.assign(numbers)
        network.parameters.flat.assign(numbers)
        let batch = GradientTests.batch(.crossEntropy, inputs: 4, outputs: 3, &draws)
        let none = Matrix<Double>(rows: 6, columns: 0)
        let (ours, theirs) = (network.makeGradients(), model.makeGradients())
        let objective = network.setGradients(ours, batch, noise: none)
        let expected = model.setGradients(theirs, batch, noise: none)
        #expect(expected.total != expected.task)
        expectClose([objective.total], [expected.total], within: 1e-12, "objective")
        expectClose(ours.flat.values, theirs.flat.values, within: 1e-10, floor: 1e-2, "gradient")
        let copy = network.copy()
        #expect(copy.setGradients(copy.makeGradients(), batch, noise: none) == objective)
    }

    @Test func `Activations of no numbers make the objective none, and the training ends`() {
        let shape = StackShape(units: [2, 3, 2], activation: .relu)
        let model = MLP<Float>(
            shape, loss: .crossEntropy, points: 2,
            logDet: LogDetSettings(weight: 1, epsilon: 1e-3, layers: [1]))
        model.parameters.flat.fill(.infinity)
        let batch = Batch<Float>(inputs: Matrix([[1, 1], [1, 2]]), labels: [0, 1])
        let total = model.setGradients(
            model.makeGradients(), batch, noise: Matrix(rows: 2, columns: 0)
        ).total
        #expect(!total.isFinite)
    }
}
