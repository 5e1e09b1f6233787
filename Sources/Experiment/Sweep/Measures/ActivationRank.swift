import Text

extension MeasureDeclaration {
    static let activationRank = MeasureDeclaration(
        "activation_rank", needs: [.activations],
        metrics: [
            Metric("activation_rank", .layers, label: "activation rank", isCount: true, limit: .units),
            Metric(
                "activation_rank_relative", .layers, label: "activation rank",
                thresholds: ("measures.activation_rank.relative", "σ ≥ ε σ_1"), isCount: true, limit: .units,
                notation: .mean),
            Metric("activation_stable_rank", .layers, label: "stable rank of activations", limit: .units),
        ],
        options: [
            Option(
                "relative", .numbers(Bounds(.open(0), .closed(1)), limit: 100),
                default: JSONValue([1e-3, 1e-2]),
                "Relative thresholds: singular values of at least ε times the largest count.")
        ],
        "Whether ranks of each layer's activations are measured.")
}
