import Model
import Text

/// An entry of a network's list: a word with its values, and the layers within it.
struct WrittenLayer: Hashable, Sendable {
    let word: String
    /// The values by key, the word's own among them; null where an axis gives it.
    var values: [String: JSONValue] = [:]
    /// The layers within a residual block or a gate.
    var body: [WrittenLayer] = []

    /// The value of a key, or its default.
    subscript(key: String) -> JSONValue? {
        values[key] ?? LayerWord.named(word)?.options.first { $0.path == key }?.fallback
    }

    /// The normalisation that a `norm` is; nil for other layers.
    var normalisation: Normalisation? {
        self["norm"]?.string.flatMap {
            Normalisation($0, groups: self["groups"]?.number.flatMap { Int(exactly: $0) } ?? 0)
        }
    }

    /// The entry in normal form: without values that equal their defaults or that nothing reads.
    var json: JSONValue {
        let entry = LayerWord.named(word)
        var members = values.filter { key, value in
            entry?.options.first { $0.path == key }?.fallback != value
        }
        if let norm = members["norm"]?.string, norm != "group" { members["groups"] = nil }
        if case .layers = entry?.value { members[word] = .array(body.map(\.json)) }
        if word == "activation", case .string? = members[word] { return members[word] ?? .null }
        return members.isEmpty ? .string(word) : .object(members)
    }

    /// Reads the normal form.
    init?(_ json: JSONValue) {
        if let word = json.string {
            if LayerWord.alone.contains(word) {
                self.word = word
            } else {
                (self.word, values) = ("activation", ["activation": json])
            }
            return
        }
        guard let members = json.object, let word = LayerWord.heads.first(where: { members[$0] != nil })
        else { return nil }
        self.word = word
        values = members
        guard let body = members[word]?.array else { return }
        self.body = body.compactMap(WrittenLayer.init)
        values[word] = nil
    }

    init(_ word: String) { self.word = word }

    /// The entry and those within it.
    var all: [WrittenLayer] { [self] + body.flatMap(\.all) }
}

/// A network as a sweep file lists it, layer by layer.
public struct WrittenNetwork: Hashable, Sendable {
    /// The most entries, with those within others.
    static let maxLayers = 1000
    /// How deep lists may be in one another.
    static let maxDepth = 8

    var layers: [WrittenLayer]

    init(layers: [WrittenLayer]) { self.layers = layers }

    /// Reads the normal form, which reading a sweep file has made.
    init(_ json: JSONValue) { layers = (json.array ?? []).compactMap(WrittenLayer.init) }

    /// Reads the normal form of a file from elsewhere; nil where it is no list of layers.
    init?(ofFile json: JSONValue) {
        guard let node = try? YAMLReader.read(json.canonicalBytes) else { return nil }
        var faults = Faults()
        var reader = NetworkReader()
        guard let layers = reader.network(node, &faults), faults.isEmpty, reader.axes.isEmpty,
            reader.vacancies.isEmpty
        else { return nil }
        self.layers = layers
    }

    /// The normal form: equal networks have equal ones.
    var json: JSONValue { .array(layers.map(\.json)) }

    private var all: [WrittenLayer] { layers.flatMap(\.all) }

    /// Number of layers with weights, without those of shortcuts.
    var depth: Int { all.count { ["conv", "dense", "pointwise", "patches"].contains($0.word) } }

    /// Whether some layer takes moments over the batch.
    var hasBatchNormalisation: Bool { all.contains { $0.normalisation == .batch } }

    /// The activation, where all are the same; else linear.
    var activation: Activation {
        let words = Set(all.compactMap { $0["activation"]?.string })
        return words.count == 1 ? words.first.flatMap(Activation.init) ?? .linear : .linear
    }

    // MARK: - Shape

    /// The network's shape. Throws where a layer doesn't fit what is before it, or the last one the data.
    func shape(input: ImageSize, outputs: Int) throws(ShapeFault) -> NetworkShape {
        let shape: NetworkShape
        do throws(ShapeFault) {
            shape = try NetworkShape(input: input, layers: WrittenNetwork.specs(layers, "network"))
        } catch .noWeights { throw .entry("network", "", reads: input, .noWeights) } catch { throw error }
        let last = shape.plan.values[shape.plan.last].size
        guard last == .vector(outputs) else {
            throw .entry(
                "network.\(layers.count - 1)", layers.last?.word ?? "", reads: last,
                .outputs(last, due: outputs))
        }
        return shape
    }

    private static func specs(_ layers: [WrittenLayer], _ path: String) -> [LayerSpec] {
        layers.enumerated().compactMap { index, layer in
            let name = "\(path).\(index)"
            return LayerWord.named(layer.word).map { word in
                let body = specs(layer.body, "\(name).\(layer.word)")
                return .entry(name, layer.word, word.make(LayerParts(layer: layer, name: name, body: body)))
            }
        }
    }

    // MARK: - Values by path

    /// Why a path names no value of the list, by the path of the entry concerned.
    struct NoSuchValue: Error {
        let path: String
        let words: String
    }

    /// Sets a value, by its path: "network.3.conv".
    mutating func set(_ value: JSONValue, at path: String) throws(NoSuchValue) {
        let parts = path.split(separator: ".").dropFirst().map(String.init)
        try WrittenNetwork.set(value, at: parts[...], in: &layers, "network")
    }

    private static func set(
        _ value: JSONValue, at parts: ArraySlice<String>, in layers: inout [WrittenLayer], _ path: String
    ) throws(NoSuchValue) {
        guard let first = parts.first, let index = Int(first), layers.indices.contains(index) else {
            throw NoSuchValue(
                path: path,
                words:
                    "there is no entry \(parts.first ?? "") in \(path): it has \(layers.count), counted from 0"
            )
        }
        let (word, own) = (layers[index].word, "\(path).\(index)")
        let rest = parts.dropFirst()
        guard let key = rest.first else { return }
        if rest.count > 1 {
            guard key == word else {
                throw NoSuchValue(path: own, words: "\(own) is '\(word)', and has no '\(key)'")
            }
            return try set(value, at: rest.dropFirst(), in: &layers[index].body, "\(own).\(key)")
        }
        let settings = LayerWord.named(word)?.settings.map(\.path) ?? []
        guard settings.contains(key) else {
            let shown = layers[index].json.string ?? word
            throw NoSuchValue(
                path: own,
                words: "\(own) is '\(shown)', and has no '\(key)'"
                    + (settings.isEmpty ? "" : "; it has \(listed(settings, "and"))"))
        }
        layers[index].values[key] = value
    }

    /// The network with values in place of its own, by their paths. Other paths are ignored.
    func with(_ values: [String: JSONValue]) -> WrittenNetwork {
        var network = self
        for (path, value) in values where path.hasPrefix("network.") {
            // Reading the sweep has checked that the list has the path.
            try? network.set(value, at: path)
        }
        return network
    }
}
