import Records
import Sweep
import Text

/// The text of `tables/summary.dat`: every number of every point, averaged over seeds. Filled record by
/// record.
struct Summary {
    private let sweepName: String
    private let sweepDigest: String
    /// The columns before the numbers: axes in the sweep's order, then those that records always show.
    let paths: [String]
    private(set) var rows: [Row] = []
    private var rowIndices: [String: Int] = [:]

    struct Row {
        let axes: [JSONValue]
        var samples: [Column: Sample] = [:]
        var trials = TrialCount()
    }

    /// A number of a record.
    struct Column: Hashable {
        let metric: String
        var threshold: Double?
        var layer: Int?

        var name: String {
            var name = metric
            if let threshold { name += "_" + thresholdKey(threshold) }
            if let layer { name += "_layer\(layer)" }
            return name
        }

        static func precedes(_ left: Column, _ right: Column) -> Bool {
            if left.metric != right.metric {
                let orders = [left, right].map { Metric.order(of: $0.metric) }
                return orders[0] == orders[1] ? left.metric < right.metric : orders[0] < orders[1]
            }
            if left.threshold != right.threshold { return (left.threshold ?? 0) < (right.threshold ?? 0) }
            return (left.layer ?? 0) < (right.layer ?? 0)
        }
    }

    init(of scope: ReportScope) {
        sweepName = scope.name
        sweepDigest = scope.digest
        paths = scope.recordPaths.filter { $0 != "seed" }
    }

    mutating func add(_ record: Record) {
        let row = row(of: record.axes)
        guard record.isMeasured else {
            rows[row].trials.diverged += 1
            return
        }
        rows[row].trials.measured += 1
        for (column, number) in Summary.numbers(of: record) {
            rows[row].samples[column, default: Sample()].add(number)
        }
    }

    /// A record's numbers without its lists, which figures show over their entries.
    static func numbers(of record: Record) -> [(Column, Double)] {
        (record.metrics.object ?? [:]).filter { Metric(key: $0.key)?.list == nil }.flatMap(numbers)
    }

    /// Counts a trial whose attempts failed: it has no record.
    mutating func addFailed(_ axes: [String: JSONValue]) { rows[row(of: axes)].trials.failed += 1 }

    private mutating func row(of axes: [String: JSONValue]) -> Int {
        let values = paths.map { axes[$0] ?? .null }
        let key = JSONValue.array(values).canonicalText
        if let row = rowIndices[key] { return row }
        rowIndices[key] = rows.count
        rows.append(Row(axes: values))
        return rows.count - 1
    }

    private static func numbers(_ metric: String, _ value: JSONValue) -> [(Column, Double)] {
        if let number = value.number { return [(Column(metric: metric), number)] }
        if value.array != nil { return numbers(Column(metric: metric), value) }
        if let mean = value["mean"] { return numbers(Column(metric: metric), mean) }
        return (value.object ?? [:]).flatMap { key, entry -> [(Column, Double)] in
            guard let threshold = Double(key), threshold.isFinite, let mean = entry["mean"] else {
                return []
            }
            return numbers(Column(metric: metric, threshold: threshold), mean)
        }
    }

    private static func numbers(_ column: Column, _ mean: JSONValue) -> [(Column, Double)] {
        if let number = mean.number { return [(column, number)] }
        let list = mean.array ?? []
        // The noise-aware rank is that of a single layer, the last.
        let isOneLayer = column.metric == Metric.localRankNoise.key
        return list.enumerated().compactMap { index, entry in
            guard let number = entry.number else { return nil }
            var column = column
            if !isOneLayer { column.layer = index + 1 }
            return (column, number)
        }
    }

    var text: String {
        var found: Set<Column> = []
        for row in rows { found.formUnion(row.samples.keys) }
        let columns = found.sorted(by: Column.precedes)
        let numbers = columns.flatMap { column in
            ["mean", "stderr", "ci95_low", "ci95_high", "n"].map { "\(column.name):\($0)" }
        }
        let names = (paths + numbers + ["n", "diverged", "failed"]).enumerated().map {
            "\($0.offset + 1):\($0.element)"
        }
        var text = """
            # Summary of the sweep \(sweepName): a row for each point
            # Sweep digest \(sweepDigest)
            # \(Table.statisticsNote)
            # Columns: \(names.joined(separator: " "))

            """
        for row in rows {
            var cells = row.axes.map(Summary.axisText)
            for column in columns {
                let sample = row.samples[column] ?? Sample()
                let interval = sample.confidenceInterval
                cells += [
                    sample.mean, sample.standardError, interval?.low, interval?.high, Double(sample.count),
                ].map(cellText)
            }
            cells += [row.trials.measured, row.trials.diverged, row.trials.failed].map { String($0) }
            text += cells.joined(separator: " ") + "\n"
        }
        return text
    }

    /// Numbers as they are, other values in quotes.
    static func axisText(_ value: JSONValue) -> String {
        switch value {
        case .number(let number): cellText(number)
        case .null: "nan"
        case .string(let text): "\"\(onOneLine(text).filter { $0 != "\"" })\""
        default: "\"\(value.canonicalText.filter { $0 != "\"" })\""
        }
    }
}
