import Sweep
import Text

/// Points of a sweep and their means over seeds, for a page: `summary.dat` without its layers but the last.
public struct SummaryTable: Equatable, Sendable {
    /// Columns before the numbers, by path.
    public let paths: [String]
    /// Heads of the columns of numbers, with units.
    public let metrics: [String]
    public let rows: [Row]
    /// Points in all: more than `rows` where the table is cut.
    public let points: Int

    public struct Row: Equatable, Sendable {
        public let axes: [JSONValue]
        /// One a metric; nil where the point has none.
        public let samples: [Sample?]
        public let measured: Int
        public let diverged: Int
        public let failed: Int
    }
}

extension Summary {
    /// The first `limit` points, in grid order. Bits are left out, as there are nats, and active units, which
    /// tell little of one layer.
    ///
    /// - Parameter squaredLoss: whether the task loss is a squared error.
    func table(limit: Int, squaredLoss: Bool) -> SummaryTable {
        let shown = rows.prefix(limit)
        // Each row's last layer, under the name without a layer.
        let samples = shown.map { row in
            var last: [Column: (layer: Int, sample: Sample)] = [:]
            for (column, sample) in row.samples {
                var key = column
                key.layer = nil
                let layer = column.layer ?? 0
                if last[key].map({ $0.layer < layer }) ?? true { last[key] = (layer, sample) }
            }
            return last.mapValues(\.sample)
        }
        var found: Set<Column> = []
        for row in samples { found.formUnion(row.keys) }
        let hidden = [Metric.klBits, .izyBits, .activeUnits].map(\.key)
        let columns = found.filter { !hidden.contains($0.metric) }.sorted(by: Column.precedes)
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
    fileprivate func label(squaredLoss: Bool) -> String {
        guard let metric = Metric(key: metric) else {
            return name.split(separator: "_").joined(separator: " ")
        }
        let quantity = FigureSpec.Quantity(metric: metric, threshold: threshold)
        var (label, depth) = ("", 0)
        for character in quantity.label(squaredLoss: squaredLoss) {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            // What is in parentheses stays together.
            label.append(character == " " && depth > 0 ? "\u{A0}" : character)
        }
        // Labels are gnuplot's enhanced text.
        return label.split(separator: "σ_1", omittingEmptySubsequences: false).joined(separator: "σ₁")
    }
}
