import Foundation
import LinearAlgebra
import Testing
import Text

@testable import Experiments
@testable import Sweep

private func sweep(_ text: String) throws -> SweepSpec {
    try SweepSpec(parsing: "name: s\n" + text, file: "s.yaml")
}

/// An MLP on images, with a trace.
private let mlp = """
    model: mlp
    dataset: {name: mnist, train_points: 40, test_points: 20}
    hidden: [16, 7]
    training: {epochs: 6, batch_size: 8}
    measures: {trace_at: {linear: 5}, local_rank: {thresholds: [0.1, 1], points: 20}}

    """

/// A file's tensors as the format's description has them, read without this package's reader.
private func read(_ bytes: [UInt8]) throws -> (header: JSONValue, data: [UInt8]) {
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(length % 8 == 0)
    return (try JSONValue(parsing: bytes[8..<8 + length]), Array(bytes[(8 + length)...]))
}

private func contents(_ network: KeptNetwork, _ trial: Trial, _ files: GivenFiles) throws -> [UInt8] {
    let path = files.folder.appending(path: "\(trial.id)-\(network.step).safetensors").path
    let size = try #require(network.write(of: trial, to: path))
    let bytes = Array(try Data(contentsOf: URL(filePath: path)))
    #expect(bytes.count == size && size == trial.weightsFileSize(step: network.step))
    return bytes
}

@Test func `Kept weights are a file of the format with the trial's names`() throws {
    let folder = try DataFolder(), files = try GivenFiles()
    var runner = TrialRunner(data: folder.directory)
    let spec = try sweep(mlp + "weights: final\naxes: {training.weight_decay: [0.001]}")
    let trial = spec.grid[0]
    let result = try runner.run(trial.settings, keeping: spec.weights)
    let network = try #require(result.kept.first)
    let (header, data) = try read(try contents(network, trial, files))
    #expect(result.kept.count == 1)
    #expect(
        header["__metadata__"]
            == .object([
                "axes.dataset": .string("mnist"), "axes.depth": .string("3"), "axes.seed": .string("0"),
                "axes.training.weight_decay": .string("0.001"), "model": .string("mlp"),
                "step": .string("30"),
                "network": .string(
                    #"{"activation":"relu","biases":true,"classes":10,"hidden":[16,7],"#
                        + #""input":[28,28,1],"loss":"cross_entropy","model":{"name":"mlp"},"outputs":10,"#
                        + #""samples":12,"seed":0}"#),
                "trial": .string(trial.id.text),
            ]))
    let shapes = [
        ("layers.0.weight", [16, 784]), ("layers.0.bias", [16]), ("layers.1.weight", [7, 16]),
        ("layers.1.bias", [7]),
        ("layers.2.weight", [10, 7]), ("layers.2.bias", [10]),
    ]
    var (end, values) = (0, [Float]())
    for (name, shape) in shapes {
        let begin = end
        end += 4 * shape.reduce(1, *)
        #expect(
            header[name]
                == .object([
                    "dtype": .string("F32"), "shape": JSONValue(shape),
                    "data_offsets": JSONValue([begin, end]),
                ]))
    }
    #expect(header.object?.count == shapes.count + 1 && data.count == end)
    for index in stride(from: 0, to: end, by: 4) {
        values.append(
            Float(bitPattern: data[index..<index + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }))
    }
    #expect(values == network.values)
}

@Test func `Measuring a kept file gives the record's numbers`() throws {
    let folder = try DataFolder(), files = try GivenFiles()
    var runner = TrialRunner(data: folder.directory)
    let spec = try sweep(mlp + "weights: final")
    let trial = spec.grid[0]
    let result = try runner.run(trial.settings, keeping: spec.weights)
    let path = try files.write(try contents(try #require(result.kept.first), trial, files))
    let request = MeasureRequest(
        weights: path, points: .dataset(.mnist, .unit), activation: .relu,
        measures: [.localRank, .activeUnits, .accuracy, .loss], thresholds: [0.1, 1], relative: [0.01],
        rankPoints: 20)
    let measured = try measure(request, data: folder.directory)
    let metrics = try #require(result.body["metrics"])
    for key in ["local_rank", "local_rank_relative", "active_units", "accuracy", "test_loss"] {
        #expect(measured[key] != nil && measured[key] == metrics[key], "\(key)")
    }
}

@Test(arguments: ["classification", "regression"], [false, true])
func `A teacher's students keep their weights, too`(task: String, biases: Bool) throws {
    let folder = try DataFolder(), files = try GivenFiles()
    var runner = TrialRunner(data: folder.directory)
    let spec = try sweep(
        """
        model: mlp
        dataset: {name: teacher, task: \(task), inputs: 5, norm: 5, train_points: 16, test_points: 20}
        hidden: [6, 3]
        biases: \(biases)
        training: {batch_size: 8, steps: 4}
        measures: {local_rank: {points: 20}}
        weights: [2, 4]
        """)
    let trial = spec.grid[0]
    let result = try runner.run(trial.settings, keeping: spec.weights)
    #expect(result.kept.map(\.step) == [2, 4])
    for network in result.kept {
        let (header, data) = try read(try contents(network, trial, files))
        #expect(header["layers.0.weight"]?["shape"] == JSONValue([6, 5]))
        #expect(header["layers.2.weight"]?["shape"] == JSONValue([1, 3]))
        #expect((header["layers.1.bias"] != nil) == biases)
        let weights = 6 * 5 + 3 * 6 + 1 * 3
        let count = biases ? weights + 6 + 3 + 1 : weights
        #expect(data.count == 4 * count)
    }
    let path = try files.write(try contents(result.kept[1], trial, files))
    #expect(try WeightsFile(opening: path).tensors.count == (biases ? 6 : 3))
}

@Test func `Keeping weights changes no record and no identifier`() throws {
    let folder = try DataFolder()
    var runner = TrialRunner(data: folder.directory)
    let without = try sweep(mlp)
    let body = try runner.run(without.grid[0].settings)
    for weights in ["final", "best", "[1, 7, 12]", "none"] {
        let spec = try sweep(mlp + "weights: \(weights)")
        let trial = spec.grid[0]
        #expect(trial.id == without.grid[0].id && spec.digest == without.digest)
        #expect(try SweepSpec(parsing: spec.canonicalJSON.canonicalText, file: "").weights == spec.weights)
        let result = try runner.run(trial.settings, keeping: spec.weights)
        #expect(result.body.canonicalText == body.canonicalText)
        let steps = result.kept.map(\.step)
        #expect(spec.weights.allows(steps))
        switch weights {
        case "final": #expect(steps == [30])
        case "[1, 7, 12]": #expect(steps == [1, 7, 12])
        case "none": #expect(steps.isEmpty)
        default:
            let trace = try #require(body["trace"]?.array)
            let losses = try trace.map { try #require($0["test_loss"]?.number) }
            let best = try #require(losses.min())
            let index = try #require(losses.firstIndex(of: best))
            #expect(steps.map { JSONValue($0) } == [trace[index]["step"]])
        }
    }
}

@Test func `Kept steps are those of a training that ended there`() throws {
    let text = """
        model: mlp
        dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 500}
        training: {steps: 20, batch_size: 16, ema_decay: 0.9}

        """
    var runner = TrialRunner(data: DataDirectory(data: "/nowhere", cache: nil))
    let long = try sweep(text + "weights: [5, 20]")
    let kept = try runner.run(long.grid[0].settings, keeping: long.weights).kept
    var short = long.grid[0].settings
    short.training.duration = .steps(5)
    let ended = try runner.run(short, keeping: .final).kept
    #expect(
        kept.map(\.step) == [5, 20] && kept.first == ended.first && kept.first?.values != kept.last?.values)
    // The averaged weights are those that are evaluated.
    short.training.optimizer.emaDecay = nil
    #expect(try runner.run(short, keeping: .final).kept != ended)
}

@Test func `A VIB's weights have names for encoder and decoder`() throws {
    let spec = try sweep(
        """
        model: vib
        beta: 0.1
        dataset: {name: gaussian, correlations: [0.5, 0.9, 0.1], test_points: 500}
        hidden: [5]
        bottleneck: 2
        training: {steps: 5, batch_size: 16}
        weights: final
        """)
    let trial = spec.grid[0]
    #expect(
        trial.settings.tensors.map { "\($0.name) \($0.shape)" } == [
            "encoder.0.weight [5, 3]", "encoder.0.bias [5]", "encoder.1.weight [4, 5]", "encoder.1.bias [4]",
            "decoder.0.weight [3, 2]", "decoder.0.bias [3]", "decoder.log_variance [3]",
        ])
    var runner = TrialRunner(data: DataDirectory(data: "/nowhere", cache: nil))
    let network = try #require(try runner.run(trial.settings, keeping: spec.weights).kept.first)
    #expect(4 * network.values.count == trial.settings.parameterBytes)
    let files = try GivenFiles()
    let path = try files.write(try contents(network, trial, files))
    #expect(try WeightsFile(opening: path).tensors.map(\.name) == trial.settings.tensors.map(\.name))
}

@Test func `A training that diverges keeps no weights`() throws {
    let spec = try sweep(
        """
        model: mlp
        dataset: {name: gaussian, correlations: [0.5], test_points: 100}
        training: {steps: 200, batch_size: 16, optimizer: sgd, learning_rate: 1e6}
        weights: [1, 2]
        """)
    var runner = TrialRunner(data: DataDirectory(data: "/nowhere", cache: nil))
    let result = try runner.run(spec.grid[0].settings, keeping: spec.weights)
    #expect(result.body["outcome"] == .string("diverged") && result.kept.isEmpty)
}
