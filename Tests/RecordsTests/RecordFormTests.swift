import Sweep
import Testing
import Text

@testable import Records

/// The contents of a record follow from its sweep.
@Suite struct RecordFormTests {
    private static let sweep = """
        name: s
        model: mlp
        dataset: {name: symmetric, train_points: 100}
        axes: {seed: [0, 1]}
        width: 6
        depth: 2
        activation: tanh
        training: {steps: 10, batch_size: 10}
        measures: {trace_at: [2, 5], local_rank: {thresholds: [0.1], relative: [0.01], points: 8}}
        """

    /// A record's body of the sweep.
    private static let right = """
        {"metrics":\(metrics),"outcome":"measured",\
        "trace":[\(entry(2)),\(entry(5))]}
        """
    private static let metrics = """
        {"accuracy":0.5,"local_rank":{"0.1":{"mean":[6,2],"stderr":[0,0]}},\
        "local_rank_relative":{"0.01":{"mean":[6,2],"stderr":[0,0]}},"test_loss":0.7,\
        "train_accuracy":1,"train_loss":0.69}
        """
    private static func entry(_ step: Int) -> String {
        metrics.replacing("\"test_loss\"", with: "\"step\":\(step),\"test_loss\"")
    }

    private func fault(_ body: String, in sweep: String = RecordFormTests.sweep) throws -> String? {
        let spec = try SweepSpec(parsing: sweep, file: "s.yaml")
        let object = try #require(CanonicalObject(Array(body.utf8)), "\(body)")
        return RecordForm(of: spec.grid[0].settings).fault(in: object)
    }

    @Test func `A record of the trial passes`() throws {
        #expect(try fault(Self.right) == nil)
        let diverged =
            #"{"diverged_at_step":7,"metrics":{},"outcome":"diverged","trace":[\#(Self.entry(2))]}"#
        #expect(try fault(diverged) == nil)
        #expect(try fault(#"{"diverged_at_step":0,"metrics":{},"outcome":"diverged"}"#) == nil)
    }

    @Test(
        arguments: [
            (#"{"metrics":{},"outcome":"measured","trace":[]}"#, "metrics: 'accuracy' is missing"),
            (
                right.replacing("[6,2]", with: "[6,3]"),
                "metrics.local_rank.0.1.mean: 3 is not within 0 … 2.000003"
            ),
            (
                right.replacing("[6,2]", with: "[\((0..<9).map { _ in "1" }.joined(separator: ","))]"),
                "metrics.local_rank.0.1.mean: more than 2 values"
            ),
            (
                right.replacing("[6,2]", with: "[6]"),
                "metrics.local_rank.0.1.mean: expected 2 values, found 1"
            ),
            (right.replacing("[6,2]", with: "[6,null]"), "metrics.local_rank.0.1.mean: expected a number"),
            (right.replacing("[6,2]", with: "[6,[2]]"), "metrics.local_rank.0.1.mean: expected a number"),
            (
                right.replacing("\"0.1\"", with: "\"0.2\""),
                "metrics.local_rank: '0.1' is missing"
            ),
            (
                right.replacing("\"accuracy\":0.5", with: "\"accuracy\":1.5"),
                "metrics.accuracy: 1.5 is not within 0 … 1"
            ),
            (
                right.replacing("\"accuracy\":0.5", with: "\"accuracy\":-1"),
                "metrics.accuracy: -1 is not within 0 … 1"
            ),
            (
                right.replacing("{\"accuracy\"", with: "{\"a\":1,\"accuracy\""),
                "metrics: 'a' is not one of this trial's keys"
            ),
            (right.replacing("\"step\":5", with: "\"step\":6"), "trace.step: expected step 5, found 6"),
            (right.replacing(",\(entry(5))", with: ""), "trace: expected 2 values, found 1"),
            (right.replacing("measured", with: "perhaps"), "outcome: expected 'measured'"),
            (
                right.replacing("{\"metrics\"", with: "{\"extra\":1,\"metrics\""),
                "'extra' is not one of this trial's keys"
            ),
            (
                right.replacing("\"trace\"", with: "\"theory\":{\"rank\":1},\"trace\""),
                "'theory' is not one of this trial's keys"
            ),
            (
                #"{"diverged_at_step":11,"metrics":{},"outcome":"diverged"}"#,
                "diverged_at_step: 11 is not within 0 … 10"
            ),
            (#"{"metrics":{},"outcome":"diverged"}"#, "'diverged_at_step' is missing"),
        ] as [(String, String)])
    func `A value that no trial of the sweep can give is named with its path`(body: String, text: String)
        throws
    {
        let found = try #require(try fault(body))
        // Upper ends allow for rounding.
        #expect(found.replacing("1.000000001", with: "1") == text)
    }

    @Test func `Nothing makes the check go deeper than the form`() throws {
        let deep = String(repeating: "[", count: 20) + String(repeating: "]", count: 20)
        #expect(
            try fault(Self.right.replacing("[6,2]", with: deep))
                == "metrics.local_rank.0.1.mean: expected a number")
    }

    @Test func `A record's size is bounded by what the sweep can give`() throws {
        let spec = try SweepSpec(parsing: Self.sweep, file: "s.yaml")
        let form = RecordForm(of: spec.grid[0].settings)
        #expect(form.maxBytes > Self.right.utf8.count && form.maxBytes < 2000)
        #expect(spec.maxRecordBytes >= form.maxBytes && spec.maxRecordBytes < 10_000)
        // A hundred steps of the trace have a hundred times the room.
        let long = try SweepSpec(
            parsing: Self.sweep.replacing("[2, 5]", with: "{linear: 10}").replacing(
                "steps: 10", with: "steps: 100"),
            file: "s.yaml")
        #expect(RecordForm(of: long.grid[0].settings).maxBytes > 3 * form.maxBytes)
    }

    @Test
    func `A form is the same for trials that differ in their seed, and another for other layers`()
        throws
    {
        let spec = try SweepSpec(
            parsing: Self.sweep.replacing("seed: [0, 1]", with: "depth: [1, 2], seed: [0, 1]").replacing(
                "depth: 2\n", with: ""), file: "s.yaml")
        let form = RecordForm(of: spec.grid[0].settings)
        #expect(
            form.source == RecordForm.Source(spec.grid[1].settings)
                && form.source != RecordForm.Source(spec.grid[2].settings))
        // Only one that may stop can say where.
        let stopping = try SweepSpec(
            parsing: Self.sweep, file: "s.yaml", overrides: [Override("training.stop_at_loss=off,0.5")])
        let sources = (0..<stopping.grid.count).map { RecordForm.Source(stopping.grid[$0].settings) }
        #expect(Set(sources).count == 2)
        var records = SweepRecords(spec.grid)
        for index in [0, 2, 1, 3, 0] {
            #expect(records.form(of: spec.grid[index]).source == RecordForm.Source(spec.grid[index].settings))
        }
    }
}
