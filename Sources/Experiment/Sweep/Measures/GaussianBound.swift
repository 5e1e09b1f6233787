import Text

extension MeasureDeclaration {
    static let gaussianBound = MeasureDeclaration(
        "gaussian_bound", needs: [.phaseChange, .weightHistory],
        metrics: [
            Metric(
                "gaussian_bound", .layers, label: "Gaussian bound", unit: .nats, limit: .nonNegative,
                hasGaps: true, isOptional: true)
        ],
        options: [
            Option(
                "noise_ratio", .number(Setting.positive), default: .number(1e-3),
                "σ_z²/σ_T²: the variance of the noise over that of a unit.")
        ],
        "Whether the Gaussian bound on what each layer takes from the one below is computed, from the phase "
            + "change on: needs `measures.gradient_noise` and `measures.trace_at`.")
}
