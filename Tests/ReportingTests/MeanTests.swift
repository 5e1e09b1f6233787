import Foundation
import Records
import Sweep
import Testing
import Text

@testable import Reporting

private func subtitle(_ script: String) -> String {
    script.split(separator: "\n").filter { $0.contains("center noenhanced") }.map(String.init)
        .joined(separator: "\n")
}

@Suite struct MeanTests {
    /// A trace in which a number begins at the step 10^seed.
    private func late(_ seed: Int) -> [String: JSONValue] {
        let trace = [1, 10, 100].map { step -> JSONValue in
            let value: JSONValue = Double(step) < pow(10, Double(seed)) ? .null : .number(2 + Double(seed))
            return .object([
                "step": JSONValue(step), "train_loss": .number(1),
                "effective_rank": .array([value, .number(1)]),
            ])
        }
        let metrics: JSONValue = .object([
            "train_loss": .number(1), "effective_rank": .array([.number(2), .number(1)]),
        ])
        return ["metrics": metrics, "trace": .array(trace)]
    }

    @Test func `N is of each point, and the mean of fewer seeds is pale`() throws {
        try withFolder { folder in
            let figure =
                "{name: f, x: step, y: [{metric: effective_rank, layer: 1}, train_loss], panels: depth}"
            try Rates(figure, rates: "[0.1]") { _, seed in late(seed) }.report(folder)
            let table = try text(of: folder + "/tables/f.dat")
            #expect(try cells(table, "effective_rank_layer1:n") == ["1", "2", "3"])
            #expect(try cells(table, "train_loss:n") == ["3", "3", "3"])
            #expect(try cells(table, "n") == ["3", "3", "3"])
            let script = try text(of: folder + "/figures/f.gp")
            #expect(subtitle(script).contains("mean of 3 seeds, bands: 95 % interval"))
            #expect(subtitle(script).contains("pale: 1–2 of 3 seeds, at step 1 to 10 (2 points)"))
            // The curve as it is where all seeds are in; pale, and dotted, elsewhere.
            #expect(script.contains("using ($6 == 3 ? $1 : NaN):2 with lines ls 1 notitle"))
            for seeds in 1...2 {
                #expect(
                    script.contains("using ($6 == \(seeds) ? $1 : NaN):2 with lines ls 1 lw 0.7 dt 3 notitle")
                )
            }
            #expect(subtitle(script).contains("thin: both of 2 seeds"))
            #expect(script.contains("using 1:7 with lines ls 1 notitle"))
            // An interval of three, two seeds by themselves, and nothing else.
            let ends = "(within($4, 1.29, 3.71)):(within($5, 1.29, 3.71))"
            #expect(script.contains("using ($6 > 2 ? $1 : NaN):\(ends) with filledcurves"))
            #expect(script.contains("using ($6 == 2 ? $1 : NaN):($2 - $3) with lines ls 1 lw 0.4"))
            #expect(!script.contains("datafile missing"))
        }
    }

    @Test func `Two seeds are drawn as points, not as an interval of t = 12.7`() throws {
        try withFolder { folder in
            let rates = try Rates(
                "{name: f, x: training.learning_rate, y: train_accuracy}", seeds: 2
            ) { _, seed in metrics(["train_accuracy": 0.9 + 0.08 * Double(seed)]) }
            try rates.report(folder)
            let script = try text(of: folder + "/figures/f.gp")
            #expect(!script.contains("errorbars") && subtitle(script).contains("mean of 2 seeds, dots: both"))
            for sign in ["-", "+"] {
                #expect(script.contains(":($2 \(sign) $3) with points ls 1 pt 7 ps 0.3"))
            }
            // The mean a standard error lower and higher is the seeds themselves.
            let table = try text(of: folder + "/tables/f.dat")
            let mean = try #require(Double(cells(table, "train_accuracy:mean")[0]))
            let error = try #require(Double(cells(table, "train_accuracy:stderr")[0]))
            #expect(abs(mean - error - 0.9) < 1e-12 && abs(mean + error - 0.98) < 1e-12)
        }
    }

    @Test func `Intervals end at a quantity's bounds, and on a log axis at its end`() throws {
        try withFolder { folder in
            let figures = """
                {name: a, x: training.learning_rate, y: train_accuracy},
                {name: b, x: training.learning_rate, y: train_loss, yscale: log},
                {name: c, x: training.learning_rate, y: train_accuracy, style: bars},
                {name: d, x: training.learning_rate, y: train_loss, yscale: log, style: bars}
                """
            try Rates(figures) { _, seed in
                metrics(["train_accuracy": [0.9, 0.99, 1][seed], "train_loss": [0.01, 0.1, 1][seed]])
            }.report(folder)
            let share = try text(of: folder + "/figures/a.gp")
            #expect(share.contains(":2:(within($4, 0, 1)):(within($5, 0, 1)) with yerrorbars"))
            let loss = try text(of: folder + "/figures/b.gp")
            let line = try #require(loss.split(separator: "\n").first { $0.contains("with yerrorbars") })
            #expect(line.contains(" 1:2:(within($4, ") && !line.contains("within($4, 0,"))
            #expect(!line.contains("within($4, -"))
            #expect(subtitle(loss).contains("3 intervals reach 0 or below: cut (log axis)"))
            #expect(!subtitle(share).contains("cut"))
            let bars = try text(of: folder + "/figures/c.gp")
            let (low, high) = ("within($4, 0, 1)", "within($5, 0, 1)")
            #expect(bars.contains("(at($1)):(\(low)):(0):((\(high)) - (\(low))) with vectors nohead"))
            // A vector from below 0 would not be drawn at all.
            let floor = try #require(
                try text(of: folder + "/figures/d.gp").firstMatch(
                    of: #/:\(within\(\$4, ([0-9.e-]+), .*with vectors/#))
            #expect(try #require(Double(floor.1)) > 0)
            // Whole in the table all the same.
            let table = try text(of: folder + "/tables/a.dat")
            #expect(try cells(table, "train_accuracy:ci95_high").allSatisfy { (Double($0) ?? 0) > 1 })
        }
    }

    /// Its first interval is far longer than the panel is high.
    private func narrowing(_ figure: String) throws -> Rates {
        try Rates(figure, rates: "[0.1]") { _, seed in
            let trace = [1, 2, 3, 10].map { step -> JSONValue in
                let losses = step == 1 ? [1, 2, 30] : [2.0, 2.1, 2.2]
                return .object(["step": JSONValue(step), "train_loss": .number(losses[seed])])
            }
            return ["metrics": .object(["train_loss": .number(2)]), "trace": .array(trace)]
        }
    }

    @Test(arguments: ["linear", "log"])
    func `A band ends within its panel by the script's own numbers`(scale: String) throws {
        try withFolder { folder in
            let figures = """
                {name: f, x: step, y: train_loss, xscale: log, yscale: \(scale)},
                {name: g, x: step, y: train_loss, xscale: linear, yscale: \(scale)}
                """
            try narrowing(figures).report(folder)
            for name in ["f", "g"] {
                let script = try text(of: folder + "/figures/\(name).gp")
                let span = try #require(script.firstMatch(of: #/set yrange \[(.+):(.+)\]/#))
                let low = scale == "log" ? String(span.1) : "0"
                let ends = [4, 5].map { "(within($\($0), \(low), \(span.2)))" }.joined(separator: ":")
                #expect(script.contains(" 1:\(ends) with filledcurves"))
                #expect(
                    subtitle(script).contains("1 interval reaches 0 or below: cut (log axis)")
                        == (scale == "log"))
            }
        }
    }

    @Test(.needsGnuplot) func `A picture shades nothing beyond the intervals of two steps`() throws {
        try withFolder { folder in
            let outcome = try narrowing("{name: f, x: step, y: train_loss, xscale: log}").report(
                folder, formats: [.svg])
            let svg = try #require(outcome.svgs["f"])
            let shape = try #require(svg.firstMatch(of: #/<polygon [^>]*points = '([^']+)'/#))
            let corners = shape.1.split(separator: " ").map { corner in
                corner.split(separator: ",").compactMap { Double($0) }
            }
            let top = try #require(corners.map { $0[1] }.min())
            let left = try #require(corners.map { $0[0] }.min())
            #expect(corners.filter { $0[1] < top + 1 }.allSatisfy { $0[0] < left + 1 })
        }
    }

    @Test func `Bars both ways end there, too`() throws {
        try withFolder { folder in
            let figure =
                "{name: f, x: {metric: train_loss}, points: training.learning_rate, y: train_accuracy, xscale: log}"
            try Rates(figure) { _, seed in
                metrics(["train_accuracy": [0.9, 0.99, 1][seed], "train_loss": [0.01, 0.1, 1][seed]])
            }.report(folder)
            let script = try text(of: folder + "/figures/f.gp")
            let line = try #require(script.split(separator: "\n").first { $0.contains("with xyerrorbars") })
            #expect(line.contains("(within($9, 0, 1)):(within($10, 0, 1)) with"))
            #expect(line.contains(":(within($4, 0.") && script.contains("within(number, low, high) ="))
            #expect(subtitle(script).contains("3 intervals reach 0 or below: cut (log axis)"))
        }
    }

    @Test func `Values that a log axis cannot show are counted`() throws {
        try withFolder { folder in
            let figures = """
                {name: x, x: training.weight_decay, y: [train_loss, test_loss], xscale: log},
                {name: y, x: training.weight_decay, y: train_loss, yscale: log},
                {name: z, x: training.weight_decay, y: train_loss}
                """
            try Rates(figures, axis: "training.weight_decay", rates: "[0, 0.1, 1]") { rate, _ in
                metrics(["train_loss": rate == 1 ? 0 : 1, "test_loss": 1])
            }.report(folder)
            func words(_ name: String) throws -> String {
                subtitle(try text(of: folder + "/figures/\(name).gp"))
            }
            #expect(try words("x").contains("2 points at 0 not shown (log axis)"))
            #expect(try words("y").contains("1 point at 0 not shown (log axis)"))
            #expect(try !words("z").contains("not shown"))
        }
    }

    @Test func `Trials that diverged are counted once each, at each step, and stay in the key`() throws {
        try withFolder { folder in
            let figures = """
                {name: s, x: step, y: train_loss, curves: training.learning_rate},
                {name: l, x: step, y: {metric: effective_rank, layer: each}, panels: training.learning_rate},
                {name: k, x: training.learning_rate, y: train_loss},
                {name: b, x: training.learning_rate, y: train_loss, style: bars}
                """
            // Four of five trials of rate 0.1 and all of rate 1; they have a trace of their first step.
            let rates = try Rates(figures, seeds: 5) { rate, seed in
                if rate == 0.01 || (rate == 0.1 && seed == 0) { return late(0) }
                return [
                    "metrics": .object([:]), "outcome": .string("diverged"), "diverged_at_step": JSONValue(2),
                    "trace": .array([.object(["step": JSONValue(1), "train_loss": .number(9)])]),
                ]
            }
            try rates.report(folder)
            let steps = try text(of: folder + "/tables/s.dat")
            #expect(try cells(steps, "n") == ["5", "5", "5", "1", "1", "1", "0"])
            #expect(try cells(steps, "diverged") == ["0", "0", "0", "4", "4", "4", "5"])
            let script = try text(of: folder + "/figures/s.gp")
            #expect(subtitle(script).contains("9 of 15 trials diverged"))
            #expect(subtitle(script).contains("pale: 1 of 5 seeds, at step 1 to 100 (3 points)"))
            #expect(script.contains("title 'learning rate 0.1 (4 of 5 diverged)'"))
            #expect(script.contains("title 'learning rate 1 (all diverged)'"))
            // A block for each of the curve's layers, and one for those that have none.
            let layers = try text(of: folder + "/tables/l.dat")
            #expect(try cells(layers, "diverged") == [0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 5].map { "\($0)" })
            let panels = try text(of: folder + "/figures/l.gp")
            #expect(panels.contains("set title 'learning rate = 0.1 (4 of 5 diverged)'"))
            #expect(panels.contains("set title 'learning rate = 1 (all diverged)'"))
            // Against the rate itself a cross stands where nothing was measured.
            let points = try text(of: folder + "/figures/k.gp")
            #expect(points.contains("set label \"\" at first 1, graph 0.04 point pt 2"))
            #expect(points.contains("title 'no trial measured'"))
            #expect(subtitle(points).contains("pale: 1 of 5 seeds, at learning rate 0.1 (1 point)"))
            // Nothing is pale among bars.
            let bars = subtitle(try text(of: folder + "/figures/b.gp"))
            #expect(bars.contains("fewer: 1 of 5 seeds, at learning rate 0.1") && !bars.contains("pale"))
        }
    }

    @Test func `Where no seed has a number the subtitle says so`() throws {
        try withFolder { folder in
            let figure = "{name: k, x: training.learning_rate, y: [train_loss, test_loss]}"
            let rates = try Rates(figure) { rate, seed in
                metrics(rate == 1 ? ["test_loss": Double(seed)] : ["train_loss": 1, "test_loss": 1])
            }
            let outcome = try rates.report(folder)
            #expect(try cells(text(of: folder + "/tables/summary.dat"), "train_loss:n") == ["3", "3", "0"])
            #expect(outcome.summary.rows.map { $0.samples.count } == [2, 2, 2])
            let words = subtitle(try text(of: folder + "/figures/k.gp"))
            #expect(words.contains("no seed has a number at learning rate 1 (1 point)"))
            #expect(!words.contains("pale"))
        }
    }

    @Test func `The page says where fewer seeds have a number`() throws {
        try withFolder { folder in
            let rates = try Rates("{name: k, x: training.learning_rate, y: train_loss}") { rate, seed in
                metrics(rate == 1 && seed == 2 ? ["test_loss": 1] : ["train_loss": 1, "test_loss": 1])
            }
            let outcome = try rates.report(folder)
            let page = ReportPage(
                spec: rates.spec, outcome: outcome, provenance: nil, version: "1", commit: "x"
            ).html
            #expect(page.components(separatedBy: ", n = 2<").count == 2)
        }
    }

    @Test func `Trials in quarantine are counted in figures, tables and the page`() throws {
        try withFolder { folder in
            let figures = """
                {name: k, x: training.learning_rate, y: train_loss},
                {name: s, x: step, y: train_loss, curves: training.learning_rate}
                """
            let rates = try Rates(figures) { _, _ in late(0) }
            // One of rate 0.1, all of rate 1.
            let outcome = try rates.report(folder, failed: [4, 6, 7, 8])
            let table = try text(of: folder + "/tables/k.dat")
            #expect(try cells(table, "n") == ["3", "2", "0"])
            #expect(try cells(table, "failed") == ["0", "1", "3"])
            let script = try text(of: folder + "/figures/s.gp")
            #expect(subtitle(script).contains("4 of 9 trials failed"))
            #expect(script.contains("title 'learning rate 0.1 (1 of 3 failed)'"))
            #expect(script.contains("title 'learning rate 1 (all failed)'"))
            #expect(try cells(text(of: folder + "/tables/s.dat"), "failed").suffix(1) == ["3"])
            #expect(try cells(text(of: folder + "/tables/summary.dat"), "failed") == ["0", "1", "3"])
            #expect(outcome.summary.rows.map(\.failed) == [0, 1, 3])
            let page = ReportPage(
                spec: rates.spec, outcome: outcome, provenance: nil, version: "1", commit: "x"
            ).html
            #expect(page.contains(">failed</th>"))
        }
    }

    @Test func `A trial that failed first and was measured then has not failed`() throws {
        try withFolder { folder in
            let rates = try Rates("{name: k, x: training.learning_rate, y: train_loss}") { _, _ in late(0) }
            try Data(rates.records.map { $0 + "\n" }.joined().utf8).write(
                to: URL(filePath: folder + "/records.ndjson"))
            var provenance = RunProvenance()
            for line in ["{\"index\":1,\"outcome\":\"failed\"}", "{\"index\":99,\"outcome\":\"failed\"}"] {
                provenance.add(Data(line.utf8))
            }
            _ = try Reports.write(
                spec: rates.spec, recordsAt: folder + "/records.ndjson", to: folder, formats: [],
                provenance: provenance)
            #expect(try cells(text(of: folder + "/tables/k.dat"), "failed") == ["0", "0", "0"])
        }
    }

    @Test func `The axis names the layer of a quantity where the figure does not`() throws {
        try withFolder { folder in
            let figures = """
                {name: k, x: training.learning_rate, y: effective_rank},
                {name: l, x: training.learning_rate, y: {metric: effective_rank, layer: 1}}
                """
            try Rates(figures) { _, _ in late(0) }.report(folder)
            let last = try text(of: folder + "/figures/k.gp")
            #expect(last.contains("set ylabel 'effective rank of the last layer'"))
            #expect(try text(of: folder + "/figures/l.gp").contains("set ylabel 'effective rank of layer 1'"))
        }
    }
}

@Test func `Only what is a closed form is called one`() throws {
    #expect(Metric.klNats.theoryName == "closed form")
    #expect(try #require(Metric(key: "product_root")).theoryName == "limit of infinite depth")
    #expect(try #require(Metric(key: "perturbed_rank")).theoryName == "promised below safe δ")
}

/// One record, with numbers for ten classes.
@Test(.needsGnuplot) func `Classes have no order, so no line joins them`() throws {
    try withFolder { folder in
        let spec = try SweepSpec(
            parsing: """
                name: classes
                model: mlp
                dataset: {name: mnist, train_points: 100, test_points: 100}
                axes: {measures.independence_deficit.penalty: [1, 20], seed: {range: [0, 3]}}
                training: {steps: 1, batch_size: 50}
                measures: {local_rank: false, independence_deficit: true}
                figures: [{name: f, x: entry, y: class_accuracy, curves: measures.independence_deficit.penalty}]
                """, file: "s.yaml")
        let lines = (0..<spec.grid.count).map { index in
            let list = (0..<10).map { 0.5 + 0.04 * Double($0) + 0.01 * Double(index) }
            return recordLine(
                trial: spec.grid[index], sweepDigest: spec.digest,
                body: .object([
                    "outcome": .string("measured"), "metrics": .object(["class_accuracy": JSONValue(list)]),
                ]))
        }
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: folder + "/records.ndjson"))
        let outcome = try Reports.write(
            spec: spec, recordsAt: folder + "/records.ndjson", to: folder, formats: [.svg])
        #expect(outcome.drawing == .drawn && outcome.warnings.isEmpty)
        let script = try text(of: folder + "/figures/f.gp")
        #expect(!script.contains("with line"))
        // Side by side.
        #expect(script.contains("using ($1 - 0.06):2 with points ls 1"))
        #expect(script.contains("using ($1 + 0.06):2 with points ls 2"))
        #expect(script.contains("set xrange [-0.6:9.6]") && script.contains("'9' 9)"))
    }
}
