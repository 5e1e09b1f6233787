import Testing
import Text

@testable import Sweep

private func spec(_ rest: String, model: String = "mlp") throws -> SweepSpec {
    try SweepSpec(
        parsing: "name: s\nmodel: \(model)\ndataset: mnist\n" + rest, file: "s.yaml")
}

@Test func `A regulariser of weight 0 is none, and changes no trial`() throws {
    let plain = try spec("training: {epochs: 1}").grid[0]
    #expect(plain.settings.training.json["log_det"] == nil)
    for group in ["{weight: 0}", "{weight: 0, epsilon: 0.5, layers: [1]}", "{epsilon: 0.5}"] {
        let trial = try spec("training: {epochs: 1, log_det: \(group)}").grid[0]
        #expect(trial.settings == plain.settings && trial.id == plain.id, "\(group)")
    }
}

@Test func `A regulariser has its layers and ε, by default the last hidden layer and 0.001`() throws {
    for model in ["mlp", "vib"] {
        let beta = model == "vib" ? "beta: 0.1\n" : ""
        let text = beta + "depth: 4\ntraining: {epochs: 1, log_det: {weight: 0.5}}"
        let usual = try spec(text, model: model).grid[0].settings.training.logDet
        #expect(usual == .init(weight: 0.5, epsilon: 0.001, layers: [3]))
    }
    let sweep = try spec(
        "depth: 4\ntraining: {epochs: 1, log_det: {layers: [3, 1, 3], epsilon: 0.1}}\n"
            + "axes: {training.log_det.weight: [0, 0.1, 1]}")
    let found = (0..<3).map { sweep.grid[$0].settings.training.logDet }
    #expect(found[0] == nil && found[1] == .init(weight: 0.1, epsilon: 0.1, layers: [1, 3]))
    #expect(Set((0..<3).map { sweep.grid[$0].id }).count == 3)
    let again = try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "sweep.json")
    #expect(again == sweep)
}

@Test(arguments: [
    (
        "depth: 3\ntraining: {epochs: 1, log_det: {weight: 1, layers: [3]}}",
        "s.yaml:5:52: training.log_det.layers: no hidden layer 3: the network has 2"
    ),
    (
        "depth: 1\ntraining: {epochs: 1, log_det: {weight: 1}}",
        "s.yaml:5:41: training.log_det.weight: a network of depth 1 has no hidden layer"
    ),
    (
        "training: {epochs: 1, log_det: {wait: 1}}",
        "s.yaml:4:33: training.log_det.wait: no such setting (did you mean 'training.log_det.weight'?)"
    ),
    (
        "training: {epochs: 1, log_det: {weight: -1}}",
        "s.yaml:4:41: training.log_det.weight: -1 is out of bounds: it must be at least 0 and at most 1e+30 "
            + "(networks train in float32, which has room for no more)"
    ),
])
func `Faults of a regulariser are named with their location`(rest: String, message: String) {
    do {
        _ = try spec(rest)
        Issue.record("accepted: \(rest)")
    } catch { #expect("\(error)" == message) }
}

@Test func `A setting of a measured network is read as a sweep reads it`() throws {
    let measures = ["independence_deficit", "partial_rank", "effective_rank", "local_rank"]
    var request = MeasureRequest(
        weights: "w", points: .array("x", labels: "y"), activation: .relu,
        measures: measures.compactMap { MeasureRequest.Measure(rawValue: $0) })
    request.rankPoints = 7
    try request.set("independence_deficit.penalty=10")
    try request.set("independence_deficit.intercept=true")
    try request.set("partial_rank.relative=[0.1, 0.5]")
    try request.set("partial_rank.points=3")
    #expect(MeasureRequest(request.json) == request)
    let found = request.requested(of: 50)
    #expect(found.map(\.name) == ["independence_deficit", "partial_rank", "effective_rank"])
    #expect(found[0].settings["penalty"] == .number(10) && found[0].settings["intercept"] == .bool(true))
    #expect(found[1].settings["relative"] == JSONValue([0.1, 0.5]) && found[1].testPoints == 3)
    #expect(found[2].testPoints == 7)
    for (argument, words) in [
        ("penalty=10", "expected MEASURE.KEY=VALUE"),
        ("local_rank.points=3", "local_rank has no settings here"),
        ("neural_collapse.points=3", "'neural_collapse' is not among --measures"),
        (
            "partial_rank.sid=3",
            "partial_rank has relative, side, maximum and points, no 'sid'; did you mean 'side'?"
        ),
        ("partial_rank.side=0", "0 is out of bounds: it must be at least 1 and at most 1000"),
        ("partial_rank.side=many", "'many' is not a number"),
    ] {
        do {
            try request.set(argument)
            Issue.record("accepted: \(argument)")
        } catch { #expect(error.words == words) }
    }
}
