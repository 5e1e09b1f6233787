import Files
import Foundation
import LinearAlgebra
import Model
import Sweep
import TestSupport
import Testing
import Text

@testable import Experiments

private typealias Bytes = ONNXBytes
private let nowhere = DataDirectory(data: "", cache: nil)

private func list(_ value: JSONValue?) throws -> [Double] {
    try #require(value?.array).compactMap(\.number)
}

private func numbers(_ count: Int, _ seed: Int, _ scale: Double = 1) -> [Float] {
    var draws = Draws(UInt64(seed))
    return (0..<count).map { _ in Float(draws.uniform(-scale...scale)) }
}

private func isClose(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-5) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

/// A folder with a network and its points.
private struct GivenNet {
    let files: GivenFiles
    var request: MeasureRequest

    init(
        _ nodes: [[UInt8]], _ initializers: [[UInt8]] = [], input: [Int], points: [[Float]],
        shape: [Int]? = nil,
        labels: [Int]? = nil
    ) throws {
        let files = try GivenFiles()
        self.files = files
        let model = Bytes.model(
            Bytes.graph(
                nodes: nodes, initializers: initializers, inputs: [Bytes.value("x", shape: [nil] + input)],
                outputs: [Bytes.value("y", shape: [])]))
        let inputs = try files.write(
            GivenFiles.npy([points.count] + (shape ?? input), floats: points.flatMap { $0 }), "x.npy")
        let y = try labels.map {
            try files.write(GivenFiles.npy("|u1", [$0.count], $0.map { UInt8($0) }), "y.npy")
        }
        request = MeasureRequest(
            weights: try files.write(model, "net.onnx"), points: .array(inputs, labels: y), activation: nil,
            measures: [.localRank], thresholds: [0.01], relative: [0.01])
    }

    func metrics(memory: UInt64? = nil) throws -> JSONValue {
        try measure(request, data: nowhere, memory: memory)
    }

    /// The words of the error.
    func fault(memory: UInt64? = nil) -> String? {
        do {
            _ = try metrics(memory: memory)
            return nil
        } catch { return "\(error)".replacing(files.folder.path + "/", with: "") }
    }

    /// Saves the layers' values, and reads a file.
    mutating func saved(_ name: String) throws -> (shape: [Int], numbers: [Double]) {
        let folder = files.folder.appending(path: "out").path
        request.outputsFolder = folder
        _ = try metrics()
        let file = try ArrayFile(opening: folder + "/" + name)
        var numbers: [Double] = []
        try file.forEach { numbers.append($0) }
        return (file.shape, numbers)
    }
}

/// A network 6-9-4 with a ReLU, as an ONNX file and as weights.
private struct Pair {
    let weights = [numbers(54, 1), numbers(36, 2)]
    let biases = [numbers(9, 3, 0.3), numbers(4, 4, 0.3)]
    let points = (0..<12).map { numbers(6, 10 + $0, 1.5) }
    let labels = (0..<12).map { $0 * 3 % 4 }

    /// - Parameter hasBiasNodes: whether a node of its own adds each bias.
    func graph(hasBiasNodes: Bool = false) throws -> GivenNet {
        let transposed = Bytes.attribute("transB", type: 2, Bytes.field(3, 1))
        func dense(_ name: String, _ input: String, _ layer: Int, _ output: String) -> [[UInt8]] {
            hasBiasNodes
                ? [
                    Bytes.node("MatMul", [input, "t\(layer)"], [name + "_product"], name: name + "_product"),
                    Bytes.node("Add", [name + "_product", "b\(layer)"], [output], name: name),
                ]
                : [
                    Bytes.node(
                        "Gemm", [input, "w\(layer)", "b\(layer)"], [output], name: name,
                        attributes: [transposed])
                ]
        }
        func transpose(_ numbers: [Float], _ rows: Int, _ columns: Int) -> [Float] {
            (0..<columns).flatMap { column in (0..<rows).map { numbers[$0 * columns + column] } }
        }
        return try GivenNet(
            dense("fc1", "x", 0, "p") + [Bytes.node("Relu", ["p"], ["h"], name: "/act/Relu")]
                + dense("fc2", "h", 1, "y"),
            [
                Bytes.tensor("w0", shape: [9, 6], Bytes.raw(weights[0])),
                Bytes.tensor("w1", shape: [4, 9], Bytes.raw(weights[1])),
                Bytes.tensor("t0", shape: [6, 9], Bytes.raw(transpose(weights[0], 9, 6))),
                Bytes.tensor("t1", shape: [9, 4], Bytes.raw(transpose(weights[1], 4, 9))),
                Bytes.tensor("b0", shape: [9], Bytes.raw(biases[0])),
                Bytes.tensor("b1", shape: [4], Bytes.raw(biases[1])),
            ], input: [6], points: points, labels: labels)
    }

    /// The request for the same network as weights.
    func chain(_ given: GivenNet) throws -> MeasureRequest {
        var request = given.request
        request.weights = try given.files.write(
            WeightsFile.bytes(of: [
                ("fc1.weight", [9, 6], weights[0]), ("fc1.bias", [9], biases[0]),
                ("fc2.weight", [4, 9], weights[1]), ("fc2.bias", [4], biases[1]),
            ]))
        request.activation = .relu
        request.layers = nil
        return request
    }
}

@Suite struct GraphMeasurementTests {
    @Test func `A network is measured as its weights are`() throws {
        let pair = Pair()
        var given = try pair.graph()
        given.request.measures = [.localRank, .accuracy, .loss] + MeasureRequest.Measure.ofWeights
        given.request.layers = ["fc?"]
        given.request.rankPoints = 12
        given.request.thresholds = [0.1, 1]
        let found = try given.metrics()
        let expected = try measure(pair.chain(given), data: nowhere)
        for key in ["local_rank", "local_rank_relative"] {
            for threshold in key == "local_rank" ? ["0.1", "1"] : ["0.01"] {
                for part in ["mean", "stderr"] {
                    #expect(
                        found[key]?[threshold]?[part] == expected[key]?[threshold]?[part],
                        "\(key) \(threshold)")
                }
            }
        }
        for key in ["spectral_norm", "frobenius_norm", "stable_rank", "numerical_rank", "accuracy"] {
            #expect(found[key] != nil && found[key] == expected[key], "\(key)")
        }
        let losses = try [found, expected].map { try #require($0["test_loss"]?.number) }
        #expect(abs(losses[0] - losses[1]) < 1e-6)
        #expect(found["layers"] == .array([.string("fc1"), .string("fc2")]))
        #expect(found["weights"] == .array([.string("fc1"), .string("fc2")]))
        // Records and other files have no maximum.
        #expect(expected["local_rank"]?["1"]?.object?.keys.sorted() == ["mean", "stderr"])
    }

    @Test(arguments: [false, true]) func `Measures of features are those of the features and the head`(
        hasBiasNodes: Bool
    ) throws {
        let pair = Pair()
        var given = try pair.graph(hasBiasNodes: hasBiasNodes)
        let saved = try given.saved("_act_Relu.npy")
        #expect(saved.shape == [12, 9])
        given.request.outputsFolder = nil
        let head = try given.files.write(
            WeightsFile.bytes(of: [
                ("fc2.weight", [4, 9], pair.weights[1]), ("fc2.bias", [4], pair.biases[1]),
            ]),
            "head.safetensors")
        let labels = given.files.folder.appending(path: "y.npy").path
        for name in ["classification_dimension", "independence_deficit", "neural_collapse"] {
            given.request.measures = [try #require(.init(rawValue: name))]
            var ofHead = given.request
            ofHead.weights = head
            ofHead.points = .features(
                given.files.folder.appending(path: "out/_act_Relu.npy").path, labels: labels)
            let expected = try #require(try measure(ofHead, data: nowhere).object)
            let found = try given.metrics()
            for (key, value) in expected where key != "layers" {
                // Some have a number for each hidden layer, the features last.
                let own = try #require(found[key], "\(key)")
                guard let one = value.array?.first?.number, value.array?.count == 1 else {
                    #expect(value == own || "\(value)" == "\(own)", "\(name) \(key)")
                    continue
                }
                let last = try #require(own.array?.last?.number, "\(key)")
                #expect(abs(last - one) < 1e-4 * max(1, abs(one)), "\(name) \(key) \(last) \(one)")
            }
        }
    }

    @Test func `Measures of activations are those of the same layers of a plain network`() throws {
        let pair = Pair()
        var given = try pair.graph()
        given.request.layers = ["/act/*", "fc2"]
        for name in [
            "activation_rank", "effective_rank", "feature_dimension", "intrinsic_dimension",
            "binned_information",
            "kernel_information",
        ] {
            given.request.measures = [try #require(MeasureRequest.Measure(rawValue: name), "\(name)")]
            let found = try #require(try given.metrics().object)
            let expected = try #require(try measure(pair.chain(given), data: nowhere).object)
            #expect(
                found.keys.sorted() == (expected.keys + ["preprocessing"]).sorted(), "\(name)")
            for (key, value) in expected where key != "layers" {
                guard let array = value.array?.compactMap(\.number), !array.isEmpty else {
                    #expect(
                        found[key]?.object?.keys.sorted() == value.object?.keys.sorted(), "\(name) \(key)")
                    continue
                }
                #expect(isClose(try list(found[key]), array, 1e-3), "\(name) \(key)")
            }
        }
    }

    @Test func `A network that ends in no dense layer has no measures of one`() throws {
        var given = try GivenNet(
            [Bytes.node("Relu", ["x"], ["y"])], input: [2], points: [[1, 2]], labels: [1])
        given.request.measures = [try #require(.init(rawValue: "classification_dimension"))]
        #expect(
            given.fault()
                == "net.onnx: --measures: classification_dimension needs a network that ends in a dense layer over its "
                + "features")
    }

    /// J by central differences of saved values, at thresholds that no singular value is near.
    @Test func `Ranks of a convolutional network are those of finite differences`() throws {
        let (size, step) = (16, Float(0.01))
        let base = numbers(size, 5)
        var points = [base]
        for input in 0..<size {
            for sign in [step, -step] {
                var point = base
                point[input] += sign
                points.append(point)
            }
        }
        let pads = Bytes.attribute("pads", type: 7, [1, 1, 1, 1].flatMap { Bytes.field(8, $0) })
        var given = try GivenNet(
            [
                Bytes.node("Conv", ["x", "w"], ["c"], name: "conv", attributes: [pads]),
                Bytes.node("Tanh", ["c"], ["t"], name: "tanh"), Bytes.node("Flatten", ["t"], ["f"]),
                Bytes.node("Gemm", ["f", "v"], ["y"], name: "fc"),
            ],
            [
                Bytes.tensor("w", shape: [2, 1, 3, 3], Bytes.raw(numbers(18, 6))),
                Bytes.tensor("v", shape: [32, 5], Bytes.raw(numbers(160, 7))),
            ], input: [1, 4, 4], points: points)
        given.request.layers = ["conv", "tanh", "fc"]
        given.request.thresholds = [0.3]
        let ranks = try list(try given.metrics()["local_rank"]?["0.3"]?["mean"])
        for (layer, units) in [("conv", 32), ("tanh", 32), ("fc", 5)].enumerated() {
            let values = try given.saved(units.0 + ".npy").numbers
            let rows = (0..<size).map { input in
                (0..<units.1).map { unit in
                    (values[(1 + 2 * input) * units.1 + unit] - values[(2 + 2 * input) * units.1 + unit])
                        / Double(2 * step)
                }
            }
            let sigma = try Matrix<Double>(rows).singularValues()
            #expect(sigma.allSatisfy { abs($0 / 0.3 - 1) > 0.003 }, "\(sigma)")
            #expect(ranks[layer] == Double(sigma.count { $0 > 0.3 }), "\(units.0)")
        }
    }

    @Test func `A rank's maximum over points is beside its mean`() throws {
        var given = try GivenNet(
            [Bytes.node("Relu", ["x"], ["y"], name: "relu")], input: [4],
            points: [[1, 2, -1, -1], [1, 2, 3, 4]])
        given.request.rankPoints = 2
        let ranks = try given.metrics()["local_rank"]?["0.01"]
        #expect(
            ranks == .object(["mean": JSONValue([3.0]), "stderr": JSONValue([1.0]), "max": JSONValue([4.0])]))
    }

    @Test func `Jacobians are taken in listed or random inputs, or a patch`() throws {
        var given = try GivenNet(
            [Bytes.node("Mul", ["x", "d"], ["y"])],
            [Bytes.tensor("d", shape: [5], Bytes.raw([1, 0, 2, 3, 4]))], input: [5],
            points: [[1, 1, 1, 1, 1]])
        func rank() throws -> Double? { try list(try given.metrics()["local_rank"]?["0.01"]?["mean"]).first }
        #expect(try rank() == 4)
        given.request.columns = .listed([1, 2])
        #expect(try rank() == 1)
        given.request.columns = .drawn(2)
        #expect(try (1...2).contains(#require(try rank())))
        given.request.columns = .drawn(99)
        #expect(try rank() == 4)
        given.request.columns = .listed([5])
        #expect(given.fault() == "net.onnx: has 5 inputs, from 0 on: --columns names 5")
        var image = try GivenNet(
            [Bytes.node("Abs", ["x"], ["y"])], input: [2, 20, 18],
            points: [[Float](repeating: 1, count: 720)])
        func patched(_ patch: Int?) throws -> Double? {
            image.request.patch = patch
            return try list(try image.metrics()["local_rank"]?["0.01"]?["mean"]).first
        }
        #expect(try patched(nil) == 512)
        #expect(try patched(3) == 18)
        #expect(try patched(19) == 684)
    }

    @Test func `Numbers are scaled, then centred by channel; channels may come last`() throws {
        // Two pixels of three channels.
        var given = try GivenNet(
            [Bytes.node("Identity", ["x"], ["y"], name: "same")], input: [3, 1, 2],
            points: [[2, 4, 6, 8, 10, 12]], shape: [1, 2, 3])
        given.request.preprocessing.channelsAreLast = true
        given.request.preprocessing.scale = 0.5
        given.request.preprocessing.mean = [1, 2, 3]
        given.request.preprocessing.deviation = [1, 2, 4]
        let saved = try given.saved("same.npy")
        #expect(saved.shape == [1, 3, 1, 2])
        #expect(saved.numbers == [0, 3, 0, 1.5, 0, 0.75])
        #expect(try given.metrics()["preprocessing"] == given.request.preprocessing.json)
        given.request.preprocessing.mean = [1, 2]
        #expect(given.fault()?.hasSuffix("expected 2 channels, as --mean and --std have") == true)
    }

    @Test func `Values of layers are saved in their shapes`() throws {
        var given = try GivenNet(
            [
                Bytes.node("Relu", ["x"], ["a"], name: "/block/relu"),
                Bytes.node("Neg", ["a"], ["y"], name: "neg"),
            ], input: [1, 2, 2], points: [[1, -1, 2, -2], [5, 6, 7, 8]])
        let saved = try given.saved("_block_relu.npy")
        #expect(saved.shape == [2, 1, 2, 2] && saved.numbers == [1, 0, 2, 0, 5, 6, 7, 8])
        let folder = given.files.folder.appending(path: "out")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
                "_block_relu.npy", "neg.npy",
            ])
        given.request.outputsFolder = given.files.folder.appending(path: "none/out").path
        #expect(given.fault() == "none/out: cannot be made: No such file or directory")
        given.request.outputsFolder = given.files.folder.appending(path: "net.onnx").path
        #expect(given.fault()?.hasPrefix("net.onnx/_block_relu.npy: cannot be written") == true)
        given = try GivenNet(
            [Bytes.node("Relu", ["x"], ["a"], name: "a/b"), Bytes.node("Relu", ["a"], ["y"], name: "a_b")],
            input: [1], points: [[1]])
        given.request.outputsFolder = given.files.folder.appending(path: "out").path
        #expect(
            given.fault()
                == "out: layers 'a/b' and 'a_b' would both be written to a_b.npy: choose one with --layers")
    }

    @Test func `Layers are chosen by names and patterns`() throws {
        var given = try Pair().graph()
        #expect(try given.metrics()["layers"] == .array(["fc1", "/act/Relu", "fc2"].map(JSONValue.string)))
        given.request.layers = ["*Relu*", "fc1"]
        #expect(try given.metrics()["layers"] == .array(["fc1", "/act/Relu"].map(JSONValue.string)))
        given.request.layers = ["conv*"]
        #expect(given.fault() == "net.onnx: has no layer 'conv*'; it has fc1, /act/Relu, fc2")
        given.request.layers = nil
        given.request.listsLayers = true
        let table = try #require(try given.metrics()["table"]?.string).split(separator: "\n")
        #expect(table.count == 4 && table[1].hasPrefix("fc1") && table[1].contains("Gemm"))
        #expect(table[1].contains("54") && table[1].hasSuffix("yes"))
    }

    @Test func `What needs more memory than is free is refused with what would fit`() throws {
        var given = try GivenNet(
            [Bytes.node("Abs", ["x"], ["y"])], input: [1, 64, 64],
            points: [[Float](repeating: 1, count: 4096)])
        // A patch changes no number outside it: 256 of the input and 256 of the layer.
        #expect(
            given.fault(memory: 1_000_000)
                == "net.onnx: needs 1.62 MB of memory (524 kB for the derivatives in 256 inputs), and 1 MB are free; "
                + "what would fit: --patch 13, or fewer --layers")
        given.request.patch = 13
        #expect(given.fault(memory: 1_000_000) == nil)
        given.request.patch = nil
        given.request.columns = .drawn(200)
        #expect(given.fault(memory: 1_000_000)?.contains("what would fit: --columns random:188") == true)
        #expect(given.fault(memory: 1000)?.hasSuffix("what would fit: fewer --layers") == true)
        given.request.outputsFolder = given.files.folder.appending(path: "out").path
        given.request.measures = []
        #expect(given.fault(memory: 120_000)?.contains("for the layers' values at 1 point)") == true)
        given.request.listsLayers = true
        #expect(given.fault(memory: 0) == nil)
    }
}
