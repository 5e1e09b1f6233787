import CKernels

/// The C functions of layers.h for one scalar type. It is a class for the same reason as `Kernels`.
public final class LayerKernels<T: Real>: Sendable {
    typealias Pointer = UnsafeMutablePointer<T>
    typealias Source = UnsafePointer<T>
    typealias Sums = UnsafeMutablePointer<Double>
    typealias Moments = @Sendable (Source, ck_normalisation, Pointer, Pointer, Sums, Pointer) -> Void
    typealias Normalise =
        @Sendable (Source, ck_normalisation, Source, Source, T, Source, Source, Pointer, Pointer) -> Void
    typealias NormaliseBackward =
        @Sendable (
            Pointer, Source, ck_normalisation, Source, Source, T, Source, Bool, Pointer, Pointer, Sums,
            Pointer
        ) -> Void

    let windowColumns: @Sendable (Source, Int, ck_window, Pointer) -> Void
    let addWindowColumns: @Sendable (Source, Int, ck_window, Pointer) -> Void
    let pool: @Sendable (Source, Int, ck_pool, Pointer) -> Void
    let poolBackward: @Sendable (Source, Source, Int, ck_pool, Pointer) -> Void
    let subsample: @Sendable (Source, Int, ck_subsample, Pointer) -> Void
    let subsampleBackward: @Sendable (Source, Int, ck_subsample, Pointer) -> Void
    let sum: @Sendable (Source, Source, Int, Pointer) -> Void
    let moments: Moments
    let normalise: Normalise
    let normaliseBackward: NormaliseBackward

    init(
        windowColumns: @escaping @Sendable (Source, Int, ck_window, Pointer) -> Void,
        addWindowColumns: @escaping @Sendable (Source, Int, ck_window, Pointer) -> Void,
        pool: @escaping @Sendable (Source, Int, ck_pool, Pointer) -> Void,
        poolBackward: @escaping @Sendable (Source, Source, Int, ck_pool, Pointer) -> Void,
        subsample: @escaping @Sendable (Source, Int, ck_subsample, Pointer) -> Void,
        subsampleBackward: @escaping @Sendable (Source, Int, ck_subsample, Pointer) -> Void,
        sum: @escaping @Sendable (Source, Source, Int, Pointer) -> Void,
        moments: @escaping Moments, normalise: @escaping Normalise,
        normaliseBackward: @escaping NormaliseBackward
    ) {
        self.windowColumns = windowColumns
        self.addWindowColumns = addWindowColumns
        self.pool = pool
        self.poolBackward = poolBackward
        self.subsample = subsample
        self.subsampleBackward = subsampleBackward
        self.sum = sum
        self.moments = moments
        self.normalise = normalise
        self.normaliseBackward = normaliseBackward
    }
}

extension Float {
    /// The single-precision functions.
    public static let layerKernels = LayerKernels<Float>(
        windowColumns: { ck_window_columns_f32($0, $1, $2, $3) },
        addWindowColumns: { ck_add_window_columns_f32($0, $1, $2, $3) },
        pool: { ck_pool_f32($0, $1, $2, $3) },
        poolBackward: { ck_pool_backward_f32($0, $1, $2, $3, $4) },
        subsample: { ck_subsample_f32($0, $1, $2, $3) },
        subsampleBackward: { ck_subsample_backward_f32($0, $1, $2, $3) },
        sum: { ck_sum_f32($0, $1, $2, $3) },
        moments: { ck_moments_f32($0, $1, $2, $3, $4, $5) },
        normalise: { ck_normalise_f32($0, $1, $2, $3, $4, $5, $6, $7, $8) },
        normaliseBackward: {
            ck_normalise_backward_f32($0, $1, $2, $3, $4, $5, $6, $7 ? 1 : 0, $8, $9, $10, $11)
        })
}

extension Double {
    /// The double-precision functions.
    public static let layerKernels = LayerKernels<Double>(
        windowColumns: { ck_window_columns_f64($0, $1, $2, $3) },
        addWindowColumns: { ck_add_window_columns_f64($0, $1, $2, $3) },
        pool: { ck_pool_f64($0, $1, $2, $3) },
        poolBackward: { ck_pool_backward_f64($0, $1, $2, $3, $4) },
        subsample: { ck_subsample_f64($0, $1, $2, $3) },
        subsampleBackward: { ck_subsample_backward_f64($0, $1, $2, $3) },
        sum: { ck_sum_f64($0, $1, $2, $3) },
        moments: { ck_moments_f64($0, $1, $2, $3, $4, $5) },
        normalise: { ck_normalise_f64($0, $1, $2, $3, $4, $5, $6, $7, $8) },
        normaliseBackward: {
            ck_normalise_backward_f64($0, $1, $2, $3, $4, $5, $6, $7 ? 1 : 0, $8, $9, $10, $11)
        })
}
