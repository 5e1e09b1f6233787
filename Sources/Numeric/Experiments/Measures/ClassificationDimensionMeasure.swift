import Learning
import LinearAlgebra
import Measures
import Sweep
import Text

/// The number of principal components of each hidden layer's activations that the layers above it need to
/// classify.
struct ClassificationDimensionMeasure: Measure {
    static let declaration = MeasureDeclaration.classificationDimension
    private let share: Double
    private let components: Int

    init(_ settings: MeasureSettings) {
        share = settings.number("share")
        components = settings.integer("components")
    }

    func metrics(_ context: MeasureContext) throws(FactorisationError) -> Metrics {
        let (hidden, labels) = (context.layers.count - 1, context.outputs.labels)
        let head = ClassHead(context)
        var dimensions: [Double] = []
        // In a network that is no chain of dense layers, only the features have a known layer above them.
        for layer in 0..<(context.network == nil ? max(0, hidden - 1) : 0) {
            let found = ClassificationDimension(
                try PrincipalComponents(context.outputs.activations[layer]), search: .bisection,
                share: share
            ) { accuracy(of: $0, above: layer, head, context) }
            dimensions.append(Double(found.least))
        }
        let last = ClassificationDimension(
            try PrincipalComponents(context.outputs.features), weight: head.weight, bias: head.bias,
            labels: labels, share: share)
        if hidden > 0 || (context.network != nil && context.outputs.activations.count > 1) {
            dimensions.append(Double(last.least))
        }
        return [
            .classificationDimension: JSONValue(dimensions),
            .pcaAccuracy: JSONValue(
                last.curve.dropFirst().prefix(components).map(\.accuracy)),
        ]
    }

    /// The accuracy with these activations of a hidden layer, counted from 0.
    private func accuracy(
        of features: Matrix<Double>, above layer: Int, _ head: ClassHead, _ context: MeasureContext
    ) -> Double {
        var h = features
        for next in context.layers[(layer + 1)..<(context.layers.count - 1)] {
            let p = Matrix.product(h, next.weight.widened, transposeB: true)
            p.addBiasAndActivate(next.bias.widened, context.activation)
            h = p
        }
        let right = head.logits(h).countOfLargest(at: context.outputs.labels)
        return Double(right) / Double(max(1, context.outputs.labels.count))
    }
}
