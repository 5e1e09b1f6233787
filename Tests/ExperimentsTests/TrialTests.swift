import Foundation
import Model
import Testing
import Text

@testable import Experiments
@testable import Sweep

private let nowhere = DataDirectory(data: "/nowhere", cache: nil)
private let five = [0.4, 0.5, 0.9, 0.92, 0.95]

private func metric(_ body: JSONValue, _ name: String) -> Double? { body["metrics"]?[name]?.number }

/// A random joint covariance of so many variables: A Aᵀ.
private func covariance(_ order: Int, seed: UInt64) -> [[Double]] {
    var state = seed
    let factor = (0..<order).map { _ in
        (0..<order + 3).map { _ in
            // Sums of uniform numbers: normal enough.
            (0..<4).reduce(0.0) { sum, _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return sum + Double(state >> 40) / Double(1 << 24) - 0.5
            }
        }
    }
    return factor.map { row in factor.map { other in zip(row, other).reduce(0) { $0 + $1.0 * $1.1 } } }
}

private func vib(
    _ beta: Double, _ covariance: [[Double]], inputs: Int, steps: Int = 4000,
    every: TrialSettings.Measures.Times = .end, seed: UInt64 = 0
) -> TrialSettings {
    Trials.gaussian(
        .vib(beta: beta, bottleneck: inputs, sigmaShift: 0), covariance: covariance, inputs: inputs,
        training: Trials.training(.gaussianNLL, .steps(steps)), every: every, seed: seed)
}

/// One small trial of each kind.
private func kinds(every: TrialSettings.Measures.Times = .end, seed: UInt64 = 0) -> [TrialSettings] {
    let gaussian = Trials.covariance([0.5, 0.9])
    let images = Trials.training(.crossEntropy, .epochs(3), rate: 1e-3, batch: 32)
    return [
        Trials.gaussian(
            .mlp, covariance: gaussian, inputs: 2, hidden: [8, 8],
            training: Trials.training(.meanSquaredError, .steps(50), batch: 32), every: every,
            testPoints: 3000, activation: .relu, seed: seed),
        Trials.gaussian(
            .vib(beta: 0.1, bottleneck: 2, sigmaShift: 0), covariance: gaussian, inputs: 2, hidden: [8],
            training: Trials.training(.gaussianNLL, .steps(50), batch: 32), every: every, testPoints: 3000,
            activation: .relu, seed: seed),
        Trials.images(.mlp, hidden: [16], training: images, every: every, seed: seed),
        Trials.images(
            .vib(beta: 1e-3, bottleneck: 4, sigmaShift: -5), scale: .symmetric, hidden: [16],
            training: images, every: every, seed: seed),
    ]
}

// MARK: - Theory

@Test(arguments: [0.05, 0.2, 0.5, 0.7])
func `A trained VIB has the closed form's information and rank`(beta: Double) throws {
    var runner = TrialRunner(data: nowhere)
    let body = try runner.run(vib(beta, Trials.covariance(five), inputs: 5))
    try expectAgreement(body)
    let kl = try #require(body["theory"]?["kl_nats"]?.number)
    let table = [0.05: 8.67366, 0.2: 4.91427, 0.5: 2.69098]
    if let known = table[beta] { #expect(abs(kl - known) < 5.1e-6) }
}

/// Correlated inputs and correlated targets: only with canonical targets does the decoder reach the optimum.
@Test(arguments: [UInt64(1), 2, 3])
func `A general covariance has the closed form's information and rank`(seed: UInt64) throws {
    var runner = TrialRunner(data: nowhere)
    let joint = covariance(9, seed: seed)
    let critical = try #require(
        runner.run(vib(0.5, joint, inputs: 5, steps: 1))["theory"]?["critical_betas"]?.array)
    // Between the first transitions, away from both.
    let betas = critical.compactMap(\.number)
    for (high, low) in zip(betas, betas.dropFirst()).prefix(2) {
        try expectAgreement(try runner.run(vib((high * low).squareRoot(), joint, inputs: 5)))
    }
}

@Test func `A narrow hidden layer limits the theory too`() throws {
    var settings = vib(0.05, Trials.covariance(five), inputs: 5)
    settings.network.hidden = [64, 2]
    var runner = TrialRunner(data: nowhere)
    let body = try runner.run(settings)
    #expect(body["theory"]?["rank"] == .number(2))
    try expectAgreement(body)
}

private func expectAgreement(_ body: JSONValue) throws {
    let theory = try #require(body["theory"])
    let expected = try #require(theory["kl_nats"]?.number)
    let kl = try #require(metric(body, "kl_nats"))
    #expect(abs(kl - expected) < max(0.03 * expected, 0.02), "KL \(kl), theory \(expected)")
    let information = try #require(metric(body, "i_zy_nats"))
    let bound = try #require(theory["i_zy_nats"]?.number)
    #expect(abs(information - bound) < 0.03, "I(Z; Y) \(information), theory \(bound)")
    let rank = body["metrics"]?["local_rank"]?["0.1"]?["mean"]?.array?.last?.number
    #expect(rank == theory["local_rank"]?["0.1"]?.number)
    let directions = body["metrics"]?["informative_directions"]?["mean"]?.number
    #expect(directions == theory["informative_directions"]?.number)
}

@Test func `A loss is reported for the targets as they are given`() throws {
    // y ten times larger: −ln p(y) is ln 10 larger for each of two targets, information is the same.
    var runner = TrialRunner(data: nowhere)
    let joint = Trials.covariance([0.8, 0.6])
    let scaled = joint.enumerated().map { i, row in
        row.enumerated().map { j, value in value * (i < 2 ? 1 : 10) * (j < 2 ? 1 : 10) }
    }
    let (one, ten) = (
        try runner.run(vib(0.1, joint, inputs: 2, steps: 300)),
        try runner.run(vib(0.1, scaled, inputs: 2, steps: 300))
    )
    for name in ["test_loss", "train_loss"] {
        let difference = try #require(metric(ten, name)) - #require(metric(one, name))
        #expect(abs(difference - 2 * log(10)) < 1e-4, "\(name)")
    }
    let (a, b) = (try #require(metric(one, "i_zy_nats")), try #require(metric(ten, "i_zy_nats")))
    #expect(abs(a - b) < 1e-4 && a > 0)
    let loss = try #require(metric(one, "test_loss"))
    #expect(abs(loss + a - (1 + log(2 * .pi))) < 1e-4)
}

@Test func `An MLP approaches the least squared error`() throws {
    var runner = TrialRunner(data: nowhere)
    let body = try runner.run(
        Trials.gaussian(
            .mlp, covariance: Trials.covariance([0.6, 0.9]), inputs: 2,
            training: Trials.training(.meanSquaredError, .steps(1500))))
    // E (y − ρ x)² = 1 − ρ².
    let best = 0.5 * (0.64 + 0.19)
    for name in ["test_loss", "train_loss"] {
        #expect(abs(try #require(metric(body, name)) - best) < 0.02, "\(name)")
    }
    #expect(body["theory"] == nil)
}

@Test func `A VIB with squared error reports a mean and no theory`() throws {
    var settings = vib(0.01, Trials.covariance([0.6, 0.9]), inputs: 2, steps: 2000)
    settings.training.loss = .meanSquaredError
    var runner = TrialRunner(data: nowhere)
    let body = try runner.run(settings)
    // A mean over two outputs leaves D_i = β d / 2 = 0.01 of each predictable ρ_i².
    let loss = try #require(metric(body, "test_loss"))
    #expect(abs(loss - (0.5 * (0.64 + 0.19) + 0.01)) < 0.02)
    let kl = try #require(metric(body, "kl_nats"))
    let expected = 0.5 * log(0.36 / 0.01) + 0.5 * log(0.81 / 0.01)
    #expect(abs(kl - expected) < 0.05 * expected, "KL \(kl), theory \(expected)")
    let information = try #require(metric(body, "i_zy_nats"))
    #expect(abs(information + log(loss)) < 1e-6 && information > 0)
    #expect(body["theory"] == nil)
}

// MARK: - Determinism

@Test func `Equal settings give equal bytes`() throws {
    let folder = try DataFolder(train: 200, test: 100)
    var runner = TrialRunner(data: folder.directory)
    let all = kinds(every: .log(4))
    let first = try all.map { try runner.run($0).canonicalText }
    // Each again, after others.
    let again = try all.reversed().map { try runner.run($0).canonicalText }
    #expect(first == again.reversed())
    var other = TrialRunner(data: DataDirectory(data: folder.data, cache: nil))
    #expect(try all.map { try other.run($0).canonicalText } == first)
    #expect(Set(first).count == 4)
    // Measuring along the way changes nothing at the end.
    for (settings, text) in zip(kinds(), first) {
        let body = try runner.run(settings)
        #expect(text.contains(try #require(body["metrics"]).canonicalText))
        #expect(body["trace"] == nil)
    }
    for (settings, text) in zip(kinds(every: .log(4), seed: 1), first) {
        #expect(try runner.run(settings).canonicalText != text)
    }
}

// MARK: - Bodies

@Test func `Every metric that fits is in the body`() throws {
    let folder = try DataFolder(train: 200, test: 100)
    var runner = TrialRunner(data: folder.directory)
    let plain = kinds(every: .steps([1]))
    let weighed = plain.map { settings in
        var settings = settings
        settings.measures.weightNorms = .init()
        return settings
    }
    for settings in plain + weighed {
        let body = try runner.run(settings)
        let isVIB = if case .vib = settings.model { true } else { false }
        let isImages = settings.dataset.description is ImageData
        #expect(body["outcome"] == .string("measured"))
        for metric in Metric.all where metric.measure?.isListed == false {
            // None of these learns from a teacher.
            let fits =
                metric.uses.allSatisfy {
                    switch $0.path {
                    case "model": $0.words.contains(settings.modelName)
                    case "encoder": $0.words.contains(isVIB ? "mlp" : settings.modelName)
                    default: isImages && $0.words.contains("mnist")
                    }
                } && (metric.measure?.name != "weight_norms" || settings.measures.weightNorms != nil)
                && metric != .stoppedAtStep
            for position in [body["metrics"], body["trace"]?.array?.first] {
                #expect((position?[metric.key] != nil) == fits, "\(metric.key) \(isVIB) \(isImages)")
            }
        }
        #expect(body["trace"]?.array?.count == 1)
        #expect(body.isFinite)
        try expectPlausible(try #require(body["metrics"]), settings)
    }
}

private func expectPlausible(_ metrics: JSONValue, _ settings: TrialSettings) throws {
    for name in ["accuracy", "accuracy_one_sample", "accuracy_sampled", "train_accuracy"] {
        if let share = metrics[name]?.number { #expect((0...1).contains(share), "\(name)") }
    }
    for (nats, bits) in [("kl_nats", "kl_bits"), ("i_zy_nats", "i_zy_bits")] {
        guard let one = metrics[nats]?.number, let other = metrics[bits]?.number else { continue }
        #expect(abs(one - other * log(2)) < 1e-12 * abs(one))
    }
    let ranks = try #require(metrics["local_rank"]?["0.1"])
    #expect(ranks["mean"]?.array?.count == settings.network.depth)
    #expect(ranks["stderr"]?.array?.count == settings.network.depth)
    #expect(metrics["active_units"]?["mean"]?.array?.count == settings.network.hidden.count)
    if let noise = metrics["local_rank_noise"] { #expect(noise["1"]?["mean"]?.array?.count == 1) }
}

@Test func `Local rank may be off`() throws {
    var settings = kinds()[1]
    settings.measures.localRank = nil
    var runner = TrialRunner(data: nowhere)
    let body = try runner.run(settings)
    for name in ["local_rank", "local_rank_relative", "local_rank_noise", "active_units"] {
        #expect(body["metrics"]?[name] == nil)
    }
    #expect(metric(body, "kl_nats") != nil && body["theory"]?["rank"] != nil)
}

@Test func `The trace has the steps asked for`() throws {
    var runner = TrialRunner(data: nowhere)
    func steps(_ every: TrialSettings.Measures.Times) throws -> [Int] {
        var settings = kinds(every: every)[0]
        settings.training.duration = .steps(100)
        let trace = try runner.run(settings)["trace"]?.array ?? []
        return trace.compactMap { $0["step"]?.number }.map { Int($0) }
    }
    #expect(try steps(.end).isEmpty)
    #expect(try steps(.linear(5)) == [0, 25, 50, 75, 100])
    #expect(try steps(.linear(1)) == [100])
    #expect(try steps(.log(5)) == [1, 3, 10, 32, 100])
    #expect(try steps(.log(1)) == [100])
    #expect(try steps(.log(1000)) == Array(1...100))
    #expect(try steps(.steps([7, 0, 100, 50, 7])) == [0, 7, 50, 100])
}

@Test func `The last entry of the trace has the final metrics`() throws {
    var runner = TrialRunner(data: nowhere)
    let body = try runner.run(kinds(every: .log(3))[1])
    var last = try #require(body["trace"]?.array?.last?.object)
    #expect(last.removeValue(forKey: "step") == .number(50))
    #expect(JSONValue.object(last) == body["metrics"])
}

@Test func `A training that diverges says at which step`() throws {
    let folder = try DataFolder(train: 200, test: 100)
    var runner = TrialRunner(data: folder.directory)
    for (index, settings) in kinds(every: .log(10)).enumerated() {
        for optimizer in [Optimizer.sgd(momentum: 0), settings.training.optimizer.method] {
            var wild = settings
            wild.training.optimizer.learningRate = 1e6
            wild.training.optimizer.schedule = .constant
            wild.training.optimizer.method = optimizer
            wild.training.duration = .steps(200)
            let body = try runner.run(wild)
            #expect(body.isFinite)
            // Adam's steps are of the rate's size whatever the gradient, and a dead ReLU network has none:
            // huge losses, but not always infinite.
            if body["outcome"] == .string("measured") {
                if case .sgd = optimizer { #expect(index == 2) }
                #expect(try #require(metric(body, "test_loss")) > 1e4, "kind \(index)")
                continue
            }
            #expect(body["outcome"] == .string("diverged"), "kind \(index)")
            let step = try #require(body["diverged_at_step"]?.number)
            #expect((0...200).contains(step) && step == step.rounded())
            #expect(body["metrics"] == .object([:]))
            let trace = body["trace"]?.array ?? []
            #expect(trace.allSatisfy { ($0["step"]?.number ?? 1e9) <= step })
        }
    }
}

// MARK: - Images

@Test func `Separable images are learned`() throws {
    let folder = try DataFolder(train: 400, test: 200)
    var runner = TrialRunner(data: folder.directory)
    let training = Trials.training(.crossEntropy, .epochs(15), rate: 1e-3, batch: 20)
    let network = try runner.run(Trials.images(.mlp, hidden: [32], training: training))
    #expect(try #require(metric(network, "accuracy")) > 0.9)
    #expect(try #require(metric(network, "train_accuracy")) > 0.9)
    var squared = training
    squared.loss = .meanSquaredError
    let regression = try runner.run(Trials.images(.mlp, hidden: [32], training: squared))
    #expect(try #require(metric(regression, "accuracy")) > 0.9)
    #expect(try #require(metric(regression, "test_loss")) < 0.05)
    let bottleneck = try runner.run(
        Trials.images(
            .vib(beta: 1e-3, bottleneck: 8, sigmaShift: -5), scale: .symmetric, hidden: [32],
            training: training))
    for name in ["accuracy", "accuracy_one_sample", "accuracy_sampled"] {
        #expect(try #require(metric(bottleneck, name)) > 0.9, "\(name)")
    }
    let information = try #require(metric(bottleneck, "i_zy_nats"))
    // H(Y) of ten equal classes.
    #expect(information > 1.5 && information <= log(10))
    #expect(try #require(metric(bottleneck, "kl_nats")) > information)
}

/// The folder with the real images: $RANKSWEEP_DATA, or a folder beside the package; nil where neither has them.
private let realData: String? = {
    let beside = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/data").path
    return [ProcessInfo.processInfo.environment["RANKSWEEP_DATA"], beside].compactMap { $0 }
        .first { FileManager.default.fileExists(atPath: $0 + "/mnist") }
}()

@Test(
    .enabled(
        if: realData != nil,
        "no images of MNIST: 'ranksweep data fetch mnist --data DIR', then RANKSWEEP_DATA=DIR"))
func `MNIST is learned`() throws {
    let realData = try #require(realData)
    var runner = TrialRunner(data: DataDirectory(data: realData, cache: nil))
    let training = Trials.training(.crossEntropy, .epochs(2), rate: 1e-3, batch: 100)
    let body = try runner.run(Trials.images(.mlp, hidden: [64], training: training, points: 20_000))
    #expect(try #require(metric(body, "accuracy")) > 0.9)
}
