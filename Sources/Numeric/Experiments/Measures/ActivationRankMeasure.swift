import LinearAlgebra
import Measures
import Sweep
import Text

/// Numerical ranks of each layer's activations.
struct ActivationRankMeasure: Measure {
    static let declaration = MeasureDeclaration.activationRank
    private let relative: [Double]

    init(_ settings: MeasureSettings) { relative = settings.numbers("relative") }

    func metrics(_ context: MeasureContext) -> Metrics {
        let layers = context.outputs.activations
        // One Gram matrix a layer serves all tolerances; the default one comes first.
        let counts = layers.map { layer in
            let tolerance = NumericalRank.defaultTolerance(rows: layer.rows, columns: layer.columns)
            return NumericalRank.counts(layer, tolerances: [min(1, tolerance)] + relative)
        }
        return [
            .activationRank: JSONValue(counts.map { Double($0[0]) }),
            .activationRankRelative: .byThreshold(relative) { index in
                JSONValue(counts.map { Double($0[index + 1]) })
            },
            .activationStableRank: JSONValue(layers.map { NumericalRank.stableRank($0) }),
        ]
    }
}

extension JSONValue {
    /// An object keyed by threshold, as records hold it: {"0.1": {"mean": …}}.
    static func byThreshold(_ thresholds: [Double], _ mean: (Int) -> JSONValue) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for (index, threshold) in thresholds.enumerated() {
            members[JSONValue.text(of: threshold)] = .object(["mean": mean(index)])
        }
        return .object(members)
    }
}
