import Text

/// The argument of a `--set`: "beta=0.1,1", "training.epochs=3", "beta={log: [1e-3, 1], count: 5}".
public struct Override: Equatable, Sendable {
    public let argument: String
    public init(_ argument: String) { self.argument = argument }
}

extension Draft {
    /// Applies the `quick` section if asked for, then the overrides; a later one wins.
    mutating func apply(_ overrides: [Override], quick wanted: Bool, _ faults: inout Faults) {
        applyQuick(wanted: wanted, &faults)
        for override in overrides { apply(override, &faults) }
    }

    /// The section's values are checked even when they are not wanted.
    private mutating func applyQuick(wanted: Bool, _ faults: inout Faults) {
        guard let quick else {
            if wanted { faults.add(mapping(lacking: "quick"), "", .noQuickSection) }
            return
        }
        var applied = self
        for entry in quick.entries where !faults.isFull {
            let shown = "quick.\(entry.key)"
            guard
                let setting = Setting.named(entry.key, shown: shown, place: entry.keyPlace, &faults)
            else { continue }
            let node = entry.value
            let single =
                node.sequence == nil
                || setting.kind.isList && !(node.sequence ?? []).contains { $0.sequence != nil }
                || setting.kind.maySayWhen
                    && (node.sequence ?? []).allSatisfy { $0.scalar?.text.first?.isNumber ?? false }
            let values = single ? [node] : node.sequence ?? []
            applied.replace(
                setting, by: values, place: entry.keyPlace, valuesPlace: node.place, shown: shown, &faults)
        }
        if wanted { self = applied }
    }

    private mutating func apply(_ override: Override, _ faults: inout Faults) {
        let place = SweepError.Place.override(override.argument)
        guard let sign = override.argument.firstIndex(of: "="), sign > override.argument.startIndex else {
            faults.add(place, "", .overrideShape)
            return
        }
        let path = String(override.argument[..<sign])
        let text = override.argument[override.argument.index(after: sign)...]
        guard let setting = Setting.named(path, shown: path, place: place, &faults) else { return }
        do {
            let node = try YAMLReader.read(Array("[\(text)]".utf8), override: override.argument)
            guard let values = node.sequence, !values.isEmpty else {
                faults.add(place, path, .overrideShape)
                return
            }
            replace(setting, by: values, place: place, valuesPlace: place, shown: path, &faults)
        } catch {
            faults.add(error.place, path, error.problem)
        }
    }

    /// One value sets the setting (or is the axis' only value), several make or replace an axis. Settings
    /// that the new one excludes are dropped.
    private mutating func replace(
        _ setting: Setting, by nodes: [YAMLNode], place: SweepError.Place, valuesPlace: SweepError.Place,
        shown: String, _ faults: inout Faults
    ) {
        let path = setting.path
        let index = axes.firstIndex { $0.axis.path == path }
        let only = nodes.count == 1 ? nodes[0] : nil
        let isAxis =
            only.map {
                $0.isRule && setting.kind.isNumeric
                    || $0.sequence != nil && !setting.kind.isList && !setting.kind.maySayWhen
            } ?? true
        if isAxis, Setting.neverAxes.contains(path) {
            faults.add(place, shown, .neverAnAxis(path))
            return
        }
        if isAxis || index != nil {
            let values: AxisValues? =
                if isAxis, let only {
                    only.axisValues(of: setting, shown: shown, &faults)
                } else {
                    YAMLNode.list(nodes, of: setting, shown: shown, place: valuesPlace, &faults)
                }
            guard let values else { return }
            let axis = DraftAxis(axis: Axis(path: path, values: values), place: place, shown: shown)
            if let index { axes[index] = axis } else { axes.append(axis) }
            drop(excludedBy: path)
            fixed[path] = nil
            return
        }
        guard let only, let value = only.value(of: setting.kind, path: shown, &faults) else { return }
        drop(excludedBy: path)
        fixed[path] = Given(value: value["name"] ?? value, place: place, shown: shown)
        guard path == "dataset" else { return }
        for (key, option) in value.object ?? [:] where key != "name" {
            fixed["dataset." + key] = Given(value: option, place: place, shown: "\(shown).\(key)")
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
