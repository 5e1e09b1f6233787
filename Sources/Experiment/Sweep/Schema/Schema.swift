import Text

/// A setting of a sweep file: its path, its type and bounds, its default, the trials that use it and its
/// meaning, all in this one location. Type checks, spelling suggestions and the table in docs/sweep-files.md
/// come from it.
public struct Setting: Sendable {
    /// The path in files, axes, `--set` and messages, as "training.learning_rate".
    public let path: String
    let kind: SettingType
    /// The default for readers: a value, or a description of how it follows from other settings.
    public let defaultText: String
    /// The default value, where it doesn't depend on other settings.
    let fallback: JSONValue?
    /// Conditions that a trial must all meet to use the setting.
    var uses: [Use]
    /// How trials store it; nil for a setting with code of its own.
    var storage: Storage?
    /// The meaning, in one sentence.
    public let meaning: String

    /// A condition: the setting `path` is one of `words`.
    public struct Use: Equatable, Sendable {
        let path: String
        let words: [String]

        /// The path of conditions on the kind of network: the model, or a VIB's encoder.
        static let networkPath = "encoder"

        /// The condition that the network, or a VIB's encoder, is one of these.
        static func network(_ words: [String]) -> Use { Use(path: networkPath, words: words) }

        /// The same condition for a sweep of these models, by the setting that answers it.
        func named(for models: [String]) -> Use {
            guard path == Use.networkPath else { return self }
            return models.contains("vib")
                ? Use(path: path, words: encoders) : Use(path: "model", words: words)
        }

        /// The words that an encoder can be.
        fileprivate var encoders: [String] { words.filter { $0 != "onnx" } }
    }

    /// A description of valid values for readers.
    public var typeText: String { kind.text }

    /// A description for readers of the trials that use the setting.
    public var usedBy: String {
        if uses == [.trained] { return "`model` other than `onnx`" }
        let uses = uses.filter { $0 != .trained }
        return uses.isEmpty
            ? "all"
            : uses.map { use in
                guard use.path == Use.networkPath else {
                    return "`\(use.path)` \(use.words.joined(separator: " or "))"
                }
                let own = use.encoders.count < use.words.count ? ", or `model` onnx" : ""
                return "`model` or `encoder` \(use.encoders.joined(separator: " or "))\(own)"
            }.joined(separator: ", ")
    }

    /// The default, where it is a list of numbers.
    var fallbackNumbers: [Double]? { fallback?.array?.compactMap(\.number) }

    /// The last part of the path.
    let key: String

    /// The group that contains the setting in a file, as "training"; nil at the top level.
    var group: Substring? {
        path.lastIndex(of: ".").map { path[..<$0] }
    }
}

/// The type of a setting.
indirect enum SettingType: Equatable, Sendable {
    case integer(ClosedRange<Int>)
    case number(Bounds)
    /// A number, or the word `off`.
    case numberOrOff(Bounds)
    case word([String])
    case flag
    case dataset
    /// A list of at most `limit` integers.
    case integers(ClosedRange<Int>, limit: Int)
    /// A list of at most `limit` different numbers.
    case numbers(Bounds, limit: Int)
    /// A square list of lists of numbers.
    case matrix(limit: Int)
    case times
    /// A number of test points, or the word `all`.
    case points
    /// The weights to keep.
    case weights
    /// The path of a file.
    case path
    /// The name of a table's column, or a list of names.
    case column(isList: Bool)
    /// Names or patterns of layers: a list of texts, or one text with commas.
    case patterns
    /// The layers of a network.
    case network
    /// A number of one type, or a word or path of another.
    case numberOr(SettingType, SettingType)

    var text: String {
        switch self {
        case .integer(let range): "integer, \(Bounds(range).text)"
        case .number(let bounds): bounds.text.isEmpty ? "number" : "number, \(bounds.text)"
        case .numberOrOff(let bounds): "number, \(bounds.text), or `off`"
        case .word(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .flag: "`true` or `false`"
        case .dataset: "a name, or a mapping with `name`"
        case .integers(let range, _): "list of integers, \(Bounds(range).text)"
        case .numbers(let bounds, _): "list of numbers" + (bounds.text.isEmpty ? "" : ", \(bounds.text)")
        case .matrix: "square list of lists of numbers"
        case .points: "integer, \(Bounds(SettingType.pointRange).text), or `all`"
        case .weights: "`none`, `final`, `best` or a list of steps"
        case .path: "a file"
        case .column(isList: false): "a column's name"
        case .column(isList: true): "list of columns' names"
        case .patterns: "list of names or patterns"
        case .network: "list of layers"
        case .numberOr(let number, let other): "\(number.text), or \(other.text)"
        case .times: "`end`, `log`, `{linear: n}`, `{log: n}`, `{epochs: n}` or a list of steps"
        }
    }

    static let pointRange = 1...10_000_000

    /// Whether `linear`, `log` and `range` can generate axes of this type.
    var isNumeric: Bool {
        switch self {
        case .integer, .number, .numberOrOff, .points, .numberOr: true
        default: false
        }
    }

    /// The type of its numbers.
    var ofNumbers: SettingType { if case .numberOr(let number, _) = self { number.ofNumbers } else { self } }

    /// A type with the values of both.
    func or(_ other: SettingType) -> SettingType {
        if self == other || ofNumbers == other { return self }
        return isNumeric ? .numberOr(self, other) : .numberOr(other, self)
    }

    /// Whether a value of some `numberOr` is of this type.
    func admits(_ value: JSONValue) -> Bool {
        switch self {
        case .integer, .number: value.number != nil
        case .word, .path, .column(isList: false): value.string != nil
        default: true
        }
    }

    /// Whether a single value of this type is written as a list.
    var isList: Bool {
        switch self {
        case .integers, .numbers, .matrix, .patterns, .network, .column(isList: true): true
        default: false
        }
    }

    /// Whether a single value of this type is a word or a list of steps.
    var maySayWhen: Bool { self == .times || self == .weights }
}

/// An interval of numbers.
struct Bounds: Equatable, Sendable {
    enum End: Equatable, Sendable {
        case open(Double)
        case closed(Double)
        case none
    }
    var lower: End
    var upper: End
    /// The reason for the bounds, where they aren't obvious.
    var reason: String?

    init(_ lower: End, _ upper: End, because reason: String? = nil) {
        self.lower = lower
        self.upper = upper
        self.reason = reason
    }

    init(_ range: ClosedRange<Int>) {
        self.init(.closed(Double(range.lowerBound)), .closed(Double(range.upperBound)))
    }

    func contains(_ number: Double) -> Bool {
        let aboveLower =
            switch lower {
            case .open(let end): number > end
            case .closed(let end): number >= end
            case .none: true
            }
        let belowUpper =
            switch upper {
            case .open(let end): number < end
            case .closed(let end): number <= end
            case .none: true
            }
        return aboveLower && belowUpper
    }

    /// The bounds and their reason, for the author of a number outside them.
    var due: String { reason.map { "\(text) (\($0))" } ?? text }

    /// The bounds in words, as "above 0 and below 1".
    var text: String {
        let low: String? =
            switch lower {
            case .open(let end): "above \(numberText(end))"
            case .closed(let end): "at least \(numberText(end))"
            case .none: nil
            }
        let high: String? =
            switch upper {
            case .open(let end): "below \(numberText(end))"
            case .closed(let end): "at most \(numberText(end))"
            case .none: nil
            }
        return [low, high].compactMap { $0 }.joined(separator: " and ")
    }
}
