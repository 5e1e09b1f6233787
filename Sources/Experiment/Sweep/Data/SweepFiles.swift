import Model
import Text

/// A file that trials read. Files with equal contents are equal, whatever their names.
public struct ContentFile: Hashable, Sendable {
    /// The file's name without its folder.
    public let name: String
    /// The file itself, then those beside it that hold a network's numbers, by their paths from its folder.
    public let parts: [Part]
    /// 64 hexadecimal digits: the SHA-256 of the file; of several parts, that of their names and digests.
    public let digest: String

    /// One file on disk.
    public struct Part: Hashable, Sendable {
        /// The path from the folder of the file.
        public let path: String
        /// SHA-256 in hexadecimal.
        public let digest: String
        /// Size in bytes.
        public let bytes: Int

        /// A file on disk.
        public init(path: String, digest: String, bytes: Int) {
            (self.path, self.digest, self.bytes) = (path, digest, bytes)
        }
    }

    /// A file with its parts, of which the first is the file itself.
    public init(_ first: Part, beside others: [Part] = []) {
        name = first.path
        parts = [first] + others
        // The model's own bytes name the files beside it.
        let texts = [first.digest] + others.flatMap { [$0.path, $0.digest] }
        digest = others.isEmpty ? first.digest : Digest(of: texts.joined(separator: "\n")).hexadecimal()
    }

    /// The folder of the parts, in a run directory and in a data folder: "files/DIGEST".
    public var folder: String { "files/" + digest }

    /// Whether the contents are equal.
    public static func == (left: ContentFile, right: ContentFile) -> Bool { left.digest == right.digest }

    /// Hashes the content's digest.
    public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

/// The facts that sweeps know of a file that they name.
public struct FileFacts: Equatable, Sendable {
    /// The file's content.
    public var file: ContentFile
    /// The meaning of the content.
    public var content: Content

    /// The meaning of a file's content.
    public enum Content: Equatable, Sendable {
        /// Points; the shape's first size is their number.
        case points(shape: [Int])
        /// Classes of points: 0 up to the number of classes.
        case labels(count: Int, classes: Int)
        /// A network, for each shape of points.
        case network(NetworkFacts)
        /// Why it can't be used, in words that follow its name.
        case unusable(String)
    }

    /// The facts of a file.
    public init(_ file: ContentFile, _ content: Content) { (self.file, self.content) = (file, content) }

    /// A file that can't be used, and why.
    public init(unusable why: String) {
        self.init(ContentFile(ContentFile.Part(path: "", digest: "", bytes: 0)), .unusable(why))
    }
}

/// The facts that sweeps know of a network's file.
public struct NetworkFacts: Equatable, Sendable {
    /// The sizes of a point that the file states, nil for those left open; nil where it states none.
    public var declared: [Int?]?
    /// The layers for each shape of points.
    public var graphs: [GraphFacts]
    /// Why the network can't be measured at points of a shape.
    public var refusals: [[Int]: String]

    /// The facts of a network.
    public init(declared: [Int?]?, graphs: [GraphFacts] = [], refusals: [[Int]: String] = [:]) {
        self.declared = declared
        self.graphs = graphs
        self.refusals = refusals
    }
}

/// The use that a sweep makes of a file.
public enum FileRole: Equatable, Sendable {
    case points
    case labels
    /// A network for points in these layouts.
    case network([PointLayout])
}

/// Looks at a file that a sweep names by this path. Sweeps themselves read no file.
public typealias FileLook = (_ path: String, _ role: FileRole) -> FileFacts

/// The files of a sweep, by their paths in the sweep file.
public struct SweepFiles: Equatable, Sendable {
    /// The facts of each file, by its path.
    package var facts: [String: FileFacts] = [:]

    /// No files.
    public init() {}

    /// The facts of the file at a path.
    package subscript(path path: String) -> FileFacts {
        facts[path] ?? FileFacts(unusable: "nothing is known of this file here")
    }

    /// The files' contents by path, in the paths' order.
    public var named: [(path: String, file: ContentFile)] {
        facts.sorted { $0.key < $1.key }.map { (path: $0.key, file: $0.value.file) }
    }

    /// The files without layers that no trial measures, and without what no trial reads.
    ///
    /// - Parameters:
    ///   - paths: the paths that trials may have.
    ///   - patterns: the values that `layers` may have; empty: the default.
    func pruned(_ paths: Set<String>, _ patterns: [[String]]) -> SweepFiles {
        var pruned = SweepFiles()
        pruned.facts = facts.filter { paths.contains($0.key) }.mapValues { facts in
            guard case .network(var network) = facts.content else { return facts }
            network.refusals = [:]
            network.graphs = network.graphs.map { graph in
                let asked = patterns.isEmpty ? [nil] : patterns.map(Optional.some)
                let kept = Set(asked.flatMap { (try? graph.chosen($0)) ?? [] })
                var graph = graph
                graph.layers = graph.layers.indices.filter(kept.contains).map { graph.layers[$0] }
                return graph
            }
            return FileFacts(facts.file, .network(network))
        }
        return pruned
    }
}

// MARK: - In sweep.json

extension SweepFiles {
    var json: JSONValue { .object(facts.mapValues(\.json)) }

    init?(_ json: JSONValue) {
        guard let members = json.object else { return nil }
        for (path, value) in members {
            guard let read = FileFacts(value) else { return nil }
            facts[path] = read
        }
    }
}

extension FileFacts {
    /// The facts as `sweep.json` has them.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "parts": .array(
                file.parts.map {
                    .array([.string($0.path), .string($0.digest), JSONValue($0.bytes)])
                })
        ]
        switch content {
        case .points(let shape): members["points"] = JSONValue(shape)
        case .labels(let count, let classes): members["labels"] = JSONValue([count, classes])
        case .network(let network):
            members["graphs"] = .array(network.graphs.map(\.json))
            if let declared = network.declared {
                members["declared"] = .array(declared.map { $0.map { JSONValue($0) } ?? .null })
            }
        case .unusable: break
        }
        return .object(members)
    }

    /// Reads facts; nil for any other JSON.
    init?(_ json: JSONValue) {
        let parts = (json["parts"]?.array ?? []).compactMap { part -> ContentFile.Part? in
            guard let members = part.array, members.count == 3, let path = members[0].string,
                let digest = members[1].string, isDigest(digest), let bytes = count(members[2]),
                !path.split(separator: "/", omittingEmptySubsequences: false).contains(where: {
                    ["", "..", "."].contains($0)
                })
            else { return nil }
            return ContentFile.Part(path: path, digest: digest, bytes: bytes)
        }
        guard let first = parts.first, parts.count == json["parts"]?.array?.count, !first.path.contains("/")
        else { return nil }
        file = ContentFile(first, beside: Array(parts.dropFirst()))
        if let shape = json["points"].flatMap(sizes), shape.count >= 2 {
            content = .points(shape: shape)
        } else if let labels = json["labels"].flatMap(sizes), labels.count == 2 {
            content = .labels(count: labels[0], classes: labels[1])
        } else if let graphs = json["graphs"]?.array {
            let read = graphs.compactMap(GraphFacts.init)
            guard read.count == graphs.count else { return nil }
            content = .network(
                NetworkFacts(
                    declared: json["declared"]?.array.map { $0.map { Int(json: $0) } }, graphs: read))
        } else {
            return nil
        }
    }
}

/// A whole number that isn't negative.
private func count(_ json: JSONValue) -> Int? {
    Int(json: json).flatMap { (0...1 << 53).contains($0) ? $0 : nil }
}

/// Sizes of which none is 0, and whose product is no larger than any file's.
private func sizes(_ json: JSONValue) -> [Int]? {
    let list = (json.array ?? []).compactMap(count)
    guard list.count == json.array?.count, !list.contains(0),
        list.reduce(1.0, { $0 * Double($1) }) < 1e15
    else { return nil }
    return list
}

private func isDigest(_ text: String) -> Bool {
    text.utf8.count == 64
        && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
}

extension GraphFacts {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "input": JSONValue(input), "parameters": JSONValue(parameters), "values": JSONValue(values),
            "layers": .array(layers.map(\.json)), "output": output.json,
            "matrices": .array(
                matrices.map { .array([.string($0.name), JSONValue($0.rows), JSONValue($0.columns)]) }),
        ]
        if let features { members["features"] = features.json }
        return .object(members)
    }

    fileprivate init?(_ json: JSONValue) {
        guard let input = json["input"].flatMap(sizes), let layers = json["layers"]?.array,
            let output = json["output"].flatMap(Layer.init), let matrices = json["matrices"]?.array,
            let parameters = json["parameters"].flatMap(count), let values = json["values"].flatMap(count)
        else { return nil }
        self.init(
            input: input, layers: layers.compactMap(Layer.init),
            features: json["features"].flatMap(Layer.init), output: output,
            matrices: matrices.compactMap { matrix in
                guard let members = matrix.array, members.count == 3, let name = members[0].string,
                    let rows = count(members[1]), let columns = count(members[2])
                else { return nil }
                return Matrix(name: name, rows: rows, columns: columns)
            }, parameters: parameters, values: values)
        guard self.layers.count == layers.count, self.matrices.count == matrices.count else { return nil }
    }
}

extension GraphFacts.Layer {
    fileprivate var json: JSONValue {
        .array([
            .string(name), JSONValue(units), JSONValue(value), JSONValue(cost), JSONValue(peak),
            .bool(isMeasured),
        ])
    }

    fileprivate init?(_ json: JSONValue) {
        guard let members = json.array, members.count == 6, let name = members[0].string,
            let units = count(members[1]), let value = count(members[2]), let cost = count(members[3]),
            let peak = count(members[4]), let isMeasured = members[5].bool
        else { return nil }
        self.init(name: name, units: units, value: value, cost: cost, peak: peak, isMeasured: isMeasured)
    }
}
