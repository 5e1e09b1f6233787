import LinearAlgebra

/// The numerical rank of a matrix, #{σ_i ≥ tolerance · σ_1} (rank diminishing, eq. 4), and ranks of some of a
/// Jacobian's columns.
public enum NumericalRank {
    /// 1.19e-7 (the precision of `Float`) times the larger side: σ below this share of σ_1 are rounding
    /// errors of a matrix computed in single precision.
    public static func defaultTolerance(rows: Int, columns: Int) -> Double {
        1.19e-7 * Double(max(rows, columns))
    }

    /// #{σ_i ≥ tolerance · σ_1} for each tolerance; 0 for a zero matrix. Exact to the rounding of a singular
    /// value decomposition in double.
    ///
    /// Uses Sturm counts on the smaller Gram matrix (2 · rows · columns · smaller side operations at the
    /// speed of products), or singular values if one is too close to a tolerance: always so for tolerances
    /// below about 2e-7 if the matrix lacks full rank. Not continuous in the matrix.
    public static func counts<Scalar: Real>(_ matrix: Matrix<Scalar>, tolerances: [Double]) -> [Int] {
        let wide = widened(matrix)
        var counter = RankCounter(order: min(matrix.rows, matrix.columns))
        // The same uncertainty as for the Jacobians' Gram matrices.
        let square = squaredLengths(wide).reduce(0, +)
        guard square > 0 else { return tolerances.map { _ in 0 } }
        return counter.counts(
            wide, absolute: [], relative: tolerances,
            uncertainty: JacobianChain.roundingErrors * Double.ulpOfOne * square, product: { wide })
    }

    /// `counts` at the default tolerance.
    public static func atDefaultTolerance<Scalar: Real>(_ matrix: Matrix<Scalar>) -> Int {
        counts(matrix, tolerances: [defaultTolerance(rows: matrix.rows, columns: matrix.columns)])[0]
    }

    /// ‖A‖_F² / σ_1², which is at most the rank and independent of A's scale; 0 for a zero matrix. Relative
    /// error about 1e-13; costs one Gram matrix of the smaller side.
    public static func stableRank<Scalar: Real>(_ matrix: Matrix<Scalar>) -> Double {
        let wide = widened(matrix)
        let square = squaredLengths(wide).reduce(0, +)
        guard square > 0 else { return 0 }
        let order = min(matrix.rows, matrix.columns)
        let gram = Matrix<Double>(rows: order, columns: order)
        gram.setGram(of: wide, transposed: matrix.rows > matrix.columns)
        var reducer = TridiagonalReducer(order: order)
        reducer.reduce(gram)
        return square / reducer.largestEigenvalue
    }

    /// Partial rank: `counts` for some columns of a Jacobian [outputs, inputs], such as those of an input
    /// patch (rank diminishing, eq. 5), relative to the largest singular value *of those columns*.
    ///
    /// It never exceeds the rank or the patch's size: a partial rank equal to the patch's size does not say
    /// how much larger the rank is. The difference between two layers' partial ranks is at most that of their
    /// ranks.
    public static func partial<Scalar: Real>(
        _ jacobian: Matrix<Scalar>, columns: [Int], tolerances: [Double]
    ) -> [Int] {
        let values = jacobian.values
        let part = Matrix<Scalar>(rows: jacobian.rows, columns: columns.count)
        part.assign(
            (0..<jacobian.rows).flatMap { row in columns.map { values[row * jacobian.columns + $0] } })
        return counts(part, tolerances: tolerances)
    }

    /// The inputs of the central side × side pixels of an image, row by row and with all channels of a pixel,
    /// in the order of `ImageSize`. Covers the whole height or width if that is smaller. If the margin is
    /// odd, the extra row or column lies before the patch.
    public static func centralPatch(height: Int, width: Int, channels: Int = 1, side: Int = 16) -> [Int] {
        let (rows, columns) = (min(side, height), min(side, width))
        let (top, left) = ((height - rows + 1) / 2, (width - columns + 1) / 2)
        return (top..<top + rows).flatMap { row in
            (left..<left + columns).flatMap { column in
                (0..<channels).map { (row * width + column) * channels + $0 }
            }
        }
    }
}
