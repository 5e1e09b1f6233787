import LinearAlgebra
import Measures
import Sweep
import Text

/// Coordinates of each point along the first two principal components of a layer's activations, with the
/// point's class: data for a picture.
struct ComponentsMeasure: Measure {
    static let declaration = MeasureDeclaration.components
    private let layer: Int

    init(_ settings: MeasureSettings) { layer = settings.integer("layer") }

    /// A direction's sign makes its largest entry positive. The second coordinate is 0 where there is no
    /// second direction.
    func metrics(_ context: MeasureContext) throws(FactorisationError) -> Metrics {
        let activations = context.outputs.activations
        let chosen = layer == 0 ? max(1, activations.count - 1) : min(layer, activations.count)
        let components = try PrincipalComponents(activations[chosen - 1])
        let scores = components.scores(2)
        var metrics: Metrics = [
            .componentClass: JSONValue(context.outputs.labels.map(Double.init))
        ]
        for (component, metric) in [Metric.component1, .component2].enumerated() {
            var column = [Double](repeating: 0, count: scores.rows)
            if component < scores.columns {
                let direction = components.directions.rows(component..<component + 1).values
                let largest = direction.max { abs($0) < abs($1) } ?? 1
                for row in column.indices { column[row] = scores[row, component] * (largest < 0 ? -1 : 1) }
            }
            metrics[metric] = JSONValue(column)
        }
        return metrics
    }
}
