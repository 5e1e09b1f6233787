import Records
import Sweep
import Text

/// A figure's data: panels of curves of points, averaged over seeds. Filled record by record.
///
/// Trials that differ in an axis that the figure doesn't name are never averaged: each combination of such
/// axes has its own curve.
struct FigureData {
    /// The figure. For a plane, the same figure along training, whose quantities are the first number (x) and
    /// the second (y).
    private(set) var figure: FigureSpec
    let isPlane: Bool
    private(set) var panels: [Panel] = []
    private var panelIndices: [String: Int] = [:]
    /// For each quantity, whether some record has its closed form.
    private(set) var hasTheory: [Bool]
    /// Whether theory consists of bounds, and for each quantity whether some record has a trivial bound.
    private(set) var hasBounds = false
    private(set) var hasTrivial: [Bool]
    /// The figure's trials.
    private(set) var trials = TrialCount()
    /// Trials without numbers that no point counts yet.
    private var losses: [Loss] = []
    /// Whether x numbers things without an order, such as classes. No line joins them.
    let isCategorical: Bool

    struct Panel {
        let label: Label?
        var curves: [Curve] = []
        fileprivate(set) var trials = TrialCount()
        /// The β at which the closed form's rank changes, for a figure over beta with theory.
        fileprivate(set) var criticalBetas: Set<Double> = []
        fileprivate var indices: [String: Int] = [:]

        fileprivate init(_ label: Label?) { self.label = label }
    }

    struct Curve {
        let label: Label
        var points: [DataPoint] = []
        /// The trials that could enter the mean at each point: the largest number at any point.
        var trialsAtAPoint: Int { points.map(\.trials.count).max() ?? 0 }
        /// The trials of the whole curve.
        fileprivate(set) var trials = TrialCount()
        /// Points sorted by x.
        var sorted: [DataPoint] { points.sorted { $0.x < $1.x } }
        fileprivate var indices: [Double: Int] = [:]
        /// For a figure along training: each seed's values by step, for each quantity that may fall.
        fileprivate var traces: [Int: [[Trace]]] = [:]
    }

    struct DataPoint: Equatable {
        /// x. In a figure of points against a metric, the value of the axis that the points belong to.
        let x: Double
        /// The metric on x in such a figure.
        fileprivate(set) var abscissa = Sample()
        /// One sample for each quantity of the figure.
        var samples: [Sample]
        /// The theory of each seed, since a bound may depend on the network. Where all agree, the mean is
        /// that value, to the bit.
        fileprivate(set) var theories: [Sample]
        var theory: [Double?] { theories.map(\.mean) }
        /// The bound that the layers' sizes alone give each quantity.
        fileprivate(set) var trivial: [Double?]
        /// The possible range of each quantity, and of the abscissa, under the settings of the point's
        /// trials. Intervals are drawn no further.
        fileprivate(set) var ranges: [ClosedRange<Double>?]
        fileprivate(set) var abscissaRange: ClosedRange<Double>?
        /// The numbers of each seed, for figures that show single seeds.
        fileprivate(set) var seeds: [Seed] = []

        fileprivate mutating func keep(_ rows: [Int]) {
            (samples, theories) = (rows.map { samples[$0] }, rows.map { theories[$0] })
            (trivial, ranges) = (rows.map { trivial[$0] }, rows.map { ranges[$0] })
            seeds = seeds.map { own in Seed(seed: own.seed, values: rows.map { own.values[$0] }) }
        }
        /// Measured trials, and trials without numbers, which are in no sample.
        fileprivate(set) var trials = TrialCount()
        var measured: Int { trials.measured }
    }

    /// A seed's numbers at a point.
    struct Seed: Equatable {
        let seed: Double
        let values: [Double?]
    }

    /// A seed's value at a step.
    struct Trace {
        let step: Double
        let value: Double
    }

    /// A trial without numbers.
    private struct Loss {
        let panel: Int
        /// Its curve's label, without a layer.
        let label: Label
        /// The trial's x, where it has one of its own. Otherwise the trial counts at all points.
        let x: Double?
        let outcome: WritableKeyPath<TrialCount, Int>
    }

    private let panelPath: String?
    private let curvePath: String?
    /// Axes that make further curves, or a heatmap's further panels.
    private let others: [String]

    init(_ asked: FigureSpec, of scope: ReportScope) {
        let figure = asked.alongTraining
        isPlane = asked.isPlane
        self.figure = figure
        hasTheory = figure.y.map { _ in false }
        hasTrivial = hasTheory
        isCategorical = figure.isCategorical
        panelPath = figure.panels
        curvePath = figure.curves
        var used = Set([figure.panels, figure.curves].compactMap { $0 })
        switch figure.x {
        case .axis(let path): used.insert(path)
        case .betaIB: used.insert("beta")
        case .step, .metric, .entry, .layer: break
        case .hiddenLayers: used.formUnion(["depth", "hidden"])
        case .summary(_, let points): used.insert(points)
        }
        // An axis that advances with a named axis doesn't distinguish points, unless that one repeats its values. Only
        // seeds are averaged over, not axes that advance with them.
        let distinct = used.subtracting(scope.repeating)
        for group in scope.zip where !distinct.isDisjoint(with: group) { used.formUnion(group) }
        used.insert("seed")
        others = scope.varied.filter { !used.contains($0) }
    }

    /// Whether curves stand for single layers.
    private var hasLayers: Bool { figure.y.contains { $0.layer == .each } }
    private var hasScalars: Bool { figure.y.contains { $0.layer != .each } }

    private func part(_ path: String, _ axes: [String: JSONValue]) -> Label.Part {
        Label.Part(path: path, value: axes[path] ?? .null)
    }

    /// The panel and the curve (without its layer) of a trial, which is counted there.
    private mutating func curveLabel(
        _ axes: [String: JSONValue], _ outcome: WritableKeyPath<TrialCount, Int>
    ) -> (panel: Int, parts: [Label.Part])? {
        // A trial without the figure's axis isn't part of it.
        guard !figure.hasOwnX || x(of: axes) != nil else { return nil }
        // Not every run has all axes of several.
        let further = others.filter { axes[$0] != nil }
        // A heatmap's curves are its rows, so what else distinguishes trials makes panels.
        let ofPanel = ([panelPath].compactMap { $0 } + (figure.isHeatmap ? further : [])).map {
            part($0, axes)
        }
        let parts = ([curvePath].compactMap { $0 } + (figure.isHeatmap ? [] : further)).map { part($0, axes) }
        let panel = panel(labelled: ofPanel.isEmpty ? nil : Label(parts: ofPanel))
        trials[keyPath: outcome] += 1
        panels[panel].trials[keyPath: outcome] += 1
        if outcome != \.measured {
            losses.append(Loss(panel: panel, label: Label(parts: parts), x: x(of: axes), outcome: outcome))
            if hasScalars || figure.isOverEntries { _ = curve(labelled: Label(parts: parts), panel: panel) }
        }
        return (panel, parts)
    }

    /// - Parameter ranges: the possible range of each metric under the trial's settings; nil where unknown.
    mutating func add(_ record: Record, within ranges: TrialRanges? = nil) {
        guard let (panel, parts) = curveLabel(record.axes, record.isMeasured ? \.measured : \.diverged) else {
            return
        }
        if figure.theory, figure.isOverBeta {
            let betas = record.theory?[.criticalBetas]?.array?.compactMap(\.number) ?? []
            panels[panel].criticalBetas.formUnion(betas)
        }
        if figure.isOverEntries {
            if record.isMeasured { addEntries(of: record, within: ranges, panel: panel, parts: parts) }
            return
        }
        if hasScalars { add(record, within: ranges, panel: panel, parts: parts, layer: nil) }
        guard hasLayers, record.isMeasured else { return }
        let layers = figure.y.filter { $0.layer == .each }.map { $0.layers(in: record.metrics) }.max() ?? 0
        for layer in 1..<(layers + 1) {
            let label = Label.Part(path: "layer", value: JSONValue(layer))
            add(record, within: ranges, panel: panel, parts: parts + [label], layer: layer)
        }
    }

    /// Counts a trial whose attempts failed: it has no record.
    mutating func addFailed(_ axes: [String: JSONValue]) { _ = curveLabel(axes, \.failed) }

    /// Counts the trials without numbers at the points of their curves, once all curves are known.
    mutating func settle() {
        // For each panel, curves by their label without the layer.
        var indices = panels.map { panel in
            Dictionary(grouping: panel.curves.indices) { panel.curves[$0].label.withoutLayer.key }
        }
        for loss in losses {
            if indices[loss.panel][loss.label.key] == nil {
                indices[loss.panel][loss.label.key] = [curve(labelled: loss.label, panel: loss.panel)]
            }
            for position in indices[loss.panel][loss.label.key] ?? [] {
                panels[loss.panel].curves[position].trials[keyPath: loss.outcome] += 1
                guard let x = loss.x else { continue }
                panels[loss.panel].curves[position].count(loss.outcome, at: x, quantities: figure.y.count)
            }
        }
        losses = []
        for panel in panels.indices {
            for curve in panels[panel].curves.indices {
                panels[panel].curves[curve].settle(hasOwnX: figure.hasOwnX)
            }
        }
        if figure.form == .stars(classes: []) { keep([bestDetermined, figure.y.count - 1]) }
    }

    /// Keeps some of the quantities.
    private mutating func keep(_ rows: [Int]) {
        figure.y = rows.map { figure.y[$0] }
        (hasTheory, hasTrivial) = (rows.map { hasTheory[$0] }, rows.map { hasTrivial[$0] })
        for panel in panels.indices {
            for curve in panels[panel].curves.indices {
                for point in panels[panel].curves[curve].points.indices {
                    panels[panel].curves[curve].points[point].keep(rows)
                }
            }
        }
    }

    private mutating func add(
        _ record: Record, within ranges: TrialRanges?, panel: Int, parts: [Label.Part], layer: Int?
    ) {
        let curve = curve(labelled: Label(parts: parts), panel: panel)
        let limits = figure.y.map { ranges?.range(of: $0, layer: layer) }
        let theory = figure.y.map { quantity in
            (quantity.layer == .each) == (layer != nil) ? quantity.theory(in: record, layer: layer) : nil
        }
        for (index, number) in theory.enumerated() where number != nil { hasTheory[index] = true }
        let trivial = layer == nil ? figure.y.map { $0.trivialBound(in: record) } : figure.y.map { _ in nil }
        for (index, number) in trivial.enumerated() where number != nil { hasTrivial[index] = true }
        if record.hasBounds { hasBounds = true }
        guard case .step = figure.x else {
            guard let x = x(of: record.axes) else { return }
            var values = record.isMeasured ? values(in: record.metrics, layer: layer) : nil
            var abscissa: Double?
            if case .summary(let quantity, _) = figure.x, values != nil {
                abscissa = quantity.value(in: record.metrics, layer: layer)
                // Both means are over the same seeds.
                if abscissa == nil { values = figure.y.map { _ in nil } }
                if values?.allSatisfy({ $0 == nil }) ?? true { abscissa = nil }
            }
            var ofX: ClosedRange<Double>?
            if case .summary(let quantity, _) = figure.x { ofX = ranges?.range(of: quantity, layer: layer) }
            panels[panel].curves[curve].add(
                values, x: x, abscissa: abscissa, theory: theory, trivial: trivial, limits, ofX,
                seed: seed(of: record))
            return
        }
        var traces = figure.y.map { _ in [Trace]() }
        for entry in record.trace {
            guard let step = entry["step"]?.number else { continue }
            let values = record.isMeasured ? values(in: entry, layer: layer) : nil
            panels[panel].curves[curve].add(
                values, x: step, theory: theory, trivial: trivial, limits, seed: seed(of: record))
            for (row, value) in (values ?? []).enumerated() {
                if let value { traces[row].append(Trace(step: step, value: value)) }
            }
        }
        for (row, trace) in traces.enumerated() where hasFalls(row) && !trace.isEmpty {
            panels[panel].curves[curve].traces[row, default: []].append(trace)
        }
    }

    /// Adds a point for each entry of the lists, or for each layer.
    private mutating func addEntries(
        of record: Record, within ranges: TrialRanges?, panel: Int, parts: [Label.Part]
    ) {
        let curve = curve(labelled: Label(parts: parts), panel: panel)
        let lists = figure.y.map { $0.entries(in: record.metrics) }
        let first = figure.y.first?.metric.list?.first ?? 1
        for position in 0..<(lists.map(\.count).max() ?? 0) {
            let values = lists.map { $0.indices.contains(position) ? $0[position] : nil }
            let theory = figure.y.map {
                figure.x == .layer ? $0.theory(in: record, layer: position + 1) : nil
            }
            for (index, number) in theory.enumerated() where number != nil { hasTheory[index] = true }
            let limits = figure.y.map {
                ranges?.range(of: $0, layer: figure.x == .layer ? position + 1 : nil)
            }
            panels[panel].curves[curve].add(
                values, x: Double(first + position), theory: theory, trivial: figure.y.map { _ in nil },
                limits, seed: seed(of: record))
        }
    }

    private func seed(of record: Record) -> Double? {
        figure.keepsSeeds ? record.axes["seed"]?.number ?? 0 : nil
    }

    private func values(in metrics: JSONValue, layer: Int?) -> [Double?] {
        figure.y.map { quantity in
            (quantity.layer == .each) == (layer != nil) ? quantity.value(in: metrics, layer: layer) : nil
        }
    }

    private func x(of axes: [String: JSONValue]) -> Double? {
        switch figure.x {
        case .axis(let path), .summary(_, let path): axes[path]?.number
        case .hiddenLayers:
            axes["depth"]?.number.map { $0 - 1 } ?? axes["hidden"]?.array.map { Double($0.count) }
        case .betaIB: axes["beta"]?.number.flatMap { $0 == 0 ? nil : 1 / $0 }
        case .step, .metric, .entry, .layer: nil
        }
    }

    private mutating func panel(labelled label: Label?) -> Int {
        let key = label?.key ?? ""
        if let position = panelIndices[key] { return position }
        panelIndices[key] = panels.count
        panels.append(Panel(label))
        return panels.count - 1
    }

    private mutating func curve(labelled label: Label, panel: Int) -> Int {
        if let position = panels[panel].indices[label.key] { return position }
        panels[panel].indices[label.key] = panels[panel].curves.count
        panels[panel].curves.append(Curve(label: label))
        return panels[panel].curves.count - 1
    }
}

extension FigureData.Curve {
    /// The quantity's drop after its maximum; nil where the figure doesn't ask for it or there are fewer than
    /// two steps.
    func fall(_ row: Int) -> PeakToFinalDrop? {
        PeakToFinalDrop(
            (traces[row] ?? []).map { trace in
                Dictionary(trace.map { ($0.step, $0.value) }, uniquingKeysWith: { $1 })
            })
    }

    private mutating func pointIndex(of x: Double, quantities: Int) -> Int {
        if let known = indices[x] { return known }
        indices[x] = points.count
        let empty = [Sample](repeating: Sample(), count: quantities)
        points.append(
            FigureData.DataPoint(
                x: x, samples: empty, theories: empty, trivial: [Double?](repeating: nil, count: quantities),
                ranges: [ClosedRange<Double>?](repeating: nil, count: quantities)))
        return points.count - 1
    }

    fileprivate mutating func count(
        _ outcome: WritableKeyPath<TrialCount, Int>, at x: Double, quantities: Int
    ) {
        points[pointIndex(of: x, quantities: quantities)].trials[keyPath: outcome] += 1
    }

    fileprivate mutating func settle(hasOwnX: Bool) {
        let counts = points.map(\.measured)
        trials.measured = hasOwnX ? counts.reduce(0, +) : counts.max() ?? 0
        // Trials without numbers are missing at all points, unless they have an x of their own.
        for index in points.indices where !hasOwnX {
            points[index].trials.diverged = trials.diverged
            points[index].trials.failed = trials.failed
        }
    }

    /// - Parameters:
    ///   - values: the values; nil for a diverged trial.
    ///   - ranges: the possible range of each value.
    ///   - seed: the trial's seed, where its values are kept.
    fileprivate mutating func add(
        _ values: [Double?]?, x: Double, abscissa: Double? = nil, theory: [Double?], trivial: [Double?],
        _ ranges: [ClosedRange<Double>?], _ abscissaRange: ClosedRange<Double>? = nil,
        seed: Double? = nil
    ) {
        let point = pointIndex(of: x, quantities: theory.count)
        for (index, number) in theory.enumerated() {
            if let number { points[point].theories[index].add(number) }
        }
        for (index, number) in trivial.enumerated() where points[point].trivial[index] == nil {
            points[point].trivial[index] = number
        }
        guard let values else { return }
        points[point].trials.measured += 1
        if let seed { points[point].seeds.append(FigureData.Seed(seed: seed, values: values)) }
        if let abscissa {
            points[point].abscissa.add(abscissa)
            points[point].abscissaRange.widen(by: abscissaRange)
        }
        for (index, value) in values.enumerated() {
            guard let value else { continue }
            points[point].samples[index].add(value)
            points[point].ranges[index].widen(by: ranges[index])
        }
    }
}
