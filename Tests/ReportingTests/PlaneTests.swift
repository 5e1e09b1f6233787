import Foundation
import Records
import Sweep
import Testing
import Text

@testable import Reporting

/// Two activations, three seeds, paths of three layers over four steps; with relu nothing falls.
private struct Plane {
    let spec: SweepSpec
    /// Trials without numbers, by their index in the grid.
    var diverged: Set<Int> = []

    init(
        _ figures: String =
            "{name: plane, x: i_xt_bits, y: {metric: i_ty_bits, layer: each}, panels: activation}"
    )
        throws
    {
        spec = try SweepSpec(
            parsing: """
                name: planes
                model: mlp
                dataset: symmetric
                axes: {activation: [tanh, relu], seed: {range: [0, 3]}}
                hidden: [5, 4]
                training: {steps: 100}
                measures: {binned_information: true, trace_at: {log: 4}}
                figures: [\(figures)]
                """, file: "s.yaml")
    }

    static let steps = [0, 10, 100, 1000]
    static func xt(_ layer: Int, _ position: Int, _ seed: Int) -> Double {
        Double(12 - 3 * layer) + [0, 1, 2, 0.5][position] * Double(layer) + 0.1 * Double(seed)
    }
    static func ty(_ layer: Int, _ position: Int, _ seed: Int) -> Double {
        Double(position + 1) / 5 + 0.01 * Double(layer + seed)
    }

    func write(to folder: String) throws {
        let lines = (0..<spec.grid.count).map { index -> String in
            let trial = spec.grid[index]
            if diverged.contains(index) {
                return recordLine(
                    trial: trial, sweepDigest: spec.digest,
                    body: .object([
                        "metrics": .object([:]), "outcome": .string("diverged"),
                        "diverged_at_step": JSONValue(3),
                    ]))
            }
            let seed = Int(trial.settings.seed)
            let falls = trial.settings.network.activation == .tanh
            func entry(_ position: Int) -> [String: JSONValue] {
                [
                    "i_xt_bits": JSONValue((0..<3).map { Plane.xt($0, position, seed) }),
                    "i_ty_bits": JSONValue((0..<3).map { Plane.ty($0, position, seed) }),
                ]
            }
            var metrics = entry(3)
            // No hidden layer of seed 2 has both.
            let both = falls && seed < 2 ? 1 : 0
            metrics["i_xt_falls"] = JSONValue(falls ? [0, 1, 1] : [0, 0, 0])
            metrics["two_phases"] = JSONValue([0, both, falls ? 1 : 0])
            metrics["i_xt_fall_nats"] = JSONValue(falls ? [0.0, 0.5 + Double(seed), 1.5] : [0.0, 0, 0])
            metrics["i_xt_fall_step"] =
                falls
                ? .array([.null, JSONValue(10 + 10 * seed), JSONValue(7)]) : .array([.null, .null, .null])
            let trace = Plane.steps.enumerated().map { position, step in
                JSONValue.object(entry(position).merging(["step": JSONValue(step)]) { $1 })
            }
            return recordLine(
                trial: trial, sweepDigest: spec.digest,
                body: .object([
                    "metrics": .object(metrics), "outcome": .string("measured"), "trace": .array(trace),
                ]))
        }
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: folder + "/records.ndjson"))
    }

    func report(_ folder: String, _ formats: [FigureFormat] = []) throws -> ReportOutcome {
        try write(to: folder)
        return try Reports.write(
            spec: spec, recordsAt: folder + "/records.ndjson", to: folder, formats: formats)
    }
}

@Test func `A plane's table has both numbers by step, with a block for each layer`() throws {
    try withFolder { folder in
        let outcome = try Plane().report(folder)
        #expect(
            outcome.tables == [
                "tables/trials.csv", "tables/traces.csv", "tables/traces-layers.csv", "tables/plane.dat",
                "tables/plane-phases.dat", "tables/summary.dat",
            ])
        let table = try text(of: folder + "/tables/plane.dat")
        #expect(
            try columns(of: table) == ["step"]
                + ["i_xt_bits", "i_ty_bits"].flatMap { name in
                    ["mean", "stderr", "ci95_low", "ci95_high", "n"].map { "\(name):\($0)" }
                } + ["activation", "layer", "n", "diverged", "failed"])
        #expect(table.contains("# index 1: activation = tanh; layer 2\n"))
        #expect(table.contains("# index 5: activation = relu; layer 3\n"))
        let cells = rows(of: table).map { $0.compactMap(Double.init) }
        #expect(cells.count == 2 * 3 * 4)
        // The second layer's third step: the mean of three seeds is that of seed 1.
        #expect(cells[6][0] == 100 && abs(cells[6][1] - Plane.xt(1, 2, 1)) < 1e-12)
        #expect(abs(cells[6][6] - Plane.ty(1, 2, 1)) < 1e-12 && cells[6][12] == 3)
    }
}

@Test func `The phases are counted by layer, and for any hidden layer`() throws {
    try withFolder { folder in
        _ = try Plane().report(folder)
        let table = try text(of: folder + "/tables/plane-phases.dat")
        #expect(
            try columns(of: table) == [
                "activation", "layer", "n", "falls", "two_phases", "fall_nats:mean", "fall_nats:stderr",
                "start_step:median", "diverged", "failed",
            ])
        let cells = rows(of: table)
        #expect(cells.count == 8)
        #expect(cells[0] == ["\"tanh\"", "1", "3", "0", "0", "0", "0", "nan", "0", "0"])
        #expect(cells[1].prefix(6) == ["\"tanh\"", "2", "3", "3", "2", "1.5"] && cells[1][7] == "20")
        #expect(cells[2].prefix(6) == ["\"tanh\"", "3", "3", "3", "3", "1.5"])
        // The output is no hidden layer.
        #expect(cells[3] == ["\"tanh\"", "\"hidden\"", "3", "3", "2", "nan", "nan", "nan", "0", "0"])
        #expect(cells[7] == ["\"relu\"", "\"hidden\"", "3", "0", "0", "nan", "nan", "nan", "0", "0"])
    }
}

@Test func `Trials that diverged are counted beside the phases`() throws {
    try withFolder { folder in
        var plane = try Plane()
        // The first record of tanh, and all of relu.
        plane.diverged = [0, 3, 4, 5]
        _ = try plane.report(folder)
        let cells = rows(of: try text(of: folder + "/tables/plane-phases.dat"))
        #expect(cells.count == 5)
        #expect(cells[0].prefix(4) == ["\"tanh\"", "1", "2", "0"] && cells[0][8] == "1")
        #expect(cells[3].prefix(4) == ["\"tanh\"", "\"hidden\"", "2", "2"] && cells[3][8] == "1")
        #expect(cells[4] == ["\"relu\"", "\"hidden\"", "0", "0", "0", "nan", "nan", "nan", "3", "0"])
    }
}

@Test func `A plane's script colours paths by step`() throws {
    try withFolder { folder in
        _ = try Plane().report(folder)
        let script = try text(of: folder + "/figures/plane.gp")
        #expect(script.contains("steps = \"0 10 100 1000\""))
        #expect(script.contains("set logscale cb; set cbrange [1:1000]"))
        #expect(script.contains("table index 5 using (until($1, $2)):7:(coloured($1)) with points pt 9"))
        #expect(
            script.contains("set xlabel 'I(X;T) (bits)'") && script.contains("set ylabel 'I(T;Y) (bits)'"))
        #expect(!script.contains("table index 6") && !script.contains("cblabel"))
        #expect(script.contains("set cbtics nomirror ('1' 1, ") && script.contains("'1000' 1000"))
        #expect(script.contains("set title 'activation = tanh' noenhanced"))
        // A plane has no intervals.
        #expect(
            script.contains("'mean of 3 seeds' "))
        #expect(script.split(separator: "\n").allSatisfy { $0.count < 200 })
    }
}

@Test(.needsGnuplot) func `A plane is drawn alone and as an animation`() throws {
    try withFolder { folder in
        let outcome = try Plane(
            "{name: plane, x: i_xt_bits, y: {metric: i_ty_bits, layer: each}}, "
                + "{name: along, x: step, y: {metric: i_xt_bits, layer: each}}"
        ).report(folder, [.png, .gif])
        #expect(outcome.drawing == .drawn)
        // Only a plane moves.
        #expect(outcome.pictures == ["figures/plane.png", "figures/plane.gif", "figures/along.png"])
        let animation = try Data(contentsOf: URL(filePath: folder + "/figures/plane.gif"))
        #expect(animation.prefix(6) == Data("GIF89a".utf8))
        // A graphic control extension begins each frame.
        let frames = (0..<animation.count - 3).count {
            animation[$0] == 0x21 && animation[$0 + 1] == 0xF9 && animation[$0 + 2] == 4
        }
        #expect(frames == Plane.steps.count)
        #expect(outcome.svgs["plane"]?.contains("training step") == true)
    }
}
