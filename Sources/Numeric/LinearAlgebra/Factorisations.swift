import CKernels
import COpenBLAS

/// Why a factorisation failed.
public enum FactorisationError: Error, Equatable {
    /// The leading minor of this order is not positive.
    case notPositiveDefinite(order: Int)
    /// LAPACK's iteration did not converge (its info code).
    case noConvergence(Int)
    /// The matrix has an infinite number, or one that is no number. LAPACK would print messages of its own.
    case notFinite
}

extension Matrix where Scalar == Double {
    /// The singular values, largest first (LAPACK dgesdd, values only). Does not change self.
    ///
    /// - Throws: `FactorisationError.noConvergence` or `.notFinite`.
    public func singularValues() throws(FactorisationError) -> [Double] {
        guard count > 0 else { return [] }
        var copy = values
        guard copy.allSatisfy(\.isFinite) else { throw .notFinite }
        var sigma = [Double](repeating: 0, count: min(rows, columns))
        var u = 0.0
        var vt = 0.0
        let info = LAPACKE_dgesdd(
            LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "N")), Int32(rows), Int32(columns), &copy, Int32(columns),
            &sigma, &u, 1, &vt, Int32(columns))
        guard info == 0 else { throw .noConvergence(Int(info)) }
        return sigma
    }

    /// The factor R (rows × min(rows, columns), lower trapezoidal) of self = R Q, Q with orthonormal rows. It
    /// has the same singular values in fewer columns (LAPACK dgelqf).
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

    /// self = Q R: Q [rows, min(rows, columns)] with orthonormal columns, and R's diagonal (LAPACK dgeqrf,
    /// dorgqr).
    public func qrFactors() -> (q: Matrix, diagonal: [Double]) {
        let rank = min(rows, columns)
        let q = Matrix(rows: rows, columns: rank)
        guard count > 0 else { return (q, []) }
        var copy = values
        var tau = [Double](repeating: 0, count: rank)
        _ = LAPACKE_dgeqrf(LAPACK_ROW_MAJOR, Int32(rows), Int32(columns), &copy, Int32(columns), &tau)
        let diagonal = (0..<rank).map { copy[$0 * columns + $0] }
        for row in 0..<rows {
            for column in 0..<rank { q[row, column] = copy[row * columns + column] }
        }
        _ = LAPACKE_dorgqr(
            LAPACK_ROW_MAJOR, Int32(rows), Int32(rank), Int32(rank), q.base, Int32(rank), tau)
        return (q, diagonal)
    }

    /// The lower Cholesky factor L of self = L Lᵀ, zeros above the diagonal; reads only the lower triangle.
    ///
    /// - Throws: `FactorisationError.notPositiveDefinite`.
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

    /// Replaces a symmetric matrix by its lower Cholesky factor, with zeros above the diagonal; reads only
    /// the lower triangle. Returns false if the matrix is not positive definite to working precision; self is
    /// then undefined.
    public func becomeCholeskyFactor() -> Bool {
        precondition(rows == columns)
        guard count > 0 else { return true }
        // Row-major lower is column-major upper: the column-major call needs no transpose.
        let info = LAPACKE_dpotrf_work(
            LAPACK_COL_MAJOR, CChar(UInt8(ascii: "U")), Int32(rows), base, Int32(rows))
        for row in 0..<rows { (base + row * rows + row + 1).update(repeating: 0, count: rows - row - 1) }
        return info == 0
    }

    /// self = (L Lᵀ)⁻¹ self, or self (L Lᵀ)⁻¹ with `fromRight`, L being a lower Cholesky factor (BLAS
    /// dtrsm, twice).
    public func divide(byCholesky factor: Matrix, fromRight: Bool = false) {
        let order = fromRight ? columns : rows
        precondition(factor.rows == order && factor.columns == order)
        guard count > 0 else { return }
        for isFirst in [true, false] {
            cblas_dtrsm(
                CblasRowMajor, fromRight ? CblasRight : CblasLeft, CblasLower,
                isFirst == fromRight ? CblasTrans : CblasNoTrans, CblasNonUnit, Int32(rows), Int32(columns),
                1, factor.base, Int32(factor.columns), base, Int32(columns))
        }
    }

    /// The eigenvalues of a symmetric matrix, smallest first, and its eigenvectors as columns
    /// (LAPACK dsyevd).
    ///
    /// - Throws: `FactorisationError.noConvergence` or `.notFinite`.
    public func symmetricEigen() throws(FactorisationError) -> (values: [Double], vectors: Matrix) {
        precondition(rows == columns)
        let vectors = Matrix(squareOf: values, rows: rows)
        guard vectors.values.allSatisfy(\.isFinite) else { throw .notFinite }
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

    /// The same for floats, summed in double. Columns and rows that are all zero take next to no time.
    public func setGram(widening a: Matrix<Float>, transposed: Bool) {
        setGram(a, transposed, inPartsOf: Double.self)
    }

    /// The same for floats, in half the time: up to 2048 products are summed in single precision, and these sums in
    /// double.
    public func setGram(inSingle a: Matrix<Float>, transposed: Bool) {
        setGram(a, transposed, inPartsOf: Float.self)
    }

    /// Sums over 2048 numbers at a time, 1024 in double, which are gathered as columns without those that are zero.
    private func setGram<Part: Real>(_ a: Matrix<Float>, _ transposed: Bool, inPartsOf kind: Part.Type) {
        precondition(rows == (transposed ? a.columns : a.rows) && columns == rows)
        fill(0)
        let order = Int32(rows)
        let summed = transposed ? a.rows : a.columns
        let width = min(summed, Matrix<Part>.isSingle ? 2048 : 1024)
        let part = Matrix<Part>(rows: rows, columns: width)
        let product = Matrix<Part>(rows: Matrix<Part>.isSingle ? rows : 0, columns: columns)
        var start = 0
        while start < summed {
            let flag: Int32 = transposed ? 1 : 0
            if Matrix<Part>.isSingle {
                let taken = ck_gather_columns_f32(a.f32, a.rows, a.columns, flag, &start, part.f32, width)
                guard taken > 0 else { continue }
                cblas_ssyrk(
                    CblasRowMajor, CblasLower, CblasNoTrans, order, Int32(taken), 1, part.f32,
                    Int32(width), 0, product.f32, order)
                for index in 0..<count { base[index] += Double(product.f32[index]) }
            } else {
                let taken = ck_gather_columns_f64(a.f32, a.rows, a.columns, flag, &start, part.f64, width)
                guard taken > 0 else { continue }
                cblas_dsyrk(
                    CblasRowMajor, CblasLower, CblasNoTrans, order, Int32(taken), 1, part.f64,
                    Int32(width), 1, base, order)
            }
        }
    }
}
