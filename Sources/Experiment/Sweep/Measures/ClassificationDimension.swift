import Text

extension MeasureDeclaration {
    static let classificationDimension = MeasureDeclaration(
        "classification_dimension", needs: [.activations, .labels, .denseChain],
        metrics: [
            Metric(
                "classification_dimension", .hiddenLayers, label: "classification dimension",
                isCount: true, limit: .units),
            Metric(
                "pca_accuracy", .list(of: "principal components", first: 1, .setting("components")),
                label: "accuracy of the first components", limit: .share),
        ],
        options: [
            Option(
                "share", .number(Bounds(.open(0), .closed(1))), default: .number(0.95),
                "How much of the accuracy the components must keep."),
            Option(
                "components", .integer(1...10_000), default: JSONValue(30),
                "The accuracy is recorded with 1, 2, … so many components of the last hidden layer."),
        ],
        uses: [.perceptron],
        "Whether it is measured how many principal components classify.")
}
