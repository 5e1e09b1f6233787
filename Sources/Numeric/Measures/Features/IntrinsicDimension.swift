import LinearAlgebra

/// The intrinsic dimension of points by their two nearest neighbours, TwoNN (Facco, d'Errico, Rodriguez &
/// Laio 2017). With r_1 ≤ r_2 the distances of a point to them and μ = r_2 / r_1, sorted, F(μ_(i)) = i / N:
///
///     d = Σ x_i y_i / Σ x_i²,   x = ln μ_(i), y = −ln(1 − F(μ_(i))), over the 90 % smallest μ
///
/// the line through the origin; the largest tenth is left out, as in the paper, where far-away points make
/// the law fail.
///
/// Ties: of points that are equal in every feature one is kept, since r_1 = 0 has no ratio. Where r_1 = r_2
/// the ratio is 1 and ln μ = 0, which the fit allows: points on a lattice have many, and too large a
/// dimension for it.
///
/// Cost: N² d multiply-adds as products of tiles, and comparisons: 10 000 points take 0.2 s of 10 features, 2
/// s of 500. The neighbours found so are measured again from differences, so that rounding of products does
/// not enter.
///
/// Bias: the density must be constant over two neighbours. Of few points in many dimensions d comes out too
/// small (N = 1000 in a cube of 5 dimensions: 4.6 on average; of 10: 8.7; of 20: 15.3), and of curved or
/// clustered sets it is that of the scale at which neighbours are: compare at equal N, and look at halves of
/// the points.
public struct IntrinsicDimension: Equatable, Sendable {
    /// By the fitted line.
    public let dimension: Double
    /// N / Σ ln μ over all points, the maximum of the likelihood: for comparison, it leaves nothing out.
    public let likeliest: Double
    /// N, points that differ.
    public let points: Int
    /// Points left out because another is equal.
    public let duplicates: Int

    /// nil where fewer than 3 points differ, by what rounding leaves, or all ratios kept are 1.
    ///
    /// - Parameter discard: the share of the largest ratios that are left out.
    public init?<Scalar: Real>(_ features: Matrix<Scalar>, discard: Double = 0.1) {
        precondition(discard >= 0 && discard < 1)
        let wide = widened(features)
        // −0 = 0, of other bits.
        let words = wide.values.map { ($0 + 0).bitPattern }
        let states = StateIndex(words, points: wide.rows, perPoint: wide.columns)
        guard states.count > 2 else { return nil }
        let different = Matrix<Double>(rows: states.count, columns: wide.columns)
        different.assign(rows: states.firsts, of: wide)
        let logarithms = IntrinsicDimension.ratios(different).map { naturalLogarithm($0) }.sorted()
        let count = logarithms.count
        // Points that differ, but by less than centring rounds to, have no ratio.
        guard count > 2 else { return nil }
        // F = 1 of the largest has no logarithm.
        let kept = min(count - 1, Int((Double(count) * (1 - discard)).rounded(.down)))
        var (products, squares) = (0.0, 0.0)
        for index in 0..<kept {
            let share = Double(index + 1) / Double(count)
            products -= logarithms[index] * naturalLogarithm(1 - share)
            squares += logarithms[index] * logarithms[index]
        }
        guard squares > 0 else { return nil }
        dimension = products / squares
        likeliest = Double(count) / logarithms.reduce(0, +)
        points = count
        duplicates = wide.rows - count
    }

    /// r_2 / r_1 of each point; the points differ.
    private static func ratios(_ points: Matrix<Double>) -> [Double] {
        let middle = centred(points).points
        let values = middle.values
        let dimension = points.columns
        let neighbours = PairTiles(middle, squares: squaredLengths(middle)).nearest()
        return neighbours.indices.compactMap { row in
            let distances = neighbours[row].map { other in
                var sum = 0.0
                for column in 0..<dimension {
                    let away = values[row * dimension + column] - values[other * dimension + column]
                    sum += away * away
                }
                return sum.squareRoot()
            }.sorted()
            // 0 of points that differ by less than centring rounds to.
            return distances[0] > 0 ? distances[1] / distances[0] : nil
        }
    }
}
