import Learning
import LinearAlgebra
import Measures
import Model
import Sweep
import Text

/// The accuracy that is left when each weight matrix is replaced by its best approximation of the layer's local rank, for
/// all layers together and for each alone.
struct TruncationMeasure: Measure {
    static let declaration = MeasureDeclaration.truncation
    private let thresholds: [Double]
    private let rankPoints: Int

    init(_ settings: MeasureSettings) {
        thresholds = settings.numbers("thresholds")
        rankPoints = settings.integer("rank_points")
    }

    func metrics(_ context: MeasureContext) throws(FactorisationError) -> Metrics {
        let weights = context.layers.map(\.weight.widened)
        let spectra = try weights.map { weight throws(FactorisationError) in try TruncatedMatrix(weight) }
        let ranks = localRanks(context)
        var metrics: [Metric: [JSONValue]] = [:]
        for kept in ranks {
            let truncated = zip(spectra, kept).map { $0.truncated(to: $1) }
            let alone = weights.indices.map { layer in
                var changed = weights
                changed[layer] = truncated[layer]
                return accuracy(changed, context)
            }
            let shares = zip(weights, kept).map { ($0.count, min($0.count, $1 * ($0.rows + $0.columns))) }
            let share = Double(shares.reduce(0) { $0 + $1.1 }) / Double(shares.reduce(0) { $0 + $1.0 })
            metrics[.truncatedAccuracy, default: []].append(.number(accuracy(truncated, context)))
            metrics[.truncatedAloneAccuracy, default: []].append(JSONValue(alone))
            metrics[.truncatedRank, default: []].append(JSONValue(kept.map(Double.init)))
            metrics[.truncatedParameters, default: []].append(.number(share))
        }
        let keys = thresholds.map { JSONValue.text(of: $0) }
        return metrics.mapValues { values in
            .object(Dictionary(zip(keys, values), uniquingKeysWith: { first, _ in first }))
        }
    }

    /// For each threshold, each layer's mean local rank over the first points, rounded up.
    private func localRanks(_ context: MeasureContext) -> [[Int]] {
        let units = [context.outputs.inputs.columns] + context.layers.map(\.weight.rows)
        var ranks = LocalRank(
            StackShape(units: units, activation: context.activation), lastRows: units[units.count - 1],
            settings: LocalRankSettings(thresholds: thresholds))
        let points = min(rankPoints, context.outputs.inputs.rows)
        // A mean of equal counts is exact, so that rounding up does not add one.
        return ranks.measure(context.layers, inputs: context.outputs.inputs.rows(0..<points)).absolute.map {
            $0.map { Int($0.mean.rounded(.up)) }
        }
    }

    private func accuracy(_ weights: [Matrix<Double>], _ context: MeasureContext) -> Double {
        var h = context.outputs.inputs.widened
        for (index, weight) in weights.dropLast().enumerated() {
            let p = Matrix.product(h, weight, transposeB: true)
            p.addBiasAndActivate(context.layers[index].bias.widened, context.activation)
            h = p
        }
        let head = ClassHead(
            weight: weights[weights.count - 1], bias: context.layers[weights.count - 1].bias.widened.values,
            classes: context.outputs.classes)
        let labels = context.outputs.labels
        return Double(head.logits(h).countOfLargest(at: labels)) / Double(max(1, labels.count))
    }
}
