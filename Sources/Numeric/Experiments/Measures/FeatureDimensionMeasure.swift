import LinearAlgebra
import Measures
import Text

/// How many directions the covariance of each layer's activations has.
struct FeatureDimensionMeasure: Measure {
    static let name = "feature_dimension"
    private let tolerance: Double

    init(_ settings: MeasureSettings) { tolerance = settings.number("tolerance") }

    func metrics(_ context: MeasureContext) throws(FactorisationError) -> [String: JSONValue] {
        var dimensions: [Double] = []
        for layer in context.outputs.activations {
            let components = try PrincipalComponents(layer)
            dimensions.append(Double(components.dimension(tolerance: tolerance * Double(layer.columns))))
        }
        return ["feature_dimension": JSONValue(dimensions)]
    }
}
