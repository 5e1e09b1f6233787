import Files
import Records
import Sweep
import Text

/// The differences of several runs from the first one, metric by metric, at each point that both have:
/// `differences.csv`. A point is the values of the axes that vary in some run, without the seed. Keeps the
/// numbers of all records.
struct DifferenceTable {
    static let name = "differences.csv"
    /// The names of the runs, the first one first.
    private let runs: [String]
    private let paths: [String]
    private let columns: [MetricColumn]
    private var points: [Point] = []
    private var indices: [String: Int] = [:]

    private struct Point {
        let axes: [JSONValue]
        /// For each run, the numbers of each seed's record; NaN where it has none.
        var runs: [[Double: [Double]]]
    }

    init(_ sources: [ReportSource], of scope: ReportScope) {
        runs = sources.compactMap(\.run)
        paths = scope.varied.filter { $0 != ReportScope.run && $0 != "seed" }
        let first = Set(sources[0].columns.end)
        columns = MetricColumns(joining: sources.dropFirst().map(\.columns)).end.filter {
            first.contains($0) && $0.statistic == .mean
        }
    }

    /// - Parameter run: the run's index.
    mutating func add(_ record: Record, run: Int) {
        guard record.isMeasured else { return }
        let axes = paths.map { record.axes[$0] ?? .null }
        let key = JSONValue.array(axes).canonicalText
        let index = indices[key] ?? points.count
        if index == points.count {
            indices[key] = index
            points.append(Point(axes: axes, runs: runs.map { _ in [:] }))
        }
        points[index].runs[run][record.axes["seed"]?.number ?? 0] = columns.map {
            $0.value(in: record.metrics)?.number ?? .nan
        }
    }

    private static let head = [
        "metric", "difference", "stderr", "ci95_low", "ci95_high", "method", "n", "n_baseline",
    ]

    /// Writes the file.
    ///
    /// - Returns: the differences counted, run by run and metric by metric.
    func write(to folder: String) throws(FileError) -> [ReportOutcome.Difference] {
        let file = try CSVFile(
            "\(folder)/\(DifferenceTable.name)",
            columns: [ReportScope.run, "baseline"] + paths + DifferenceTable.head)
        var counts: [ReportOutcome.Difference] = []
        let sorted = points.map { point in point.runs.map { $0.sorted { $0.key < $1.key } } }
        for run in runs.indices.dropFirst() {
            var byMetric = columns.map { ReportOutcome.Difference(run: runs[run], metric: $0.name) }
            for (point, seeds) in zip(points, sorted) {
                for column in columns.indices {
                    func numbers(_ run: Int) -> [Difference.SeedNumber] {
                        seeds[run].compactMap { seed, numbers in
                            numbers[column].isNaN ? nil : (seed, numbers[column])
                        }
                    }
                    guard let found = Difference(numbers(run), minus: numbers(0)) else { continue }
                    let interval = found.interval
                    byMetric[column].points += 1
                    if let interval, interval.low > 0 { byMetric[column].higher += 1 }
                    if let interval, interval.high < 0 { byMetric[column].lower += 1 }
                    let names: [JSONValue?] = [.string(runs[run]), .string(runs[0])]
                    let numbers = [found.mean, found.standardError, interval?.low, interval?.high]
                    let cells = numbers.map { number in
                        number.flatMap { $0.isFinite ? JSONValue.number($0) : nil }
                    }
                    try file.write(
                        names + point.axes + [.string(columns[column].name)] + cells
                            + [
                                .string(found.method.rawValue), JSONValue(found.seeds.own),
                                JSONValue(found.seeds.other),
                            ])
                }
            }
            counts += byMetric.filter { $0.points > 0 }
        }
        try file.commit()
        return counts
    }

    static let sweeps = "sweeps.csv"

    /// Writes the differences between each run's sweep and the first one's.
    static func writeSweeps(_ sources: [ReportSource], to folder: String) throws(FileError) {
        let file = try CSVFile(
            "\(folder)/\(sweeps)",
            columns: [ReportScope.run, "baseline", "setting", "value", "baseline_value"])
        let first = sources[0]
        for source in sources.dropFirst() {
            for item in SweepDifference(from: first.spec, to: source.spec)?.items ?? [] {
                let texts = [source.run ?? "", first.run ?? "", item.path, item.after, item.before]
                try file.write(texts.map { .string($0) })
            }
        }
        try file.commit()
    }
}
