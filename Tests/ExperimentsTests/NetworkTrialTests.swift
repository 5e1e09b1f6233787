import Learning
import LinearAlgebra
import Measures
import Model
import Records
import Testing
import Text

@testable import Experiments
@testable import Sweep

private let nowhere = DataDirectory(data: "/nowhere", cache: nil)

private func settings(_ text: String) throws -> TrialSettings {
    try SweepSpec(parsing: "name: s\n" + text, file: "s.yaml").grid[0].settings
}

private let gaussian = "dataset: {name: gaussian, correlations: [0.5, 0.9, 0.3], test_points: 100}\n"
private let generated = "dataset: {name: generated-images, train_points: 60, test_points: 30}\n"
private let training =
    "training: {steps: 12, batch_size: 10, optimizer: sgd, momentum: 0.9, learning_rate: 0.05}\n"
private let measured =
    "measures: {trace_at: {log: 3}, local_rank: {points: 2, thresholds: [0.1]}, weight_norms: true, "
    + "effective_rank: {points: 20}, weight_displacement: true}\n"
private let small =
    "measures: {trace_at: {log: 3}, local_rank: {points: 1, patch: 3}, weight_norms: true, "
    + "effective_rank: {points: 20}, weight_displacement: true}\n"

private let tokens =
    "measures: {trace_at: {log: 3}, local_rank: {points: 1, patch: 3, thresholds: [0.1]}, weight_norms: true, "
    + "effective_rank: {points: 20}, weight_displacement: true, activation_rank: {points: 20}, "
    + "gradient_noise: {batches: 3}}\n"

private let kinds: [String] =
    ["batch", "layer", "instance", "group\ngroups: 3"].map {
        "model: mlp\nhidden: [6, 6]\nactivation: relu\nnormalisation: \($0)\n" + gaussian + training
            + measured
    } + [
        "model: mlp\nhidden: [6, 6]\nactivation: tanh\nresidual: true\nbiases: false\n" + gaussian
            + training
            + measured,
        "model: mlp\nhidden: [6, 6]\nnormalisation: batch\nresidual: true\n"
            + "dataset: {name: teacher, inputs: 6, norm: 8, train_points: 40, test_points: 30}\n" + training
            + measured,
        "model: cnn\nhidden: [4, 3, 5]\nnormalisation: layer\n" + generated + training + small,
        "model: cnn\nwidth: 4\nbiases: false\n" + generated + training + small,
        "model: resnet\nwidth: 2\n" + generated + training + small,
        "model: resnet\nwidth: 4\ndepth: 14\nnormalisation: group\ngroups: 2\n" + generated + training
            + small,
        "model: resnet\nwidth: 2\nnormalisation: none\n" + generated + training + small,
        "model: vit\nwidth: 4\ndepth: 1\nheads: 2\npatch: 8\n" + generated + training + tokens,
        "model: vit\nwidth: 6\ndepth: 2\nheads: 1\npatch: 16\npool: mean\nactivation: silu\nmlp_ratio: 0.5\n"
            + generated + training + tokens,
        "model: mixer\nwidth: 5\ndepth: 1\npatch: 8\ntoken_ratio: 1\ndropout: 0.2\n" + generated + training
            + tokens,
        "model: gmlp\nwidth: 3\ndepth: 2\npatch: 16\n" + generated + training + tokens,
        "model: resnet\nwidth: 2\nshortcut: projection\n" + generated + training + small,
        "model: layers\nnetwork: [{conv: 2, kernel: 5}, relu, {norm: batch}, {pool: 4}, flatten, {dense: 6}, relu, "
            + "{dense: 10}]\n" + generated + training + small,
        "model: layers\nnetwork: [{dense: 6}, tanh, {dropout: 0.2}, {dense: 5}, silu, {dense: 3}]\n"
            + gaussian
            + training + measured,
        "model: layers\nnetwork: [{dense: 6}, relu, {dense: 1}]\n"
            + "dataset: {name: teacher, inputs: 6, norm: 8, train_points: 40, test_points: 30}\n" + training
            + measured,
    ]

@Suite struct NetworkTrialTests {
    private func shape(_ settings: TrialSettings) throws -> NetworkShape {
        guard case .network(let architecture) = settings.model else {
            throw ExperimentError.settings("a plain network")
        }
        let network = settings.networkDescription
        return try architecture.shape(settings.network, input: network.input, outputs: network.outputs)
    }

    @Test(arguments: kinds) func `A trial ends in a record with a number for each layer`(text: String) throws
    {
        let settings = try settings(text)
        var runner = TrialRunner(data: nowhere)
        let result = try runner.run(settings, keeping: .final)
        #expect(result.body["outcome"] == .string("measured"))
        #expect(result.kept[0].values.count == settings.parameterBytes / 4)
        let metrics = try #require(result.body["metrics"]?.object)
        var (layers, matrices) = (settings.depth, settings.depth)
        // Tokens, blocks and outputs; a matrix for the patches, each layer of a block, and the classifier.
        if case .network(.tokens(let kind, let depth, _)) = settings.model {
            (layers, matrices) = (depth + 2, depth * (kind == .gmlp ? 3 : 4) + 2)
        }
        if text.contains("projection") { matrices += 2 }
        for key in ["weight_displacement", "spectral_norm", "numerical_rank"] {
            #expect(metrics[key]?.array?.count == matrices, "\(key)")
        }
        #expect(metrics["effective_rank"]?.array?.count == layers)
        let ranks = try #require(metrics["local_rank"]?["0.1"]?["mean"]?.array)
        #expect(ranks.count == layers)
        #expect(
            RecordForm(of: settings).fault(in: try #require(CanonicalObject(result.body.canonicalBytes)))
                == nil)
        let first = try #require(settings.networkDescription.layers.first)
        #expect(ranks.compactMap(\.number).allSatisfy { (0...Double(first.size.count)).contains($0) })
        #expect(result.body["trace"]?.array?.count == 3)
        // The same once more, and of a runner that ran something else before.
        #expect(try runner.run(settings, keeping: .final) == result)
    }

    /// Measures of classes read what the last layer reads: a pool's output, a class token, a hidden layer. With all its
    /// components the head classifies as the network does.
    @Test(arguments: [
        "model: mlp\nhidden: [6, 6]\nnormalisation: batch\n", "model: cnn\nhidden: [4, 6]\n",
        "model: resnet\nwidth: 2\n",
        "model: vit\nwidth: 8\ndepth: 1\npatch: 8\n",
        "model: vit\nwidth: 8\ndepth: 1\npatch: 8\npool: mean\n",
        "model: mixer\nwidth: 6\ndepth: 1\npatch: 8\n", "model: gmlp\nwidth: 6\ndepth: 1\npatch: 8\n",
    ])
    func `Measures of classes are of every network that ends in a dense layer`(model: String) throws {
        let settings = try settings(
            model + generated + "training: {steps: 12, batch_size: 10, learning_rate: 0.01}\n"
                + "measures: {classification_dimension: {points: 30}, neural_collapse: {points: 30}, "
                + "independence_deficit: {points: 30, penalty: 0.1}, local_rank: false}\n")
        var runner = TrialRunner(data: nowhere)
        let body = try runner.run(settings)
        let canonical = try #require(CanonicalObject(body.canonicalBytes))
        #expect(RecordForm(of: settings).fault(in: canonical) == nil)
        let metrics = try #require(body["metrics"])
        let accuracy = try #require(metrics["accuracy"]?.number)
        let curve = try #require(metrics["pca_accuracy"]?.array).compactMap(\.number)
        let last = try #require(curve.last)
        #expect(abs(last - accuracy) < 1e-9, "\(curve)")
        #expect(metrics["classification_dimension"]?.array?.count == 1)
        let hidden = settings.networkDescription.measuredNames.count - 1
        #expect(metrics["nc1"]?.array?.count == hidden)
        #expect(metrics["class_accuracy"]?.array?.count == 10)
    }

    /// The listed layers of an MLP draw what the MLP draws.
    @Test(arguments: Initialisation.allCases)
    func `A listed network is drawn as its sweep says`(kind: Initialisation) throws {
        func weights(_ model: String) throws -> [Float] {
            let settings = try settings(
                "\(model)initialisation: \(kind.rawValue)\n" + gaussian
                    + "training: {steps: 0, batch_size: 10}\n")
            var runner = TrialRunner(data: nowhere)
            return try #require(try runner.run(settings, keeping: .final).kept.first).values
        }
        #expect(
            try weights("model: layers\nnetwork: [{dense: 6}, tanh, {dense: 3}]\n")
                == weights("model: mlp\nhidden: [6]\nactivation: tanh\n"))
    }

    /// The penalty is of the last hidden layer, unless the file names others.
    @Test(arguments: ["model: cnn\nhidden: [4, 6]\n", "model: vit\nwidth: 4\ndepth: 1\npatch: 8\n"])
    func `The regulariser is of every network with hidden layers`(model: String) throws {
        func metrics(_ more: String) throws -> JSONValue {
            let settings = try settings(
                model + generated
                    + "training: {steps: 12, batch_size: 10\(more)}\nmeasures: {local_rank: false}\n")
            var runner = TrialRunner(data: nowhere)
            let body = try runner.run(settings)
            return try #require(body["metrics"])
        }
        let (plain, last) = (try metrics(""), try metrics(", log_det: {weight: 0.01}"))
        let (none, second) = (
            try metrics(", log_det: {weight: 0}"), try metrics(", log_det: {weight: 0.01, layers: [2]}")
        )
        let first = try metrics(", log_det: {weight: 0.01, layers: [1]}")
        #expect(plain == none && plain != last)
        #expect(last == second && last != first)
        #expect(throws: SweepError.self) { try metrics(", log_det: {weight: 0.01, layers: [3]}") }
    }

    /// A dozen epochs of 200 images are enough to tell generated classes apart.
    @Test(arguments: [
        "model: cnn\nhidden: [8, 16, 16]\nnormalisation: batch\n", "model: resnet\nwidth: 4\n",
        "model: mlp\nhidden: [32, 32, 32]\nnormalisation: batch\nresidual: true\n",
        "model: vit\nwidth: 8\ndepth: 1\npatch: 8\n", "model: mixer\nwidth: 8\ndepth: 1\npatch: 8\n",
        "model: gmlp\nwidth: 8\ndepth: 1\npatch: 8\n",
        // LeNet-5.
        "model: layers\nnetwork: [{conv: 6, kernel: 5}, tanh, {pool: 2}, {conv: 16, kernel: 5}, tanh, {pool: 2}, flatten, "
            + "{dense: 120}, tanh, {dense: 84}, tanh, {dense: 10}]\n",
    ])
    func `It learns`(model: String) throws {
        var runner = TrialRunner(data: nowhere)
        let body = try runner.run(
            try settings(
                model + "dataset: {name: generated-images, train_points: 200, test_points: 100}\n"
                    + "training: {epochs: 12, batch_size: 20, learning_rate: 0.01}\n"
                    + "measures: {local_rank: false, trace_at: {linear: 2}}\n"))
        let metrics = body["metrics"], before = body["trace"]?.array?.first
        let (loss, first) = (metrics?["train_loss"]?.number ?? 9, before?["train_loss"]?.number ?? 0)
        #expect(loss < 0.5 * first, "\(loss) of \(first)")
        #expect(metrics?["accuracy"]?.number ?? 0 > 0.5)
    }

    /// By the definition, from the kernels that the trial kept: SNR of gradients with the batches' moments.
    @Test(arguments: ["batch", "none"])
    func `Gradient noise and the Gaussian bound are of each kernel`(normalisation: String) throws {
        let steps = [1, 2, 4, 6, 9, 12]
        let settings = try settings(
            "model: resnet\nwidth: 2\nnormalisation: \(normalisation)\n" + generated + training
                + "measures: {gradient_noise: {batches: 4, window: 2}, gaussian_bound: true, local_rank: false, "
                + "trace_at: \(steps)}\n")
        var runner = TrialRunner(data: nowhere)
        let result = try runner.run(settings, keeping: .steps(steps))
        let metrics = try #require(result.body["metrics"])
        let images = try #require(settings.dataset.description as? ImageData)
        let streams = RandomStreams(seed: settings.seed)
        let source = BatchSource(
            try ImageSource(images, set: GeneratedImages(images).make(), streams: streams))
        let networks = try result.kept.map { kept in
            let network = Network<Float>(try shape(settings), loss: .crossEntropy, points: 10)
            network.parameters.flat.assign(kept.values)
            return network
        }
        let last = try #require(networks.last)
        let gradients = last.makeGradients()
        var found: [[[Double]]] = []
        for step in 12..<16 {
            var batch = source.makeBatch(points: 10)
            source.fill(&batch, step: step, anew: true)
            _ = last.gradient(gradients, batch)
            found.append(last.weights(of: gradients).map { $0.values.map(Double.init) })
        }
        let ratios = try #require(metrics["gradient_snr"]?.array)
        let bounds = try #require(metrics["gaussian_bound"]?.array)
        let changes = try #require(metrics["phase_change_step"]?.array)
        #expect([ratios, bounds, changes].allSatisfy { $0.count == last.weights.count })
        for layer in last.weights.indices {
            var (meanSquare, variance) = (0.0, 0.0)
            for weight in found[0][layer].indices {
                let values = found.map { $0[layer][weight] }
                let mean = values.reduce(0, +) / 4
                meanSquare += mean * mean
                variance += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4
            }
            let ratio = (meanSquare / variance).squareRoot()
            #expect(abs((ratios[layer].number ?? 0) - ratio) < 1e-9 * ratio)
            guard let change = changes[layer].number else {
                #expect(bounds[layer] == .null)
                continue
            }
            // The change is in the middle of two steps: the earlier's weights.
            let first = try #require(steps.lastIndex { Double($0) < change })
            let bound = try GaussianBound(
                last.weights[layer], reference: networks[first].weights[layer], noiseRatio: 1e-3
            ).bound
            #expect(abs((bounds[layer].number ?? 0) - bound) < 1e-9 * bound)
        }
        #expect(changes.contains { $0 != .null })
    }

    @Test func `A gradient for a measure leaves running averages alone`() throws {
        let shape = try NetworkShape.mlp(units: [3, 4, 2], activation: .relu, normalisation: .batch)
        let network = Network<Float>(shape, loss: .crossEntropy, points: 5)
        let streams = RandomStreams(seed: 1)
        network.initialise(streams)
        func gradient<M: TrainableNetwork>(_ model: M, isForMeasure: Bool) -> [Float]
        where M.Scalar == Float {
            let batch = Batch(inputs: Matrix<Float>(rows: 5, columns: 3), labels: [0, 1, 1, 0, 1])
            streams.fillNormals(batch.inputs, .trainingData)
            let gradients = model.makeGradients()
            let none = Matrix<Float>(rows: 5, columns: 0)
            _ =
                isForMeasure
                ? model.gradient(gradients, batch, noise: none)
                : model.setGradients(gradients, batch, noise: none)
            return gradients.flat.values
        }
        let before = network.parameters.flat.values
        let one = gradient(network, isForMeasure: true)
        #expect(network.parameters.flat.values == before)
        #expect(gradient(network, isForMeasure: false) == one)
        #expect(network.parameters.flat.values != before)
    }

    @Test func `A training that diverges says so`() throws {
        var runner = TrialRunner(data: nowhere)
        let body = try runner.run(
            try settings(
                "model: resnet\nwidth: 2\nnormalisation: none\n" + generated
                    + "training: {steps: 30, batch_size: 10, optimizer: sgd, learning_rate: 1e6}\n" + small))
        #expect(body["outcome"] == .string("diverged"))
        #expect(body["diverged_at_step"]?.number != nil)
    }

    /// No normalisation and no skips are the plain MLP, whatever way that is said.
    @Test func `A plain MLP keeps its identifier`() throws {
        let text =
            "model: mlp\ndataset: mnist\nhidden: [9]\ntraining: {epochs: 1}\n"
            + "measures: {local_rank: {points: 4}}\n"
        let plain = try settings(text)
        #expect(plain.model == .mlp)
        #expect(try settings(text + "normalisation: none\nresidual: false\n") == plain)
        #expect(TrialID(of: plain).text == "5890dd0c331ac542b2e303fee57c8aed")
    }

    @Test(arguments: kinds) func `Identifiers written piece by piece are the same`(text: String) throws {
        var identifier = TrialHasher()
        let own = try settings(text)
        #expect(identifier.id(of: own) == TrialID(of: own))
        let others = try kinds.filter { $0 != text }.map { TrialID(of: try settings($0)) }
        #expect(!others.contains(TrialID(of: own)))
    }

    /// A patch's inputs are the middle ones, all colours of a pixel.
    @Test func `A patch is the middle square`() {
        #expect(ImageSetDescription.mnist.size.inputs(inPatch: 28) == nil)
        #expect(ImageSetDescription.cifar10.size.inputs(inPatch: 32) == nil)
        #expect(ImageSetDescription.mnist.size.inputs(inPatch: 2) == [377, 378, 405, 406])
        let two = ImageSetDescription.cifar10.size.inputs(inPatch: 2)
        let first = (15 * 32 + 15) * 3
        #expect(two == (first..<first + 6).map { $0 } + (first + 96..<first + 102).map { $0 })
    }

    /// A trial's images do not depend on how many it trains on.
    @Test func `Generated test images are the same for any training set`() throws {
        func set(_ train: Int, _ test: Int) -> ImageSet {
            GeneratedImages(
                .init(name: .generated, scale: .unit, trainPoints: train, testPoints: test)
            ).make()
        }
        let (one, other) = (set(20, 10), set(30, 20))
        #expect(Array(other.train.pixels).starts(with: Array(one.train.pixels)))
        #expect(Array(other.test.pixels).starts(with: Array(one.test.pixels)))
        #expect(Array(one.train.pixels[..<3072]) != Array(one.test.pixels[..<3072]))
    }
}
