import Text

/// A sweep file in the course of reading: settings and axes by path, each with its location in the file.
/// Overrides are applied to it.
struct Draft {
    struct Given {
        var value: JSONValue
        var location: SweepError.Location
        /// The path as written in the file.
        var shown: String
    }

    struct DraftAxis {
        var axis: Axis
        var location: SweepError.Location
        var shown: String
    }

    /// Axes that advance together.
    struct Zip {
        /// The key that lists them: "zip" or "sobol".
        var key: String
        var paths: [String]
        var location: SweepError.Location
    }

    /// The locations of the file's mapping and of each mapping in it. A missing setting is reported there.
    private var mappings: [String: SweepError.Location] = [:]
    var name: String?
    var fixed: [String: Given] = [:]
    var axes: [DraftAxis] = []
    /// The file's own axes, before `quick` and overrides.
    private(set) var fileAxes: [Axis] = []
    var zips: [Zip] = []
    var conditions: [YAMLNode] = []
    var figures: YAMLNode?
    var claims: YAMLNode?
    /// The facts of the files that the sweep names.
    var files = SweepFiles()
    var style = FigureStyle()
    var quick: (entries: [YAMLNode.Entry], location: SweepError.Location)?
    /// The entries of the network's list by path, and its values that axes must give.
    var layerEntries: [String: NetworkReader.Entry] = [:]
    var layerVacancies: [String: SweepError.Location] = [:]

    static let keys =
        ["name"] + Setting.all.filter { $0.group == nil }.map(\.path)
        + ["training", "measures", "axes", "zip", "sobol", "where", "figures", "claims", "style", "quick"]

    /// Whether a name is one of the file's keys, or a setting's path.
    private static func isName(_ name: String) -> Bool { keys.contains(name) || Setting.isName(name) }

    // MARK: Reading

    init(_ root: YAMLNode, _ faults: inout Faults) {
        guard let entries = root.mapping else {
            faults.add(root.location, "", .wrongType(due: .mapping, found: root.found))
            return
        }
        mappings[""] = root.location
        for entry in entries where !faults.isFull { read(entry, &faults) }
        if name == nil, !entries.contains(where: { $0.key == "name" }) {
            faults.add(root.location, "", .missing(["name"]))
        }
        settleDraws()
        fileAxes = axes.map(\.axis)
    }

    /// The location of the mapping in which a setting is missing: its group's if the file has one, else the
    /// file's.
    func mapping(lacking path: String) -> SweepError.Location {
        var group = path[...]
        while let dot = group.lastIndex(of: ".") {
            group = group[..<dot]
            if let location = mappings[String(group)] { return location }
        }
        return mappings[""] ?? .wholeFile
    }

    private mutating func read(_ entry: YAMLNode.Entry, _ faults: inout Faults) {
        let node = entry.value
        switch entry.key {
        case "name": name = node.name(path: "name", &faults)
        case "version":
            // Present in a run's sweep.json.
            let only = Int(formatVersion)
            _ = node.integer(in: only...only, path: "version", &faults)
        case "files":
            // Present in a run's sweep.json.
            if let read = SweepFiles(node.json) {
                files = read
            } else {
                faults.add(node.location, "files", .wrongType(due: .files, found: node.found))
            }
        case "axes": readAxes(node, &faults)
        case "zip", "sobol": readZip(entry.key, node, &faults)
        case "where":
            let items = node.scalar == nil ? node.list(path: "where", limit: 1000, &faults) : [node]
            conditions = items ?? []
        case "figures": figures = node
        case "claims": claims = node
        case "style": style = FigureStyle(node, &faults)
        case "quick":
            if let entries = node.mapping {
                quick = (entries, entry.keyLocation)
            } else {
                faults.add(node.location, "quick", .wrongType(due: .mapping, found: node.found))
            }
        case "training", "measures": readGroup(entry.key, node, location: entry.keyLocation, &faults)
        default:
            if Setting[path: entry.key] != nil, !entry.key.contains(".") {
                give(entry.key, node, location: entry.keyLocation, &faults)
            } else if !faults.addAlias(entry.keyLocation, entry.key, entry.key, isKnown: Draft.isName) {
                let suggestion =
                    nearestSpelling(to: entry.key, among: Draft.keys)
                    ?? Setting.suggestion(for: entry.key, inGroup: nil)
                faults.add(
                    entry.keyLocation, entry.key, .unknownKey(due: Draft.keys, suggestion: suggestion))
            }
        }
    }

    private mutating func readGroup(
        _ group: String, _ node: YAMLNode, location: SweepError.Location, _ faults: inout Faults
    ) {
        guard let entries = node.mapping else {
            faults.add(
                node.location, group,
                .wrongType(due: .mapping, found: node.found))
            return
        }
        mappings[group] = location
        // `effective_rank: {}` requests the measure with its defaults.
        if entries.isEmpty, MeasureCatalogue.listedPaths.contains(group) {
            fixed[group] = Given(value: .bool(true), location: node.location, shown: group)
        }
        for entry in entries where !faults.isFull {
            let path = "\(group).\(entry.key)"
            if Setting.groups.contains(path), entry.value.mapping != nil {
                readGroup(path, entry.value, location: entry.keyLocation, &faults)
            } else if Setting[path: path] != nil {
                give(path, entry.value, location: entry.keyLocation, &faults)
            } else if !Setting.addAlias(
                path, inGroup: group, shown: path, location: entry.keyLocation, &faults)
            {
                let suggestion = Setting.suggestion(for: path, inGroup: group)
                faults.add(entry.keyLocation, path, .unknownSetting(suggestion: suggestion))
            }
        }
    }

    /// Sets a setting from a node with one value.
    private mutating func give(
        _ path: String, _ node: YAMLNode, location: SweepError.Location, shown: String? = nil,
        _ faults: inout Faults
    ) {
        guard let setting = Setting[path: path] else { return }
        let shown = shown ?? path
        if let earlier = fixed[path] {
            faults.add(location, shown, .givenTwice(first: earlier.location))
            return
        }
        if path == "dataset", node.mapping != nil {
            giveDataset(node, location: location, &faults)
            return
        }
        if path == "network" {
            giveNetwork(node, location: location, shown: shown, &faults)
            return
        }
        if path == "layers", node.sequence?.contains(where: { $0.mapping != nil }) ?? false {
            faults.add(location, shown, Draft.layersAreListed)
            return
        }
        if node.sequence != nil, !setting.kind.isList, !setting.kind.maySayWhen {
            let problem: SweepError.Problem =
                path == "model"
                ? .wrongType(due: .oneOf(Setting.modelNames), found: "a list") : .belongsUnderAxes
            faults.add(node.location, shown, problem)
            return
        }
        if setting.kind.isNumeric, node.isRule {
            faults.add(node.location, shown, .belongsUnderAxes)
            return
        }
        guard let value = node.value(of: setting.kind, path: shown, &faults) else { return }
        fixed[path] = Given(value: value, location: node.location, shown: shown)
    }

    /// Reads a data set's mapping. Without a name it holds options that all values of the axis `dataset`
    /// share.
    private mutating func giveDataset(_ node: YAMLNode, location: SweepError.Location, _ faults: inout Faults)
    {
        mappings["dataset"] = location
        guard let members = node.datasetMembers(path: "dataset", &faults) else { return }
        for entry in node.mapping ?? [] {
            let path = entry.key == "name" ? "dataset" : "dataset." + entry.key
            guard let value = members[entry.key] else { continue }
            fixed[path] = Given(value: value, location: entry.value.location, shown: path)
        }
    }

    /// Where `inputs` is a file, `dataset` needs no name. Arrays are also the only points of a network from a file.
    mutating func implyArray() {
        let inputs = Axis.values(of: "dataset.inputs", axes.map(\.axis), fixed.mapValues(\.value))
        guard fixed["model"]?.value.string == "onnx" || inputs.contains(where: { $0.string != nil }),
            fixed["dataset"] == nil, !axes.contains(where: { $0.axis.path == "dataset" })
        else { return }
        fixed["dataset"] = Given(
            value: .string("array"), location: mapping(lacking: "dataset.inputs"), shown: "dataset")
    }

    // MARK: Axes

    private mutating func readAxes(_ node: YAMLNode, _ faults: inout Faults) {
        // JSON objects have no order, so a normalised sweep has a list of axes: [{"beta": …}, {"seed": …}].
        var entries = node.mapping ?? []
        if let items = node.sequence {
            for item in items {
                guard let entry = item.mapping, entry.count == 1 else {
                    faults.add(item.location, "axes", .wrongType(due: .mapping, found: item.found))
                    continue
                }
                entries += entry
            }
        } else if node.mapping == nil {
            faults.add(node.location, "axes", .wrongType(due: .mapping, found: node.found))
        }
        for entry in entries where !faults.isFull {
            let shown = "axes.\(entry.key)"
            guard let setting = Setting.forAxis(entry.key, shown: shown, location: entry.keyLocation, &faults)
            else { continue }
            if let earlier = axes.first(where: { $0.axis.path == entry.key }) {
                faults.add(entry.keyLocation, shown, .givenTwice(first: earlier.location))
            } else if let values = axisValues(entry, of: setting, shown: shown, &faults) {
                axes.append(
                    DraftAxis(
                        axis: Axis(path: entry.key, values: values), location: entry.keyLocation, shown: shown
                    ))
            }
        }
    }

    private mutating func axisValues(
        _ entry: YAMLNode.Entry, of setting: Setting, shown: String, _ faults: inout Faults
    ) -> AxisValues? {
        let node = entry.value
        guard setting.kind == .network else { return node.axisValues(of: setting, shown: shown, &faults) }
        return networks(node.sequence ?? [node], location: node.location, shown: shown, &faults)
    }

    private mutating func readZip(_ key: String, _ node: YAMLNode, _ faults: inout Faults) {
        guard var groups = node.list(path: key, limit: 100, &faults) else { return }
        // A single group may be written without the outer list.
        if !groups.isEmpty, groups.allSatisfy({ $0.scalar != nil }) { groups = [node] }
        // Where groups and names are mixed, only the first name is reported: the others are right or wrong
        // with it.
        if let stray = groups.first(where: { $0.sequence == nil }) { groups = [stray] }
        for group in groups {
            guard let items = group.list(path: key, limit: 100, &faults) else { continue }
            let paths = items.compactMap { $0.text(path: key, due: .text, &faults)?.text }
            if paths.count < 2, paths.count == items.count { faults.add(group.location, key, .zipTooShort) }
            zips.append(Zip(key: key, paths: paths, location: group.location))
        }
    }
}

extension Setting {
    /// The setting for an axis's path, or nil with a fault.
    static func forAxis(
        _ path: String, shown: String, location: SweepError.Location, _ faults: inout Faults
    ) -> Setting? {
        if neverAxes.contains(path) {
            faults.add(location, shown, .neverAnAxis(path))
            return nil
        }
        return named(path, shown: shown, location: location, &faults)
    }

    /// The setting with this path, or nil with a fault.
    static func named(
        _ path: String, shown: String, location: SweepError.Location, _ faults: inout Faults
    ) -> Setting? {
        if let setting = Setting[path: path] { return setting }
        if path.hasPrefix("network.") {
            faults.add(location, shown, .conflict(.data(LayerWord.naming(path)), point: ""))
        } else if groups.contains(path) {
            let members = all.filter { $0.group.map { $0 == path } ?? false }.map(\.path)
            faults.add(location, shown, .groupNotSetting(members))
        } else if !addAlias(path, inGroup: nil, shown: shown, location: location, &faults) {
            faults.add(location, shown, .unknownSetting(suggestion: suggestion(for: path, inGroup: nil)))
        }
        return nil
    }

    /// Adds a fault if the path is an old or foreign name, with the present one, without the group's name inside
    /// a group. Returns whether it is.
    static func addAlias(
        _ path: String, inGroup group: String?, shown: String, location: SweepError.Location,
        _ faults: inout Faults
    ) -> Bool {
        guard let answer = Alias.answer(to: path, isKnown: isName) else { return false }
        func shortened(_ path: String) -> String {
            group.map { path.hasPrefix($0 + ".") ? String(path.dropFirst($0.count + 1)) : path } ?? path
        }
        faults.add(location, shown, .alias(shortened(path), answer.mapName(shortened)))
        return true
    }

    /// Whether a path belongs to a setting or a group.
    static func isName(_ path: String) -> Bool { Setting[path: path] != nil || groups.contains(path) }

    /// The setting that a misspelt path probably means: one with a similar path or a similar last part.
    /// Inside a group the suggestion leaves out the group's name.
    static func suggestion(for path: String, inGroup group: String?) -> String? {
        func last(_ path: String) -> String { String(path.split(separator: ".").last ?? "") }
        if let group {
            let members = all.filter { $0.path.hasPrefix(group + ".") }
            if let near = nearestSpelling(to: last(path), among: members.map { last($0.path) }) {
                return near
            }
        }
        if let near = nearestSpelling(to: path, among: all.map(\.path)),
            // In a short word in a long path each letter could be another.
            editDistance(Array(last(path)), Array(last(near))) < last(path).count
        {
            return near
        }
        if let near = nearestSpelling(to: last(path), among: all.map { last($0.path) }) {
            return all.first { last($0.path) == near }?.path
        }
        return nil
    }
}
