import COpenBLAS

/// What a factorisation cannot do.
public enum FactorisationError: Error, Equatable {
    /// The leading minor of this order is not positive.
    case notPositiveDefinite(order: Int)
    /// LAPACK's iteration did not converge (its info code).
    case noConvergence(Int)
}

extension Matrix where Scalar == Double {
    /// The singular values, largest first (LAPACK dgesdd, values only). Self is kept.
    public func singularValues() throws(FactorisationError) -> [Double] {
        guard count > 0 else { return [] }
        var copy = values
        var sigma = [Double](repeating: 0, count: min(rows, columns))
        var u = 0.0
        var vt = 0.0
        let info = LAPACKE_dgesdd(
            LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "N")), Int32(rows), Int32(columns), &copy, Int32(columns),
            &sigma, &u, 1, &vt, Int32(columns))
        guard info == 0 else { throw .noConvergence(Int(info)) }
        return sigma
    }

    /// The factor R (rows × min(rows, columns), lower trapezoidal) of self = R Q, Q with orthonormal rows:
    /// the same singular values in fewer columns (LAPACK dgelqf).
    public func lqFactor() -> Matrix {
        let rank = min(rows, columns)
        let result = Matrix(rows: rows, columns: rank)
        guard count > 0 else { return result }
        var copy = values
        var tau = [Double](repeating: 0, count: max(1, rank))
        _ = LAPACKE_dgelqf(LAPACK_ROW_MAJOR, Int32(rows), Int32(columns), &copy, Int32(columns), &tau)
        for row in 0..<rows {
            for column in 0...min(row, rank - 1) { result[row, column] = copy[row * columns + column] }
        }
        return result
    }

    /// The lower Cholesky factor L of self = L Lᵀ, zeros above the diagonal; only the lower triangle is read.
    public func choleskyFactor() throws(FactorisationError) -> Matrix {
        precondition(rows == columns)
        let result = Matrix(rows: rows, columns: rows)
        for row in 0..<rows {
            for column in 0...row { result[row, column] = self[row, column] }
        }
        let info = LAPACKE_dpotrf(
            LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "L")), Int32(rows), result.base, Int32(rows))
        guard info == 0 else { throw .notPositiveDefinite(order: Int(info)) }
        return result
    }

    /// The eigenvalues of a symmetric matrix, smallest first, and eigenvectors as columns (LAPACK dsyevd).
    public func symmetricEigen() throws(FactorisationError) -> (values: [Double], vectors: Matrix) {
        precondition(rows == columns)
        let vectors = Matrix(squareOf: values, rows: rows)
        var eigenvalues = [Double](repeating: 0, count: rows)
        let info = LAPACKE_dsyevd(
            LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "L")), Int32(rows), vectors.base,
            Int32(rows), &eigenvalues)
        guard info == 0 else { throw .noConvergence(Int(info)) }
        return (eigenvalues, vectors)
    }

    private init(squareOf values: [Double], rows: Int) {
        self.init(rows: rows, columns: rows)
        assign(values)
    }

    /// self = a aᵀ (or aᵀ a), the lower triangle only (BLAS dsyrk).
    public func setGram(of a: Matrix, transposed: Bool) {
        let order = transposed ? a.columns : a.rows
        precondition(rows == order && columns == order)
        guard a.count > 0 else { return fill(0) }
        cblas_dsyrk(
            CblasRowMajor, CblasLower, transposed ? CblasTrans : CblasNoTrans, Int32(order),
            Int32(transposed ? a.rows : a.columns), 1, a.base, Int32(a.columns), 0, base, Int32(order))
    }
}

/// Reduces symmetric matrices to tridiagonal form, and counts eigenvalues there: how a rank is counted
/// without singular values (docs/measures.md). Its memory is allocated once, for matrices up to `order`.
public struct TridiagonalReducer {
    private var diagonal: [Double]
    private var offDiagonal: [Double]
    private var tau: [Double]
    private var work: [Double]
    private var size = 0

    public init(order: Int) {
        diagonal = [Double](repeating: 0, count: max(1, order))
        offDiagonal = [Double](repeating: 0, count: max(1, order))
        tau = [Double](repeating: 0, count: max(1, order))
        work = [Double](repeating: 0, count: max(1, order * 32))
    }

    /// Reduces the matrix whose lower triangle is given (LAPACK dsytrd); the matrix is overwritten.
    public mutating func reduce(_ matrix: Matrix<Double>) {
        precondition(matrix.rows == matrix.columns && matrix.rows <= diagonal.count)
        size = matrix.rows
        guard size > 0 else { return }
        // Row-major lower is column-major upper: the column-major call needs no transpose.
        _ = LAPACKE_dsytrd_work(
            LAPACK_COL_MAJOR, CChar(UInt8(ascii: "U")), Int32(size), matrix.base, Int32(size), &diagonal,
            &offDiagonal, &tau, &work, Int32(work.count))
    }

    /// The number of eigenvalues of the reduced matrix above `bound`, by Sylvester's law of inertia on the
    /// pivots of T − bound · I.
    public func count(above bound: Double) -> Int {
        var negative = 0
        var pivot = 1.0
        for i in 0..<size {
            let coupling = i == 0 ? 0 : offDiagonal[i - 1] * offDiagonal[i - 1]
            pivot = diagonal[i] - bound - coupling / pivot
            // A zero pivot: the eigenvalue sits on the bound to the last bit; nudged below it.
            if pivot == 0 { pivot = -Double.leastNormalMagnitude }
            if pivot < 0 { negative += 1 }
        }
        return size - negative
    }

    /// The largest eigenvalue of the reduced matrix, by bisection within Gershgorin's circles, to a relative
    /// error of 2⁻⁵⁰ of the circles' radius.
    public var largestEigenvalue: Double {
        guard size > 0 else { return 0 }
        var low = -Double.infinity
        var high = -Double.infinity
        for i in 0..<size {
            let radius = (i > 0 ? abs(offDiagonal[i - 1]) : 0) + (i + 1 < size ? abs(offDiagonal[i]) : 0)
            low = max(low, diagonal[i])
            high = max(high, diagonal[i] + radius)
        }
        for _ in 0..<60 where high > low {
            let middle = low + (high - low) / 2
            if middle <= low || middle >= high { break }
            if count(above: middle) > 0 { low = middle } else { high = middle }
        }
        return high
    }
}
