extension MeasureDeclaration {
    static let weightDisplacement = MeasureDeclaration(
        "weightDisplacement", needs: [.initialWeights],
        metrics: [
            Metric("weight_displacement", .layers, label: "weight displacement"),
            Metric("diffusion_exponent", .layers, label: "diffusion exponent", isOfTraining: true),
        ],
        "Whether each layer's distance from its initial weights is measured.")
}
