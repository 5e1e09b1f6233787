import Sweep
import Text

/// Points of a sweep and their means over seeds, for a page: `summary.dat` with only the last layer.
public struct SummaryTable: Equatable, Sendable {
    /// Paths of the columns before the numbers.
    public let paths: [String]
    /// Heads of the columns of numbers, with units.
    public let metrics: [String]
    /// The rows, one for each point.
    public let rows: [Row]
    /// Number of points, larger than that of `rows` where the table is cut.
    public let points: Int

    /// A point: its axes, its means, and the number of its trials by outcome.
    public struct Row: Equatable, Sendable {
        /// Values of the axes, one for each path.
        public let axes: [JSONValue]
        /// One sample for each metric; nil where the point has none.
        public let samples: [Sample?]
        /// Number of measured trials.
        public let measured: Int
        /// Number of diverged trials.
        public let diverged: Int
        /// Number of failed trials.
        public let failed: Int
    }
}

extension Summary {
    /// Each metric's value in its last layer, under the column without a layer.
    static func lastLayers<Value>(_ values: [(Column, Value)]) -> [Column: Value] {
        var last: [Column: (layer: Int, value: Value)] = [:]
        for (column, value) in values {
            var key = column
            key.layer = nil
            let layer = column.layer ?? 0
            if last[key].map({ $0.layer < layer }) ?? true { last[key] = (layer, value) }
        }
        return last.mapValues(\.value)
    }

    /// The columns of a page, in order. Leaves out bits, since there are nats, and active units, since a
    /// single layer's say little.
    static func shown(_ columns: Set<Column>) -> [Column] {
        let hidden = [Metric.klBits, .izyBits, .activeUnits].map(\.key)
        return columns.filter { !hidden.contains($0.metric) }.sorted(by: Column.precedes)
    }

    /// The first `limit` points, in grid order.
    ///
    /// - Parameter squaredLoss: whether the task loss is a squared error.
    func table(limit: Int, squaredLoss: Bool) -> SummaryTable {
        let shown = rows.prefix(limit)
        // Each row's last layer, under the name without a layer.
        let samples = shown.map { Summary.lastLayers($0.samples.map { ($0, $1) }) }
        var found: Set<Column> = []
        for row in samples { found.formUnion(row.keys) }
        let columns = Summary.shown(found)
        return SummaryTable(
            paths: paths, metrics: columns.map { $0.label(squaredLoss: squaredLoss) },
            rows: zip(shown, samples).map { row, samples in
                SummaryTable.Row(
                    axes: row.axes, samples: columns.map { samples[$0] }, measured: row.trials.measured,
                    diverged: row.trials.diverged, failed: row.trials.failed)
            }, points: rows.count)
    }
}

extension Summary.Column {
    func label(squaredLoss: Bool) -> String {
        guard let metric = Metric(key: metric) else {
            return name.split(separator: "_").joined(separator: " ")
        }
        let quantity = FigureSpec.Quantity(metric: metric, threshold: threshold)
        var (label, depth) = ("", 0)
        for character in quantity.label(squaredLoss: squaredLoss) {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            // Text in parentheses stays together.
            label.append(character == " " && depth > 0 ? "\u{A0}" : character)
        }
        // Labels are gnuplot's enhanced text.
        return label.split(separator: "σ_1", omittingEmptySubsequences: false).joined(separator: "σ₁")
    }
}
