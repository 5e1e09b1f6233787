import FoundationEssentials
import Testing
import Text

@testable import Sweep

private let vib = """
    name: s
    model: vib
    dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 300}
    beta: 0.1
    training: {steps: 100}

    """

private func spec(_ rest: String, _ overrides: [String] = []) throws -> SweepSpec {
    try SweepSpec(parsing: vib + rest, file: "s.yaml", overrides: overrides.map(Override.init))
}

private func requested(_ rest: String, _ overrides: [String] = []) throws -> [RequestedMeasure] {
    try spec(rest, overrides).grid[0].settings.measures.requested
}

@Test func `Names, metrics and settings of the catalogue stand once, and settings have defaults`() {
    let all = MeasureCatalogue.all
    #expect(Set(all.map(\.name)).count == all.count)
    #expect(Set(Metric.all.map(\.key)).count == Metric.all.count)
    for measure in MeasureCatalogue.listed {
        #expect(!measure.metrics.isEmpty, "\(measure.name)")
        #expect(measure.settings.first?.path == measure.path)
        for option in measure.options {
            #expect(option.path == "\(measure.path).\(option.key)" && option.fallback != nil)
        }
        // In a trial's settings they stand beside these.
        #expect(!["local_rank", "weight_norms", "trace_at", "samples"].contains(measure.name))
        for metric in measure.metrics { #expect(metric.measure?.name == measure.name) }
    }
}

@Test func `A measure is off unless asked for, by true, by nothing or by one of its settings`() throws {
    #expect(try requested("").isEmpty)
    #expect(try requested("measures: {effective_rank: false}").isEmpty)
    // All 300 test points, where there are fewer than the usual 1000.
    let usual = RequestedMeasure(
        name: "effective_rank", settings: ["epsilon": .number(1e-7), "points": .number(300)])
    #expect(try requested("measures: {effective_rank: true}") == [usual])
    #expect(try requested("measures: {effective_rank: {}}") == [usual])
    #expect(try requested("", ["measures.effective_rank=true"]) == [usual])
    #expect(try requested("measures: {effective_rank: {points: 50}}").first?.testPoints == 50)
    #expect(
        try requested("measures: {effective_rank: {points: 50}}", ["measures.effective_rank=false"]).isEmpty)
    #expect(try requested("axes: {measures.effective_rank.points: [50, 60]}").first?.testPoints == 50)
    let images = """
        name: s
        model: mlp
        dataset: mnist
        training: {epochs: 1}
        measures: {weight_displacement: true, effective_rank: {points: all}}
        """
    let all = try SweepSpec(parsing: images, file: "s").grid[0].settings.measures.requested
    #expect(all.map(\.name) == ["effective_rank", "weight_displacement"])
    #expect(all[0].settings["points"] == .string("all"))
}

@Test func `A trial without new measures keeps its identifier, and one with them has another`() throws {
    let plain = try spec("").grid[0].settings
    #expect(plain.measures.json.object?.keys.sorted() == ["local_rank", "samples", "trace_at"])
    let asked = try spec("measures: {effective_rank: true}").grid[0].settings
    #expect(TrialID(of: plain) != TrialID(of: asked))
    var same = asked
    same.measures.requested = []
    #expect(TrialID(of: same) == TrialID(of: plain))
    var identifier = TrialHasher()
    #expect(identifier.id(of: asked) == TrialID(of: asked))
}

@Test func `A normalised sweep with new measures reads back as the same`() throws {
    for rest in [
        "measures: {effective_rank: true, weight_displacement: true}",
        "measures: {effective_rank: {points: 20, epsilon: 0}, trace_at: log}",
        "measures: {effective_rank: {}}", "measures: {effective_rank: false}",
        "axes: {measures.effective_rank: [true, false]}",
    ] {
        let sweep = try spec(rest)
        let again = try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "sweep.json")
        #expect(again == sweep && again.digest == sweep.digest, "\(rest)")
    }
}

@Test func `Figures know the catalogue's metrics`() throws {
    let sweep = try spec(
        """
        measures: {effective_rank: true, weight_displacement: true, trace_at: log}
        axes: {depth: [2, 3]}
        figures:
          - {name: a, x: step, y: [{metric: effective_rank, layer: 2}, rankme]}
          - {name: b, x: depth, y: [diffusion_exponent, {metric: weight_displacement, layer: each}]}
        """)
    #expect(
        sweep.figures.flatMap(\.y).map(\.metric.key) == [
            "effective_rank", "rankme", "diffusion_exponent", "weight_displacement",
        ])
    #expect(sweep.figures[0].y.map(\.layer) == [.number(2), .last])
}

private let wrong: [(rest: String, message: String)] = [
    (
        "measures: {effectiveRang: true}",
        "s.yaml:6:12: measures.effectiveRang: no such setting (did you mean "
            + "'effective_rank'?)"
    ),
    (
        "measures: {effective_rank: {pionts: 5}}",
        "s.yaml:6:29: measures.effective_rank.pionts: no such setting "
            + "(did you mean 'points'?)"
    ),
    (
        "measures: {effective_rank: {points: every}}",
        "s.yaml:6:37: measures.effective_rank.points: 'every' is "
            + "not a number"
    ),
    (
        "measures: {effective_rank: {points: 0}}",
        "s.yaml:6:37: measures.effective_rank.points: 0 is out of "
            + "bounds: it must be at least 1 and at most 10000000"
    ),
    (
        "measures: {effective_rank: {points: 301}}",
        "s.yaml:6:37: measures.effective_rank.points: 301 points, and "
            + "the data set has 300 test points"
    ),
    (
        "measures: {effective_rank: {points: all}}",
        "s.yaml:6:37: measures.effective_rank.points: gaussian data "
            + "are drawn anew for each batch, so there is no 'all': give a number"
    ),
    (
        "measures: {effective_rank: yes}",
        "s.yaml:6:28: measures.effective_rank: expected true or false, found 'yes'"
    ),
    (
        "measures: {weight_displacement: {points: 5}}",
        "s.yaml:6:33: measures.weight_displacement: expected true or false, "
            + "found a mapping"
    ),
    (
        "axes: {depth: [1, 2]}\nfigures: [{name: a, x: depth, y: rankme}]",
        "s.yaml:7:34: figures.y: rankme is "
            + "not measured: set measures.effective_rank"
    ),
    (
        "measures: {weight_displacement: true, trace_at: log}\nfigures: [{name: a, x: step, y: diffusion_exponent}]",
        "s.yaml:7:33: figures.y: diffusion_exponent is one of the whole training: it has no steps"
    ),
    (
        "measures: {weight_displacement: true}\naxes: {depth: [1, 2]}\nfigures: [{name: a, x: depth, y: "
            + "diffusion_exponent}]",
        "s.yaml:8:34: figures.y: nothing is measured along training: set measures.trace_at"
    ),
    (
        "measures: {effective_rank: true}\naxes: {depth: [1, 2]}\nfigures: [{name: a, x: depth, y: efective_rank}]",
        "s.yaml:8:34: figures.y: 'efective_rank' is no metric (did you mean 'effective_rank'?)"
    ),
    (
        "measures: {gaussian_bound: true, trace_at: log}",
        "s.yaml:6:28: measures.gaussian_bound: it needs measures.gradient_noise"
    ),
    (
        "measures: {gradient_noise: {batches: 1}}",
        "s.yaml:6:38: measures.gradient_noise.batches: 1 is out of bounds: it must be at least 2 and at most 10000"
    ),
    (
        "axes: {depth: [1, 2]}\nfigures: [{name: a, x: {metric: test_loss}, y: train_loss}]",
        "s.yaml:7:24: figures.x: nothing is measured along training: set measures.trace_at"
    ),
    (
        "axes: {depth: [1, 2]}\nfigures: [{name: a, x: depth, points: depth, y: train_loss}]",
        "s.yaml:7:39: figures.points: 'points' is for an x that is a metric"
    ),
    (
        "axes: {depth: [1, 2]}\nfigures: [{name: a, x: {metric: test_los}, points: depth, y: train_loss}]",
        "s.yaml:7:33: figures.x: 'test_los' is no metric (did you mean 'test_loss'?)"
    ),
    (
        "axes: {depth: [1, 2]}\nfigures: [{name: a, x: {metric: test_loss}, points: depth, y: train_loss, curves: depth}]",
        "s.yaml:7:11: figures.a: depth is used twice in the figure"
    ),
    (
        "axes: {depth: [1, 2]}\nmeasures: {steps_to_loss: true}\n"
            + "figures: [{name: a, x: {metric: steps_to_loss}, points: depth, y: train_loss}]",
        "s.yaml:8:67: figures.y: nothing is measured along training: set measures.trace_at"
    ),
    (
        "axes: {bottleneck: [1, 2]}\nfigures: [{name: a, x: hidden_layers, y: train_loss}]",
        "s.yaml:7:24: figures.x: hidden_layers needs the axis depth, or the axis hidden with lists of different "
            + "lengths"
    ),
    (
        "axes: {depth: [1, 2]}\nfigures: [{name: a, x: depth, y: train_loss, fit: powers}]",
        "s.yaml:7:51: figures.fit: 'powers' must be one of line or power (did you mean 'power'?)"
    ),
]

@Test func `Figures against metrics and with fits read back as the same`() throws {
    let text = """
        measures: {gradient_noise: true, steps_to_loss: true, trace_at: log}
        axes: {hidden: [[4], [4, 3]], training.batch_size: [8, 16]}
        figures:
          - {name: a, x: {metric: phase_change_step, layer: 1}, points: training.batch_size, y: steps_to_loss, fit: line}
          - {name: b, x: hidden_layers, y: steps_to_loss, curves: training.batch_size, fit: power}
          - {name: c, x: {metric: test_loss}, points: training.batch_size, y: steps_to_loss}
        """
    let sweep = try spec(text)
    #expect(sweep.figures[1].x == .hiddenLayers && sweep.figures[1].fit == .power)
    guard case .summary(let quantity, "training.batch_size") = sweep.figures[0].x else {
        Issue.record("\(sweep.figures[0].x)")
        return
    }
    #expect(quantity.metric.key == "phase_change_step" && quantity.layer == .number(1))
    let again = try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "sweep.json")
    #expect(again == sweep && again.digest == sweep.digest)
}

@Test(arguments: wrong.indices) func `Faults of a new measure are named with their location`(index: Int) {
    let (rest, message) = wrong[index]
    do {
        _ = try spec(rest)
        Issue.record("accepted: \(rest)")
    } catch { #expect("\(error)" == message) }
}

private let docs = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "docs")

@Test func `The pages name every metric and every measure`() throws {
    func page(_ name: String) throws -> String {
        try String(decoding: Data(contentsOf: docs.appending(path: name)), as: UTF8.self)
    }
    let (records, measures) = (try page("records.md"), try page("measures.md"))
    for metric in Metric.all {
        #expect(records.contains("`\(metric.key)`"), "records.md: \(metric.key)")
        #expect(measures.contains("`\(metric.key)`"), "measures.md: \(metric.key)")
    }
    for measure in MeasureCatalogue.listed {
        #expect(measures.contains("measures.\(measure.name)"), "measures.md: \(measure.name)")
    }
}
