import Sweep

/// A mean over seeds with the error of a Student's interval.
struct Estimate: Equatable {
    let mean: Double
    /// nil for fewer than two seeds.
    let standardError: Double?
    /// The degrees of freedom of Student's t.
    let freedom: Double?
    /// The number of seeds, or of pairs.
    let count: Int

    /// nil for an empty sample.
    init?(_ sample: Sample) {
        guard let mean = sample.mean else { return nil }
        self.mean = mean
        standardError = sample.standardError
        freedom = sample.count > 1 ? Double(sample.count - 1) : nil
        count = sample.count
    }

    init(_ difference: Difference) {
        mean = difference.mean
        standardError = difference.standardError
        freedom = difference.freedom
        count = min(difference.seeds.own, difference.seeds.other)
    }

    /// The interval of a level, such as 0.95; nil for fewer than two seeds.
    func interval(_ level: Double) -> (low: Double, high: Double)? {
        guard let standardError, let freedom else { return nil }
        guard standardError > 0 else { return (mean, mean) }
        let half = studentQuantile(1 - (1 - level) / 2, freedom: freedom) * standardError
        return (mean - half, mean + half)
    }
}

/// The numbers for which a claim about one number holds.
struct ClaimedRange: Equatable {
    /// nil: no limit below.
    var low: Double?
    /// nil: no limit above.
    var high: Double?
    /// Whether the ends are among the numbers.
    var hasEnds = false

    /// The verdict of an estimate on the claim. A mean without any spread is compared itself.
    ///
    /// - Parameter level: the interval's level, such as 0.95.
    func verdict(_ estimate: Estimate, level: Double) -> Verdict {
        guard let interval = estimate.interval(level) else { return .undecided }
        let isAbove = low.map { hasEnds ? interval.low >= $0 : interval.low > $0 } ?? true
        let isBelow = high.map { hasEnds ? interval.high <= $0 : interval.high < $0 } ?? true
        if isAbove && isBelow { return .holds }
        if interval.low == interval.high { return .doesNotHold }
        let isOutside = low.map { interval.high < $0 } ?? false
        let isBeyond = high.map { interval.low > $0 } ?? false
        return isOutside || isBeyond ? .doesNotHold : .undecided
    }

    /// How far the 95 % interval is inside the range; negative outside. Without an interval, by the mean.
    func margin(_ estimate: Estimate) -> Double {
        let interval = estimate.interval(0.95) ?? (estimate.mean, estimate.mean)
        return min(low.map { interval.low - $0 } ?? .infinity, high.map { $0 - interval.high } ?? .infinity)
    }
}

/// The answer of the records to a claim.
public enum Verdict: String, Sendable, CaseIterable {
    case holds
    case doesNotHold = "does not hold"
    case undecided
}
