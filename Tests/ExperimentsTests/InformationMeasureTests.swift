import Foundation
import Learning
import LinearAlgebra
import Measures
import Model
import Sweep
import Testing
import Text

@testable import Experiments

private let nowhere = DataDirectory(data: "/nowhere", cache: nil)

private func trial(_ rest: String, seed: Int = 0) throws -> Trial {
    try SweepSpec(
        parsing: "name: s\nmodel: mlp\ndataset: symmetric\nhidden: [10, 7, 5, 4, 3]\nseed: \(seed)\n"
            + "initialisation: truncated_normal\n\(rest)\n", file: "s.yaml"
    ).grid[0]
}

private func list(_ value: JSONValue?) throws -> [Double] {
    try #require(value?.array).compactMap(\.number)
}

@Suite struct SymmetricSourceTests {
    private func source(_ points: Int = 3277, seed: UInt64 = 0) -> SymmetricSource {
        SymmetricSource(.init(scale: .unit, trainPoints: points), streams: RandomStreams(seed: seed))
    }

    @Test func `Every pattern trains or tests and the seed says which`() {
        let one = source(), other = source(seed: 1)
        #expect(one.train.count == 3277 && one.test.count == 819)
        #expect((one.train + one.test).sorted() == Array(0..<4096))
        #expect(one.train == one.train.sorted() && one.train != other.train)
        #expect(one.train == source().train)
        let all = BatchSource(one).sample(.string("all"))
        #expect(all.inputs.rows == 4096 && all.labels == SymmetricSet.labels && all.classes == 2)
        #expect(BatchSource(one).sample(.number(20)).inputs.rows == 20)
    }

    @Test func `An epoch has each training pattern once but those of no whole batch`() {
        let one = source()
        let batches = BatchSource(one)
        var batch = batches.makeBatch(points: 256)
        var seen: [Int] = []
        for step in 0..<12 {
            batches.fill(&batch, step: step)
            for row in 0..<256 {
                let pattern = (0..<12).reduce(0) { $0 << 1 | Int(batch.inputs[row, $1]) }
                #expect(batch.labels[row] == SymmetricSet.label(of: pattern))
                seen.append(pattern)
            }
        }
        #expect(Set(seen).count == 3072 && Set(seen).isSubset(of: Set(one.train)))
        batches.fill(&batch, step: 12)
        #expect((0..<12).reduce(0) { $0 << 1 | Int(batch.inputs[0, $1]) } != seen[0])
    }
}

@Suite struct InformationMeasureTests {
    /// A naive network, and tuples of bins as arrays in a dictionary.
    private func naive(
        _ layers: [DenseLayer<Float>], _ activation: String, bins: Int
    ) -> (xt: [Double], ty: [Double]) {
        let width = 2 / Double(bins)
        var h = (0..<4096).map { pattern in (0..<12).map { Double(pattern >> (11 - $0) & 1) } }
        var (xt, ty): ([Double], [Double]) = ([], [])
        for (number, layer) in layers.enumerated() {
            let isLast = number + 1 == layers.count
            h = h.map { below in
                let p = (0..<layer.weight.rows).map { unit in
                    below.indices.reduce(Double(layer.bias[0, unit])) {
                        $0 + Double(layer.weight[unit, $1]) * below[$1]
                    }
                }
                let largest = p.max() ?? 0
                let sum = p.reduce(0) { $0 + exp($1 - largest) }
                return p.map {
                    isLast ? exp($0 - largest) / sum : activation == "tanh" ? tanh($0) : max(0, $0)
                }
            }
            var counts: [[Int]: [Int]] = [:]
            for (pattern, units) in h.enumerated() {
                let isBounded = isLast || activation == "tanh"
                let state = units.map {
                    isBounded ? min(bins - 1, Int(($0 + 1) / width)) : Int(($0 / width).rounded(.down))
                }
                counts[state, default: [0, 0]][Int(SymmetricSet.label(of: pattern))] += 1
            }
            func entropy(_ counts: [Int]) -> Double {
                -counts.filter { $0 > 0 }.reduce(0) { $0 + Double($1) / 4096 * log(Double($1) / 4096) }
            }
            let states = entropy(counts.values.map { $0[0] + $0[1] })
            xt.append(states)
            ty.append(states + entropy([2118, 4096 - 2118]) - entropy(counts.values.flatMap { $0 }))
        }
        return (xt, ty)
    }

    /// Activations are of single precision there and of double here: a few of 4096 points may lie on the other
    /// side of an edge, each worth at most ln 4096 / 4096 · 2 nats.
    @Test(arguments: ["tanh", "relu"]) func `The numbers are those of a naive count`(activation: String)
        throws
    {
        var runner = TrialRunner(data: nowhere)
        let trial = try trial(
            "activation: \(activation)\ntraining: {steps: 300, batch_size: 256, learning_rate: 3e-3}\n"
                + "measures: {binned_information: {bins: 20}, local_rank: false}")
        let result = try runner.run(trial.settings, keeping: .final)
        let shape = StackShape(
            units: [12, 10, 7, 5, 4, 3, 2], activation: activation == "tanh" ? .tanh : .relu)
        let parameters = Parameters<Float>(stacks: [shape])
        parameters.flat.assign(try #require(result.kept.first).values)
        let expected = naive(parameters.stacks[0], activation, bins: 20)
        let xt = try list(result.body["metrics"]?["i_xt_nats"])
        let ty = try list(result.body["metrics"]?["i_ty_nats"])
        #expect(xt.count == 6 && xt[0] > 7)
        for layer in 0..<6 {
            #expect(abs(xt[layer] - expected.xt[layer]) < 0.02, "\(layer)")
            #expect(abs(ty[layer] - expected.ty[layer]) < 0.02, "\(layer)")
        }
        let bits = try list(result.body["metrics"]?["i_xt_bits"])
        #expect(zip(bits, xt).allSatisfy { abs($0 * log(2) - $1) < 1e-12 })
    }

    @Test(arguments: ["tanh", "relu"]) func `Saved weights give the numbers of the record`(activation: String)
        throws
    {
        let files = try GivenFiles()
        var runner = TrialRunner(data: nowhere)
        let trial = try trial(
            "activation: \(activation)\ntraining: {steps: 60, batch_size: 512}\n"
                + "measures: {binned_information: true, kernel_information: true, local_rank: false}")
        let result = try runner.run(trial.settings, keeping: .final)
        let path = files.folder.appending(path: "w.safetensors").path
        #expect(try #require(result.kept.first).write(of: trial, to: path) != nil)
        let request = MeasureRequest(
            weights: path, points: .symmetric(.unit),
            activation: try #require(.init(rawValue: activation)),
            measures: try ["binned_information", "kernel_information"].map {
                try #require(MeasureRequest.Measure(rawValue: $0))
            })
        #expect(MeasureRequest(request.json) == request)
        var found = try #require(try measure(request, data: nowhere).object)
        #expect(found.removeValue(forKey: "layers") != nil && found.count == 8)
        for (key, value) in found { #expect(result.body["metrics"]?[key] == value, "\(key)") }
    }

    /// The first layer tells of all bits as long as it keeps 4096 states: log 4096, and all of y.
    @Test func `A layer that tells all patterns apart has x's information`() throws {
        let sample = try #require(
            SymmetricSource(.init(scale: .unit, trainPoints: 3277), streams: RandomStreams(seed: 0)).all)
        let shape = StackShape(units: [12, 12, 12], activation: .tanh)
        let layers = Parameters<Float>(stacks: [shape]).stacks[0]
        for layer in layers {
            for unit in 0..<12 { layer.weight[unit, unit] = 1 }
        }
        let outputs = LayerOutputs(layers, .tanh, at: sample, lastUnits: 12)
        let information = BinnedInformation(
            outputs.informationLayers[0].activations, labels: sample.labels, bins: 30, range: -1...1)
        #expect(abs(information.inputInformation - log(4096)) < 1e-12)
        #expect(abs(information.targetInformation / log(2) - 0.9991571208502711) < 1e-12)
        #expect(outputs.informationLayers[1].isSoftmax)
        let rows = outputs.informationLayers[1].activations
        for row in [0, 1, 4095] {
            #expect(abs((0..<12).reduce(0) { $0 + rows[row, $1] } - 1) < 1e-6)
        }
    }

    @Test func `The summary says which layers fall, and since when`() throws {
        func entry(_ step: Int, _ values: [Double]) -> [String: JSONValue] {
            ["step": JSONValue(step), "i_xt_nats": JSONValue(values)]
        }
        let steps = [1, 2, 4, 8, 16, 32, 64, 128, 256]
        let along: [[Double]] = [
            [5, 5, 5, 5, 5, 5, 5, 5, 5], [2, 2, 3, 4, 4, 4, 3, 2, 2], [4, 4, 4, 4, 3, 3, 2, 2, 2],
        ]
        let trace = steps.indices.map { index in entry(steps[index], along.map { $0[index] }) }
        let measure = BinnedInformationMeasure(
            MeasureSettings(values: ["bins": .number(30), "delta": .number(0.05)]))
        func summary(_ trace: [[String: JSONValue]]) throws -> [String: JSONValue] {
            measure.summary(try MeasuredTraining(trace: trace, steps: 256)).byKey
        }
        let found = try summary(trace)
        #expect(found["i_xt_falls"] == JSONValue([0, 1, 1]))
        #expect(found["two_phases"] == JSONValue([0, 1, 0]))
        #expect(found["i_xt_fall_nats"] == JSONValue([0.0, 1.0, 2.0]))
        #expect(found["i_xt_fall_step"] == .array([.null, JSONValue(32), JSONValue(8)]))
        #expect(try summary(Array(trace.prefix(4))).isEmpty)
    }
}
