import Learning
import LinearAlgebra
import Model
import Testing

@testable import Measures

@Suite struct NetworkLocalRankTests {
    /// The same weights, in the chain of factors of plain networks and by tangents.
    @Test(arguments: [Activation.linear, .relu, .tanh])
    func `A plain network's ranks are those of its chain`(activation: Activation) throws {
        let units = [9, 12, 7, 10, 4]
        let stack = StackShape(units: units, activation: activation)
        let parameters = Parameters<Float>(stacks: [stack])
        parameters.initialise([stack], RandomStreams(seed: 5))
        let network = Network<Float>(
            try .mlp(units: units, activation: activation), loss: .crossEntropy, points: 1)
        for (mine, layer) in zip(network.weights, parameters.stacks[0]) { mine.assign(layer.weight) }
        // Biases are zero in both.
        let points = Matrix<Float>(rows: 6, columns: 9)
        RandomStreams(seed: 6).fillNormals(points, .evaluationData)
        let settings = LocalRankSettings(thresholds: [0.05, 0.3, 1], relative: [0.1, 0.4])
        var chain = LocalRank(stack, lastRows: 4, settings: settings)
        var tangents = NetworkLocalRank(
            network.shape, inputs: nil, hasReLU: activation == .relu, settings: settings)
        let (expected, found) = (
            chain.measure(parameters.stacks[0], inputs: points), tangents.measure(network, points: points)
        )
        #expect(found == expected)
        // Thresholds that tell layers apart, or nothing is tested.
        #expect(Set(expected.absolute.flatMap { $0.map(\.mean) }).count > 4)
    }

    /// The same encoder, in both ways: also the ranks of μ above its noise.
    @Test(arguments: [Activation.linear, .relu, .tanh])
    func `An encoder's ranks are those of its chain`(activation: Activation) throws {
        let stack = StackShape(units: [9, 12, 7, 10], activation: activation)
        let parameters = Parameters<Float>(stacks: [stack])
        parameters.initialise([stack], RandomStreams(seed: 5))
        let shape = NetworkShape(encoder: try .mlp(units: stack.units, activation: activation))
        let network = Network<Float>(shape, loss: .crossEntropy, points: 1)
        for (mine, layer) in zip(network.weights, parameters.stacks[0]) { mine.assign(layer.weight) }
        let points = Matrix<Float>(rows: 6, columns: 9)
        RandomStreams(seed: 6).fillNormals(points, .evaluationData)
        let sigma = Matrix<Float>(rows: 6, columns: 5)
        RandomStreams(seed: 7).fillUniforms(sigma, .evaluationData)
        sigma.assign(sigma.values.map { 0.2 + $0.magnitude * (1 + 3 * $0.magnitude) })
        let settings = LocalRankSettings(
            thresholds: [0.05, 0.3, 1], relative: [0.1, 0.4], noise: [0.2, 0.7, 2])
        var chain = LocalRank(stack, lastRows: 5, settings: settings)
        var tangents = NetworkLocalRank(
            shape, inputs: nil, hasReLU: activation == .relu, settings: settings)
        let expected = chain.measure(parameters.stacks[0], inputs: points, sigma: sigma)
        #expect(tangents.measure(network, points: points, sigma: sigma) == expected)
        #expect(Set(expected.noise.map(\.mean)).count == 3)
        #expect(tangents.measure(network, points: points).informativeDirections == nil)
    }

    /// Ranks for some of the inputs: those of their columns.
    @Test func `A patch's rank is that of its columns`() throws {
        let network = Network<Float>(
            try .cnn(
                channels: [3, 4], activation: .relu, classes: 5,
                input: ImageSize(height: 4, width: 4, channels: 1), normalisation: .layer),
            loss: .crossEntropy, points: 1)
        network.initialise(RandomStreams(seed: 2))
        let point = Matrix<Float>(rows: 1, columns: 16)
        RandomStreams(seed: 3).fillNormals(point, .evaluationData)
        let patch = [5, 6, 9, 10]
        let thresholds = [0.01, 0.1, 0.5, 1]
        var ranks = NetworkLocalRank(
            network.shape, inputs: patch, hasReLU: true,
            settings: LocalRankSettings(thresholds: thresholds))
        let result = ranks.measure(network, points: point)
        let wide = Network<Double>(converting: network, points: 1)
        let x = Matrix<Double>(rows: 1, columns: 16)
        x.assign(widening: point)
        for (index, layer) in wide.layers.enumerated() {
            let sigma = try NetworkJacobian(wide, of: layer, .preActivation)
                .jacobian(at: x, inputs: patch).singularValues()
            for (number, threshold) in thresholds.enumerated() {
                #expect(
                    result.absolute[number][index].mean == Double(sigma.count { $0 > threshold }))
            }
        }
        #expect(result.absolute[0][0].mean == 4)
        let active = wide.outputs(at: x).dropLast().map { output in
            Double(output.preActivation.values.count { $0 > 0 })
        }
        #expect(result.activeUnits.map(\.mean) == active)
    }
}
