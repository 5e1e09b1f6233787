import Text

extension MeasureDeclaration {
    static let featureDimension = MeasureDeclaration(
        "feature_dimension", needs: [.activations],
        metrics: [
            Metric("feature_dimension", .layers, label: "feature dimension", isCount: true, limit: .units)
        ],
        options: [
            Option(
                "tolerance", .number(Bounds(.open(0), .open(1))), default: .number(1.19e-7),
                "Eigenvalues of the covariance above so much times the largest and the number of units "
                    + "count.")
        ],
        "Whether the dimension of each layer's features is measured.")
}
