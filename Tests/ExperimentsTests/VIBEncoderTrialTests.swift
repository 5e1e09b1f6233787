import Records
import Testing
import Text

@testable import Experiments
@testable import Sweep

private let nowhere = DataDirectory(data: "/nowhere", cache: nil)
private let generated = "dataset: {name: generated-images, train_points: 40, test_points: 20}\n"
private let gaussian = "dataset: {name: gaussian, correlations: [0.5, 0.9, 0.3], test_points: 100}\n"
private let training = "training: {steps: 8, batch_size: 10, learning_rate: 0.01}\n"
private let measured =
    "measures: {trace_at: {log: 3}, local_rank: {points: 2, patch: 3, thresholds: [0.1]}, weight_norms: true, samples: 3, "
    + "effective_rank: {points: 20}, weight_displacement: true, activation_rank: {points: 20}, "
    + "feature_dimension: {points: 20}, binned_information: {points: 20}, kernel_information: {points: 20}, "
    + "partial_rank: {points: 1, side: 3}, gradient_noise: {batches: 3}}\n"

private func settings(_ text: String) throws -> TrialSettings {
    try SweepSpec(parsing: "name: s\n" + text, file: "s.yaml").grid[0].settings
}

/// Trials of VIBs with other encoders than stacks of dense layers.
@Suite struct VIBEncoderTrialTests {
    private static let head = "model: vib\nbeta: 0.01\nbottleneck: 3\n"

    private static let kinds = [
        "encoder: cnn\nhidden: [2, 3]\nnormalisation: batch\n", "encoder: resnet\nwidth: 2\n",
        "encoder: vit\nwidth: 4\ndepth: 1\nheads: 2\npatch: 8\ndropout: 0.2\n",
        "encoder: mixer\nwidth: 4\ndepth: 1\npatch: 16\n", "encoder: gmlp\nwidth: 4\ndepth: 1\npatch: 16\n",
        "encoder: layers\nnetwork: [{conv: 2, kernel: 5, stride: 3}, relu, {dropout: 0.2}, flatten, {dense: 6}]\n",
    ]

    @Test(arguments: kinds) func `A trial measures its encoder's layers and its code`(kind: String) throws {
        let settings = try settings(Self.head + kind + generated + training + measured)
        var runner = TrialRunner(data: nowhere)
        let result = try runner.run(settings, keeping: .final)
        #expect(result.body["outcome"] == .string("measured"))
        #expect(result.kept[0].values.count == settings.parameterBytes / 4)
        #expect(
            RecordForm(of: settings).fault(in: try #require(CanonicalObject(result.body.canonicalBytes)))
                == nil)
        let metrics = try #require(result.body["metrics"])
        let units = settings.networkDescription.layerUnits
        #expect(units.last == 3)
        for key in [
            "effective_rank", "activation_rank", "feature_dimension", "i_xt_nats", "kernel_i_xt_lower_nats",
        ] {
            #expect(metrics[key]?.array?.count == units.count, "\(key)")
        }
        for key in ["weight_displacement", "spectral_norm"] {
            #expect(metrics[key]?.array?.count == settings.networkDescription.layers.count, "\(key)")
        }
        #expect(metrics["local_rank"]?["0.1"]?["mean"]?.array?.count == units.count)
        #expect(metrics["local_rank_noise"]?["1"]?["mean"]?.array?.count == 1)
        #expect(try #require(metrics["kl_nats"]?.number) > 0)
        #expect(metrics["accuracy_sampled"] != nil && metrics["informative_directions"] != nil)
        // The same once more, in another batch of noise, after another trial.
        #expect(try runner.run(settings, keeping: .final) == result)
    }

    /// Before training, the convolutions are those of a cnn with the same seed.
    @Test func `Hidden layers measure as a cnn's do`() throws {
        let rest =
            "hidden: [3, 4]\nactivation: relu\n" + generated + "training: {steps: 0, batch_size: 10}\n"
            + "measures: {local_rank: {points: 2, patch: 4, thresholds: [0.01, 0.1, 1]}, "
            + "effective_rank: {points: 20}, activation_rank: {points: 20}}\n"
        var runner = TrialRunner(data: nowhere)
        let cnn = try runner.run(try settings("model: cnn\n" + rest))["metrics"]
        let vib = try runner.run(try settings(Self.head + "encoder: cnn\n" + rest))["metrics"]
        func hidden(_ list: JSONValue?) throws -> ArraySlice<JSONValue> {
            let layers = try #require(list?.array)
            #expect(layers.count == 3)
            return layers.prefix(2)
        }
        for threshold in ["0.01", "0.1", "1"] {
            let lists = try [cnn, vib].map { try hidden($0?["local_rank"]?[threshold]?["mean"]) }
            #expect(lists[0] == lists[1] && lists[0].first != .number(0))
        }
        for key in ["effective_rank", "activation_rank"] {
            #expect(try hidden(cnn?[key]) == hidden(vib?[key]), "\(key)")
        }
        #expect(cnn?["active_units"] == vib?["active_units"] && vib?["active_units"] != nil)
    }

    /// From the same weights, by other kernels: to rounding, which 40 steps let grow.
    @Test(arguments: ["linear", "tanh"])
    func `Dense layers as a list measure as the plain encoder does`(activation: String) throws {
        let rest =
            gaussian + "training: {steps: 40, batch_size: 32, learning_rate: 0.01}\n"
            + "measures: {trace_at: {log: 6}, local_rank: {points: 10, thresholds: [0.1]}, weight_norms: true}\n"
        let plain = try settings(Self.head + "hidden: [5]\nactivation: \(activation)\n" + rest)
        let listed = try settings(
            Self.head + "encoder: layers\nnetwork: [{dense: 5}, \(activation), {dense: 6}]\n" + rest)
        var runner = TrialRunner(data: nowhere)
        let (one, other) = (try runner.run(plain), try runner.run(listed))
        #expect(one["theory"] == other["theory"] && one["theory"] != nil)
        let traces = try [one, other].map { try #require($0["trace"]?.array) }
        #expect(traces[0].count == 6)
        for (a, b) in zip(traces[0], traces[1]) {
            for key in ["train_loss", "test_loss", "kl_nats", "i_zy_nats"] {
                let (x, y) = (try #require(a[key]?.number), try #require(b[key]?.number))
                #expect(abs(x - y) <= 1e-5 * max(1, abs(x)), "\(key) \(x) \(y)")
            }
        }
        for key in ["local_rank", "local_rank_noise", "informative_directions"] {
            #expect(one["metrics"]?[key] == other["metrics"]?[key] && one["metrics"]?[key] != nil, "\(key)")
        }
    }

    @Test func `A log-determinant of a hidden layer reaches the encoder`() throws {
        func run(_ more: String) throws -> JSONValue {
            var runner = TrialRunner(data: nowhere)
            return try runner.run(
                try settings(
                    Self.head + "encoder: cnn\nhidden: [2]\n" + generated
                        + "training: {steps: 3, batch_size: 10\(more)}\nmeasures: {local_rank: false}\n"))
        }
        let plain = try run("")
        #expect(try run(", log_det: {weight: 1e-3, layers: [1]}")["metrics"] != plain["metrics"])
    }
}
