import Testing
import Text

@testable import Sweep

private func file(_ rest: String, dataset: String = "symmetric") -> String {
    "name: s\nmodel: mlp\ndataset: \(dataset)\n\(rest)\n"
}

private func message(_ text: String) -> String {
    do {
        _ = try SweepSpec(parsing: text, file: "s.yaml")
        return ""
    } catch { return error.message }
}

@Test func `The symmetric set's trial has its defaults`() throws {
    let sweep = try SweepSpec(parsing: file("training: {epochs: 2, batch_size: 256}"), file: "s.yaml")
    let settings = sweep.grid[0].settings
    #expect(settings.dataset == Dataset(SymmetricData(scale: .unit, trainPoints: 3277)))
    #expect(settings.network == .init(hidden: [64], activation: .tanh))
    #expect(settings.training.loss == .crossEntropy && settings.trainingSteps == 24)
    #expect(settings.parameterBytes == 4 * (13 * 64 + 65 * 2))
    #expect(settings.measures.localRank?.points == 256)
    #expect(try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "s.json") == sweep)
    let other = try SweepSpec(
        parsing: file(
            "training: {epochs: 2}", dataset: "{name: symmetric, scale: symmetric, train_points: 4000}"),
        file: "s.yaml")
    #expect(other.grid[0].settings.dataset == Dataset(SymmetricData(scale: .symmetric, trainPoints: 4000)))
    #expect(other.grid[0].settings.measures.localRank?.points == 96)
}

@Test func `The initialisation is part of a trial only where it is not the usual`() throws {
    func trial(_ rest: String) throws -> Trial {
        try SweepSpec(parsing: file("training: {epochs: 2}\n\(rest)"), file: "s.yaml").grid[0]
    }
    let usual = try trial(""), said = try trial("initialisation: he_glorot")
    let truncated = try trial("initialisation: truncated_normal")
    #expect(usual.id == said.id && usual.id != truncated.id)
    #expect(truncated.settings.network[Setting.initialisation] == .truncatedNormal)
    #expect(usual.settings.json["initialisation"] == nil)
    // The pieces that are hashed are the settings' canonical JSON.
    var identifier = TrialHasher()
    for each in [usual, truncated] {
        #expect(identifier.id(of: each.settings) == TrialID(of: each.settings))
    }
}

@Test func `Wrong settings of the symmetric set are named`() {
    let steps = "training: {epochs: 2}"
    #expect(
        message(file(steps, dataset: "{name: symmetric, train_points: 4096}"))
            .contains("4096 training points leave none of the 4096 patterns to test: take at most 4095"))
    #expect(
        message("name: s\nmodel: vib\nbeta: 1\ndataset: symmetric\n\(steps)\n")
            .contains("the symmetric set is for an mlp"))
    #expect(message(file(steps, dataset: "{name: symmetric, test_points: 10}")).contains("test_points"))
}

@Test func `A figure may have a number of the trace as x`() throws {
    let measures = "measures: {binned_information: true, trace_at: log}\n"
    func spec(_ figure: String) throws -> SweepSpec {
        try SweepSpec(
            parsing: file("training: {epochs: 2}\n\(measures)figures: [{name: p, \(figure)}]"), file: "s.yaml"
        )
    }
    let sweep = try spec("x: i_xt_bits, y: {metric: i_ty_bits, layer: each}")
    guard case .metric(let x) = sweep.figures[0].x else {
        Issue.record("no plane")
        return
    }
    // Layers are y's where x says nothing of them.
    #expect(x.metric.key == "i_xt_bits" && x.layer == .each)
    #expect(try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "s.json") == sweep)
    let one = try spec("x: {metric: i_xt_bits, layer: 1}, y: {metric: i_ty_bits, layer: each}")
    guard case .metric(let first) = one.figures[0].x else {
        Issue.record("no plane")
        return
    }
    #expect(first.layer == .number(1))
    func wrong(_ figure: String, _ measures: String) -> String {
        message(file("training: {epochs: 2}\n\(measures)figures: [{name: p, \(figure)}]"))
    }
    #expect(wrong("x: i_xt_bits, y: [i_ty_bits, accuracy]", measures).contains("give one y"))
    #expect(wrong("x: i_xt_bits, y: i_ty_bits, xscale: log", measures).contains("axes are linear"))
    #expect(wrong("x: two_phases, y: i_ty_bits", measures).contains("it has no steps"))
    #expect(
        wrong("x: i_xt_bits, y: i_ty_bits", "measures: {binned_information: true}\n")
            .contains("nothing is measured along training"))
    #expect(
        wrong("x: i_xt_bits, y: accuracy", "measures: {trace_at: log}\n").contains(
            "i_xt_bits is not measured"))
}
