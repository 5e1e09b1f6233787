/// Checks that the parts of a figure fit together.
extension FigureReader {
    func checkRoles(of figure: FigureSpec, _ node: YAMLNode, _ faults: inout Faults) {
        var used: [String] = [figure.curves, figure.panels].compactMap { $0 }
        switch figure.x {
        case .axis(let path): used.append(path)
        case .betaIB: used.append("beta")
        case .step, .metric, .entry, .layer: break
        case .hiddenLayers: used.append(axes.contains { $0.path == "depth" } ? "depth" : "hidden")
        case .summary(let quantity, let points):
            used.append(points)
            if quantity.layer == .each, !figure.y.allSatisfy({ $0.layer == .each }) {
                faults.add(node.location, "figures.\(figure.name)", .figure(.eachOfXAlone))
            }
        }
        if let (first, _) = firstRepeat(in: used) {
            faults.add(node.location, "figures.\(figure.name)", .figure(.sameAxis(used[first])))
        }
        if figure.curves != nil, figure.x != .layer, figure.y.contains(where: { $0.layer == .each }) {
            faults.add(node.location, "figures.\(figure.name)", .figure(.eachWithCurves))
        }
    }

    /// Checks metrics of the whole training: they have no steps, and need a trace.
    func checkSteps(of figure: FigureSpec, _ location: SweepError.Location, _ faults: inout Faults) {
        var (quantities, isAlongTraining) = (figure.y, figure.x == .step)
        switch figure.x {
        case .metric(let quantity): (quantities, isAlongTraining) = ([quantity] + quantities, true)
        case .summary(let quantity, _): quantities.append(quantity)
        default: break
        }
        guard let metric = quantities.map(\.metric).first(where: \.isOfTraining) else { return }
        if isAlongTraining {
            faults.add(location, "figures.y", .figure(.notAlongTraining(metric)))
        } else if !hasTrace {
            faults.add(location, "figures.y", .figure(.noTrace))
        }
    }

    /// Refuses the keys that a form of figures does not have.
    func refuse(_ keys: [String], of form: String, _ entries: [YAMLNode.Entry], _ faults: inout Faults) {
        for key in keys {
            guard let entry = entries.first(where: { $0.key == key }) else { continue }
            faults.add(entry.keyLocation, "figures.\(key)", .figure(.cannotHave(form: form, key: key)))
        }
    }

    /// Reads a figure with `color`: x and y are axes.
    func heatmap(
        _ entries: [YAMLNode.Entry], _ colour: YAMLNode, _ panels: String?, _ style: FigureStyle,
        _ faults: inout Faults
    ) -> FigureSpec? {
        refuse(
            ["classes", "points", "curves", "xscale", "yscale", "theory", "fit", "interval", "xlim", "ylim"],
            of: "a heatmap", entries, &faults)
        if let kind = style.kind, let entry = entries.first(where: { $0.key == "style" }) {
            faults.add(
                entry.value.location, "figures.style",
                .unknownWord(kind.rawValue, due: ["heatmap"], suggestion: nil))
        }
        func member(_ key: String) -> YAMLNode? { entries.first { $0.key == key }?.value }
        for key in ["x", "y"] {
            if let node = member(key), node.scalar == nil {
                faults.add(node.location, "figures.\(key)", .figure(.colourNeedsAxes))
                return nil
            }
        }
        guard let name = member("name")?.name(path: "figures.name", &faults),
            let x = member("x").flatMap({ numericAxis($0, path: "figures.x", &faults) }),
            let yNode = member("y"), let y = numericAxis(yNode, path: "figures.y", &faults),
            let quantity = quantity(colour, path: "figures.color", &faults)
        else { return nil }
        var named = ["seed", x, y] + [panels].compactMap { $0 }
        for zip in zips where zip.contains(where: named.contains) { named += zip }
        if let other = axes.first(where: { $0.count > 1 && !named.contains($0.path) }) {
            faults.add(yNode.location, "figures.color", .figure(.heatmapWithoutAxis(other.path)))
        }
        let figure = FigureSpec(
            name: name, title: member("title")?.scalar?.text, x: .axis(x), y: [quantity], curves: y,
            panels: panels, form: .heatmap, style: style)
        checkRoles(of: figure, yNode, &faults)
        checkSteps(of: figure, colour.location, &faults)
        checkEntries(of: figure, colour.location, &faults)
        return figure
    }

    /// Checks that names and ends of axes fit the quantities and the scales.
    func checkStyle(of figure: FigureSpec, _ member: (String) -> YAMLNode?, _ faults: inout Faults) {
        let style = figure.style
        for (key, count) in [("ylabel", style.ylabel.count), ("ylim", style.ylim.count)]
        where count > 1 && count != figure.y.count {
            guard let node = member(key) else { continue }
            faults.add(
                node.location, "figures.\(key)", .figure(.notForEach(count, quantities: figure.y.count)))
        }
        let limits = [
            ("xlim", figure.xscale, [style.xlim].compactMap { $0 }), ("ylim", figure.yscale, style.ylim),
        ]
        for (key, scale, limits) in limits where scale == .log {
            guard let node = member(key),
                let end = limits.flatMap({ [$0.low, $0.high] }).compactMap({ $0 }).first(where: { $0 <= 0 })
            else { continue }
            faults.add(node.location, "figures.\(key)", .figure(.limitOfLogAxis(end)))
        }
    }

    /// The x of a plane. Where it doesn't mention layers itself, it gets y's layers.
    func inPlane(
        _ x: FigureSpec.Quantity, _ y: [FigureSpec.Quantity], given: [YAMLNode.Entry]?,
        _ location: SweepError.Location, _ faults: inout Faults
    ) -> FigureSpec.Quantity {
        if y.count > 1 { faults.add(location, "figures.y", .figure(.planeOfOne)) }
        let saysLayer = given?.contains { $0.key == "layer" } ?? false
        guard x.metric.isPerLayer, !saysLayer, let layer = y.first?.layer else { return x }
        return FigureSpec.Quantity(metric: x.metric, threshold: x.threshold, layer: layer)
    }

    /// Checks that lists, and only lists, are drawn against their entries.
    func checkEntries(of figure: FigureSpec, _ location: SweepError.Location, _ faults: inout Faults) {
        let isOverEntries = figure.x == .entry
        guard let metric = figure.y.map(\.metric).first(where: { ($0.list != nil) != isOverEntries })
        else { return }
        faults.add(location, "figures.y", .figure(isOverEntries ? .notAList(metric) : .isAList(metric)))
    }

    /// Whether any trial has a trace.
    var hasTrace: Bool {
        axes.contains { $0.path == "measures.trace_at" }
            || (fixed["measures.trace_at"] ?? .string("end")) != .string("end")
    }

    func checkTheory(of figure: FigureSpec, _ location: SweepError.Location, _ faults: inout Faults) {
        let isClosed = words("model").contains("vib") && words("dataset").contains("gaussian")
        let isBound = words("dataset").contains("teacher")
        let own = [MeasureDeclaration.weightProduct.name, MeasureDeclaration.rankStability.name]
        if figure.y.contains(where: { $0.metric.hasTheory && own.contains($0.metric.measure?.name ?? "") }) {
            return
        }
        if !isClosed, !isBound {
            faults.add(location, "figures.theory", .figure(.noTheory))
        } else if !figure.y.contains(where: {
            isClosed && $0.metric.hasTheory || isBound && $0.metric.hasBound
        }),
            let first = figure.y.first
        {
            faults.add(location, "figures.theory", .figure(.noTheoryOf(first.metric)))
        }
    }

    /// A quantity drawn against the layer. Its layers are the points of a curve.
    func ofEachLayer(
        _ quantity: FigureSpec.Quantity, _ location: SweepError.Location, _ faults: inout Faults
    ) -> FigureSpec.Quantity? {
        guard quantity.metric.isPerLayer else {
            faults.add(location, "figures.y", .figure(.noLayers(quantity.metric)))
            return nil
        }
        // A figure that says nothing about layers means the last.
        guard quantity.layer == .last || quantity.layer == .each else {
            faults.add(location, "figures.y", .figure(.layersAreX(quantity.metric)))
            return nil
        }
        return FigureSpec.Quantity(metric: quantity.metric, threshold: quantity.threshold, layer: .each)
    }
}
