import Text

/// The argument of a `--set`, as "beta=0.1,1", "training.epochs=3" or "beta={log: [1e-3, 1], count: 5}".
public struct Override: Equatable, Sendable {
    /// The argument's text.
    public let argument: String
    /// An override with the text of a `--set` argument. Applying it checks the text.
    public init(_ argument: String) { self.argument = argument }
}

extension Draft {
    /// Applies the `quick` section if wanted, then the overrides in order: a later one replaces an earlier
    /// one.
    mutating func apply(_ overrides: [Override], quick wanted: Bool, _ faults: inout Faults) {
        applyQuick(wanted: wanted, &faults)
        for override in overrides { apply(override, &faults) }
    }

    /// Checks the section's values, even if they aren't wanted, and applies them if they are.
    private mutating func applyQuick(wanted: Bool, _ faults: inout Faults) {
        guard let quick else {
            if wanted { faults.add(mapping(lacking: "quick"), "", .noQuickSection) }
            return
        }
        var applied = self
        for entry in quick.entries where !faults.isFull {
            let shown = "quick.\(entry.key)"
            guard
                let setting = Setting.named(entry.key, shown: shown, location: entry.keyLocation, &faults)
            else { continue }
            applied.replace(
                setting, by: entry.value.values(of: setting.kind), location: entry.keyLocation,
                valuesLocation: entry.value.location, shown: shown, &faults)
        }
        if wanted { self = applied }
    }

    private mutating func apply(_ override: Override, _ faults: inout Faults) {
        let location = SweepError.Location.override(override.argument)
        guard let sign = override.argument.firstIndex(of: "="), sign > override.argument.startIndex else {
            faults.add(location, "", .overrideShape)
            return
        }
        let path = String(override.argument[..<sign])
        let text = override.argument[override.argument.index(after: sign)...]
        guard let setting = Setting.named(path, shown: path, location: location, &faults) else { return }
        do {
            let node = try YAMLReader.read(Array("[\(text)]".utf8), override: override.argument)
            guard var values = node.sequence, !values.isEmpty else {
                faults.add(location, path, .overrideShape)
                return
            }
            if values.count == 1 { values = values[0].values(of: setting.kind) }
            replace(setting, by: values, location: location, valuesLocation: location, shown: path, &faults)
        } catch {
            faults.add(error.location, path, error.problem)
        }
    }

    /// Sets a setting to one value (or makes it the only value of the file's axis), or makes or replaces an
    /// axis with several values. Drops settings that the new one excludes.
    private mutating func replace(
        _ setting: Setting, by nodes: [YAMLNode], location: SweepError.Location,
        valuesLocation: SweepError.Location,
        shown: String, _ faults: inout Faults
    ) {
        let path = setting.path
        let rule = nodes.first.flatMap { nodes.count == 1 && setting.kind.isNumeric && $0.isRule ? $0 : nil }
        if nodes.count > 1, Setting.neverAxes.contains(path) {
            faults.add(location, shown, .neverAnAxis(path))
            return
        }
        if path == "network" {
            replaceNetwork(by: nodes, location: location, shown: shown, &faults)
            return
        }
        let given =
            rule.map { $0.axisValues(of: setting, shown: shown, &faults) }
            ?? YAMLNode.list(nodes, of: setting, shown: shown, location: valuesLocation, &faults)
        guard let values = given else { return }
        axes.removeAll { axis in axis.axis.path == path && !fileAxes.contains { $0.path == path } }
        fixed[path] = nil
        drop(excludedBy: path)
        let index = axes.firstIndex { $0.axis.path == path }
        if values.count > 1 || index != nil {
            let axis = DraftAxis(axis: Axis(path: path, values: values), location: location, shown: shown)
            if let index { axes[index] = axis } else { axes.append(axis) }
            return
        }
        let value = values[0]
        fixed[path] = Given(value: value["name"] ?? value, location: location, shown: shown)
        guard path == "dataset" else { return }
        for (key, option) in value.object ?? [:] where key != "name" {
            fixed["dataset." + key] = Given(value: option, location: location, shown: "\(shown).\(key)")
        }
    }

    private mutating func drop(excludedBy path: String) {
        for (one, other) in Setting.exclusive {
            if one.contains(path) { for path in other { fixed[path] = nil } }
            if other.contains(path) { for path in one { fixed[path] = nil } }
        }
        if path == "dataset" || path.hasPrefix("measures.") && Setting.groups.contains(path) {
            for key in fixed.keys where key.hasPrefix(path + ".") { fixed[key] = nil }
        }
    }
}

extension YAMLNode {
    /// The values in a node that may hold one value or a list of values: the items of a list, unless the list
    /// is itself one value of the setting.
    fileprivate func values(of kind: SettingType) -> [YAMLNode] {
        guard let items = sequence else { return [self] }
        let isOneValue =
            switch kind {
            case .integers, .numbers, .patterns, .network, .column: !items.contains { $0.sequence != nil }
            case .matrix: !items.contains { ($0.sequence ?? []).contains { $0.sequence != nil } }
            case .times, .weights: items.allSatisfy { $0.scalar?.text.first?.isNumber ?? false }
            default: false
            }
        return isOneValue ? [self] : items
    }
}
