// The facts of files, as `sweep.json` has them. What is read may be anything: it is bounded so that no sum or product
// of it overflows.

import Model
import Text

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
        case .labels(let count, let classes, let found):
            members["labels"] = JSONValue([count, classes])
            if !found.isEmpty { members["found"] = .array(found.map { JSONValue([$0.count, $0.first]) }) }
        case .targets(let count, let columns): members["targets"] = JSONValue([count, columns])
        case .table(let table):
            members["rows"] = JSONValue(table.rows)
            members["columns"] = .array(table.columns.map(\.json))
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
        guard let parts = all(json["parts"], ContentFile.Part.init), let first = parts.first,
            !first.path.contains("/")
        else { return nil }
        file = ContentFile(first, beside: Array(parts.dropFirst()))
        if let shape = json["points"].flatMap(sizes), shape.count >= 2 {
            content = .points(shape: shape)
        } else if let labels = json["labels"].flatMap(sizes), labels.count == 2,
            labels[1] <= GraphFacts.maxUnits
        {
            let found = all(json["found"], FoundClass.init) ?? []
            guard found.isEmpty || found.count == labels[1], areBounded(found) else { return nil }
            content = .labels(count: labels[0], classes: labels[1], found: found)
        } else if let targets = json["targets"].flatMap(sizes), targets.count == 2 {
            content = .targets(count: targets[0], columns: targets[1])
        } else if let rows = wholeNumber(json["rows"], from: 1, upTo: maxSize),
            let columns = all(json["columns"], TableFacts.Column.init)
        {
            content = .table(TableFacts(rows: rows, columns: columns))
        } else if let graphs = all(json["graphs"], GraphFacts.init) {
            content = .network(
                NetworkFacts(
                    declared: json["declared"]?.array.map { $0.map { Int(json: $0) } }, graphs: graphs))
        } else {
            return nil
        }
    }
}

/// The items of a list; nil where any isn't one.
private func all<Item>(_ json: JSONValue?, _ read: (JSONValue) -> Item?) -> [Item]? {
    guard let list = json?.array else { return nil }
    let items = list.compactMap(read)
    return items.count == list.count ? items : nil
}

/// A whole number from `least` up to a bound.
private func wholeNumber(_ json: JSONValue?, from least: Int = 0, upTo most: Int = 1 << 53) -> Int? {
    json.flatMap { Int(json: $0) }.flatMap { (least...most).contains($0) ? $0 : nil }
}

/// The most numbers of a file, or points.
private let maxSize = 1_000_000_000_000_000

/// Sizes of which none is 0, and whose product is no larger than any file's.
private func sizes(_ json: JSONValue) -> [Int]? {
    guard let list = all(json, { wholeNumber($0, from: 1) }),
        list.reduce(1.0, { $0 * Double($1) }) < Double(maxSize)
    else { return nil }
    return list
}

/// Whether classes have no more points together than any file.
private func areBounded(_ found: [FoundClass]) -> Bool {
    found.reduce(0.0) { $0 + Double($1.count) } < Double(maxSize)
}

extension FoundClass {
    fileprivate init?(_ json: JSONValue) {
        guard let members = json.array, members.count == 2, let number = wholeNumber(members[0]),
            let first = wholeNumber(members[1])
        else { return nil }
        self.init(count: number, first: first)
    }
}

extension TableFacts.Column {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["name": .string(name)]
        if let emptyLine { members["empty"] = JSONValue(emptyLine) }
        if let text { members["text"] = .array([.string(text.text), JSONValue(text.line)]) }
        if let values {
            members["values"] = .array(
                values.map {
                    .array([.string($0.text), JSONValue($0.found.count), JSONValue($0.found.first)])
                })
        }
        return .object(members)
    }

    fileprivate init?(_ json: JSONValue) {
        guard let name = json["name"]?.string else { return nil }
        var text: Cell?
        if let given = json["text"] {
            guard let members = given.array, members.count == 2, let word = members[0].string,
                let line = wholeNumber(members[1])
            else { return nil }
            text = Cell(text: word, line: line)
        }
        var values: [Value]?
        if let given = json["values"] {
            values = all(given) { value in
                guard let members = value.array, members.count == 3, let text = members[0].string else {
                    return nil
                }
                return FoundClass(.array(Array(members.dropFirst()))).map { Value(text: text, found: $0) }
            }
            guard let values, areBounded(values.map(\.found)) else { return nil }
        }
        self.init(
            name: name, emptyLine: json["empty"].flatMap { wholeNumber($0) }, text: text, values: values)
    }
}

extension ContentFile.Part {
    /// Reads a part; nil where it is none that a file can have.
    fileprivate init?(_ json: JSONValue) {
        guard let members = json.array, members.count == 3, let path = members[0].string,
            let digest = members[1].string, let bytes = wholeNumber(members[2]), digest.utf8.count == 64,
            digest.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
            path.utf8.count <= ContentFile.maxPathBytes, !path.utf8.contains(0),
            !path.split(separator: "/", omittingEmptySubsequences: false).contains(where: {
                ["", "..", "."].contains($0)
            })
        else { return nil }
        self.init(path: path, digest: digest, bytes: bytes)
    }
}

extension GraphFacts {
    /// The most numbers of a value of a network.
    fileprivate static let maxUnits = 1 << 31
    /// The most numbers of all its values, or parameters.
    fileprivate static let maxNumbers = 1 << 40

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
        guard let input = json["input"].flatMap(sizes), input.reduce(1, *) <= GraphFacts.maxUnits,
            let layers = all(json["layers"], { Layer($0, fewest: 0) }),
            let output = json["output"].flatMap({ Layer($0) }),
            let matrices = all(json["matrices"], Matrix.init),
            let parameters = wholeNumber(json["parameters"], upTo: GraphFacts.maxNumbers),
            let values = wholeNumber(json["values"], upTo: GraphFacts.maxNumbers),
            zip(layers, layers.dropFirst()).allSatisfy({ $0.value <= $1.value }),
            layers.last.map({ $0.value <= output.value }) ?? true
        else { return nil }
        var features: Layer?
        if let given = json["features"] {
            guard let read = Layer(given), read.value < output.value else { return nil }
            features = read
        }
        self.init(
            input: input, layers: layers, features: features, output: output, matrices: matrices,
            parameters: parameters, values: values)
    }
}

extension GraphFacts.Matrix {
    fileprivate init?(_ json: JSONValue) {
        guard let members = json.array, members.count == 3, let name = members[0].string,
            let rows = wholeNumber(members[1], from: 1, upTo: GraphFacts.maxUnits),
            let columns = wholeNumber(members[2], from: 1, upTo: GraphFacts.maxUnits)
        else { return nil }
        self.init(name: name, rows: rows, columns: columns)
    }
}

extension GraphFacts.Layer {
    fileprivate var json: JSONValue {
        .array([
            .string(name), JSONValue(units), JSONValue(value), JSONValue(cost), JSONValue(peak),
            .bool(isMeasured),
        ])
    }

    /// - Parameter fewest: the fewest units that it may have.
    fileprivate init?(_ json: JSONValue, fewest: Int = 1) {
        guard let members = json.array, members.count == 6, let name = members[0].string,
            let units = wholeNumber(members[1], from: fewest, upTo: GraphFacts.maxUnits),
            let value = wholeNumber(members[2], upTo: GraphFacts.maxUnits),
            let cost = wholeNumber(members[3]),
            let peak = wholeNumber(members[4], upTo: GraphFacts.maxNumbers), let isMeasured = members[5].bool
        else { return nil }
        self.init(name: name, units: units, value: value, cost: cost, peak: peak, isMeasured: isMeasured)
    }
}
