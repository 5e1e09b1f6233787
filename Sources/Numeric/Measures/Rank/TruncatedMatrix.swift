import LinearAlgebra

/// A matrix's best approximations of each rank in the Frobenius and the spectral norm (Eckart & Young 1936): W without the
/// terms of its singular value decomposition past the first k.
///
/// Singular vectors come from the Gram matrix of the smaller side, so that those with singular values below about 1e-8 of
/// the largest are inexact; what they add to W is of that size.
public struct TruncatedMatrix {
    private let matrix: Matrix<Double>
    /// The left singular vectors, or the right ones of a matrix with more rows than columns, as columns, those of the
    /// smallest singular value first.
    private let vectors: Matrix<Double>

    /// - Throws: `FactorisationError` if LAPACK's iteration does not converge.
    public init(_ matrix: Matrix<Double>) throws(FactorisationError) {
        self.matrix = matrix
        let order = min(matrix.rows, matrix.columns)
        let gram = Matrix<Double>(rows: order, columns: order)
        gram.setGram(of: matrix, transposed: matrix.rows > matrix.columns)
        vectors = try gram.symmetricEigen().vectors
    }

    /// The best approximation of this rank; the matrix itself where its smaller side is no larger.
    public func truncated(to rank: Int) -> Matrix<Double> {
        let order = vectors.rows
        guard rank < order else { return matrix }
        let values = vectors.values
        let kept = Matrix<Double>(rows: rank, columns: order)
        kept.assign(
            (0..<rank).flatMap { row in (0..<order).map { values[$0 * order + order - 1 - row] } })
        guard rank > 0 else { return Matrix(rows: matrix.rows, columns: matrix.columns) }
        // The vectors are orthonormal, so that V_k V_kᵀ projects on them.
        return matrix.rows > matrix.columns
            ? Matrix.product(Matrix.product(matrix, kept, transposeB: true), kept)
            : Matrix.product(kept, Matrix.product(kept, matrix), transposeA: true)
    }
}
