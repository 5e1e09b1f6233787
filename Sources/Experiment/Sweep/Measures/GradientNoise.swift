import Text

extension Metric {
    package static let gradientSNR = Metric(
        "gradient_snr", .layers, label: "gradient SNR", limit: .nonNegative, hasGaps: true)
    package static let gradientMean = Metric(
        "gradient_mean", .layers, label: "norm of the mean gradient", limit: .nonNegative)
    package static let gradientDeviation = Metric(
        "gradient_deviation", .layers, label: "norm of the gradient’s deviation", limit: .nonNegative)
    package static let phaseChangeStep = Metric(
        "phase_change_step", .layers, label: "step of the phase change", isOfTraining: true,
        limit: .steps, hasGaps: true)
    package static let phaseChangeRatio = Metric(
        "phase_change_ratio", .layers, label: "SNR before over after the phase change",
        isOfTraining: true, limit: .nonNegative, hasGaps: true)
}

extension MeasureDeclaration {
    package static let gradientNoise = MeasureDeclaration(
        "gradient_noise", needs: [.gradients],
        metrics: [.gradientSNR, .gradientMean, .gradientDeviation, .phaseChangeStep, .phaseChangeRatio],
        options: [
            Option(
                "batches", .integer(2...10_000), default: JSONValue(20),
                "Mini-batches whose gradients are compared: each costs as much as a training step."),
            Option(
                "window", .integer(2...1000), default: JSONValue(5),
                "Measured steps that each slope is fitted to when the phase change is located."),
            Option(
                "scale", .word(["linear", "log"]), default: .string("linear"),
                "Whether the phase change is the steepest fall of SNR or of its logarithm, against ln step."),
        ],
        "Whether each layer's gradient is measured over several mini-batches: its signal-to-noise ratio, and "
            + "with `measures.trace_at` the step of its phase change.")
}
