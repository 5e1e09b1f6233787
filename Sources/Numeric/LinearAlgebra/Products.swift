import Model

extension Matrix {
    /// self = alpha · op(a) op(b) + beta · self, by OpenBLAS. op transposes if asked to.
    @_specialize(where Scalar == Float)
    public func setProduct(
        _ a: Matrix, _ b: Matrix, transposeA: Bool = false, transposeB: Bool = false, alpha: Scalar = 1,
        beta: Scalar = 0
    ) {
        let (m, k) = transposeA ? (a.columns, a.rows) : (a.rows, a.columns)
        let (kb, n) = transposeB ? (b.columns, b.rows) : (b.rows, b.columns)
        precondition(k == kb && rows == m && columns == n, "shapes of a product do not fit")
        guard count > 0 else { return }
        guard k > 0 else {
            // The sum is empty, and BLAS would refuse empty operands.
            if beta == 0 { fill(0) } else { assign(self, times: beta) }
            return
        }
        Scalar.kernels.gemm(
            transposeA, transposeB, m, n, k, alpha, a.base, a.columns, b.base, b.columns, beta, base, columns)
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
        Scalar.kernels.biasActivation(base, bias.base, rows, columns, activation.code)
    }

    /// self *= φ'(p), computed from `activated` = φ(p).
    @_specialize(where Scalar == Float)
    public func scaleByDerivative(of activated: Matrix, _ activation: Activation) {
        precondition(count == activated.count)
        Scalar.kernels.activationBackward(base, activated.base, count, activation.code)
    }

    /// self (one row) = the column sums of `other`.
    @_specialize(where Scalar == Float)
    public func setColumnSums(of other: Matrix) {
        precondition(count == other.columns)
        Scalar.kernels.columnSums(other.base, other.rows, other.columns, base)
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
            Scalar.kernels.gatherBytes(start, first, rows, columns, scale, offset, base)
        }
    }
}
