import LinearAlgebra

/// The principal components of points, from the covariance of their features.
///
/// Cost: points · d · smaller side for the covariance, or for the Gram matrix of the points if they are fewer
/// than the features, and an eigendecomposition of that order. Eigenvalues below about 1e-13 of the largest
/// are rounding errors.
public struct PrincipalComponents {
    /// The mean of the points, [features].
    public let mean: [Double]
    /// Eigenvalues λ of the covariance Σ (x − x̄)(x − x̄)ᵀ / (n − 1), largest first, one per feature; never
    /// negative.
    public let eigenvalues: [Double]
    /// The components as unit vectors in rows, in order of falling eigenvalue, [min(points, features),
    /// features]. Signs are arbitrary. Rows whose eigenvalue is 0 are arbitrary too, and may be 0.
    public let directions: Matrix<Double>
    /// The points minus their mean.
    let centredPoints: Matrix<Double>

    /// Computes the components.
    ///
    /// - Throws: `FactorisationError` if LAPACK's iteration does not converge.
    public init<Scalar: Real>(_ features: Matrix<Scalar>) throws(FactorisationError) {
        precondition(features.rows > 0 && features.columns > 0)
        let (points, mean) = centred(features)
        (centredPoints, self.mean) = (points, mean)
        let isTall = points.rows >= points.columns
        let order = min(points.rows, points.columns)
        let gram = Matrix<Double>(rows: order, columns: order)
        gram.setGram(of: points, transposed: isTall)
        let eigen = try gram.symmetricEigen()
        let divisor = Double(max(1, points.rows - 1))
        let squares = eigen.values.reversed().map { max(0, $0) }
        eigenvalues = squares.map { $0 / divisor } + [Double](repeating: 0, count: points.columns - order)
        // The columns of the eigenvectors, as rows by falling eigenvalue.
        let vectors = eigen.vectors.values
        let rows = Matrix<Double>(rows: order, columns: order)
        rows.assign(
            (0..<order).flatMap { i in (0..<order).map { vectors[$0 * order + order - 1 - i] } })
        if isTall {
            directions = rows
        } else {
            // v = Xᵀ u / √λ.
            let unscaled = Matrix.product(rows, points)
            directions = Matrix(rows: order, columns: points.columns)
            let least = 1e-13 * (squares.first ?? 0)
            directions.assign(
                rows: Array(0..<order), of: unscaled,
                times: squares.map { $0 > least ? 1 / $0.squareRoot() : 0 })
        }
    }

    /// Feature dimension: #{λ_i > tolerance · λ_1}. The default tolerance is 1.19e-7 · d, d being the number
    /// of features and so of eigenvalues (rank diminishing, Section 6.1). At most points − 1; 0 if all points
    /// are equal.
    ///
    /// A tolerance for λ is the square of one for singular values: this counts directions that a numerical
    /// rank with the same tolerance does not see, and leaves out some that a rank with its square root would
    /// see. With fewer points than twice the features it reflects the number of points rather than the
    /// dimension of the features.
    public func dimension(tolerance: Double? = nil) -> Int {
        let largest = eigenvalues.first ?? 0
        guard largest > 0 else { return 0 }
        let least = (tolerance ?? 1.19e-7 * Double(eigenvalues.count)) * largest
        return eigenvalues.count { $0 > least }
    }

    /// The coordinates of the points along the first components, [points, components]; two of them make a
    /// scatter plot.
    public func scores(_ components: Int) -> Matrix<Double> {
        Matrix.product(centredPoints, directions.rows(0..<min(components, directions.rows)), transposeB: true)
    }

    /// The points projected on mean + span of the first `components`, [points, features].
    public func projection(_ components: Int) -> Matrix<Double> {
        let kept = min(components, directions.rows)
        let result =
            kept > 0
            ? Matrix.product(scores(kept), directions.rows(0..<kept))
            : Matrix(rows: centredPoints.rows, columns: centredPoints.columns)
        let row = Matrix<Double>([mean])
        result.addBiasAndActivate(row, .linear)
        return result
    }
}
