import Text

/// A metric's theory and order, for figures.
extension Metric {
    /// The name of its theory in figures, unless it is a bound (`hasBound`).
    public var theoryName: String { measure?.theoryName ?? "closed form" }

    /// Whether a list's entries have an order, as components do; classes and points don't.
    public var hasOrder: Bool { if case .list(_, _, .setting) = shape { true } else { list == nil } }
}

/// A key under a record's `theory` that isn't a metric's: a bound, or a value that no measure has.
public enum TheoryKey: String, Sendable {
    case rank
    case boundLayer = "bound_layer"
    case criticalBetas = "critical_betas"
    case hiddenBoundLayer = "hidden_bound_layer"
    case hiddenLocalRankBound = "hidden_local_rank_bound"
    case hiddenStableRankBound = "hidden_stable_rank_bound"
    case localRankBound = "local_rank_bound"
    case localRankBoundVacuous = "local_rank_bound_vacuous"
    case stableRankBound = "stable_rank_bound"
    case trivialRank = "trivial_rank"
}

extension JSONValue {
    /// A member of a record's `theory`.
    package subscript(_ key: TheoryKey) -> JSONValue? { self[key.rawValue] }
}

extension Dictionary where Key == TheoryKey {
    /// The values by key, as in records.
    package var byKey: [String: Value] {
        [String: Value](uniqueKeysWithValues: map { key, value in (key.rawValue, value) })
    }
}
