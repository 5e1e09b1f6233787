import Foundation
import Records
import Sweep
import Testing
import Text

@testable import Reporting

@Suite struct TrialTableTests {
    /// The rows of a table of comma-separated values whose cells have no quotes, by the names in its header.
    private func table(_ path: String) throws -> (names: [String], rows: [[String: String]]) {
        let lines = try text(of: path).split(separator: "\n", omittingEmptySubsequences: false).dropLast().map
        {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let names = try #require(lines.first)
        #expect(Set(names).count == names.count)
        let rows = lines.dropFirst().map { cells in
            #expect(cells.count == names.count)
            return Dictionary(zip(names, cells)) { first, _ in first }
        }
        return (names, rows)
    }

    /// All numbers in a JSON value.
    private func numbers(_ value: JSONValue) -> [Double] {
        switch value {
        case .number(let number): [number]
        case .array(let values): values.flatMap(numbers)
        case .object(let members): members.values.flatMap(numbers)
        default: []
        }
    }

    @Test func `Each trial has a row in grid order, with every axis and every number of its record`() throws {
        try withFolder { folder in
            // Only ReLU networks have active units.
            let spec = try SweepSpec.small(figures: "", more: "activation: relu")
            let records = SyntheticRecords(spec: spec, diverged: [2], missing: [4, 5])
            try records.write(to: folder + "/records.ndjson")
            var provenance = RunProvenance()
            provenance.add(#"{"outcome":"quarantined","index":5,"host":"a"}"#.utf8)
            _ = try Reports.write(
                spec: spec, recordsAt: folder + "/records.ndjson", to: folder, formats: [],
                provenance: provenance)
            let (names, rows) = try table(folder + "/tables/trials.csv")
            #expect(
                names.prefix(10) == [
                    "trial", "index", "outcome", "diverged_at_step", "beta", "depth", "seed", "dataset",
                    "train_loss", "test_loss",
                ])
            #expect(names.contains("local_rank_0.1_layer2_stderr") && names.contains("local_rank_noise_1"))
            #expect(
                rows.compactMap { $0["index"] }
                    == "0 1 2 3 5 6 7 8 9 10 11".split(separator: " ").map(String.init))
            #expect(rows[2]["outcome"] == "diverged" && rows[2]["diverged_at_step"] == "17")
            #expect(rows[4]["outcome"] == "failed" && rows[4]["trial"] == spec.grid[5].id.text)
            for index in [2, 4] { #expect(rows[index]["kl_nats"] == "") }
            let metrics = Set(names).subtracting([
                "trial", "index", "outcome", "diverged_at_step", "beta", "depth", "seed", "dataset",
            ])
            var byTrial: [String: Record] = [:]
            for line in records.lines {
                let record = try Record(parsing: line.utf8)
                byTrial[record.trial] = record
            }
            for row in rows where row["outcome"] == "measured" {
                let record = try #require(byTrial[row["trial"] ?? ""])
                #expect(row["beta"].flatMap { Double($0) } == record.axes["beta"]?.number)
                #expect(row["dataset"] == "gaussian")
                let cells = metrics.compactMap { row[$0] }.filter { !$0.isEmpty }.compactMap { Double($0) }
                #expect(cells.sorted() == numbers(record.metrics).sorted())
                let ranks = record.metrics["local_rank"]?["0.1"]?["mean"]?.array?.compactMap(\.number)
                #expect(row["local_rank_0.1_layer1"].flatMap { Double($0) } == ranks?.first)
            }
        }
    }

    @Test
    func `A failed trial with a record has one row, whatever the order of the records`() throws {
        try withFolder { folder in
            let spec = try SweepSpec.small(figures: "")
            let records = SyntheticRecords(spec: spec, missing: [4])
            let lines = records.lines.reversed().map { $0 + "\n" }
            try Data(lines.joined().utf8).write(to: URL(filePath: folder + "/records.ndjson"))
            var provenance = RunProvenance()
            for index in [4, 5] { provenance.add(#"{"outcome":"failed","index":\#(index),"host":"a"}"#.utf8) }
            let outcome = try Reports.write(
                spec: spec, recordsAt: folder + "/records.ndjson", to: folder, formats: [],
                provenance: provenance)
            let (_, rows) = try table(folder + "/tables/trials.csv")
            #expect(rows.compactMap { $0["index"] }.sorted() == (0..<12).map(String.init).sorted())
            #expect(rows.filter { $0["outcome"] == "failed" }.map { $0["index"] } == ["4"])
            #expect(outcome.summary.rows.map(\.failed).reduce(0, +) == 1)
        }
    }

    @Test func `Traces have a row for each step, and one for each layer of it`() throws {
        try withFolder { folder in
            let spec = try SweepSpec.small(figures: "", more: "measures: {trace_at: log}")
            let records = SyntheticRecords(spec: spec)
            try report(records, in: folder)
            let (names, rows) = try table(folder + "/tables/traces.csv")
            // Gaussian data have no epochs.
            #expect(names.prefix(7) == ["trial", "index", "beta", "depth", "seed", "dataset", "step"])
            #expect(!names.contains("epoch") && !names.contains { $0.contains("_layer") })
            #expect(rows.count == 12 * 7)
            #expect(
                rows.prefix(8).compactMap { $0["step"] } == ["1", "3", "10", "30", "100", "300", "1000", "1"])
            let record = try Record(parsing: try #require(records.lines.first).utf8)
            #expect(rows[3]["kl_nats"].flatMap { Double($0) } == record.trace[3]["kl_nats"]?.number)
            let (layerNames, layers) = try table(folder + "/tables/traces-layers.csv")
            #expect(layerNames.contains("layer") && layerNames.contains("local_rank_0.1"))
            // Six trials have one layer, six have two.
            #expect(layers.count == 6 * 7 + 6 * 7 * 2)
            let last = try Record(parsing: try #require(records.lines.last).utf8)
            let ranks = last.trace[6]["local_rank"]?["0.1"]?["mean"]?.array?.compactMap(\.number)
            #expect(layers.suffix(2).compactMap { $0["local_rank_0.1"] }.compactMap { Double($0) } == ranks)
            #expect(layers.suffix(2).map { $0["layer"] } == ["1", "2"])
        }
    }

    @Test
    func `A sweep without a trace has no tables of traces, and a run without records has all columns`() throws
    {
        try withFolder { folder in
            let spec = try SweepSpec.small(figures: "")
            let outcome = try report(
                SyntheticRecords(spec: spec, missing: Set(0..<spec.grid.count)), in: folder)
            #expect(outcome.tables == ["tables/trials.csv", "tables/summary.dat"])
            #expect(!exists(folder + "/tables/traces.csv"))
            let (empty, rows) = try table(folder + "/tables/trials.csv")
            try report(SyntheticRecords(spec: spec), in: folder)
            #expect(try table(folder + "/tables/trials.csv").names == empty && rows.isEmpty)
        }
    }

    @Test
    func `Lists over classes and components name what they count; lists over points have no columns`() throws
    {
        let spec = try SweepSpec(
            parsing: """
                name: lists
                model: mlp
                dataset: {name: teacher, inputs: 6, norm: 8, train_points: 40, test_points: 30}
                axes: {width: [4, 8], seed: {range: [0, 2]}}
                depth: 3
                training: {steps: 50, batch_size: 8, log_det: {weight: 0.001, layers: [1, 2]}}
                measures: {classification_dimension: true, independence_deficit: {penalty: 0.1}, components: true, local_rank: false}
                """, file: "s.yaml")
        let names = MetricColumns(of: spec).end.map(\.name)
        for name in ["pca_accuracy_components1", "class_accuracy_class0", "classification_dimension_layer2"] {
            #expect(names.contains(name), "\(names)")
        }
        #expect(names.contains { $0.hasPrefix("decider_weights_1_class") })
        #expect(!names.contains { $0.hasPrefix("component_1") })
        #expect(spec.grid[0].settings.stepsPerEpoch == 5)
    }

    @Test
    func `Values with commas, quotes and line ends are quoted, a text of nothing differs from no value`()
        throws
    {
        try withFolder { folder in
            let path = folder + "/a.csv"
            let file = try CSVFile(path, columns: ["a", "b, c"])
            try file.write([.string("say \"no\""), .string("two\nlines")])
            try file.write([JSONValue([3, 4]), .number(0.1)])
            try file.write([.string(""), nil])
            try file.write([.bool(true), .number(1e-300)])
            try file.commit()
            #expect(
                try text(of: path) == """
                    a,"b, c"
                    "say ""no""\","two
                    lines"
                    "[3,4]",0.1
                    "",
                    true,1e-300

                    """)
        }
    }

    @Test func `Attempts are a table of their own`() throws {
        try withFolder { folder in
            let spec = try SweepSpec.small(figures: "")
            try SyntheticRecords(spec: spec).write(to: folder + "/records.ndjson")
            let path = folder + "/provenance.ndjson"
            try Data(
                """
                {"attempt":1,"cause":"a, b","host":"h","index":0,"outcome":"failed","seconds":1.5,"trial":"t"}
                5
                []
                {"host":"h"}
                {"attempt":
                {"attempt":2,"host":"h","index":0,"outcome":"measured","seconds":2,"trial":"t"}

                """.utf8
            ).write(to: URL(filePath: path))
            let source = ReportSource(
                spec: spec, recordsAt: folder + "/records.ndjson", provenanceAt: path)
            let outcome = try Reports.write([source], to: folder, formats: [])
            #expect(outcome.tables.contains("tables/attempts.csv"))
            let lines = try text(of: folder + "/tables/attempts.csv").split(separator: "\n")
            #expect(lines.count == 3)
            #expect(lines[0].hasPrefix("trial,index,attempt,outcome,cause,host,"))
            #expect(lines[1] == #"t,0,1,failed,"a, b",h,,,,,,,1.5,,,"#)
            #expect(lines[2] == "t,0,2,measured,,h,,,,,,,2,,,")
        }
    }
}
