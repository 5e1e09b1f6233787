import LinearAlgebra
import Measures
import Sweep
import Text

/// The classes whose logits determine the logit of each class.
struct IndependenceDeficitMeasure: Measure {
    static let declaration = MeasureDeclaration.independenceDeficit
    private let penalty: Double
    private let hasIntercept: Bool
    private let hasBias: Bool
    private let classes: [Double]

    init(_ settings: MeasureSettings) {
        penalty = settings.number("penalty")
        hasIntercept = settings.flag("intercept")
        hasBias = settings.flag("bias")
        classes = settings.numbers("classes")
    }

    func metrics(_ context: MeasureContext) -> Metrics {
        let head = ClassHead(context)
        let features = context.outputs.features.widened
        let logits =
            hasBias ? head.logits(features) : Matrix.product(features, head.weight, transposeB: true)
        let lasso = Lasso(logits, intercept: hasIntercept)
        // The paper's η is twice α.
        let found = (0..<logits.columns).flatMap { label in
            IndependenceDeficit.along(
                [penalty / 2], label: label, logits: logits, labels: context.outputs.labels, lasso: lasso)
        }
        let kept = classes.filter { Int(exactly: $0).map { $0 < logits.columns } ?? false }
        func list(_ number: (IndependenceDeficit) -> Double?) -> JSONValue {
            .array(found.map { number($0).map(JSONValue.number) ?? .null })
        }
        return [
            .classDetermination: list(\.determination),
            .classDeciders: list { Double($0.deciders.count) },
            .classAccuracy: list(\.ownAccuracy),
            .classPredictedAccuracy: list(\.predictedOwnAccuracy),
            .predictedAccuracy: list(\.predictedAccuracy),
            .deciderWeights: .byThreshold(kept) { index in
                var weights = [Double](repeating: 0, count: logits.columns)
                for decider in found[Int(kept[index])].deciders { weights[decider.label] = decider.weight }
                return JSONValue(weights)
            },
        ]
    }
}
