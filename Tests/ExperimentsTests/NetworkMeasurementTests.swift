import Foundation
import LinearAlgebra
import Measures
import Model
import Sweep
import TestSupport
import Testing
import Text

@testable import Experiments

/// A random network as nested lists, its numbers those of single precision.
private struct PlainNetwork {
    var activation: Activation
    /// [layer][output][input]
    var weights: [[[Double]]] = []
    var biases: [[Double]] = []
    var points: [[Double]] = []
    var labels: [Int] = []
    private var state: UInt64

    init(_ seed: Int, units: [Int], activation: Activation, points count: Int) {
        self.activation = activation
        state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        for (layer, (inputs, outputs)) in zip(units, units.dropFirst()).enumerated() {
            let scale = pow(10, -Double(layer) / 4) / Double(inputs).squareRoot()
            weights.append((0..<outputs).map { _ in draws(inputs, 2 * scale) })
            biases.append(draws(outputs, 0.3))
        }
        points = (0..<count).map { _ in draws(units[0], 1.5) }
        labels = (0..<count).map { $0 * 5 % units[units.count - 1] }
    }

    private mutating func draws(_ count: Int, _ scale: Double) -> [Double] {
        (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(Float(scale * (Double(state >> 40) / 0x1p23 - 1)))
        }
    }

    private func apply(_ p: Double) -> (value: Double, slope: Double) {
        return (activation.plain(p), activation.plainSlope(p))
    }

    /// Outputs, Jacobians of each layer and active units of each hidden one, at a point.
    func at(_ point: [Double]) -> (outputs: [Double], jacobians: [[[Double]]], active: [Int]) {
        var (h, below) = (point, [[Double]]())
        var (jacobians, active): ([[[Double]]], [Int]) = ([], [])
        for (layer, (weight, bias)) in zip(weights, biases).enumerated() {
            let jacobian =
                layer == 0
                ? weight
                : weight.map { row in
                    point.indices.map { j in row.indices.reduce(0) { $0 + row[$1] * below[$1][j] } }
                }
            jacobians.append(jacobian)
            let p = zip(weight, bias).map { row, b in row.indices.reduce(b) { $0 + row[$1] * h[$1] } }
            guard layer + 1 < weights.count else { return (p, jacobians, active) }
            let values = p.map(apply)
            active.append(values.count { $0.slope != 0 })
            h = values.map(\.value)
            below = zip(jacobian, values).map { row, value in row.map { $0 * value.slope } }
        }
        return (h, jacobians, active)
    }

    func write(to files: GivenFiles) throws -> MeasureRequest {
        var tensors: [(name: String, shape: [Int], values: [Float])] = []
        for (layer, (weight, bias)) in zip(weights, biases).enumerated() {
            tensors.append(
                (
                    "layers.\(layer).weight", [weight.count, weight[0].count],
                    weight.flatMap { $0 }.map(Float.init)
                ))
            tensors.append(("layers.\(layer).bias", [bias.count], bias.map(Float.init)))
        }
        let x = try files.write(
            GivenFiles.npy([points.count, points[0].count], floats: points.flatMap { $0 }.map(Float.init)),
            "x.npy")
        let y = try files.write(GivenFiles.npy("|u1", [labels.count], labels.map { UInt8($0) }), "y.npy")
        let request = MeasureRequest.Points.array(x, labels: y)
        return MeasureRequest(
            weights: try files.write(WeightsFile.bytes(of: tensors)), points: request, activation: activation,
            measures: MeasureRequest.measures(for: request, activation),
            thresholds: [1e-3, 0.01, 0.1, 1], relative: [1e-3, 0.01, 0.1])
    }
}

private let nowhere = DataDirectory(data: "", cache: nil)

private func list(_ value: JSONValue?) throws -> [Double] {
    try #require(value?.array).compactMap(\.number)
}

private func mean(_ counts: [Int]) -> Double { Double(counts.reduce(0, +)) / Double(counts.count) }

private func isClose(_ a: [Double], _ b: [Double], _ tolerance: Double) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

@Test(arguments: [Activation.linear, .relu, .tanh])
func `Measures are those of the plain definitions`(activation: Activation) throws {
    let files = try GivenFiles()
    for (seed, units) in [[7, 5], [6, 9, 4], [12, 8, 8, 3], [3, 16, 10, 6, 5]].enumerated() {
        let network = PlainNetwork(seed + 1, units: units, activation: activation, points: 11)
        let request = try network.write(to: files)
        let metrics = try measure(request, data: nowhere)
        let found = network.points.map { network.at($0) }
        let spectra = try found.map { try $0.jacobians.map { try Matrix<Double>($0).singularValues() } }
        let layers = 0..<units.count - 1
        for (key, thresholds) in [
            ("local_rank", request.thresholds), ("local_rank_relative", request.relative),
        ] {
            for threshold in thresholds {
                let expected = layers.map { layer in
                    mean(
                        spectra.map { point in
                            let (values, largest) = (point[layer], point[layer].first ?? 0)
                            return key == "local_rank"
                                ? values.count { $0 > threshold }
                                : values.count { $0 >= threshold * largest && largest > 0 }
                        })
                }
                let ranks = try list(metrics[key]?[JSONValue.text(of: threshold)]?["mean"])
                #expect(ranks == expected, "\(key) \(threshold), \(units)")
            }
        }
        let active = layers.dropLast().map { layer in mean(found.map { $0.active[layer] }) }
        if activation == .relu, units.count > 2 {
            #expect(try list(metrics["active_units"]?["mean"]) == active)
        } else {
            #expect(metrics["active_units"] == nil)
        }
        let hits = zip(found, network.labels).count { point, label in
            point.outputs.firstIndex(of: point.outputs.max() ?? 0) == label
        }
        #expect(metrics["accuracy"]?.number == Double(hits) / 11)
        let loss = zip(found, network.labels).reduce(0.0) { sum, pair in
            sum + log(pair.0.outputs.reduce(0) { $0 + exp($1) }) - pair.0.outputs[pair.1]
        }
        #expect(abs(try #require(metrics["test_loss"]?.number) - loss / 11) < 1e-6)
        let singular = try network.weights.map { try Matrix<Double>($0).singularValues() }
        let norms = network.weights.map { $0.joined().reduce(0) { $0 + $1 * $1 }.squareRoot() }
        let spectral = singular.map { $0[0] }
        #expect(isClose(try list(metrics["spectral_norm"]), spectral, 1e-12))
        #expect(isClose(try list(metrics["frobenius_norm"]), norms, 1e-12))
        let stable = zip(norms, spectral).map { ($0 / $1) * ($0 / $1) }
        #expect(isClose(try list(metrics["stable_rank"]), stable, 1e-12))
        #expect(
            try list(metrics["numerical_rank"])
                == zip(units, units.dropFirst()).map { Double(min($0, $1)) })
    }
}

@Test func `A measure that is not asked for is not there`() throws {
    let files = try GivenFiles()
    let network = PlainNetwork(3, units: [6, 5, 4], activation: .relu, points: 9)
    var request = try network.write(to: files)
    let keys: [MeasureRequest.Measure: [String]] = [
        .localRank: ["local_rank", "local_rank_relative"], .activeUnits: ["active_units"],
        .accuracy: ["accuracy"], .loss: ["test_loss"], .spectralNorm: ["spectral_norm"],
        .frobeniusNorm: ["frobenius_norm"], .stableRank: ["stable_rank"],
        .numericalRank: ["numerical_rank"],
    ]
    let all = try #require(try measure(request, data: nowhere).object)
    #expect(all.keys.sorted() == (keys.values.flatMap { $0 } + ["layers"]).sorted())
    #expect(all["layers"] == .array([.string("layers.0"), .string("layers.1")]))
    for name in MeasureRequest.Measure.defaults where name != .kl {
        request.measures = [name]
        let metrics = try #require(try measure(request, data: nowhere).object)
        #expect(metrics.keys.sorted() == ((keys[name] ?? []) + ["layers"]).sorted())
        for (key, value) in metrics { #expect(all[key] == value) }
    }
    #expect(MeasureRequest(request.json) == request)
    // Norms are the same where there are no points.
    request.measures = MeasureRequest.Measure.ofWeights
    request.points = .noPoints
    #expect(MeasureRequest(request.json) == request)
    let norms = try #require(try measure(request, data: nowhere).object)
    #expect(norms.count == 5 && norms.allSatisfy { all[$0.key] == $0.value })
    request.rankPoints = 4
    request.points = .images("i", labels: nil, .symmetric)
    #expect(MeasureRequest(request.json) == request)
    request.points = .dataset(.fashionMNIST, .unit)
    #expect(MeasureRequest(request.json) == request)
}

@Test func `Ranks are of the first points`() throws {
    let files = try GivenFiles()
    let network = PlainNetwork(4, units: [6, 9, 8], activation: .relu, points: 9)
    var request = try network.write(to: files)
    request.measures = [.activeUnits]
    request.rankPoints = 2
    let active = try list(try measure(request, data: nowhere)["active_units"]?["mean"])
    #expect(active == [mean(network.points.prefix(2).map { network.at($0).active[0] })])
}

@Test func `Networks and points that do not fit are refused`() throws {
    let files = try GivenFiles()
    let network = PlainNetwork(5, units: [6, 5, 4], activation: .relu, points: 9)
    let request = try network.write(to: files)
    func words(_ change: (inout MeasureRequest) throws -> Void) throws -> String? {
        var changed = request
        try change(&changed)
        do throws(ExperimentError) {
            _ = try measure(changed, data: nowhere)
            return nil
        } catch { return error.description.replacingOccurrences(of: files.folder.path + "/", with: "") }
    }
    #expect(try words { _ in } == nil)
    #expect(try words { $0.rankPoints = 10 } == "x.npy: holds 9 points; 10 are asked for")
    #expect(
        try words { $0.weights = try files.write(WeightsFile.bytes(of: [("weight", [1, 1], [1])]), "n") }
            == "x.npy: has points of 6 numbers, but the network in n takes 1")
    let labels = try files.write(GivenFiles.npy("|u1", [9], [0, 0, 0, 4, 0, 0, 0, 0, 0]), "z.npy")
    let x = files.folder.path + "/x.npy"
    let beyond = "z.npy: has the label 4 at 3, but the network in w.safetensors has 4 outputs"
    #expect(try words { $0.points = .array(x, labels: labels) } == beyond)
    // Where nobody asks for them, labels may be of anything.
    #expect(
        try words {
            $0.points = .array(x, labels: labels)
            $0.measures = [.localRank]
        } == nil)
    let huge = [Float](repeating: 1e38, count: 36)
    #expect(
        try words {
            $0.weights = try files.write(
                WeightsFile.bytes(of: [("0.weight", [6, 6], huge), ("1.weight", [6, 6], huge)]), "h")
        } == "x.npy: gives the network in h outputs that are not finite")
    #expect(
        try words {
            $0.weights = try files.write(
                WeightsFile.bytes(of: (0..<4).map { ("\($0).weight", [6, 6], huge) }), "h")
        } == "h: has weights so large that Jacobians are beyond double precision")
    #expect(
        try words { $0.points = .dataset(.mnist, .unit) }?.hasPrefix("/mnist: no such data: looked for")
            == true)
}

/// Were memory taken for the square of the widest layer, this would need 26 GB.
@Test func `A wide layer on few inputs takes little memory`() throws {
    let files = try GivenFiles()
    let network = PlainNetwork(7, units: [2, 40_000, 3], activation: .tanh, points: 2)
    var request = try network.write(to: files)
    request.measures = [.localRank, .numericalRank]
    let metrics = try measure(request, data: nowhere)
    #expect(try list(metrics["local_rank"]?["0.01"]?["mean"]) == [2, 2])
    #expect(try list(metrics["numerical_rank"]) == [2, 3])
}

/// Zero weights are a network too: dead, of rank 0.
@Test func `A zero network has rank zero`() throws {
    let files = try GivenFiles()
    let network = PlainNetwork(6, units: [6, 5, 4], activation: .relu, points: 9)
    var request = try network.write(to: files)
    request.weights = try files.write(
        WeightsFile.bytes(of: [
            ("0.weight", [5, 6], [Float](repeating: 0, count: 30)),
            ("1.weight", [4, 5], [Float](repeating: 0, count: 20)),
        ]), "zero")
    let metrics = try measure(request, data: nowhere)
    for key in ["spectral_norm", "frobenius_norm", "stable_rank", "numerical_rank"] {
        #expect(try list(metrics[key]) == [0, 0], "\(key)")
    }
    for key in ["local_rank", "local_rank_relative"] {
        #expect(try list(metrics[key]?["0.01"]?["mean"]) == [0, 0])
    }
    #expect(abs(try #require(metrics["test_loss"]?.number) - log(4)) < 1e-6)
}

@Test func `The catalogue's measures are those of its points`() throws {
    let files = try GivenFiles()
    let network = PlainNetwork(8, units: [6, 5, 4], activation: .tanh, points: 9)
    var request = try network.write(to: files)
    for declaration in MeasureCatalogue.listed where declaration.isOfAnyNetwork {
        request.measures = [try #require(.init(rawValue: declaration.name))]
        #expect(MeasureRequest(request.json) == request)
        let metrics = try #require(try measure(request, data: nowhere).object)
        let due = declaration.metrics.filter { !$0.isOptional }.map(\.key) + ["layers"]
        #expect(metrics.keys.sorted() == due.sorted())
    }
    request.measures = [try #require(.init(rawValue: "effective_rank"))]
    for count in [nil, 4] {
        request.rankPoints = count
        let rows = network.points.prefix(count ?? 9).map { network.at($0).outputs }
        let found = try list(try measure(request, data: nowhere)["effective_rank"])
        let expected = try EffectiveRank(Matrix<Double>(rows)).entropy
        #expect(found.count == 2 && abs(found[1] - expected) < 1e-5)
    }
}
