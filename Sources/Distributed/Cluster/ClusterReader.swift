import Sweep
import Text

/// Reads a cluster file's tree and collects its faults.
struct ClusterReader {
    /// Faults that any file of this kind may have.
    private var common = Faults()
    private var own: [ClusterError.Fault] = []
    private let engines: [any BatchEngine.Type]

    static let keys = ["name", "listen", "address", "keys", "bundle", "kernel", "defaults", "hosts"]
    static let hostKeys = [
        "host", "slots", "folder", "data", "tunnel", "ssh", "identity", "user", "port", "kernel",
    ]
    /// Keys of `defaults`: all of a host except its name.
    static let defaultKeys = hostKeys.filter { $0 != "host" }
    static let batchKeys = ["slots", "min_jobs", "max_jobs", "folder"]
    static let hostLimit = 10_000

    init(_ engines: [any BatchEngine.Type]) { self.engines = engines }

    /// Faults in the order of the file, ten at most.
    var sortedFaults: [ClusterError.Fault] {
        let all = common.list.map { ClusterError.Fault($0) } + own
        let order = all.indices.sorted { a, b in
            all[a].location == all[b].location ? a < b : all[a].location.precedes(all[b].location)
        }
        return order.prefix(SweepError.faultLimit).map { all[$0] }
    }

    mutating func read(_ root: YAMLNode) -> ClusterFile? {
        guard let entries = mapping(root, "") else { return nil }
        var nodes: [String: YAMLNode.Entry] = [:]
        for entry in known(entries, Self.keys + engines.map { $0.key }, "") { nodes[entry.key] = entry }
        var cluster = ClusterFile(name: "", engine: .hosts([]))
        if let entry = nodes["name"] {
            cluster.name = entry.value.name(path: "name", &common) ?? ""
        } else {
            common.add(root.location, "", .missing(["name"]))
        }
        if let entry = nodes["listen"] { cluster.listen = listen(entry.value) ?? cluster.listen }
        cluster.address = nodes["address"].flatMap { address($0.value) }
        cluster.keys = nodes["keys"].flatMap { text($0.value, "keys") }
        cluster.bundle = nodes["bundle"].flatMap { text($0.value, "bundle") }
        cluster.kernel = nodes["kernel"].flatMap { kernel($0.value, "kernel") }
        readEngine(nodes, lackingAt: root.location, &cluster)
        return common.list.isEmpty && own.isEmpty ? cluster : nil
    }

    private mutating func readEngine(
        _ nodes: [String: YAMLNode.Entry], lackingAt location: SweepError.Location,
        _ cluster: inout ClusterFile
    ) {
        let found = engines.compactMap { engine in nodes[engine.key].map { (engine, $0) } }
        if let (engine, entry) = found.first {
            let others = (nodes["hosts"] == nil ? [] : ["hosts"]) + found.dropFirst().map { $0.0.key }
            if let other = others.first {
                add(entry.keyLocation, engine.key, .twoEngines(other, engine.key))
                return
            }
            if let entry = nodes["defaults"] { add(entry.keyLocation, "defaults", .notWith(engine.key)) }
            if let settings = batch(entry.value, engine) { cluster.engine = .batch(settings) }
            if let entry = nodes["listen"], nodes["address"] == nil, isLoopback(cluster.listen) {
                add(entry.value.location, "listen", .needsNetwork(listen: cluster.listen))
            }
        } else if let hosts = nodes["hosts"] {
            var defaults = HostSettings(host: "")
            if let entry = nodes["defaults"], let entries = mapping(entry.value, "defaults") {
                for entry in known(entries, Self.defaultKeys, "defaults") {
                    apply(entry, "defaults", &defaults)
                }
            }
            cluster.engine = .hosts(self.hosts(hosts.value, defaults, cluster.listen))
        } else {
            add(location, "", .noEngine(["hosts"] + engines.map { $0.key }))
        }
    }

    // MARK: - Hosts

    private mutating func hosts(
        _ node: YAMLNode, _ defaults: HostSettings, _ listen: String
    ) -> [HostSettings] {
        guard let items = node.list(path: "hosts", limit: Self.hostLimit, &common) else { return [] }
        if items.isEmpty { add(node.location, "hosts", .noHosts) }
        var hosts: [HostSettings] = []
        var locations: [String: SweepError.Location] = [:]
        for item in items where !common.isFull {
            guard let host = host(item, defaults) else { continue }
            if let first = locations[host.host] {
                add(item.location, "hosts.\(host.host)", .hostTwice(first: first))
            }
            locations[host.host] = locations[host.host] ?? item.location
            if !host.tunnel, isLoopback(listen) {
                add(item.location, "hosts.\(host.host)", .needsTunnel(listen: listen))
            }
            hosts.append(host)
        }
        return hosts
    }

    private mutating func host(_ node: YAMLNode, _ defaults: HostSettings) -> HostSettings? {
        var host = defaults
        guard let entries = node.mapping else {
            guard let name = hostName(node, "hosts") else { return nil }
            host.host = name
            return host
        }
        guard let entry = entries.first(where: { $0.key == "host" }) else {
            common.add(node.location, "hosts", .missing(["host"]))
            return nil
        }
        guard let name = hostName(entry.value, "hosts.host") else { return nil }
        host.host = name
        let path = "hosts.\(name)"
        for entry in known(entries, Self.hostKeys, path) where entry.key != "host" {
            apply(entry, path, &host)
        }
        return host
    }

    private mutating func hostName(_ node: YAMLNode, _ path: String) -> String? {
        guard let scalar = node.text(path: path, due: .text, &common) else { return nil }
        guard isWord(scalar.text), !scalar.text.hasPrefix("-"), scalar.text.utf8.count <= 255 else {
            add(node.location, path, .badHostName(node.shown))
            return nil
        }
        return scalar.text
    }

    private mutating func apply(_ entry: YAMLNode.Entry, _ above: String, _ host: inout HostSettings) {
        let (node, path) = (entry.value, "\(above).\(entry.key)")
        switch entry.key {
        case "slots":
            // "auto" undoes what the defaults say.
            host.slots =
                node.scalar?.text == "auto" ? nil : node.integer(in: 1...1024, path: path, &common)
        case "folder": host.folder = folder(node, path) ?? host.folder
        case "data": host.data = node.scalar?.text == "auto" ? nil : folder(node, path)
        case "tunnel": host.tunnel = node.flag(path: path, &common) ?? host.tunnel
        // The host's own options come before the defaults, because ssh takes the first of each option.
        case "ssh": host.ssh = texts(node, path) + host.ssh
        case "identity": host.identity = text(node, path)
        case "user":
            guard let scalar = node.text(path: path, due: .text, &common) else { return }
            if isWord(scalar.text), !scalar.text.hasPrefix("-") {
                host.user = scalar.text
            } else {
                add(node.location, path, .badUser(node.shown))
            }
        case "port": host.port = node.integer(in: 1...65_535, path: path, &common)
        default: host.kernel = kernel(node, path)
        }
    }

    // MARK: - Batch engines

    private mutating func batch(_ node: YAMLNode, _ type: any BatchEngine.Type) -> BatchSettings? {
        guard let entries = mapping(node, type.key) else { return nil }
        var settings = BatchSettings(type.init(), folder: "")
        let entriesKnown = known(entries, type.settings.map(\.key) + Self.batchKeys, type.key)
        for entry in entriesKnown { apply(entry, type, &settings) }
        if !entries.contains(where: { $0.key == "folder" }) {
            common.add(node.location, type.key, .missing(["\(type.key).folder"]))
        }
        if let min = entriesKnown.first(where: { $0.key == "min_jobs" }), settings.minJobs > settings.maxJobs
        {
            add(
                min.value.location, "\(type.key).min_jobs",
                .minOverMax(min: settings.minJobs, max: settings.maxJobs))
        }
        return settings
    }

    private mutating func apply(
        _ entry: YAMLNode.Entry, _ type: any BatchEngine.Type, _ settings: inout BatchSettings
    ) {
        let (node, path) = (entry.value, "\(type.key).\(entry.key)")
        switch entry.key {
        case "slots": settings.slots = node.integer(in: 1...1024, path: path, &common) ?? 1
        case "min_jobs": settings.minJobs = node.integer(in: 0...10_000, path: path, &common) ?? 0
        case "max_jobs": settings.maxJobs = node.integer(in: 1...10_000, path: path, &common) ?? .max
        case "folder": settings.folder = folder(node, path) ?? ""
        default:
            let isList = type.settings.contains { $0.key == entry.key && $0.isList }
            for text in isList ? texts(node, path) : text(node, path).map({ [$0] }) ?? [] {
                guard let what = settings.engine.set(entry.key, to: text) else { continue }
                add(node.location, path, .worded("'\(isList ? text : node.shown)' \(what)"))
            }
        }
    }

    // MARK: - Values

    private mutating func add(
        _ location: SweepError.Location, _ path: String, _ problem: ClusterError.Problem
    ) {
        if own.count < SweepError.faultLimit { own.append(ClusterError.Fault(location, path, problem)) }
    }

    private mutating func mapping(_ node: YAMLNode, _ path: String) -> [YAMLNode.Entry]? {
        if let entries = node.mapping { return entries }
        common.add(node.location, path, .wrongType(due: .mapping, found: node.found))
        return nil
    }

    /// Entries with known keys. Each of the others is a fault.
    private mutating func known(
        _ entries: [YAMLNode.Entry], _ keys: [String], _ path: String
    ) -> [YAMLNode.Entry] {
        entries.filter { entry in
            if keys.contains(entry.key) { return true }
            let shown = path.isEmpty ? entry.key : "\(path).\(entry.key)"
            if common.addAlias(entry.keyLocation, shown, entry.key, isKnown: keys.contains) { return false }
            let near = nearestSpelling(to: entry.key, among: keys)
            common.add(
                entry.keyLocation, shown,
                .unknownKey(due: keys, suggestion: near))
            return false
        }
    }

    /// A text that a command line can hold.
    private mutating func text(_ node: YAMLNode, _ path: String) -> String? {
        guard let scalar = node.text(path: path, due: .text, &common) else { return nil }
        guard !scalar.text.isEmpty, isPlain(scalar.text) else {
            add(node.location, path, .badOption(node.shown))
            return nil
        }
        return scalar.text
    }

    private mutating func texts(_ node: YAMLNode, _ path: String) -> [String] {
        guard let items = node.list(path: path, limit: 100, &common) else { return [] }
        return items.compactMap { text($0, path) }
    }

    /// A folder's path, without a slash at the end.
    private mutating func folder(_ node: YAMLNode, _ path: String) -> String? {
        guard let text = text(node, path) else { return nil }
        let trimmed = String(text.reversed().drop { $0 == "/" }.reversed())
        guard text.hasPrefix("/") || text.hasPrefix("~/"), trimmed.utf8.count > 1 else {
            add(node.location, path, .badFolder(node.shown))
            return nil
        }
        return trimmed
    }

    private mutating func listen(_ node: YAMLNode) -> String? {
        guard let text = text(node, "listen") else { return nil }
        let rest = text.hasPrefix("tcp://") ? text.dropFirst(6) : ""
        guard let colon = rest.lastIndex(of: ":"), colon > rest.startIndex, isWord(text) else {
            add(node.location, "listen", .badListen(node.shown))
            return nil
        }
        let port = rest[rest.index(after: colon)...]
        guard port == "*" || UInt16(port) != nil else {
            add(node.location, "listen", .badListen(node.shown))
            return nil
        }
        return text
    }

    private mutating func kernel(_ node: YAMLNode, _ path: String) -> String? {
        guard let name = node.name(path: path, &common) else { return nil }
        if let fault = kernelFault(name) { add(node.location, path, .worded(fault)) }
        return name
    }

    private mutating func address(_ node: YAMLNode) -> String? {
        guard let text = text(node, "address") else { return nil }
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        guard isWord(text), !text.contains("/"), isBracketed || !text.contains(":") else {
            add(node.location, "address", .badAddress(node.shown))
            return nil
        }
        return text
    }
}

private func isPlain(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
}

private func isWord(_ text: String) -> Bool {
    !text.isEmpty && isPlain(text) && !text.contains { $0.isWhitespace }
}

private func isLoopback(_ listen: String) -> Bool {
    ["tcp://127.", "tcp://localhost:", "tcp://[::1]:"].contains { listen.hasPrefix($0) }
}
