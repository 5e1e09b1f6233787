import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

@Suite struct NetworkJacobianTests {
    @Test(arguments: Nets.kinds.indices) func `Every layer's Jacobian is its derivative`(kind: Int) throws {
        let shape = try Nets.shape(Nets.kinds[kind])
        let network: Network<Double> = Nets.network(shape)
        let point = (Nets.batch(shape, points: 1) as Batch<Double>).inputs
        for (index, layer) in network.layers.enumerated() {
            for side in [NetworkLayer.Side.preActivation, .activation] {
                let jacobian = NetworkJacobian(network, of: layer, side, block: 3).jacobian(at: point)
                let differences = Nets.differences(point) {
                    let output = network.outputs(of: [layer], at: point)[0]
                    return (side == .preActivation ? output.preActivation : output.activation).values
                }
                // Column by column.
                let columns = (0..<jacobian.columns).flatMap { column in
                    (0..<jacobian.rows).map { jacobian[$0, column] }
                }
                expectClose(
                    columns, differences.flatMap { $0 }, within: 1e-6, floor: 1e-3,
                    "\(Nets.kinds[kind].name), layer \(index) \(side)")
            }
        }
    }

    private func transposed(_ matrix: Matrix<Double>) -> Matrix<Double> {
        let result = Matrix<Double>(rows: matrix.columns, columns: matrix.rows)
        for row in 0..<matrix.rows {
            for column in 0..<matrix.columns { result[column, row] = matrix[row, column] }
        }
        return result
    }

    /// Forward through all layers at once, and backward from each unit, are the same derivative.
    @Test(arguments: Nets.kinds.indices) func `Tangents give the same Jacobians`(kind: Int) throws {
        let network: Network<Double> = Nets.network(try Nets.shape(Nets.kinds[kind]))
        let points = (Nets.batch(network.shape, points: 2) as Batch<Double>).inputs
        for side in [NetworkLayer.Side.preActivation, .activation] {
            let values = network.layers.map { $0.value(side) }
            let (all, some) = (
                NetworkTangents(network, of: values),
                NetworkTangents(network, of: values, inputs: [2, 0])
            )
            for point in [points.rows(0..<1), points.rows(1..<2)] {
                var (found, part, numbers) = ([Int: [Double]](), [Int: [Double]](), [Int: [Double]]())
                all.forEachJacobian(at: point, onValue: { numbers[$0] = $1.values }) {
                    found[$0.value] = $0.whole.values
                }
                some.forEachJacobian(at: point) { part[$0.value] = $0.whole.values }
                for (index, layer) in network.layers.enumerated() {
                    let backward = NetworkJacobian(network, of: layer, side)
                    let expected = transposed(backward.jacobian(at: point))
                    expectClose(
                        try #require(found[values[index]]), expected.values, within: 1e-10, floor: 1e-3,
                        "\(Nets.kinds[kind].name), layer \(index) \(side)")
                    let rows = expected.rows(2..<3).values + expected.rows(0..<1).values
                    expectClose(try #require(part[values[index]]), rows, within: 1e-10, floor: 1e-3)
                    let output = network.outputs(of: [layer], at: point)[0]
                    let outputs = side == .preActivation ? output.preActivation : output.activation
                    #expect(numbers[values[index]] == outputs.values)
                }
            }
        }
    }

    /// J_l = W_l D_{l−1} W_{l−1} … W_1.
    @Test(arguments: [Activation.linear, .relu, .tanh], [1, 4, 64])
    func `A plain network's Jacobian is the product of its layers'`(activation: Activation, block: Int) throws
    {
        let shape = try NetworkShape.mlp(units: [6, 9, 7, 8, 3], activation: activation)
        let network: Network<Double> = Nets.network(shape)
        let point = (Nets.batch(shape, points: 1) as Batch<Double>).inputs
        var chain = Matrix<Double>(rows: 6, columns: 6)
        for index in 0..<6 { chain[index, index] = 1 }
        for (layer, weight) in zip(network.layers, network.weights) {
            chain = Matrix.product(weight, chain)
            let before = NetworkJacobian(network, of: layer, .preActivation, block: block).jacobian(at: point)
            expectClose(before.values, chain.values, within: 1e-12)
            let output = network.outputs(of: [layer], at: point)[0].activation
            let slopes = Matrix<Double>(rows: 1, columns: output.columns)
            slopes.fill(1)
            if layer != network.layers.last { slopes.scaleByDerivative(activation, from: output) }
            for row in 0..<chain.rows {
                for column in 0..<chain.columns { chain[row, column] *= slopes[0, row] }
            }
            let after = NetworkJacobian(network, of: layer, block: block)
            expectClose(after.jacobian(at: point).values, chain.values, within: 1e-12)
            // Some inputs, not in order.
            let patch = after.jacobian(at: point, inputs: [4, 1])
            let columns = (0..<chain.rows).flatMap { [chain[$0, 4], chain[$0, 1]] }
            expectClose(patch.values, columns, within: 1e-12)
        }
    }

    @Test func `A second point forgets the first`() throws {
        let kind = try #require(Nets.kinds.first { $0.name == "projection" })
        let network: Network<Float> = Nets.network(try Nets.shape(kind))
        let x = (Nets.batch(network.shape, points: 2) as Batch<Float>).inputs
        let layer = network.layers[1]
        let jacobian = NetworkJacobian(network, of: layer)
        let first = jacobian.jacobian(at: x.rows(0..<1)).values
        let second = jacobian.jacobian(at: x.rows(1..<2)).values
        #expect(first != second)
        #expect(jacobian.jacobian(at: x.rows(0..<1)).values == first)
        #expect(NetworkJacobian(network, of: layer).jacobian(at: x.rows(1..<2)).values == second)
    }
}
