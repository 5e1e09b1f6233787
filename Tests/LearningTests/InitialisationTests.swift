import LinearAlgebra
import Model
import Testing

@testable import Learning

@Test func `Truncated normal weights are within two deviations and have their spread`() {
    let shape = StackShape(units: [100, 400, 10], activation: .relu)
    let streams = RandomStreams(seed: 3)
    let model = MLP<Float>(shape, loss: .crossEntropy, points: 1)
    model.initialise(streams, .truncatedNormal)
    let weights = model.layers[0].weight.values.map(Double.init)
    #expect(weights.allSatisfy { abs($0) <= 0.2 * (1 + 1e-6) })
    // The deviation of 40 000 numbers is known to 0.5 %: 0.8796 of the untruncated, 1/√100.
    let deviation = (weights.reduce(0) { $0 + $1 * $1 } / Double(weights.count)).squareRoot()
    #expect(abs(deviation / 0.08796 - 1) < 0.02)
    #expect(abs(weights.reduce(0, +) / Double(weights.count)) < 0.002)
    #expect(model.layers.allSatisfy { $0.bias.values.allSatisfy { $0 == 0 } })
    // They are the usual stream's values but those beyond, in order.
    let draws = Matrix<Float>(rows: 1, columns: 60_000)
    streams.fillNormals(draws, .initialisation, index: 0)
    let kept = draws.values.filter { abs($0) <= 2 }.prefix(40_000)
    #expect(kept.count == 40_000 && zip(kept, model.layers[0].weight.values).allSatisfy { $0 * 0.1 == $1 })
    let again = MLP<Float>(shape, loss: .crossEntropy, points: 1)
    again.initialise(streams)
    #expect(again.layers[0].weight.values.contains { abs($0) > 0.2 })
}

/// Biases are 0 in both, so that the flat buffers are equal.
@Test(arguments: Initialisation.allCases)
func `A network of any layers draws the weights of the same MLP`(kind: Initialisation) throws {
    let shape = StackShape(units: [7, 5, 6, 3], activation: .relu)
    let model = MLP<Float>(shape, loss: .crossEntropy, points: 1)
    let network = Network<Float>(
        try .mlp(units: shape.units, activation: .relu), loss: .crossEntropy, points: 1)
    model.initialise(RandomStreams(seed: 3), kind)
    network.initialise(RandomStreams(seed: 3), kind)
    #expect(network.weights.map(\.values) == model.layers.map(\.weight.values))
}
