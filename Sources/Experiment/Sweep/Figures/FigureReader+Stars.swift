/// Reads figures of stars.
extension FigureReader {
    /// Reads a figure with `style: star`: a star for each of `classes`.
    func stars(
        _ entries: [YAMLNode.Entry], _ curves: String?, _ panels: String?, _ style: FigureStyle,
        _ faults: inout Faults
    ) -> FigureSpec? {
        let others = ["x", "y", "color", "points", "xscale", "yscale", "theory", "fit", "xlabel", "ylabel"]
        refuse(others + ["xlim", "ylim"], of: "a star", entries, &faults)
        func member(_ key: String) -> YAMLNode? { entries.first { $0.key == key }?.value }
        // A fault of the measure is that of the figure's style.
        guard let name = member("name")?.name(path: "figures.name", &faults), let kind = member("style"),
            let determination = quantity(
                YAMLNode(
                    content: .scalar(YAMLNode.Scalar(text: Metric.classDetermination.key, quoted: true)),
                    location: kind.location), path: "figures.style", &faults)
        else { return nil }
        let recorded = measuredThresholds("measures.independence_deficit.classes")
            .compactMap(Int.init(exactly:))
        let count = largest.classes
        let known = recorded.filter { $0 < count || count == 0 }
        let classes = member("classes").map { self.classes($0, recorded: recorded, of: count, &faults) } ?? []
        if known.isEmpty { faults.add(kind.location, "figures.style", .figure(.noClassRecorded)) }
        let weights = (classes.isEmpty ? known : classes).map {
            FigureSpec.Quantity(metric: .deciderWeights, threshold: Double($0))
        }
        let figure = FigureSpec(
            name: name, title: member("title")?.scalar?.text, x: .entry,
            y: weights + [determination], curves: curves, panels: panels, form: .stars(classes: classes),
            style: style)
        checkRoles(of: figure, kind, &faults)
        return figure
    }

    /// Reads one class, or a list of them.
    private func classes(_ node: YAMLNode, recorded: [Int], of count: Int, _ faults: inout Faults) -> [Int] {
        let path = "figures.classes"
        let items = node.sequence == nil ? [node] : node.list(path: path, limit: 20, &faults) ?? []
        if node.sequence?.isEmpty ?? false { faults.add(node.location, path, .emptyList) }
        var classes: [Int] = []
        for item in items {
            guard let label = item.integer(in: 0...999, path: path, &faults) else { continue }
            if count > 0, label >= count {
                faults.add(item.location, path, .figure(.noSuchClass(label, classes: count)))
            } else if !recorded.contains(label) {
                faults.add(item.location, path, .figure(.classNotRecorded(label, recorded: recorded)))
            } else if classes.contains(label) {
                faults.add(item.location, path, .figure(.repeatedClass(label)))
            } else {
                classes.append(label)
            }
        }
        return classes
    }
}
