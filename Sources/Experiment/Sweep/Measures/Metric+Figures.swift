/// A metric's range, theory and order, as figures need them.
extension Metric {
    /// The range of the metric's values. Intervals are drawn no further.
    ///
    /// - Parameter lossIsPositive: whether the task loss is never negative.
    public func bounds(lossIsPositive: Bool) -> ClosedRange<Double> {
        switch limit {
        case .share: 0...1
        case .nonNegative, .steps, .rank, .units, .matrixRank: 0...Double.infinity
        case .loss: lossIsPositive ? 0...Double.infinity : -.infinity ... .infinity
        case .finite: -.infinity ... .infinity
        }
    }

    /// What figures call its theory, where that is no bound of `hasBound`.
    public var theoryName: String { measure?.theoryName ?? "closed form" }

    /// Whether a list's entries follow one another, as components do; classes and points have no order.
    public var hasOrder: Bool { if case .list(_, _, .setting) = shape { true } else { list == nil } }
}
