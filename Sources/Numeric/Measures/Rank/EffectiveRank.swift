import Glibc
import LinearAlgebra

/// The number of directions that a matrix uses, without a threshold: three values that are k for k equal
/// singular values and change smoothly with each. For a layer's activations the rows are points.
///
/// With σ_i the singular values of H [points, units], p_i = σ_i / Σσ, and λ_i the eigenvalues of the rows'
/// covariance:
///
///     entropy              exp(−Σ p_i ln p_i)                     (Roy & Vetterli 2007)
///     rankMe               exp(−Σ q_i ln q_i),  q_i = p_i + ε     (Garrido et al. 2023)
///     participationRatio   (Σ λ_i)² / Σ λ_i²                      (Gao et al. 2017)
///
/// The first two take H as it is: a mean far from 0 is one strong direction. The third describes the
/// variation around the mean. All are 0 for a matrix without anything to count, and at most min(points,
/// units). RankMe may exceed that by up to about n ε ln(1/ε) of itself, because its q_i sum to more than 1.
/// None changes with H's scale. Cost: the singular values of H, in double, and one Gram matrix.
public struct EffectiveRank: Equatable, Sendable {
    /// The perplexity of the normalised singular values, exp(−Σ p_i ln p_i).
    public let entropy: Double
    /// RankMe, exp(−Σ q_i ln q_i).
    public let rankMe: Double
    /// The participation ratio of the covariance's eigenvalues.
    public let participationRatio: Double

    /// Computes the three values.
    ///
    /// - Parameters:
    ///   - matrix: [points, units], finite.
    ///   - epsilon: ε of RankMe, at least 0.
    /// - Throws: `FactorisationError` if LAPACK's iteration does not converge.
    public init<Scalar: Real>(
        _ matrix: Matrix<Scalar>, epsilon: Double = 1e-7
    ) throws(FactorisationError) {
        let wide = Matrix<Double>(rows: matrix.rows, columns: matrix.columns)
        wide.assign(widening: matrix)
        let values = try wide.singularValues()
        let sum = values.reduce(0, +)
        entropy = sum > 0 ? EffectiveRank.perplexity(values.map { $0 / sum }) : 0
        rankMe = sum > 0 ? EffectiveRank.perplexity(values.map { $0 / sum + epsilon }) : 0
        participationRatio = EffectiveRank.participationRatio(wide)
    }

    /// exp(−Σ p ln p), with 0 ln 0 = 0.
    private static func perplexity(_ shares: [Double]) -> Double {
        exp(shares.reduce(0.0) { $1 > 0 ? $0 - $1 * log($1) : $0 })
    }

    /// Centres the columns of `matrix`, then computes the ratio: Σλ and Σλ² are the trace and the squared
    /// norm of either Gram matrix.
    private static func participationRatio(_ matrix: Matrix<Double>) -> Double {
        let (rows, columns) = (matrix.rows, matrix.columns)
        guard rows > 0 else { return 0 }
        let mean = Matrix<Double>(rows: 1, columns: columns)
        mean.setColumnSums(of: matrix)
        for column in 0..<columns {
            let centre = mean[0, column] / Double(rows)
            for row in 0..<rows { matrix[row, column] -= centre }
        }
        let order = min(rows, columns)
        let gram = Matrix<Double>(rows: order, columns: order)
        gram.setGram(of: matrix, transposed: columns < rows)
        var (trace, square) = (0.0, 0.0)
        for row in 0..<order {
            trace += gram[row, row]
            square += gram[row, row] * gram[row, row]
            for column in 0..<row { square += 2 * gram[row, column] * gram[row, column] }
        }
        return square > 0 ? trace * trace / square : 0
    }
}
