import Text

/// One hyper-parameter and its values, in grid order.
public struct Axis: Equatable, Sendable {
    /// The setting's path: "beta", "training.learningRate".
    public let path: String
    public let values: AxisValues
    /// What records show for each value, where that is not the value: of `dataset`, its name.
    let labels: [JSONValue]?

    init(path: String, values: AxisValues) {
        self.path = path
        self.values = values
        labels =
            if path == "dataset", case .list(let list) = values { Axis.datasetLabels(of: list) } else { nil }
    }

    public var count: Int { values.count }

    /// The `index`-th value as records and figures show it.
    public func label(at index: Int) -> JSONValue { labels?[index] ?? values[index] }

    /// A data set's name; with its options where two values share the name.
    private static func datasetLabels(of values: [JSONValue]) -> [JSONValue] {
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

/// The values of an axis; those of a rule are computed when asked for.
public enum AxisValues: Equatable, Sendable {
    case list([JSONValue])
    /// `count` numbers from `first` to `last`, equally spaced; whole numbers where the setting wants them.
    case linear(first: Double, last: Double, count: Int, whole: Bool)
    /// The same, equally spaced in the logarithm.
    case logarithmic(first: Double, last: Double, count: Int, whole: Bool)
    /// lower, lower + step, …, below upper.
    case range(lower: Int, upper: Int, step: Int)

    public var count: Int {
        switch self {
        case .list(let values): values.count
        case .linear(_, _, let count, _), .logarithmic(_, _, let count, _): count
        case .range(let lower, let upper, let step): lower < upper ? (upper - 1 - lower) / step + 1 : 0
        }
    }

    /// Precondition: 0 ≤ index < count.
    public subscript(index: Int) -> JSONValue {
        switch self {
        case .list(let values): values[index]
        case .linear(let first, let last, let count, let whole):
            .number(Self.whole(Spacing.linear(first, last, count, index), whole))
        case .logarithmic(let first, let last, let count, let whole):
            .number(Self.whole(Spacing.logarithmic(first, last, count, index), whole))
        case .range(let lower, _, let step): JSONValue(lower + index * step)
        }
    }

    private static func whole(_ number: Double, _ whole: Bool) -> Double { whole ? number.rounded() : number }

    /// As a sweep file writes it.
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
        }
    }
}
