import Measures
import Sweep
import Text

/// The signal-to-noise ratio of each layer's gradient over mini-batches, and where along a training it falls
/// steepest: from drift to diffusion.
struct GradientNoiseMeasure: Measure {
    static let name = "gradient_noise"
    private let batches: Int
    private let window: Int
    private let isLogarithmic: Bool

    init(_ settings: MeasureSettings) {
        batches = settings.integer("batches")
        window = settings.integer("window")
        isLogarithmic = settings.word("scale") == "log"
    }

    /// Of weights alone, without biases. No ratio where all gradients are equal.
    func metrics(_ context: MeasureContext) -> [String: JSONValue] {
        var noise = GradientNoise(sizes: context.layers.map(\.weight.count))
        context.gradients?.forEach(batches: batches) { noise.add($0) }
        let ratios = noise.ratios
        return [
            "gradient_snr": JSONValue(orNull: ratios.map(\.value)),
            "gradient_mean": JSONValue(ratios.map(\.mean)),
            "gradient_deviation": JSONValue(ratios.map(\.deviation)),
        ]
    }

    func summary(_ training: MeasuredTraining) -> [String: JSONValue] {
        let layers = training.numbersOrNull("gradient_snr").map(\.values.count).max() ?? 0
        guard layers > 0 else { return [:] }
        let changes = (0..<layers).map { layer in
            let along = training.series("gradient_snr", layer: layer)
                .filter { !isLogarithmic || $0.value > 0 }
            return PhaseChange(
                steps: along.map(\.step), ratios: along.map(\.value), window: window,
                logarithmic: isLogarithmic)
        }
        return [
            "phase_change_step": JSONValue(orNull: changes.map { $0?.step }),
            "phase_change_ratio": JSONValue(
                orNull: changes.map { $0.flatMap { $0.after > 0 ? $0.before / $0.after : nil } }),
        ]
    }
}
