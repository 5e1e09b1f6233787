/// A metric's theory and order, for figures.
extension Metric {
    /// The name of its theory in figures, unless it is a bound (`hasBound`).
    public var theoryName: String { measure?.theoryName ?? "closed form" }

    /// Whether a list's entries have an order, as components do; classes and points don't.
    public var hasOrder: Bool { if case .list(_, _, .setting) = shape { true } else { list == nil } }
}
