import CKernels
import COpenBLAS

/// The two scalar types that networks compute in: `Float` trains, `Double` checks gradients and counts ranks.
///
/// The requirements are C calls on raw memory, for use within this target: callers use `Matrix`.
public protocol Real: BinaryFloatingPoint, Sendable where RawSignificand: FixedWidthInteger {
    /// The functions of ckernels.h.
    static var kernels: Kernels<Self> { get }
}

/// The numbers for the C functions of one scalar type.
extension Matrix {
    /// Whether the scalars are floats, not doubles.
    static var isSingle: Bool { Scalar.self == Float.self }
    /// The numbers of a matrix of floats.
    var f32: UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer(base).assumingMemoryBound(to: Float.self)
    }
    /// The numbers of a matrix of doubles.
    var f64: UnsafeMutablePointer<Double> {
        UnsafeMutableRawPointer(base).assumingMemoryBound(to: Double.self)
    }
}

/// The C functions for one scalar type; ckernels.h says what each computes. It is a class because generic
/// code that calls one function of a struct would copy the whole struct and count a reference for
/// each function.
public final class Kernels<T: Real>: Sendable {
    typealias Pointer = UnsafeMutablePointer<T>
    typealias Source = UnsafePointer<T>

    /// (transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc), row-major.
    let gemm: @Sendable (Bool, Bool, Int, Int, Int, T, Source, Int, Source, Int, T, Pointer, Int) -> Void
    let biasActivation: @Sendable (Pointer, Source, Int, Int, Int32) -> Void
    let activationBackward: @Sendable (Pointer, Source, Int, Int32) -> Void
    let columnSums: @Sendable (Source, Int, Int, Pointer) -> Void
    let crossEntropy: @Sendable (Pointer, UnsafePointer<Int32>, Int, Int, T, inout Int64) -> Double
    let logistic: @Sendable (Pointer, UnsafePointer<Int32>, Int, T, inout Int64) -> Double
    let softmaxAdd: @Sendable (Pointer, Pointer, Int, Int) -> Void
    let squaredError: @Sendable (Pointer, Source, Int, T) -> Double
    let gaussianNLL: @Sendable (Pointer, Source, Source, Pointer, Int, Int, T, Bool) -> Double
    let reparameterise: @Sendable (Source, Source, T, Pointer, Pointer, Int, Int) -> Double
    let reparameteriseBackward: @Sendable (Source, Source, Source, Source, T, T, Pointer, Int, Int) -> Void
    let adam: @Sendable (Pointer, Source, Pointer, Pointer, Int, T, T, T, T, T) -> Void
    let sgd: @Sendable (Pointer, Source, Pointer, Int, T, T, T) -> Void
    let shrink: @Sendable (Pointer, Int, T) -> Void
    let average: @Sendable (Pointer, Source, Int, T) -> Void
    let gatherBytes: @Sendable (UnsafePointer<UInt8>, UnsafePointer<UInt32>, Int, Int, T, T, Pointer) -> Void
    /// (numbers, the same as double, count)
    let widen: @Sendable (Source, UnsafeMutablePointer<Double>, Int) -> Void

    init(
        gemm:
            @escaping @Sendable (Bool, Bool, Int, Int, Int, T, Source, Int, Source, Int, T, Pointer, Int) ->
            Void,
        biasActivation: @escaping @Sendable (Pointer, Source, Int, Int, Int32) -> Void,
        activationBackward: @escaping @Sendable (Pointer, Source, Int, Int32) -> Void,
        columnSums: @escaping @Sendable (Source, Int, Int, Pointer) -> Void,
        crossEntropy: @escaping @Sendable (Pointer, UnsafePointer<Int32>, Int, Int, T, inout Int64) -> Double,
        logistic: @escaping @Sendable (Pointer, UnsafePointer<Int32>, Int, T, inout Int64) -> Double,
        softmaxAdd: @escaping @Sendable (Pointer, Pointer, Int, Int) -> Void,
        squaredError: @escaping @Sendable (Pointer, Source, Int, T) -> Double,
        gaussianNLL: @escaping @Sendable (Pointer, Source, Source, Pointer, Int, Int, T, Bool) -> Double,
        reparameterise: @escaping @Sendable (Source, Source, T, Pointer, Pointer, Int, Int) -> Double,
        reparameteriseBackward:
            @escaping @Sendable (Source, Source, Source, Source, T, T, Pointer, Int, Int) -> Void,
        adam: @escaping @Sendable (Pointer, Source, Pointer, Pointer, Int, T, T, T, T, T) -> Void,
        sgd: @escaping @Sendable (Pointer, Source, Pointer, Int, T, T, T) -> Void,
        shrink: @escaping @Sendable (Pointer, Int, T) -> Void,
        average: @escaping @Sendable (Pointer, Source, Int, T) -> Void,
        gatherBytes:
            @escaping @Sendable (UnsafePointer<UInt8>, UnsafePointer<UInt32>, Int, Int, T, T, Pointer) ->
            Void,
        widen: @escaping @Sendable (Source, UnsafeMutablePointer<Double>, Int) -> Void
    ) {
        self.gemm = gemm
        self.biasActivation = biasActivation
        self.activationBackward = activationBackward
        self.columnSums = columnSums
        self.crossEntropy = crossEntropy
        self.logistic = logistic
        self.softmaxAdd = softmaxAdd
        self.squaredError = squaredError
        self.gaussianNLL = gaussianNLL
        self.reparameterise = reparameterise
        self.reparameteriseBackward = reparameteriseBackward
        self.adam = adam
        self.sgd = sgd
        self.shrink = shrink
        self.average = average
        self.gatherBytes = gatherBytes
        self.widen = widen
    }
}

private func transpose(_ flag: Bool) -> CBLAS_TRANSPOSE { flag ? CblasTrans : CblasNoTrans }

extension Float: Real {
    /// The single-precision functions.
    public static let kernels = Kernels<Float>(
        gemm: { ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc in
            cblas_sgemm(
                CblasRowMajor, transpose(ta), transpose(tb), Int32(m), Int32(n), Int32(k), alpha, a,
                Int32(lda),
                b, Int32(ldb), beta, c, Int32(ldc))
        },
        biasActivation: { ck_bias_activation_f32($0, $1, $2, $3, $4) },
        activationBackward: { ck_activation_backward_f32($0, $1, $2, $3) },
        columnSums: { ck_column_sums_f32($0, $1, $2, $3) },
        crossEntropy: { ck_cross_entropy_f32($0, $1, $2, $3, $4, &$5) },
        logistic: { ck_logistic_f32($0, $1, $2, $3, &$4) },
        softmaxAdd: { ck_softmax_add_f32($0, $1, $2, $3) },
        squaredError: { ck_squared_error_f32($0, $1, $2, $3) },
        gaussianNLL: { ck_gaussian_nll_f32($0, $1, $2, $3, $4, $5, $6, $7 ? 1 : 0) },
        reparameterise: { ck_reparameterise_f32($0, $1, $2, $3, $4, $5, $6) },
        reparameteriseBackward: { ck_reparameterise_backward_f32($0, $1, $2, $3, $4, $5, $6, $7, $8) },
        adam: { ck_adam_f32($0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
        sgd: { ck_sgd_f32($0, $1, $2, $3, $4, $5, $6) },
        shrink: { ck_shrink_f32($0, $1, $2) },
        average: { ck_average_f32($0, $1, $2, $3) },
        gatherBytes: { ck_gather_bytes_f32($0, $1, $2, $3, $4, $5, $6) },
        widen: { source, target, count in for index in 0..<count { target[index] = Double(source[index]) } })
}

extension Double: Real {
    /// The double-precision functions.
    public static let kernels = Kernels<Double>(
        gemm: { ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc in
            cblas_dgemm(
                CblasRowMajor, transpose(ta), transpose(tb), Int32(m), Int32(n), Int32(k), alpha, a,
                Int32(lda),
                b, Int32(ldb), beta, c, Int32(ldc))
        },
        biasActivation: { ck_bias_activation_f64($0, $1, $2, $3, $4) },
        activationBackward: { ck_activation_backward_f64($0, $1, $2, $3) },
        columnSums: { ck_column_sums_f64($0, $1, $2, $3) },
        crossEntropy: { ck_cross_entropy_f64($0, $1, $2, $3, $4, &$5) },
        logistic: { ck_logistic_f64($0, $1, $2, $3, &$4) },
        softmaxAdd: { ck_softmax_add_f64($0, $1, $2, $3) },
        squaredError: { ck_squared_error_f64($0, $1, $2, $3) },
        gaussianNLL: { ck_gaussian_nll_f64($0, $1, $2, $3, $4, $5, $6, $7 ? 1 : 0) },
        reparameterise: { ck_reparameterise_f64($0, $1, $2, $3, $4, $5, $6) },
        reparameteriseBackward: { ck_reparameterise_backward_f64($0, $1, $2, $3, $4, $5, $6, $7, $8) },
        adam: { ck_adam_f64($0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
        sgd: { ck_sgd_f64($0, $1, $2, $3, $4, $5, $6) },
        shrink: { ck_shrink_f64($0, $1, $2) },
        average: { ck_average_f64($0, $1, $2, $3) },
        gatherBytes: { ck_gather_bytes_f64($0, $1, $2, $3, $4, $5, $6) },
        widen: { source, target, count in target.update(from: source, count: count) })
}
