import Foundation
import Records
import Sweep
import Testing
import Text

@testable import Reporting

@Suite struct DifferenceTests {
    private func byFirst(_ numbers: [Double], from seed: Int = 0) -> [Difference.SeedNumber] {
        numbers.enumerated().map { (Double($0.offset + seed), $0.element) }
    }

    /// SciPy 1.17: `ttest_rel([1, 2, 3, 5], [0, 2, 1, 3]).confidence_interval()`.
    @Test func `Shared seeds are paired, as SciPy does`() throws {
        let found = try #require(Difference(byFirst([1, 2, 3, 5]), minus: byFirst([0, 2, 1, 3])))
        #expect(found.method == .paired && found.mean == 1.25 && found.seeds == (4, 4))
        let interval = try #require(found.interval)
        #expect(abs(interval.low - -0.2734801808288123) < 1e-12)
        #expect(abs(interval.high - 2.7734801808288125) < 1e-12)
        // Seeds of one run alone are left out.
        let more = [(-1, 50)] + byFirst([1, 2, 3, 5]) + [(9, 100)]
        #expect(try #require(Difference(more, minus: byFirst([0, 2, 1, 3]))) == found)
    }

    /// SciPy 1.17: `ttest_ind([10, 12, 11], [1, 2, 3, 5], equal_var=False)`.
    @Test func `Without shared seeds means are compared by Welch's interval, as SciPy does`() throws {
        let found = try #require(Difference(byFirst([10, 12, 11], from: 20), minus: byFirst([1, 2, 3, 5])))
        #expect(found.method == .welch && found.mean == 8.25 && found.seeds == (3, 4))
        #expect(abs((found.freedom ?? 0) - 4.849596022374146) < 1e-12)
        let interval = try #require(found.interval)
        #expect(abs(interval.low - 5.575396140980017) < 1e-9)
        #expect(abs(interval.high - 10.924603859019983) < 1e-9)
    }

    @Test func `One seed has a difference and no interval; none has no difference`() throws {
        let one = try #require(Difference([(0, 3)], minus: [(0, 1)]))
        #expect(one.mean == 2 && one.method == .paired && one.interval == nil)
        let other = try #require(Difference([(0, 3)], minus: [(1, 1)]))
        #expect(other.mean == 2 && other.method == .welch && other.interval == nil)
        #expect(Difference([], minus: [(0, 1)]) == nil)
    }

    /// Writes the report of two runs of `SweepSpec.small` with these seeds.
    private func compare(
        _ seeds: [String], figures: String = "", ofSecond: String? = nil, more: [String] = ["", ""],
        axes: [String] = ["", ""],
        names: [String] = ["one", "two"], in folder: String
    ) throws -> (specs: [SweepSpec], outcome: ReportOutcome, rows: [[String]]) {
        let specs = try seeds.indices.map { index in
            try SweepSpec(
                parsing: """
                    name: small
                    model: vib
                    dataset: {name: gaussian, correlations: [0.4, 0.9]}
                    axes: {beta: [0.1, 0.5], depth: [1, 2], seed: \(seeds[index])\(axes[index])}
                    training: {steps: 10}
                    \(more[index])
                    figures: [\(index == 0 ? figures : ofSecond ?? figures)]
                    """, file: "small.yaml")
        }
        var sources: [ReportSource] = []
        for (index, spec) in specs.enumerated() {
            let path = "\(folder)/\(index).ndjson"
            try SyntheticRecords(spec: spec).write(to: path)
            sources.append(ReportSource(spec: spec, recordsAt: path, run: names[index]))
        }
        let outcome = try Reports.write(sources, to: folder, formats: [])
        let rows = try text(of: folder + "/tables/differences.csv").split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        return (specs, outcome, rows)
    }

    /// The numbers of a metric in the records of a sweep, at β = 0.1 and depth 1, by seed.
    private func numbers(_ metric: String, _ spec: SweepSpec) throws -> [Double: Double] {
        var numbers: [Double: Double] = [:]
        for line in SyntheticRecords(spec: spec).lines {
            let record = try Record(parsing: line.utf8)
            guard record.axes["beta"]?.number == 0.1, record.axes["depth"]?.number == 1 else { continue }
            numbers[try #require(record.axes["seed"]?.number)] = record.metrics[metric]?.number
        }
        return numbers
    }

    @Test func `Each point that both runs have is compared over the seeds that both have`() throws {
        try withFolder { folder in
            let (specs, outcome, rows) = try compare(["{range: [0, 3]}", "{range: [1, 5]}"], in: folder)
            #expect(
                rows[0] == [
                    "run", "baseline", "beta", "depth", "metric", "difference", "stderr", "ci95_low",
                    "ci95_high",
                    "method", "n", "n_baseline",
                ])
            let row = try #require(rows.first { $0[2...4] == ["0.1", "1", "kl_nats"] })
            let (one, two) = (try numbers("kl_nats", specs[0]), try numbers("kl_nats", specs[1]))
            let pairs = try [1.0, 2].map { try #require(two[$0]) - (try #require(one[$0])) }
            #expect(abs((Double(row[5]) ?? .nan) - (pairs[0] + pairs[1]) / 2) < 1e-12)
            #expect(row.prefix(2) == ["two", "one"] && row.suffix(3) == ["paired", "2", "2"])
            // Depth 1 has no second layer.
            #expect(!rows.contains { $0[3...4] == ["1", "local_rank_0.1_layer2"] })
            #expect(rows.count { $0[3...4] == ["2", "local_rank_0.1_layer2"] } == 2)
            #expect(outcome.differences.first { $0.metric == "kl_nats" }?.points == 4)
            #expect(outcome.tables.contains("tables/differences.csv"))
        }
    }

    @Test func `A figure has a curve for each run, or a panel if its curves belong to another axis`() throws {
        try withFolder { folder in
            let (_, outcome, _) = try compare(
                ["{range: [0, 3]}", "{range: [0, 3]}"],
                figures: "{name: plain, x: beta, y: kl_nats, panels: depth}, "
                    + "{name: curves, x: beta, y: kl_nats, curves: depth}",
                more: ["", "bottleneck: 1"], in: folder)
            #expect(outcome.records == 24)
            func titles(_ name: String) throws -> [String] {
                try text(of: folder + "/tables/\(name).dat").split(separator: "\n")
                    .filter { $0.hasPrefix("# index") }.map(String.init)
            }
            #expect(
                try titles("plain") == [
                    "# index 0: depth = 1; run = one", "# index 1: depth = 1; run = two",
                    "# index 2: depth = 2; run = one", "# index 3: depth = 2; run = two",
                ])
            #expect(try titles("curves").first == "# index 0: run = one; depth 1")
            let trials = try text(of: folder + "/tables/trials.csv").split(separator: "\n")
            #expect(trials.count == 25 && trials[0].hasPrefix("run,trial,index,outcome,"))
            #expect(
                try text(of: folder + "/tables/sweeps.csv") == """
                    run,baseline,setting,value,baseline_value
                    two,one,bottleneck,1,not given

                    """)
        }
    }

    @Test func `A heatmap has a panel for each run and each value of an axis that it does not name`() throws {
        try withFolder { folder in
            _ = try compare(
                ["{range: [0, 3]}", "{range: [0, 3]}"],
                figures: "{name: h, x: beta, y: depth, color: kl_nats}",
                ofSecond: "", axes: ["", ", training.learning_rate: [0.1, 0.2]"], in: folder)
            let titles = try text(of: folder + "/tables/h.dat").split(separator: "\n")
                .filter { $0.hasPrefix("# index") }.map { $0.drop { $0 != ":" }.dropFirst(2) }
            let panels = ["run = one"] + ["0.1", "0.2"].map { "run = two, learning rate = \($0)" }
            #expect(titles == panels.flatMap { panel in [1, 2].map { "\(panel); depth \($0)" } })
        }
    }

    @Test func `A run's name is no command of a script, and no row of a table`() throws {
        try withFolder { folder in
            let (_, outcome, _) = try compare(
                ["{range: [0, 3]}", "{range: [0, 3]}"],
                figures: "{name: f, x: beta, y: kl_nats, interval: seeds}, "
                    + "{name: h, x: beta, y: depth, color: kl_nats}, {name: p, x: kl_nats, y: test_loss}",
                more: ["measures: {trace_at: log}", "measures: {trace_at: log}"],
                names: ["one\ncommand #", "two\r\ncommand \\"], in: folder)
            let files = outcome.scripts + outcome.tables.filter { $0.hasSuffix(".dat") }
            #expect(files.count == 3 + 5)
            for file in files {
                let lines = try text(of: folder + "/" + file).split(whereSeparator: \.isNewline)
                #expect(!lines.contains { $0.hasPrefix("command") }, "\(file)")
                #expect(
                    lines.filter { $0.hasPrefix("#") && file.hasSuffix("gp") }.allSatisfy { $0.last != "\\" })
            }
        }
    }
}
