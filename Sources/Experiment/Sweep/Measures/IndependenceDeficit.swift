import Text

extension Metric {
    package static let classDetermination = Metric(
        "class_determination", .list(of: "class", first: 0, .classes),
        label: "R^2 of a class by the others", limit: .explained, hasGaps: true)
    package static let classDeciders = Metric(
        "class_deciders", .list(of: "class", first: 0, .classes), label: "classes that decide it",
        isCount: true, limit: .otherClasses)
    package static let classAccuracy = Metric(
        "class_accuracy", .list(of: "class", first: 0, .classes), label: "accuracy of the class",
        limit: .share, hasGaps: true)
    package static let classPredictedAccuracy = Metric(
        "class_predicted_accuracy", .list(of: "class", first: 0, .classes),
        label: "accuracy of the class, predicted", limit: .share, hasGaps: true)
    package static let predictedAccuracy = Metric(
        "predicted_accuracy", .list(of: "class", first: 0, .classes),
        label: "accuracy with the class predicted", limit: .share, hasGaps: true)
    package static let deciderWeights = Metric(
        "decider_weights", .list(of: "class", first: 0, .classes), label: "weight in class",
        thresholds: ("measures.independence_deficit.classes", "ε"), notation: .mean)
}

extension MeasureDeclaration {
    package static let independenceDeficit = MeasureDeclaration(
        "independence_deficit", needs: [.activations, .labels, .denseHead],
        metrics: [
            .classDetermination, .classDeciders, .classAccuracy, .classPredictedAccuracy, .predictedAccuracy,
            .deciderWeights,
        ],
        options: [
            Option(
                "penalty", .number(Setting.positive), default: .number(20),
                "η of the Lasso of one class's logit on the others'."),
            Option(
                "intercept", .flag, default: .bool(false), "Whether the prediction has a constant."),
            Option(
                "bias", .flag, default: .bool(true),
                "Whether logits have the head's bias; the paper's have none."),
            Option(
                "classes", .numbers(Bounds(.closed(0), .closed(999)), limit: 100),
                default: JSONValue((0...9).map(Double.init)),
                "The classes whose deciders' weights are recorded; those that are not there are left out."),
        ],
        uses: [.ofFeatures],
        "Whether it is measured how far the other classes' logits determine each class's.")
}
