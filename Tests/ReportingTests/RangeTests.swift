import Foundation
import Records
import Sweep
import Testing
import Text

@testable import Reporting

/// A sweep of the symmetric set by what is in `axes`, with the numbers of its seeds as metrics.
private func scripts(
    axes: String, figures: String, more: String = "depth: 2",
    _ metrics: (_ seed: Int, _ trial: Trial) -> [String: JSONValue]
) throws -> [String: String] {
    let spec = try SweepSpec(
        parsing: """
            name: ranges
            model: mlp
            dataset: {name: symmetric, train_points: 3000}
            axes: {\(axes), seed: {range: [0, 3]}}
            activation: tanh
            \(more)
            training: {steps: 10, batch_size: 10}
            measures: {local_rank: false, binned_information: true, kernel_information: {points: 100}, \
            effective_rank: {points: 6}}
            figures: [\(figures)]
            """, file: "ranges.yaml")
    return try withFolder { folder in
        let lines = (0..<spec.grid.count).map { index in
            let trial = spec.grid[index]
            return recordLine(
                trial: trial, sweepDigest: spec.digest,
                body: .object([
                    "outcome": .string("measured"),
                    "metrics": .object(metrics(Int(trial.settings.seed), trial)),
                ])) + "\n"
        }
        try Data(lines.joined().utf8).write(to: URL(filePath: folder + "/records.ndjson"))
        _ = try Reports.write(
            spec: spec, recordsAt: folder + "/records.ndjson", to: folder, formats: [])
        return Dictionary(
            uniqueKeysWithValues: try spec.figures.map {
                ($0.name, try text(of: folder + "/figures/\($0.name).gp"))
            })
    }
}

/// The values at which a script cuts the upper ends of its intervals.
private func upperEnds(_ script: String?) throws -> String {
    let text = try #require(script)
    let match = try #require(text.firstMatch(of: #/\(within\(\$5, [^,]+, ([^)]+)\)\)/#))
    return String(match.1)
}

@Suite struct RangeTests {
    /// Parts of a bound whose interval reaches beyond it.
    private let shares = [0.2, 0.6, 0.95]

    @Test func `Information ends at the entropy of the classes, and at that of the points`() throws {
        let keys = [
            "i_ty_bits", "i_ty_nats", "i_xt_bits", "kernel_i_xt_upper_nats", "kernel_i_ty_upper_nats",
        ]
        // 2118 of 4096 patterns are of class 1; n = 4096, and 100 points.
        let due = [0.9991571208502711, 0.692562941253758, 12, log(100.0), log(2.0)]
        let figures = keys.map { "{name: \($0), x: width, y: {metric: \($0), layer: 1}}" }
        let scripts = try scripts(axes: "width: [4, 8]", figures: figures.joined(separator: ", ")) {
            seed, _ in
            Dictionary(
                uniqueKeysWithValues: zip(keys, due).map { key, end in
                    let value = end * shares[seed]
                    return (key, JSONValue([value, value]))
                })
        }
        for (key, end) in zip(keys, due) {
            let found = try #require(Double(try upperEnds(scripts[key])), "\(key)")
            #expect(abs(found - end) < 1e-9, "\(key)")
        }
        // A difference of estimates may be negative.
        #expect(scripts["kernel_i_ty_upper_nats"]?.contains("(within($4, -1e+300, ") ?? false)
    }

    @Test func `A rank ends at the units of each point's layer, or at its points`() throws {
        let figure = "{name: f, x: width, y: {metric: effective_rank, layer: 1}}"
        let scripts = try scripts(axes: "width: [2, 4, 8, 16]", figures: figure) { seed, trial in
            let most = Double(min(6, trial.settings.network.hidden[0]))
            return ["effective_rank": JSONValue([most * shares[seed], 1])]
        }
        // Measured at six points.
        #expect(try upperEnds(scripts["f"]) == "$1 <= 2 ? 2 : $1 <= 4 ? 4 : 6")
    }

    @Test func `Where trials of one point differ the largest counts`() throws {
        let rates = try Rates(
            "{name: f, x: depth, y: {metric: effective_rank, layer: 1}}", axis: "width",
            rates: "[4, 8, 2]", depths: "[2, 3]"
        ) { _, _ in ["metrics": .object(["effective_rank": JSONValue([1.0, 1])])] }
        var data = FigureData(
            try #require(rates.spec.figures.first), of: ReportScope(try SweepSpec.small(figures: "")))
        let record = try Record(parsing: try #require(rates.records.first).utf8)
        // The widths 4, 8 and 2, at depth 2 and one seed.
        for trial in [0, 6, 12] {
            data.add(record, within: TrialRanges(of: rates.spec.grid[trial].settings))
        }
        #expect(data.panels.first?.curves.first?.points.first?.ranges == [0...8])
    }

    @Test func `Each layer of a network ends at its own units`() throws {
        let figure = "{name: f, x: layer, y: effective_rank}"
        let scripts = try scripts(axes: "hidden: [[3, 4]]", figures: figure, more: "") { seed, _ in
            ["effective_rank": JSONValue([[1.0, 2, 3][seed], [1.0, 2, 4][seed], 1])]
        }
        #expect(scripts["f"]?.contains("with filledcurves") ?? false)
        let high = try upperEnds(scripts["f"])
        #expect(high.hasPrefix("$1 <= 1 ? 3 : "))
    }
}

@Suite struct DodgeTests {
    private func script(
        _ figure: String, axis: String, values: String, seeds: Int = 3
    ) throws -> String {
        try withFolder { folder in
            try Rates(figure, axis: axis, rates: values, seeds: seeds, depths: "[2, 3]") { _, seed in
                metrics(["train_loss": [1.0, 2, 4][seed]])
            }.report(folder)
            return try text(of: folder + "/figures/f.gp")
        }
    }

    @Test func `Seeds of a data set are categories, whose curves stand side by side`() throws {
        let figure = "{name: f, x: dataset.teacher_seed, y: train_loss, curves: depth}"
        let script = try script(figure, axis: "dataset.teacher_seed", values: "[0, 1, 2]")
        #expect(script.contains("using ($1 - 0.06):2 with points ls 1 notitle"))
        #expect(script.contains("using ($1 + 0.06):2 with points ls 2 notitle"))
        #expect(
            script.contains("using ($1 - 0.06):2:(within($4, 0, 1e+300)):(within($5,"))
        #expect(script.contains("set xrange [-0.6:2.6]"))
        // No order, so nothing that could be mistaken.
        #expect(!script.contains("side by side"))
    }

    @Test func `Bars over few numbers stand side by side, and the subtitle says so`() throws {
        let figure = "{name: f, x: training.batch_size, y: train_loss, curves: depth, xscale: linear}"
        let script = try script(figure, axis: "training.batch_size", values: "[10, 20, 30]")
        let shift = try #require(
            script.firstMatch(of: #/using \(\$1 \+ ([0-9.]+)\):2 with linespoints ls 2/#)
        ).1
        // Four pixels of 500, which are 21.6 wide.
        #expect(abs(try #require(Double(shift)) - 4 * 21.6 / 500) < 1e-3)
        #expect(script.contains("curves side by side at each x"))
    }

    @Test func `On a log axis they are apart by a factor`() throws {
        let figure = "{name: f, x: training.learning_rate, y: train_loss, curves: depth, xscale: log}"
        let script = try script(figure, axis: "training.learning_rate", values: "[0.001, 0.01, 0.1]")
        let factors = script.matches(of: #/using \(\$1 \* ([0-9.]+)\):2 with linespoints/#).compactMap {
            Double($0.1)
        }
        #expect(factors.count == 2 && abs(factors[0] * factors[1] - 1) < 1e-5 && factors[1] > 1)
    }

    @Test func `Many curves stay within the panel`() throws {
        try withFolder { folder in
            let figure = "{name: f, x: training.batch_size, y: train_loss, curves: depth, xscale: linear}"
            let depths = "[2, 3, 4, 5, 6, 7, 8, 9, 10, 11]"
            try Rates(figure, axis: "training.batch_size", rates: "[10, 20]", depths: depths) { _, seed in
                metrics(["train_loss": [1.0, 2, 4][seed]])
            }.report(folder)
            let script = try text(of: folder + "/figures/f.gp")
            let ends = try #require(script.firstMatch(of: #/set xrange \[([^:]+):([^\]]+)\]/#))
            let low = try #require(Double(ends.1)), high = try #require(Double(ends.2))
            let shifts = script.matches(of: #/using \(\$1 ([-+]) ([0-9.]+)\):2 with linespoints/#)
                .compactMap { match in Double("\(match.1)\(match.2)") }
            #expect(shifts.count == 10 && (shifts.min() ?? 0) < 0)
            #expect(shifts.allSatisfy { low < 10 + $0 && 20 + $0 < high })
        }
    }

    @Test func `Curves that hide nothing are not shifted`() throws {
        let figure = "{name: f, x: training.batch_size, y: train_loss, curves: depth}"
        let many = "[\((1...20).map(String.init).joined(separator: ", "))]"
        for (values, seeds) in [("[10, 20]", 1), (many, 3)] {
            let script = try script(figure, axis: "training.batch_size", values: values, seeds: seeds)
            #expect(script.contains("using 1:2 with linespoints ls 1") && !script.contains("side by side"))
        }
        let one = try script(
            "{name: f, x: training.batch_size, y: train_loss, panels: depth}", axis: "training.batch_size",
            values: "[10, 20]")
        #expect(one.contains("using 1:2 with linespoints ls 1"))
    }
}
