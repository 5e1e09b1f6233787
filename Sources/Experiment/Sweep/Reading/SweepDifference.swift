import Text

/// The differences between two sweeps, by axis and by setting.
public struct SweepDifference: Equatable, Sendable {
    /// One difference.
    public struct Item: Equatable, Sendable {
        /// The setting's path, or "where", "zip", "figures" or "name".
        public let path: String
        /// The value in the first sweep, as text.
        public let before: String
        /// The value in the second sweep, as text.
        public let after: String
    }

    /// The differences.
    public let items: [Item]
    /// Arguments of `--set` that extend the first sweep to the second; nil where the second doesn't only have
    /// more values.
    public let additions: [String]?

    /// The differences from one sweep to another; nil where there are none.
    public init?(from old: SweepSpec, to new: SweepSpec) {
        guard old.canonicalJSON != new.canonicalJSON else { return nil }
        var items: [Item] = []
        var additions: [String]? = []
        if old.name != new.name { items.append(Item(path: "name", before: old.name, after: new.name)) }
        var paths = old.axes.map(\.path)
        paths += new.axes.map(\.path).filter { !paths.contains($0) }
        paths += Set(old.grid.fixed.keys).union(new.grid.fixed.keys).sorted().filter { !paths.contains($0) }
        for path in paths {
            let (before, after) = (Values(path, old), Values(path, new))
            guard before != after else { continue }
            items.append(
                Item(path: path, before: before.text(beside: after), after: after.text(beside: before)))
            if let argument = after.argument(adding: before, path) {
                additions?.append(argument)
            } else {
                additions = nil
            }
        }
        func compare(_ path: String, _ before: [String], _ after: [String], isOfTrials: Bool) {
            guard before != after else { return }
            func text(_ words: [String]) -> String { words.isEmpty ? "none" : words.joined(separator: "; ") }
            items.append(Item(path: path, before: text(before), after: text(after)))
            if isOfTrials { additions = nil }
        }
        for (key, groups) in [("zip", \SweepSpec.zip), ("sobol", \SweepSpec.sobol)] {
            func texts(_ spec: SweepSpec) -> [String] {
                spec[keyPath: groups].map { $0.joined(separator: ", ") }
            }
            compare(key, texts(old), texts(new), isOfTrials: true)
        }
        compare("where", old.conditions.map(\.text), new.conditions.map(\.text), isOfTrials: true)
        for (path, file) in new.files.named {
            guard let before = old.files.facts[path]?.file, before != file else { continue }
            func text(_ file: ContentFile) -> [String] { ["SHA-256 \(file.digest.prefix(16))…"] }
            compare(path, text(before), text(file), isOfTrials: true)
        }
        if old.figures != new.figures {
            // Figures are long and can be drawn from any records, so the text only names them.
            let names = Set(old.figures.map(\.name))
            let after = new.figures.filter { !old.figures.contains($0) }.map { figure in
                names.contains(figure.name) ? "\(figure.name), drawn otherwise" : figure.name
            }
            compare(
                "figures", old.figures.filter { !new.figures.contains($0) }.map(\.name), after,
                isOfTrials: false)
        }
        let (claimed, claims) = (old.claims.map(\.text), new.claims.map(\.text))
        if old.claims != new.claims {
            compare(
                "claims", claimed.filter { !claims.contains($0) },
                new.claims.filter { !old.claims.contains($0) }.map(\.text), isOfTrials: false)
        }
        if items.isEmpty {
            items = SweepDifference.keys(old.canonicalJSON, new.canonicalJSON)
            additions = nil
        }
        self.items = items
        self.additions = additions?.isEmpty == true ? nil : additions
    }

    /// Any other differences, by the sweeps' top-level keys, such as in the order of figures.
    private static func keys(_ old: JSONValue, _ new: JSONValue) -> [Item] {
        let keys = Set((old.object ?? [:]).keys).union((new.object ?? [:]).keys).sorted()
        return keys.filter { old[$0] != new[$0] }.map { key in
            Item(
                path: key, before: old[key]?.canonicalText ?? "not given",
                after: new[key]?.canonicalText ?? "not given")
        }
    }

    /// Whether the trials differ, not only their figures or the name.
    public var isOfTrials: Bool {
        items.contains { !["figures", "claims", "name", "style"].contains($0.path) }
    }

    /// The values in a sweep at a path.
    private enum Values: Equatable {
        case absent
        case one(JSONValue)
        case axis(Axis)

        init(_ path: String, _ spec: SweepSpec) {
            if let axis = spec.axes.first(where: { $0.path == path }) {
                self = .axis(axis)
            } else {
                self = spec.grid.fixed[path].map { .one($0) } ?? .absent
            }
        }

        /// The most values that are compared one by one.
        private static let limit = 100_000

        private var texts: [String] {
            switch self {
            case .absent: []
            case .one(let value): [Values.text(value)]
            case .axis(let axis):
                axis.count > Values.limit ? [] : (0..<axis.count).map { Values.text(axis.values[$0]) }
            }
        }

        private static func text(_ value: JSONValue) -> String { value.string ?? value.canonicalText }

        /// The values as text; of many values only those that `other` doesn't have.
        func text(beside other: Values) -> String {
            let all = texts
            switch self {
            case .absent: return "not given"
            case .one: return all.joined()
            case .axis(let axis):
                guard axis.count > 8, !all.isEmpty else {
                    guard case .axis(let named) = other, named.valuesText == axis.valuesText else {
                        return axis.valuesText
                    }
                    // The names are equal, so that the values behind some of them differ.
                    let others = Set(other.texts)
                    return all.indices.map { others.contains(all[$0]) ? axis.labelText(at: $0) : all[$0] }
                        .joined(separator: ", ")
                }
                let others = Set(other.texts)
                let own = all.filter { !others.contains($0) }
                guard !own.isEmpty, own.count < all.count else {
                    return "\(axis.count) values: \(axis.valuesText)"
                }
                let shown = own.prefix(8).joined(separator: ", ") + (own.count > 8 ? ", …" : "")
                return "\(axis.count) values, \(own.count) of them only there: \(shown)"
            }
        }

        /// The `--set` argument that gives these values, as "seed=0,1,2"; nil where some value of `other`
        /// isn't among them.
        func argument(adding other: Values, _ path: String) -> String? {
            guard case .axis(let axis) = self, other != .absent else { return nil }
            let (own, before) = (texts, other.texts)
            guard !own.isEmpty, !before.isEmpty, Set(before).isSubset(of: own) else { return nil }
            if case .list(let values) = axis.values {
                let words = zip(values, own).map { value, text in
                    // The run knows its own networks by their names.
                    path == "network" && before.contains(text) ? value["name"]?.string ?? text : text
                }
                return "\(path)=\(words.joined(separator: ","))"
            }
            // The rule as a person writes it, as {range: [0, 40]}.
            let rule = axis.values.json.canonicalText.filter { $0 != "\"" }
            let text =
                own.count <= 12 && !axis.values.isDrawn
                ? own.joined(separator: ",")
                : rule.map { character in
                    character == ":" || character == "," ? "\(character) " : "\(character)"
                }.joined()
            return "\(path)=\(text)"
        }
    }
}
