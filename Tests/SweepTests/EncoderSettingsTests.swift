import Testing
import Text

@testable import Sweep

/// The setting `encoder` of a VIB.
@Suite struct EncoderSettingsTests {
    private static let head =
        "name: s\nmodel: vib\nbeta: 0.1\nbottleneck: 4\ndataset: mnist\ntraining: {epochs: 1}\n"

    private func spec(_ rest: String) throws(SweepError) -> SweepSpec {
        try SweepSpec(parsing: Self.head + rest + "\n", file: "s.yaml")
    }

    private func encoder(_ rest: String) throws -> TrialSettings.Architecture? {
        let model = try spec(rest).grid[0].settings.model
        guard case .vib(0.1, 4, -5, let encoder) = model else {
            Issue.record("\(model)")
            return nil
        }
        return encoder
    }

    private static let kinds: [(rest: String, json: String)] = [
        ("encoder: cnn", #"{"name":"cnn"}"#),
        (
            "encoder: cnn\nhidden: [4, 8]\nnormalisation: group\ngroups: 2",
            #"{"groups":2,"name":"cnn","normalisation":"group"}"#
        ),
        (
            "encoder: resnet\nshortcut: projection",
            #"{"depth":8,"name":"resnet","normalisation":"batch","width":16}"#
        ),
        (
            "encoder: vit\nheads: 2\npatch: 7\npool: mean\ndropout: 0.1\nwidth: 8",
            #"{"depth":4,"name":"vit","width":8}"#
        ),
        ("encoder: mixer\ntoken_ratio: 1\ndepth: 2", #"{"depth":2,"name":"mixer","width":64}"#),
        ("encoder: gmlp", #"{"depth":4,"name":"gmlp","width":64}"#),
        (
            "encoder: layers\nnetwork: [{conv: 2, kernel: 5}, relu, flatten, {dense: 8}]",
            #"{"name":"layers","network":[{"conv":2,"kernel":5},"relu","flatten",{"dense":8}]}"#
        ),
        ("normalisation: layer", #"{"name":"mlp","normalisation":"layer"}"#),
        ("encoder: mlp\nresidual: true\nwidth: 9", #"{"name":"mlp","residual":true}"#),
    ]

    @Test(arguments: kinds.indices)
    func `An encoder takes the settings of its network, and 2K outputs`(index: Int) throws {
        let (rest, json) = Self.kinds[index]
        #expect(try encoder(rest)?.json.canonicalText == json)
        let sweep = try spec(rest)
        let settings = sweep.grid[0].settings
        let description = settings.networkDescription
        #expect(NetworkDescription(description.json) == description.withoutTraining)
        #expect(try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "sweep.json") == sweep)
        #expect(TrialHasher.id(settings) == TrialID(of: settings))
        #expect(description.plans.count == 2 && !description.isDenseChain && BatchKey(settings) == nil)
        let names = settings.tensors.map(\.name)
        #expect(names.suffix(2) == ["decoder.0.weight", "decoder.0.bias"])
        #expect(names.dropLast(2).allSatisfy { $0.hasPrefix("encoder.") })
        // The head, and μ as the last layer.
        #expect(description.layers.last?.size == .vector(8) && description.layerUnits.last == 4)
        #expect(settings.tensors.suffix(2).map(\.shape) == [[10, 4], [10]])
        // It costs more than the plain one, and depends on its settings.
        let plain = try spec("width: 2").grid[0].settings
        #expect(CostEstimate(of: settings).seconds() > CostEstimate(of: plain).seconds())
    }

    @Test func `Writing the default out changes nothing`() throws {
        let plain = try spec("hidden: [9]").grid[0]
        for same in ["encoder: mlp", "encoder: mlp\nnormalisation: none\nresidual: false\nbiases: true"] {
            let trial = try spec("hidden: [9]\n" + same).grid[0]
            #expect(trial.id == plain.id && trial.settings == plain.settings)
        }
        #expect(plain.settings.model == .vib(beta: 0.1, bottleneck: 4, sigmaShift: -5))
        #expect(
            plain.settings.model.json.canonicalText
                == #"{"beta":0.1,"bottleneck":4,"name":"vib","sigma_shift":-5}"#)
        let unbiased = try spec("hidden: [9]\nbiases: false").grid[0]
        #expect(unbiased.id != plain.id)
        #expect(
            unbiased.settings.tensors.map(\.name) == [
                "encoder.0.weight", "encoder.1.weight", "decoder.0.weight", "decoder.0.bias",
            ])
    }

    @Test func `Encoders are an axis, each with the settings that it has`() throws {
        let sweep = try spec(
            "axes: {encoder: [mlp, cnn, vit], width: [8, 16]}\nheads: 2\nbiases: false\n"
                + "figures: [{name: f, x: width, y: {metric: local_rank, threshold: 0.1, layer: 6}, curves: encoder}]\n"
                + "measures: {local_rank: {patch: 4}}")
        let trials = [0, 2, 4].map { sweep.grid[$0] }
        #expect(trials.map(\.settings.depth) == [2, 4, 4])
        #expect(trials.map { $0.settings.network.hidden } == [[8], [8, 8, 8], []])
        #expect(trials.map { $0.settings.network[Setting.heads] } == [4, 4, 2])
        #expect(trials.map { $0.settings.network[Setting.biases] } == [false, false, true])
        #expect(trials.map { $0.settings.measures.localRank?.patch } == [nil, 4, 4])
        #expect(trials.map { $0.axesObject["encoder"]?.string } == ["mlp", "cnn", "vit"])
        #expect(Set(trials.map(\.id)).count == 3)
    }

    @Test func `A list's axes are an encoder's, too`() throws {
        let sweep = try spec(
            "encoder: layers\nnetwork: [flatten, {dense: [5, 6]}, tanh, {dense: 8}]")
        #expect(sweep.axes.map(\.path) == ["network.1.dense"])
        #expect(sweep.grid[1].settings.networkDescription.layerUnits == [6, 4])
        #expect(sweep.grid[1].settings.depth == 2)
    }

    private static let mistakes: [(rest: String, message: String)] = [
        (
            "encoder: vib",
            "7:10: encoder: 'vib' must be one of mlp, cnn, resnet, vit, mixer, gmlp or layers (did you mean 'vit'?)"
        ),
        ("encoder: layers", "1:1: missing: network is required"),
        (
            "network: [flatten, {dense: 8}]",
            "7:1: network: not used here: it needs encoder to be layers, and it is mlp"
        ),
        ("patch: 4", "7:8: patch: not used here: it needs encoder to be vit, mixer or gmlp, and it is mlp"),
        (
            "measures: {local_rank: {patch: 4}}",
            "7:32: measures.local_rank.patch: not used here: it needs encoder to be cnn, resnet, vit, mixer, gmlp or layers, "
                + "and it is mlp"
        ),
        (
            "encoder: vit\nhidden: [4]",
            "8:9: hidden: not used here: it needs encoder to be mlp or cnn, and it is vit"
        ),
        (
            "axes: {encoder: [mlp, cnn]}\nheads: 2",
            "8:8: heads: not used here: it needs encoder to be vit, and it is mlp or cnn"
        ),
        (
            "encoder: cnn\naxes: {network.1.dense: [3, 4]}",
            "8:8: axes.network.1.dense: not used here: it needs encoder to be layers, and it is cnn"
        ),
        (
            "encoder: vit\nfigures: [{name: f, x: width, y: active_units}]\naxes: {width: [4, 8]}",
            "8:34: figures.y 'active_units': not used here: it needs encoder to be mlp, cnn, resnet or layers, and it "
                + "is vit"
        ),
        (
            "encoder: layers\nnetwork: [flatten, {dense: 10}]",
            "8:20: network.1 (dense): the last layer gives a vector of 10, and an encoder gives μ and s of 4 latent "
                + "variables: end with {dense: 8}, twice 'bottleneck'"
        ),
        (
            "encoder: layers\nnetwork: [{conv: 8, kernel: 14, stride: 14}]",
            "8:11: network.0 (conv): the last layer gives 2 × 2 × 8, and an encoder gives μ and s of 4 latent variables: "
                + "end with flatten and {dense: 8}, twice 'bottleneck'"
        ),
        (
            "encoder: vit\npatch: 5",
            "8:8: patch: patches of 5 × 5 pixels do not cover images of 28 × 28: give a 'patch' that divides both"
        ),
        (
            "encoder: vit\npatch: 1\nwidth: 4096\ndepth: 1000\npool: mean",
            "7:10: encoder: this vit computes 126946064 numbers or more for a point; at most 67108864 fit: take a larger "
                + "'patch', or a smaller 'width' or 'depth'"
        ),
        (
            "encoder: cnn\nmeasures: {weight_product: true}",
            "8:28: measures.weight_product: this measure works for plain networks only: an mlp without normalisation and "
                + "residual connections, or a vib with such an encoder"
        ),
        (
            "encoder: cnn\nmeasures: {neural_collapse: true}",
            "8:29: measures.neural_collapse: not used here: it needs model to be mlp, cnn, resnet, vit, mixer, gmlp, "
                + "layers or onnx, and it is vib"
        ),
    ]

    @Test(arguments: mistakes.indices) func `A mistake has one message`(index: Int) {
        let (rest, message) = Self.mistakes[index]
        do throws(SweepError) {
            _ = try spec(rest)
            Issue.record("accepted: \(rest)")
        } catch { #expect(error.message == "s.yaml:" + message) }
    }

    @Test func `Only a vib has an encoder, and a network on images needs images`() {
        func message(_ text: String) -> String {
            do throws(SweepError) {
                _ = try SweepSpec(parsing: text, file: "s.yaml")
                return "accepted"
            } catch { return error.message }
        }
        #expect(
            message("name: s\nmodel: mlp\nencoder: cnn\ndataset: mnist\ntraining: {epochs: 1}\n")
                == "s.yaml:3:10: encoder: not used here: it needs model to be vib, and it is mlp")
        #expect(
            message(
                "name: s\nmodel: vib\nbeta: 1\nencoder: cnn\ntraining: {steps: 1}\n"
                    + "dataset: {name: gaussian, correlations: [0.5]}\n"
            ).hasPrefix("s.yaml:6:17: dataset: a cnn needs images: mnist,"))
        #expect(
            message(Self.head + "normalisation: batch\naxes: {training.batch_size: [1, 2]}\n").contains(
                "axes.training.batch_size: batch normalisation takes moments over the batch"))
    }

    /// A file of kept weights may say anything.
    @Test(arguments: [
        #"{"name":"vib"}"#, #"{"name":"mlp"}"#, #"{"name":"onnx"}"#, #""cnn""#, "null", "[]", "{}",
        #"{"name":"resnet","depth":9,"width":4}"#, #"{"name":"vit","depth":1}"#,
        #"{"name":"layers","network":[{"dense":0}]}"#, #"{"name":"mlp","normalisation":"bogus"}"#,
    ])
    func `A description of another encoder is none`(encoder: String) throws {
        var members = try #require(
            try spec("encoder: cnn").grid[0].settings.networkDescription.json.object)
        var model = try #require(members["model"]?.object)
        model["encoder"] = try JSONValue(parsing: encoder.utf8)
        members["model"] = .object(model)
        #expect(NetworkDescription(.object(members)) == nil)
    }

    /// Sizes that no sweep allows don't become a network.
    @Test(arguments: [
        #"{"name":"vit","depth":65536,"width":65536}"#,
        #"{"name":"layers","network":["flatten",{"dense":9}]}"#,
        #"{"name":"layers","network":[{"conv":4096,"kernel":1},{"conv":4096,"kernel":1},"flatten",{"dense":8}]}"#,
    ])
    func `A description whose layers don't fit has no plan`(encoder: String) throws {
        var members = try #require(
            try spec("encoder: cnn").grid[0].settings.networkDescription.json.object)
        var model = try #require(members["model"]?.object)
        model["encoder"] = try JSONValue(parsing: encoder.utf8)
        members["model"] = .object(model)
        members["input"] = JSONValue([130_000, 130_000, 1])
        let description = try #require(NetworkDescription(.object(members)))
        #expect(description.plans.isEmpty)
    }
}

extension TrialHasher {
    fileprivate static func id(_ settings: TrialSettings) -> TrialID {
        var hasher = TrialHasher()
        return hasher.id(of: settings)
    }
}

extension NetworkDescription {
    /// Without the settings that only training needs, which files don't keep.
    fileprivate var withoutTraining: NetworkDescription {
        var description = self
        description.network[Setting.dropout] = 0
        return description
    }
}
