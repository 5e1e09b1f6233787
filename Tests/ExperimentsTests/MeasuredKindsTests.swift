import Foundation
import LinearAlgebra
import Learning
import Sweep
import Testing
import Text

@testable import Experiments

/// Networks of every kind that `weights:` keeps: what training recorded, and what `measure` says of the kept file.
@Suite struct MeasuredKindsTests {
    struct NetworkCase: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text: String
        var points = MeasureRequest.Points.dataset(.mnist, .unit)
        /// Beside the usual ones.
        var listed = ["effective_rank", "activation_rank", "feature_dimension"]
    }

    private static let images = "dataset: {name: mnist, train_points: 40, test_points: 20}\n"
    private static let mlp = "model: mlp\n" + images + "hidden: [8, 8]\ntraining: {steps: 6, batch_size: 8}\n"
    private static let symmetric = MeasureRequest.Points.dataset(.mnist, .symmetric)

    private static let classes = [
        "effective_rank", "classification_dimension", "neural_collapse", "independence_deficit",
    ]

    static let kinds =
        ["layer", "batch", "instance", "group"].map { kind in
            NetworkCase(testDescription: "MLP, \(kind) normalisation", text: mlp + "normalisation: \(kind)\n")
        } + [
            NetworkCase(
                testDescription: "MLP, skips, tanh",
                text: mlp + "residual: true\nactivation: tanh\ninitialisation: orthogonal\n",
                listed: classes + ["binned_information", "kernel_information", "components"]),
            NetworkCase(
                testDescription: "MLP, plain",
                text: mlp + "seed: 3\n",
                listed: [
                    "classification_dimension", "neural_collapse", "independence_deficit", "rank_stability",
                    "weight_product",
                ]),
            NetworkCase(
                testDescription: "MLP, squared error",
                text: mlp.replacingOccurrences(
                    of: "batch_size: 8", with: "batch_size: 8, loss: mean_squared_error")),
            NetworkCase(
                testDescription: "cnn",
                text: "model: cnn\n" + images
                    + "hidden: [3, 4]\nnormalisation: batch\ntraining: {steps: 4, batch_size: 8}\n",
                points: symmetric, listed: classes),
            NetworkCase(
                testDescription: "resnet",
                text: "model: resnet\n" + images + "width: 4\ntraining: {steps: 3, batch_size: 8}\n",
                points: symmetric, listed: ["effective_rank"]),
            NetworkCase(
                testDescription: "resnet, projections",
                text: "model: resnet\nshortcut: projection\n" + images
                    + "width: 4\ntraining: {steps: 3, batch_size: 8}\n",
                points: symmetric, listed: ["effective_rank"]),
            NetworkCase(
                testDescription: "vit",
                text: "model: vit\n" + images
                    + "width: 4\ndepth: 1\nheads: 2\npatch: 7\ntraining: {steps: 3, batch_size: 8}\n",
                points: symmetric, listed: classes),
            NetworkCase(
                testDescription: "mixer, relu",
                text: "model: mixer\nactivation: relu\n" + images
                    + "width: 4\ndepth: 1\npatch: 7\ntraining: {steps: 3, batch_size: 8}\n",
                points: symmetric),
            NetworkCase(
                testDescription: "gmlp",
                text: "model: gmlp\n" + images
                    + "width: 4\ndepth: 1\npatch: 14\ntraining: {steps: 3, batch_size: 8}\n",
                points: symmetric),
            NetworkCase(
                testDescription: "layers, LeNet-5",
                text: "model: layers\n" + images
                    + "network: [{conv: 6, kernel: 5, padding: 2}, tanh, {pool: 2}, {conv: 16, kernel: 5}, tanh, {pool: 2}, "
                    + "flatten, {dense: 120}, tanh, {dense: 84}, tanh, {dense: 10}]\n"
                    + "training: {steps: 3, batch_size: 8}\n",
                points: symmetric),
            NetworkCase(
                testDescription: "layers, a block with a projection",
                text: "model: layers\n" + images
                    + "network: [{patches: 7, channels: 4}, class_token, positions, {residual: [{norm: batch}, {pointwise: 6}, "
                    + "relu]}, first_token, {dense: 10}]\ntraining: {steps: 3, batch_size: 8}\n",
                points: symmetric),
            NetworkCase(
                testDescription: "MLP, gelu",
                text: mlp + "activation: gelu\n",
                listed: ["rank_stability", "classification_dimension", "binned_information"]),
            NetworkCase(
                testDescription: "VIB",
                text: "model: vib\nbeta: 0.1\nbottleneck: 4\nseed: 5\n" + images
                    + "hidden: [8, 8]\ntraining: {steps: 6, batch_size: 8, ema_decay: 0.5}\n",
                points: symmetric, listed: ["effective_rank", "rank_stability", "weight_product"]),
            NetworkCase(
                testDescription: "VIB, layer normalisation",
                text: "model: vib\nbeta: 0.1\nbottleneck: 4\nnormalisation: layer\n" + images
                    + "hidden: [8, 8]\ntraining: {steps: 6, batch_size: 8}\n",
                points: symmetric, listed: ["binned_information"]),
            NetworkCase(
                testDescription: "VIB, cnn",
                text: "model: vib\nencoder: cnn\nbeta: 0.1\nbottleneck: 4\n" + images
                    + "hidden: [3, 4]\nnormalisation: batch\ntraining: {steps: 4, batch_size: 8, ema_decay: 0.5}\n",
                points: symmetric,
                listed: ["effective_rank", "feature_dimension", "binned_information", "kernel_information"]),
            NetworkCase(
                testDescription: "VIB, resnet",
                text: "model: vib\nencoder: resnet\nbeta: 0.1\nbottleneck: 4\n" + images
                    + "width: 4\ntraining: {steps: 3, batch_size: 8}\n",
                points: symmetric, listed: ["effective_rank"]),
            NetworkCase(
                testDescription: "VIB, vit",
                text: "model: vib\nencoder: vit\nbeta: 0.1\nbottleneck: 4\n" + images
                    + "width: 4\ndepth: 1\nheads: 2\npatch: 7\ntraining: {steps: 3, batch_size: 8}\n",
                points: symmetric),
            NetworkCase(
                testDescription: "VIB, layers",
                text: "model: vib\nencoder: layers\nbeta: 0.1\nbottleneck: 4\n" + images
                    + "network: [{conv: 3, kernel: 5, stride: 2}, relu, {dropout: 0.2}, flatten, {dense: 8}]\n"
                    + "training: {steps: 3, batch_size: 8}\n",
                points: symmetric),
        ]

    @Test(arguments: kinds) func `A kept network measures as its training did`(kind: NetworkCase) throws {
        let folder = try DataFolder(), files = try GivenFiles()
        // Where a measure's usual points are all, training ones too, those of the test set are asked for.
        let measures =
            kind.listed.map { "\($0): \($0.hasSuffix("_information") ? "{points: 20}" : "true")" } + [
                "weight_norms: true", "local_rank: {points: 2}",
            ]
        let text =
            "name: s\n" + kind.text + "measures: {\(measures.joined(separator: ", "))}\nweights: final\n"
        let spec = try SweepSpec(parsing: text, file: "s.yaml")
        let trial = spec.grid[0]
        var runner = TrialRunner(data: folder.directory)
        let result = try runner.run(trial.settings, keeping: spec.weights)
        let recorded = try #require(result.body["metrics"]?.object)
        let path = files.folder.path + "/w.safetensors"
        let kept = try #require(result.kept.first)
        #expect(kept.write(of: trial, to: path) != nil)

        var request = MeasureRequest(weights: path, points: kind.points, activation: nil, measures: nil)
        func measured() throws -> [String: JSONValue] {
            let metrics = try measure(request, data: folder.directory)
            return try #require(metrics.object)
        }
        // Usual ones, at the points of the record.
        request.rankPoints = 2
        var found = try measured()
        #expect(found["layers"]?.array?.count == trial.settings.networkDescription.measuredNames.count)
        request.rankPoints = nil
        request.measures = kind.listed.compactMap { MeasureRequest.Measure(rawValue: $0) }
        #expect(request.measures?.count == kind.listed.count)
        found.merge(try measured()) { first, _ in first }
        (found["layers"], found["weights"]) = (nil, nil)
        for (key, value) in found { #expect(value == recorded[key], "\(key)") }
        // They need the training set, or range over all layers together.
        let others = ["train_loss", "train_accuracy", "mean_stable_rank", "generalisation_bound"]
        #expect(Set(found.keys) == Set(recorded.keys).subtracting(others))
    }

    /// Their numbers are as many as those of images whose channels come last.
    @Test func `Images whose sizes come in another order are refused`() throws {
        let folder = try DataFolder(), files = try GivenFiles()
        let cnn = try #require(Self.kinds.first { $0.testDescription == "cnn" })
        let spec = try SweepSpec(parsing: "name: s\n" + cnn.text + "weights: final\n", file: "s.yaml")
        var runner = TrialRunner(data: folder.directory)
        let kept = try #require(try runner.run(spec.grid[0].settings, keeping: spec.weights).kept.first)
        let path = files.folder.path + "/w.safetensors"
        #expect(kept.write(of: spec.grid[0], to: path) != nil)
        func result(_ shape: [Int]) throws -> JSONValue {
            let numbers = [Float](repeating: 0.5, count: 2 * 784)
            let points = try files.write(GivenFiles.npy(shape, floats: numbers), "x.npy")
            return try measure(
                MeasureRequest(
                    weights: path, points: .array(points, labels: nil), activation: nil,
                    measures: [.init(rawValue: "effective_rank")].compactMap { $0 }), data: folder.directory)
        }
        let last = try result([2, 28, 28, 1])
        #expect(try last == result([2, 784]) && last == result([2, 28, 28]))
        let error = #expect(throws: ExperimentError.self) { try result([2, 1, 28, 28]) }
        #expect(
            error?.description.hasSuffix(
                "takes [28, 28, 1]: height, width, channels") == true, "\(String(describing: error))")
    }

    /// Inputs as the trial drew them.
    @Test func `A Gaussian VIB measures as its training did`() throws {
        let folder = try DataFolder(), files = try GivenFiles()
        let spec = try SweepSpec(
            parsing: """
                name: s
                model: vib
                beta: 0.05
                sigma_shift: -30
                dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 50}
                depth: 2
                width: 6
                training: {steps: 20, batch_size: 16}
                measures: {local_rank: {points: 50}, weight_norms: true}
                weights: final
                """, file: "s.yaml")
        let trial = spec.grid[0]
        var runner = TrialRunner(data: folder.directory)
        let result = try runner.run(trial.settings, keeping: spec.weights)
        let path = files.folder.path + "/w.safetensors"
        let kept = try #require(result.kept.first)
        #expect(kept.write(of: trial, to: path) != nil)
        guard let gaussian = trial.settings.dataset.description as? GaussianData else {
            Issue.record("other data")
            return
        }
        let source = BatchSource(
            try GaussianSource(
                gaussian, targetMap: nil, streams: RandomStreams(seed: trial.settings.seed),
                points: evaluationPoints))
        let inputs = source.sample(JSONValue(50)).inputs
        let x = try files.write(GivenFiles.npy([50, 2], floats: inputs.values), "x.npy")
        var request = MeasureRequest(
            weights: path, points: .array(x, labels: nil), activation: nil, measures: nil)
        let measured = try measure(request, data: folder.directory)
        var found = try #require(measured.object)
        let recorded = try #require(result.body["metrics"]?.object)
        (found["layers"], found["weights"]) = (nil, nil)
        for (key, value) in found { #expect(value == recorded[key], "\(key)") }
        #expect(found["kl_nats"] != nil && found["local_rank_noise"] != nil && found["spectral_norm"] != nil)
        request.points = .array(
            x, labels: try files.write(GivenFiles.npy("|u1", [50], [UInt8](repeating: 0, count: 50)), "y"))
        request.measures = [.accuracy]
        do {
            _ = try measure(request, data: folder.directory)
            Issue.record("an accuracy of a regression")
        } catch { #expect("\(error)".contains("accuracy needs a network that predicts classes")) }
    }

    /// The layer above given features has the numbers of the whole network's last hidden layer.
    @Test func `A head with its features measures as the network does`() throws {
        let folder = try DataFolder(), files = try GivenFiles()
        let spec = try SweepSpec(
            parsing: "name: s\n" + Self.mlp.replacingOccurrences(of: "[8, 8]", with: "[9]")
                + "weights: final\n",
            file: "s.yaml")
        let trial = spec.grid[0]
        var runner = TrialRunner(data: folder.directory)
        let result = try runner.run(trial.settings, keeping: spec.weights)
        let kept = try #require(result.kept.first)
        let path = files.folder.path + "/w.safetensors"
        _ = kept.write(of: trial, to: path)
        let listed = [
            "classification_dimension", "neural_collapse", "independence_deficit", "effective_rank",
        ]
        var request = MeasureRequest(
            weights: path, points: .dataset(.mnist, .unit), activation: nil,
            measures: listed.compactMap { .init(rawValue: $0) } + [.accuracy, .loss])
        let ofWhole = try measure(request, data: folder.directory)
        let whole = try #require(ofWhole.object)
        let points = try MeasuredPoints(request.points, folder.directory)
        let network = try TrainedNetwork(
            try WeightsFile(opening: path), activation: .relu, layers: ["layers.0", "layers.1"])
        let sample = PointSample(inputs: points.inputs, labels: [], classes: 0)
        let hidden = LayerOutputs(network.layers, .relu, at: sample, lastUnits: 10).activations[0]
        let classes = try #require(points.labels)
        let labels = classes.map { UInt8($0) }
        request.points = .features(
            try files.write(GivenFiles.npy([hidden.rows, 9], floats: hidden.values), "h.npy"),
            labels: try files.write(GivenFiles.npy("|u1", [labels.count], labels), "y.npy"))
        request.layers = ["layers.1"]
        let ofHead = try measure(request, data: folder.directory)
        let head = try #require(ofHead.object)
        #expect(Set(head.keys) == Set(whole.keys))
        for (key, value) in whole where key != "layers" { #expect(head[key] == value, "\(key)") }
        #expect(head["layers"] == .array([.string("layers.1")]))
        #expect(head["classification_dimension"]?.array?.count == 1 && head["nc1"]?.array?.count == 1)
    }
}

/// Layers and their order, from names.
@Suite struct LayerOrderTests {
    /// Three square matrices whose products in one order differ from those in another.
    private static let matrices: [[Float]] = [[3, 0, 0, 0.01], [0.01, 1, 0, 2], [1, 5, 0, 1]]

    private static func request(_ names: [String], _ files: GivenFiles) throws -> MeasureRequest {
        let tensors = zip(names, matrices).map { (name: $0 + ".weight", shape: [2, 2], values: $1) }
        return MeasureRequest(
            weights: try files.write(WeightsFile.bytes(of: tensors)),
            points: .array(
                try files.write(GivenFiles.npy([2, 2], floats: [1, 2, 3, -1]), "x.npy"), labels: nil),
            activation: .linear, measures: [.localRank], thresholds: [0.02, 0.5])
    }

    private static func words(_ request: MeasureRequest) -> String? {
        do throws(ExperimentError) {
            _ = try measure(request, data: DataDirectory(data: "", cache: nil))
            return nil
        } catch { return error.description }
    }

    @Test(arguments: [
        ["input", "hidden", "output"], ["stem", "body", "top"], ["q_proj", "k_proj", "v_proj"],
        ["layers.0.q_proj", "layers.0.k_proj", "layers.0.v_proj"],
        ["features.0", "features.2", "classifier"],
        ["fc1", "fc2", "fc"],
    ])
    func `Words give no order`(names: [String]) throws {
        let files = try GivenFiles()
        var request = try Self.request(names, files)
        let words = try #require(Self.words(request))
        #expect(words.contains("do not say their order: "), "\(words)")
        for name in names { #expect(words.contains("\(name).weight [2,2]"), "\(words)") }
        // As the user says.
        request.layers = names
        let found = try measure(request, data: DataDirectory(data: "", cache: nil))
        #expect(found["layers"] == .array(names.map(JSONValue.string)))
        let numbered = try measure(
            try Self.request(["0", "1", "2"], files), data: DataDirectory(data: "", cache: nil))
        #expect(found["local_rank"] == numbered["local_rank"])
        var turned = request
        turned.weights = try files.write(
            WeightsFile.bytes(
                of: zip(names, Self.matrices).map { (name: $0 + ".weight", shape: [2, 2], values: $1) }), "w")
        turned.layers = names.reversed()
        let other = try measure(turned, data: DataDirectory(data: "", cache: nil))
        #expect(other["local_rank"] != found["local_rank"])
    }

    @Test(arguments: [
        ["fc1", "fc2", "fc10"], ["0", "2", "4"], ["block1.fc1", "block1.fc2", "block2.fc1"],
        ["net.0.linear", "net.1.linear", "net.2.linear"],
    ])
    func `Numbers give the order`(names: [String]) throws {
        let files = try GivenFiles()
        let found = try measure(try Self.request(names, files), data: DataDirectory(data: "", cache: nil))
        #expect(found["layers"] == .array(names.map(JSONValue.string)))
    }
}

/// Norms of whatever matrices a file has.
@Suite struct WeightMatricesTests {
    private static func norms(_ bytes: [UInt8], layers: [String]? = nil) throws -> JSONValue {
        let files = try GivenFiles()
        var request = MeasureRequest(
            weights: try files.write(bytes), points: .noPoints, activation: nil,
            measures: MeasureRequest.Measure.ofWeights)
        request.layers = layers
        return try measure(request, data: DataDirectory(data: "", cache: nil))
    }

    /// Four equal numbers: rank 1, σ_1 their double.
    @Test(arguments: [1e60, 1e-60, 1e200, 1e-200])
    func `Doubles beyond single precision have their norms`(number: Double) throws {
        let data = [number, number, number, number].flatMap { GivenFiles.little64($0) }
        let found = try Self.norms(
            GivenFiles.safetensors(#"{"0.weight":{"dtype":"F64","shape":[2,2],"data_offsets":[0,32]}}"#, data)
        )
        for key in ["spectral_norm", "frobenius_norm"] {
            let value = try #require(found[key]?.array?.first?.number)
            #expect(abs(value / (2 * number) - 1) < 1e-14, "\(key) \(value)")
        }
        #expect(abs(try #require(found["stable_rank"]?.array?.first?.number) - 1) < 1e-14)
        #expect(found["numerical_rank"] == JSONValue([1.0]))
    }

    /// Tensors that are no matrices of numbers are skipped.
    @Test func `Whatever else is in the file, the network is read`() throws {
        let header =
            #"{"attention.k":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"#
            + #""attention.q":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]},"#
            + #""conv.weight":{"dtype":"F32","shape":[1,2,1,1],"data_offsets":[16,24]},"#
            + #""ids":{"dtype":"I64","shape":[1,1],"data_offsets":[24,32]},"#
            + #""norm.bias":{"dtype":"F32","shape":[2],"data_offsets":[32,40]}}"#
        let numbers: [Float] = [3, 4, 6, 8, 5, 12, 0, 0, 1, 1]
        let bytes = GivenFiles.safetensors(
            header, numbers.flatMap { GivenFiles.little(Int($0.bitPattern), 4) })
        let found = try Self.norms(bytes)
        #expect(found["layers"] == .array(["attention.k", "attention.q", "conv"].map(JSONValue.string)))
        let spectral = try #require(found["spectral_norm"]?.array)
        let norms = spectral.compactMap(\.number)
        #expect(zip(norms, [5, 10, 13]).allSatisfy { abs($0 - $1) < 1e-13 } && norms.count == 3)
        let one = try Self.norms(bytes, layers: ["conv"])
        #expect(one["layers"] == .array([.string("conv")]) && one["spectral_norm"]?.array?.count == 1)
        #expect(throws: ExperimentError.self) { try Self.norms(bytes, layers: ["nothing"]) }
    }
}

extension GivenFiles {
    fileprivate static func little64(_ number: Double) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * UInt64($0))) }
    }
}
