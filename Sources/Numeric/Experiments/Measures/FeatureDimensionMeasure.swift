import LinearAlgebra
import Measures
import Sweep
import Text

/// The number of directions that the covariance of each layer's activations has.
struct FeatureDimensionMeasure: Measure {
    static let declaration = MeasureDeclaration.featureDimension
    private let tolerance: Double

    init(_ settings: MeasureSettings) { tolerance = settings.number("tolerance") }

    func metrics(_ context: MeasureContext) throws(FactorisationError) -> Metrics {
        var dimensions: [Double] = []
        for layer in context.outputs.activations {
            let components = try PrincipalComponents(layer)
            dimensions.append(Double(components.dimension(tolerance: tolerance * Double(layer.columns))))
        }
        return [.featureDimension: JSONValue(dimensions)]
    }
}
