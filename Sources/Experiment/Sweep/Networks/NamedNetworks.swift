import Text

/// The axis `network`. A value is {"name": NAME, "layers": LIST}, and counts by its name, as a data set's mapping does.
extension Draft {
    /// The most networks on the axis.
    static let maxNetworks = 100

    /// The answer to an axis within a network that is itself on an axis.
    static let networksAreFixed = SweepError.Problem.conflict(
        .data(
            "on an axis of networks each list stays as it is: write two networks that differ in this value"),
        point: "")

    /// A network as it is written: its name and its list; the name alone of one that is known.
    private struct Written {
        let name: String
        let location: SweepError.Location
        let list: YAMLNode?
    }

    /// Whether networks are an axis.
    var hasNetworkAxis: Bool { axes.contains { $0.axis.path == "network" } }

    /// The axis's networks, and those that it has in the file, by name.
    private var knownNetworks: [String: JSONValue] {
        let values = (axes.map(\.axis) + fileAxes).filter { $0.path == "network" }.flatMap(\.values.all)
        return Dictionary(values.map { ($0["name"]?.string ?? "", $0) }) { first, _ in first }
    }

    /// Reads mappings from names to lists of layers, and names of known networks. Returns nil with a fault.
    mutating func networks(
        _ nodes: [YAMLNode], location: SweepError.Location, shown: String, _ faults: inout Faults
    ) -> AxisValues? {
        var (values, locations): ([JSONValue], [SweepError.Location]) = ([], [])
        for node in nodes {
            guard let written = writtenNetworks(node, shown: shown, &faults) else { return nil }
            for network in written {
                guard let value = value(of: network, shown: shown, &faults) else { return nil }
                values.append(value)
                locations.append(network.location)
            }
        }
        guard !values.isEmpty else {
            addNoNetworks(location, shown, found: "none", &faults)
            return nil
        }
        guard values.count <= Draft.maxNetworks else {
            faults.add(location, shown, .tooMany(values.count, limit: Draft.maxNetworks))
            return nil
        }
        let names = values.map { $0["name"]?.string ?? "" }
        if let (first, second) = firstRepeat(in: names) {
            faults.add(locations[second], shown, .repeatedValue(names[second], first: locations[first]))
            return nil
        }
        return .list(values)
    }

    private func addNoNetworks(
        _ location: SweepError.Location, _ shown: String, found: String, _ faults: inout Faults
    ) {
        let words = "expected networks by name, as {mlp: [flatten, {dense: 10}]}, found \(found)"
        faults.add(location, shown, .conflict(.data(words), point: ""))
    }

    private func writtenNetworks(
        _ node: YAMLNode, shown: String, _ faults: inout Faults
    ) -> [Written]? {
        if let entries = node.mapping {
            guard let name = entries.first(where: { $0.key == "name" })?.value, let word = name.scalar else {
                return entries.map { Written(name: $0.key, location: $0.keyLocation, list: $0.value) }
            }
            // The form of a run's sweep.json, whose mappings have no order.
            if entries.count == 2, let list = entries.first(where: { $0.key == "layers" })?.value {
                return [Written(name: word.text, location: name.location, list: list)]
            }
        } else if let word = node.scalar, !knownNetworks.isEmpty {
            return [Written(name: word.text, location: node.location, list: nil)]
        }
        addNoNetworks(node.location, shown, found: node.found, &faults)
        return nil
    }

    private mutating func value(
        of network: Written, shown: String, _ faults: inout Faults
    ) -> JSONValue? {
        let (name, location) = (network.name, network.location)
        guard let list = network.list else {
            let known = knownNetworks
            guard known[name] == nil else { return known[name] }
            if LayerWord.named(name) != nil {
                addNoNetworks(location, shown, found: "the layer '\(name)'", &faults)
                return nil
            }
            let names = known.keys.sorted()
            let suggestion = nearestSpelling(to: name, among: names)
            faults.add(location, shown, .unknownWord(shortened(name), due: names, suggestion: suggestion))
            return nil
        }
        guard YAMLNode.isName(name) else {
            faults.add(location, shown, .badName(shortened(name)))
            return nil
        }
        guard Double(name) == nil, !name.contains(".") else {
            let words =
                name.contains(".")
                ? "'\(name)' has a dot, as paths of layers do: write '-' or '_'"
                : "'\(name)' reads as a number: give the network another name"
            faults.add(location, shown, .conflict(.data(words), point: ""))
            return nil
        }
        let path = "network.\(name)"
        var reader = NetworkReader(isNamed: true)
        guard let layers = reader.network(list, path: path, &faults) else { return nil }
        layerEntries.merge(reader.entries) { _, new in new }
        layerEntries[path] = NetworkReader.Entry(location: location, word: "")
        return .object(["name": .string(name), "layers": WrittenNetwork(layers: layers).json])
    }

    /// Replaces the list by another or by an axis, or the axis's networks by others or by some of its own.
    mutating func replaceNetwork(
        by nodes: [YAMLNode], location: SweepError.Location, shown: String, _ faults: inout Faults
    ) {
        let index = axes.firstIndex { $0.axis.path == "network" }
        var nodes = nodes
        if index == nil {
            dropNetwork()
            if nodes.count == 1, nodes[0].mapping == nil {
                giveNetwork(nodes[0], location: location, shown: shown, &faults)
                return
            }
        } else if nodes.count == 1 {
            nodes = nodes[0].sequence ?? nodes
        }
        guard let values = networks(nodes, location: location, shown: shown, &faults) else { return }
        let axis = DraftAxis(axis: Axis(path: "network", values: values), location: location, shown: shown)
        if let index { axes[index] = axis } else { axes.append(axis) }
    }
}
