import Learning
import LinearAlgebra
import Model

/// Factors K_l of a stack's Jacobians at one point after another, in double: J_l J_lᵀ = K_l K_lᵀ, so K_l has
/// the singular values of J_l in fewer columns.
///
/// K_1 = R of W_1 = R Q, with orthonormal rows of Q. Then K_{l+1} = W_{l+1} N_l, N_l being any factor of D_l
/// K_l with N_l N_lᵀ = D_l K_l K_lᵀ D_l. Only units with φ' ≠ 0 matter, half of them for ReLU. If they are
/// fewer than the columns of K_l, N_l is their square Cholesky factor, and everything that follows is smaller
/// accordingly. The first layer's Gram matrix K_1 K_1ᵀ is the same at every point.
struct JacobianChain {
    /// K_l at the point last advanced to, [outputs, at most min(units, inputs)]; the last has only the rows
    /// asked for.
    private(set) var factors: [Matrix<Double>]
    /// Bounds on the rounding error of eigenvalues of K_l K_lᵀ against σ², l = 1 ... , in units of Π_{k≤l}
    /// ‖W_k‖²: rounding errors of a layer pass through the layers above it.
    let uncertainties: [Double]
    private let shape: StackShape
    /// W_lᵀ of layers 2 ..., [inputs, outputs]: transposed so that active units are rows.
    private let weights: [Matrix<Double>]
    /// φ' at each hidden layer, [points, units].
    private let derivatives: [Matrix<Double>]
    /// K_1 K_1ᵀ, its lower triangle.
    private let firstGram: Matrix<Double>
    private let factorMemory: [Matrix<Double>]
    private let activeWeights: Matrix<Double>
    private let activeFactor: Matrix<Double>
    private let cholesky: Matrix<Double>

    /// `uncertainties` is this times 2⁻⁵² Π ‖W_k‖²: over twenty times the largest error found (a test
    /// checks it).
    static let roundingErrors = 256.0

    /// - Parameter columns: the inputs whose columns of the Jacobians are kept; nil means all.
    init<Scalar: Real>(
        _ layers: [DenseLayer<Scalar>], _ shape: StackShape, lastRows: Int, inputs: Matrix<Scalar>,
        columns: [Int]? = nil
    ) {
        self.shape = shape
        var matrices = layers.enumerated().map { index, layer in
            let rows = index + 1 == layers.count ? lastRows : layer.weight.rows
            let matrix = Matrix<Double>(rows: rows, columns: layer.weight.columns)
            matrix.assign(widening: layer.weight.rows(0..<rows))
            return matrix
        }
        if let columns { matrices[0] = matrices[0].selecting(columns) }
        let first = matrices[0].lqFactor()
        factorMemory = [first] + matrices.dropFirst().map { Matrix(rows: $0.rows, columns: first.columns) }
        factors = factorMemory
        firstGram = Matrix(rows: first.rows, columns: first.rows)
        firstGram.setGram(of: first, transposed: false)
        weights = matrices.dropFirst().map { $0.transposedCopy }
        derivatives = JacobianChain.derivatives(layers, shape, inputs)
        let widest = shape.units.dropFirst().max() ?? 1
        activeWeights = Matrix(rows: 1, columns: weights.map(\.count).max() ?? 0)
        activeFactor = Matrix(rows: widest, columns: first.columns)
        cholesky = Matrix(rows: first.columns, columns: first.columns)
        var norms = 1.0
        uncertainties = ([first] + matrices.dropFirst()).map { matrix in
            norms *= matrix.squaredNorm
            return JacobianChain.roundingErrors * Double.ulpOfOne * norms
        }
    }

    /// φ'(p_l) at every point, from a forward pass in double.
    private static func derivatives<Scalar: Real>(
        _ layers: [DenseLayer<Scalar>], _ shape: StackShape, _ inputs: Matrix<Scalar>
    ) -> [Matrix<Double>] {
        guard layers.count > 1 else { return [] }
        let hidden = StackShape(units: Array(shape.units.dropLast()), activation: shape.activation)
        let copy = Parameters<Double>(stacks: [hidden])
        for (mine, layer) in zip(copy.stacks[0], layers) {
            mine.weight.assign(widening: layer.weight)
            mine.bias.assign(widening: layer.bias)
        }
        let x = Matrix<Double>(rows: inputs.rows, columns: inputs.columns)
        x.assign(widening: inputs)
        let work = StackWorkspace<Double>(hidden, points: inputs.rows)
        forward(copy.stacks[0], shape.activation, inputs: x, into: work)
        // The forward pass leaves its last layer linear, but here that layer is hidden too.
        if !shape.activation.slopeNeedsInput { work.last.activate(shape.activation) }
        return work.slopeSources.map { source in
            let derivative = Matrix<Double>(rows: source.rows, columns: source.columns)
            derivative.fill(1)
            derivative.scaleByDerivative(shape.activation, from: source)
            return derivative
        }
    }

    /// Sets `factors` to those at a point.
    mutating func advance(to point: Int) {
        for layer in 1..<max(1, factors.count) {
            let active = activeUnits(ofHidden: layer - 1, at: point)
            let narrow = narrowed(layer - 1, active) ?? selected(factors[layer - 1], active)
            let result = factorMemory[layer].prefix(rows: factors[layer].rows, columns: narrow.columns)
            setProduct(result, layer, active, narrow)
            factors[layer] = result
        }
    }

    /// K_l at a point by products alone, with layers counted from 0: accurate to the rounding of a product,
    /// not of its square. Does not change `factors`.
    func factorByProducts(_ layer: Int, at point: Int) -> Matrix<Double> {
        (0..<layer).reduce(factorMemory[0]) { below, hidden in
            let active = activeUnits(ofHidden: hidden, at: point)
            let result = Matrix<Double>(rows: factorMemory[hidden + 1].rows, columns: below.columns)
            setProduct(result, hidden + 1, active, selected(below, active))
            return result
        }
    }

    private struct ActiveUnits {
        var units: [Int] = []
        var slopes: [Double] = []
    }

    private func activeUnits(ofHidden layer: Int, at point: Int) -> ActiveUnits {
        let derivative = derivatives[layer]
        var active = ActiveUnits()
        for unit in 0..<derivative.columns where derivative[point, unit] != 0 {
            active.units.append(unit)
            active.slopes.append(derivative[point, unit])
        }
        return active
    }

    /// D K of the active units.
    private func selected(_ factor: Matrix<Double>, _ active: ActiveUnits) -> Matrix<Double> {
        let rows = activeFactor.prefix(rows: active.units.count, columns: factor.columns)
        rows.assign(rows: active.units, of: factor, times: active.slopes)
        return rows
    }

    /// The Cholesky factor of D K Kᵀ D of the active units; nil if it would not save work, or if the matrix
    /// is singular.
    private func narrowed(_ layer: Int, _ active: ActiveUnits) -> Matrix<Double>? {
        let (count, columns) = (active.units.count, factors[layer].columns)
        guard count * 4 <= columns * 3 else { return nil }
        let gram = cholesky.prefix(rows: count, columns: count)
        if layer == 0 {
            gram.assignLower(indices: active.units, of: firstGram, times: active.slopes)
        } else {
            gram.setGram(of: selected(factors[layer], active), transposed: false)
        }
        return gram.becomeCholeskyFactor() ? gram : nil
    }

    /// Sets result = W of the active units times their factor.
    private func setProduct(
        _ result: Matrix<Double>, _ layer: Int, _ active: ActiveUnits, _ narrow: Matrix<Double>
    ) {
        let weight = weights[layer - 1]
        let columns = activeWeights.prefix(rows: active.units.count, columns: weight.columns)
        columns.assign(rows: active.units, of: weight)
        result.setProduct(columns, narrow, transposeA: true)
    }

    /// Number of units of each hidden layer with φ' ≠ 0 at a point, [layer][0].
    func activeUnits(at point: Int) -> [[Int]] {
        derivatives.map { layer in [(0..<layer.columns).count { layer[point, $0] != 0 }] }
    }
}

extension Matrix where Scalar == Double {
    fileprivate func selecting(_ chosen: [Int]) -> Matrix {
        let part = Matrix(rows: rows, columns: chosen.count)
        for row in 0..<rows {
            for (position, column) in chosen.enumerated() { part[row, position] = self[row, column] }
        }
        return part
    }

    fileprivate var transposedCopy: Matrix {
        let transposed = Matrix(rows: columns, columns: rows)
        for row in 0..<rows {
            for column in 0..<columns { transposed[column, row] = self[row, column] }
        }
        return transposed
    }

    /// The square of the largest singular value.
    var squaredNorm: Double {
        let gram = Matrix(rows: min(rows, columns), columns: min(rows, columns))
        gram.setGram(of: self, transposed: rows > columns)
        var reducer = TridiagonalReducer(order: gram.rows)
        reducer.reduce(gram)
        return reducer.largestEigenvalue
    }
}
