import Sweep
import Text

extension FigureData {
    /// The values that identify a panel or a curve.
    struct Label: Equatable {
        let parts: [Part]
        /// Equal for equal labels.
        let key: String

        init(parts: [Part]) {
            self.parts = parts
            key = parts.map { "\($0.path)=\($0.value.canonicalText)" }.joined(separator: "\n")
        }

        struct Part: Equatable {
            /// An axis's path, or "layer".
            let path: String
            let value: JSONValue
        }
        /// "depth 2, width 64".
        var text: String { parts.map(\.text).joined(separator: ", ") }
        /// "depth = 2".
        var panelText: String { parts.map(\.panelText).joined(separator: ", ") }
    }
}

extension FigureData.DataPoint {
    var hasMeans: Bool { samples.contains { $0.mean != nil } }
    /// Whether no trial at this x was measured, though some ended.
    var isLost: Bool { trials.measured == 0 && trials.lost > 0 }
}

extension FigureData.Panel {
    /// "optimizer = adam (2 of 5 diverged)".
    var title: String? {
        label.map { $0.panelText + (trials.lostText.map { " (\($0))" } ?? "") }
    }

    /// The critical β values to draw; none where there are so many that they would hide the curves.
    var shownBetas: [Double] { criticalBetas.count <= 12 ? criticalBetas.filter { $0 > 0 }.sorted() : [] }
}

extension FigureData.Label {
    /// The layer of a curve under `layer: each`.
    var layer: Int? { parts.first { $0.path == "layer" }?.value.number.flatMap { Int(exactly: $0) } }
    var withoutLayer: FigureData.Label { FigureData.Label(parts: parts.filter { $0.path != "layer" }) }
}

extension FigureData.Curve {
    var hasMeans: Bool { points.contains(where: \.hasMeans) }
}

extension FigureData {
    /// The interval drawn around means.
    var interval: FigureStyle.Interval { figure.style.interval ?? .ci95 }

    /// The interval around a sample's mean; nil where none is drawn.
    func interval(of sample: Sample) -> (low: Double, high: Double)? {
        switch interval {
        case .ci95: return sample.count > leastSeeds ? sample.confidenceInterval : nil
        case .stderr:
            guard let mean = sample.mean, let error = sample.standardError else { return nil }
            return (mean - error, mean + error)
        case .range: return sample.count > 1 ? sample.range.map { ($0.lowerBound, $0.upperBound) } : nil
        case .seeds, .none: return nil
        }
    }

    /// The script's terms for both ends of an interval: columns, or their sum and difference.
    ///
    /// - Parameter spread: the first of the columns of what the figure draws around means.
    func intervalTerms(mean: Int, spread: Int?) -> (low: String, high: String) {
        if interval == .stderr { return ("$\(mean) - $\(mean + 1)", "$\(mean) + $\(mean + 1)") }
        let first = interval == .range ? spread ?? mean + 2 : mean + 2
        return ("$\(first)", "$\(first + 1)")
    }

    /// Each curve label once across all panels: a curve looks the same in every panel.
    var curveLabels: [Label] {
        var labels: [Label] = []
        var known: Set<String> = []
        for curve in panels.flatMap(\.curves) where known.insert(curve.label.key).inserted {
            labels.append(curve.label)
        }
        return labels
    }

    /// The labels of the curves that are drawn. A curve that lost all its trials stays in the key.
    var drawnLabels: [Label] {
        let drawn = Set(
            panels.flatMap(\.curves).filter { $0.hasMeans || $0.trials.lost > 0 }.map(\.label.key))
        return curveLabels.filter { drawn.contains($0.key) }
    }

    /// An interval needs more seeds than these.
    var leastSeeds: Int { interval == .ci95 ? 2 : 1 }

    /// Whether intervals are drawn. Many overlapping bands would show nothing.
    var showsIntervals: Bool {
        guard [.ci95, .stderr, .range].contains(interval), figure.style.kind != .box, !figure.isHeatmap else {
            return false
        }
        guard figure.hasLines, !isPlane else { return !isPlane }
        return panels.allSatisfy { panel in
            figure.y.indices.allSatisfy { row in
                panel.curves.count { $0.points.contains { $0.samples[row].mean != nil } } <= 8
            }
        }
    }

    /// Whether two seeds, which have no interval that says much, are drawn one by one.
    var showsSeeds: Bool { showsIntervals && !isScatter && interval == .ci95 }

    /// The lost trials of a curve, for the key. With several panels their titles report losses, unless no
    /// trial is left in any.
    func lostText(of label: Label) -> String? {
        let trials = panels.flatMap(\.curves).filter { $0.label.key == label.key }
            .reduce(TrialCount()) { $0 + $1.trials }
        // The subtitle reports losses that all curves share.
        let isOwn = panels.count == 1 && !label.withoutLayer.parts.isEmpty
        return isOwn || trials.measured == 0 ? trials.lostText : nil
    }

    func keyText(_ label: Label) -> String { label.text + (lostText(of: label).map { " (\($0))" } ?? "") }

    /// The range of x in all panels, with the figure's own ends; nil where nothing is measured.
    func xRange(_ room: AxisMarks.Room) -> FigureRange? {
        measuredXRange(room)?.limited(to: figure.style.xlim, room: room)
    }

    /// The values of x that have a position each, ascending.
    var positions: [Double] {
        let points = panels.flatMap(\.curves).flatMap(\.points)
        return Set(points.filter { $0.hasMeans || $0.isLost && figure.hasOwnX }.map(\.x)).sorted()
    }

    /// The range of y in a row of panels, with the figure's own ends; nil where nothing is measured.
    func yRange(_ row: Int, _ room: AxisMarks.Room) -> FigureRange? {
        measuredYRange(row, room)?.limited(to: figure.style.ylim(row), room: room)
    }

    private func measuredXRange(_ room: AxisMarks.Room) -> FigureRange? {
        let points = panels.flatMap(\.curves).flatMap(\.points)
        guard isScatter else {
            let shown = points.filter { $0.hasMeans || $0.isLost && figure.hasOwnX }
            guard shown.contains(where: \.hasMeans) else { return nil }
            if figure.isOrdinal { return FigureRange(positions: positions, room: room) }
            return FigureRange(
                x: shown.map(\.x), isLog: figure.xscale.map { $0 == .log },
                isCategory: isCategorical, room: room)
        }
        let means = points.filter(\.hasMeans).compactMap(\.abscissa.mean)
        return FigureRange(
            means: means,
            intervals: points.compactMap { shownInterval($0.abscissa, within: $0.abscissaRange) },
            isLog: figure.xscale == .log && FigureRange.hasPositive(means), isCount: false, room: room)
    }

    private func measuredYRange(_ row: Int, _ room: AxisMarks.Room) -> FigureRange? {
        let points = panels.flatMap(\.curves).flatMap(\.points)
        let theory =
            figure.theory ? points.flatMap { [$0.theory[row], $0.trivial[row]] }.compactMap { $0 } : []
        let samples = points.map { $0.samples[row] }
        let means = samples.compactMap(\.mean)
        guard !means.isEmpty else { return nil }
        // Numbers beside means: the ends of whiskers, the foot of bars, single seeds.
        var others: [Double] = theory
        if figure.style.kind == .box {
            for range in samples.compactMap(\.range) { others += [range.lowerBound, range.upperBound] }
        }
        if figure.style.kind == .bars, figure.yscale != .log { others.append(0) }
        if interval == .seeds { others += points.flatMap(\.seeds).compactMap { $0.values[row] } }
        let shown = showsIntervals ? samples : []
        if showsSeeds { for sample in shown where sample.count == 2 { others += sample.oneErrorAround } }
        return FigureRange(
            means: means + others,
            intervals: showsIntervals
                ? points.compactMap { shownInterval($0.samples[row], within: $0.ranges[row]) } : [],
            isLog: figure.yscale == .log && FigureRange.hasPositive(means),
            isCount: figure.y[row].isStaircase, room: room)
    }

    /// Axes that are linear although the figure asks for log ones, and why.
    func linearAxes(_ x: FigureRange?, _ y: [FigureRange?]) -> [String] {
        var texts: [String] = []
        if figure.xscale == .log, let x, !x.isLog {
            texts.append(
                isCategorical
                    ? "x has no log axis: its values have no order" : "x has no log axis: no value is above 0"
            )
        }
        for (quantity, range) in zip(figure.y, y) where figure.yscale == .log {
            guard let range, !range.isLog else { continue }
            let name = figure.y.count > 1 ? quantity.columnName : "y"
            texts.append("\(name) has no log axis: no mean is above 0")
        }
        return texts
    }
}

extension FigureData {
    /// An interval as it is drawn, cut to the quantity's possible range.
    private func shownInterval(_ sample: Sample, within range: ClosedRange<Double>?) -> (
        low: Double, high: Double
    )? {
        guard let interval = interval(of: sample) else { return nil }
        guard let range else { return interval }
        return (
            max(interval.low, min(range.lowerBound, interval.high)),
            min(interval.high, max(range.upperBound, interval.low))
        )
    }
}

extension Sample {
    /// The mean minus and plus a standard error: for two numbers, the numbers themselves.
    fileprivate var oneErrorAround: [Double] {
        guard let mean, let standardError else { return [] }
        return [mean - standardError, mean + standardError]
    }
}
