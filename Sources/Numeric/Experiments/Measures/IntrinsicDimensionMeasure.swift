import Measures
import Sweep
import Text

/// The dimension of the set that each layer's activations lie on, by two nearest neighbours.
struct IntrinsicDimensionMeasure: Measure {
    static let declaration = MeasureDeclaration.intrinsicDimension
    private let discard: Double

    init(_ settings: MeasureSettings) { discard = settings.number("discard") }

    /// The dimension of each layer; null for a layer with fewer than three different points.
    func metrics(_ context: MeasureContext) -> Metrics {
        let dimensions = context.outputs.activations.map { layer in
            IntrinsicDimension(layer, discard: discard).map { JSONValue.number($0.dimension) } ?? .null
        }
        return [.intrinsicDimension: .array(dimensions)]
    }
}
