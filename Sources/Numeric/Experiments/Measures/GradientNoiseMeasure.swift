import Measures
import Sweep
import Text

/// The signal-to-noise ratio of each layer's gradient over mini-batches, and the step at which it falls most
/// steeply along a training: from drift to diffusion.
struct GradientNoiseMeasure: Measure {
    static let declaration = MeasureDeclaration.gradientNoise
    private let batches: Int
    private let window: Int
    private let isLogarithmic: Bool

    init(_ settings: MeasureSettings) {
        batches = settings.integer("batches")
        window = settings.integer("window")
        isLogarithmic = settings.word("scale") == "log"
    }

    /// Ratios of the weights' gradients, without biases; null where all gradients are equal.
    func metrics(_ context: MeasureContext) -> Metrics {
        var noise = GradientNoise(sizes: context.layers.map(\.weight.count))
        context.gradients?.forEach(batches: batches) { noise.add($0) }
        let ratios = noise.ratios
        return [
            .gradientSNR: JSONValue(orNull: ratios.map(\.value)),
            .gradientMean: JSONValue(ratios.map(\.mean)),
            .gradientDeviation: JSONValue(ratios.map(\.deviation)),
        ]
    }

    func summary(_ training: MeasuredTraining) -> Metrics {
        let layers = training.numbersOrNull(.gradientSNR).map(\.values.count).max() ?? 0
        guard layers > 0 else { return [:] }
        let changes = (0..<layers).map { layer in
            let along = training.series(.gradientSNR, layer: layer)
                .filter { !isLogarithmic || $0.value > 0 }
            return PhaseChange(
                steps: along.map(\.step), ratios: along.map(\.value), window: window,
                logarithmic: isLogarithmic)
        }
        return [
            .phaseChangeStep: JSONValue(orNull: changes.map { $0?.step }),
            .phaseChangeRatio: JSONValue(
                orNull: changes.map { $0.flatMap { $0.after > 0 ? $0.before / $0.after : nil } }),
        ]
    }
}
