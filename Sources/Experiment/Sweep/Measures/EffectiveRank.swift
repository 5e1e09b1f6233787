extension MeasureDeclaration {
    static let effectiveRank = MeasureDeclaration(
        "effective_rank", needs: [.activations],
        metrics: [
            Metric("effective_rank", .layers, label: "effective rank", limit: .units),
            Metric("rankme", .layers, label: "RankMe", limit: .smoothedUnits),
            Metric("participation_ratio", .layers, label: "participation ratio", limit: .units),
        ],
        options: [
            Option(
                "epsilon", .number(Bounds(.closed(0), .closed(1))), default: .number(1e-7),
                "ε of RankMe, added to each singular value's share.")
        ],
        "Whether effective ranks of each layer's activations are measured.")
}
