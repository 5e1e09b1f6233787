import LinearAlgebra

/// Counts the singular values of a matrix above thresholds, without computing them if that is safe.
///
/// The smaller Gram matrix is reduced to tridiagonal form once, and Sturm counts serve every threshold. Each
/// threshold ε is counted on both sides of ε², further away than rounding can have moved an eigenvalue. If
/// the two counts differ, a singular value is too close to the threshold, and the singular values of the
/// product are computed. So a count always equals that of a singular value decomposition in double.
struct RankCounter {
    private var reducer: TridiagonalReducer
    private let gramMemory: Matrix<Double>
    /// Number of matrices that needed their singular values.
    private(set) var decompositions = 0

    init(order: Int) {
        reducer = TridiagonalReducer(order: order)
        gramMemory = Matrix(rows: order, columns: order)
    }

    /// #{σ > ε} for each absolute ε, then #{σ ≥ ε σ_1} for each relative one.
    ///
    /// - Parameters:
    ///   - factor: a matrix whose σ² are those of the Jacobian, to `uncertainty`.
    ///   - product: a matrix that has its singular values to the rounding of products.
    mutating func counts(
        _ factor: Matrix<Double>, absolute: [Double], relative: [Double], uncertainty: Double,
        product: () -> Matrix<Double>
    ) -> [Int] {
        let order = min(factor.rows, factor.columns)
        guard order > 0 else { return [Int](repeating: 0, count: absolute.count + relative.count) }
        let gram = gramMemory.prefix(rows: order, columns: order)
        gram.setGram(of: factor, transposed: factor.rows > factor.columns)
        let middles = reduce(gram, absolute, relative)
        // σ_1² is as uncertain as the eigenvalue that ε² σ_1² is compared with.
        let margins = absolute.map { _ in uncertainty } + relative.map { (1 + $0 * $0) * uncertainty }
        let above = reducer.counts(above: zip(middles, margins).map { $0 + $1 })
        guard above == reducer.counts(above: zip(middles, margins).map { $0 - $1 }) else {
            decompositions += 1
            return counts(of: product(), absolute, relative) ?? reducer.counts(above: middles)
        }
        return above
    }

    /// The same for a Jacobian in single precision. A count may be off by singular values within half a percent of
    /// the threshold, or within the Jacobian's own rounding errors.
    mutating func counts(_ jacobian: Matrix<Float>, absolute: [Double], relative: [Double]) -> [Int] {
        let order = min(jacobian.rows, jacobian.columns)
        guard order > 0 else { return [Int](repeating: 0, count: absolute.count + relative.count) }
        let gram = gramMemory.prefix(rows: order, columns: order)
        let isTall = jacobian.rows > jacobian.columns
        // Single precision would do for a smaller threshold only if the mean σ² were below 0.05 σ_1². So sums in
        // single precision, most of which would be repeated in double, are not tried.
        if relative.allSatisfy({ $0 >= 0.0015 }) {
            gram.setGram(inSingle: jacobian, transposed: isTall)
            let mean = (0..<order).reduce(0) { $0 + gram[$1, $1] } / Double(order)
            let middles = reduce(gram, absolute, relative)
            // Twice the largest error of an eigenvalue that was seen. It must not move a threshold, and squares must
            // not have left the range of floats.
            let error = 4e-7 * mean + 4e-9 * reducer.largestEigenvalue
            if (1e-25...1e25).contains(mean), middles.allSatisfy({ $0 >= 100 * error }) {
                return reducer.counts(above: middles)
            }
        }
        gram.setGram(widening: jacobian, transposed: isTall)
        let middles = reduce(gram, absolute, relative)
        return reducer.counts(above: middles)
    }

    /// Reduces a Gram matrix, and returns the square of each threshold.
    private mutating func reduce(
        _ gram: Matrix<Double>, _ absolute: [Double], _ relative: [Double]
    ) -> [Double] {
        reducer.reduce(gram)
        let largest = relative.isEmpty ? 0 : reducer.largestEigenvalue
        return absolute.map { $0 * $0 } + relative.map { $0 * $0 * largest }
    }

    /// Counts by the definition; nil if LAPACK's iteration does not converge.
    private func counts(of matrix: Matrix<Double>, _ absolute: [Double], _ relative: [Double]) -> [Int]? {
        guard let sigma = try? matrix.singularValues() else { return nil }
        let largest = sigma.first ?? 0
        return absolute.map { threshold in sigma.count { $0 > threshold } }
            + relative.map { share in largest > 0 ? sigma.count { $0 >= share * largest } : 0 }
    }
}
