import Model
import Text

/// The JSON Schema of sweep files, from the declarations of the settings: every key, with its type, its bounds,
/// its default and its meaning. The reader of sweep files checks what depends on several settings.
public let sweepSchema: JSONValue = {
    var members = groupMembers(nil)
    for key in Draft.keys where members[key] == nil { members[key] = .object([:]) }
    for group in ["training", "measures"] { members[group] = group.schema }
    members["name"] = described(
        typed("string", ["pattern": .string(namePattern)]),
        "The sweep's name, and the run directory's.")
    members["axes"] = axesSchema
    members["zip"] = described(
        typed("array"), "Axes that advance together: [[width, training.batch_size]].")
    members["sobol"] = described(
        typed("array"), "Drawn axes whose numbers are points of one Sobol sequence: [[beta, width]].")
    members["where"] = described(
        anyOf(string, list(of: string)), "Conditions; a point stays in the grid if all of them hold.")
    members["figures"] = list(of: figureSchema)
    members["claims"] = list(of: claimSchema)
    members["quick"] = withListedValues(
        object(
            byPath {
                $0.kind == .network
                    ? chosenNetworks : anyOf($0.kind.schema, axisSchema($0.kind), list(of: $0.kind.schema))
            },
            "The values that --quick applies, by path: a smaller sweep of the same shape.")
    ) { anyOf($0.schema, axisSchema($0), list(of: $0.schema)) }
    let head: [String: JSONValue] = [
        "$schema": .string("http://json-schema.org/draft-07/schema#"),
        "title": .string("a sweep file of ranksweep"),
        "definitions": .object(["layer": layerSchema]),
    ]
    return .object((object(members, "", required: ["name", "model"]).object ?? [:]).merging(head) { $1 })
}()

// MARK: Parts

private let namePattern = "^[A-Za-z0-9_][A-Za-z0-9._-]*$"

private let axesSchema: JSONValue = {
    let paths = byPath { axisSchema($0.kind) }.filter { !Setting.neverAxes.contains($0.key) }
    let axes = withListedValues(object(paths, ""), axisSchema)
    let text = "The axes: settings with several values. The grid is their product; the first changes slowest."
    return described(anyOf(axes, list(of: axes)), text)
}()

/// Every setting by its path, as under `axes`.
private func byPath(_ schema: (Setting) -> JSONValue) -> [String: JSONValue] {
    Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.path, described(schema($0), $0.meaning)) })
}

/// An object that also has the values of a network's list, by their paths.
private func withListedValues(_ schema: JSONValue, _ value: (SettingType) -> JSONValue) -> JSONValue {
    let patterns = LayerWord.settings.values.sorted { $0.path < $1.path }.map { setting in
        ("^network\\.[0-9].*\\.\(setting.path)$", described(value(setting.kind), setting.meaning))
    }
    let members = ["patternProperties": JSONValue.object(Dictionary(uniqueKeysWithValues: patterns))]
    return .object((schema.object ?? [:]).merging(members) { $1 })
}

/// An entry of a network's list: a word, or a mapping with one.
private let layerSchema: JSONValue = {
    func key(_ setting: Setting) -> (String, JSONValue) {
        let (one, axis) = (setting.kind.schema, axisSchema(setting.kind))
        return (setting.path, described(anyOf(one, axis, typed("null")), setting.meaning))
    }
    let entries = LayerWord.all.filter { !$0.keys.isEmpty }.map { entry in
        var members = Dictionary(uniqueKeysWithValues: entry.settings.map(key))
        if case .layers = entry.value { members[entry.word] = list(of: layer) }
        return object(members, entry.meaning, required: [entry.word] + entry.required)
    }
    let alone = LayerWord.words.filter { !LayerWord.heads.contains($0) }
    return .object(["anyOf": .array([words(alone)] + entries)])
}()

private let layer: JSONValue = .object(["$ref": .string("#/definitions/layer")])

/// The axis `network`: lists by name. A run's sweep.json has a list, which keeps their order.
private let namedNetworks: JSONValue = {
    let named = object(["name": string, "layers": list(of: layer)], "", required: ["name", "layers"])
    let lists = JSONValue.object(["^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$": list(of: layer)])
    let byName = (object([:], "").object ?? [:]).merging([
        "patternProperties": lists, "maxProperties": JSONValue(Draft.maxNetworks),
    ]) { $1 }
    return anyOf(.object(byName), list(of: named))
}()

/// Networks under `quick`, where the names of some suffice.
private let chosenNetworks: JSONValue = anyOf(list(of: layer), namedNetworks, string, list(of: string))

private func axisSchema(_ kind: SettingType) -> JSONValue {
    if kind == .network { return namedNetworks }
    let values = list(of: kind.schema)
    guard kind.isNumeric else { return values }
    let ends = typed("array", ["items": anyNumber, "minItems": JSONValue(2), "maxItems": JSONValue(2)])
    let positive = typed("integer", ["minimum": JSONValue(1)])
    func rule(_ name: String, _ others: [String: JSONValue], required: [String]) -> JSONValue {
        object(others.merging([name: ends]) { $1 }, "", required: [name] + required)
    }
    let seed = whole(0...Setting.seedLimit)
    return anyOf(
        values, rule("linear", ["count": positive], required: ["count"]),
        rule("log", ["count": positive], required: ["count"]),
        rule("uniform", ["count": positive, "seed": seed], required: ["count"]),
        rule("log_uniform", ["count": positive, "seed": seed], required: ["count"]),
        rule("range", ["step": positive], required: []))
}

/// Figures have the keys that their reader knows.
private let figureSchema: JSONValue = {
    var members: [String: JSONValue] = [:]
    for key in FigureReader.keys { members[key] = .object([:]) }
    let metric = anyOf(
        words(Metric.all.map(\.key)), typed("object", ["required": .array([.string("metric")])]))
    members["y"] = described(anyOf(metric, list(of: metric)), "The metrics drawn, a row of panels each.")
    members["xscale"] = words(FigureSpec.Scale.allCases.map(\.rawValue))
    members["yscale"] = words(FigureSpec.Scale.allCases.map(\.rawValue))
    members["fit"] = words(FigureSpec.Fit.allCases.map(\.rawValue))
    members["theory"] = SettingType.flag.schema
    let figure = object(members, "A figure: metrics against x, averaged over seeds.", required: ["name"])
    func required(_ keys: [String]) -> [String: JSONValue] {
        ["required": .array(keys.map(JSONValue.string))]
    }
    // A star has a class in place of x and y.
    let isStar: JSONValue = .object(["style": words(["star"])])
    let forms = anyOf(
        .object(required(["x", "y"])), .object(required(["style"]).merging(["properties": isStar]) { $1 }))
    return .object((figure.object ?? [:]).merging(forms.object ?? [:]) { $1 })
}()

/// Claims have the keys that their reader knows.
private let claimSchema: JSONValue = {
    var members: [String: JSONValue] = [:]
    for key in ClaimReader.keys { members[key] = .object([:]) }
    members["text"] = described(string, "The statement, for people.")
    members["metric"] = anyOf(words(Metric.all.map(\.key)), typed("object"))
    members["at"] = described(
        typed("object"), "The values of axes that count, by path; step: first, last or a number.")
    members["direction"] = words(["rising", "falling"])
    members["tolerance"] = anyNumber
    members["log"] = words(["x", "y", "xy"])
    members["cells"] = words(ClaimSpec.Cells.allCases.map(\.rawValue))
    let relations = ClaimReader.relations.map { JSONValue.object(["required": .array([.string($0)])]) }
    let claim = object(
        members, "A statement that the program decides from the records.", required: ["text", "metric"])
    return .object((claim.object ?? [:]).merging(["anyOf": .array(relations)]) { $1 })
}()

/// The settings of a group by their keys, and the groups in it.
private func groupMembers(_ group: String?) -> [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    for setting in Setting.all where setting.group.map(String.init) == group {
        members[setting.key] = setting.schema
    }
    for path in Setting.groups where path.parentPath == group {
        members[path.lastPart] = Setting[path: path].map { anyOf($0.schema, path.schema) } ?? path.schema
    }
    return members
}

extension String {
    fileprivate var lastPart: String { String(split(separator: ".").last ?? "") }
    fileprivate var parentPath: String? { lastIndex(of: ".").map { String(self[..<$0]) } }

    /// The mapping of a group of settings.
    fileprivate var schema: JSONValue { object(groupMembers(self), "") }
}

extension Setting {
    fileprivate var schema: JSONValue {
        described(kind.schema, "\(meaning) Default: \(defaultText). For: \(usedBy).")
    }
}

extension SettingType {
    /// One value of this type.
    fileprivate var schema: JSONValue {
        switch self {
        case .integer(let range): whole(range)
        case .number(let bounds): bounds.schema
        case .numberOrOff(let bounds): anyOf(bounds.schema, words(["off"]))
        case .word(let list): words(list)
        case .flag: typed("boolean")
        case .dataset:
            anyOf(
                words(Dataset.names),
                object(
                    groupMembers("dataset").merging(["name": words(Dataset.names)]) { $1 },
                    "A data set with its options."))
        case .integers(let range, _): list(of: whole(range))
        case .numbers(let bounds, _): list(of: bounds.schema)
        case .matrix: list(of: list(of: anyNumber))
        case .times:
            anyOf(
                words(["end", "log", "linear"]), list(of: whole(1...1_000_000_000)),
                object(
                    ["linear": whole(1...100_000), "log": whole(1...100_000), "epochs": whole(1...100_000)],
                    ""))
        case .points: anyOf(whole(SettingType.pointRange), words(["all"]))
        case .path, .column(isList: false): string
        case .column(isList: true): list(of: string)
        case .patterns: anyOf(string, list(of: string))
        case .network: list(of: layer)
        case .numberOr(let number, let other): anyOf(number.schema, other.schema)
        case .weights: anyOf(words(["none", "final", "best"]), list(of: whole(1...1_000_000_000)))
        }
    }
}

extension Bounds {
    fileprivate var schema: JSONValue {
        var schema: [String: JSONValue] = [:]
        switch lower {
        case .open(let end): schema["exclusiveMinimum"] = .number(end)
        case .closed(let end): schema["minimum"] = .number(end)
        case .none: break
        }
        switch upper {
        case .open(let end): schema["exclusiveMaximum"] = .number(end)
        case .closed(let end): schema["maximum"] = .number(end)
        case .none: break
        }
        return typed("number", schema)
    }
}

// MARK: JSON

private let string = typed("string")
private let anyNumber = typed("number")

private func typed(_ type: String, _ more: [String: JSONValue] = [:]) -> JSONValue {
    .object(more.merging(["type": .string(type)]) { $1 })
}

private func whole(_ range: ClosedRange<Int>) -> JSONValue {
    typed(
        "integer", ["minimum": JSONValue(range.lowerBound), "maximum": JSONValue(range.upperBound)])
}

private func words(_ words: [String]) -> JSONValue {
    .object(["enum": .array(words.map(JSONValue.string))])
}

private func list(of items: JSONValue) -> JSONValue { typed("array", ["items": items]) }

private func anyOf(_ schemas: JSONValue...) -> JSONValue { .object(["anyOf": .array(schemas)]) }

private func described(_ schema: JSONValue, _ text: String) -> JSONValue {
    .object((schema.object ?? [:]).merging(["description": .string(text)]) { $1 })
}

private func object(_ members: [String: JSONValue], _ text: String, required: [String] = []) -> JSONValue {
    var more: [String: JSONValue] = [
        "properties": .object(members), "additionalProperties": .bool(false),
    ]
    if !text.isEmpty { more["description"] = .string(text) }
    if !required.isEmpty { more["required"] = .array(required.map(JSONValue.string)) }
    return typed("object", more)
}
