import LinearAlgebra

/// The Gaussian bound on the information that one layer passes to the next while its weights diffuse
/// (representation compression, eq. 7–9). With W [outputs, inputs], W* the weights at the phase change,
/// δW = W − W*, δW δWᵀ = Q Λ Qᵀ and A = Qᵀ W* W*ᵀ Q:
///
///     I(T_{k+1}; T_k) ≤ ½ Σ_i ln(1 + A_ii / (λ_i + σ_z²/σ_T²))      (nats)
///
/// W* T_k is treated as the signal, and δW T_k plus noise of variance σ_z² as independent Gaussian noise.
/// (The paper's w is our Wᵀ.)
///
/// Cost: two products of outputs² · inputs and an eigendecomposition of order outputs.
///
/// When not to trust it: it is asymptotic, for wide layers whose δW is a random walk independent of W*. In
/// layers of a few units it is only a number that falls as weights move. At the phase change δW = 0, and
/// σ_z²/σ_T² alone determines the bound; without noise it would be infinite. So compare values only at one
/// noise ratio.
public struct GaussianBound: Equatable, Sendable {
    /// The bound of eq. 9, in nats.
    public let bound: Double
    /// The eigenvalues of δW δWᵀ, descending; none is below 0.
    public let eigenvalues: [Double]

    /// Computes the bound.
    ///
    /// - Parameters:
    ///   - weights: [outputs, inputs], finite.
    ///   - reference: W*, of the same shape.
    ///   - noiseRatio: r = σ_z²/σ_T² > 0.
    /// - Throws: `FactorisationError` if LAPACK's iteration does not converge.
    public init<Scalar: Real>(
        _ weights: Matrix<Scalar>, reference: Matrix<Scalar>, noiseRatio: Double
    ) throws(FactorisationError) {
        precondition(weights.rows == reference.rows && weights.columns == reference.columns && noiseRatio > 0)
        let start = widened(reference)
        let difference = Matrix<Double>(rows: weights.rows, columns: weights.columns)
        difference.assign(zip(widened(weights).values, start.values).map { $0 - $1 })
        let order = weights.rows
        let moved = Matrix<Double>(rows: order, columns: order)
        moved.setGram(of: difference, transposed: false)
        let eigen = try moved.symmetricEigen()
        // A_ii = ‖W*ᵀ q_i‖².
        let signals = squaredLengths(Matrix.product(eigen.vectors, start, transposeA: true))
        // Rounding may leave eigenvalues slightly below 0.
        let variances = eigen.values.map { max(0, $0) }
        eigenvalues = variances.sorted(by: >)
        let noise = variances.map { $0 + noiseRatio }
        bound = zip(signals, noise).reduce(0) { $0 + naturalLogarithm(1 + $1.0 / $1.1) } / 2
    }
}
