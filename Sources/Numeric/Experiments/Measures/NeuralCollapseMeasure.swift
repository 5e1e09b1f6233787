import LinearAlgebra
import Measures
import Sweep
import Text

/// NC1 and NC2 of each hidden layer's activations, NC3 and NC4 of the last one's.
struct NeuralCollapseMeasure: Measure {
    static let declaration = MeasureDeclaration.neuralCollapse

    init(_ settings: MeasureSettings) {}

    /// Values are null where fewer than two classes have points, or all class means are equal.
    func metrics(_ context: MeasureContext) throws(FactorisationError) -> Metrics {
        var layers: [NeuralCollapse?] = []
        for layer in context.outputs.activations.dropLast() {
            layers.append(try NeuralCollapse(layer, labels: context.outputs.labels))
        }
        let last = try NeuralCollapse(
            context.outputs.features.widened, labels: context.outputs.labels,
            weight: ClassHead(context).weight,
            predictions: context.predictions)
        func list(_ number: (NeuralCollapse) -> Double) -> JSONValue {
            .array(layers.map { $0.map { .number(number($0)) } ?? .null })
        }
        func value(_ number: Double?) -> JSONValue { number.map(JSONValue.number) ?? .null }
        return [
            .nc1: list(\.variability), .nc2Norms: list(\.means.lengths),
            .nc2Angles: list(\.means.angles), .nc2Maximality: list(\.means.maximality),
            .nc2HeadNorms: value(last?.head?.lengths), .nc2HeadAngles: value(last?.head?.angles),
            .nc2HeadMaximality: value(last?.head?.maximality), .nc3: value(last?.duality),
            .nc4: value(last?.nearestMean),
        ]
    }
}
