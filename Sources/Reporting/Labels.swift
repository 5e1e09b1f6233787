import Sweep
import Text

/// What axes are called in figures, as gnuplot's enhanced text (`_` lowers, `^` raises).
extension FigureSpec {
    /// - Parameter squaredLoss: whether the task loss is a squared error.
    func xLabel(squaredLoss: Bool) -> String {
        switch x {
        case .betaIB: "β_{IB} = 1/β"
        case .step, .metric: "training step"
        case .hiddenLayers: "hidden layers"
        case .summary(let quantity, _): quantity.label(squaredLoss: squaredLoss)
        case .entry: y.first?.metric.list?.of ?? "entry"
        case .layer: "layer"
        case .axis(let path): FigureSpec.axisLabel(path)
        }
    }

    private static func axisLabel(_ path: String) -> String {
        switch path {
        case "beta": "β"
        case "depth": "depth (weight layers)"
        case "width": "width (units a hidden layer)"
        case "bottleneck": "K (latent variables)"
        case "training.batch": "batch (points)"
        case "training.steps": "training (steps)"
        case "training.epochs": "training (epochs)"
        case "dataset.trainPoints": "training points"
        default: words(path)
        }
    }

    /// "training.learningRate" as "learning rate".
    static func words(_ path: String) -> String {
        let name = path.split(separator: ".").last ?? path[...]
        return name.reduce(into: "") { text, character in
            text += character.isUppercase ? " " + character.lowercased() : String(character)
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
        if case .number(let number)? = layer { " of layer \(number)" } else { "" }
    }
}

extension FigureData {
    /// Under the title: whose data, how many seeds, what the bars are.
    ///
    /// - Parameters:
    ///   - sweepName: nil where the title says it.
    ///   - marksFalls: whether some panel marks maxima.
    func subtitle(sweepName: String?, marksFalls: Bool = false) -> String {
        let counts = panels.flatMap(\.curves).flatMap(\.points).map(\.measured).filter { $0 > 0 }
        guard let most = counts.max(), let fewest = counts.min() else { return sweepName ?? "" }
        var texts = [sweepName].compactMap { $0 }
        if most == 1 {
            texts.append("one seed")
        } else {
            let seeds = fewest == most ? "\(most)" : "\(fewest)–\(most)"
            let spread = figure.hasLines ? "bands" : "bars"
            texts.append(
                "mean of \(seeds) seeds" + (showsIntervals ? ", \(spread): 95 % interval (Student’s t)" : ""))
        }
        if case .summary(_, let path) = figure.x { texts.append("numbers: \(FigureSpec.words(path))") }
        if figure.fit != nil { texts.append("dashed: fit, ± standard error") }
        if marksFalls { texts.append("▼ maximum, where the fall after it is above 0 (95 %)") }
        if diverged > 0 { texts.append(diverged == 1 ? "1 diverged trial" : "\(diverged) diverged trials") }
        return texts.joined(separator: " · ")
    }
}
