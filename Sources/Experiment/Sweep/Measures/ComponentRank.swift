import Text

extension MeasureDeclaration {
    static let componentRank = MeasureDeclaration(
        "component_rank", needs: [.ownNetwork],
        metrics: [
            Metric("component_rank_before", label: "rank before", isCount: true, limit: .drawnUnits),
            Metric("component_rank", label: "rank after", isCount: true, limit: .drawnUnits),
            Metric("component_rank_kept", label: "share of the rank kept", limit: .nonNegative),
            Metric(
                "component_dimension_before", label: "feature dimension before", isCount: true,
                limit: .drawnPoints),
            Metric(
                "component_dimension", label: "feature dimension after", isCount: true, limit: .drawnPoints),
            Metric(
                "component_dimension_kept", label: "share of the feature dimension kept", limit: .nonNegative),
        ],
        options: [
            Option(
                "component",
                .word(["dense", "relu", "convolution", "layer", "batch", "instance", "group"]),
                default: .string("dense"),
                "What stands after a random square layer: another one, ReLUs, a 3 × 3 convolution, or layer, "
                    + "batch, instance or group normalisation."),
            Option(
                "channels", .integer(1...512), default: JSONValue(4),
                "Channels of its normal inputs (the paper's: 128)."),
            Option("side", .integer(1...64), default: JSONValue(8), "Their height and width in pixels."),
            Option(
                "batch", .integer(2...100_000), default: JSONValue(160),
                "How many inputs the feature dimension is of (the paper's: 5000)."),
            Option(
                "groups", .integer(1...512), default: JSONValue(2),
                "Groups of channels of group normalisation."),
        ],
        "Whether it is measured what a component of networks does to ranks. Of the trial's network it sees "
            + "nothing: inputs and weights are drawn from the trial's seed.")
}
