import Sweep
import Text

/// A number that records of a sweep may hold under `metrics` or in an entry of the trace: a metric, and the
/// threshold and the layer or list entry that it belongs to.
public struct MetricColumn: Hashable, Sendable {
    /// The metric.
    public let metric: Metric
    /// The threshold as a key of records; nil for a metric without thresholds.
    public let threshold: String?
    /// Which number over points it is.
    public let statistic: Statistic
    /// The index in the metric's list, from 0; nil for a metric that isn't a list.
    public let index: Int?

    /// A number over points.
    public enum Statistic: String, CaseIterable, Sendable {
        /// The mean, or the only value.
        case mean
        /// The mean's standard error.
        case error = "stderr"
        /// The largest value at any point.
        case maximum = "max"

        /// The end of a column's name.
        var suffix: String { self == .mean ? "" : "_" + rawValue }
    }

    /// The layer, counted from 1; nil for a number that isn't a layer's.
    public var layer: Int? {
        metric.isPerLayer && metric.notation != .meanAndErrorOfLast ? index.map { $0 + 1 } : nil
    }

    /// The column's name: `kl_nats`, `local_rank_0.1_layer2`, `class_accuracy_class0`.
    public var name: String {
        let name = nameWithoutLayer
        guard let layer else { return name + statistic.suffix }
        return "\(name)_layer\(layer)" + statistic.suffix
    }

    /// The name in a table with a row for each layer: `local_rank_0.1`.
    public var nameByLayer: String { nameWithoutLayer + statistic.suffix }

    private var nameWithoutLayer: String {
        var name = metric.key
        if let threshold { name += "_\(threshold)" }
        if let index, let list = metric.list {
            let noun = list.of.split(separator: " ").last ?? "entry"
            name += "_\(noun)\(list.first + index)"
        }
        return name
    }

    /// The value under `metrics` or in an entry of the trace; nil or null where there is none.
    public func value(in metrics: JSONValue) -> JSONValue? {
        var value = metrics[metric.key]
        if let threshold { value = value?[threshold] }
        if metric.notation != .plain { value = value?[statistic.rawValue] }
        guard let index else { return value }
        guard let list = value?.array, list.indices.contains(index) else { return nil }
        return list[index]
    }

    /// Whether a column stands before another: in the order of metrics, then by threshold, value before error,
    /// layer.
    static func precedes(_ left: MetricColumn, _ right: MetricColumn) -> Bool {
        func key(_ column: MetricColumn) -> (Int, Double, Int, Int) {
            (
                Metric.order(of: column.metric.key), column.threshold.flatMap { Double($0) } ?? 0,
                Statistic.allCases.firstIndex(of: column.statistic) ?? 0, column.index ?? 0
            )
        }
        return key(left) < key(right)
    }
}

/// The columns of tables of a sweep's records. They follow from the sweep's declarations, so that they are
/// known before the first record, and are the same for a part of a run and all of it.
public struct MetricColumns: Equatable, Sendable {
    /// The numbers after the last step, in the order of tables. Lists with a number for each point have none.
    public let end: [MetricColumn]
    /// The numbers along training; empty where nothing is traced.
    public let trace: [MetricColumn]

    /// The most trials that are looked at one by one. Of larger sweeps, trials that cover every pair of values
    /// of the axes are.
    static let limit = 10_000_000

    /// The columns of a sweep's records.
    public init(of sweep: SweepSpec) {
        var (end, trace): (Set<MetricColumn>, Set<MetricColumn>) = ([], [])
        var known: Set<RecordForm.Source> = []
        // Trials that follow each other mostly have equal forms, and to compare is cheaper than to hash.
        var latest: RecordForm.Source?
        func add(_ settings: TrialSettings) {
            let source = RecordForm.Source(settings)
            guard source != latest else { return }
            latest = source
            if known.count >= 4096 { known.removeAll(keepingCapacity: true) }
            guard known.insert(source).inserted else { return }
            let forms = MetricForms(settings)
            end.formUnion(MetricColumns.columns(of: forms.atEnd))
            if case .trace(_, _, let entry)? = forms.trace(isWhole: true) {
                trace.formUnion(MetricColumns.columns(of: entry))
            }
        }
        if sweep.grid.count <= MetricColumns.limit {
            var trials = TrialCache(sweep.grid)
            for index in 0..<sweep.grid.count { add(trials.trial(at: index).settings) }
        } else {
            for trial in sweep.coveringTrials { add(trial.settings) }
        }
        self.end = end.sorted(by: MetricColumn.precedes)
        self.trace = trace.sorted(by: MetricColumn.precedes)
    }

    /// The columns of several sweeps' records in one table.
    public init(joining sweeps: [MetricColumns]) {
        end = Set(sweeps.flatMap(\.end)).sorted(by: MetricColumn.precedes)
        trace = Set(sweeps.flatMap(\.trace)).sorted(by: MetricColumn.precedes)
    }

    private static func columns(of form: ValueForm) -> [MetricColumn] {
        guard case .object(let members) = form else { return [] }
        return members.flatMap { member -> [MetricColumn] in
            guard let metric = Metric(key: String(decoding: member.key, as: UTF8.self)) else { return [] }
            return columns(of: member.form, metric, threshold: nil, .mean)
        }
    }

    private static func columns(
        of form: ValueForm, _ metric: Metric, threshold: String?, _ statistic: MetricColumn.Statistic
    ) -> [MetricColumn] {
        func column(_ index: Int?) -> MetricColumn {
            MetricColumn(metric: metric, threshold: threshold, statistic: statistic, index: index)
        }
        switch form {
        case .tuple(let forms): return forms.indices.map(column)
        case .list(let counts, _):
            if case .list(_, _, .points) = metric.shape { return [] }
            return (0..<counts.upperBound).map(column)
        case .object(let members):
            return members.flatMap { member in
                let key = String(decoding: member.key, as: UTF8.self)
                let known = MetricColumn.Statistic(rawValue: key)
                return columns(
                    of: member.form, metric, threshold: known == nil ? key : threshold, known ?? .mean)
            }
        default: return [column(nil)]
        }
    }
}

/// Finds trials by their identifiers. Identifiers in grid order are found without a table of all trials; in a
/// large grid no others are.
public struct TrialFinder: Sendable {
    /// Whether only identifiers in grid order are found, because a table would take too much memory.
    public let needsOrder: Bool
    private let grid: Grid
    private var trials: TrialCache
    private var next = 0
    private var indices: [TrialID: Int]?

    /// A finder that has found no trial yet.
    public init(_ grid: Grid) { self.init(grid, limit: MetricColumns.limit) }

    /// - Parameter limit: the most trials that a table may have.
    init(_ grid: Grid, limit: Int) {
        self.grid = grid
        needsOrder = grid.count > limit
        trials = TrialCache(grid)
    }

    /// The trial at an index of the grid. Precondition: 0 ≤ index < the grid's count.
    public mutating func trial(at index: Int) -> Trial { trials.trial(at: index) }

    /// The index in the grid of the trial with this identifier; nil where the grid has none, and where it is
    /// out of order in a grid that `needsOrder`.
    public mutating func index(of id: TrialID) -> Int? {
        if let indices { return indices[id] }
        while next < grid.count {
            next += 1
            if trials.id(of: trials.trial(at: next - 1)) == id { return next - 1 }
        }
        guard !needsOrder else { return nil }
        // The identifiers have another order, so all trials are remembered.
        var all: [TrialID: Int] = [:]
        all.reserveCapacity(grid.count)
        for index in 0..<grid.count { all[trials.id(of: trials.trial(at: index))] = index }
        indices = all
        return all[id]
    }
}
