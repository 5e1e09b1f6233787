import LinearAlgebra
import Model

/// Jacobians of all layers at once, in evaluation (running averages are constants), by Jacobian–vector
/// products: exact to rounding, without differences.
///
/// A point costs a forward pass for each input with respect to which the Jacobians are taken, however many
/// layers there are. `NetworkJacobian`, which goes back from each unit, costs far more where layers have more
/// units than there are inputs, as the early layers of a convolutional network do. Memory: two batches of
/// `block` points with all values kept, and the result.
public struct NetworkTangents<Scalar: Real> {
    private let numbers: NetworkNumbers<Scalar>
    private let work: NetworkWorkspace<Scalar>
    /// The tangents of each value, [block, numbers].
    private let tangents: [Matrix<Scalar>]
    private let copies: Matrix<Scalar>

    /// - Parameter block: number of columns of the Jacobians computed at once.
    public init(_ network: Network<Scalar>, block: Int = 32) {
        precondition(block > 0)
        numbers = network.numbers
        work = NetworkWorkspace(numbers.plan, nil, points: block, keepsAll: true)
        tangents = numbers.plan.values.map { Matrix(rows: block, columns: $0.size.count) }
        copies = Matrix(rows: block, columns: network.shape.input.count)
    }

    /// The transposed Jacobian [inputs, units] of each layer at a point [1, inputs], or only the rows of the
    /// inputs given (a patch), in their order.
    public func transposedJacobians(
        of layers: [NetworkLayer], _ side: NetworkLayer.Side = .activation, at point: Matrix<Scalar>,
        inputs some: [Int]? = nil
    ) -> [Matrix<Double>] {
        precondition(point.rows == 1 && point.columns == copies.columns)
        let inputs = some ?? Array(0..<copies.columns)
        let results = layers.map { Matrix<Double>(rows: inputs.count, columns: $0.size.count) }
        let last = layers.map { $0.value(side) }.max() ?? 0
        for row in 0..<copies.rows { copies.rows(row..<row + 1).assign(point) }
        numbers.forward(copies, work, .evaluation, upTo: last)
        for start in stride(from: 0, to: inputs.count, by: copies.rows) {
            let count = min(copies.rows, inputs.count - start)
            tangents[0].fill(0)
            for row in 0..<count { tangents[0][row, inputs[start + row]] = 1 }
            push(upTo: last)
            for (layer, result) in zip(layers, results) {
                result.rows(start..<start + count).assign(
                    widening: tangents[layer.value(side)].rows(0..<count))
            }
        }
        return results
    }

    /// Number of a layer's values on `side` that are above 0, at the point of the last call of
    /// `transposedJacobians`.
    public func positives(of layer: NetworkLayer, _ side: NetworkLayer.Side) -> Int {
        let value = numbers.value(layer.value(side), copies, work)
        return (0..<value.columns).count { value[0, $0] > 0 }
    }

    private func push(upTo last: Int) {
        var pass = Pass(numbers: numbers, inputs: copies, work: work, mode: .evaluation)
        for index in numbers.operations.indices {
            if numbers.plan.nodes[index].output > last { return }
            pass.index = index
            numbers.operations[index].pushTangents(pass.operands { tangents[$0] }, pass)
        }
    }
}
