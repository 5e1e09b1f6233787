import LinearAlgebra

/// Classification dimension: the least k for which features projected on their k first principal components
/// keep a share, usually 95 %, of the accuracy (rank diminishing, eq. 6).
///
/// Pro_k f = mean + V_k V_kᵀ (f − mean), the components being those of the features that are judged. The share is
/// of the accuracy that whole features have, as in the paper's Table 1. Accuracy need not rise with k: `least` is the
/// first k that keeps the share, whatever follows.
///
/// Limits: components are ordered by variance, not by use, so a class told by a direction of small variance
/// makes it large; 0 where the mean alone keeps the share (classes are unequal, or the accuracy is chance).
public struct ClassificationDimension: Equatable, Sendable {
    public let least: Int
    /// With whole features.
    public let accuracy: Double
    /// What was computed of (k, accuracy), k ascending: all of 0...d where every k was looked at.
    public let curve: [Point]

    public struct Point: Equatable, Sendable {
        public let components: Int
        public let accuracy: Double
    }

    /// Of a linear head, logits = f Wᵀ + b: every k, exactly. One product of points · d · k and points · classes
    /// operations a k, since the logits of k + 1 components are those of k and one term.
    ///
    /// - Parameters:
    ///   - components: of the features, [points, features].
    ///   - weight: [classes, features]
    ///   - bias: a number a class.
    ///   - labels: of the points.
    public init(
        _ components: PrincipalComponents, weight: Matrix<Double>, bias: [Double], labels: [Int32],
        share: Double = 0.95
    ) {
        precondition(weight.columns == components.mean.count && weight.rows == bias.count)
        let steps = components.directions.rows
        let scores = components.scores(steps)
        precondition(labels.count == scores.rows && scores.rows > 0)
        // [components, classes]
        let effects = Matrix.product(components.directions, weight, transposeB: true)
        let logits = Matrix<Double>(rows: scores.rows, columns: weight.rows)
        let offset = Matrix.product(Matrix<Double>([components.mean]), weight, transposeB: true)
        for index in 0..<bias.count { offset[0, index] += bias[index] }
        logits.addBiasAndActivate(offset, .linear)
        let column = Matrix<Double>(rows: scores.rows, columns: 1)
        let values = scores.values
        func point(_ components: Int) -> Point {
            let right = Double(logits.countOfLargest(at: labels))
            return Point(components: components, accuracy: right / Double(labels.count))
        }
        var curve = [point(0)]
        for k in 0..<steps {
            column.assign((0..<scores.rows).map { values[$0 * steps + k] })
            logits.setProduct(column, effects.rows(k..<k + 1), beta: 1)
            curve.append(point(k + 1))
        }
        // All components together are the whole features.
        let whole = curve[steps].accuracy
        accuracy = whole
        self.curve = curve
        least = curve.first { $0.accuracy >= share * whole }?.components ?? steps
    }

    public enum Search: Sendable {
        /// Every k from 0 on, until one keeps the share: exact; `head` runs `least` + 2 times.
        case scan
        /// 1, 2, 4, … until one keeps the share, then bisection: about 2 log₂ d runs. The k found keeps it and
        /// k − 1 does not; it is the least where accuracy does not fall as k grows, which is usual but not certain.
        case bisection
    }

    /// Of any head.
    ///
    /// - Parameter head: the accuracy with these features, [points, features].
    public init(
        _ components: PrincipalComponents, search: Search, share: Double = 0.95,
        head: (Matrix<Double>) -> Double
    ) {
        let most = components.directions.rows
        let whole = head(components.projection(most))
        var seen = [most: whole]
        func keeps(_ k: Int) -> Bool {
            let accuracy = seen[k] ?? head(components.projection(k))
            seen[k] = accuracy
            return accuracy >= share * whole
        }
        switch search {
        case .scan: least = (0...most).first(where: keeps) ?? most
        case .bisection:
            var (below, above) = (-1, 0)
            while above < most && !keeps(above) { (below, above) = (above, min(most, max(1, 2 * above))) }
            while above - below > 1 {
                let middle = (above + below) / 2
                if keeps(middle) { above = middle } else { below = middle }
            }
            least = above
        }
        accuracy = whole
        curve = seen.keys.sorted().map { Point(components: $0, accuracy: seen[$0] ?? 0) }
    }
}
