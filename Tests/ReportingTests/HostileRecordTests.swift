import Foundation
import Records
import Sweep
import Testing
import Text

@testable import Reporting

// Records are what workers say, and may be well-formed and hold any number: reports are written all the same.

private func write(
    _ spec: SweepSpec, in folder: String, _ body: (Trial) -> [String: JSONValue]
) throws -> ReportOutcome {
    let lines = (0..<spec.grid.count).map { index in
        let trial = spec.grid[index]
        let members = body(trial).merging(["outcome": .string("measured")]) { own, _ in own }
        return recordLine(trial: trial, sweepDigest: spec.digest, body: .object(members)) + "\n"
    }
    try Data(lines.joined().utf8).write(to: URL(filePath: folder + "/records.ndjson"))
    return try Reports.write(
        spec: spec, recordsAt: folder + "/records.ndjson", to: folder, formats: [])
}

private let figures = """
    {name: a, x: beta, y: [kl_nats, informative_directions, {metric: local_rank, threshold: 0.1}], theory: true},
      {name: b, x: beta, y: kl_nats, curves: depth, fit: power, yscale: log}, {name: c, x: beta_ib, y: kl_nats},
      {name: d, x: step, y: [{metric: local_rank, threshold: 0.1, layer: each}, kl_nats]},
      {name: e, x: kl_nats, y: test_loss}, {name: f, x: {metric: kl_nats}, points: beta, y: test_loss, fit: line}
    """

@Test(arguments: [
    5e-324, 1e-310, 1e-306, 1e-200, -3, -1e-320, 1e160, -1e300, 1.7e308, .greatestFiniteMagnitude,
])
func `Numbers at the ends of what a double holds, and counts below 0, are reported`(number: Double) throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(figures: figures, more: "measures: {trace_at: log}")
        let outcome = try write(spec, in: folder) { trial in
            // Seeds differ in sign, too: sums of squares and differences overflow.
            let own = JSONValue.number(trial.index % 3 == 1 ? -number : number)
            let ranks = JSONValue.object(["0.1": .object(["mean": .array([own, own])])])
            let metrics: JSONValue = .object([
                "kl_nats": own, "test_loss": own, "informative_directions": .object(["mean": own]),
                "local_rank": ranks,
            ])
            var entry = metrics.object ?? [:]
            entry["step"] = .number(abs(number))
            return [
                "metrics": metrics, "trace": .array([.object(entry), .object(["step": JSONValue(1)])]),
                "theory": .object([
                    "critical_betas": .array([.number(abs(number)), .number(0.3)]), "kl_nats": own,
                    "local_rank": .object(["0.1": own]), "rank": own,
                ]),
            ]
        }
        #expect(outcome.records == 12)
        #expect(outcome.scripts.count == 6)
    }
}

@Test func `A threshold that is no number is no column`() throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(figures: "{name: a, x: beta, y: kl_nats}")
        let outcome = try write(spec, in: folder) { _ in
            let mean = JSONValue.object(["mean": JSONValue(1)])
            return ["metrics": .object(["x": .object(["nan": mean, "inf": mean, "0.5": mean])])]
        }
        #expect(outcome.records == 12)
        let names = try columns(of: try text(of: folder + "/tables/summary.dat"))
        #expect(names.filter { $0.hasPrefix("x") && $0.hasSuffix("mean") } == ["x_0.5:mean"])
    }
}

@Test(arguments: [
    "[1e-30, 0.5]", "{log: [1e-30, 1], count: 3}", "[1e-30, 1e30]", "[1, 1.0000000000000002]",
])
func `An axis may have values at the ends of its bounds, and neighbouring doubles`(beta: String) throws {
    try withFolder { folder in
        let spec = try SweepSpec(
            parsing: """
                name: small
                model: vib
                dataset: {name: gaussian, correlations: [0.4, 0.9]}
                axes: {beta: \(beta), seed: {range: [0, 3]}}
                training: {steps: 10}
                figures: [{name: a, x: beta, y: kl_nats}, {name: b, x: beta_ib, y: kl_nats, xscale: log},
                  {name: c, x: beta, y: kl_nats, xscale: linear},
                  {name: d, x: step, y: test_loss, curves: beta}]
                measures: {trace_at: log}
                """, file: "small.yaml")
        let outcome = try write(spec, in: folder) { _ in
            let entry: JSONValue = .object(["step": JSONValue(1), "test_loss": JSONValue(1)])
            return ["metrics": .object(["kl_nats": JSONValue(1)]), "trace": .array([entry])]
        }
        #expect(outcome.scripts.count == 4)
    }
}

@Test func `A power law over a narrow x, whose factor is no number, is not drawn`() throws {
    let steep = (0..<4).map { (x: 10_000 + 10.0 * Double($0), y: pow(0.5, Double($0))) }
    #expect(FigureFit(.power, steep, row: 0, block: 0) == nil)
    #expect(FigureFit(.power, steep.map { ($0.x, 1 / $0.y) }, row: 0, block: 0) == nil)
    #expect(FigureFit(.line, [(1e200, 1), (2e200, 3)], row: 0, block: 0) == nil)
    #expect(FigureFit(.line, [(1, 1), (2, 3)], row: 0, block: 0) != nil)
}

@Test(
    arguments: [
        (0, "0"), (1e-310, "1e-310"), (123_456, "123500"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (.infinity, "NaN"), (-.nan, "NaN"), (0.00123456, "0.001235"), (664_999_999.999, "665000000"),
    ] as [(Double, String)])
func `Numbers are rounded whatever their size`(number: Double, text: String) {
    #expect(rounded(number) == text)
}
