import Text

extension Metric {
    package static let partialRank = Metric(
        "partial_rank", .layers, label: "partial rank",
        thresholds: ("measures.partial_rank.relative", "σ ≥ ε σ_1"), isCount: true, limit: .rank,
        notation: .meanAndError)
    package static let partialRankMax = Metric(
        "partial_rank_max", .layers, label: "largest partial rank",
        thresholds: ("measures.partial_rank.relative", "σ ≥ ε σ_1"), isCount: true, limit: .rank,
        isOptional: true)
}

extension MeasureDeclaration {
    package static let partialRank = MeasureDeclaration(
        "partial_rank", needs: [.activations, .jacobians],
        metrics: [.partialRank, .partialRankMax],
        options: [
            Option(
                "relative", .numbers(Bounds(.open(0), .closed(1)), limit: 100), default: JSONValue([1e-4]),
                "Relative thresholds: singular values of at least ε times the largest count."),
            Option(
                "side", .integer(1...1000), default: JSONValue(16),
                "The side of the square of pixels in the middle of an image whose columns of the Jacobian "
                    + "are taken; all where it is the image's. Of inputs that are no square, all are taken."),
            Option(
                "maximum", .flag, default: .bool(false),
                "Whether the largest rank over the points is recorded beside the mean."),
        ],
        points: JSONValue(32),
        "Whether partial ranks of each layer's Jacobian are measured.")
}
