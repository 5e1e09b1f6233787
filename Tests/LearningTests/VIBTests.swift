import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

@Suite struct VIBTests {
    private static let points = 5

    private static func model(_ loss: Loss = .crossEntropy, seed: UInt64 = 1) -> (VIB<Double>, Draws) {
        var draws = Draws(seed)
        let model = VIB<Double>(
            .stack(hidden: [4, 6], activation: .tanh, bottleneck: 3), outputs: 4, loss: loss, beta: 0.1,
            shift: -0.5,
            points: points)
        model.parameters.flat.assign(draws.numbers(model.parameters.flat.count))
        return (model, draws)
    }

    /// KL = E[ln q(z) − ln r(z)]; with n samples the mean is within 4 standard errors.
    @Test func `The KL is the mean log ratio of the two densities`() {
        var (model, draws) = Self.model()
        let inputs: Matrix<Double> = draws.matrix(rows: 1, columns: 4, in: -2...2)
        let noise: Matrix<Double> = Matrix(rows: 1, columns: 3)
        let n = 1 << 16
        let normals = Matrix<Float>(rows: n, columns: 3)
        normals.fillNormals(key: 8, stream: 1, first: 0)
        var (sum, squares, kl) = (0.0, 0.0, 0.0)
        for sample in 0..<n {
            noise.assign(normals.rows(sample..<sample + 1).doubles)
            let code = model.encode(inputs, noise: noise)
            kl = code.kl
            var ratio = 0.0
            for j in 0..<3 {
                let (mean, sigma, z) = (code.head[0, j], code.sigma[0, j], code.z[0, j])
                let standardised = (z - mean) / sigma
                // The two densities' ½ ln 2π cancels.
                ratio += 0.5 * z * z - 0.5 * standardised * standardised - PlainMath.ln(sigma)
            }
            sum += ratio
            squares += ratio * ratio
        }
        let mean = sum / Double(n)
        let error = ((squares / Double(n) - mean * mean) / Double(n)).squareRoot()
        #expect(error < 0.02)
        #expect(abs(mean - kl) < 4 * error, "\(mean) ± \(error), closed form \(kl)")
    }

    @Test func `Encoding gives the mean the deviation and the sum of KLs`() {
        var (model, draws) = Self.model()
        // Fewer points than the workspace has.
        let inputs: Matrix<Double> = draws.matrix(rows: 3, columns: 4)
        let noise: Matrix<Double> = draws.matrix(rows: 3, columns: 3)
        let code = model.encode(inputs, noise: noise)
        let plain = PlainObjective(
            shapes: model.shapes, loss: .crossEntropy, inputs: inputs.nested,
            labels: [0, 1, 2], latent: .init(beta: 1, shift: -0.5, noise: noise.nested))
        expectClose([code.kl / 3], [plain.value(model.parameters.flat.values).kl], within: 1e-13)
        #expect(code.head.rows == 3 && code.head.columns == 6)
        for i in 0..<3 {
            for j in 0..<3 {
                expectClose(
                    [code.sigma[i, j]], [PlainMath.softplus(code.head[i, 3 + j] - 0.5)], within: 1e-14)
                expectClose(
                    [code.z[i, j]], [code.head[i, j] + code.sigma[i, j] * noise[i, j]], within: 1e-14)
            }
        }
    }

    @Test func `Resampling is encoding again with other noise`() {
        var (model, draws) = Self.model()
        let inputs: Matrix<Double> = draws.matrix(rows: Self.points, columns: 4)
        let other: Matrix<Double> = draws.matrix(rows: Self.points, columns: 3)
        let expected = model.encode(inputs, noise: other).z.values
        let first = model.encode(inputs, noise: draws.matrix(rows: Self.points, columns: 3)).z.values
        #expect(first != expected)
        #expect(model.resample(noise: other).values == expected)
        #expect(model.resample(noise: other.rows(0..<2)).values == Array(expected.prefix(6)))
    }

    @Test(arguments: GradientTests.losses) func `Decoding and its loss are those of the objective`(loss: Loss)
    {
        var (model, draws) = Self.model(loss)
        let inputs: Matrix<Double> = draws.matrix(rows: 4, columns: 4)
        let noise: Matrix<Double> = draws.matrix(rows: 4, columns: 3)
        var batch = Batch(inputs: inputs, labels: [3, 1, 0, 2])
        if loss != .crossEntropy { batch = Batch(inputs: inputs, targets: draws.matrix(rows: 4, columns: 4)) }
        let plain = PlainObjective(
            shapes: model.shapes, loss: loss, inputs: inputs.nested,
            labels: batch.labels, targets: batch.targets.nested,
            latent: .init(beta: 1, shift: -0.5, noise: noise.nested))
        let value = plain.value(model.parameters.flat.values)
        let code = model.encode(inputs, noise: noise)
        let sum = model.taskLoss(model.decode(code.z), batch)
        expectClose([sum.loss / loss.normaliser(points: 4, outputs: 4)], [value.task], within: 1e-13)
        #expect(sum.correct == value.correct)
    }

    @Test func `A copy has the same numbers in memory of its own`() {
        let (model, _) = Self.model(.gaussianNLL)
        let copy = model.copy()
        #expect(copy.parameters.flat.values == model.parameters.flat.values)
        #expect(copy.shift == model.shift && copy.beta == model.beta && copy.loss == model.loss)
        copy.parameters.flat.fill(0)
        #expect(model.parameters.flat.values.contains { $0 != 0 })
    }
}

@Suite struct MLPTests {
    @Test(arguments: GradientTests.losses)
    func `Evaluating fewer points gives their loss and changes nothing`(loss: Loss) {
        var draws = Draws(4)
        let shape = StackShape(units: [5, 7, 3], activation: .relu)
        let model = MLP<Double>(shape, loss: loss, points: 8)
        model.parameters.flat.assign(draws.numbers(model.parameters.flat.count))
        let before = model.parameters.flat.values
        let inputs: Matrix<Double> = draws.matrix(rows: 3, columns: 5)
        var batch = Batch(inputs: inputs, labels: [0, 2, 1])
        if loss != .crossEntropy { batch = Batch(inputs: inputs, targets: draws.matrix(rows: 3, columns: 3)) }
        let plain = PlainObjective(
            shapes: [shape], loss: loss, inputs: inputs.nested, labels: batch.labels,
            targets: batch.targets.nested)
        let sum = model.evaluate(batch)
        expectClose(
            [sum.loss / loss.normaliser(points: 3, outputs: 3)], [plain.value(before).task], within: 1e-13)
        #expect(sum.correct == plain.value(before).correct)
        #expect(model.parameters.flat.values == before)
    }

    @Test func `A workspace holds every layer's activations`() {
        let model = MLP<Double>(
            StackShape(units: [2, 2, 1], activation: .relu), loss: .meanSquaredError, points: 1)
        // W₁, b₁, W₂, b₂.
        model.parameters.flat.assign([1, 2, -1, 1] + [0.5, -9] + [3, 4] + [0.25])
        forward(model.layers, .relu, inputs: Matrix([[1, 2]]), into: model.work)
        #expect(model.work.outputs.map(\.values) == [[5.5, 0], [16.75]])
        #expect(model.work.last.values == [16.75])
    }

    @Test func `Parameters lie in one buffer layer by layer`() {
        let parameters = Parameters<Float>(
            stacks: [
                StackShape(units: [3, 2, 4], activation: .tanh),
                StackShape(units: [2, 1], activation: .linear),
            ], vectors: [5])
        #expect(parameters.flat.count == (3 * 2 + 2) + (2 * 4 + 4) + (2 + 1) + 5)
        #expect(parameters.stacks.map { $0.map(\.weight.offset) } == [[0, 8], [20]])
        #expect(parameters.stacks.map { $0.map(\.bias.offset) } == [[6, 16], [22]])
        #expect(parameters.vectors.map(\.offset) == [23])
        #expect(parameters.parts.map(\.isWeight) == [true, false, true, false, true, false, false])
        #expect(parameters.parts.map(\.range.lowerBound) == [0, 6, 8, 16, 20, 22, 23])
        #expect(parameters.parts.last?.range.upperBound == parameters.flat.count)
    }
}
