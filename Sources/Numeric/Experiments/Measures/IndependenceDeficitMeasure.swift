import LinearAlgebra
import Measures
import Text

/// Which classes' logits decide each class's.
struct IndependenceDeficitMeasure: Measure {
    static let name = "independence_deficit"
    private let penalty: Double
    private let hasIntercept: Bool
    private let classes: [Double]

    init(_ settings: MeasureSettings) {
        penalty = settings.number("penalty")
        hasIntercept = settings.flag("intercept")
        classes = settings.numbers("classes")
    }

    func metrics(_ context: MeasureContext) -> [String: JSONValue] {
        let logits = context.logits
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
            "class_determination": list(\.determination),
            "class_deciders": list { Double($0.deciders.count) },
            "class_accuracy": list(\.ownAccuracy),
            "class_predicted_accuracy": list(\.predictedOwnAccuracy),
            "predicted_accuracy": list(\.predictedAccuracy),
            "decider_weights": .byThreshold(kept) { index in
                var weights = [Double](repeating: 0, count: logits.columns)
                for decider in found[Int(kept[index])].deciders { weights[decider.label] = decider.weight }
                return JSONValue(weights)
            },
        ]
    }
}
