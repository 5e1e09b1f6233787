import Foundation
import Records
import Sweep
import Testing
import Text

@testable import Reporting

private let spec = """
    name: bounded
    model: mlp
    dataset: {name: teacher, inputs: 4, norm: 2}
    axes: {depth: [2, 3], seed: [0, 1]}
    width: 3
    training: {steps: 10}
    measures: {weight_norms: true, local_rank: {thresholds: [1]}}
    figures:
      - name: bounds
        x: depth
        y:
          - mean_stable_rank
          - {metric: stable_rank, layer: min}
          - {metric: local_rank, layer: hidden_min}
          - {metric: local_rank, layer: min}
          - train_loss
        theory: true
    """

/// Records whose bound on local rank is another for each seed.
private func lines(_ spec: SweepSpec) -> [String] {
    (0..<spec.grid.count).map { index in
        let trial = spec.grid[index]
        let depth = trial.settings.network.depth, seed = Int(trial.settings.seed)
        let stable = (0..<depth).map { $0 == depth - 1 ? 1.0 : 2.5 - 0.5 * Double($0) + Double(seed) }
        let ranks = (0..<depth).map { $0 == depth - 1 ? 1.0 : 3.0 - Double($0) }
        let bounds = (0..<depth).map { Double(10 * ($0 + 1) + 2 * seed) }
        let body: JSONValue = .object([
            "outcome": .string("measured"),
            "metrics": .object([
                "train_loss": .number(0.5), "mean_stable_rank": .number(1.5),
                "stable_rank": JSONValue(stable),
                "local_rank": .object(["1": .object(["mean": JSONValue(ranks)])]),
            ]),
            "theory": .object([
                "stable_rank_bound": .number(7), "trivial_rank": JSONValue(Array([3, 3, 1].suffix(depth))),
                "bound_layer": JSONValue(depth), "local_rank_bound": .object(["1": JSONValue(bounds)]),
                "hidden_local_rank_bound": .object(["1": .number(Double(40 + 20 * seed))]),
            ]),
        ])
        return recordLine(trial: trial, sweepDigest: spec.digest, body: body)
    }
}

private func tables(_ check: (String, String, String) throws -> Void) throws {
    try withFolder { folder in
        let spec = try SweepSpec(parsing: spec, file: "s.yaml")
        try Data(lines(spec).map { $0 + "\n" }.joined().utf8).write(
            to: URL(filePath: folder + "/records.ndjson"))
        _ = try Reports.write(
            spec: spec, recordsAt: folder + "/records.ndjson", to: folder, formats: [], gnuplot: "gnuplot",
            note: { _ in })
        try check(
            text(of: folder + "/tables/bounds.dat"), text(of: folder + "/figures/bounds.gp"),
            text(of: folder + "/tables/summary.dat"))
    }
}

@Test func `A table has the smallest of layers its bounds mean and the trivial bound`() throws {
    try tables { table, _, _ in
        let names = try columns(of: table), rows = rows(of: table)
        func cells(_ name: String) throws -> [String] {
            let position = try #require(names.firstIndex(of: name), "\(name) is not among \(names)")
            return rows.map { $0[position] }
        }
        #expect(try cells("mean_stable_rank:theory") == ["7", "7"])
        #expect(try cells("stable_rank_min:mean") == ["1", "1"])
        #expect(try cells("stable_rank_min:trivial") == ["1", "1"])
        #expect(try cells("local_rank_1_hidden_min:mean") == ["3", "2"])
        #expect(try cells("local_rank_1_hidden_min:theory") == ["50", "50"])
        #expect(try cells("local_rank_1_hidden_min:trivial") == ["3", "3"])
        // The layer that the proof speaks of is the last: 20 and 22, 30 and 32.
        #expect(try cells("local_rank_1_min:theory") == ["21", "31"])
        #expect(!names.contains("train_loss:theory") && !names.contains("mean_stable_rank:trivial"))
    }
}

@Test func `Bounds are dashed lines beside joined points`() throws {
    try tables { _, script, _ in
        #expect(script.contains("with lines ls 100 dt 2 title 'bound'"))
        #expect(script.contains("with lines ls 102 title 'by width alone'"))
        #expect(script.contains("with linespoints ls 1 notitle"))
        #expect(!script.contains("closed form") && !script.contains("with steps"))
        #expect(script.contains("set ylabel 'least hidden local rank (σ > 1)'"))
    }
}

@Test func `The summary has norms layer by layer`() throws {
    try tables { _, _, summary in
        let names = try columns(of: summary)
        #expect(names.contains("stable_rank_layer1:mean") && names.contains("stable_rank_layer3:mean"))
        #expect(names.contains("mean_stable_rank:mean"))
    }
}
