import LinearAlgebra

/// Classification dimension: the least k for which features projected on their k first principal components
/// keep a share, usually 95 %, of the accuracy (rank diminishing, eq. 6).
///
/// Pro_k f = mean + V_k V_kᵀ (f − mean), the components being those of the features that are judged. The
/// share is of the accuracy that whole features have, as in the paper's Table 1. Accuracy need not rise with
/// k: `least` is the first k that keeps the share, whatever follows.
///
/// Limits: components are ordered by variance, not by use, so a class told by a direction of small variance
/// makes it large; 0 where the mean alone keeps the share (classes are unequal, or the accuracy is chance).
public struct ClassificationDimension: Equatable, Sendable {
    public let least: Int
    /// With whole features.
    public let accuracy: Double
    /// What was computed of (k, accuracy), k ascending: all of 0...d where every k was looked at.
    public let curve: [CurvePoint]

    public struct CurvePoint: Equatable, Sendable {
        public let components: Int
        public let accuracy: Double
    }

    /// Of a linear head, logits = f Wᵀ + b: every k, exactly. One product of points · d · k and points ·
    /// classes operations a k, since the logits of k + 1 components are those of k and one term.
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
        precondition(labels.count == components.centredPoints.rows && !labels.isEmpty)
        // [components, classes]
        let effects = Matrix.product(components.directions, weight, transposeB: true).values
        let start = Matrix.product(Matrix<Double>([components.mean]), weight, transposeB: true).values
        var logits = LinearLogits(zip(start, bias).map { $0 + $1 }, labels: labels)
        let classes = bias.count
        // Component by component, so that a step reads consecutive numbers.
        let byComponent = Matrix.product(
            components.directions, components.centredPoints, transposeB: true
        ).values
        var curve = [CurvePoint(components: 0, accuracy: logits.accuracy)]
        for k in 0..<steps {
            logits.add(
                byComponent[k * labels.count..<(k + 1) * labels.count],
                times: Array(effects[k * classes..<(k + 1) * classes]))
            curve.append(CurvePoint(components: k + 1, accuracy: logits.accuracy))
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
        /// 1, 2, 4, … until one keeps the share, then bisection: about 2 log₂ d runs. The k found keeps it
        /// and k − 1 does not; it is the least where accuracy does not fall as k grows, which is usual but
        /// not certain.
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
        curve = seen.keys.sorted().map { CurvePoint(components: $0, accuracy: seen[$0] ?? 0) }
    }
}

/// Logits of points, as one component after another is added to their features.
private struct LinearLogits {
    private var values: [Double]
    private let labels: [Int32]
    private let classes: Int

    /// Every point at the features' mean.
    init(_ start: [Double], labels: [Int32]) {
        values = labels.flatMap { _ in start }
        self.labels = labels
        classes = start.count
    }

    mutating func add(_ scores: ArraySlice<Double>, times effects: [Double]) {
        var index = 0
        for score in scores {
            for effect in effects {
                values[index] += score * effect
                index += 1
            }
        }
    }

    /// Of the first largest logit.
    var accuracy: Double {
        var right = 0
        for (point, label) in labels.enumerated() {
            let start = point * classes
            var best = start
            for index in start + 1..<max(start + 1, start + classes) where values[index] > values[best] {
                best = index
            }
            if best - start == Int(label) { right += 1 }
        }
        return Double(right) / Double(labels.count)
    }
}
