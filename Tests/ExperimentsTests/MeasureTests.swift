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
    try SweepSpec(parsing: "name: s\n" + text, file: "s.yaml").grid[0].settings
}

private func everything(_ measures: [MeasureDeclaration] = MeasureCatalogue.listed) -> String {
    // Some metrics exist only on request.
    let more = ["partial_rank": "{maximum: true}", "weight_product": "{log_norm: true}"]
    return "measures: {" + measures.map { "\($0.name): \(more[$0.name] ?? "true")" }.joined(separator: ", ")
        + ", local_rank: false, trace_at: {log: 5}}\n"
}

private let teacher = "dataset: {name: teacher, inputs: 6, norm: 8, train_points: 40, test_points: 30}\n"
private let classes: [String] = [
    "model: mlp\n" + teacher + "hidden: [5, 4]\ntraining: {steps: 30, batch_size: 8}\n",
    "model: mlp\ndataset: {name: mnist, train_points: 40, test_points: 20}\nhidden: [9]\n"
        + "training: {epochs: 5, batch_size: 8}\n",
    "model: vib\nbeta: 0.01\ndataset: {name: mnist, train_points: 40, test_points: 20}\nhidden: [9]\n"
        + "bottleneck: 3\ntraining: {epochs: 5, batch_size: 8}\n",
]

/// Not of chains of dense layers.
private let networks: [String] = [
    "model: mlp\nnormalisation: batch\nresidual: true\n"
        + "dataset: {name: mnist, train_points: 40, test_points: 20}\nhidden: [9, 9]\n"
        + "training: {epochs: 5, batch_size: 8}\n",
    "model: cnn\nhidden: [2, 3]\ndataset: {name: mnist, train_points: 40, test_points: 20}\n"
        + "training: {epochs: 5, batch_size: 8}\n",
]

@Test func `The catalogue and the worker's table hold the same measures`() {
    #expect(measureTable.map { $0.declaration.name }.sorted() == MeasureCatalogue.listed.map(\.name).sorted())
}

@Test(arguments: classes + networks)
func `A record has just the metrics that the catalogue declares`(text: String) throws {
    let folder = try DataFolder()
    var runner = TrialRunner(data: folder.directory)
    let plain = try runner.run(try settings(text + "measures: {local_rank: false, trace_at: {log: 5}}\n"))
    // The others are refused with a word, which other tests read; `gaussianBound` is not alone.
    let listed = MeasureCatalogue.listed.filter { measure in
        measure.needs.contains(.phaseChange) || (try? settings(text + everything([measure]))) != nil
    }
    #expect(listed.count >= 8)
    let body = try runner.run(try settings(text + everything(listed)))
    let metrics = try #require(body["metrics"]?.object), before = try #require(plain["metrics"]?.object)
    let asked = Set(try settings(text + everything(listed)).measures.requested.map(\.name))
    let declared = listed.filter { asked.contains($0.name) }.flatMap(\.metrics)
    // Some exist only where the training reached them: a loss, a change of phase.
    let added = Set(metrics.keys).subtracting(before.keys)
    #expect(added.isSubset(of: Set(declared.map(\.key))))
    #expect(added.isSuperset(of: declared.filter { !$0.isOfTraining }.map(\.key)))
    // The other measures are the same without them.
    for (key, value) in before { #expect(metrics[key] == value) }
    let depth = try settings(text).depth
    let isChain = try settings(text).networkDescription.isDenseChain
    for metric in declared where added.contains(metric.key) {
        let count = metrics[metric.key]?.array?.count
        switch metric.shape {
        case .number:
            #expect(metric.thresholdSetting != nil || metrics[metric.key]?.number != nil, "\(metric.key)")
        case .list: #expect(metric.thresholdSetting != nil || count ?? 0 > 0, "\(metric.key)")
        case .layers: #expect(metric.thresholdSetting != nil || count == depth, "\(metric.key)")
        case .hiddenLayers:
            // Other networks have a chain of layers above their features alone.
            let layers = metric == .classificationDimension && !isChain ? 1 : depth - 1
            #expect(metric.thresholdSetting != nil || count == layers, "\(metric.key)")
        }
    }
    let entry = try #require(body["trace"]?.array?.first?.object)
    let along = Set(entry.keys).subtracting(try #require(plain["trace"]?.array?.first?.object).keys)
    #expect(along == Set(declared.filter { !$0.isOfTraining }.map(\.key)))
}

@Test func `Effective ranks are of the activations at the points asked for, of a VIB of its means`() throws {
    var runner = TrialRunner(data: nowhere)
    for model in ["model: mlp\n", "model: vib\nbeta: 0.1\nbottleneck: 2\n"] {
        let trial = try settings(
            model + "dataset: {name: gaussian, correlations: [0.5, 0.9, 0.7], test_points: 300}\n"
                + "hidden: [7, 5]\nactivation: tanh\ntraining: {steps: 20, batch_size: 16}\n"
                + "measures: {effective_rank: {points: 200}}\n")
        let result = try runner.run(trial, keeping: .final)
        let source = BatchSource(
            try GaussianSource(
                .init(correlations: [0.5, 0.9, 0.7], testPoints: 300), targetMap: nil,
                streams: RandomStreams(seed: 0), points: 1024))
        var h = source.sample(.number(200)).inputs
        #expect(h.rows == 200)
        var index = 0
        let values = try #require(result.kept.first).values
        for (layer, units) in [7, 5, model.contains("vib") ? 4 : 3].enumerated() {
            let below = h.columns
            let next = Matrix<Float>(rows: 200, columns: layer == 2 && units == 4 ? 2 : units)
            for row in 0..<200 {
                for unit in 0..<next.columns {
                    var p = Double(values[index + units * below + unit])
                    for input in 0..<below {
                        p += Double(values[index + unit * below + input]) * Double(h[row, input])
                    }
                    next[row, unit] = Float(layer < 2 ? tanh(p) : p)
                }
            }
            index += units * below + units
            h = next
            let expected = try EffectiveRank(h)
            for (key, number) in [
                ("effective_rank", expected.entropy), ("rankme", expected.rankMe),
                ("participation_ratio", expected.participationRatio),
            ] {
                let found = try #require(result.body["metrics"]?[key]?.array?[layer].number)
                #expect(abs(found - number) < 1e-4 * number, "\(key) \(layer)")
            }
        }
    }
}

@Test func `All points are the training points and then the test points`() throws {
    let source = BatchSource(
        try TeacherSource(
            .init(
                task: .classification, inputs: 6, depth: 2, width: 4, norm: 8, seed: 0, trainPoints: 40,
                testPoints: 30), streams: RandomStreams(seed: 1)))
    let all = source.sample(.string("all")), some = source.sample(.number(5))
    #expect(all.inputs.rows == 70 && all.labels.count == 70 && all.classes == 2)
    #expect(some.labels.count == 5 && some.inputs.values == all.inputs.rows(40..<45).values)
    #expect(Set(all.labels) == [0, 1] && some.labels == Array(all.labels[40..<45]))
    var first = source.makeBatch(points: 40)
    source.fill(&first, step: 0)
    #expect(all.inputs.rows(0..<40).values == first.inputs.values)
}

@Test func `After one step of gradient descent weights have moved by the rate times their gradient`() throws {
    for text in classes {
        let folder = try DataFolder()
        var runner = TrialRunner(data: folder.directory)
        let trial = try settings(
            text.replacingOccurrences(
                of: "batch_size: 8", with: "batch_size: 8, optimizer: sgd, learning_rate: 0.25")
                + "measures: {weight_displacement: true, local_rank: false, trace_at: [1, 2]}\n")
        let result = try runner.run(trial, keeping: .steps([1]))
        let moved = try #require(result.body["trace"]?.array?.first?["weight_displacement"]?.array)
        // The same by a model, a source and gradients of our own.
        let streams = RandomStreams(seed: 0)
        let source: BatchSource
        switch trial.dataset.description {
        case let teacher as TeacherData:
            source = BatchSource(try TeacherSource(teacher, streams: streams))
        case let images as ImageData:
            let set = try ImageSet.open(images.name, in: folder.directory)
            source = BatchSource(try ImageSource(images, set: set, streams: streams))
        default: continue
        }
        let units = [source.inputs] + trial.network.hidden
        func norms<M: TrainableNetwork>(_ model: M) -> [Double] where M.Scalar == Float {
            var norms: [[Double]] = []
            let gradients = WeightGradients(model, source, streams, points: 8)
            gradients.at(model.parameters.flat, step: 0).forEach(batches: 2) { weights in
                norms.append(
                    weights.map { $0.values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() })
            }
            #expect(norms.count == 2 && norms[0] != norms[1])
            return norms[0]
        }
        let gradients: [Double]
        if case .vib(let beta, let bottleneck, let shift, _) = trial.model {
            let model = VIB<Float>(
                .stack(hidden: units, activation: .relu, bottleneck: bottleneck), outputs: 10,
                loss: .crossEntropy,
                beta: beta, shift: shift, points: 8)
            model.initialise(streams)
            gradients = norms(model)
        } else {
            let shape = StackShape(
                units: units + [source.outputs], activation: .relu, hasBiases: trial.network[Setting.biases])
            let loss: Loss = source.outputs == 1 ? .logistic : .crossEntropy
            let model = MLP<Float>(shape, loss: loss, points: 8)
            model.initialise(streams)
            gradients = norms(model)
        }
        #expect(gradients.count == moved.count)
        for (gradient, distance) in zip(gradients, moved) {
            #expect(abs(try #require(distance.number) - 0.25 * gradient) <= 1e-4 * gradient)
        }
    }
}

@Test
func `The diffusion exponent is the slope of the trace, and of too short a trace there is none`() throws {
    let measure = WeightDisplacementMeasure(MeasureSettings(values: [:]))
    func exponent(_ points: [(Int, [Double])]) throws -> JSONValue? {
        let trace = points.map { ["step": JSONValue($0.0), "weight_displacement": JSONValue($0.1)] }
        return measure.summary(try MeasuredTraining(trace: trace, steps: 100))[.diffusionExponent]
    }
    let steps = [1, 2, 5, 20, 100]
    let both = try exponent(
        [(0, [0, 0])] + steps.map { step in (step, [3 * pow(Double(step), 0.5), 0.1 * Double(step)]) })
    for (found, expected) in zip(try #require(both?.array), [0.5, 1]) {
        #expect(abs(try #require(found.number) - expected) < 1e-12)
    }
    #expect(try exponent([(0, [0]), (1, [1]), (2, [2])]) == nil && exponent([]) == nil)
    #expect(try exponent([(1, [1, 0]), (2, [2, 0]), (3, [3, 0])])?.array?[1] == .null)
}

@Test func `Weights at the trace's steps are there at the end, also after a checkpoint`() throws {
    let trial = try settings(
        "model: mlp\ndataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 300}\n"
            + "hidden: [4]\ntraining: {steps: 20, batch_size: 16}\nmeasures: {trace_at: [3, 9, 20]}\n")
    var saved: [[UInt8]] = []
    func trained(from given: [UInt8]?) throws -> TrainingResult {
        let streams = RandomStreams(seed: 0)
        let source = BatchSource(
            try GaussianSource(
                .init(correlations: [0.5, 0.9], testPoints: 300), targetMap: nil, streams: streams,
                points: 1024))
        var plan = try TrainingPlan(
            trial, source,
            checkpoints: Checkpoints(
                program: "test", isDue: { true }, load: { given }, save: { saved.append($0) },
                ignore: { Issue.record("\($0)") }))
        plan.keepsMeasured = true
        let model = MLP<Float>(
            StackShape(units: [2, 4, 2], activation: .linear), loss: .meanSquaredError, points: 16)
        model.initialise(streams)
        var steps: [Int] = []
        var trainings = [
            Training(plan, model, streams) { parameters, step in
                steps.append(step)
                return [.trainLoss: .number(Double(parameters.values[0]))]
            }
        ]
        train(&trainings, source, streams, onProgress: nil)
        #expect(steps.last == 20)
        return trainings[0].history
    }
    let calm = try trained(from: nil)
    #expect(calm.measured.map(\.step) == [3, 9, 20])
    for (network, entry) in zip(calm.measured, calm.trace) {
        #expect(entry.metrics[.trainLoss] == .number(Double(network.values[0])))
    }
    for checkpoint in saved {
        let again = try trained(from: checkpoint)
        #expect(again.measured == calm.measured && again.trace == calm.trace)
    }
}

@Test func `A caller with a clock hears when a training is measured, and nothing else changes`() throws {
    let trial = try settings(
        "model: mlp\ndataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 300}\n"
            + "hidden: [4]\ntraining: {steps: 20, batch_size: 16}\n"
            + "measures: {weight_displacement: true, trace_at: [3, 9, 20]}\n")
    var runner = TrialRunner(data: DataDirectory(data: "/nowhere", cache: nil))
    var heard: [Bool] = []
    let result = try runner.run(
        trial, keeping: .none, onProgress: { _, _, _ in #expect(heard.last != true) },
        measuring: { heard.append($0) })
    // After steps 3, 9 and 20, and what is of the whole training.
    #expect(heard == [true, false, true, false, true, false, true, false])
    #expect(result.body == (try runner.run(trial)))
}
