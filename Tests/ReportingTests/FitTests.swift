import Foundation
import Records
import Sweep
import Testing
import Text

@testable import Reporting

/// A sweep of two batch sizes by three depths, and records with numbers of our own.
private func spec(_ figures: String) throws -> SweepSpec {
    try SweepSpec(
        parsing: """
            name: fits
            model: mlp
            dataset: {name: teacher, inputs: 6, norm: 8}
            axes: {training.batch_size: [8, 16, 32, 64], depth: [2, 3], seed: {range: [0, 3]}}
            training: {steps: 10}
            measures: {gradient_noise: true, steps_to_loss: true, local_rank: false, trace_at: log}
            figures: [\(figures)]
            """, file: "fits.yaml")
}

private func write(
    _ spec: SweepSpec, in folder: String, _ metrics: (Trial) -> [String: JSONValue]
) throws -> ReportOutcome {
    let lines = (0..<spec.grid.count).map { index in
        let trial = spec.grid[index]
        return recordLine(
            trial: trial, sweepDigest: spec.digest,
            body: .object(["outcome": .string("measured"), "metrics": .object(metrics(trial))])) + "\n"
    }
    try Data(lines.joined().utf8).write(to: URL(filePath: folder + "/records.ndjson"))
    return try Reports.write(
        spec: spec, recordsAt: folder + "/records.ndjson", to: folder, formats: [.svg],
        gnuplot: "gnuplot")
}

private func number(_ trial: Trial, _ path: String) -> Double { trial.axesObject[path]?.number ?? 0 }

@Test func `A power law through the means is in the table, in the key and in the panel`() throws {
    try withFolder { folder in
        let spec = try spec("{name: f, x: training.batch_size, y: steps_to_loss, curves: depth, fit: power}")
        // 100 · b^(−½), whatever the seed adds: the fit is of means.
        let outcome = try write(spec, in: folder) { trial in
            let mean = 100 * pow(number(trial, "training.batch_size"), -0.5)
            return ["steps_to_loss": .number(mean * (1 + 0.1 * (number(trial, "seed") - 1)))]
        }
        let lines = try text(of: folder + "/tables/f.dat").split(separator: "\n")
            .filter { $0.hasPrefix("# Fit of index") }
        #expect(lines.count == 2)
        let words = try #require(lines.first).split(separator: " ")
        #expect(words[3..<6] == ["index", "0,", "steps_to_loss:"])
        let exponent = try #require(Double(words[7].dropLast()))
        #expect(abs(exponent + 0.5) < 1e-12)
        let factor = try #require(lines[0].firstMatch(of: #/factor ([0-9.]+)/#)?.1)
        #expect(abs(try #require(Double(factor)) - 100) < 1e-9)
        let script = try text(of: folder + "/figures/f.gp")
        #expect(script.components(separatedBy: "x > 0 ? (").count == 1 + 2)
        #expect(script.contains("'depth 2: exponent −0.5 ± "))
        #expect(outcome.drawing == (hasGnuplot ? .drawn : .gnuplotMissing))
    }
}

/// Four points off their line: slope and standard error by the textbook.
@Test func `A line's slope and its standard error are those of least squares`() throws {
    try withFolder { folder in
        let spec = try spec(
            "{name: f, x: training.batch_size, y: [steps_to_loss, train_loss], panels: depth, fit: line}")
        let y = [8.0: 3.0, 16: 4, 32: 9, 64: 12]
        _ = try write(spec, in: folder) { trial in
            [
                "steps_to_loss": .number(y[number(trial, "training.batch_size")] ?? 0),
                "train_loss": .number(2),
            ]
        }
        // x̄ = 30, ȳ = 7, Σ(x − x̄)² = 1840, Σ(x − x̄)(y − ȳ) = 88 + 42 + 4 + 170 = 304.
        let slope = 304.0 / 1840
        let residual = [8.0, 16, 32, 64].reduce(0.0) {
            let error = (y[$1] ?? 0) - 7 - slope * ($1 - 30)
            return $0 + error * error
        }
        let lines = try text(of: folder + "/tables/f.dat").split(separator: "\n")
            .filter { $0.hasPrefix("# Fit of index") }
        #expect(lines.count == 4)
        let words = lines[0].split(separator: " ").map { $0.filter { $0 != "," } }
        #expect(abs(try #require(Double(words[7])) - slope) < 1e-12)
        #expect(abs(try #require(Double(words[9])) - (residual / 2 / 1840).squareRoot()) < 1e-12)
        #expect(lines[1].contains("train_loss: slope 0, stderr 0, intercept 2"))
        let script = try text(of: folder + "/figures/f.gp")
        #expect(script.contains("'depth 2, steps_to_loss: slope 0.165 ± 0.032 (4 points)'"))
    }
}

@Test
func `A figure against a metric has a point for each value of its axis, of seeds that have both`()
    throws
{
    try withFolder { folder in
        let spec = try spec(
            """
            {name: f, x: {metric: phase_change_step, layer: each}, points: training.batch_size, \
            y: {metric: gradient_snr, layer: each}, panels: depth, fit: line}
            """)
        let outcome = try write(spec, in: folder) { trial in
            let (batch, seed) = (number(trial, "training.batch_size"), number(trial, "seed"))
            let layers = (1...Int(number(trial, "depth"))).map(Double.init)
            // Seed 2 of batch 8 has no phase change: it counts in neither mean.
            return [
                "gradient_snr": JSONValue(layers.map { $0 + 2 * batch + seed }),
                "phase_change_step": .array(
                    layers.map { batch == 8 && seed == 2 ? .null : .number($0 * 100 + batch + seed) }),
            ]
        }
        let table = try text(of: folder + "/tables/f.dat")
        let names = try columns(of: table)
        #expect(
            names.prefix(7) == [
                "training.batch_size", "x:phase_change_step:mean", "x:phase_change_step:stderr",
                "x:phase_change_step:ci95_low", "x:phase_change_step:ci95_high", "x:phase_change_step:n",
                "gradient_snr:mean",
            ])
        let rows = rows(of: table)
        // Blocks: depth 2's two layers, depth 3's three; four batches each.
        #expect(rows.count == 5 * 4)
        #expect(rows[0].prefix(2) == ["8", "108.5"] && rows[0][5...6] == ["2", "17.5"])
        #expect(rows[1].prefix(2) == ["16", "117"] && rows[1][5...6] == ["3", "34"])
        #expect(rows[4].prefix(2) == ["8", "208.5"])
        let script = try text(of: folder + "/figures/f.gp")
        #expect(script.contains("with xyerrorbars") && script.contains("numbers: batch"))
        #expect(script.contains("set xlabel 'step of the phase change'"))
        #expect(script.contains("using 2:7:1 with labels"))
        #expect(outcome.drawing == (hasGnuplot ? .drawn : .gnuplotMissing))
    }
}

@Test func `Against hidden layers x is one less than the depth`() throws {
    try withFolder { folder in
        let spec = try spec(
            "{name: f, x: hidden_layers, y: steps_to_loss, curves: training.batch_size, fit: power}")
        _ = try write(spec, in: folder) { ["steps_to_loss": .number(60 / (number($0, "depth") - 1))] }
        let table = try text(of: folder + "/tables/f.dat")
        #expect(try columns(of: table).first == "hidden_layers")
        #expect(rows(of: table).prefix(2).map { Array($0.prefix(2)) } == [["1", "60"], ["2", "30"]])
        // Two points have no error.
        #expect(try text(of: folder + "/figures/f.gp").contains("'batch size 8: exponent −1 (2 points)'"))
        #expect(try text(of: folder + "/tables/f.dat").contains(", stderr nan, factor"))
    }
}

@Test func `Points of which only two are different have no error either`() throws {
    try withFolder { folder in
        let spec = try spec(
            "{name: f, x: {metric: phase_change_step, layer: 1}, points: training.batch_size, y: steps_to_loss, "
                + "curves: depth, fit: power}")
        // Three batches have one place: logarithms that are summed would leave an error of 1e-15.
        _ = try write(spec, in: folder) { trial in
            let isFirst = number(trial, "training.batch_size") == 8
            return [
                "phase_change_step": JSONValue([isFirst ? 7.0 : 49]),
                "steps_to_loss": .number(isFirst ? 3.3 : 33),
            ]
        }
        let script = try text(of: folder + "/figures/f.gp")
        #expect(
            script.contains("'depth 2: exponent 1.18 (4 points)'")
                && script.contains("'depth 3: exponent 1.18 (4 points)'"))
    }
}

@Test func `A figure of nothing but missing numbers is named, not left out without a word`() throws {
    try withFolder { folder in
        let spec = try spec(
            "{name: full, x: training.batch_size, y: steps_to_loss}, "
                + "{name: empty, x: {metric: phase_change_step, layer: 1}, points: training.batch_size, "
                + "y: steps_to_loss}")
        let outcome = try write(spec, in: folder) { _ in
            ["steps_to_loss": .number(1), "phase_change_step": .array([.null, .null])]
        }
        #expect(outcome.unmeasured == ["empty"])
        #expect(outcome.pictures == (hasGnuplot ? ["figures/full.svg"] : []))
    }
}

@Test func `A fit's value in the key has the digits of its error, as the table has them`() throws {
    #expect(textWithError(1.2344, 0.0561) == "1.234 ± 0.056")
    #expect(textWithError(-1234.56, 0.0996) == "−1234.56 ± 0.10")
    #expect(textWithError(1234.5, 456) == "1230 ± 460")
    #expect(textWithError(0.001, 0.04) == "0.001 ± 0.040")
    #expect(textWithError(3.14159e-12, 4.2e-15) == "3.1416e−12 ± 4.2e−15")
    #expect(textWithError(1e-15, 4.2e-12) == "0 ± 4.2e−12")
    #expect(textWithError(2, 0) == nil && textWithError(2, 1e-13) == nil)
    try withFolder { folder in
        let spec = try spec("{name: f, x: training.batch_size, y: steps_to_loss, curves: depth, fit: line}")
        let y = [8.0: 1000.0, 16: 1010.01, 32: 1030, 64: 1070]
        _ = try write(spec, in: folder) { trial in
            ["steps_to_loss": .number(y[number(trial, "training.batch_size")] ?? 0)]
        }
        let line = try #require(
            try text(of: folder + "/tables/f.dat").split(separator: "\n").first {
                $0.hasPrefix("# Fit of index 0")
            })
        let words = line.split(separator: " ").map { $0.filter { $0 != "," } }
        let (slope, error) = (try #require(Double(words[7])), try #require(Double(words[9])))
        let script = try text(of: folder + "/figures/f.gp")
        let shown = try #require(
            script.firstMatch(of: #/'depth 2: slope ([0-9.]+) ± ([0-9.]+) \(4 points\)'/#))
        let decimals = shown.1.split(separator: ".")[1].count
        #expect(decimals == shown.2.split(separator: ".")[1].count && decimals >= 4)
        #expect(String(format: "%.\(decimals)f", slope) == shown.1)
        #expect(String(format: "%.\(decimals)f", error) == shown.2)
    }
}
