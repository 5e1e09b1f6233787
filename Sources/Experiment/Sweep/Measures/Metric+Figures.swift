/// A metric's theory and order, as figures need them.
extension Metric {
    /// What figures call its theory, where that is no bound of `hasBound`.
    public var theoryName: String { measure?.theoryName ?? "closed form" }

    /// Whether a list's entries follow one another, as components do; classes and points have no order.
    public var hasOrder: Bool { if case .list(_, _, .setting) = shape { true } else { list == nil } }
}
