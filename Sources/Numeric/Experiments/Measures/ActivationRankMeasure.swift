import LinearAlgebra
import Measures
import Text

/// Numerical ranks of each layer's activations.
struct ActivationRankMeasure: Measure {
    static let name = "activation_rank"
    private let relative: [Double]

    init(_ settings: MeasureSettings) { relative = settings.numbers("relative") }

    func metrics(_ context: MeasureContext) -> [String: JSONValue] {
        let layers = context.outputs.activations
        // One Gram matrix a layer for all tolerances, the usual one first.
        let counts = layers.map { layer in
            let usual = NumericalRank.defaultTolerance(rows: layer.rows, columns: layer.columns)
            return NumericalRank.counts(layer, tolerances: [min(1, usual)] + relative)
        }
        return [
            "activation_rank": JSONValue(counts.map { Double($0[0]) }),
            "activation_rank_relative": .byThreshold(relative) { index in
                JSONValue(counts.map { Double($0[index + 1]) })
            },
            "activation_stable_rank": JSONValue(layers.map { NumericalRank.stableRank($0) }),
        ]
    }
}

extension JSONValue {
    /// As records have what is keyed by a threshold: {"0.1": {"mean": …}}.
    static func byThreshold(_ thresholds: [Double], _ mean: (Int) -> JSONValue) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for (index, threshold) in thresholds.enumerated() {
            members[JSONValue.text(of: threshold)] = .object(["mean": mean(index)])
        }
        return .object(members)
    }
}
