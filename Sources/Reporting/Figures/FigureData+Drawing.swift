import Sweep

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

    /// So many lines would hide what they are to show: then none.
    var shownBetas: [Double] { criticalBetas.count <= 12 ? criticalBetas.filter { $0 > 0 }.sorted() : [] }
}

extension FigureData.Label {
    /// The layer that a curve of `layer: each` stands for.
    var layer: Int? { parts.first { $0.path == "layer" }?.value.number.flatMap { Int(exactly: $0) } }
    var withoutLayer: FigureData.Label { FigureData.Label(parts: parts.filter { $0.path != "layer" }) }
}

extension FigureData.Curve {
    var hasMeans: Bool { points.contains(where: \.hasMeans) }
}

extension FigureData {
    /// Many bands, one over another, show nothing.
    var showsIntervals: Bool {
        guard figure.hasLines, !isPlane else { return !isPlane }
        return panels.allSatisfy { panel in
            figure.y.indices.allSatisfy { row in
                panel.curves.count { $0.points.contains { $0.samples[row].mean != nil } } <= 8
            }
        }
    }

    /// Of two seeds, these.
    var showsSeeds: Bool { showsIntervals && !isScatter }

    /// What a curve lost, for the key: of several panels their titles say it, unless nothing is left in any.
    func lostText(of label: Label) -> String? {
        let trials = panels.flatMap(\.curves).filter { $0.label.key == label.key }
            .reduce(TrialCount()) { $0 + $1.trials }
        // What all curves lost alike the subtitle says.
        let isOwn = panels.count == 1 && !label.withoutLayer.parts.isEmpty
        return isOwn || trials.measured == 0 ? trials.lostText : nil
    }

    func keyText(_ label: Label) -> String { label.text + (lostText(of: label).map { " (\($0))" } ?? "") }

    /// What all panels span along x; nil where nothing is measured.
    var xRange: FigureRange? {
        let points = panels.flatMap(\.curves).flatMap(\.points)
        let room = FigureLayout.room(rows: figure.y.count, panels: panels.count)
        guard isScatter else {
            let shown = points.filter { $0.hasMeans || $0.isLost && figure.hasOwnX }
            guard shown.contains(where: \.hasMeans) else { return nil }
            return FigureRange(
                x: shown.map(\.x), isLog: figure.xscale.map { $0 == .log },
                isCategory: isCategorical && figure.x == .entry,
                room: room)
        }
        let means = points.filter(\.hasMeans).compactMap(\.abscissa.mean)
        return FigureRange(
            means: means,
            intervals: points.compactMap { $0.abscissa.count > 2 ? $0.abscissa.confidenceInterval : nil },
            isLog: figure.xscale == .log && means.contains { $0 > 0 }, isCount: false, room: room)
    }

    /// What the panels of a row span; nil where nothing is measured.
    func yRange(_ row: Int) -> FigureRange? {
        let points = panels.flatMap(\.curves).flatMap(\.points)
        let theory =
            figure.theory ? points.flatMap { [$0.theory[row], $0.trivial[row]] }.compactMap { $0 } : []
        let samples = points.map { $0.samples[row] }
        let means = samples.compactMap(\.mean)
        guard !means.isEmpty else { return nil }
        let shown = showsIntervals ? samples : []
        let seeds = isScatter ? [] : shown.filter { $0.count == 2 }.flatMap(\.oneErrorAround)
        return FigureRange(
            means: means + theory + seeds,
            intervals: shown.filter { $0.count > 2 }.compactMap(\.confidenceInterval),
            isLog: figure.yscale == .log && means.contains { $0 > 0 }, isCount: figure.y[row].isStaircase,
            bounds: figure.y[row].metric.bounds(lossIsPositive: lossIsPositive))
    }
}

extension Sample {
    /// The mean a standard error lower and higher: of two numbers, these.
    fileprivate var oneErrorAround: [Double] {
        guard let mean, let standardError else { return [] }
        return [mean - standardError, mean + standardError]
    }
}
