import Learning
import LinearAlgebra
import Model
import TestSupport
import Testing

@testable import Sweep

/// Networks that a sweep file lists, as training takes them.
@Suite struct WrittenGradientTests {
    /// Lists that together have every word.
    private static let lists = [
        """
        [{conv: 4, kernel: 3, padding: 1}, {norm: batch}, tanh, {pool: 2},
         {residual: [{conv: 4, kernel: 3, padding: 1, bias: false}, {norm: group, groups: 2}, gelu]},
         {residual: [{conv: 6, kernel: 3, padding: 1, stride: 2}, {norm: instance}, elu], shortcut: padded}, silu,
         {residual: [{conv: 3, kernel: 3, padding: 1}, {norm: layer}, sigmoid]}, {pool: 2, take: mean},
         flatten, {dropout: 0.3}, {dense: 6, bias: false}, softplus, {dense: 5}, leaky_relu, {dense: 4}, {activation: relu},
         {dense: 3}]
        """,
        """
        [{patches: 4, channels: 4}, class_token, positions,
         {residual: [{norm: token}, {pointwise: 12}, {attention: 2}, {pointwise: 4}]}, gelu_tanh,
         {residual: [{pointwise: 6}, {gate: [{norm: token}, transpose, {pointwise: 5}, transpose]}, {pointwise: 4}]},
         first_token, linear, {dense: 3}]
        """,
        "[{conv: 3, kernel: 3}, tanh, global_pool, {dense: 3}]",
    ]

    private static func network(_ list: String) throws -> WrittenNetwork {
        var faults = Faults()
        var reader = NetworkReader()
        let layers = reader.network(try YAMLReader.read(Array(list.utf8)), &faults)
        return WrittenNetwork(layers: try #require(layers, "\(faults.list)"))
    }

    @Test func `The lists have every word`() throws {
        let text = Self.lists.joined()
        for word in LayerWord.words { #expect(text.contains(word), "\(word)") }
    }

    /// Central differences of five points, to a relative error of 1e-6.
    @Test(arguments: lists.indices) func `A listed network's gradient is its objective's derivative`(
        index: Int
    ) throws {
        let points = 4
        let shape = try Self.network(Self.lists[index]).shape(
            input: ImageSize(height: 8, width: 8, channels: 2), outputs: 3)
        let network = Network<Double>(shape, loss: .crossEntropy, points: points)
        let flat = network.parameters.flat
        var draws = Draws(7)
        flat.assign((0..<flat.columns).map { _ in draws.uniform(-1...1) })
        let noise = Matrix<Double>(rows: points, columns: network.noisePerPoint)
        noise.assign((0..<noise.count).map { _ in draws.uniform(-1...1) })
        let inputs = Matrix<Double>(rows: points, columns: shape.input.count)
        inputs.assign((0..<inputs.count).map { _ in draws.uniform(-2...2) })
        let batch = Batch(inputs: inputs, labels: [0, 1, 2, 1])
        let gradients = network.makeGradients(), others = network.makeGradients()
        _ = network.gradient(gradients, batch, noise: noise)
        let h = 3e-4
        for number in 0..<shape.plan.parameterCount {
            let before = flat[0, number]
            func objective(_ offset: Double) -> Double {
                flat[0, number] = before + offset
                return network.gradient(others, batch, noise: noise).total
            }
            let (near, far) = (objective(h) - objective(-h), objective(2 * h) - objective(-2 * h))
            flat[0, number] = before
            let (found, due) = (gradients.flat[0, number], (8 * near - far) / (12 * h))
            #expect(abs(found - due) <= 1e-6 * max(abs(due), 1e-3), "\(number): \(found) and \(due)")
        }
    }
}
