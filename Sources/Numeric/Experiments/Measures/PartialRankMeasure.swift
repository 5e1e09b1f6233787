import Learning
import LinearAlgebra
import Measures
import Model
import Sweep
import Text

/// Ranks of the columns of each layer's Jacobian that belong to the middle of the image.
struct PartialRankMeasure: Measure {
    static let declaration = MeasureDeclaration.partialRank
    private let relative: [Double]
    private let side: Int
    private let hasMaximum: Bool

    init(_ settings: MeasureSettings) {
        relative = settings.numbers("relative")
        side = settings.integer("side")
        hasMaximum = settings.flag("maximum")
    }

    func metrics(_ context: MeasureContext) -> Metrics {
        let inputs = context.outputs.inputs
        let columns = columns(of: inputs.columns)
        let settings = LocalRankSettings(thresholds: [], relative: relative)
        let result: LocalRankResult
        if let network = context.network {
            var ranks = NetworkLocalRank(
                network.shape, inputs: columns, hasReLU: false, settings: settings)
            result = ranks.measure(network, points: inputs)
        } else {
            let shape = StackShape(
                units: [inputs.columns] + context.layers.map { $0.weight.rows },
                activation: context.activation)
            var ranks = LocalRank(
                shape, lastRows: context.outputs.activations.last?.columns ?? 0, settings: settings,
                columns: columns)
            result = ranks.measure(context.layers, inputs: inputs)
        }
        var members: [String: JSONValue] = [:]
        for (threshold, layers) in zip(relative, result.relative) {
            members[JSONValue.text(of: threshold)] = .object([
                "mean": JSONValue(layers.map(\.mean)), "stderr": JSONValue(layers.map(\.standardError)),
            ])
        }
        var metrics: Metrics = [.partialRank: .object(members)]
        if hasMaximum {
            let largest = zip(relative, result.relative).map {
                (JSONValue.text(of: $0), JSONValue($1.map(\.maximum)))
            }
            metrics[.partialRankMax] = .object(Dictionary(largest) { first, _ in first })
        }
        return metrics
    }

    /// Columns of the central patch of a square image with one channel or three, the channels of a pixel side
    /// by side; all columns where the inputs are no such image.
    private func columns(of inputs: Int) -> [Int] {
        for channels in [1, 3] where inputs % channels == 0 {
            let width = Int(Double(inputs / channels).squareRoot().rounded())
            if width * width * channels == inputs {
                return NumericalRank.centralPatch(height: width, width: width, side: side).flatMap { pixel in
                    (0..<channels).map { pixel * channels + $0 }
                }
            }
        }
        return Array(0..<inputs)
    }
}
