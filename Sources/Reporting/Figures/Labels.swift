import Sweep
import Text

/// Names of axes in figures, as gnuplot's enhanced text (`_` subscript, `^` superscript).
extension FigureSpec {
    /// - Parameter squaredLoss: whether the task loss is a squared error.
    func xLabel(squaredLoss: Bool) -> String {
        if let own = style.xlabel { return enhancedLiteral(own) }
        return switch x {
        case .betaIB: "β_{IB} = 1/β"
        case .step, .metric: "training step"
        case .hiddenLayers: "hidden layers"
        case .summary(let quantity, _): quantity.label(squaredLoss: squaredLoss)
        case .entry: y.first?.metric.list?.of ?? "entry"
        case .layer: "layer"
        case .axis(let path): FigureSpec.axisLabel(path)
        }
    }

    static func axisLabel(_ path: String) -> String {
        switch path {
        case "beta": "β"
        case "depth": "depth (weight layers)"
        case "width": "width (units a hidden layer)"
        case "bottleneck": "K (latent variables)"
        case "training.batch_size": "batch (points)"
        case "training.steps": "training (steps)"
        case "training.epochs": "training (epochs)"
        case "dataset.train_points": "training points"
        default: words(path)
        }
    }

    /// "training.learning_rate" as "learning rate", "training.log_det.weight" as "log det weight".
    static func words(_ path: String) -> String {
        let parts = path.split(separator: ".")
        // Layers of a list may have the same words.
        if parts.first == "network", parts.count > 1 { return path.replacing("_", with: " ") }
        // The last part of a measure's path is enough.
        let name =
            parts.first == "training" ? parts.dropFirst().joined(separator: " ") : String(parts.last ?? "")
        return name.replacing("_", with: " ")
    }
}

extension Table {
    /// The name of each quantity's axis, as enhanced text.
    var yLabels: [String] {
        data.figure.y.enumerated().map { row, quantity in
            data.figure.style.ylabel(row).map(enhancedLiteral) ?? quantity.label(squaredLoss: squaredLoss)
        }
    }
}

extension FigureSpec.Quantity {
    /// - Parameter squaredLoss: whether the task loss is a squared error.
    func label(squaredLoss: Bool) -> String {
        let unit = metric.unit(squaredLoss: squaredLoss)
        var label = leastText + metric.label + layerText
        if let threshold {
            label +=
                " ("
                + metric.thresholdLabel.split(separator: "ε", omittingEmptySubsequences: false)
                .joined(separator: thresholdKey(threshold)) + ")"
        }
        return unit == "1" ? label : label + " (\(unit))"
    }

    private var leastText: String {
        switch layer {
        case .min?: "least "
        case .hiddenMin?: "least hidden "
        default: ""
        }
    }

    private var layerText: String {
        switch layer {
        case .number(let number)?: " of layer \(number)"
        case .last?: " of the last layer"
        default: ""
        }
    }
}

extension FigureData.Label.Part {
    /// "depth 2", "optimizer = adam", "MNIST". A value alone doesn't say what it is a value of.
    var text: String {
        switch value {
        case .number(let number): (path == "beta" ? "β = " : "\(name) ") + shortText(number)
        default: panelText
        }
    }

    /// "depth = 2", since a panel's title stands alone.
    var panelText: String {
        switch value {
        case .null: name
        case .number(let number): "\(name) = \(shortText(number))"
        case .string(let text) where path == "dataset": dataSetName(text)
        case .string(let text): "\(name) = \(text)"
        default: "\(name) = \(value.canonicalText)"
        }
    }

    private var name: String { path == "beta" ? "β" : FigureSpec.words(path) }
}

private func dataSetName(_ text: String) -> String {
    switch text {
    case "mnist": "MNIST"
    case "fashion-mnist": "Fashion-MNIST"
    case "cifar-10": "CIFAR-10"
    case "cifar-100": "CIFAR-100"
    case "generated-images": "generated images"
    default: text
    }
}

/// To four digits, since a key has little room.
private func shortText(_ number: Double) -> String {
    number == number.rounded() ? JSONValue.text(of: number) : rounded(number)
}
