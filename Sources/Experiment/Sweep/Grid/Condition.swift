import Text

/// A condition that points must meet to stay in the grid: comparisons of axes, joined by `and`, `or`, `not`.
public indirect enum Condition: Equatable, Sendable {
    case comparison(Operand, Operator, Operand)
    case not(Condition)
    case and(Condition, Condition)
    case or(Condition, Condition)

    /// One side of a comparison.
    public enum Operand: Equatable, Sendable {
        /// The value of the axis with this path; for `dataset` and `network`, the name.
        case axis(String)
        case number(Double)
        case text(String)
    }

    /// A comparison's sign.
    public enum Operator: String, CaseIterable, Sendable {
        case less = "<"
        case atMost = "<="
        case greater = ">"
        case atLeast = ">="
        case equal = "=="
        case notEqual = "!="
    }

    /// The paths of the axes in the condition, each once, in the order of their first occurrence.
    public var axes: [String] {
        var paths: [String] = []
        for path in allAxes where !paths.contains(path) { paths.append(path) }
        return paths
    }

    private var allAxes: [String] {
        switch self {
        case .comparison(let left, _, let right):
            [left, right].compactMap { if case .axis(let path) = $0 { path } else { nil } }
        case .not(let inner): inner.allAxes
        case .and(let left, let right), .or(let left, let right): left.allAxes + right.allAxes
        }
    }

    /// The condition as in a sweep file. It reads back as an equal condition.
    public var text: String { text(within: 0) }

    /// The condition as part of another one. A looser operator inside a tighter one gets parentheses.
    private func text(within tightness: Int) -> String {
        let (inner, own): (String, Int) =
            switch self {
            case .or(let left, let right): ("\(left.text(within: 1)) or \(right.text(within: 2))", 1)
            case .and(let left, let right): ("\(left.text(within: 2)) and \(right.text(within: 3))", 2)
            case .not(let condition): ("not \(condition.text(within: 3))", 3)
            case .comparison(let left, let sign, let right):
                ("\(left.text) \(sign.rawValue) \(right.text)", 4)
            }
        return own < tightness ? "(\(inner))" : inner
    }
}

extension Condition {
    /// The condition without comparisons that hold at every point, or at none, because a constant in them is
    /// no longer a value of its axis: `quick` or an override removed it. nil where the whole condition holds
    /// everywhere.
    ///
    /// A run directory's conditions therefore name only existing values, and can be read back.
    func simplified(by axes: ConditionAxes) -> Condition? {
        switch truth(by: axes) {
        case .always: nil
        // No point is left. The empty grid is reported as such.
        case .never: self
        case .sometimes(let condition): condition
        }
    }

    private enum Truth {
        case always, never
        case sometimes(Condition)
    }

    private func truth(by axes: ConditionAxes) -> Truth {
        switch self {
        case .comparison(let left, let sign, let right):
            for (operand, other) in [(left, right), (right, left)] {
                guard case .axis(let path) = operand, sign == .equal || sign == .notEqual else { continue }
                if case .axis = other { continue }
                if !axes.isValue(other, of: path) { return sign == .equal ? .never : .always }
            }
            return .sometimes(self)
        case .not(let inner):
            return switch inner.truth(by: axes) {
            case .always: .never
            case .never: .always
            case .sometimes(let condition): .sometimes(.not(condition))
            }
        case .and(let left, let right):
            return switch (left.truth(by: axes), right.truth(by: axes)) {
            case (.never, _), (_, .never): .never
            case (.always, let other), (let other, .always): other
            case (.sometimes(let one), .sometimes(let other)): .sometimes(.and(one, other))
            }
        case .or(let left, let right):
            return switch (left.truth(by: axes), right.truth(by: axes)) {
            case (.always, _), (_, .always): .always
            case (.never, let other), (let other, .never): other
            case (.sometimes(let one), .sometimes(let other)): .sometimes(.or(one, other))
            }
        }
    }
}

extension Condition.Operand {
    var text: String {
        switch self {
        case .axis(let path): path
        case .number(let number): numberText(number)
        case .text(let text): "'\(text)'"
        }
    }
}

/// Why a text isn't a condition of the sweep.
public enum ConditionMistake: Equatable, Sendable {
    case empty
    case unexpected(String, due: String)
    case unendedQuote
    case chained
    case noAxis
    case unknownAxis(String, suggestion: String?, isSetting: Bool)
    case unknownValue(String, axis: String, suggestion: String?)
    case alias(String, Alias.Answer)
    case unknownNumber(String, axis: String, nearest: String)
    case ordersText(String)
    case mixesTypes(String, String)
    case notComparable(String)
    case tooDeep
    case tooLong(limit: Int)

    var words: String {
        switch self {
        case .empty: "an empty condition"
        case .unexpected(let found, let due): "expected \(due), found \(found)"
        case .unendedQuote: "a quote without its end"
        case .chained: "comparisons do not chain: write 'a < b and b < c'"
        case .noAxis: "a comparison without an axis"
        case .unknownAxis(let name, let suggestion, let isSetting):
            "'\(name)' is " + (isSetting ? "a setting but no axis of this sweep" : "no axis of this sweep")
                + (suggestion.map { " (did you mean '\($0)'?)" } ?? "")
        case .alias(let word, let answer): answer.message(for: word)
        case .unknownValue(let text, let axis, let suggestion):
            "'\(text)' is no value of \(axis)" + (suggestion.map { " (did you mean '\($0)'?)" } ?? "")
        case .unknownNumber(let text, let axis, let nearest):
            "\(text) equals no value of \(axis); the nearest is \(nearest)"
        case .ordersText(let axis): "\(axis) has texts: compare them with == or !="
        case .mixesTypes(let left, let right): "\(left) and \(right) cannot be compared: a number and a text"
        case .notComparable(let axis): "the values of \(axis) are lists or mappings, which cannot be compared"
        case .tooLong(let limit): "a condition of more than \(limit) characters: write several"
        case .tooDeep: "parentheses more than 32 deep"
        }
    }
}
