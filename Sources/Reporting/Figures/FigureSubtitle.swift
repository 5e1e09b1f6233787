import Sweep
import Text

/// The lines below a figure's title: the sweep, the number of seeds, the meaning of the bars, and what isn't
/// shown.
struct FigureSubtitle {
    let data: FigureData
    /// The values, x or mean, at or below 0 of points with a mean that a log axis can't show.
    var hidden: [Double] = []
    /// Points of a closed form or a bound that a log axis can't show.
    var hiddenTheory = 0
    /// Intervals that a log axis cuts, since they reach 0 or below.
    var cut = 0
    /// Axes that are linear although log ones are asked for, and why.
    var linearAxes: [String] = []
    /// Whether curves stand beside their x.
    var isDodged = false
    var marksFalls = false
    /// Further parts, such as the meaning of shapes.
    var others: [String] = []

    /// - Parameter sweepName: nil where the title says it.
    func parts(sweepName: String?) -> [String] {
        var texts = [sweepName].compactMap { $0 }
        texts += seeds
        if case .summary(_, let path) = data.figure.x { texts.append("numbers: \(FigureSpec.words(path))") }
        if isDodged { texts.append("curves side by side at each x") }
        if data.figure.fit != nil { texts.append("dashed: fit, ± standard error") }
        if marksFalls { texts.append("▼ maximum, where the fall after it is above 0 (95 %)") }
        texts += linearAxes + others
        if !hidden.isEmpty {
            let range = hidden.allSatisfy { $0 == 0 } ? "at 0" : "at 0 or below"
            texts.append("\(counted(hidden.count, "point")) \(range) not shown (log axis)")
        }
        if hiddenTheory > 0 {
            texts.append("theory at 0 or below not shown at \(counted(hiddenTheory, "point")) (log axis)")
        }
        if cut > 0 {
            texts.append(
                cut == 1
                    ? "1 interval reaches 0 or below: cut (log axis)"
                    : "\(counted(cut, "interval")) reach 0 or below: cut (log axis)")
        }
        return texts + losses
    }

    /// "9 of 20 trials diverged". Counts trials, however many points and curves lack them.
    private var losses: [String] {
        let trials = data.trials
        return [(trials.diverged, "diverged"), (trials.failed, "failed")].filter { $0.0 > 0 }.map {
            "\(groupedDigits($0.0)) of \(counted(trials.count, "trial")) \($0.1)"
        }
    }

    /// A point's mean: its number of seeds, and of trials that could be in it.
    private struct Mean {
        let x: Double
        let seeds: Int
        let due: Int
    }

    private var means: [Mean] {
        data.panels.flatMap(\.curves).flatMap { curve in
            let due = curve.trialsAtAPoint
            return curve.points.flatMap { point in
                let counts = point.samples.map(\.count)
                // A plane's point has both numbers.
                return (data.isPlane ? [counts.min() ?? 0] : counts).filter { $0 > 0 }
                    .map { Mean(x: point.x, seeds: $0, due: due) }
            }
        }
    }

    /// Points of curves with the quantity where trials were measured but none has it.
    private var gaps: [Mean] {
        guard !data.isPlane else { return [] }
        return data.panels.flatMap(\.curves).flatMap { curve in
            data.figure.y.indices.filter { row in curve.points.contains { $0.samples[row].count > 0 } }
                .flatMap { row in
                    curve.points.filter { $0.samples[row].count == 0 && $0.measured > 0 }
                        .map { Mean(x: $0.x, seeds: 0, due: $0.measured) }
                }
        }
    }

    private var seeds: [String] {
        let means = self.means
        guard let maximum = means.map(\.seeds).max(), let due = means.map(\.due).max() else { return [] }
        let least = means.map(\.due).min() ?? due
        var texts: [String] = []
        if due == 1 {
            texts.append("one seed")
        } else {
            var text = maximum == 1 ? "one seed" : "mean of \(FigureSubtitle.range(least, due)) seeds"
            if data.figure.style.kind == .box {
                text += ", boxes: quartiles and median, whiskers: least and greatest"
            } else if data.interval == .seeds {
                text += data.figure.hasLines ? ", thin: each seed" : ", dots: each seed"
            } else if data.showsIntervals, maximum > data.leastSeeds {
                text += ", \(data.figure.hasLines ? "bands" : "bars"): \(interval)"
            } else if data.showsSeeds, maximum == 2 {
                text += data.figure.hasLines ? ", thin: both" : ", dots: both"
            }
            texts.append(text)
        }
        let fewer = means.filter { $0.seeds < $0.due }
        if let first = fewer.map(\.seeds).min(), let last = fewer.map(\.seeds).max() {
            texts.append(
                "\(data.figure.isOrdinal ? "fewer" : "pale"): \(FigureSubtitle.range(first, last)) of \(FigureSubtitle.range(least, due)) seeds, "
                    + locations(of: fewer))
            if maximum > 2, data.showsSeeds, fewer.contains(where: { $0.seeds == 2 }) {
                texts.append(data.figure.hasLines ? "thin: both of 2 seeds" : "dots: both of 2 seeds")
            }
        }
        let gaps = self.gaps
        if !gaps.isEmpty { texts.append("no seed has a number \(locations(of: gaps))") }
        return texts
    }

    private var interval: String {
        switch data.interval {
        case .ci95: "95 % interval (Student’s t)"
        case .stderr: "standard error"
        case .range: "least and greatest"
        case .seeds, .none: ""
        }
    }

    private static func range(_ least: Int, _ maximum: Int) -> String {
        least == maximum ? "\(maximum)" : "\(least)–\(maximum)"
    }

    /// "at step 12 to 200 (9 points)".
    private func locations(of means: [Mean]) -> String {
        let xs = means.map(\.x)
        let name: String =
            switch data.figure.x {
            case .axis("beta"): "β"
            case .axis(let path), .summary(_, let path): FigureSpec.words(path)
            case .betaIB: "1/β"
            case .step, .metric: "step"
            case .hiddenLayers: "hidden layers"
            case .entry: data.figure.y.first?.metric.list?.of ?? "entry"
            case .layer: "layer"
            }
        guard let least = xs.min(), let maximum = xs.max() else { return "" }
        func text(_ number: Double) -> String { rounded(number) }
        let range = least == maximum ? text(least) : "\(text(least)) to \(text(maximum))"
        return "at \(name) \(range) (\(counted(means.count, "point")))"
    }
}
