import Sweep

extension FigureData {
    /// Whether x is a metric: the figure then has unconnected points with bars in both directions.
    var isScatter: Bool { if case .summary = figure.x { true } else { false } }

    /// The row of the class whose logit the others determine best, by the mean of the curves' means. Precondition: a
    /// figure of stars.
    var bestDetermined: Int {
        let points = panels.flatMap(\.curves).flatMap(\.points)
        let shares = figure.y.dropLast().map { quantity in
            let means = points.filter { $0.x == quantity.threshold }.compactMap { $0.samples.last?.mean }
            return means.isEmpty ? -Double.infinity : means.reduce(0, +) / Double(means.count)
        }
        let largest = shares.max()
        return shares.firstIndex { $0 == largest } ?? 0
    }

    /// The x at which a point is drawn; nil where its metric has no mean.
    func abscissa(of point: DataPoint) -> Double? { isScatter ? point.abscissa.mean : point.x }
}

extension FigureSpec {
    /// Whether the figure draws one number against another, along training.
    var isPlane: Bool { if case .metric = x { true } else { false } }

    /// The same figure; for a plane, one with both numbers against the step.
    var alongTraining: FigureSpec {
        guard case .metric(let quantity) = x else { return self }
        return FigureSpec(
            name: name, title: title, x: .step, y: [quantity] + y, curves: curves, panels: panels,
            style: style)
    }

    /// Whether x is β or 1/β.
    var isOverBeta: Bool { x == .axis("beta") || x == .betaIB }
    /// Whether curves are lines: along training, and along a network's layers, points are many and close.
    var hasLines: Bool {
        switch style.kind {
        case .line?: if case .summary = x { false } else { !isCategorical }
        case .points?, .bars?, .box?: false
        case nil: x == .step || x == .layer
        }
    }

    /// Whether each x has a position of its own, as wide as any other: bars and boxes are as wide as their positions.
    var isOrdinal: Bool {
        guard style.kind == .bars || style.kind == .box || isHeatmap || hasStars else { return false }
        switch x {
        case .metric, .summary: return false
        default: return true
        }
    }

    /// Whether the figure shows single seeds.
    var keepsSeeds: Bool { style.interval == .seeds || style.kind == .box }

    /// Whether a trial has one x of its own.
    var hasOwnX: Bool {
        switch x {
        case .axis, .betaIB, .hiddenLayers, .summary: true
        case .step, .metric, .entry, .layer: false
        }
    }

    /// Whether x numbers things without an order: classes, points, the seeds of data sets.
    var isCategorical: Bool {
        switch x {
        case .entry: y.contains { !$0.metric.hasOrder }
        case .axis(let path): ["dataset.teacher_seed", "dataset.directions_seed"].contains(path)
        default: false
        }
    }

    /// Whether each record has a curve's points, one for each entry of its lists or for each layer.
    var isOverEntries: Bool { x == .entry || x == .layer }
}

extension ClosedRange<Double>? {
    /// Widens to cover both ranges: trials of one point may have different ranges.
    mutating func widen(by other: ClosedRange<Double>?) {
        guard let other else { return }
        guard let own = self else { return self = other }
        self = min(own.lowerBound, other.lowerBound)...max(own.upperBound, other.upperBound)
    }
}
