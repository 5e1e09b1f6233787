import Text

/// A setting of a sweep file: the one place that says its path, its type and bounds, its default, what uses
/// it and what it means. Type checks, spelling suggestions and the table in docs/sweep-files.md come from it.
public struct Setting: Sendable {
    /// The path by which files, axes, `--set` and messages name it: "training.learning_rate".
    public let path: String
    let kind: SettingType
    /// For a reader: a value, or a word on how it follows from other settings.
    public let defaultText: String
    /// The default, where it is one value whatever else is set.
    let fallback: JSONValue?
    /// Only trials that meet all of these use the setting.
    let uses: [Use]
    /// One sentence.
    public let meaning: String

    /// "Used only where the setting `path` is one of `words`."
    public struct Use: Equatable, Sendable {
        let path: String
        let words: [String]
    }

    /// What may stand as the value, for a reader.
    public var typeText: String { kind.text }

    public var usedBy: String {
        uses.isEmpty
            ? "all"
            : uses.map { "`\($0.path)` \($0.words.joined(separator: " or "))" }.joined(separator: ", ")
    }

    /// The default, where it is a list of numbers.
    var fallbackNumbers: [Double]? { fallback?.array?.compactMap(\.number) }

    /// The path's last part.
    var key: String { String(path.split(separator: ".").last ?? "") }

    /// The group that the setting stands under in a file ("training"), or nil at the top.
    var group: Substring? {
        path.lastIndex(of: ".").map { path[..<$0] }
    }
}

/// The type of a setting.
enum SettingType: Equatable, Sendable {
    case integer(ClosedRange<Int>)
    case number(Bounds)
    /// A number, or the word `off`.
    case numberOrOff(Bounds)
    case word([String])
    case flag
    case dataset
    /// A list of integers, at most so many.
    case integers(ClosedRange<Int>, limit: Int)
    /// A list of different numbers, at most so many.
    case numbers(Bounds, limit: Int)
    /// A square list of lists of numbers.
    case matrix(limit: Int)
    case times
    /// How many test points, or the word `all`.
    case points
    /// Which weights are kept.
    case weights

    var text: String {
        switch self {
        case .integer(let range): "integer, \(Bounds(range).text)"
        case .number(let bounds): "number, \(bounds.text)"
        case .numberOrOff(let bounds): "number, \(bounds.text), or `off`"
        case .word(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .flag: "`true` or `false`"
        case .dataset: "a name, or a mapping with `name`"
        case .integers(let range, _): "list of integers, \(Bounds(range).text)"
        case .numbers(let bounds, _): "list of numbers, \(bounds.text)"
        case .matrix: "square list of lists of numbers"
        case .points: "integer, \(Bounds(SettingType.pointRange).text), or `all`"
        case .weights: "`none`, `final`, `best` or a list of steps"
        case .times: "`end`, `log`, `{linear: n}`, `{log: n}` or a list of steps"
        }
    }

    static let pointRange = 1...10_000_000

    /// Whether axes of it may be made by `linear`, `log` and `range`.
    var isNumeric: Bool {
        switch self {
        case .integer, .number, .numberOrOff, .points: true
        default: false
        }
    }

    /// Whether one value of it is written as a list.
    var isList: Bool {
        switch self {
        case .integers, .numbers, .matrix: true
        default: false
        }
    }

    /// Whether one value of it is a word or a list of steps.
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
    /// Why, where a reader would ask.
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

    /// What a number must be, for the author of a wrong one: the bounds, and why.
    var due: String { reason.map { "\(text) (\($0))" } ?? text }

    /// "above 0 and below 1".
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
