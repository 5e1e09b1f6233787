import Learning
import LinearAlgebra

/// The factors K_l = W_l D_{l−1} ··· D_1 R of a stack's Jacobians at one point after another, in double.
///
/// Inactive units of a ReLU are left out of the products: half of them, typically.
struct JacobianChain {
    /// K_l of the point last advanced to, [outputs, min(units, inputs)]; the last has only the rows asked
    /// for.
    let factors: [Matrix<Double>]
    private let shape: StackShape
    /// W_lᵀ of layers 2 ..., [inputs, outputs]: transposed so that active units are rows.
    private let weights: [Matrix<Double>]
    /// φ' at each hidden layer, [points, units].
    private let derivatives: [Matrix<Double>]
    private let activeWeights: Matrix<Double>
    private let activeFactor: Matrix<Double>

    init<Scalar: Real>(
        _ layers: [DenseLayer<Scalar>], _ shape: StackShape, lastRows: Int, inputs: Matrix<Scalar>
    ) {
        self.shape = shape
        let matrices = layers.enumerated().map { index, layer in
            let rows = index + 1 == layers.count ? lastRows : layer.weight.rows
            let matrix = Matrix<Double>(rows: rows, columns: layer.weight.columns)
            matrix.assign(converting: layer.weight.rows(0..<rows))
            return matrix
        }
        let first = matrices[0].lqFactor()
        factors = [first] + matrices.dropFirst().map { Matrix(rows: $0.rows, columns: first.columns) }
        weights = matrices.dropFirst().map { matrix in
            let transposed = Matrix<Double>(rows: matrix.columns, columns: matrix.rows)
            for row in 0..<matrix.rows {
                for column in 0..<matrix.columns { transposed[column, row] = matrix[row, column] }
            }
            return transposed
        }
        derivatives = JacobianChain.derivatives(layers, shape, inputs)
        let widest = shape.units.dropFirst().max() ?? 1
        activeWeights = Matrix(rows: 1, columns: weights.map(\.count).max() ?? 0)
        activeFactor = Matrix(rows: widest, columns: first.columns)
    }

    /// φ'(p_l) at every point, from a forward pass in double.
    private static func derivatives<Scalar: Real>(
        _ layers: [DenseLayer<Scalar>], _ shape: StackShape, _ inputs: Matrix<Scalar>
    ) -> [Matrix<Double>] {
        guard layers.count > 1 else { return [] }
        let hidden = StackShape(units: Array(shape.units.dropLast()), activation: shape.activation)
        let copy = Parameters<Double>(stacks: [hidden])
        for (mine, layer) in zip(copy.stacks[0], layers) {
            mine.weight.assign(converting: layer.weight)
            mine.bias.assign(converting: layer.bias)
        }
        let x = Matrix<Double>(rows: inputs.rows, columns: inputs.columns)
        x.assign(converting: inputs)
        let work = StackWorkspace<Double>(hidden, points: inputs.rows)
        forward(copy.stacks[0], shape.activation, inputs: x, into: work)
        // The forward pass leaves its last layer linear; here that one is hidden too.
        let zero = Matrix<Double>(rows: 1, columns: work.last.columns)
        work.last.addBiasAndActivate(zero, shape.activation)
        return work.outputs.map { output in
            let derivative = Matrix<Double>(rows: output.rows, columns: output.columns)
            derivative.fill(1)
            derivative.scaleByDerivative(of: output, shape.activation)
            return derivative
        }
    }

    /// Sets `factors` to those of a point.
    func advance(to point: Int) {
        for layer in 1..<max(1, factors.count) {
            let below = factors[layer - 1]
            let weight = weights[layer - 1]
            let derivative = derivatives[layer - 1]
            var active = 0
            let columns = weight.columns
            let selected = activeWeights.prefix(rows: below.rows, columns: columns)
            let scaled = activeFactor.prefix(rows: below.rows, columns: below.columns)
            for unit in 0..<below.rows where derivative[point, unit] != 0 {
                selected.rows(active..<active + 1).assign(weight.rows(unit..<unit + 1))
                scaled.rows(active..<active + 1).assign(
                    below.rows(unit..<unit + 1), times: derivative[point, unit])
                active += 1
            }
            factors[layer].setProduct(selected.rows(0..<active), scaled.rows(0..<active), transposeA: true)
        }
    }

    /// How many units of each hidden layer have φ' ≠ 0 at a point, [layer][0].
    func activeUnits(at point: Int) -> [[Int]] {
        derivatives.map { layer in [(0..<layer.columns).count { layer[point, $0] != 0 }] }
    }
}
