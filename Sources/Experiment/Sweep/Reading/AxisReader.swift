import Text

extension YAMLNode {
    /// The rules that generate values, with the keys beside them.
    private static let rules: KeyValuePairs<String, [String]> = [
        "log": ["count"], "linear": ["count"], "range": ["step"], "uniform": ["count", "seed"],
        "log_uniform": ["count", "seed"],
    ]
    private static let ruleNames = rules.map(\.key)

    /// Whether the node is a mapping that generates values, as {log: …}.
    var isRule: Bool { mapping?.contains { YAMLNode.ruleNames.contains($0.key) } ?? false }

    /// The values of an axis, from a list or a rule; nil with a fault.
    func axisValues(of setting: Setting, shown: String, _ faults: inout Faults) -> AxisValues? {
        if let items = sequence {
            return YAMLNode.list(items, of: setting, shown: shown, location: location, &faults)
        }
        guard let entries = mapping else {
            faults.add(location, shown, .wrongType(due: .values, found: found))
            return nil
        }
        guard isRule else {
            let rules = YAMLNode.ruleNames
            for entry in entries {
                // W&B's `distribution: log_uniform` says more by its value.
                for word in [entry.value.scalar?.text, entry.key].compactMap(\.self)
                where faults.addAlias(
                    entry.keyLocation, "\(shown).\(entry.key)", word, isKnown: rules.contains)
                {
                    return nil
                }
            }
            let suggestion = entries.compactMap { nearestSpelling(to: $0.key, among: rules) }.first
            if let first = entries.first, let suggestion {
                faults.add(
                    first.keyLocation, "\(shown).\(first.key)",
                    .unknownKey(due: rules, suggestion: suggestion))
            } else {
                faults.add(location, shown, .wrongType(due: .values, found: found))
            }
            return nil
        }
        return rule(entries, of: setting, shown: shown, &faults)
    }

    /// Reads listed values, checks each, and refuses repeated ones.
    static func list(
        _ items: [YAMLNode], of setting: Setting, shown: String, location: SweepError.Location,
        _ faults: inout Faults
    ) -> AxisValues? {
        guard !items.isEmpty else {
            faults.add(location, shown, .emptyList)
            return nil
        }
        let values = items.compactMap { $0.value(of: setting.kind, path: shown, &faults) }
        guard values.count == items.count else { return nil }
        if let (first, second) = firstRepeat(in: values.map(\.canonicalText)) {
            let text = shortened(values[second].string ?? values[second].canonicalText)
            faults.add(items[second].location, shown, .repeatedValue(text, first: items[first].location))
            return nil
        }
        return .list(values)
    }

    // MARK: Rules

    private func rule(
        _ entries: [Entry], of setting: Setting, shown: String, _ faults: inout Faults
    ) -> AxisValues? {
        let name = entries.first { YAMLNode.ruleNames.contains($0.key) }?.key ?? ""
        guard setting.kind.isNumeric else {
            faults.add(location, shown, .notNumericAxis(rule: name))
            return nil
        }
        let keys = [name] + YAMLNode.rules.filter { $0.key == name }.flatMap(\.value)
        for entry in entries where !keys.contains(entry.key) {
            let path = "\(shown).\(entry.key)"
            if !faults.addAlias(entry.keyLocation, path, entry.key, isKnown: keys.contains) {
                let suggestion = nearestSpelling(to: entry.key, among: keys)
                faults.add(entry.keyLocation, path, .unknownKey(due: keys, suggestion: suggestion))
            }
            return nil
        }
        func member(_ key: String) -> YAMLNode? { entries.first { $0.key == key }?.value }
        let ends = member(name) ?? self
        if name == "range" { return range(ends, step: member("step"), of: setting, shown: shown, &faults) }
        guard let (first, last, count) = interval(name, ends, member("count"), of: setting, shown, &faults)
        else { return nil }
        if name == "log" || name == "linear" {
            return spaced(name, first, last, count, of: setting, shown: shown, &faults)
        }
        guard first < last else {
            faults.add(
                ends.location, "\(shown).\(name)", .endsNotOrdered(numberText(first), numberText(last)))
            return nil
        }
        let limit = DrawnValues.maxCount
        guard count.value <= limit else {
            faults.add(count.node.location, "\(shown).count", .tooManyDraws(limit: limit))
            return nil
        }
        var seed = 0
        if let node = member("seed") {
            guard let value = node.integer(in: 0...Setting.seedLimit, path: "\(shown).seed", &faults) else {
                return nil
            }
            seed = value
        }
        return .drawn(
            DrawnValues(
                DrawnValues.Rule(
                    isLogarithmic: name == "log_uniform", first: first, last: last, count: count.value,
                    seed: seed, isWhole: setting.kind.isWhole, path: setting.path)))
    }

    private func range(
        _ ends: YAMLNode, step: YAMLNode?, of setting: Setting, shown: String, _ faults: inout Faults
    ) -> AxisValues? {
        let path = "\(shown).range"
        guard let items = ends.sequence, items.count == 2 else {
            faults.add(ends.location, path, .endsNotTwo)
            return nil
        }
        let any = -Setting.seedLimit...Setting.seedLimit
        guard let lower = items[0].integer(in: any, path: path, &faults),
            let upper = items[1].integer(in: any, path: path, &faults)
        else { return nil }
        var stepValue = 1
        if let step {
            guard let value = step.integer(in: 1...Setting.seedLimit, path: "\(shown).step", &faults) else {
                return nil
            }
            stepValue = value
        }
        let values = AxisValues.range(lower: lower, upper: upper, step: stepValue)
        guard values.count > 0 else {
            faults.add(ends.location, path, .rangeEmpty(lower: lower, upper: upper))
            return nil
        }
        let last = lower + (values.count - 1) * stepValue
        for (number, item) in [(lower, items[0]), (last, items[1])] {
            guard item.fits(Double(number), setting.kind, path: path, &faults) else { return nil }
        }
        return values
    }

    /// The different ends of a rule and its count.
    private func interval(
        _ name: String, _ ends: YAMLNode, _ count: YAMLNode?, of setting: Setting, _ shown: String,
        _ faults: inout Faults
    ) -> (first: Double, last: Double, count: (value: Int, node: YAMLNode))? {
        let path = "\(shown).\(name)"
        guard let items = ends.sequence, items.count == 2 else {
            faults.add(ends.location, path, .endsNotTwo)
            return nil
        }
        guard let count else {
            faults.add(location, shown, .missing(["count"]))
            return nil
        }
        let numbers = items.compactMap { $0.number(in: Bounds(.none, .none), path: path, &faults) }
        guard numbers.count == 2,
            let size = count.integer(in: 0...Setting.seedLimit, path: "\(shown).count", &faults)
        else { return nil }
        guard size >= 2, size <= 1_000_000 else {
            faults.add(count.location, "\(shown).count", .countTooSmall)
            return nil
        }
        for (number, item) in zip(numbers, items) {
            if name.hasPrefix("log"), number <= 0 {
                faults.add(item.location, path, .logOfNonPositive(numberText(number), rule: name))
                return nil
            }
            guard item.fits(number, setting.kind, path: path, &faults) else { return nil }
        }
        guard numbers[0] != numbers[1] else {
            faults.add(ends.location, path, .endsNotAscending(numberText(numbers[0])))
            return nil
        }
        return (numbers[0], numbers[1], (size, count))
    }

    private func spaced(
        _ name: String, _ first: Double, _ last: Double, _ count: (value: Int, node: YAMLNode),
        of setting: Setting, shown: String, _ faults: inout Faults
    ) -> AxisValues? {
        let whole = setting.kind.isWhole
        let values: AxisValues =
            name == "log"
            ? .logarithmic(first: first, last: last, count: count.value, whole: whole)
            : .linear(first: first, last: last, count: count.value, whole: whole)
        var before = values[0]
        for index in 1..<count.value {
            let value = values[index]
            if value == before {
                faults.add(count.node.location, "\(shown).count", .repeatedAfterRounding(value.canonicalText))
                return nil
            }
            before = value
        }
        return values
    }

    /// Whether an end of a rule is a valid value of `kind`. Adds a fault where it isn't.
    private func fits(_ number: Double, _ kind: SettingType, path: String, _ faults: inout Faults) -> Bool {
        let bounds: Bounds
        let kind = kind.ofNumbers
        switch kind {
        case .integer, .points:
            guard number == number.rounded() else {
                faults.add(location, path, .notWhole(numberText(number)))
                return false
            }
            bounds =
                if case .integer(let range) = kind { Bounds(range) } else { Bounds(SettingType.pointRange) }
        case .number(let given), .numberOrOff(let given): bounds = given
        default: return true
        }
        guard bounds.contains(number) else {
            faults.add(location, path, .outOfBounds(numberText(number), bounds: bounds.due))
            return false
        }
        return true
    }

    // MARK: Texts

    /// The name of a sweep or figure. It becomes part of file names, which other programs would take for an
    /// option if it began with '-'.
    package func name(path: String, _ faults: inout Faults) -> String? {
        guard let scalar = text(path: path, due: .text, &faults) else { return nil }
        guard YAMLNode.isName(scalar.text) else {
            faults.add(location, path, .badName(shown))
            return nil
        }
        return scalar.text
    }

    /// Whether a text may be such a name.
    static func isName(_ text: String) -> Bool {
        let sound = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [45, 46, 95].contains(byte)
        }
        return sound && (1...100).contains(text.utf8.count) && !text.hasPrefix(".") && !text.hasPrefix("-")
    }
}
