import LinearAlgebra

/// Numerical ranks of a matrix and of the same matrix perturbed (rank diminishing, Theorem 1).
///
/// With σ_k the singular values of J, |σ_k(J + E) − σ_k(J)| ≤ ‖E‖₂ (Weyl), so Rank_ε does not change if
///
///     ‖E‖₂ < min_k |σ_k − ε σ_1| / (1 + ε)
///
/// because then no σ_k − ε σ_1 changes its sign. The bound is safe, not sharp: ranks may stay the same far
/// beyond it. For a matrix whose ε-rank is its exact rank r < n, and for small ε, it is about ε σ_1:
/// perturbations up to the tolerance have no effect.
public struct RankStability: Equatable, Sendable {
    /// Singular values of J divided by the largest, in descending order; all 0 for a zero matrix.
    public let before: [Double]
    /// Singular values of J + E divided by the largest, in descending order; all 0 for a zero matrix.
    public let after: [Double]

    /// Perturbs a matrix.
    ///
    /// - Parameters:
    ///   - perturbation: E up to a factor, of the matrix's shape.
    ///   - delta: ‖E‖₂ / ‖J‖₂.
    /// - Throws: `FactorisationError` if LAPACK's iteration does not converge.
    public init(
        _ matrix: Matrix<Double>, perturbation: Matrix<Double>, delta: Double
    ) throws(FactorisationError) {
        let sigma = try matrix.singularValues()
        let scale = sigma.first ?? 0
        let norm = try perturbation.singularValues().first ?? 0
        let sum = Matrix<Double>(rows: matrix.rows, columns: matrix.columns)
        let factor = norm > 0 ? delta * scale / norm : 0
        sum.assign(zip(matrix.values, perturbation.values).map { $0 + factor * $1 })
        let perturbed = try sum.singularValues()
        let top = perturbed.first ?? 0
        before = scale > 0 ? sigma.map { $0 / scale } : sigma
        after = top > 0 ? perturbed.map { $0 / top } : perturbed
    }

    /// #{σ_k ≥ tolerance · σ_1}; 0 for a zero matrix.
    public static func rank(_ ratios: [Double], _ tolerance: Double) -> Int {
        ratios.first == 0 ? 0 : ratios.count { $0 >= tolerance }
    }

    /// The δ below which the rank at a tolerance cannot change.
    public func safeDelta(_ tolerance: Double) -> Double {
        (before.map { abs($0 - tolerance) }.min() ?? 0) / (1 + tolerance)
    }
}
