import Text

extension ClaimReader {
    /// Reads where a number is followed; nil with a fault.
    func along(_ node: YAMLNode, _ path: String, _ faults: inout Faults) -> ClaimSpec.Along? {
        switch node.scalar?.text {
        case "step"?:
            if !figures.hasTrace { faults.add(node.location, path, .figure(.noTrace)) }
            return .step
        case "layer"?: return .layer
        case "seed"?:
            faults.add(node.location, path, .claim(.seedIsAveraged))
            return nil
        default:
            return figures.numericAxis(node, path: path, &faults).map(ClaimSpec.Along.axis)
        }
    }

    /// Reads `metric` and `at`.
    ///
    /// - Parameter own: the claim's own selection, whose parts another one has where it doesn't say otherwise.
    /// - Returns: the selection, and whether all values of an axis that it names are left out of the grid.
    func selection(
        _ members: Members, along: ClaimSpec.Along?, besides own: ClaimSpec.Selection?,
        _ faults: inout Faults
    ) -> (ClaimSpec.Selection?, isRemoved: Bool) {
        var quantity = own?.quantity
        if let node = members["metric"] { quantity = self.quantity(node, along, &faults) }
        guard let quantity else { return (nil, false) }
        var at = Dictionary(uniqueKeysWithValues: (own?.at ?? []).map { ($0.path, $0.labels) })
        var step = own?.step
        var isRemoved = false
        if let node = members["at"] {
            guard let entries = node.mapping else {
                faults.add(node.location, "claims.at", .wrongType(due: .mapping, found: node.found))
                return (nil, false)
            }
            for entry in entries {
                if entry.key == "step" {
                    step = self.step(entry.value, &faults)
                    continue
                }
                if along == .axis(entry.key) {
                    faults.add(entry.keyLocation, "claims.at", .claim(.fixesAndFollows(entry.key)))
                    continue
                }
                guard let labels = labels(entry, &faults) else { continue }
                if labels.isEmpty { isRemoved = true }
                // An axis that has one value left needs no restriction.
                at[entry.key] = figures.axes.contains { $0.path == entry.key } ? labels : nil
            }
        }
        if step != nil, along == .step {
            faults.add(members["at"]?.location ?? .wholeFile, "claims.at", .claim(.fixesAndFollows("step")))
        }
        let restrictions = at.sorted { $0.key < $1.key }
            .map { ClaimSpec.Restriction(path: $0.key, labels: $0.value) }
        return (ClaimSpec.Selection(quantity: quantity, at: restrictions, step: step), isRemoved)
    }

    private func quantity(
        _ node: YAMLNode, _ along: ClaimSpec.Along?, _ faults: inout Faults
    ) -> FigureSpec.Quantity? {
        var node = node
        if case .mapping(var entries) = node.content {
            // `name`, too, says which metric it is.
            for index in entries.indices where entries[index].key == "name" { entries[index].key = "metric" }
            node.content = .mapping(entries)
        }
        guard let quantity = figures.quantity(node, path: "claims.metric", &faults) else { return nil }
        if along == .layer { return figures.ofEachLayer(quantity, node.location, &faults) }
        let figure = FigureSpec(name: "", x: along == .step ? .step : .layer, y: [quantity])
        figures.checkSteps(of: figure, node.location, &faults)
        if along == .step { figures.checkEntries(of: figure, node.location, &faults) }
        return quantity
    }

    private func step(_ node: YAMLNode, _ faults: inout Faults) -> ClaimSpec.Step? {
        if !figures.hasTrace { faults.add(node.location, "claims.at.step", .figure(.noTrace)) }
        switch node.scalar?.text {
        case "first"?: return .first
        case "last"?: return .last
        default:
            return node.integer(in: 0...1_000_000_000, path: "claims.at.step", &faults)
                .map(ClaimSpec.Step.number)
        }
    }

    /// The labels of the axis' values that an entry of `at` names and the grid has; nil with a fault.
    private func labels(_ entry: YAMLNode.Entry, _ faults: inout Faults) -> [JSONValue]? {
        let path = "claims.at.\(entry.key)"
        guard entry.key != "seed" else {
            faults.add(entry.keyLocation, "claims.at", .claim(.seedIsAveraged))
            return nil
        }
        guard let whole = (figures.axes + fileAxes).first(where: { $0.path == entry.key }) else {
            let suggestion = nearestSpelling(to: entry.key, among: figures.axes.map(\.path) + ["step"])
            faults.add(
                entry.keyLocation, path,
                .notAnAxis(suggestion: suggestion, isSetting: Setting[path: entry.key] != nil))
            return nil
        }
        // A list is several values, unless the axis' own values are lists.
        let isOfLists = whole.count > 0 && whole.label(at: 0).array != nil
        let nodes = entry.value.sequence.flatMap { isOfLists && $0.first?.sequence == nil ? nil : $0 }
        var labels: [JSONValue] = []
        for node in nodes ?? [entry.value] {
            let current = figures.axes.first { $0.path == entry.key }
            let fixed = figures.fixed[entry.key].map { Axis(path: entry.key, values: .list([$0])) }
            if let label = (current ?? fixed)?.label(like: node.json) {
                if !labels.contains(label) { labels.append(label) }
            } else if !(fileAxes.contains { $0.path == entry.key && $0.label(like: node.json) != nil }) {
                faults.add(
                    node.location, path,
                    .claim(
                        .unknownValue(
                            node.found, axis: entry.key, nearest: whole.nearestLabelText(to: node.json))))
                return nil
            }
        }
        return labels
    }

    /// The axes by which a selection's cells differ.
    func freeAxes(of selection: ClaimSpec.Selection) -> [String] {
        selection.freeAxes(figures.axes.filter { $0.count > 1 }.map(\.path), zips: figures.zips, along: nil)
    }
}

extension ClaimSpec.Selection {
    /// The axes by which cells differ: all that vary, without the seed, the axis that is followed, those with one value
    /// under `at`, and those that advance with one of them.
    ///
    /// - Parameters:
    ///   - varied: the axes with several values.
    ///   - zips: the axes that advance together.
    package func freeAxes(_ varied: [String], zips: [[String]], along: ClaimSpec.Along?) -> [String] {
        var taken: Set = ["seed"]
        if case .axis(let path)? = along { taken.insert(path) }
        for restriction in at where restriction.labels.count == 1 { taken.insert(restriction.path) }
        for group in zips where !taken.isDisjoint(with: group) { taken.formUnion(group) }
        return varied.filter { !taken.contains($0) }
    }
}

extension Axis {
    /// The label of the value that a text in a sweep file names: the same one, or the nearest number if it is
    /// within half a percent.
    fileprivate func label(like value: JSONValue) -> JSONValue? {
        for index in 0..<count where label(at: index) == value || self.values[index] == value {
            return label(at: index)
        }
        if let text = conditionText(value) {
            return (0..<count).map(label).first { conditionText($0) == text }
        }
        guard let number = value.number else { return nil }
        let numbers = (0..<count).compactMap { label(at: $0).number }
        let nearest = numbers.min { abs($0 - number) < abs($1 - number) }
        guard let nearest, abs(nearest - number) <= 0.005 * abs(number) else { return nil }
        return .number(nearest)
    }

    fileprivate func nearestLabelText(to value: JSONValue) -> String {
        let labels = (0..<count).map(labelText)
        if let number = value.number {
            let numbers = (0..<count).compactMap { label(at: $0).number }
            if let nearest = numbers.min(by: { abs($0 - number) < abs($1 - number) }) {
                return numberText(nearest)
            }
        }
        return nearestSpelling(to: conditionText(value) ?? "", among: labels) ?? labels.first ?? ""
    }
}
