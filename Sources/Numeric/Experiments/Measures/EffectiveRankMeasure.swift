import LinearAlgebra
import Measures
import Text

/// How many directions each layer's activations use.
struct EffectiveRankMeasure: Measure {
    static let name = "effective_rank"
    private let epsilon: Double

    init(_ settings: MeasureSettings) { epsilon = settings.number("epsilon") }

    func metrics(_ context: MeasureContext) throws(FactorisationError) -> [String: JSONValue] {
        var ranks: [EffectiveRank] = []
        for layer in context.outputs.activations { ranks.append(try EffectiveRank(layer, epsilon: epsilon)) }
        return [
            "effective_rank": JSONValue(ranks.map(\.entropy)),
            "rankme": JSONValue(ranks.map(\.rankMe)),
            "participation_ratio": JSONValue(ranks.map(\.participationRatio)),
        ]
    }
}
