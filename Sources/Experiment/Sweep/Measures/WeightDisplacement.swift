extension MeasureDeclaration {
    static let weightDisplacement = MeasureDeclaration(
        "weight_displacement", needs: [.initialWeights],
        metrics: [
            Metric("weight_displacement", .layers, label: "weight displacement", limit: .nonNegative),
            Metric(
                "diffusion_exponent", .layers, label: "diffusion exponent", isOfTraining: true, hasGaps: true),
            Metric(
                "diffusion_exponent_before", .layers, label: "exponent before the phase change",
                isOfTraining: true, hasGaps: true),
            Metric(
                "diffusion_exponent_after", .layers, label: "exponent after the phase change",
                isOfTraining: true, hasGaps: true),
        ],
        "Whether each layer's distance from its initial weights is measured.")
}
