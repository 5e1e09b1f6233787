extension Metric {
    package static let nc1 = Metric(
        "nc1", .hiddenLayers, label: "NC1, variability in classes", limit: .nonNegative, hasGaps: true
    )
    package static let nc2Norms = Metric(
        "nc2_norms", .hiddenLayers, label: "NC2, norms of class means", limit: .nonNegative,
        hasGaps: true)
    package static let nc2Angles = Metric(
        "nc2_angles", .hiddenLayers, label: "NC2, angles of class means", limit: .nonNegative,
        hasGaps: true)
    package static let nc2Maximality = Metric(
        "nc2_maximality", .hiddenLayers, label: "NC2, distance from maximal angles",
        limit: .nonNegative, hasGaps: true)
    package static let nc2HeadNorms = Metric(
        "nc2_head_norms", label: "NC2, norms of the head's rows", limit: .nonNegative, hasGaps: true)
    package static let nc2HeadAngles = Metric(
        "nc2_head_angles", label: "NC2, angles of the head's rows", limit: .nonNegative, hasGaps: true
    )
    package static let nc2HeadMaximality = Metric(
        "nc2_head_maximality", label: "NC2, head's distance from maximal angles", limit: .nonNegative,
        hasGaps: true)
    package static let nc3 = Metric(
        "nc3", label: "NC3, distance of head and means", limit: .nonNegative, hasGaps: true)
    package static let nc4 = Metric(
        "nc4", label: "NC4, points beside the nearest mean", limit: .share, hasGaps: true)
}

extension MeasureDeclaration {
    package static let neuralCollapse = MeasureDeclaration(
        "neural_collapse", needs: [.activations, .labels, .denseHead],
        metrics: [
            .nc1, .nc2Norms, .nc2Angles, .nc2Maximality, .nc2HeadNorms, .nc2HeadAngles, .nc2HeadMaximality,
            .nc3, .nc4,
        ],
        uses: [.ofFeatures],
        "Whether neural collapse is measured.")
}
