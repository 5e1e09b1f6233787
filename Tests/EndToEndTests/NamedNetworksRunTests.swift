import Foundation
import Testing

@Suite struct NamedNetworksRunTests {
    private let sweep = """
        name: nets
        model: layers
        dataset: {name: teacher, inputs: 4, norm: 10, train_points: 32, test_points: 32}
        axes:
          network:
            shallow: [{dense: 4}, relu, {dense: 1}]
            deep: [{dense: 4}, relu, {dense: 4}, relu, {dense: 1}]
          seed: [0, 1]
        training: {batch_size: 16, steps: 4}
        measures: {local_rank: {thresholds: [0.1], points: 8}, trace_at: {linear: 2}}
        figures:
          - {name: steps, x: step, y: local_rank, curves: network}
          - {name: layers, x: layer, y: local_rank, curves: network}
          - {name: each, x: step, y: {metric: local_rank, layer: each}, panels: network}

        """

    @Test func `Networks by name are trained, drawn, and extended by another`() throws {
        let work = try Workspace()
        try work.write(sweep, to: "s.yaml")
        let plan = try work.run("plan", "s.yaml").output
        #expect(plan.contains("network: 2 (shallow, deep)") && plan.contains("a curve for each network"))
        let run = try work.run("run", "s.yaml", "--out", "r", "--workers", "1", "--slots", "1")
        #expect(run.code == 0 && !run.all.contains("warning"), "\(run.all)")
        let records = try work.text("r/records.ndjson").split(separator: "\n")
        #expect(records.count == 4)
        #expect(
            records[0].hasPrefix(#"{"axes":{"dataset":"teacher","depth":2,"network":"shallow","seed":0}"#))
        #expect(records[3].hasPrefix(#"{"axes":{"dataset":"teacher","depth":3,"network":"deep","seed":1}"#))
        // The rows of each network: a point for each of its own layers, and the last one's mean along training.
        func rows(_ table: String, _ network: String) throws -> [[Substring]] {
            try work.text("r/tables/\(table).dat").split(separator: "\n").map { $0.split(separator: " ") }
                .filter { $0.contains("\"\(network)\"") }
        }
        for (network, layers) in [("shallow", ["1", "2"]), ("deep", ["1", "2", "3"])] {
            let layered = try rows("layers", network)
            #expect(layered.map { $0[0] } == layers.map { Substring($0) })
            #expect(try rows("steps", network).last?[1] == layered.last?[1])
            #expect(try rows("each", network).count == 2 * layers.count)
        }
        #expect(try work.text("r/tables/trials.csv").contains(",shallow,"))
        for figure in ["steps", "layers", "each"] {
            let script = try work.text("r/figures/\(figure).gp")
            #expect(script.contains("network = shallow") && script.contains("network = deep"), "\(figure)")
        }
        let wide = "network=shallow,deep,{wide: [{dense: 8}, relu, {dense: 1}]}"
        let lost = try work.run("extend", "r", "--set", "network=shallow")
        #expect(
            lost.code == 2 && lost.errors.contains("network: \"deep\" would be removed"), "\(lost.errors)")
        let other = try work.run("extend", "r", "--set", "network=shallow,{deep: [{dense: 1}]}")
        #expect(
            other.code == 2
                && other.errors.contains(
                    "network: \"deep\" has other layers than in the run: give the new list another name"),
            "\(other.errors)")
        #expect(try work.run("extend", "r", "--set", wide).code == 0)
        let rest = try work.run("resume", "r", "--workers", "1", "--slots", "1")
        #expect(rest.code == 0, "\(rest.all)")
        let more = try work.text("r/records.ndjson").split(separator: "\n")
        #expect(more.count == 6 && more[4].contains(#""network":"wide""#))
    }
}
