import Text

extension MeasureDeclaration {
    static let intrinsicDimension = MeasureDeclaration(
        "intrinsic_dimension", needs: [.activations],
        metrics: [
            Metric(
                "intrinsic_dimension", .layers, label: "intrinsic dimension", limit: .nonNegative,
                hasGaps: true)
        ],
        options: [
            Option(
                "discard", .number(Bounds(.closed(0), .open(1))), default: .number(0.1),
                "The share of the largest ratios of neighbours' distances that is left out.")
        ],
        "Whether the intrinsic dimension of each layer's activations is measured (TwoNN).")
}
