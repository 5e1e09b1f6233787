import Text

extension Metric {
    package static let classificationDimension = Metric(
        "classification_dimension", .hiddenLayers, label: "classification dimension",
        isCount: true, limit: .units)
    package static let pcaAccuracy = Metric(
        "pca_accuracy", .list(of: "principal components", first: 1, .setting("components")),
        label: "accuracy of the first components", limit: .share)
}

extension MeasureDeclaration {
    package static let classificationDimension = MeasureDeclaration(
        "classification_dimension", needs: [.activations, .labels, .denseHead],
        metrics: [.classificationDimension, .pcaAccuracy],
        options: [
            Option(
                "share", .number(Bounds(.open(0), .closed(1))), default: .number(0.95),
                "How much of the accuracy the components must keep."),
            Option(
                "components", .integer(1...10_000), default: JSONValue(30),
                "The accuracy is recorded with 1, 2, … up to this number of components of the last hidden layer."
            ),
        ],
        uses: [.ofFeatures],
        "Whether the number of principal components that suffice to classify is measured.")
}
