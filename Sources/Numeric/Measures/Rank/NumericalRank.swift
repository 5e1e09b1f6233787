import LinearAlgebra

/// The rank of a matrix as far as numbers tell: #{σ_i ≥ tolerance · σ_1} (rank diminishing, eq. 4), and
/// ranks of some of a Jacobian's columns.
public enum NumericalRank {
    /// 1.19e-7 times the larger side: single precision's, σ below which are rounding of a matrix computed in
    /// it.
    public static func defaultTolerance(rows: Int, columns: Int) -> Double {
        1.19e-7 * Double(max(rows, columns))
    }

    /// #{σ_i ≥ tolerance · σ_1} for each tolerance; 0 of a zero matrix. Exact to the rounding of a singular
    /// value decomposition in double.
    ///
    /// By Sturm counts on the smaller Gram matrix (2 · rows · columns · smaller side operations at the speed
    /// of products), and by singular values where one is too near to a tolerance for that: always below about
    /// 2e-7 of a matrix that has not full rank. Not continuous in the matrix.
    public static func counts<Scalar: Real>(_ matrix: Matrix<Scalar>, tolerances: [Double]) -> [Int] {
        let wide = widened(matrix)
        var counter = RankCounter(order: min(matrix.rows, matrix.columns))
        // As of the Jacobians' Gram matrices.
        let square = squaredLengths(wide).reduce(0, +)
        guard square > 0 else { return tolerances.map { _ in 0 } }
        return counter.counts(
            wide, absolute: [], relative: tolerances,
            uncertainty: JacobianChain.roundingErrors * Double.ulpOfOne * square, product: { wide })
    }

    /// `counts` at the usual tolerance.
    public static func usual<Scalar: Real>(_ matrix: Matrix<Scalar>) -> Int {
        counts(matrix, tolerances: [defaultTolerance(rows: matrix.rows, columns: matrix.columns)])[0]
    }

    /// ‖A‖_F² / σ_1², at most the rank and not changed by A's scale; 0 of a zero matrix. Relative error
    /// about 1e-13; cost of one Gram matrix of the smaller side.
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

    /// Partial rank: `counts` of some columns of a Jacobian [outputs, inputs], those of an input patch (rank
    /// diminishing, eq. 5), relative to the largest singular value *of those columns*.
    ///
    /// Never above the rank or the patch's size: a partial rank that is the patch's size says nothing of how
    /// much larger the rank is. The difference between two layers' partial ranks is at most that of their
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

    /// The inputs of the central side × side pixels of an image, row by row, of a pixel all channels, as
    /// `ImageSize` has them; of the whole height or width where that is less. One row or column more is left
    /// before an odd rest than after.
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
