import Foundation
import Learning
import LinearAlgebra
import Model
import TestSupport
import Testing

@testable import ONNX

private typealias G = Graphs

private func weights(_ shape: [Int]) -> [Float] {
    (0..<shape.reduce(1, *)).map { Float(($0 * 7) % 11) / 11 - 0.4 }
}

private func initializer(_ name: String, _ shape: [Int]) -> [UInt8] { G.floats(name, shape, weights(shape)) }

/// A convolutional network, an attention over four tokens, and one that computes its shapes.
private let networks: [Graphs] = [
    G(
        nodes: [
            G.node(
                "Conv", ["x", "w", "b"], ["c"], G.ints(attribute: "pads", [1, 1, 1, 1]),
                G.ints(attribute: "strides", [2, 2]), G.int("group", 1)),
            G.node("BatchNormalization", ["c", "b", "b", "b", "v"], ["n"]), G.node("Relu", ["n"], ["r"]),
            G.node("MaxPool", ["r"], ["p"], G.ints(attribute: "kernel_shape", [2, 2])),
            G.node("ConvTranspose", ["p", "w2"], ["t"], G.ints(attribute: "strides", [2, 2])),
            G.node("Resize", ["t", "", "k"], ["z"], G.text("mode", "linear")),
            G.node("GlobalAveragePool", ["z"], ["g"]), G.node("Flatten", ["g"], ["f"]),
            G.node("Gemm", ["f", "w3", "b3"], G.int("transB", 1)),
        ],
        initializers: [
            initializer("w", [4, 2, 3, 3]), initializer("b", [4]), G.floats("v", [4], [1, 2, 3, 4]),
            initializer("w2", [4, 2, 2, 2]), G.floats("k", [4], [1, 1, 2, 2]), initializer("w3", [3, 2]),
            initializer("b3", [3]),
        ], input: [nil, 2, 8, 8]),
    G(
        nodes: [
            G.node("LayerNormalization", ["x", "s", "s"], ["n"]), G.node("MatMul", ["n", "w"], ["q"]),
            G.node("Split", ["q", "parts"], ["a", "b", "c"], G.int("axis", 2)),
            G.node("Transpose", ["b"], ["bt"], G.ints(attribute: "perm", [0, 2, 1])),
            G.node("MatMul", ["a", "bt"], ["l"]), G.node("Softmax", ["l"], ["m"]),
            G.node("MatMul", ["m", "c"], ["o"]),
            G.node("Add", ["o", "x"], ["sum"]), G.node("Gelu", ["sum"], ["g"]),
            G.node("ReduceMean", ["g"], G.ints(attribute: "axes", [1]), G.int("keepdims", 0)),
        ],
        initializers: [initializer("s", [6]), initializer("w", [6, 18]), G.ints("parts", [6, 6, 6])],
        input: [nil, 4, 6], opset: 17),
    G(
        nodes: [
            G.node("Shape", ["x"], ["h"]), G.node("Gather", ["h", "i"], ["n"]),
            G.node("Concat", ["n", "rest"], ["t"], G.int("axis", 0)), G.node("Reshape", ["x", "t"], ["r"]),
            G.node("Range", ["zero", "three", "one"], ["e"]),
            G.node("Gather", ["r", "e"], ["ga"], G.int("axis", 1)),
            G.node("Pad", ["ga", "pads"], ["pa"], G.text("mode", "reflect")),
            G.node("Slice", ["pa", "st", "en", "ax", "step"], ["sl"]),
            G.node("Tile", ["sl", "times"], ["ti"]), G.node("Expand", ["ti", "wide"], ["ex"]),
            G.node("Where", ["mask", "ex", "ti"], ["wh"]), G.node("Clip", ["wh", "low"], ["y"]),
        ],
        initializers: [
            G.ints("i", [0]), G.ints("rest", [3, 4]), G.ints("zero", [0], shape: []),
            G.ints("three", [3], shape: []),
            G.ints("one", [1], shape: []), G.ints("pads", [0, 1, 1, 0, 1, 2]), G.ints("st", [-1]),
            G.ints("en", [-100]), G.ints("ax", [2]), G.ints("step", [-2]), G.ints("times", [1, 2, 1]),
            G.ints("wide", [2, 10, 4]), G.ints("mask", [1], shape: []), G.floats("low", [], [0]),
        ], input: [nil, 12]),
]

/// Bytes of a network in which a few are changed, cut out or repeated.
private func mangled(_ bytes: [UInt8], _ draws: inout Draws) -> [UInt8] {
    var bytes = bytes
    func draw(_ count: Int) -> Int { Int(draws.next() % UInt64(count)) }
    let special: [UInt8] = [0, 1, 2, 3, 0x7f, 0x80, 0xff]
    for _ in 0...draw(3) {
        let offset = draw(bytes.count)
        switch draw(6) {
        case 0: bytes[offset] = UInt8(truncatingIfNeeded: draws.next())
        case 1, 2: bytes[offset] = special[draw(special.count)]
        case 3: bytes[offset] ^= 1 << UInt8(draw(8))
        case 4: bytes[offset] = bytes[draw(bytes.count)]
        default:
            // Eight bytes, as a whole number has.
            for (index, byte) in [0, 0, 0, 0x40, 0xff, 0xff, 0xff, 0x7f].enumerated()
            where offset + index < bytes.count && draw(2) == 0 { bytes[offset + index] = UInt8(byte) }
        }
    }
    return bytes
}

@Suite(.timeLimit(.minutes(5))) struct GraphManglingTests {
    @Test func `The networks themselves can be measured`() throws {
        for network in networks {
            let graph = try network.compile()
            let count = graph.inputShape.reduce(1, *)
            let values = try graph.values([graph.plan.last], at: weights([count]))[0]
            #expect(values.count == graph.outputShape.reduce(1, *) && values.allSatisfy(\.isFinite))
        }
    }

    /// Each is compiled and computed, or refused: a trap would end the tests.
    @Test(arguments: 0..<3) func `Mangled networks are refused, or computed`(index: Int) throws {
        let whole = networks[index].bytes
        var draws = Draws(UInt64(index + 1))
        var (refused, computed) = (0, 0)
        for _ in 0..<300 {
            let bytes = mangled(whole, &draws)
            guard let model = try? ONNXModel(bytes: bytes, path: "net.onnx"),
                let graph = try? NetworkGraph(model),
                graph.plan.values.reduce(0, { $0 + $1.size.count }) < 1 << 16,
                graph.layers.reduce(0, { $0 + $1.cost }) < 1 << 22, let parameters = try? graph.parameters()
            else {
                refused += 1
                continue
            }
            #expect(parameters.count == graph.plan.parameterCount)
            let values = Array(Set(graph.layers.map { $0.value } + [graph.plan.last])).sorted()
            let network = Network<Float>(
                NetworkShape(graph: graph.plan, layers: values), loss: .crossEntropy, points: 2)
            network.parameters.flat.assign(parameters)
            let inputs = Matrix<Float>(rows: 2, columns: graph.inputShape.reduce(1, *))
            inputs.assign(weights([inputs.count]))
            let outputs = network.outputs(at: inputs)
            #expect(outputs.count == values.count)
            let columns = Array(0..<min(3, inputs.columns))
            let tangents = NetworkTangents(network, of: values, inputs: columns)
            tangents.forEachJacobian(at: inputs.rows(0..<1)) { jacobian in
                #expect(jacobian.transposed.rows == columns.count)
                #expect(jacobian.transposed.columns == jacobian.units.count)
                #expect(jacobian.units.total == graph.plan.values[jacobian.value].size.count)
            }
            computed += 1
        }
        // Changed weights and names can be computed, and most changed sizes can't.
        #expect(refused > 20 && computed > 5, "\(refused) refused, \(computed) computed")
    }
}
