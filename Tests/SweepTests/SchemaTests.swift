import FoundationEssentials
import Testing
import Text

@testable import Sweep

@Suite struct SchemaTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The path of the first fault that the schema finds in a file, as an editor would; nil without one.
    private func fault(in text: String) throws -> String? {
        SchemaCheck.fault(of: try YAMLReader.read(Array(text.utf8)).json, sweepSchema, at: "")
    }

    @Test func `Every recipe keeps to the schema`() throws {
        let folder = Self.root.appending(path: "sweeps")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.hasSuffix(".yaml")
        }
        #expect(names.count > 20)
        for name in names.sorted() {
            let text = try String(decoding: Data(contentsOf: folder.appending(path: name)), as: UTF8.self)
            #expect(try fault(in: text) == nil, "\(name)")
        }
    }

    @Test(arguments: [
        ("name: s\nmodel: vae\n", ".model"),
        ("name: s\n", ""),
        ("name: s\nmodel: mlp\nmodle: mlp\n", ".modle"),
        ("name: s\nmodel: mlp\ndataset: {name: mnist, norms: 1}\n", ".dataset"),
        ("name: s\nmodel: mlp\ntraining: {learning_rate: fast}\n", ".training.learning_rate"),
        ("name: s\nmodel: mlp\ntraining: {learning_rate: 0}\n", ".training.learning_rate"),
        ("name: s\nmodel: mlp\ntraining: {lr: 1}\n", ".training.lr"),
        ("name: s\nmodel: mlp\ntraining: {batch_size: 1.5}\n", ".training.batch_size"),
        ("name: s\nmodel: mlp\ntraining: {log_det: {wait: 1}}\n", ".training.log_det.wait"),
        ("name: s\nmodel: mlp\naxes: {depth: 2}\n", ".axes"),
        ("name: s\nmodel: mlp\naxes: {training.learning_rate: {log: [1, 2], number: 3}}\n", ".axes"),
        ("name: s\nmodel: mlp\naxes: {model: [mlp, vib]}\n", ".axes"),
        ("name: s\nmodel: mlp\nmeasures: {local_rank: {treshold: [1]}}\n", ".measures.local_rank"),
        ("name: s\nmodel: mlp\nmeasures: {trace_at: now}\n", ".measures.trace_at"),
        ("name: s\nmodel: mlp\nfigures: [{name: f, x: depth}]\n", ".figures.0"),
        ("name: s\nmodel: mlp\nfigures: [{name: f, style: bars, classes: 3}]\n", ".figures.0"),
        ("name: s\nmodel: mlp\nfigures: [{name: f, x: depth, y: accurate}]\n", ".figures.0.y"),
        ("name: s\nmodel: mlp\nbiases: maybe\n", ".biases"),
        ("name: s\nmodel: layers\nnetwork: [flatten, {dens: 10}]\n", ".network.1"),
        ("name: s\nmodel: layers\nnetwork: [flatten, {conv: 10}]\n", ".network.1"),
        ("name: s\nmodel: layers\nnetwork: [{residual: [{conv: 10, kernel: 0}]}]\n", ".network.0"),
        ("name: s\nmodel: layers\naxes: {network.1.dens: [1]}\n", ".axes"),
        ("name: s\nmodel: layers\naxes: {network: {mlp: [flatten, {dens: 10}]}}\n", ".axes"),
        ("name: s\nmodel: layers\naxes: {network: {mlp: 3}}\n", ".axes"),
        ("name: s\nmodel: layers\naxes: {network: {a b: [flatten]}}\n", ".axes"),
        ("name: s\nmodel: layers\naxes: {network: {a.b: [flatten]}}\n", ".axes"),
        (
            "name: s\nmodel: layers\naxes: {network: {\(String(repeating: "a", count: 101)): [flatten]}}\n",
            ".axes"
        ),
        ("name: s\nmodel: layers\nquick: {network: 3}\n", ".quick.network"),
        ("name: s\nmodel: layers\nquick: {network.1.dense: x}\n", ".quick.network.1.dense"),
    ])
    func `The schema refuses what can be seen without the rest of the file`(text: String, path: String) throws
    { #expect(try fault(in: text) == path) }

    @Test(arguments: [
        "axes: {network: {a: [flatten, {dense: 10}], b-2: [{residual: [relu]}, flatten, {dense: 10}]}}",
        "axes: [{network: [{name: a, layers: [flatten, {dense: 10}]}]}]", "quick: {network: [a, b]}",
        "quick: {network: a}", "quick: {network: {a: [flatten]}}", "quick: {network: [flatten, {dense: 10}]}",
    ])
    func `The schema knows networks by name`(text: String) throws {
        #expect(try fault(in: "name: s\nmodel: layers\n\(text)\n") == nil)
    }

    @Test func `What a setting means, and its default, are in the schema`() {
        let rate = sweepSchema["properties"]?["training"]?["properties"]?["learning_rate"]
        #expect(rate?["description"]?.string?.hasPrefix("The first learning rate. Default: 0.001") == true)
        #expect(rate?["maximum"] == .number(1e30))
        let axes = sweepSchema["properties"]?["axes"]?["anyOf"]?.array?.first?["properties"]?.object ?? [:]
        #expect(axes.count == Setting.all.count - Setting.neverAxes.count)
    }

    @Test
    func `Each model that is trained has a template, which is a right sweep, small, with a smaller 'quick'`()
        throws
    {
        #expect(SweepTemplate.all.map(\.model) == Setting.trainedModels)
        for template in SweepTemplate.all {
            let text = template.text(name: "first", schema: nil)
            #expect(text.hasPrefix("# yaml-language-server: $schema=sweep.schema.json\n"))
            let spec = try SweepSpec(parsing: text, file: template.model)
            #expect(spec.name == "first" && spec.model == template.model && !spec.figures.isEmpty)
            let seconds = spec.grid.cost().seconds
            #expect(seconds < 300, "\(template.model): \(seconds) s")
            let quick = try SweepSpec(parsing: text, file: template.model, quick: true)
            #expect(quick.grid.cost().seconds < seconds)
            #expect(try fault(in: text) == nil)
        }
        #expect(
            SweepTemplate.all[0].text(name: "s", schema: "/usr/share/s.json")
                .hasPrefix("# yaml-language-server: $schema=/usr/share/s.json\n"))
    }

    @Test func `A template says what its settings mean, and names the others that the model takes`() throws {
        let lines = SweepTemplate.all[1].text(name: "s", schema: nil).split(separator: "\n")
        let rate = try #require(lines.firstIndex { $0.hasPrefix("  learning_rate:") })
        #expect(lines[rate - 1] == "  # The first learning rate.")
        #expect(lines.contains("# bottleneck: number of inputs (gaussian), 32 (images, arrays)"))
        #expect(lines.contains("# encoder: mlp") && lines.contains("# residual: false"))
        // Not an mlp's, and not of its data.
        for other in ["# shortcut:", "# dataset.modulus:", "# model:"] {
            #expect(!lines.contains { $0.hasPrefix(other) })
        }
        #expect(lines.allSatisfy { $0.count <= 110 })
    }
}

/// As much of JSON Schema as the schema uses.
enum SchemaCheck {
    /// The path of the first value that breaks the schema; nil where none does.
    static func fault(of value: JSONValue, _ schema: JSONValue, at path: String) -> String? {
        let known = [
            "$schema", "title", "description", "pattern", "type", "enum", "anyOf", "items", "minItems",
            "maxItems",
            "properties", "additionalProperties", "required", "minimum", "maximum", "exclusiveMinimum",
            "exclusiveMaximum", "patternProperties", "maxProperties", "definitions", "$ref",
        ]
        if let key = schema.object?.keys.first(where: { !known.contains($0) }) { return "unknown \(key)" }
        if let name = schema["$ref"]?.string?.split(separator: "/").last {
            guard let definition = sweepSchema["definitions"]?[String(name)] else { return "no \(name)" }
            return fault(of: value, definition, at: path)
        }
        if let choices = schema["anyOf"]?.array,
            !choices.contains(where: { fault(of: value, $0, at: path) == nil })
        {
            return path
        }
        if let words = schema["enum"]?.array, !words.contains(value) { return path }
        if let type = schema["type"]?.string, !isOf(type, value) { return path }
        if let number = value.number, !isWithin(number, schema) { return path }
        for (index, item) in (value.array ?? []).enumerated() {
            if let items = schema["items"], let fault = fault(of: item, items, at: "\(path).\(index)") {
                return fault
            }
        }
        if let count = value.array.map({ Double($0.count) }) {
            if let least = schema["minItems"]?.number, count < least { return path }
            if let most = schema["maxItems"]?.number, count > most { return path }
        }
        return value.object.flatMap { members(of: $0, schema, at: path) }
    }

    private static func members(
        of object: [String: JSONValue], _ schema: JSONValue, at path: String
    ) -> String? {
        if let most = schema["maxProperties"]?.number, Double(object.count) > most { return path }
        let required = (schema["required"]?.array ?? []).compactMap(\.string)
        if required.contains(where: { object[$0] == nil }) { return path }
        for (key, value) in object.sorted(by: { $0.key < $1.key }) {
            if let member = schema["properties"]?[key] {
                if let fault = fault(of: value, member, at: "\(path).\(key)") { return fault }
            } else if let (_, member) = schema["patternProperties"]?.object?.first(where: { pattern, _ in
                (try? Regex(pattern)).map { key.contains($0) } ?? false
            }) {
                if let fault = fault(of: value, member, at: "\(path).\(key)") { return fault }
            } else if schema["additionalProperties"] == .bool(false) {
                return "\(path).\(key)"
            }
        }
        return nil
    }

    private static func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch type {
        case "object": value.object != nil
        case "array": value.array != nil
        case "string": value.string != nil
        case "boolean": value.bool != nil
        case "null": value == .null
        case "number": value.number != nil
        case "integer": value.number.map { $0 == $0.rounded() } ?? false
        default: false
        }
    }

    private static func isWithin(_ number: Double, _ schema: JSONValue) -> Bool {
        if let end = schema["minimum"]?.number, number < end { return false }
        if let end = schema["maximum"]?.number, number > end { return false }
        if let end = schema["exclusiveMinimum"]?.number, number <= end { return false }
        if let end = schema["exclusiveMaximum"]?.number, number >= end { return false }
        return true
    }
}

extension YAMLNode {
    /// The value that an editor sees: scalars by the core schema of YAML 1.2.
    fileprivate var json: JSONValue {
        switch content {
        case .sequence(let items): return .array(items.map(\.json))
        case .mapping(let entries):
            return .object(Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value.json) }))
        case .scalar(let scalar):
            if scalar.quoted { return .string(scalar.text) }
            if let flag = Bool(scalar.text) { return .bool(flag) }
            if ["", "null"].contains(scalar.text) { return .null }
            return Double(scalar.text).map(JSONValue.number) ?? .string(scalar.text)
        }
    }
}
