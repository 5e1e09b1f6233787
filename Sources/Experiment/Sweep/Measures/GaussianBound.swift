import Text

extension Metric {
    package static let gaussianBound = Metric(
        "gaussian_bound", .layers, label: "Gaussian bound", unit: .nats, limit: .nonNegative,
        hasGaps: true, isOptional: true)
    package static let displacementEigenvalue = Metric(
        "displacement_eigenvalue", .layers, label: "λ_k of δW δWᵀ",
        thresholds: ("measures.gaussian_bound.eigenvalues", "k = ε"), limit: .nonNegative, hasGaps: true,
        isOptional: true)
    package static let displacementExponent = Metric(
        "displacement_exponent", .layers, label: "exponent of λ_k",
        thresholds: ("measures.gaussian_bound.eigenvalues", "k = ε"), isOfTraining: true, hasGaps: true)
}

extension MeasureDeclaration {
    package static let gaussianBound = MeasureDeclaration(
        "gaussian_bound", needs: [.phaseChange, .weightHistory],
        metrics: [.gaussianBound, .displacementEigenvalue, .displacementExponent],
        options: [
            Option(
                "noise_ratio", .number(Setting.positive), default: .number(1e-3),
                "σ_z²/σ_T²: the variance of the noise over that of a unit."),
            Option(
                "eigenvalues", .numbers(Bounds(.closed(1), .closed(65536)), limit: 20),
                default: JSONValue([1.0]),
                "Which eigenvalues of δW δWᵀ are recorded, counted from the largest."),
        ],
        "Whether the Gaussian bound on what each layer takes from the one below is computed, from the phase "
            + "change on: needs `measures.gradient_noise` and `measures.trace_at`.")
}
