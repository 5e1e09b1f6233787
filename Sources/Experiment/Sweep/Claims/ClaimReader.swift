import Text

/// Reads and checks the claims of a sweep whose grid is known.
struct ClaimReader {
    static let relations = [
        "above", "below", "within", "falls_along", "rises_along", "monotone_in", "slope_in",
    ]
    static let keys =
        ["text", "metric", "at"] + relations + ["by", "direction", "tolerance", "log", "cells"]
    /// The keys that a relation may have beside it.
    private static let companions: [String: [String]] = [
        "falls_along": ["by"], "rises_along": ["by"], "monotone_in": ["direction", "tolerance"],
        "slope_in": ["log", "above", "below", "within"],
    ]

    /// Reads metrics, and knows the grid.
    let figures: FigureReader
    /// The file's own axes. A claim may name a value that `quick` or an override removed.
    let fileAxes: [Axis]

    /// The claims. Those about values that `quick` or an override left out are left out, too.
    func claims(_ node: YAMLNode, _ faults: inout Faults) -> [ClaimSpec] {
        var claims: [ClaimSpec] = []
        var texts: [String: SweepError.Location] = [:]
        for item in node.list(path: "claims", limit: 1000, &faults) ?? [] where !faults.isFull {
            guard let entries = item.mapping else {
                faults.add(item.location, "claims", .wrongType(due: .mapping, found: item.found))
                continue
            }
            let members = Members(entries)
            checkKeys(entries, &faults)
            guard let textNode = members["text"], members["metric"] != nil else {
                faults.add(
                    item.location, "claims", .missing([members["text"] == nil ? "text" : "metric"]))
                continue
            }
            guard let text = textNode.title(path: "claims.text", &faults) else { continue }
            if let first = texts[text] {
                faults.add(textNode.location, "claims.text", .claim(.repeatedText(first: first)))
            }
            texts[text] = textNode.location
            if let claim = claim(text, item, members, &faults) { claims.append(claim) }
        }
        return claims
    }

    /// The values of a claim by their keys.
    struct Members {
        let entries: [YAMLNode.Entry]
        init(_ entries: [YAMLNode.Entry]) { self.entries = entries }
        subscript(key: String) -> YAMLNode? { entries.first { $0.key == key }?.value }
    }

    private func claim(
        _ text: String, _ node: YAMLNode, _ members: Members, _ faults: inout Faults
    ) -> ClaimSpec? {
        guard let key = relation(node, members, &faults) else { return nil }
        var along: ClaimSpec.Along?
        if ClaimReader.companions[key] != nil, let given = members[key] {
            switch self.along(given, "claims.\(key)", &faults) {
            case .some(let found): along = found
            case nil: return nil
            }
        }
        let isRemoved: Bool
        let selection: ClaimSpec.Selection?
        (selection, isRemoved) = self.selection(members, along: along, besides: nil, &faults)
        guard let selection else { return nil }
        let cells = members["cells"]?.word(
            of: ClaimSpec.Cells.allCases.map(\.rawValue), path: "claims.cells", &faults
        ).flatMap(ClaimSpec.Cells.init(rawValue:))
        guard let relation = relation(key, along, members, selection, &faults), !isRemoved, faults.isEmpty
        else { return nil }
        return ClaimSpec(text: text, selection: selection, relation: relation, cells: cells ?? .all)
    }

    private func checkKeys(_ entries: [YAMLNode.Entry], _ faults: inout Faults) {
        for entry in entries where !ClaimReader.keys.contains(entry.key) {
            let suggestion = nearestSpelling(to: entry.key, among: ClaimReader.keys)
            faults.add(
                entry.keyLocation, "claims.\(entry.key)",
                .unknownKey(due: ClaimReader.keys, suggestion: suggestion))
        }
    }

    // MARK: Relations

    /// The key of the relation: the only one, where slopes may have a comparison beside them.
    private func relation(_ node: YAMLNode, _ members: Members, _ faults: inout Faults) -> String? {
        let given = members.entries.filter { ClaimReader.relations.contains($0.key) }
        let main = given.first { ClaimReader.companions[$0.key] != nil } ?? given.first
        guard let main else {
            faults.add(node.location, "claims", .claim(.noRelation))
            return nil
        }
        let allowed = ClaimReader.companions[main.key] ?? []
        let comparisons = given.filter { $0.key != main.key && allowed.contains($0.key) }
        if let other = given.first(where: { $0.key != main.key && !allowed.contains($0.key) })
            ?? comparisons.dropFirst().first
        {
            let first = comparisons.count > 1 ? comparisons[0].key : main.key
            faults.add(other.keyLocation, "claims.\(other.key)", .claim(.twoRelations(first, other.key)))
            return nil
        }
        for entry in members.entries where ["by", "direction", "tolerance", "log"].contains(entry.key) {
            if !allowed.contains(entry.key) {
                faults.add(
                    entry.keyLocation, "claims.\(entry.key)", .claim(.cannotHave(entry.key, with: main.key)))
            }
        }
        return main.key
    }

    private func relation(
        _ key: String, _ along: ClaimSpec.Along?, _ members: Members, _ selection: ClaimSpec.Selection,
        _ faults: inout Faults
    ) -> ClaimSpec.Relation? {
        guard let along else {
            return comparison(key, members, selection, &faults).map(ClaimSpec.Relation.compares)
        }
        switch key {
        case "falls_along", "rises_along":
            guard let amount = amount(members["by"], "claims.by", &faults) else { return nil }
            return key == "falls_along" ? .falls(along, by: amount) : .rises(along, by: amount)
        case "monotone_in":
            guard let node = members["direction"] else {
                faults.add(members[key]?.location ?? .wholeFile, "claims", .claim(.noDirection))
                return nil
            }
            let direction = node.word(of: ["rising", "falling"], path: "claims.direction", &faults)
            let tolerance = members["tolerance"].map {
                $0.number(in: Bounds(.closed(0), .none), path: "claims.tolerance", &faults)
            }
            guard let direction, let tolerance = tolerance ?? 0 else { return nil }
            return .monotone(along, isRising: direction == "rising", tolerance: tolerance)
        default:
            let log = members["log"].map {
                $0.word(of: ["x", "y", "xy"], path: "claims.log", &faults)
                    .flatMap(ClaimSpec.Logarithms.init(rawValue:))
            }
            guard let log = log ?? .some(.none) else { return nil }
            guard let key = ["above", "below", "within"].first(where: { members[$0] != nil }) else {
                faults.add(
                    members["slope_in"]?.location ?? .wholeFile, "claims.slope_in",
                    .missing(["above", "below", "within"]))
                return nil
            }
            guard let comparison = comparison(key, members, selection, &faults) else { return nil }
            if !comparison.isWithNumbers {
                faults.add(
                    members[key]?.location ?? .wholeFile, "claims.\(key)", .claim(.onlyNumbersForSlopes))
            }
            return .slope(along, log, comparison)
        }
    }

    private func comparison(
        _ key: String, _ members: Members, _ selection: ClaimSpec.Selection, _ faults: inout Faults
    ) -> ClaimSpec.Comparison? {
        guard let node = members[key] else { return nil }
        let path = "claims.\(key)"
        if key == "within", node.mapping == nil {
            guard let ends = node.sequence else {
                faults.add(node.location, path, .claim(.withinNotTwo))
                return nil
            }
            let numbers = ends.compactMap { $0.number(in: Bounds(.none, .none), path: path, &faults) }
            guard numbers.count == 2 else {
                if ends.count != 2 { faults.add(node.location, path, .claim(.withinNotTwo)) }
                return nil
            }
            guard numbers[0] <= numbers[1] else {
                faults.add(
                    node.location, path, .claim(.withinNotAscending(numbers[0], numbers[1])))
                return nil
            }
            return .within(numbers[0], numbers[1])
        }
        var (of, by): (YAMLNode, YAMLNode?) = (node, nil)
        if let entries = node.mapping, entries.contains(where: { $0.key == "of" || $0.key == "by" }) {
            let inner = Members(entries)
            for entry in entries where !["of", "by"].contains(entry.key) {
                faults.add(
                    entry.keyLocation, "\(path).\(entry.key)",
                    .unknownKey(due: ["of", "by"], suggestion: nil))
            }
            guard let given = inner["of"] else {
                faults.add(node.location, path, .missing(["of"]))
                return nil
            }
            (of, by) = (given, inner["by"])
        }
        if key == "within", by == nil {
            faults.add(node.location, path, .claim(.withinNotTwo))
            return nil
        }
        guard let reference = reference(of, path, members, selection, &faults),
            let amount = amount(by, "\(path).by", &faults)
        else { return nil }
        return switch key {
        case "above": .above(reference, by: amount)
        case "below": .below(reference, by: amount)
        default: .near(reference, by: amount)
        }
    }

    private func reference(
        _ node: YAMLNode, _ path: String, _ members: Members, _ own: ClaimSpec.Selection,
        _ faults: inout Faults
    ) -> ClaimSpec.Reference? {
        if node.scalar?.text == "theory" {
            let figure = FigureSpec(name: "", x: .layer, y: [own.quantity], theory: true)
            var found = Faults()
            figures.checkTheory(of: figure, node.location, &found)
            for fault in found.list { faults.add(fault.location, path, fault.problem) }
            return .theory
        }
        if let entries = node.mapping {
            let inner = Members(entries)
            for entry in entries where !["metric", "at"].contains(entry.key) {
                faults.add(
                    entry.keyLocation, "\(path).\(entry.key)",
                    .unknownKey(due: ["metric", "at"], suggestion: nil))
            }
            let (other, isRemoved) = selection(inner, along: nil, besides: own, &faults)
            guard let other, !isRemoved else { return nil }
            let free = freeAxes(of: own)
            if let varying = freeAxes(of: other).first(where: { !free.contains($0) }) {
                faults.add(node.location, path, .claim(.otherVaries(varying)))
            }
            return .selection(other)
        }
        guard let scalar = node.scalar, !scalar.quoted, case .success(let number) = decimalNumber(scalar)
        else {
            faults.add(node.location, path, .claim(.badReference(node.found)))
            return nil
        }
        return .number(number)
    }

    private func amount(_ node: YAMLNode?, _ path: String, _ faults: inout Faults) -> ClaimSpec.Amount? {
        guard let node else { return .number(0) }
        let text = node.scalar?.text ?? ""
        let isShare = text.hasSuffix("%")
        let plain = YAMLNode.Scalar(
            text: isShare ? String(text.dropLast()) : text, quoted: false, textColumn: nil)
        guard node.scalar != nil, case .success(let number) = decimalNumber(plain), number >= 0 else {
            faults.add(node.location, path, .claim(.badAmount(node.found)))
            return nil
        }
        return isShare ? .share(number / 100) : .number(number)
    }
}

extension ClaimSpec.Comparison {
    fileprivate var isWithNumbers: Bool {
        switch self {
        case .above(.number, _), .below(.number, _), .near(.number, _), .within: true
        default: false
        }
    }
}
