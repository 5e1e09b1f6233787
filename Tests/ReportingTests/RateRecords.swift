import Foundation
import Records
import Sweep
import Testing
import Text

@testable import Reporting

/// Learning rates by seeds, with numbers of our own; nil: the trial diverged.
struct Rates {
    let spec: SweepSpec
    let records: [String]

    init(
        _ figures: String, axis: String = "training.learning_rate", rates: String = "[0.01, 0.1, 1]",
        seeds: Int = 3, depths: String = "[2]",
        measures: String = "trace_at: log, effective_rank: true, gradient_noise: true",
        _ body: (_ rate: Double, _ seed: Int) -> [String: JSONValue]?
    ) throws {
        spec = try SweepSpec(
            parsing: """
                name: rates
                model: mlp
                dataset: {name: teacher, inputs: 6, norm: 8}
                axes: {\(axis): \(rates), depth: \(depths), seed: {range: [0, \(seeds)]}}
                training: {steps: 10}
                measures: {local_rank: false, \(measures)}
                figures: [\(figures)]
                """, file: "rates.yaml")
        records = (0..<spec.grid.count).map { [spec] index in
            let trial = spec.grid[index]
            let rate = trial.axesObject[axis]?.number ?? 0
            let diverged: [String: JSONValue] = [
                "metrics": .object([:]), "outcome": .string("diverged"), "diverged_at_step": JSONValue(1),
            ]
            var members = body(rate, Int(trial.settings.seed)) ?? diverged
            if members["outcome"] == nil { members["outcome"] = .string("measured") }
            return recordLine(trial: trial, sweepDigest: spec.digest, body: .object(members))
        }
    }

    /// - Parameter failed: trials whose records are left out, and whose attempts failed.
    @discardableResult
    func report(
        _ folder: String, failed: [Int] = [], formats: [FigureFormat] = [], gnuplot: String = "gnuplot"
    ) throws -> ReportOutcome {
        let kept = records.enumerated().filter { !failed.contains($0.offset) }.map { $0.element + "\n" }
        try Data(kept.joined().utf8).write(to: URL(filePath: folder + "/records.ndjson"))
        var provenance = RunProvenance()
        for trial in failed {
            provenance.add(Data("{\"index\":\(trial),\"outcome\":\"quarantined\"}".utf8))
        }
        return try Reports.write(
            spec: spec, recordsAt: folder + "/records.ndjson", to: folder, formats: formats,
            provenance: provenance, gnuplot: gnuplot)
    }
}

func metrics(_ members: [String: Double]) -> [String: JSONValue] {
    ["metrics": .object(members.mapValues { .number($0) })]
}

func cells(_ table: String, _ column: String) throws -> [String] {
    let position = try #require(try columns(of: table).firstIndex(of: column))
    return rows(of: table).map { $0[position] }
}

let hasGnuplot = isInstalled("gnuplot")

extension Trait where Self == ConditionTrait {
    /// For tests that draw.
    static var needsGnuplot: Self { .enabled(if: hasGnuplot, "gnuplot is not installed") }
}

/// Whether PATH has the program.
func isInstalled(_ program: String) -> Bool {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
}
