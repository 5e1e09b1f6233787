import Glibc
import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

@Suite struct LabelSmoothingTests {
    /// p = (1, 2, 5) / 8 and targets (0.8, 0.1, 0.1): α = 0.3 leaves 0.7 for the label and gives 0.1 to each class.
    @Test func `Loss and gradient are those computed by hand`() {
        let shape = StackShape(units: [2, 3], activation: .linear)
        let model = MLP<Double>(shape, loss: .crossEntropy, points: 2, smoothing: 0.3)
        model.layers[0].bias.assign([0, log(2), log(5)])
        let batch = Batch(inputs: Matrix<Double>(rows: 2, columns: 2), labels: [0, 0])
        let gradients = model.makeGradients()
        let objective = model.setGradients(gradients, batch, noise: Matrix(rows: 2, columns: 0))
        let loss = 0.8 * log(8) + 0.1 * log(4) + 0.1 * log(1.6)
        expectClose([objective.task, objective.total], [loss, loss], within: 1e-14, "loss")
        expectClose(
            gradients.stacks[0][0].bias.values, [0.125 - 0.8, 0.25 - 0.1, 0.625 - 0.1], within: 1e-14,
            "gradient")
        // The measured loss is that of the labels themselves.
        expectClose([model.evaluate(batch).loss], [2 * log(8)], within: 1e-14, "measured")
        #expect(model.copy().setGradients(gradients, batch, noise: Matrix(rows: 2, columns: 0)) == objective)
    }

    private static func check<M: TrainableNetwork>(
        _ model: M, _ batch: Batch<Double>, noise: Matrix<Double>, _ what: String
    ) where M.Scalar == Double {
        let (gradients, others) = (model.makeGradients(), model.makeGradients())
        _ = model.gradient(gradients, batch, noise: noise)
        let differences = Nets.differences(model.parameters.flat) {
            [model.gradient(others, batch, noise: noise).total]
        }
        expectClose(
            gradients.flat.values, differences.flatMap { $0 }, within: 1e-6, floor: 1e-3, what)
    }

    @Test(arguments: [0.05, 0.9])
    func `Every model's gradient is its objective's derivative`(smoothing: Double) throws {
        var draws = Draws(3)
        let x: Matrix<Double> = draws.matrix(rows: 5, columns: 4, in: -2...2)
        let batch = Batch(inputs: x, labels: [0, 2, 1, 1, 2])
        let shape = StackShape(units: [4, 6, 3], activation: .tanh)
        let mlp = MLP<Double>(shape, loss: .crossEntropy, points: 5, smoothing: smoothing)
        mlp.parameters.flat.assign(draws.numbers(mlp.parameters.flat.count))
        Self.check(mlp, batch, noise: Matrix(rows: 5, columns: 0), "mlp")
        let vib = VIB<Double>(
            .stack(hidden: [4, 6], activation: .tanh, bottleneck: 2), outputs: 3, loss: .crossEntropy,
            beta: 0.1,
            shift: -0.5, points: 5, smoothing: smoothing)
        vib.parameters.flat.assign(draws.numbers(vib.parameters.flat.count))
        Self.check(vib, batch, noise: draws.matrix(rows: 5, columns: 2), "vib")
        let kind = try #require(Nets.kinds.first { $0.name == "batch" })
        let network = Network<Double>(
            try Nets.shape(kind), loss: .crossEntropy, points: 5, smoothing: smoothing)
        network.parameters.flat.assign(draws.numbers(network.parameters.flat.count))
        Self.check(network, batch, noise: Matrix(rows: 5, columns: 0), "network")
    }
}

@Suite struct ClippedNormTests {
    @Test func `A longer vector is scaled down as PyTorch scales it, a shorter one stays`() {
        func clipped(_ numbers: [Double], _ limit: Double) -> [Double] {
            let matrix = Matrix<Double>(rows: 1, columns: numbers.count)
            matrix.assign(numbers)
            matrix.clip(toNorm: limit)
            return matrix.values
        }
        // torch.nn.utils.clip_grad_norm_ of (3, -4) in float64: 1 / (5 + 1e-6) = 0.1999999600000080.
        expectClose(clipped([3, -4], 1), [0.599999880000024, -0.799999840000032], within: 1e-14, "1")
        expectClose(clipped([3, -4], 5), [2.99999940000012, -3.99999920000016], within: 1e-14, "5")
        #expect(clipped([3, -4], 5.1) == [3, -4])
        #expect(clipped([0, 0], 1) == [0, 0] && clipped([], 1) == [])
        #expect(clipped([.nan, 1], 1)[0].isNaN)
        // Squares of these floats overflow float32.
        let large = Matrix<Float>(rows: 1, columns: 2)
        large.assign([3e30, 4e30])
        large.clip(toNorm: 10)
        expectClose(large.doubles, [6, 8], within: 1e-6, "floats")
    }
}
