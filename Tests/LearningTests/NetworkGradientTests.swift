import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// Gradients of networks in Double against central differences of their own objective; what the objective is,
/// the tests of layers hold against plain loops.
@Suite struct NetworkGradientTests {
    /// A relative error of 1e-6; derivatives below 1e-3 are held to 1e-9.
    static func check(
        _ shape: NetworkShape, loss: Loss, points: Int = Nets.points, logDet: LogDetSettings? = nil,
        _ what: String
    ) {
        let network: Network<Double> = Nets.network(shape, loss: loss, points: points, logDet: logDet)
        let batch: Batch<Double> = Nets.batch(shape, points: points)
        let gradients = network.makeGradients()
        // Earlier contents are overwritten.
        gradients.flat.fill(.nan)
        let before = network.parameters.flat.values
        let objective = network.gradient(gradients, batch)
        #expect(network.parameters.flat.values == before)
        let others = network.makeGradients()
        let differences = Nets.differences(network.parameters.flat) {
            [network.gradient(others, batch).total]
        }
        #expect(objective.total.isFinite)
        expectClose(gradients.flat.values, differences.flatMap { $0 }, within: 1e-6, floor: 1e-3, what)
    }

    @Test(arguments: Nets.kinds.indices)
    func `Every layer's gradient is its objective's derivative`(kind: Int) throws {
        try Self.check(Nets.shape(Nets.kinds[kind]), loss: .crossEntropy, Nets.kinds[kind].name)
    }

    @Test(arguments: [Loss.meanSquaredError, .gaussianNLL])
    func `Every loss's gradient is its derivative`(loss: Loss) throws {
        for name in ["batch", "projection"] {
            let kind = try #require(Nets.kinds.first { $0.name == name })
            try Self.check(Nets.shape(kind), loss: loss, "\(name) \(loss)")
        }
    }

    private static func resnet(
        _ normalisation: Normalisation, _ shortcut: Shortcut, _ activation: Activation = .relu
    ) throws -> NetworkShape {
        try NetworkShape.resnet(
            depth: 8, width: 2, classes: 3, input: ImageSize(height: 8, width: 8, channels: 3),
            normalisation: normalisation, shortcut: shortcut, activation: activation)
    }

    /// With tanh for ReLU, which has kinks, so that every derivative can be checked.
    @Test(arguments: [Normalisation.batch, .group(2)], [Shortcut.padded, .projection(.batch)])
    func `A smooth ResNet's gradient is its objective's derivative`(
        normalisation: Normalisation, shortcut: Shortcut
    ) throws {
        Self.check(
            try Self.resnet(normalisation, shortcut, .tanh), loss: .crossEntropy, points: 4,
            "\(normalisation) \(shortcut)")
    }

    /// Some of its thousands of ReLUs open or close within a step: there, differences of two step sizes
    /// disagree, and nothing is claimed.
    @Test(arguments: [Normalisation.batch, .group(2)], [Shortcut.padded, .projection(.batch)])
    func `A ResNet's gradient is its objective's derivative`(normalisation: Normalisation, shortcut: Shortcut)
        throws
    {
        let shape = try Self.resnet(normalisation, shortcut)
        let network: Network<Double> = Nets.network(shape, points: 4)
        let batch: Batch<Double> = Nets.batch(shape, points: 4)
        let (gradients, others) = (network.makeGradients(), network.makeGradients())
        _ = network.gradient(gradients, batch)
        let differences = [1e-5, 4e-6].map { step in
            Nets.differences(network.parameters.flat, step: step) { [network.gradient(others, batch).total] }
                .map { $0[0] }
        }
        func agree(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 5e-7 * max(1e-3, abs(a), abs(b)) }
        let smooth = differences[0].indices.filter { agree(differences[0][$0], differences[1][$0]) }
        #expect(smooth.count * 10 >= differences[0].count * 9)
        expectClose(
            smooth.map { gradients.flat[0, $0] }, smooth.map { differences[0][$0] }, within: 1e-6,
            floor: 1e-3,
            "\(normalisation) \(shortcut)")
    }

    @Test(arguments: Nets.kinds.indices) func `Gradients in float are those in double`(kind: Int) throws {
        let shape = try Nets.shape(Nets.kinds[kind])
        let single: Network<Float> = Nets.network(shape)
        let double = Network<Double>(converting: single, points: Nets.points)
        let batch: Batch<Float> = Nets.batch(shape)
        var exact: Batch<Double> = Nets.batch(shape)
        exact.inputs.assign(converting: batch.inputs)
        exact.labels = batch.labels
        let gradients = (single.makeGradients(), double.makeGradients())
        let objectives = (single.gradient(gradients.0, batch), double.gradient(gradients.1, exact))
        expectClose([objectives.0.total], [objectives.1.total], within: 1e-5)
        let largest = gradients.1.flat.values.reduce(0) { max($0, abs($1)) }
        expectClose(
            gradients.0.flat.doubles, gradients.1.flat.values, within: 2e-5, floor: largest,
            Nets.kinds[kind].name)
    }

    /// The same flat buffer, the same objective, the same gradients as the fast path.
    @Test(
        arguments: Activation.allCases, [Loss.crossEntropy, .meanSquaredError, .gaussianNLL])
    func `A plain network is an MLP`(activation: Activation, loss: Loss) throws {
        for hasBiases in [true, false] {
            let units = [4, 7, 5, 3]
            let shape = try NetworkShape.mlp(units: units, activation: activation, hasBiases: hasBiases)
            let network: Network<Double> = Nets.network(shape, loss: loss)
            let mlp = MLP<Double>(
                StackShape(units: units, activation: activation, hasBiases: hasBiases), loss: loss,
                points: Nets.points)
            #expect(mlp.parameters.flat.count == network.parameters.flat.count)
            mlp.parameters.flat.assign(network.parameters.flat)
            let batch: Batch<Double> = Nets.batch(shape)
            let gradients = (network.makeGradients(), mlp.makeGradients())
            let none = Matrix<Double>(rows: Nets.points, columns: 0)
            let objectives = (
                network.setGradients(gradients.0, batch, noise: none),
                mlp.setGradients(gradients.1, batch, noise: none)
            )
            expectClose([objectives.0.total], [objectives.1.total], within: 1e-14)
            #expect(objectives.0.correct == objectives.1.correct)
            expectClose(gradients.0.flat.values, gradients.1.flat.values, within: 1e-13)
            let sums = (network.evaluate(batch), mlp.evaluate(batch))
            expectClose([sums.0.loss], [sums.1.loss], within: 1e-14)

            let streams = RandomStreams(seed: 7)
            network.initialise(streams)
            mlp.initialise(streams)
            #expect(network.parameters.flat.values == mlp.parameters.flat.values)
        }
    }
}
