import Text

/// Reads and checks the figures of a sweep whose grid is known.
struct FigureReader {
    static let keys =
        [
            "name", "title", "x", "y", "color", "classes", "points", "curves", "panels", "xscale", "yscale",
            "theory",
            "fit",
        ] + FigureStyle.keys.map(\.name)

    let axes: [Axis]
    let fixed: [String: JSONValue]
    /// The axes that advance together.
    let zips: [[String]]
    /// The words that a setting takes anywhere in the grid.
    let words: (String) -> [String]
    /// The largest numbers that trials have.
    let largest: LargestNumbers

    func figures(_ node: YAMLNode, _ faults: inout Faults) -> [FigureSpec] {
        let items = node.list(path: "figures", limit: 100, &faults) ?? []
        var figures: [FigureSpec] = []
        for item in items {
            guard let figure = figure(item, &faults) else { continue }
            if figures.contains(where: { $0.name == figure.name }) {
                faults.add(item.location, "figures", .figure(.repeatedName(figure.name)))
            }
            for other in figures {
                for (file, name) in [(figure.name, other.name), (other.name, figure.name)]
                where FigureSpec.isFile(file, ofFigure: name) {
                    faults.add(item.location, "figures", .figure(.nameOfFile(file, of: name)))
                }
            }
            figures.append(figure)
        }
        return figures
    }

    private func figure(_ node: YAMLNode, _ faults: inout Faults) -> FigureSpec? {
        guard let entries = node.mapping else {
            faults.add(node.location, "figures", .wrongType(due: .mapping, found: node.found))
            return nil
        }
        checkKeys(entries, &faults)
        func member(_ key: String) -> YAMLNode? { entries.first { $0.key == key }?.value }
        let kind = member("style")?.scalar?.text
        for key in kind == "star" ? ["name"] : ["name", "x", "y"] where member(key) == nil {
            faults.add(node.location, "figures", .missing([key]))
        }
        let title = member("title")?.title(path: "figures.title", &faults)
        let theory = member("theory")?.flag(path: "figures.theory", &faults) ?? false
        let curves = member("curves").flatMap { axis($0, path: "figures.curves", &faults) }
        let panels = member("panels").flatMap { axis($0, path: "figures.panels", &faults) }
        var style = FigureStyle()
        for entry in entries {
            style.read(entry.key, entry.value, path: "figures.\(entry.key)", &faults)
        }
        if kind == "star" { return stars(entries, curves, panels, style, &faults) }
        if let node = member("classes") {
            faults.add(node.location, "figures.classes", .figure(.classesWithoutStar))
        }
        if kind == "heatmap", member("color") == nil {
            faults.add(node.location, "figures.style", .figure(.heatmapWithoutColour))
            return nil
        }
        if let colour = member("color") { return heatmap(entries, colour, panels, style, &faults) }
        guard let name = member("name")?.name(path: "figures.name", &faults),
            var x = member("x").flatMap({ self.x($0, points: member("points"), &faults) }),
            let yNode = member("y")
        else { return nil }
        let quantities =
            (yNode.sequence == nil ? [yNode] : yNode.list(path: "figures.y", limit: 20, &faults) ?? [])
            .compactMap { quantity($0, &faults) }
            .compactMap { x == .layer ? ofEachLayer($0, yNode.location, &faults) : $0 }
        if yNode.sequence?.isEmpty ?? false { faults.add(yNode.location, "figures.y", .emptyList) }
        if case .metric(let quantity) = x {
            x = .metric(inPlane(quantity, quantities, given: member("x")?.mapping, yNode.location, &faults))
            for key in ["xscale", "yscale"] {
                if let node = member(key) {
                    faults.add(node.location, "figures.\(key)", .figure(.scaleOfPlane))
                }
            }
        }
        let figure = FigureSpec(
            name: name, title: title, x: x, y: quantities, curves: curves, panels: panels,
            xscale: scale(member("xscale"), path: "figures.xscale", &faults),
            yscale: scale(member("yscale"), path: "figures.yscale", &faults), theory: theory,
            fit: fit(member("fit"), &faults), style: style)
        checkStyle(of: figure, member, &faults)
        checkRoles(of: figure, node, &faults)
        checkSteps(of: figure, yNode.location, &faults)
        checkEntries(of: figure, yNode.location, &faults)
        if theory { checkTheory(of: figure, member("theory")?.location ?? node.location, &faults) }
        return figure
    }

    private func checkKeys(_ entries: [YAMLNode.Entry], _ faults: inout Faults) {
        for entry in entries where !faults.isFull && !FigureReader.keys.contains(entry.key) {
            let path = "figures.\(entry.key)"
            if faults.addAlias(entry.keyLocation, path, entry.key, isKnown: FigureReader.keys.contains) {
                continue
            }
            let suggestion = nearestSpelling(to: entry.key, among: FigureReader.keys)
            faults.add(
                entry.keyLocation, path, .unknownKey(due: FigureReader.keys, suggestion: suggestion))
        }
    }

    // MARK: Parts

    private func axis(_ node: YAMLNode, path: String, _ faults: inout Faults) -> String? {
        guard let scalar = node.text(path: path, due: .text, &faults) else { return nil }
        if scalar.text == "seed" {
            faults.add(node.location, path, .figure(.seedIsAveraged))
            return nil
        }
        guard axes.contains(where: { $0.path == scalar.text }) else {
            if path == "figures.x",
                faults.addAlias(node.location, path, scalar.text, isKnown: { $0 == "step" })
            {
                return nil
            }
            if !faults.addAlias(node.location, path, scalar.text, isKnown: Setting.isName) {
                let suggestion = nearestSpelling(to: scalar.text, among: axes.map(\.path))
                faults.add(
                    node.location, "\(path) '\(shortened(scalar.text))'",
                    .notAnAxis(suggestion: suggestion, isSetting: Setting[path: scalar.text] != nil))
            }
            return nil
        }
        return scalar.text
    }

    private func x(
        _ node: YAMLNode, points: YAMLNode?, _ faults: inout Faults
    ) -> FigureSpec.X? {
        if let points, FigureReader.isMetric(node) {
            guard let quantity = quantity(node, path: "figures.x", &faults),
                let path = numericAxis(points, path: "figures.points", &faults)
            else { return nil }
            return .summary(quantity, points: path)
        }
        if let points { faults.add(points.location, "figures.points", .figure(.pointsWithoutMetric)) }
        if node.scalar?.text == "step" {
            if !hasTrace {
                faults.add(node.location, "figures.x", .figure(.noTrace))
            }
            return .step
        }
        if node.scalar?.text == "entry" { return .entry }
        if FigureReader.isMetric(node) {
            if !hasTrace { faults.add(node.location, "figures.x", .figure(.noTrace)) }
            return quantity(node, path: "figures.x", &faults).map(FigureSpec.X.metric)
        }
        if node.scalar?.text == "layer" { return .layer }
        if node.scalar?.text == "beta_ib", axes.contains(where: { $0.path == "beta" }) { return .betaIB }
        if node.scalar?.text == "hidden_layers" {
            guard hasHiddenLayers else {
                faults.add(node.location, "figures.x", .figure(.noHiddenLayers))
                return nil
            }
            return .hiddenLayers
        }
        return numericAxis(node, path: "figures.x", &faults).map(FigureSpec.X.axis)
    }

    private static func isMetric(_ node: YAMLNode) -> Bool {
        node.mapping != nil || node.scalar.map { Metric(key: $0.text) != nil } ?? false
    }

    /// Whether the values of an axis all have different numbers of hidden layers.
    private var hasHiddenLayers: Bool {
        if axes.contains(where: { $0.path == "depth" }) { return true }
        guard let axis = axes.first(where: { $0.path == "hidden" }) else { return false }
        let counts = axis.values.all.compactMap { $0.array?.count }
        return Set(counts).count == axis.count
    }

    func numericAxis(_ node: YAMLNode, path location: String, _ faults: inout Faults) -> String? {
        guard let path = axis(node, path: location, &faults) else { return nil }
        if let axis = axes.first(where: { $0.path == path }), case .list(let values) = axis.values,
            !values.allSatisfy({ $0.number != nil })
        {
            faults.add(node.location, location, .figure(.xNotNumbers(path)))
            return nil
        }
        return path
    }

    private func scale(_ node: YAMLNode?, path: String, _ faults: inout Faults) -> FigureSpec.Scale? {
        node?.word(of: FigureSpec.Scale.allCases.map(\.rawValue), path: path, &faults)
            .flatMap(FigureSpec.Scale.init(rawValue:))
    }

    private func fit(_ node: YAMLNode?, _ faults: inout Faults) -> FigureSpec.Fit? {
        node?.word(of: FigureSpec.Fit.allCases.map(\.rawValue), path: "figures.fit", &faults)
            .flatMap(FigureSpec.Fit.init(rawValue:))
    }

    /// Reads `accuracy`, or {metric, threshold, layer}.
    func quantity(
        _ node: YAMLNode, path: String = "figures.y", _ faults: inout Faults
    ) -> FigureSpec.Quantity? {
        var (metricNode, thresholdNode, layerNode): (YAMLNode?, YAMLNode?, YAMLNode?) = (node, nil, nil)
        if let entries = node.mapping {
            metricNode = nil
            for entry in entries {
                switch entry.key {
                case "metric": metricNode = entry.value
                case "threshold": thresholdNode = entry.value
                case "layer": layerNode = entry.value
                default:
                    let keys = ["metric", "threshold", "layer"]
                    let suggestion = nearestSpelling(to: entry.key, among: keys)
                    faults.add(
                        entry.keyLocation, "\(path).\(entry.key)",
                        .unknownKey(due: keys, suggestion: suggestion)
                    )
                }
            }
        }
        guard let metricNode else {
            faults.add(node.location, path, .missing(["metric"]))
            return nil
        }
        guard let scalar = metricNode.text(path: path, due: .text, &faults) else { return nil }
        guard let metric = Metric(key: scalar.text) else {
            let keys = Metric.all.map(\.key)
            if !faults.addAlias(metricNode.location, path, scalar.text, isKnown: keys.contains) {
                let suggestion = nearestSpelling(to: scalar.text, among: keys)
                faults.add(
                    metricNode.location, path,
                    .figure(.unknownMetric(metricNode.shown, suggestion: suggestion)))
            }
            return nil
        }
        let uses = metric.uses + (metric.measure?.uses ?? [])
        for use in uses where !isMet(use) {
            faults.add(
                metricNode.location, "\(path) '\(metric.key)'",
                .unused(needs: use.named(for: words("model")), found: words(use.path)))
            return nil
        }
        if let measure = metric.measure, !isMeasured(measure) {
            faults.add(
                metricNode.location, path, .figure(measure.isUsual ? .localRankOff : .notMeasured(metric)))
            return nil
        }
        guard let threshold = threshold(thresholdNode, of: metric, at: metricNode, path, &faults),
            let layer = layer(layerNode, of: metric, path, &faults)
        else { return nil }
        return FigureSpec.Quantity(metric: metric, threshold: threshold.value, layer: layer.value)
    }

    /// Whether some trial meets the condition. A missing setting meets it, because its default does.
    private func isMet(_ use: Setting.Use) -> Bool {
        let words = words(use.path)
        return words.isEmpty || words.contains(where: use.words.contains)
    }

    /// Whether some trial measures it.
    private func isMeasured(_ measure: MeasureDeclaration) -> Bool {
        let paths = measure.settings.map(\.path) + [measure.askedBy].compactMap(\.self)
        if axes.contains(where: { $0.path == measure.path }) { return true }
        if let flag = fixed[measure.path]?.bool { return flag }
        // A setting of a measure turns the measure on, if it is off by default.
        return measure.isUsual
            || paths.contains { path in
                fixed[path] != nil || axes.contains { $0.path == path }
            }
    }

    /// A part that may be absent. A nil part is a fault.
    private struct Part<Value> { var value: Value? }

    private func threshold(
        _ node: YAMLNode?, of metric: Metric, at metricNode: YAMLNode, _ parent: String,
        _ faults: inout Faults
    ) -> Part<Double>? {
        let path = "\(parent).threshold"
        guard let setting = metric.thresholdSetting else {
            if let node { faults.add(node.location, path, .figure(.noThreshold(metric))) }
            return node == nil ? Part() : nil
        }
        let measured = measuredThresholds(setting)
        guard let node else {
            if measured.count == 1 { return Part(value: measured[0]) }
            faults.add(metricNode.location, parent, .figure(.whichThreshold(measured)))
            return nil
        }
        guard let number = node.number(in: Bounds(.none, .none), path: path, &faults) else { return nil }
        guard measured.contains(number) else {
            faults.add(node.location, path, .figure(.thresholdNotMeasured(number, measured: measured)))
            return nil
        }
        return Part(value: number)
    }

    /// The thresholds that some trial measures, in the order of the file.
    func measuredThresholds(_ setting: String) -> [Double] {
        let lists = Axis.values(of: setting, axes, fixed)
        var numbers: [Double] = []
        for number in lists.flatMap({ $0.array ?? [] }).compactMap(\.number) where !numbers.contains(number) {
            numbers.append(number)
        }
        return numbers.isEmpty ? Setting[path: setting]?.fallbackNumbers ?? [] : numbers
    }

    /// Reads a layer's number, `last` (the default), `each`, `min` or `hidden_min`.
    private func layer(
        _ node: YAMLNode?, of metric: Metric, _ parent: String, _ faults: inout Faults
    ) -> Part<FigureSpec.Layer>? {
        let path = "\(parent).layer"
        guard metric.isPerLayer else {
            if let node { faults.add(node.location, path, .figure(.noLayers(metric))) }
            return node == nil ? Part() : nil
        }
        guard let node else { return Part(value: .last) }
        let words: [String: FigureSpec.Layer] = [
            "last": .last, "each": .each, "min": .min, "hidden_min": .hiddenMin,
        ]
        if let word = node.scalar.flatMap({ words[$0.text] }) { return Part(value: word) }
        if let scalar = node.scalar, scalar.text.first?.isLetter ?? false {
            if faults.addAlias(node.location, path, scalar.text, isKnown: { words[$0] != nil }) {
                return nil
            }
            faults.add(node.location, path, .wrongType(due: .layer, found: node.found))
            return nil
        }
        guard let number = node.integer(in: 1...1000, path: path, &faults) else { return nil }
        let deepest = largest.count(of: metric) ?? deepestNetwork - (metric.shape == .hiddenLayers ? 1 : 0)
        guard number <= deepest else {
            faults.add(node.location, path, .figure(.noSuchLayer(number, deepest: deepest)))
            return nil
        }
        return Part(value: .number(number))
    }

    private var deepestNetwork: Int {
        let hidden = Axis.values(of: "hidden", axes, fixed).compactMap { $0.array.map { $0.count + 1 } }
        let depths = Axis.values(of: "depth", axes, fixed).compactMap { $0.number.map { Int($0) } }
        let networks = words(Setting.Use.networkPath)
        // Before its blocks, such a network has a layer of tokens, and after them its output.
        let more = networks.contains { TrialSettings.TokenNetwork(rawValue: $0) != nil } ? 2 : 0
        let defaultDepth = networks.compactMap { GridPoint.defaultDepths[$0] }.max() ?? 2
        return ((hidden + depths).max() ?? defaultDepth) + more
    }
}

extension YAMLNode {
    /// A text for people, on one line.
    func title(path: String, _ faults: inout Faults) -> String? {
        guard let scalar = text(path: path, due: .text, &faults) else { return nil }
        // Excludes what libyaml wouldn't read back unchanged: control characters and other line breaks.
        let sound = scalar.text.unicodeScalars.allSatisfy { scalar in
            let value = scalar.value
            return value >= 32 && !(0x7F...0x9F).contains(value) && ![0x2028, 0x2029, 0xFEFF].contains(value)
                && value & 0xFFFE != 0xFFFE
        }
        guard sound, (1...1000).contains(scalar.text.count) else {
            faults.add(location, path, .badText)
            return nil
        }
        return scalar.text
    }
}
