import Learning
import LinearAlgebra
import Model
import Testing
import Text

@testable import Experiments
@testable import Sweep

private func settings(
    _ task: TeacherData.Task, depth: Int = 3, norm: Double = 6, seed: UInt64 = 0, points: Int = 40
) -> TeacherData {
    TeacherData(
        task: task, inputs: 5, depth: depth, width: 4, norm: norm, seed: seed, trainPoints: points,
        testPoints: 30)
}

private func source(_ settings: TeacherData, seed: UInt64 = 3) throws -> TeacherSource {
    try TeacherSource(settings, streams: RandomStreams(seed: seed))
}

private func points(_ source: TeacherSource, _ part: DataPart) -> Batch<Float> {
    let kind = BatchSource(source)
    var batch = kind.makeBatch(points: part == .train ? 40 : 30)
    source.fill(&batch, part, from: 0, index: 0)
    return batch
}

/// The teacher's output by plain loops in double.
private func output(_ source: TeacherSource, _ x: [Float]) -> Double {
    var h = x.map { Double($0) }
    for (index, layer) in source.teacher.layers.enumerated() {
        h = (0..<layer.weight.rows).map { row in
            let sum = h.indices.reduce(0.0) { $0 + Double(layer.weight[row, $1]) * h[$1] }
            return index + 1 < source.teacher.layers.count ? max(0, sum) : sum
        }
    }
    return h[0]
}

private func squares(_ numbers: [Float]) -> Double {
    numbers.reduce(0.0) { $0 + Double($1) * Double($1) }
}

@Test(arguments: 1...4) func `A teacher's labels are its outputs' signs, with margin one`(depth: Int) throws {
    let source = try source(settings(.classification, depth: depth))
    for part in [DataPart.train, .test] {
        let batch = points(source, part)
        for row in 0..<batch.inputs.rows {
            let x = batch.inputs.rows(row..<row + 1).values
            let output = output(source, x)
            #expect(abs(output) >= 1 - 1e-5)
            #expect(batch.labels[row] == (output > 0 ? 1 : 0))
            #expect(squares(x) <= 1 && squares(x) > 1 - 1e-5)
        }
        if depth == 2 { #expect(Set(batch.labels) == [0, 1]) }
    }
}

@Test func `A teacher's targets are its outputs and never negative`() throws {
    let source = try source(settings(.regression))
    let batch = points(source, .train)
    let targets = batch.targets.values.map { Double($0) }
    for row in 0..<batch.inputs.rows {
        #expect(abs(targets[row] - output(source, batch.inputs.rows(row..<row + 1).values)) < 1e-5)
    }
    #expect(targets.allSatisfy { $0 >= 0 } && (targets.max() ?? 0) >= 1)
}

@Test func `A teacher's norms are its bounds and no more`() {
    for norm in [0.3, 1, 6, 1000] {
        for seed in 0..<5 as Range<UInt64> {
            for layer in TeacherSource.teacher(settings(.classification, norm: norm, seed: seed)).layers {
                let found = squares(layer.weight.values).squareRoot()
                #expect(found <= norm && found > norm * (1 - 1e-6))
                #expect(layer.bias.values.allSatisfy { $0 == 0 })
            }
        }
    }
}

@Test func `All seeds have the same teacher, and other points`() throws {
    let teacher = settings(.classification)
    let (one, again, other) = (
        try source(teacher), try source(teacher), try source(teacher, seed: 4)
    )
    #expect(points(one, .train).inputs.values == points(again, .train).inputs.values)
    #expect(points(one, .train).labels == points(again, .train).labels)
    #expect(points(one, .train).inputs.values != points(one, .test).inputs.values)
    #expect(points(one, .train).inputs.values != points(other, .train).inputs.values)
    let weights = { (source: TeacherSource) in source.teacher.parameters.flat.values }
    #expect(weights(one) == weights(other))
    #expect(weights(one) != weights(try source(settings(.classification, seed: 1))))
}

@Test func `An epoch has each point once`() throws {
    let source = try source(settings(.classification))
    let all = points(source, .train)
    func rows(_ batch: Batch<Float>) -> [String] {
        (0..<batch.inputs.rows).map { "\(batch.inputs.rows($0..<$0 + 1).values) \(batch.labels[$0])" }
    }
    for points in [8, 40] {
        var seen: [String] = []
        for step in 0..<40 / points {
            var batch = BatchSource(source).makeBatch(points: points)
            // The batch of all points is filled once, at the first step.
            source.fill(&batch, step: step, anew: false)
            seen += rows(batch)
        }
        #expect(seen.sorted() == rows(all).sorted())
    }
}

@Test func `A teacher too weak is refused`() throws {
    let (few, small) = (
        #expect(throws: TeacherSource.Fault.self) { try source(settings(.classification, norm: 0.5)) },
        #expect(throws: TeacherSource.Fault.self) { try source(settings(.regression, norm: 0.5)) }
    )
    #expect(few == .tooFewMargins(candidates: 1_024_000, found: 0))
    #expect(try #require(small).words(norm: 0.5).contains("take a dataset.norm above 0.5"))
}

// MARK: - Trials

private func trial(
    _ task: TeacherData.Task, hidden: [Int] = [12, 12], decay: Double = 1e-3, steps: Int = 3000,
    biases: Bool = false, norms: TrialSettings.WeightNorms? = .init(),
    activation: Activation = .relu
) -> TrialSettings {
    var training = Trials.training(
        task == .classification ? .logistic : .meanSquaredError, .steps(steps), rate: 5e-3, batch: 40)
    training.optimizer.weightDecay = decay
    var network = TrialSettings.Network(hidden: hidden, activation: activation)
    network[Setting.biases] = biases
    return TrialSettings(
        model: .mlp, dataset: Dataset(settings(task, depth: 2)), network: network, training: training,
        measures: .init(
            localRank: .init(thresholds: [0.1, 1], relative: [0.01], noise: [], points: 30),
            weightNorms: norms, traceAt: .end, samples: 12),
        seed: 1)
}

private func run(_ settings: TrialSettings) throws -> JSONValue {
    var runner = TrialRunner(data: DataDirectory(data: "/nowhere", cache: nil))
    return try runner.run(settings)
}

private func numbers(_ body: JSONValue, _ path: String...) -> [Double] {
    let found = path.reduce(body as JSONValue?) { $0?[$1] }
    return found?.array?.compactMap(\.number) ?? [found?.number].compactMap { $0 }
}

/// The proof's premise and the theorem's conclusion: a network of margin 1 whose squared norm a layer is
/// at most the bound has a mean stable rank of at most the bound.
@Test func `Weight decay brings the mean stable rank under its bound`() throws {
    let body = try run(trial(.classification))
    let metrics = try #require(body["metrics"]), theory = try #require(body["theory"])
    #expect(numbers(metrics, "train_accuracy") == [1])
    let margin = numbers(metrics, "train_margin")[0]
    #expect(margin > 1)
    let squares = numbers(metrics, "frobenius_norm").reduce(0) { $0 + $1 * $1 }
    let bound = numbers(theory, "stable_rank_bound")[0]
    // 2 (6/√2)^(4/3) · 4/3.
    #expect(abs(bound - 18.3154) < 1e-3)
    #expect(margin > 1 && squares / 3 / cubeRoot(margin * margin) <= bound)
    #expect(numbers(metrics, "mean_stable_rank")[0] <= bound)
}

private func cubeRoot(_ x: Double) -> Double {
    (0..<100).reduce(1.0) { root, _ in (2 * root + x / (root * root)) / 3 }
}

@Test func `A record's bounds are those of its norms`() throws {
    let body = try run(trial(.regression, steps: 300))
    let metrics = try #require(body["metrics"]), theory = try #require(body["theory"])
    let spectral = numbers(metrics, "spectral_norm"), stable = numbers(metrics, "stable_rank")
    // 6^(4/3), and ((L − 1) / (L/C − 1))² has no C < L = 3 here.
    let bound = numbers(theory, "stable_rank_bound")[0]
    #expect(abs(bound - 10.9027) < 1e-4)
    #expect(theory["hidden_stable_rank_bound"] == nil)
    #expect(numbers(theory, "trivial_rank") == [5, 5, 1])
    #expect(theory["bound_layer"] == .number(3))
    #expect(abs(stable[2] - 1) < 1e-12)
    for (key, threshold) in [("0.1", 0.1), ("1", 1)] {
        let found = numbers(theory, "local_rank_bound", key)
        #expect(found.count == 3)
        for layer in 0..<3 {
            let due = bound * spectral[layer] * spectral[layer] / (threshold * threshold)
            #expect(abs(found[layer] - due) <= 1e-12 * due)
            let vacuous = theory["local_rank_bound_vacuous"]?[key]?.array?[layer].bool
            #expect(vacuous == (due >= [5, 5, 1][layer]))
        }
    }
}

@Test func `Bounds are of homogeneous re LU networks alone and norms only where asked`() throws {
    for settings in [
        trial(.classification, steps: 10, biases: true), trial(.classification, hidden: [], steps: 10),
        trial(.classification, steps: 10, activation: .tanh),
    ] {
        #expect(try run(settings)["theory"] == nil)
    }
    let plain = try run(trial(.classification, steps: 10, norms: nil))
    #expect(plain["metrics"]?["spectral_norm"] == nil && plain["metrics"]?["mean_stable_rank"] == nil)
    #expect(plain["theory"]?["local_rank_bound"] == nil)
    #expect(plain["theory"]?["stable_rank_bound"] != nil)
}
