import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// Gradients in Double against central differences of the plain objective, which checks the objective's value
/// too.
@Suite struct GradientTests {
    static let activations = Activation.allCases
    static let losses: [Loss] = [.crossEntropy, .meanSquaredError, .gaussianNLL]
    static let points = 6

    /// A relative error of 1e-6; derivatives below 1e-3 are held to 1e-9.
    static func check<M: TrainableNetwork>(
        _ model: M, _ plain: PlainObjective, _ batch: Batch<Double>, noise: Matrix<Double>, _ what: String
    ) where M.Scalar == Double {
        let gradients = model.makeGradients()
        // Earlier contents are overwritten.
        gradients.flat.fill(.nan)
        let before = model.parameters.flat.values
        let objective = model.setGradients(gradients, batch, noise: noise)
        #expect(model.parameters.flat.values == before)
        let value = plain.value(before)
        expectClose(
            [objective.task, objective.kl, objective.total], [value.task, value.kl, plain.total(before)],
            within: 1e-12, what)
        #expect(objective.correct == value.correct)
        expectClose(gradients.flat.values, plain.differences(before), within: 1e-6, floor: 1e-3, what)
    }

    static func batch(_ loss: Loss, inputs: Int, outputs: Int, _ draws: inout Draws) -> Batch<Double> {
        let x: Matrix<Double> = draws.matrix(rows: points, columns: inputs, in: -2...2)
        if loss == .crossEntropy {
            return Batch(inputs: x, labels: (0..<points).map { _ in Int32(draws.next() % UInt64(outputs)) })
        }
        return Batch(inputs: x, targets: draws.matrix(rows: points, columns: outputs, in: -2...2))
    }

    @Test(arguments: activations, losses) func `An MLP's gradient is its objective's derivative`(
        activation: Activation, loss: Loss
    ) {
        for depth in 1...4 {
            var draws = Draws(UInt64(depth) + 40)
            let units = [4] + [5, 3, 6].prefix(depth - 1) + [3]
            let shape = StackShape(units: units, activation: activation)
            let model = MLP<Double>(shape, loss: loss, points: Self.points)
            model.parameters.flat.assign(draws.numbers(model.parameters.flat.count))
            let batch = Self.batch(loss, inputs: 4, outputs: 3, &draws)
            let plain = PlainObjective(
                shapes: [shape], loss: loss, inputs: batch.inputs.nested, labels: batch.labels,
                targets: batch.targets.nested)
            Self.check(
                model, plain, batch, noise: Matrix(rows: Self.points, columns: 0),
                "\(activation) \(loss) depth \(depth)")
        }
    }

    @Test(arguments: activations, [true, false])
    func `The logistic loss's gradient is its derivative`(activation: Activation, hasBiases: Bool) {
        for depth in 1...4 {
            var draws = Draws(UInt64(depth) + 60)
            let units = [4] + [5, 3, 6].prefix(depth - 1) + [1]
            let shape = StackShape(units: units, activation: activation, hasBiases: hasBiases)
            let model = MLP<Double>(shape, loss: .logistic, points: Self.points)
            model.parameters.flat.assign(draws.numbers(model.parameters.flat.count))
            let x: Matrix<Double> = draws.matrix(rows: Self.points, columns: 4, in: -2...2)
            let labels = (0..<Self.points).map { Int32($0 % 2) }
            let plain = PlainObjective(
                shapes: [shape], loss: .logistic, inputs: x.nested, labels: labels, targets: [])
            Self.check(
                model, plain, Batch(inputs: x, labels: labels), noise: Matrix(rows: Self.points, columns: 0),
                "\(activation) depth \(depth)")
        }
    }

    @Test func `A network without biases has none after training`() {
        let shape = StackShape(units: [3, 4, 1], activation: .relu, hasBiases: false)
        let model = MLP<Float>(shape, loss: .logistic, points: 6)
        model.initialise(RandomStreams(seed: 1))
        #expect(model.parameters.flat.count == 3 * 4 + 4)
        var draws = Draws(5)
        let batch = Batch<Float>(
            inputs: draws.matrix(rows: 6, columns: 3), labels: [0, 1, 1, 0, 1, 0])
        let before = model.parameters.flat.values
        var trainer = Trainer(
            model,
            settings: OptimizerSettings(
                method: .sgd(momentum: 0), learningRate: 0.1, weightDecay: 0.01),
            streams: RandomStreams(seed: 1), points: 6)
        for _ in 0..<20 { _ = trainer.train(batch) }
        #expect(model.parameters.flat.values != before)
        for layer in model.layers { #expect(layer.bias.values.allSatisfy { $0 == 0 }) }
    }

    static func checkVIB(_ loss: Loss, _ activation: Activation, hidden: [Int], beta: Double, shift: Double) {
        var draws = Draws(UInt64(hidden.count) + 20)
        let model = VIB<Double>(
            .stack(hidden: hidden, activation: activation, bottleneck: 2), outputs: 3, loss: loss, beta: beta,
            shift: shift, points: points)
        model.parameters.flat.assign(draws.numbers(model.parameters.flat.count))
        let batch = batch(loss, inputs: hidden[0], outputs: 3, &draws)
        let noise: Matrix<Double> = draws.matrix(rows: points, columns: 2, in: -2...2)
        let plain = PlainObjective(
            shapes: model.shapes, loss: loss, inputs: batch.inputs.nested,
            labels: batch.labels, targets: batch.targets.nested,
            latent: .init(beta: beta, shift: shift, noise: noise.nested))
        check(
            model, plain, batch, noise: noise,
            "\(loss) \(activation) hidden \(hidden) beta \(beta) shift \(shift)")
    }

    @Test(arguments: losses, [0, 1e-3, 1]) func `A VIB's gradient is its objective's derivative`(
        loss: Loss, beta: Double
    ) {
        for shift in [0, -5, 1.5] {
            Self.checkVIB(loss, .linear, hidden: [4], beta: beta, shift: shift)
            Self.checkVIB(loss, .linear, hidden: [4, 5], beta: beta, shift: shift)
            Self.checkVIB(loss, .tanh, hidden: [4, 5], beta: beta, shift: shift)
            Self.checkVIB(loss, .relu, hidden: [4, 5, 6], beta: beta, shift: shift)
        }
    }

    /// Training is in Float: the same kernels' other instance, within its rounding.
    @Test(arguments: activations, losses) func `Gradients in float are those in double`(
        activation: Activation, loss: Loss
    ) {
        var draws = Draws(31)
        let make = (
            VIB<Float>(
                .stack(hidden: [19, 33], activation: activation, bottleneck: 5), outputs: 3, loss: loss,
                beta: 0.01,
                shift: -1, points: Self.points),
            VIB<Double>(
                .stack(hidden: [19, 33], activation: activation, bottleneck: 5), outputs: 3, loss: loss,
                beta: 0.01,
                shift: -1, points: Self.points)
        )
        make.1.parameters.flat.assign(draws.numbers(make.1.parameters.flat.count, in: -0.3...0.3))
        make.0.parameters.flat.assign(converting: make.1.parameters.flat)
        make.1.parameters.flat.assign(converting: make.0.parameters.flat)
        let batch = Self.batch(loss, inputs: 19, outputs: 3, &draws)
        let noise: Matrix<Double> = draws.matrix(rows: Self.points, columns: 5)
        func float(_ matrix: Matrix<Double>) -> Matrix<Float> {
            let result = Matrix<Float>(rows: matrix.rows, columns: matrix.columns)
            result.assign(converting: matrix)
            return result
        }
        let rounded = Matrix<Double>(rows: Self.points, columns: 19)
        rounded.assign(converting: float(batch.inputs))
        var exact = batch
        exact.inputs = rounded
        var single = Batch(inputs: float(batch.inputs), labels: batch.labels)
        single.targets = float(batch.targets)
        let gradients = (make.0.makeGradients(), make.1.makeGradients())
        let objectives = (
            make.0.setGradients(gradients.0, single, noise: float(noise)),
            make.1.setGradients(gradients.1, exact, noise: noise)
        )
        expectClose(
            [objectives.0.task, objectives.0.kl], [objectives.1.task, objectives.1.kl], within: 1e-5)
        let largest = gradients.1.flat.values.reduce(0) { max($0, abs($1)) }
        expectClose(gradients.0.flat.doubles, gradients.1.flat.values, within: 1e-5, floor: largest)
    }
}
