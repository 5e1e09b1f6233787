import Text

/// Reads the list of a network's layers. A list or a rule in the spot of a value makes an axis there, unless the network
/// is itself a value of an axis.
struct NetworkReader {
    /// An entry of the list, for messages.
    struct Entry {
        var location: SweepError.Location
        /// The word that messages call it.
        var word: String
    }

    /// Whether the network is a named one, a value of an axis.
    private let isNamed: Bool
    /// The axes in the list, in its order.
    private(set) var axes: [Draft.DraftAxis] = []
    /// The entries by path.
    private(set) var entries: [String: Entry] = [:]
    /// Values that are left empty, which an axis must give, by path.
    private(set) var vacancies: [String: SweepError.Location] = [:]

    init(isNamed: Bool = false) { self.isNamed = isNamed }

    /// The network, or nil with faults. `path` begins the paths of entries.
    mutating func network(
        _ node: YAMLNode, path: String = "network", _ faults: inout Faults
    ) -> [WrittenLayer]? {
        layers(node, path: path, depth: 1, &faults)
    }

    private mutating func layers(
        _ node: YAMLNode, path: String, depth: Int, _ faults: inout Faults
    ) -> [WrittenLayer]? {
        guard let items = node.list(path: path, limit: WrittenNetwork.maxLayers, &faults) else { return nil }
        guard depth <= WrittenNetwork.maxDepth else {
            add("lists of layers can be \(WrittenNetwork.maxDepth) deep in one another", node, path, &faults)
            return nil
        }
        guard !items.isEmpty else {
            add("an empty list: a network needs layers, as [flatten, {dense: 10}]", node, path, &faults)
            return nil
        }
        var layers: [WrittenLayer] = []
        for (index, item) in items.enumerated() where !faults.isFull {
            guard entries.count < WrittenNetwork.maxLayers else {
                add(
                    "at most \(WrittenNetwork.maxLayers) layers are allowed", item, "\(path).\(index)",
                    &faults)
                return nil
            }
            layers += [layer(item, path: "\(path).\(index)", depth: depth, &faults)].compactMap(\.self)
        }
        return layers.count == items.count ? layers : nil
    }

    private func add(_ words: String, _ node: YAMLNode, _ path: String, _ faults: inout Faults) {
        faults.add(node.location, path, .conflict(.data(words), point: ""))
    }

    // MARK: - One entry

    private mutating func layer(
        _ node: YAMLNode, path: String, depth: Int, _ faults: inout Faults
    ) -> WrittenLayer? {
        entries[path] = Entry(location: node.location, word: "")
        switch node.content {
        case .sequence:
            add(
                "expected a layer, found a list: a layer is a word or a mapping, as {dense: 10}", node, path,
                &faults)
            return nil
        case .scalar: return word(node, path: path, &faults)
        case .mapping(let members): return mapping(members, node, path: path, depth: depth, &faults)
        }
    }

    /// Reads a layer that is its word alone.
    private mutating func word(_ node: YAMLNode, path: String, _ faults: inout Faults) -> WrittenLayer? {
        if let word = node.scalar?.text, LayerWord.heads.contains(word), let entry = LayerWord.named(word) {
            add("'\(word)' needs a value: write \(entry.example)", node, path, &faults)
            return nil
        }
        guard let word = node.word(of: LayerWord.words, path: path, &faults) else { return nil }
        entries[path]?.word = word
        guard !LayerWord.alone.contains(word) else { return WrittenLayer(word) }
        var layer = WrittenLayer("activation")
        layer.values["activation"] = .string(word)
        return layer
    }

    private mutating func mapping(
        _ members: [YAMLNode.Entry], _ node: YAMLNode, path: String, depth: Int, _ faults: inout Faults
    ) -> WrittenLayer? {
        let heads = members.filter { LayerWord.heads.contains($0.key) }
        guard let head = heads.first, let entry = LayerWord.named(head.key) else {
            addUnknown(members, node, path: path, &faults)
            return nil
        }
        guard heads.count == 1 else {
            let words = listed(heads.map { "'\($0.key)'" }, "and")
            add("\(words) in one entry: each layer is an entry of its own", node, path, &faults)
            return nil
        }
        entries[path]?.word = head.key
        var (layer, isSound) = (WrittenLayer(head.key), true)
        for member in members {
            let memberPath = "\(path).\(member.key)"
            guard entry.keys.contains(member.key) else {
                addUnknown(member, of: entry, path: memberPath, &faults)
                isSound = false
                continue
            }
            if case .layers = entry.value, member.key == head.key {
                guard let body = layers(member.value, path: memberPath, depth: depth + 1, &faults) else {
                    isSound = false
                    continue
                }
                layer.body = body
            } else if let value = value(member, path: memberPath, &faults) {
                layer.values[member.key] = value
            } else {
                isSound = false
            }
        }
        // A missing key may be the one that is misspelt.
        if isSound, let key = entry.required.first(where: { key in !members.contains { $0.key == key } }) {
            add("'\(key)' is missing: write \(entry.example)", node, path, &faults)
            isSound = false
        }
        guard isSound, checkGroups(of: layer, members, path: path, &faults) else { return nil }
        return layer
    }

    /// The value of a key; null where an axis gives it, and nil with a fault.
    private mutating func value(
        _ member: YAMLNode.Entry, path: String, _ faults: inout Faults
    ) -> JSONValue? {
        guard let setting = isNamed ? LayerWord.settings[member.key] : LayerWord.setting(path: path) else {
            return nil
        }
        let node = member.value
        if isNamed {
            guard node.sequence == nil, node.mapping == nil else {
                faults.add(node.location, path, Draft.networksAreFixed)
                return nil
            }
            return node.value(of: setting.kind, path: path, &faults)
        }
        if node.sequence != nil || node.mapping != nil {
            guard let values = node.axisValues(of: setting, shown: path, &faults) else { return nil }
            axes.append(
                Draft.DraftAxis(
                    axis: Axis(path: path, values: values), location: node.location, shown: path))
            return .null
        }
        if let scalar = node.scalar, !scalar.quoted, ["", "~", "null"].contains(scalar.text) {
            vacancies[path] = member.keyLocation
            return .null
        }
        return node.value(of: setting.kind, path: path, &faults)
    }

    /// Checks that `groups` belongs to a group normalisation. Where an axis gives `norm`, it may.
    private func checkGroups(
        of layer: WrittenLayer, _ members: [YAMLNode.Entry], path: String, _ faults: inout Faults
    ) -> Bool {
        guard let norm = layer.values["norm"]?.string, norm != "group",
            let member = members.first(where: { $0.key == "groups" })
        else { return true }
        faults.add(
            member.keyLocation, "\(path).groups",
            .conflict(.data("'groups' belongs to {norm: group}, and this is {norm: \(norm)}"), point: ""))
        return false
    }

    // MARK: - Unknown words

    private func addUnknown(
        _ members: [YAMLNode.Entry], _ node: YAMLNode, path: String, _ faults: inout Faults
    ) {
        guard let first = members.first else {
            add("an empty mapping: a layer is a word or a mapping, as {dense: 10}", node, path, &faults)
            return
        }
        if let word = members.map(\.key).first(where: LayerWord.alone.contains) {
            add("'\(word)' has no value: write '\(word)' alone", node, path, &faults)
        } else if members.contains(where: { $0.key == "linear" && $0.value.scalar?.text != nil }) {
            _ = faults.addAlias(first.keyLocation, path, "linear", isKnown: { $0 == "dense" })
        } else if let word = members.map(\.key).first(where: LayerWord.words.contains) {
            add(
                "'\(word)' has no value: write '\(word)' alone, or {activation: \(word)}", node, path, &faults
            )
        } else if let option = LayerWord.settings[first.key] {
            let owners = LayerWord.all.filter { $0.keys.contains(option.path) }.map { "'\($0.word)'" }
            add(
                "no layer: '\(first.key)' is an option of \(listed(owners, "and"))", node, path, &faults)
        } else if !faults.addAlias(first.keyLocation, path, first.key, isKnown: LayerWord.words.contains) {
            faults.add(
                first.keyLocation, path,
                .unknownWord(
                    shortened(first.key), due: LayerWord.heads,
                    suggestion: nearestSpelling(to: first.key, among: LayerWord.heads)))
        }
    }

    private func addUnknown(
        _ member: YAMLNode.Entry, of entry: LayerWord, path: String, _ faults: inout Faults
    ) {
        guard !faults.addAlias(member.keyLocation, path, member.key, isKnown: entry.keys.contains) else {
            return
        }
        let suggestion = nearestSpelling(to: member.key, among: entry.keys)
        faults.add(
            member.keyLocation, path, .unknownKey(due: entry.keys, suggestion: suggestion))
    }
}
