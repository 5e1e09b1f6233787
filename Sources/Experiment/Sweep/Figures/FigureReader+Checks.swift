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
