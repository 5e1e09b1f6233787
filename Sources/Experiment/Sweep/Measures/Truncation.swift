import Text

extension Metric {
    package static let truncatedAccuracy = Metric(
        "truncated_accuracy", label: "accuracy of truncated layers",
        thresholds: ("measures.truncation.thresholds", "σ > ε"), limit: .share)
    package static let truncatedAloneAccuracy = Metric(
        "truncated_alone_accuracy", .layers, label: "accuracy, this layer truncated",
        thresholds: ("measures.truncation.thresholds", "σ > ε"), limit: .share)
    package static let truncatedRank = Metric(
        "truncated_rank", .layers, label: "rank kept",
        thresholds: ("measures.truncation.thresholds", "σ > ε"), isCount: true, limit: .matrixRank)
    package static let truncatedParameters = Metric(
        "truncated_parameters", label: "share of weights kept",
        thresholds: ("measures.truncation.thresholds", "σ > ε"), limit: .share)
}

extension MeasureDeclaration {
    package static let truncation = MeasureDeclaration(
        "truncation", needs: [.activations, .labels, .jacobians, .denseChain],
        metrics: [.truncatedAccuracy, .truncatedAloneAccuracy, .truncatedRank, .truncatedParameters],
        options: [
            Option(
                "thresholds", .numbers(Setting.positive, limit: 20), default: JSONValue([0.01, 0.1]),
                "ε of the local ranks that layers are truncated to."),
            Option(
                "rank_points", .integer(1...100_000), default: JSONValue(64),
                "Number of the first of these points that local ranks are means over."),
        ],
        uses: [.mlp],
        "Whether the accuracy is measured after each layer's weights are truncated to its local rank.")
}
