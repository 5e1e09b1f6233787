import Foundation
import Learning
import LinearAlgebra
import Measures
import Model
import Testing
import Text

@testable import Experiments
@testable import Sweep

private let nowhere = DataDirectory(data: "/nowhere", cache: nil)

private func settings(_ text: String) throws -> TrialSettings {
    try SweepSpec(parsing: "name: s\nmodel: mlp\n" + text, file: "s.yaml").grid[0].settings
}

private let linear = """
    dataset: {name: gaussian, correlations: [0], inputs: 20, targets: 1, test_points: 16}
    depth: 7
    width: 20
    biases: false
    training: {optimizer: sgd, batch_size: 16, steps: 0}

    """

@Test func `A training of no steps measures the network as it was drawn, once`() throws {
    var runner = TrialRunner(data: nowhere)
    for times in ["end", "log", "{linear: 4}"] {
        let trial = try settings(
            linear.replacingOccurrences(of: "sgd", with: "adam, schedule: cosine")
                + "measures: {weight_displacement: true, trace_at: \(times)}\n")
        var reported = 0
        let result = try runner.run(trial, keeping: .final) { _, _, _ in reported += 1 }
        #expect(result.body["outcome"] == .string("measured") && reported == 0)
        #expect(result.body["metrics"]?["weight_displacement"] == JSONValue([Double](repeating: 0, count: 7)))
        let steps = (result.body["trace"]?.array ?? []).map { $0["step"]?.number }
        #expect(steps == (times == "end" ? [] : [0]), "\(times)")
        #expect(result.kept.map(\.step) == [0])
        let model = MLP<Float>(
            StackShape(
                units: [20] + trial.network.hidden + [1], activation: .linear, hasBiases: false),
            loss: .meanSquaredError, points: 1)
        model.initialise(RandomStreams(seed: 0))
        #expect(result.kept.first?.values == model.parameters.flat.values)
    }
}

@Test func `Weights of each kind have the variance that their kind says`() throws {
    let shape = StackShape(units: [300, 400, 200], activation: .relu)
    func weights(_ kind: Initialisation) -> [Matrix<Float>] {
        let model = MLP<Float>(shape, loss: .meanSquaredError, points: 1)
        model.initialise(RandomStreams(seed: 5), kind)
        #expect(model.layers.allSatisfy { $0.bias.values.allSatisfy { $0 == 0 } })
        return model.layers.map(\.weight)
    }
    for kind in [Initialisation.gaussian, .uniform] {
        for weight in weights(kind) {
            let numbers = weight.values.map { Double($0) * Double(weight.columns).squareRoot() }
            let mean = numbers.reduce(0, +) / Double(numbers.count)
            let square = numbers.reduce(0) { $0 + $1 * $1 } / Double(numbers.count)
            let fourth = numbers.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(numbers.count)
            #expect(abs(mean) < 0.02 && abs(square - 1) < 0.03)
            #expect(abs(fourth - (kind == .uniform ? 1.8 : 3)) < 0.1)
            if kind == .uniform { #expect(numbers.allSatisfy { abs($0) < 1.7321 }) }
        }
    }
    for weight in weights(.orthogonal) {
        let wide = Matrix<Double>(rows: weight.rows, columns: weight.columns)
        wide.assign(widening: weight)
        #expect(try wide.singularValues().allSatisfy { abs($0 - 1) < 1e-6 })
        #expect(abs(weight.values.reduce(0.0) { $0 + Double($1) }) < 60)
    }
}

@Test func `The record's products are those of its weights, and its theory is the limit's`() throws {
    var runner = TrialRunner(data: nowhere)
    let measure =
        "measures: {local_rank: false, weight_product: {indices: [1, 2, 9, 21], tolerances: [0.1, 1e-4]}}\n"
    let result = try runner.run(
        try settings(linear + "initialisation: gaussian\n" + measure), keeping: .final)
    let metrics = try #require(result.body["metrics"]), theory = try #require(result.body["theory"])
    let values = try #require(result.kept.first?.values)
    var product: Matrix<Double>?
    for layer in 0..<6 {
        let weight = Matrix<Double>(rows: 20, columns: 20)
        weight.assign(values[layer * 400..<(layer + 1) * 400].map { Double($0) })
        product = product.map { Matrix.product(weight, $0) } ?? weight
        let sigma = try #require(product).singularValues().map { $0 }
        for (key, k) in [("1", 1), ("2", 2), ("9", 9)] {
            let found = try #require(metrics["product_root"]?[key]?.array?[layer].number)
            #expect(abs(found - pow(sigma[k - 1] / sigma[0], 1 / Double(layer + 1))) < 1e-9)
            let limit = try #require(theory["product_root"]?[key]?.array?[layer].number)
            #expect(limit == GaussianProducts.ratio(order: 20, index: k))
        }
        #expect(metrics["product_root"]?["21"]?.array?[layer] == .null)
        #expect(theory["product_root"]?["21"] == nil)
        for (key, tolerance) in [("0.1", 0.1), ("0.0001", 1e-4)] {
            let rank = sigma.count { $0 >= tolerance * sigma[0] }
            #expect(metrics["product_rank"]?[key]?.array?[layer] == JSONValue(rank))
            #expect(metrics["product_rank_single"]?[key]?.array?[layer] == JSONValue(rank))
        }
    }
    #expect(metrics["product_rank"]?["0.1"]?.array?.count == 6)
    for other in ["initialisation: uniform\n", "hidden: [20, 19]\n"] {
        let text = other.contains("hidden") ? linear.replacing("depth: 7\nwidth: 20\n", with: "") : linear
        #expect(try runner.run(try settings(text + other + measure))["theory"] == nil)
    }
}

@Test func `Perturbed ranks of a record are of its Jacobians, and the same without a perturbation`() throws {
    var runner = TrialRunner(data: nowhere)
    let text = """
        dataset: {name: gaussian, correlations: [0.5, 0.9, 0.7, 0.2], test_points: 64}
        hidden: [12, 10]
        activation: relu
        training: {steps: 40, batch_size: 16}

        """
    for delta in [0, 1.0] {
        let result = try runner.run(
            try settings(
                text + "measures: {local_rank: {relative: [0.05], thresholds: [0.1], points: 3}, "
                    + "rank_stability: {delta: \(delta), tolerances: [0.05, 1e-12], points: 3}}\n"))
        let metrics = try #require(result["metrics"])
        let perturbed = try #require(metrics["perturbed_rank"]?["0.05"]?.array).compactMap(\.number)
        let plain = try #require(metrics["unperturbed_rank"]?["0.05"]?.array).compactMap(\.number)
        let hard = try #require(metrics["perturbed_rank"]?["1e-12"]?.array).compactMap(\.number)
        // The local rank of the last layer is of the same Jacobian.
        let local = try #require(
            metrics["local_rank_relative"]?["0.05"]?["mean"]?.array
        ).compactMap(\.number)
        #expect(abs(plain[2] - local[2]) < 1e-12 && plain.count == 3)
        if delta == 0 { #expect(perturbed == plain) } else { #expect(hard == [4, 4, 4]) }
        #expect(try #require(metrics["safe_delta"]?["0.05"]?.array).allSatisfy { $0.number ?? 0 > 0 })
    }
}

@Test func `The mean of equal ranks is that rank, at any number of points`() throws {
    var runner = TrialRunner(data: nowhere)
    // A linear network's Jacobian is the same at every point: 22 times 12/22 is not 12 in floating point.
    let text = """
        dataset: {name: gaussian, correlations: [0.5, 0.9, 0.7, 0.2, 0.3, 0.4, 0.6, 0.8, 0.1, 0.25, 0.35, 0.45], test_points: 64}
        hidden: [12]
        activation: linear
        training: {steps: 0}
        measures: {local_rank: false, rank_stability: {delta: 1e-13, tolerances: [1e-9], points: 22}}

        """
    let metrics = try #require(try runner.run(try settings(text))["metrics"])
    for metric in ["unperturbed_rank", "perturbed_rank"] {
        #expect(metrics[metric]?["1e-09"] == JSONValue([12, 12]))
    }
}

@Test func `The table of modular addition is split once, whole, and labelled by the sum`() throws {
    let data = ModularData(modulus: 7, share: 0.4)
    #expect(data.trainPoints == 20 && data.testPoints == 29)
    let source = ModularSource(data, streams: RandomStreams(seed: 3))
    #expect(Set(source.train).union(source.test) == Set(0..<49) && source.train.count == 20)
    #expect(ModularSource(data, streams: RandomStreams(seed: 4)).train != source.train)
    let batches = BatchSource(source, isOneHot: true)
    #expect(batches.inputs == 14 && batches.outputs == 7 && batches.isClasses)
    var seen: [Int] = []
    for (size, steps) in [(20, 1), (5, 4)] {
        var batch = batches.makeBatch(points: size)
        batch.inputs.fill(9)
        seen = []
        for step in 0..<steps {
            batches.fill(&batch, step: step, anew: step == 0)
            for row in 0..<size {
                let ones = (0..<14).filter { batch.inputs[row, $0] == 1 }
                #expect((0..<14).allSatisfy { [0, 1].contains(batch.inputs[row, $0]) } && ones.count == 2)
                #expect(batch.labels[row] == Int32((ones[0] + ones[1] - 7) % 7))
                let label = Int(batch.labels[row])
                #expect((0..<7).allSatisfy { batch.targets[row, $0] == ($0 == label ? 1 : 0) })
                seen.append(ones[0] * 7 + ones[1] - 7)
            }
        }
        #expect(seen.sorted() == source.train)
    }
    let all = batches.sample(.string("all"))
    #expect(all.inputs.rows == 49 && all.classes == 7)
}

@Test func `An MLP learns a table of addition, and its record is of classes`() throws {
    var runner = TrialRunner(data: nowhere)
    let body = try runner.run(
        try settings(
            "dataset: {name: modular-addition, modulus: 5, train_fraction: 0.8}\nwidth: 64\n"
                + "training: {optimizer: adamw, batch_size: 20, steps: 400, learning_rate: 0.01, "
                + "weight_decay: 0.1}\n"
                + "measures: {local_rank: false}\n"))
    #expect(body["metrics"]?["train_accuracy"]?.number == 1)
    #expect(body["metrics"]?["accuracy"]?.number != nil)
}
