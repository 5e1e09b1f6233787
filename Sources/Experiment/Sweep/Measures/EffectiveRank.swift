extension Metric {
    package static let effectiveRank = Metric(
        "effective_rank", .layers, label: "effective rank", limit: .units)
    package static let rankMe = Metric("rankme", .layers, label: "RankMe", limit: .smoothedUnits)
    package static let participationRatio = Metric(
        "participation_ratio", .layers, label: "participation ratio", limit: .units)
}

extension MeasureDeclaration {
    package static let effectiveRank = MeasureDeclaration(
        "effective_rank", needs: [.activations],
        metrics: [.effectiveRank, .rankMe, .participationRatio],
        options: [
            Option(
                "epsilon", .number(Bounds(.closed(0), .closed(1))), default: .number(1e-7),
                "ε of RankMe, added to each singular value's share.")
        ],
        "Whether effective ranks of each layer's activations are measured.")
}
