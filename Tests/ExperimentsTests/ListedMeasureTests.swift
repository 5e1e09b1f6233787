import Foundation
import Learning
import LinearAlgebra
import Model
import Testing
import Text

@testable import Experiments
@testable import Sweep

/// Measures of the catalogue on networks whose numbers are known.

/// A network with these weights and no biases, at these points.
private func context(
    _ weights: [[[Float]]], _ activation: Activation = .linear, at points: [[Float]], labels: [Int32] = [],
    classes: Int = 0, bias: [Float]? = nil, trainCount: Int? = nil
) -> MeasureContext {
    let units = [weights[0][0].count] + weights.map(\.count)
    let parameters = Parameters<Float>(stacks: [StackShape(units: units, activation: activation)])
    for (layer, weight) in zip(parameters.stacks[0], weights) { layer.weight.assign(weight.flatMap { $0 }) }
    if let bias { parameters.stacks[0].last?.bias.assign(bias) }
    let sample = PointSample(inputs: Matrix(points), labels: labels, classes: classes)
    let outputs = LayerOutputs(
        parameters.stacks[0], activation, at: sample, lastUnits: units[units.count - 1])
    return MeasureContext(
        layers: parameters.stacks[0], network: nil, activation: activation, outputs: outputs,
        initialWeights: [],
        gradients: nil, streams: RandomStreams(seed: 0), step: 0, trainCount: trainCount)
}

private func identity(_ size: Int) -> [[Float]] {
    (0..<size).map { row in (0..<size).map { $0 == row ? 1 : 0 } }
}

private func metrics(
    _ type: any Measure.Type, _ context: MeasureContext, _ own: [String: JSONValue] = [:]
) throws -> [String: JSONValue] {
    let usual = try #require(RequestedMeasure(type.declaration.name, testPoints: 1000))
    let settings = usual.settings.merging(own) { $1 }
    return try type.init(MeasureSettings(values: settings)).metrics(context).byKey
}

private func numbers(_ value: JSONValue?) throws -> [Double] {
    try #require(value?.array).compactMap(\.number)
}

@Test func `Activation ranks count singular values, and stable ranks weigh them`() throws {
    // Singular values 10, 5, 0.05 of the first layer; the second keeps two of them.
    let points: [[Float]] = [[10, 0, 0, 0], [0, 5, 0, 0], [0, 0, 0.05, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    let found = try metrics(
        ActivationRankMeasure.self, context([identity(4), [[1, 0, 0, 0], [0, 1, 0, 0]]], at: points))
    #expect(try numbers(found["activation_rank"]) == [3, 2])
    #expect(try numbers(found["activation_rank_relative"]?["0.01"]?["mean"]) == [2, 2])
    #expect(try numbers(found["activation_rank_relative"]?["0.001"]?["mean"]) == [3, 2])
    let stable = try numbers(found["activation_stable_rank"])
    #expect(abs(stable[0] - 125.0025 / 100) < 1e-6 && abs(stable[1] - 1.25) < 1e-12)
}

@Test func `Feature dimension is of what varies: a constant direction is none`() throws {
    let points: [[Float]] = (0..<20).map { [Float($0 % 4), 7, Float($0 % 5) * 1e-2, 0] }
    let found = try metrics(FeatureDimensionMeasure.self, context([identity(4)], at: points))
    #expect(try numbers(found["feature_dimension"]) == [2])
    // λ_3 / λ_1 is 1.6e-4: one at a tolerance of 1e-3 · 4 units.
    let coarse = try metrics(
        FeatureDimensionMeasure.self, context([identity(4)], at: points), ["tolerance": .number(1e-3)])
    #expect(try numbers(coarse["feature_dimension"]) == [1])
}

@Test func `Points on a curved line have about one dimension, and equal points none`() throws {
    var state: UInt64 = 5
    let line: [[Float]] = (0..<400).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let t = Double(state >> 11) / 0x1p53
        return [Float(cos(t)), Float(sin(t)), Float(t)]
    }
    let found = try metrics(IntrinsicDimensionMeasure.self, context([identity(3)], at: line))
    #expect(abs(try numbers(found["intrinsic_dimension"])[0] - 1) < 0.15)
    let equal = try metrics(
        IntrinsicDimensionMeasure.self, context([identity(2)], at: [[1, 2], [1, 2], [1, 2]]))
    #expect(equal["intrinsic_dimension"] == .array([.null]))
    // Each has one that is as good as equal beside it once the mean is taken off.
    let pairs = try metrics(
        IntrinsicDimensionMeasure.self,
        context([identity(2)], at: [[1e30, 1e-10], [1e30, 2e-10], [1e-10, 1e30], [2e-10, 1e30]]))
    #expect(pairs["intrinsic_dimension"] == .array([.null]))
}

@Test func `Partial rank is of the middle pixels, and of all where the side is the image's`() throws {
    // The middle four of 16 pixels have the slopes 1, 0.1, 0.01 and 0.
    var diagonal = [Float](repeating: 2, count: 16)
    for (pixel, slope) in zip([5, 6, 9, 10], [1, 0.1, 0.01, 0] as [Float]) { diagonal[pixel] = slope }
    let weight = (0..<16).map { row in (0..<16).map { $0 == row ? diagonal[row] : 0 } }
    let given = context([weight, identity(16)], .relu, at: [[Float](repeating: 1, count: 16)])
    func ranks(_ side: Int, _ threshold: String) throws -> [Double] {
        try numbers(
            try metrics(
                PartialRankMeasure.self, given,
                ["side": JSONValue(side), "relative": JSONValue([0.05, 0.001])])["partial_rank"]?[threshold]?[
                    "mean"])
    }
    // The unit of slope 0 is off: layer 2 has three.
    #expect(try ranks(2, "0.05") == [2, 2] && ranks(2, "0.001") == [3, 3])
    #expect(try ranks(4, "0.05") == [14, 14] && ranks(28, "0.001") == [15, 15])
}

@Test func `Partial rank of a colour image takes all colours of the middle pixels`() throws {
    // A number a pixel and colour: the middle pixels' green ones alone count.
    let slopes = (0..<48).map { [5, 6, 9, 10].contains($0 / 3) ? ($0 % 3 == 1 ? 1 : 1e-6) : 1 as Float }
    let weight = (0..<48).map { row in (0..<48).map { $0 == row ? slopes[row] : 0 } }
    let found = try metrics(
        PartialRankMeasure.self, context([weight], at: [[Float](repeating: 1, count: 48)]),
        ["side": JSONValue(2), "relative": JSONValue([0.1, 1e-9])])["partial_rank"]
    #expect(try numbers(found?["0.1"]?["mean"]) == [4])
    #expect(try numbers(found?[JSONValue.text(of: 1e-9)]?["mean"]) == [12])
}

@Test func `Partial rank of a network of any layers is that of the chain that it is`() throws {
    let shape = try NetworkShape.mlp(units: [36, 20, 12, 5], activation: .relu)
    let network = Network<Float>(shape, loss: .crossEntropy, points: 1)
    network.initialise(RandomStreams(seed: 3))
    let points = Matrix<Float>(rows: 6, columns: 36)
    RandomStreams(seed: 4).fillNormals(points, .evaluationData)
    let sample = PointSample(inputs: points, labels: [], classes: 0)
    let layers = network.denseLayers
    func ranks(_ network: Network<Float>?) throws -> JSONValue? {
        let outputs =
            network.map { LayerOutputs($0, at: sample) }
            ?? LayerOutputs(layers, .relu, at: sample, lastUnits: 5)
        let context = MeasureContext(
            layers: layers, network: network, activation: .relu, outputs: outputs, initialWeights: [],
            gradients: nil, streams: RandomStreams(seed: 0), step: 0, trainCount: nil)
        return try metrics(
            PartialRankMeasure.self, context, ["side": JSONValue(4), "relative": JSONValue([0.1, 1e-5])])[
                "partial_rank"]
    }
    let plain = try ranks(nil)
    #expect(try ranks(network) == plain)
    #expect(try numbers(plain?[JSONValue.text(of: 1e-5)]?["mean"])[0] == 16)
}

@Test func `The largest partial rank is over the points, beside the mean`() throws {
    // Two of the four units are open at the second point.
    let points: [[Float]] = [[1, 1, 1, 1], [1, 1, -1, -1]]
    let found = try metrics(
        PartialRankMeasure.self, context([identity(4), identity(4)], .relu, at: points),
        ["maximum": .bool(true), "relative": JSONValue([0.5])])
    #expect(try numbers(found["partial_rank"]?["0.5"]?["mean"]) == [4, 3])
    #expect(try numbers(found["partial_rank_max"]?["0.5"]) == [4, 4])
    let usual = try metrics(PartialRankMeasure.self, context([identity(4), identity(4)], .relu, at: points))
    #expect(usual["partial_rank_max"] == nil)
}

@Test func `The logarithm of a product's norm is the sum of its layers', at any depth`() throws {
    func layer(_ first: Float) -> [[Float]] { [[first, 0], [0, 0.5]] }
    let weights = [layer(3), layer(2), layer(1e30), layer(1e30), layer(1e30), layer(1e-20), [[1, 1]]]
    let found = try metrics(
        WeightProductMeasure.self, context(weights, at: [[1, 1]]),
        ["log_norm": .bool(true), "indices": JSONValue([1.0])])
    let logs = try numbers(found["product_log_norm"])
    let expected = [log(3), log(6), log(6) + log(1e30), log(6) + 2 * log(1e30), log(6) + 3 * log(1e30)]
    #expect(logs.count == 6)
    for (one, other) in zip(logs, expected) { #expect(abs(one - other) < 1e-6) }
}

@Test func `The bound on the generalisation gap is that of eq. 3`() throws {
    // Eight points in eight cells: I(X;T) = 3 bits, so 2^I = 8.
    let points: [[Float]] = (0..<8).map { [Float($0) / 4 - 0.9] }
    let labels = [Int32](repeating: 0, count: 4) + [Int32](repeating: 1, count: 4)
    let own: [String: JSONValue] = ["bins": JSONValue(8), "delta": .number(0.1)]
    let some = context([[[1]], [[1]]], .tanh, at: points, labels: labels, classes: 2, trainCount: 50)
    let found = try metrics(BinnedInformationMeasure.self, some, own)
    let information = try numbers(found["i_xt_bits"])
    let bounds = try numbers(found["generalisation_bound"])
    #expect(bounds.count == 2)
    for (bits, bound) in zip(information, bounds) {
        #expect(abs(bound - ((pow(2, bits) + log(20)) / 100).squareRoot()) < 1e-12)
    }
    let elsewhere = context([[[1]], [[1]]], .tanh, at: points, labels: labels, classes: 2)
    #expect(try metrics(BinnedInformationMeasure.self, elsewhere, own)["generalisation_bound"] == nil)
}

@Test func `Logits without the head's bias are those of a head that has none`() throws {
    let points: [[Float]] = [[1, 0], [0, 1], [-1, 0], [-2, 1]]
    let weights = [identity(2), [[1, 0], [0, 1], [-1, 0]]]
    func found(_ bias: [Float]?, _ hasBias: Bool) throws -> [String: JSONValue] {
        try metrics(
            IndependenceDeficitMeasure.self,
            context(weights, at: points, labels: [1, 0, 2, 2], classes: 3, bias: bias),
            ["penalty": .number(1), "bias": .bool(hasBias)])
    }
    let plain = try found(nil, true)
    #expect(try found([0.5, -2, 1], false) == plain)
    #expect(try found([0.5, -2, 1], true) != plain)
}

@Test func `Classification dimension is the least number of components that classify`() throws {
    // The class is told by the second largest direction, and by one layer below it.
    let points: [[Float]] = (0..<40).map { [Float($0 % 5) * 9, $0 % 2 == 0 ? 1 : -1, 0] }
    let labels = (0..<40).map { Int32($0 % 2) }
    let head: [[Float]] = [[0, 1, 0], [0, -1, 0]]
    let found = try metrics(
        ClassificationDimensionMeasure.self,
        context([identity(3), identity(3), head], at: points, labels: labels, classes: 2))
    #expect(try numbers(found["classification_dimension"]) == [2, 2])
    #expect(try numbers(found["pca_accuracy"]) == [0.5, 1, 1])
    // One output that tells two classes by its sign.
    let sign = try metrics(
        ClassificationDimensionMeasure.self,
        context([identity(3), [[0, -1, 0]]], at: points, labels: labels, classes: 2),
        ["components": JSONValue(2)])
    #expect(try numbers(sign["classification_dimension"]) == [2])
    #expect(try numbers(sign["pca_accuracy"]) == [0.5, 1])
}

/// Layers of singular values 2, 1 and 0.05. Products: 4, 1, 0.0025; the head keeps them.
@Test func `Layers are truncated to their local ranks, and what they classify by is lost with it`() throws {
    let stretched: [[Float]] = [[2, 0, 0], [0, 1, 0], [0, 0, 0.05]]
    let points: [[Float]] = (0..<12).map { index in (0..<3).map { $0 == index % 3 ? 1 : 0 } }
    let labels = (0..<12).map { Int32($0 % 3) }
    let found = try metrics(
        TruncationMeasure.self,
        context([stretched, stretched, identity(3)], at: points, labels: labels, classes: 3),
        ["thresholds": JSONValue([0.001, 0.01, 3, 100]), "rank_points": JSONValue(5)])
    func at(_ threshold: Double, _ name: String) -> JSONValue? { found[name]?[JSONValue.text(of: threshold)] }
    #expect(try numbers(at(0.001, "truncated_rank")) == [3, 3, 3])
    #expect(at(0.001, "truncated_accuracy") == .number(1) && at(0.001, "truncated_parameters") == .number(1))
    // The first layer's 0.05 counts, the product 0.0025 does not: of the third class only the logit 0 is left, as of the
    // others, and the first class is the first of equals.
    #expect(try numbers(at(0.01, "truncated_rank")) == [3, 2, 2])
    let two = try #require(at(0.01, "truncated_accuracy")?.number)
    #expect(abs(two - 2.0 / 3) < 1e-12)
    #expect(try numbers(at(0.01, "truncated_alone_accuracy"))[0] == 1)
    #expect(try numbers(at(3, "truncated_rank")) == [0, 1, 1])
    // Without a first layer every logit is 0, so that the first class has all points.
    #expect(abs(try numbers(at(3, "truncated_alone_accuracy"))[0] - 1.0 / 3) < 1e-12)
    #expect(try numbers(at(100, "truncated_rank")) == [0, 0, 0])
    let none = try #require(at(100, "truncated_parameters")?.number)
    #expect(none == 0)
}

@Test func `A class whose logit is another's is decided by it, and one of its own by none`() throws {
    // Logits a, b and −a: E[a²] = E[b²] = 2.5, uncorrelated. The penalty η = 1 takes α / 2.5 = 0.2 off 1.
    let points: [[Float]] = [[1, 2], [2, -1], [-1, -2], [-2, 1]]
    let found = try metrics(
        IndependenceDeficitMeasure.self,
        context([identity(2), [[1, 0], [0, 1], [-1, 0]]], at: points, labels: [1, 0, 2, 2], classes: 3),
        ["penalty": .number(1), "classes": JSONValue([2.0, 0, 7])])
    #expect(try numbers(found["class_deciders"]) == [1, 0, 1])
    let weights = try numbers(found["decider_weights"]?["0"]?["mean"])
    for (weight, expected) in zip(weights, [0, 0, -0.8]) { #expect(abs(weight - expected) < 1e-9) }
    #expect(found["decider_weights"]?.object?.keys.sorted() == ["0", "2"])
    let shares = try numbers(found["class_determination"])
    for (share, expected) in zip(shares, [0.96, 0, 0.96]) { #expect(abs(share - expected) < 1e-9) }
    #expect(try numbers(found["class_accuracy"]) == [1, 1, 1])
    // Predicted as 0, class 1 loses to class 0 at its one point; class 0 keeps its.
    #expect(try numbers(found["class_predicted_accuracy"]) == [1, 0, 1])
    #expect(try numbers(found["predicted_accuracy"]) == [1, 0.75, 1])
}

@Test func `A network at full collapse has every measure of it 0, and one class alone none`() throws {
    // Three corners of a simplex, two points at each; the head is the means.
    let root = Float(3).squareRoot() / 2
    let corners: [[Float]] = [[1, 0], [-0.5, root], [-0.5, -root]]
    let given = context(
        [identity(2), corners], at: corners + corners, labels: [0, 1, 2, 0, 1, 2], classes: 3)
    let found = try metrics(NeuralCollapseMeasure.self, given)
    for (key, value) in found {
        let all = value.array?.compactMap(\.number) ?? [value].compactMap(\.number)
        #expect(all.count == 1 && all.allSatisfy { abs($0) < 1e-6 }, "\(key)")
    }
    let moved = try metrics(
        NeuralCollapseMeasure.self,
        context(
            [identity(2), corners], at: corners.map { [$0[0] * 1.2, $0[1]] } + corners,
            labels: [0, 1, 2, 0, 1, 2], classes: 3))
    #expect(try numbers(moved["nc1"])[0] > 1e-3 && (moved["nc3"]?.number ?? 0) > 1e-4)
    let alone = try metrics(
        NeuralCollapseMeasure.self,
        context([identity(2), corners], at: corners, labels: [1, 1, 1], classes: 3))
    #expect(alone["nc3"] == .null && alone["nc1"] == .array([.null]))
}

@Test func `Components are those of the layer asked for, with their classes`() throws {
    let points: [[Float]] = [[3, 1], [-3, 1], [3, -1], [-3, -1]]
    let given = context([identity(2), [[0, 2], [1, 0]]], at: points, labels: [1, 0, 1, 0], classes: 2)
    let found = try metrics(ComponentsMeasure.self, given)
    #expect(try numbers(found["component_class"]) == [1, 0, 1, 0])
    for (value, expected) in zip(try numbers(found["component_1"]), [3.0, -3, 3, -3]) {
        #expect(abs(value - expected) < 1e-6)
    }
    let second = try metrics(ComponentsMeasure.self, given, ["layer": JSONValue(2)])
    for (value, expected) in zip(try numbers(second["component_2"]), [2.0, 2, -2, -2]) {
        #expect(abs(value - expected) < 1e-6)
    }
}

@Test func `A trial with a regulariser keeps more directions than one without`() throws {
    let folder = try DataFolder()
    var runner = TrialRunner(data: folder.directory)
    func rank(_ weight: Double) throws -> Double {
        let text =
            "name: s\nmodel: mlp\ndataset: {name: mnist, train_points: 40, test_points: 20}\n"
            + "hidden: [9]\nactivation: tanh\n"
            + "training: {epochs: 60, batch_size: 8, log_det: {weight: \(weight), epsilon: 0.01}}\n"
            + "measures: {local_rank: false, effective_rank: true}\n"
        let settings = try SweepSpec(parsing: text, file: "s.yaml").grid[0].settings
        return try numbers(try runner.run(settings)["metrics"]?["effective_rank"])[0]
    }
    #expect(try rank(0.1) > rank(0) + 0.5)
}
