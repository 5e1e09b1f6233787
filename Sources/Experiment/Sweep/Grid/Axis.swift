import Text

/// One hyper-parameter and its values, in grid order.
public struct Axis: Equatable, Sendable {
    /// The setting's path, as "beta" or "training.learning_rate".
    public let path: String
    /// The values, in grid order.
    public let values: AxisValues
    /// The labels of values in records, where they differ from the values: for `dataset` and `network`, the names.
    let labels: [JSONValue]?

    init(path: String, values: AxisValues) {
        let values = values.normalised(isWhole: Setting[path: path]?.kind.isWhole ?? false)
        self.path = path
        self.values = values
        labels =
            if ["dataset", "network"].contains(path), case .list(let list) = values {
                Axis.names(of: list)
            } else {
                nil
            }
    }

    /// Number of values.
    public var count: Int { values.count }

    /// The value at `index`, as records and figures show it.
    public func label(at index: Int) -> JSONValue { labels?[index] ?? values[index] }

    /// The label at `index` as text.
    func labelText(at index: Int) -> String {
        let label = label(at: index)
        return label.string ?? label.canonicalText
    }

    /// The values that a sweep gives a setting, as an axis or as one value, without its default.
    static func values(of path: String, _ axes: [Axis], _ fixed: [String: JSONValue]) -> [JSONValue] {
        axes.first { $0.path == path }?.values.all ?? fixed[path].map { [$0] } ?? []
    }

    /// The values as text, "0.001, 0.01, 0.1"; for many values the first, the second and the last. Numbers
    /// read back as the same values.
    public var valuesText: String {
        if count <= 8 { return (0..<count).map(labelText).joined(separator: ", ") }
        return "\(labelText(at: 0)), \(labelText(at: 1)), … \(labelText(at: count - 1))"
    }

    /// The names of data sets or networks, with options where two data sets share a name.
    private static func names(of values: [JSONValue]) -> [JSONValue] {
        let names = values.map { $0.string ?? $0["name"]?.string ?? "" }
        return values.enumerated().map { index, value in
            let options = (value.object ?? [:]).filter { $0.key != "name" }.sorted { $0.key < $1.key }
            guard names.count(where: { $0 == names[index] }) > 1, !options.isEmpty else {
                return .string(names[index])
            }
            let texts = options.map { "\($0.key)=\($0.value.string ?? $0.value.canonicalText)" }
            return .string(([names[index]] + texts).joined(separator: " "))
        }
    }
}

/// The values of an axis. Those of a rule are computed on request.
public enum AxisValues: Equatable, Sendable {
    case list([JSONValue])
    /// `count` numbers from `first` to `last`, equally spaced; rounded to whole numbers where the setting
    /// needs them.
    case linear(first: Double, last: Double, count: Int, whole: Bool)
    /// The same, equally spaced in the logarithm.
    case logarithmic(first: Double, last: Double, count: Int, whole: Bool)
    /// lower, lower + step, …, below upper.
    case range(lower: Int, upper: Int, step: Int)
    /// Numbers drawn from a seed.
    case drawn(DrawnValues)

    /// Number of values.
    public var count: Int {
        switch self {
        case .list(let values): values.count
        case .linear(_, _, let count, _), .logarithmic(_, _, let count, _): count
        case .range(let lower, let upper, let step): lower < upper ? (upper - 1 - lower) / step + 1 : 0
        case .drawn(let draws): draws.numbers.count
        }
    }

    /// All values, in order.
    var all: [JSONValue] { (0..<count).map { self[$0] } }

    /// The value at an index. Precondition: 0 ≤ index < count.
    public subscript(index: Int) -> JSONValue {
        switch self {
        case .list(let values): values[index]
        case .linear(let first, let last, let count, let whole):
            .number(Self.whole(Spacing.linear(first, last, count, index), whole))
        case .logarithmic(let first, let last, let count, let whole):
            .number(Self.whole(Spacing.logarithmic(first, last, count, index), whole))
        case .range(let lower, _, let step): JSONValue(lower + index * step)
        case .drawn(let draws): .number(draws.numbers[index])
        }
    }

    private static func whole(_ number: Double, _ whole: Bool) -> Double { whole ? number.rounded() : number }

    /// Whether the values are drawn from a seed.
    public var isDrawn: Bool { if case .drawn = self { true } else { false } }

    /// The values as in a sweep file.
    var json: JSONValue {
        switch self {
        case .list(let values): .array(values)
        case .linear(let first, let last, let count, _):
            .object(["linear": JSONValue([first, last]), "count": JSONValue(count)])
        case .logarithmic(let first, let last, let count, _):
            .object(["log": JSONValue([first, last]), "count": JSONValue(count)])
        case .range(let lower, let upper, let step):
            .object(
                ["range": JSONValue([lower, upper])].merging(step == 1 ? [:] : ["step": JSONValue(step)]) {
                    a, _ in a
                })
        case .drawn(let draws): draws.json
        }
    }
}

extension AxisValues {
    /// The smallest number of values that is written as a rule where a rule generates them.
    private static let fewest = 8
    private static let maxCount = 10_000

    /// The same values in the same order, in normal form: sweeps with equal values are equal, however the
    /// values were written.
    ///
    /// Consecutive whole numbers become a range if they begin with 0 or are at least five. At least eight
    /// values that a rule generates become that rule. Drawn values keep their rule. All other values become a list.
    func normalised(isWhole: Bool) -> AxisValues {
        if case .drawn = self { return self }
        if case .range(let lower, _, let step) = self, count >= AxisValues.fewest {
            return AxisValues.range(lower, count: count, step: step)
        }
        guard count <= AxisValues.maxCount else { return self }
        let values = all
        let numbers = values.compactMap(\.number)
        guard numbers.count == count else { return self }
        if let range = AxisValues.range(of: numbers, isWhole: isWhole) { return range }
        guard count >= AxisValues.fewest else { return .list(values) }
        let (first, last) = (numbers[0], numbers[count - 1])
        var rules = [AxisValues.linear(first: first, last: last, count: count, whole: isWhole)]
        if first > 0, last > 0 {
            rules.append(.logarithmic(first: first, last: last, count: count, whole: isWhole))
        }
        return rules.first { rule in numbers.indices.allSatisfy { rule[$0].number == numbers[$0] } }
            ?? .list(values)
    }

    private static func range(of numbers: [Double], isWhole: Bool) -> AxisValues? {
        guard numbers.count >= 2, let lower = Int(exactly: numbers[0]), let next = Int(exactly: numbers[1]),
            next > lower, abs(lower) < 1 << 52, next - lower < 1 << 52
        else { return nil }
        let step = next - lower
        guard numbers.indices.allSatisfy({ numbers[$0] == numbers[0] + Double($0) * Double(step) }) else {
            return nil
        }
        let isShort = numbers.count < fewest
        guard !isShort || isWhole && step == 1 && (numbers.count >= 5 || lower == 0) else { return nil }
        return range(lower, count: numbers.count, step: step)
    }

    /// A range whose upper end is the next value, or as close to it as a file allows.
    private static func range(_ lower: Int, count: Int, step: Int) -> AxisValues {
        let last = lower + (count - 1) * step
        return .range(lower: lower, upper: min(last + step, max(last + 1, Setting.seedLimit)), step: step)
    }

    /// The value nearest to a number. Precondition: the values are numbers.
    func nearest(to number: Double) -> Double {
        if case .range(let lower, _, let step) = self {
            let position = ((number - Double(lower)) / Double(step)).rounded()
            return Double(lower) + min(max(position, 0), Double(count - 1)) * Double(step)
        }
        var nearest = self[0].number ?? 0
        for index in 1..<max(1, count) {
            guard let value = self[index].number else { continue }
            if abs(value - number) < abs(nearest - number) { nearest = value }
        }
        return nearest
    }
}

extension SettingType {
    /// Whether values of this type are whole numbers.
    var isWhole: Bool {
        switch ofNumbers {
        case .integer, .points: true
        default: false
        }
    }
}
