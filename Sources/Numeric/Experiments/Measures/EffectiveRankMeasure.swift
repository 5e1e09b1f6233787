import LinearAlgebra
import Measures
import Sweep
import Text

/// The number of directions that each layer's activations use.
struct EffectiveRankMeasure: Measure {
    static let declaration = MeasureDeclaration.effectiveRank
    private let epsilon: Double

    init(_ settings: MeasureSettings) { epsilon = settings.number("epsilon") }

    func metrics(_ context: MeasureContext) throws(FactorisationError) -> Metrics {
        var ranks: [EffectiveRank] = []
        for layer in context.outputs.activations { ranks.append(try EffectiveRank(layer, epsilon: epsilon)) }
        return [
            .effectiveRank: JSONValue(ranks.map(\.entropy)),
            .rankMe: JSONValue(ranks.map(\.rankMe)),
            .participationRatio: JSONValue(ranks.map(\.participationRatio)),
        ]
    }
}
