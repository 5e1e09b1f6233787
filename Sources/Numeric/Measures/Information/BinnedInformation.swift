import LinearAlgebra

/// Mutual information of a layer's binned activations with the input and with the class (Shwartz-Ziv & Tishby
/// 2017; representation compression, Section 6).
///
/// A unit's activation a falls into bin ⌊(a − lower) · (bins / (upper − lower))⌋ of exactly `bins` equal
/// ones. The upper end, and everything beyond either end, belongs to the outermost bin. The layer's state T
/// is the tuple of its units' bins; states are compared in full, at any width. With the n points as the
/// distribution of X, and a network that is a function of x,
///
///     I(X;T) = H(T),   I(T;Y) = H(T) − H(T|Y) = H(T) + H(Y) − H(T,Y)      (nats)
///
/// Cost: points · units. Memory: a word for every 13 units of 30 bins.
///
/// Bias and limits:
/// - A deterministic network has no finite I(X;T) in continuous activations. The value is that of the
///   *binned* activations, so it depends on the number of bins and on the range. A fall may come from units
///   that saturate into the outermost bins (tanh), or from a range that grows (ReLU, whose range must be
///   taken from the data), rather than from information that is lost.
/// - The value never exceeds ln n, and practically equals ln n in layers wide enough to distinguish all
///   points; there it says nothing.
/// - The plug-in entropy of n points is too low for a larger population by about (states − 1) / 2n nats, and
///   I(T;Y) too high by (states − 1)(classes − 1) / 2n. Neither applies if the points are the whole
///   population, as in the set of 12 bits.
public struct BinnedInformation: Equatable, Sendable {
    /// I(X;T) = H(T), nats.
    public let inputInformation: Double
    /// I(T;Y), nats.
    public let targetInformation: Double
    /// Number of distinct states among the points.
    public let states: Int

    /// Computes the information with a fixed number of bins.
    ///
    /// - Parameters:
    ///   - activations: [points, units], finite.
    ///   - labels: y of each point, from 0.
    ///   - bins: at least 1.
    ///   - range: the range of every unit: −1...1 for tanh; `range(of:)` for units without bounds.
    public init<Scalar: Real>(
        _ activations: Matrix<Scalar>, labels: [Int32], bins: Int, range: ClosedRange<Double>
    ) {
        precondition(bins > 0)
        let width = range.upperBound - range.lowerBound
        let packed = BinnedInformation.packedStates(
            activations, bins: bins, lower: range.lowerBound, scale: width > 0 ? Double(bins) / width : 0)
        self.init(packed, labels: labels, points: activations.rows)
    }

    /// Computes the information with bins of one width on both sides of 0, as many as needed: for units
    /// without bounds. The bins do not depend on the activations, so all steps of a training can be compared.
    ///
    /// - Parameter width: above 0.
    public init<Scalar: Real>(_ activations: Matrix<Scalar>, labels: [Int32], width: Double) {
        precondition(width > 0)
        let ends = BinnedInformation.range(of: [activations])
        // All values beyond this many bins on either side share one bin.
        let maximum = Double(1 << 40)
        let first = min(max(-maximum, (ends.lowerBound / width).rounded(.down)), maximum)
        let last = min(max(-maximum, (ends.upperBound / width).rounded(.down)), maximum)
        let packed = BinnedInformation.packedStates(
            activations, bins: Int(last - first) + 1, lower: first * width, scale: 1 / width)
        self.init(packed, labels: labels, points: activations.rows)
    }

    private init(_ packed: (words: [UInt64], perPoint: Int), labels: [Int32], points: Int) {
        precondition(labels.count == points)
        let states = StateIndex(packed.words, points: points, perPoint: packed.perPoint)
        let classes = 1 + Int(labels.max() ?? 0)
        var joint = [Int](repeating: 0, count: states.count * classes)
        var marginal = [Int](repeating: 0, count: states.count)
        var ofClass = [Int](repeating: 0, count: classes)
        for (point, label) in labels.enumerated() {
            joint[states.numbers[point] * classes + Int(label)] += 1
            marginal[states.numbers[point]] += 1
            ofClass[Int(label)] += 1
        }
        self.states = states.count
        inputInformation = entropy(ofCounts: marginal)
        // Rounding may turn 0 into −1e-16.
        targetInformation = max(0, inputInformation + entropy(ofCounts: ofClass) - entropy(ofCounts: joint))
    }

    /// The smallest and the largest activation of all matrices: the range of units without bounds. To keep
    /// one range throughout a training, take it from all of its measured steps: a range taken from each step
    /// moves the bins.
    public static func range<Scalar: Real>(of activations: [Matrix<Scalar>]) -> ClosedRange<Double> {
        let ends = activations.map { matrix in
            widened(matrix).values.reduce(into: (Double.infinity, -Double.infinity)) {
                $0 = (min($0.0, $1), max($0.1, $1))
            }
        }
        let (lower, upper) = (ends.map(\.0).min() ?? 0, ends.map(\.1).max() ?? 0)
        return lower <= upper ? lower...upper : 0...0
    }

    /// The bins of each point, packed as digits into as few words as possible.
    private static func packedStates<Scalar: Real>(
        _ activations: Matrix<Scalar>, bins: Int, lower: Double, scale: Double
    ) -> (words: [UInt64], perPoint: Int) {
        let (points, units) = (activations.rows, activations.columns)
        var (digits, limit) = (0, UInt64.max)
        while limit >= UInt64(bins), digits < 64 {
            limit /= UInt64(max(2, bins))
            digits += 1
        }
        let perPoint = (units + digits - 1) / digits
        let values = widened(activations).values
        let (last, base) = (UInt64(bins - 1), UInt64(bins))
        var words = [UInt64](repeating: 0, count: points * perPoint)
        for point in 0..<points {
            for group in 0..<perPoint {
                let start = point * units + group * digits
                var word: UInt64 = 0
                for index in start..<min(start + digits, (point + 1) * units) {
                    let position = (values[index] - lower) * scale
                    let bin = position >= Double(last) ? last : position > 0 ? UInt64(position) : 0
                    word = word &* base &+ bin
                }
                words[point * perPoint + group] = word
            }
        }
        return (words, perPoint)
    }
}

/// The bound on the generalisation gap of a representation T (representation compression, Theorem 1, eq. 3), by which
/// abs(L(T_m) − E L(T_m)) exceeds it with a probability of at most δ:
///
///     √((2^I(X;T) + ln(2/δ)) / 2m),   I in bits, m training points
///
/// When not to trust it: it is asymptotic in the dimension of x, for losses from 0 to 1, and for an encoder that doesn't
/// depend on the training points. It says nothing where I(X;T) is above log₂ 2m.
///
/// - Parameters:
///   - information: I(X;T) in nats.
///   - points: m, at least 1.
///   - delta: δ, between 0 and 1.
public func generalisationBound(information: Double, points: Int, delta: Double) -> Double {
    precondition(points > 0 && delta > 0 && delta < 1)
    // 2 to the power of I in bits is e to the power of I in nats.
    return ((exponential(information) + naturalLogarithm(2 / delta)) / Double(2 * points)).squareRoot()
}
