import Learning
import LinearAlgebra

/// Norms and ranks of a network's weight matrices, one value per layer, in double (local rank, Propositions 2
/// and 3; rank diminishing, eq. 4).
public struct WeightNorms: Equatable, Sendable {
    /// σ_1(W_l).
    public let spectral: [Double]
    /// ‖W_l‖_F.
    public let frobenius: [Double]
    /// ‖W_l‖_F² / σ_1²; 0 for a zero matrix.
    public let stableRank: [Double]
    /// #{σ_i ≥ tolerance · σ_1}; 0 for a zero matrix. Not continuous in the weights.
    public let numericalRank: [Int]

    /// Computes the norms.
    ///
    /// - Parameters:
    ///   - layers: layers with finite weights.
    ///   - tolerance: relative to σ_1; nil means 1.19e-7 times the matrix's larger side, as in single
    ///     precision.
    /// - Throws: `FactorisationError` if LAPACK's iteration does not converge.
    public init<Scalar: Real>(
        _ layers: [DenseLayer<Scalar>], tolerance: Double? = nil
    ) throws(FactorisationError) {
        var (spectral, frobenius, stable, numerical) = ([Double](), [Double](), [Double](), [Int]())
        for layer in layers {
            let weight = Matrix<Double>(rows: layer.weight.rows, columns: layer.weight.columns)
            weight.assign(converting: layer.weight)
            let values = try weight.singularValues()
            // A sum of fewer terms than there are weights, so with less rounding.
            let largest = values.first ?? 0
            var norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            // The squares may leave a double's range.
            if largest > 0, norm == 0 || !norm.isFinite {
                norm = largest * values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
            }
            spectral.append(largest)
            frobenius.append(norm)
            stable.append(largest > 0 ? (norm / largest) * (norm / largest) : 0)
            let tolerance = tolerance ?? 1.19e-7 * Double(max(weight.rows, weight.columns))
            numerical.append(largest > 0 ? values.count { $0 >= tolerance * largest } : 0)
        }
        self.spectral = spectral
        self.frobenius = frobenius
        stableRank = stable
        numericalRank = numerical
    }

    /// The square of the harmonic mean over layers of ‖W_l‖_F / σ_1(W_l), which Timor et al. (2023) bound; at
    /// least the smallest stable rank. 0 if some layer's matrix is zero.
    public var meanStableRank: Double {
        guard stableRank.allSatisfy({ $0 > 0 }) else { return 0 }
        let mean = Double(stableRank.count) / stableRank.reduce(0) { $0 + 1 / $1.squareRoot() }
        return mean * mean
    }
}
