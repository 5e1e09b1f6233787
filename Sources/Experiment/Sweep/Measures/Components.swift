import Text

extension Metric {
    package static let component1 = Metric(
        "component_1", .list(of: "point", first: 1, .points), label: "first component")
    package static let component2 = Metric(
        "component_2", .list(of: "point", first: 1, .points), label: "second component")
    package static let componentClass = Metric(
        "component_class", .list(of: "point", first: 1, .points), label: "class", isCount: true,
        limit: .nonNegative)
}

extension MeasureDeclaration {
    package static let components = MeasureDeclaration(
        "components", needs: [.activations, .labels],
        metrics: [.component1, .component2, .componentClass],
        options: [
            Option(
                "layer", .integer(0...1000), default: JSONValue(0),
                "The layer whose activations are taken, counted from 1; 0: the last hidden layer, or the only layer."
            )
        ],
        points: JSONValue(300),
        "Whether each point's two first principal components are recorded.")
}
