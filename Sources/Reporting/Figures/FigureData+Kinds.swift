import Sweep

extension FigureData {
    /// Whether x is a metric: points that no line joins, with bars both ways.
    var isScatter: Bool { if case .summary = figure.x { true } else { false } }

    /// Where a point is drawn; nil where its metric has no mean.
    func place(of point: DataPoint) -> Double? { isScatter ? point.abscissa.mean : point.x }
}

extension FigureSpec {
    /// Whether it draws one number against another, along training.
    var isPlane: Bool { if case .metric = x { true } else { false } }

    /// Of a plane, both numbers against the step.
    var alongTraining: FigureSpec {
        guard case .metric(let quantity) = x else { return self }
        return FigureSpec(
            name: name, title: title, x: .step, y: [quantity] + y, curves: curves, panels: panels)
    }

    /// Whether x is β or 1/β.
    var isOverBeta: Bool { x == .axis("beta") || x == .betaIB }
    /// Along training, and along a network's layers, points are many and close.
    var hasLines: Bool { x == .step || x == .layer }

    /// Whether a trial stands at one x, its own.
    var hasOwnX: Bool {
        switch x {
        case .axis, .betaIB, .hiddenLayers, .summary: true
        case .step, .metric, .entry, .layer: false
        }
    }

    /// Whether x are the numbers of things without an order: classes, points, the seeds of data sets.
    var isCategorical: Bool {
        switch x {
        case .entry: y.contains { !$0.metric.hasOrder }
        case .axis(let path): ["dataset.teacher_seed", "dataset.directions_seed"].contains(path)
        default: false
        }
    }

    /// Whether each record has a curve's points, one for each place of its lists or for each layer.
    var isOverPlaces: Bool { x == .entry || x == .layer }
}
