extension Metric {
    package static let weightDisplacement = Metric(
        "weight_displacement", .layers, label: "weight displacement", limit: .nonNegative)
    package static let diffusionExponent = Metric(
        "diffusion_exponent", .layers, label: "diffusion exponent", isOfTraining: true, hasGaps: true)
    package static let diffusionExponentBefore = Metric(
        "diffusion_exponent_before", .layers, label: "exponent before the phase change",
        isOfTraining: true, hasGaps: true)
    package static let diffusionExponentAfter = Metric(
        "diffusion_exponent_after", .layers, label: "exponent after the phase change",
        isOfTraining: true, hasGaps: true)
}

extension MeasureDeclaration {
    package static let weightDisplacement = MeasureDeclaration(
        "weight_displacement", needs: [.initialWeights],
        metrics: [
            .weightDisplacement, .diffusionExponent, .diffusionExponentBefore, .diffusionExponentAfter,
        ],
        "Whether each layer's distance from its initial weights is measured.")
}
