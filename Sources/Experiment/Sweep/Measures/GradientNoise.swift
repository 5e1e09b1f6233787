import Text

extension MeasureDeclaration {
    static let gradientNoise = MeasureDeclaration(
        "gradient_noise", needs: [.gradients],
        metrics: [
            Metric("gradient_snr", .layers, label: "gradient SNR", limit: .nonNegative, hasGaps: true),
            Metric("gradient_mean", .layers, label: "norm of the mean gradient", limit: .nonNegative),
            Metric(
                "gradient_deviation", .layers, label: "norm of the gradient’s deviation", limit: .nonNegative),
            Metric(
                "phase_change_step", .layers, label: "step of the phase change", isOfTraining: true,
                limit: .steps, hasGaps: true),
            Metric(
                "phase_change_ratio", .layers, label: "SNR before over after the phase change",
                isOfTraining: true, limit: .nonNegative, hasGaps: true),
        ],
        options: [
            Option(
                "batches", .integer(2...10_000), default: JSONValue(20),
                "Mini-batches whose gradients are compared: each costs as much as a training step."),
            Option(
                "window", .integer(2...1000), default: JSONValue(5),
                "Of the phase change: measured steps that a slope is fitted to."),
            Option(
                "scale", .word(["linear", "log"]), default: .string("linear"),
                "Whether the phase change is the steepest fall of SNR or of its logarithm, against ln step."),
        ],
        "Whether each layer's gradient is measured over several mini-batches: its signal-to-noise ratio, and "
            + "with `measures.trace_at` the step of its phase change.")
}
