import Text

/// The network that the file lists, and the axes in it.
extension Draft {
    /// The answer to somebody who lists layers under their own name.
    static let layersAreListed = SweepError.Problem.conflict(
        .data("a network's layers are listed under 'network'"), point: "")

    private static func isOfNetwork(_ path: String) -> Bool { path.hasPrefix("network.") }

    /// Reads the list of a network's layers, which may have axes in it. It replaces another list with its axes.
    mutating func giveNetwork(
        _ node: YAMLNode, location: SweepError.Location, shown: String, _ faults: inout Faults
    ) {
        if let entries = node.mapping, !entries.isEmpty, entries.allSatisfy({ $0.value.sequence != nil }) {
            faults.add(node.location, shown, .belongsUnderAxes)
            return
        }
        var reader = NetworkReader()
        guard let layers = reader.network(node, &faults) else { return }
        for axis in reader.axes {
            guard let other = given(axis.axis.path) else {
                axes.append(axis)
                continue
            }
            faults.add(axis.location, axis.shown, .givenTwice(first: other.location))
        }
        let network = WrittenNetwork(layers: layers)
        fixed["network"] = Given(value: network.json, location: location, shown: shown)
        (layerEntries, layerVacancies) = (reader.entries, reader.vacancies)
    }

    /// Drops the list, with all axes and values of its layers.
    mutating func dropNetwork() {
        axes.removeAll { Draft.isOfNetwork($0.axis.path) }
        for key in fixed.keys where Draft.isOfNetwork(key) { fixed[key] = nil }
        (fixed["network"], layerEntries, layerVacancies) = (nil, [:], [:])
    }

    /// Puts the values that `quick` and overrides give into the list, and takes out those that axes give, so that equal
    /// sweeps have equal lists.
    mutating func settleNetwork(_ faults: inout Faults) {
        let ofAxes = axes.filter { Draft.isOfNetwork($0.axis.path) }
        let values = fixed.filter { Draft.isOfNetwork($0.key) }.sorted { $0.key < $1.key }
        guard let list = fixed["network"] else {
            let networks = words(of: Setting.Use.networkPath)
            let areListed = networks.isEmpty || networks.contains("layers")
            for given in ofAxes.map({ ($0.location, $0.shown) }) + values.map({ ($1.location, $1.shown) }) {
                if !areListed {
                    let needs = Setting.Use.layers.named(for: words(of: "model"))
                    faults.add(given.0, given.1, .unused(needs: needs, found: networks))
                } else if hasNetworkAxis {
                    faults.add(given.0, given.1, Draft.networksAreFixed)
                }
            }
            return
        }
        var network = WrittenNetwork(list.value)
        var vacant = layerVacancies
        func set(_ value: JSONValue, at path: String, _ location: SweepError.Location, _ shown: String) {
            vacant[path] = nil
            do throws(WrittenNetwork.NoSuchValue) { try network.set(value, at: path) } catch {
                faults.add(location, shown, .conflict(.data(error.words), point: ""))
            }
        }
        for (path, given) in values {
            set(given.value, at: path, given.location, given.shown)
            fixed[path] = nil
            if let dot = path.lastIndex(of: ".") {
                layerEntries[String(path[..<dot])]?.location = given.location
            }
        }
        for axis in ofAxes { set(.null, at: axis.axis.path, axis.location, axis.shown) }
        for (path, location) in vacant.sorted(by: { $0.key < $1.key }) {
            faults.add(
                location, path,
                .conflict(
                    .data("a value is missing: give one here, or an axis \(path) under 'axes'"), point: ""))
        }
        fixed["network"]?.value = network.json
    }
}
