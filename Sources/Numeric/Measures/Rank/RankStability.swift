import LinearAlgebra

/// Numerical ranks of a matrix and of the same matrix perturbed (rank diminishing, Theorem 1).
///
/// With σ_k the singular values of J, |σ_k(J + E) − σ_k(J)| ≤ ‖E‖₂ (Weyl), so Rank_ε stays where
///
///     ‖E‖₂ < min_k |σ_k − ε σ_1| / (1 + ε)
///
/// as then no σ_k − ε σ_1 changes its sign. The bound is safe, not sharp: ranks may stay far beyond it. Of
/// a matrix whose ε-rank is its hard rank r < n and small ε it is about ε σ_1: perturbations up to the
/// tolerance do not count.
public struct RankStability: Equatable, Sendable {
    /// Singular values, largest first, over the largest.
    public let before: [Double]
    public let after: [Double]

    /// - Parameters:
    ///   - perturbation: of the matrix's shape; its scale does not matter.
    ///   - delta: ‖E‖₂ / ‖J‖₂.
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

    /// #{σ_k ≥ tolerance · σ_1}; 0 of a zero matrix.
    public static func rank(_ ratios: [Double], _ tolerance: Double) -> Int {
        ratios.first == 0 ? 0 : ratios.count { $0 >= tolerance }
    }

    /// The δ below which the rank at a tolerance cannot change.
    public func safeDelta(_ tolerance: Double) -> Double {
        (before.map { abs($0 - tolerance) }.min() ?? 0) / (1 + tolerance)
    }
}
