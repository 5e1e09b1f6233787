import Measures
import Text

/// The dimension of the set that each layer's activations lie on, by two nearest neighbours.
struct IntrinsicDimensionMeasure: Measure {
    static let name = "intrinsic_dimension"
    private let discard: Double

    init(_ settings: MeasureSettings) { discard = settings.number("discard") }

    /// null of a layer with fewer than three different points.
    func metrics(_ context: MeasureContext) -> [String: JSONValue] {
        let dimensions = context.outputs.activations.map { layer in
            IntrinsicDimension(layer, discard: discard).map { JSONValue.number($0.dimension) } ?? .null
        }
        return ["intrinsic_dimension": .array(dimensions)]
    }
}
