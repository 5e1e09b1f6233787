import Records
import Sweep
import Text

/// Trials for a page's list and parallel coordinates: all of a small run, evenly spaced ones of a large one.
public struct PageTrials: Equatable, Sendable {
    /// Paths of the axes.
    public let paths: [String]
    /// Heads of the metrics' columns, with units. Per-layer metrics show the last layer.
    public let metrics: [String]
    /// The trials, in grid order.
    public let rows: [Row]
    /// Number of records, larger than that of `rows` where some were left out.
    public let records: Int

    /// A trial.
    public struct Row: Equatable, Sendable {
        /// The trial's identifier.
        public let trial: String
        /// Whether the trial ended with metrics; it diverged otherwise.
        public let isMeasured: Bool
        /// Values of the axes, one for each path.
        public let axes: [JSONValue]
        /// One number for each metric; nil where the trial has none.
        public let numbers: [Double?]
    }
}

/// Collects a page's trials from records, with bounded memory.
struct PageTrialCollector {
    private let paths: [String]
    private let maxRows: Int
    private let maxNumbers: Int
    private var records = 0
    /// Every `stride`-th record is kept.
    private var stride = 1
    private var rows: [Row] = []

    private struct Row {
        let trial: String
        let isMeasured: Bool
        let axes: [JSONValue]
        let numbers: [Summary.Column: Double]
    }

    /// - Parameters:
    ///   - maxRows: the most trials of a page.
    ///   - maxNumbers: the most numbers of a page, which bound its size.
    init(of scope: ReportScope, maxRows: Int = 4096, maxNumbers: Int = 100_000) {
        paths = scope.varied
        self.maxRows = maxRows
        self.maxNumbers = maxNumbers
    }

    mutating func add(_ record: Record) {
        defer { records += 1 }
        guard records % stride == 0 else { return }
        if rows.count == maxRows { halve() }
        guard records % stride == 0 else { return }
        rows.append(
            Row(
                trial: record.trial, isMeasured: record.isMeasured,
                axes: paths.map { record.axes[$0] ?? .null },
                numbers: Summary.lastLayers(record.isMeasured ? Summary.numbers(of: record) : [])))
    }

    private mutating func halve() {
        stride *= 2
        rows = rows.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    }

    /// - Parameter squaredLoss: whether the task loss is a squared error.
    func trials(squaredLoss: Bool) -> PageTrials {
        var kept = self
        var columns = kept.columns
        while kept.rows.count > 64, kept.rows.count * (columns.count + paths.count) > maxNumbers {
            kept.halve()
            columns = kept.columns
        }
        return PageTrials(
            paths: paths, metrics: columns.map { $0.label(squaredLoss: squaredLoss) },
            rows: kept.rows.map { row in
                PageTrials.Row(
                    trial: row.trial, isMeasured: row.isMeasured, axes: row.axes,
                    numbers: columns.map { row.numbers[$0] })
            }, records: records)
    }

    private var columns: [Summary.Column] {
        var found: Set<Summary.Column> = []
        for row in rows { found.formUnion(row.numbers.keys) }
        return Summary.shown(found)
    }
}
