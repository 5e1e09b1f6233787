import Text

/// A summary of an array's numbers: their range, their mean, and the first that isn't finite.
public struct NumberSummary: Sendable {
    /// Number of numbers.
    public private(set) var count = 0
    /// Number of NaNs.
    public private(set) var nanCount = 0
    /// Number of infinities, and of numbers too large for single precision.
    public private(set) var infiniteCount = 0
    /// The smallest finite number.
    public private(set) var least = Double.infinity
    /// The largest finite number.
    public private(set) var largest = -Double.infinity
    /// The first number that isn't finite in single precision, with its index.
    public private(set) var firstBad: (number: Double, index: Int)?
    private var sum = 0.0

    /// No numbers yet.
    public init() {}

    /// The mean of the finite numbers.
    public var mean: Double { sum / Double(max(1, count - nanCount - infiniteCount)) }

    /// Takes in the next number.
    public mutating func take(_ number: Double) {
        defer { count += 1 }
        guard Float(number).isFinite else {
            if number.isNaN { nanCount += 1 } else { infiniteCount += 1 }
            if firstBad == nil { firstBad = (number, count) }
            return
        }
        least = min(least, number)
        largest = max(largest, number)
        sum += number
    }
}

extension ArrayFile {
    /// The summary of all numbers.
    public func summary() throws(FileError) -> NumberSummary {
        var summary = NumberSummary()
        try forEachNumber { summary.take($0) }
        return summary
    }

    /// The first number that isn't finite in single precision, as a problem of the file.
    public func problem(_ summary: NumberSummary) -> ArrayProblem? {
        guard let bad = summary.firstBad else { return nil }
        var (index, at): (Int, [Int]) = (bad.index, [])
        for size in shape.reversed() {
            at.insert(index % size, at: 0)
            index /= size
        }
        return .badNumber("\(bad.number)", at: at)
    }
}

/// A summary of a table's column.
public struct ColumnSummary: Sendable {
    /// A text, or a whole number, that occurs in the column.
    public struct Value: Sendable, Equatable {
        /// The text.
        public let text: String
        /// How many cells have it.
        public fileprivate(set) var count: Int
        /// The line of the first such cell.
        public let line: Int
    }

    /// The column's name.
    public let name: String
    /// The numbers of the cells that hold one.
    public private(set) var numbers = NumberSummary()
    /// Whether all these numbers are whole.
    public private(set) var isWhole = true
    /// Number of empty cells.
    public private(set) var missing = 0
    /// The line of the first empty cell.
    public private(set) var firstMissing: Int?
    /// The first cell that holds no number, and isn't empty.
    public private(set) var firstText: (text: String, line: Int)?
    private var found: [String: Value]? = [:]

    /// The most different values that are counted.
    public static let maxValues = 1000
    /// The most bytes of a value that is counted.
    public static let maxValueBytes = 200

    init(_ name: String) { self.name = name }

    /// The different values in order, words or whole numbers; nil where there are too many, longer ones,
    /// or fractions.
    public var values: [Value]? {
        guard firstText != nil || isWhole, let found else { return nil }
        guard firstText == nil else { return found.values.sorted { $0.text < $1.text } }
        return found.values.sorted { (Double($0.text) ?? 0) < (Double($1.text) ?? 0) }
    }

    fileprivate mutating func take(_ text: String, line: Int) {
        guard !text.isEmpty else {
            missing += 1
            firstMissing = firstMissing ?? line
            return
        }
        var key = text
        if let number = TableFile.number(text) {
            numbers.take(number)
            isWhole = isWhole && number == number.rounded()
            key = TableFile.valueText(text, number)
        } else {
            firstText = firstText ?? (text, line)
        }
        guard found != nil else { return }
        if found?[key] != nil {
            found?[key]?.count += 1
        } else if found?.count == ColumnSummary.maxValues || key.utf8.count > ColumnSummary.maxValueBytes {
            found = nil
        } else {
            found?[key] = Value(text: key, count: 1, line: line)
        }
    }
}

extension TableFile {
    /// The text by which equal values are known: "3" for 3.0.
    public static func valueText(_ text: String) -> String {
        number(text).map { valueText(text, $0) } ?? text
    }

    fileprivate static func valueText(_ text: String, _ number: Double) -> String {
        number == number.rounded() ? JSONValue.text(of: number) : text
    }

    /// Reads all lines.
    public func summary() throws(Fault) -> (rows: Int, columns: [ColumnSummary]) {
        var columns = names.map { ColumnSummary($0) }
        var rows = 0
        try forEachRow { row in
            for index in columns.indices { columns[index].take(row.text(index), line: row.line) }
            rows += 1
        }
        return (rows, columns)
    }
}
