import LinearAlgebra

/// Classification dimension: the smallest k for which features projected on their first k principal
/// components keep a share of the accuracy, by default 95 % (rank diminishing, eq. 6).
///
/// Pro_k f = mean + V_k V_kᵀ (f − mean), with the components of the same features. The share refers to the
/// accuracy of whole features, as in the paper's Table 1. Accuracy need not rise with k: `least` is the first
/// k that keeps the share, whatever follows.
///
/// Limits: components are ordered by variance, not by use, so a class that only a direction of small variance
/// distinguishes makes the dimension large. It is 0 if the mean alone keeps the share (classes are unequal,
/// or the accuracy is at chance level).
public struct ClassificationDimension: Equatable, Sendable {
    /// The classification dimension.
    public let least: Int
    /// The accuracy with whole features.
    public let accuracy: Double
    /// The computed pairs (k, accuracy), k ascending: all of 0...d if every k was evaluated.
    public let curve: [CurvePoint]

    /// The accuracy with a number of components.
    public struct CurvePoint: Equatable, Sendable {
        /// The number of components, k.
        public let components: Int
        /// The share of points classified correctly.
        public let accuracy: Double
    }

    /// Computes the dimension for a linear head, logits = f Wᵀ + b, exactly and for every k. This costs one
    /// product of points · d · k, and points · classes operations for each k, because the logits of k + 1
    /// components are those of k plus one term.
    ///
    /// - Parameters:
    ///   - components: of the features, [points, features].
    ///   - weight: [classes, features]
    ///   - bias: one number per class.
    ///   - labels: the class of each point.
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
        // With all components the projection is the features themselves.
        let whole = curve[steps].accuracy
        accuracy = whole
        self.curve = curve
        least = curve.first { $0.accuracy >= share * whole }?.components ?? steps
    }

    /// The method that searches the smallest k.
    public enum Search: Sendable {
        /// Every k from 0 on until one keeps the share: exact. `head` runs `least` + 2 times.
        case scan
        /// 1, 2, 4, … until one keeps the share, then bisection: about 2 log₂ d runs. The k found keeps it
        /// and k − 1 does not. It is the smallest such k if accuracy does not fall as k grows, which is
        /// common but not certain.
        case bisection
    }

    /// Computes the dimension for any head.
    ///
    /// - Parameter head: returns the accuracy for given features, [points, features].
    public init(
        _ components: PrincipalComponents, search: Search, share: Double = 0.95,
        head: (Matrix<Double>) -> Double
    ) {
        let maximum = components.directions.rows
        let whole = head(components.projection(maximum))
        var seen = [maximum: whole]
        func keeps(_ k: Int) -> Bool {
            let accuracy = seen[k] ?? head(components.projection(k))
            seen[k] = accuracy
            return accuracy >= share * whole
        }
        switch search {
        case .scan: least = (0...maximum).first(where: keeps) ?? maximum
        case .bisection:
            var (below, above) = (-1, 0)
            while above < maximum && !keeps(above) {
                (below, above) = (above, min(maximum, max(1, 2 * above)))
            }
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

/// Logits of points while components are added to their features one by one.
private struct LinearLogits {
    private var values: [Double]
    private let labels: [Int32]
    private let classes: Int

    /// Starts with every point at the features' mean.
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

    /// The share of points whose first largest logit is at their label.
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
