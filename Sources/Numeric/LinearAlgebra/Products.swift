import CKernels
import COpenBLAS
import Model

extension Matrix {
    /// self = alpha · op(a) op(b) + beta · self, by OpenBLAS. op transposes if asked to.
    ///
    /// - Parameters:
    ///   - range: the columns of self that are meant; nil: all.
    ///   - columnsA: the columns of a that are meant; nil: all.
    ///   - columnsB: the columns of b that are meant; nil: all.
    @_specialize(where Scalar == Float)
    public func setProduct(
        _ a: Matrix, _ b: Matrix, transposeA: Bool = false, transposeB: Bool = false, alpha: Double = 1,
        beta: Double = 0, columns range: Range<Int>? = nil, columnsA: Range<Int>? = nil,
        columnsB: Range<Int>? = nil
    ) {
        let (target, partA, partB) = (
            range ?? 0..<columns, columnsA ?? 0..<a.columns, columnsB ?? 0..<b.columns
        )
        precondition(target.lowerBound >= 0 && target.upperBound <= columns)
        precondition(partA.lowerBound >= 0 && partA.upperBound <= a.columns)
        precondition(partB.lowerBound >= 0 && partB.upperBound <= b.columns)
        let (m, k) = transposeA ? (partA.count, a.rows) : (a.rows, partA.count)
        let (kb, n) = transposeB ? (partB.count, b.rows) : (b.rows, partB.count)
        precondition(k == kb && rows == m && target.count == n, "shapes of a product do not fit")
        guard rows > 0, n > 0 else { return }
        guard k > 0 else {
            precondition(n == columns)
            // The sum is empty, and BLAS would refuse empty operands.
            if beta == 0 { fill(0) } else { assign(self, times: Scalar(beta)) }
            return
        }
        let (opA, opB) = (transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans)
        let (height, inner, width) = (Int32(m), Int32(k), Int32(n))
        let (strideA, strideB) = (Int32(a.columns), Int32(b.columns))
        if Self.isSingle {
            cblas_sgemm(
                CblasRowMajor, opA, opB, height, width, inner, Float(alpha), a.f32 + partA.lowerBound,
                strideA,
                b.f32 + partB.lowerBound, strideB, Float(beta), f32 + target.lowerBound, Int32(columns))
        } else {
            cblas_dgemm(
                CblasRowMajor, opA, opB, height, width, inner, alpha, a.f64 + partA.lowerBound, strideA,
                b.f64 + partB.lowerBound, strideB, beta, f64 + target.lowerBound, Int32(columns))
        }
    }

    /// op(a) op(b) in a new matrix: for set-up and tests, not for training steps.
    public static func product(
        _ a: Matrix, _ b: Matrix, transposeA: Bool = false, transposeB: Bool = false
    ) -> Matrix {
        let result = Matrix(rows: transposeA ? a.columns : a.rows, columns: transposeB ? b.rows : b.columns)
        result.setProduct(a, b, transposeA: transposeA, transposeB: transposeB)
        return result
    }

    /// self = φ(self + bias), bias one row.
    @_specialize(where Scalar == Float)
    public func addBiasAndActivate(_ bias: Matrix, _ activation: Activation) {
        precondition(bias.count == columns)
        if Self.isSingle {
            ck_bias_activation_f32(f32, bias.f32, rows, columns, activation.code)
        } else {
            ck_bias_activation_f64(f64, bias.f64, rows, columns, activation.code)
        }
    }

    /// self = φ(self).
    public func activate(_ activation: Activation) {
        if Self.isSingle {
            ck_activation_f32(f32, count, activation.code)
        } else {
            ck_activation_f64(f64, count, activation.code)
        }
    }

    /// self *= φ'(p).
    ///
    /// - Parameter source: φ(p), or p where the activation's slope needs it.
    @_specialize(where Scalar == Float)
    public func scaleByDerivative(_ activation: Activation, from source: Matrix) {
        precondition(count == source.count)
        if Self.isSingle {
            ck_activation_backward_f32(f32, source.f32, count, activation.code)
        } else {
            ck_activation_backward_f64(f64, source.f64, count, activation.code)
        }
    }

    /// self[r, j] *= factors[0, j].
    public func multiplyColumns(by factors: Matrix) {
        precondition(factors.count == columns)
        if Self.isSingle {
            ck_multiply_columns_f32(f32, rows, columns, factors.f32)
        } else {
            ck_multiply_columns_f64(f64, rows, columns, factors.f64)
        }
    }

    /// self *= other, number by number.
    public func multiply(by other: Matrix) {
        reshaped(rows: 1, columns: count).multiplyColumns(by: other)
    }

    /// self (one row) = the column sums of `other`.
    @_specialize(where Scalar == Float)
    public func setColumnSums(of other: Matrix) {
        precondition(count == other.columns)
        if Self.isSingle {
            ck_column_sums_f32(other.f32, other.rows, other.columns, f32)
        } else {
            ck_column_sums_f64(other.f64, other.rows, other.columns, f64)
        }
    }

    /// Gathers rows of a byte matrix: self[i] = scale · bytes[indices[i]] + offset.
    ///
    /// - Precondition: every index is a row of `bytes`, which has as many columns as self.
    public func gather(
        _ bytes: UnsafeBufferPointer<UInt8>, rows indices: ArraySlice<UInt32>, scale: Scalar, offset: Scalar
    ) {
        precondition(indices.count == rows)
        precondition(indices.allSatisfy { (Int($0) + 1) * columns <= bytes.count })
        guard let start = bytes.baseAddress else { return }
        indices.withUnsafeBufferPointer { indices in
            guard let first = indices.baseAddress else { return }
            if Self.isSingle {
                ck_gather_bytes_f32(start, first, rows, columns, Float(scale), Float(offset), f32)
            } else {
                ck_gather_bytes_f64(start, first, rows, columns, Double(scale), Double(offset), f64)
            }
        }
    }
}
