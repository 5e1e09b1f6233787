import Foundation
import TestSupport
import Testing

@testable import ONNX

private typealias G = Graphs

/// A network that can't be measured, and the fault.
private struct Wrong: CustomTestStringConvertible {
    let message: String
    let graph: Graphs
    var shape: [Int]?
    var testDescription: String { message }

    init(
        _ message: String, _ nodes: [UInt8]..., constants: [[UInt8]] = [], input: [Int?] = [nil, 4],
        shape: [Int]? = nil
    ) {
        self.message = message
        self.shape = shape
        graph = Graphs(nodes: nodes, initializers: constants, input: input)
    }
}

private let image: [Int?] = [nil, 2, 6, 6]
private let kernels = G.floats("w", [4, 2, 3, 3], [Float](repeating: 1, count: 72))
private func conv(_ attributes: [UInt8]...) -> [UInt8] {
    Graphs.Bytes.node("Conv", ["x", "w"], ["y"], name: "conv", attributes: attributes)
}

private let wrongNetworks: [Wrong] = [
    Wrong(
        "node 'y' (FFT) is not an operation that can be measured; these are: Abs, Add, And,",
        G.node("FFT", ["x"])),
    Wrong(
        "node 'y' (Gelu) belongs to the domain 'com.microsoft': only ONNX's own operations can be measured",
        G.node("Gelu", ["x"], domain: "com.microsoft")),
    Wrong(
        "node 'y' (BatchNormalization) is in training mode: export the network after .eval()",
        G.node("BatchNormalization", ["x", "v", "v", "v", "v"], G.int("training_mode", 1)),
        constants: [G.floats("v", [4], [1, 1, 1, 1])]),
    Wrong(
        "node 'y' (BatchNormalization) needs a scale, bias, mean and variance for each channel",
        G.node("BatchNormalization", ["x", "v", "v", "v", "v"]), constants: [G.floats("v", [3], [1, 1, 1])]),
    Wrong(
        "node 'y' (Conv) takes its kernels from the data: they must be constant", G.node("Conv", ["x", "x"]),
        input: image),
    Wrong(
        "node 'y' (Gather) looks up what the data say, as embeddings of tokens do: that has no Jacobian.",
        G.node("Gather", ["v", "x"]), constants: [G.floats("v", [4], [1, 1, 1, 1])]),
    Wrong(
        "node 'y' (Gather) has an index outside of axis 1, of size 4",
        G.node("Gather", ["x", "i"], G.int("axis", 1)), constants: [G.ints("i", [0, 4])]),
    Wrong(
        "node 'y' (Add) can't broadcast shapes [1, 4] and [3]", G.node("Add", ["x", "v"]),
        constants: [G.floats("v", [3], [1, 1, 1])]),
    Wrong(
        "node 'y' (MatMul) can't multiply shapes [1, 4] and [3, 1]", G.node("MatMul", ["x", "v"]),
        constants: [G.floats("v", [3, 1], [1, 1, 1])]),
    Wrong(
        "node 'y' (Reshape) can't give 4 numbers, of shape [1, 4], the shape [8, 4]; was the network exported for "
            + "a fixed batch of more than one input?", G.node("Reshape", ["x", "s"]),
        constants: [G.ints("s", [8, 4])], input: [8, 4]),
    Wrong(
        "node 'y' (Reshape) can't give 4 numbers, of shape [1, 4], the shape [-1, 3]",
        G.node("Reshape", ["x", "s"]), constants: [G.ints("s", [-1, 3])]),
    Wrong(
        "node 'y' (Reshape) can't give 4 numbers, of shape [1, 4], the shape [-2, -2]",
        G.node("Reshape", ["x", "s"]), constants: [G.ints("s", [-2, -2])]),
    Wrong(
        "node 'y' (Transpose) has the permutation [0, 0] for 2 axes",
        G.node("Transpose", ["x"], G.ints(attribute: "perm", [0, 0]))),
    Wrong(
        "node 'y' (Transpose) has the permutation [0, 2, 1] for 2 axes",
        G.node("Transpose", ["x"], G.ints(attribute: "perm", [0, 2, 1]))),
    Wrong("node 'y' (Softmax) names axis 7 of a tensor with 2", G.node("Softmax", ["x"], G.int("axis", 7))),
    Wrong(
        "node 'y' (Gather) names axis 0 of a tensor with 0", G.node("Gather", ["k", "k"]),
        constants: [G.ints("k", [0], shape: [])]),
    Wrong(
        "node 'y' (Slice) has a step of 0", G.node("Slice", ["x", "i", "i", "i", "i"]),
        constants: [G.ints("i", [0])]),
    Wrong(
        "node 'y' (Squeeze) squeezes axes [1] of shape [1, 4], whose size isn't 1",
        G.node("Squeeze", ["x", "i"]), constants: [G.ints("i", [1])]),
    Wrong(
        "node 'conv' (Conv) has strides [0, 1] for 2 axes", conv(G.ints(attribute: "strides", [0, 1])),
        constants: [kernels], input: image),
    Wrong(
        "node 'conv' (Conv) has dilations [1] for 2 axes", conv(G.ints(attribute: "dilations", [1])),
        constants: [kernels], input: image),
    Wrong(
        "node 'conv' (Conv) has pads [-1, 0, 0, 0] for 2 axes",
        conv(G.ints(attribute: "pads", [-1, 0, 0, 0])), constants: [kernels], input: image),
    Wrong(
        "node 'conv' (Conv) has no kernel_shape of 2 sizes that fits",
        conv(G.ints(attribute: "kernel_shape", [5, 5])), constants: [kernels], input: image),
    Wrong(
        "node 'conv' (Conv) has a window of 9 pixels for an image of 6",
        conv(G.ints(attribute: "dilations", [4, 1])), constants: [kernels], input: image),
    Wrong(
        "node 'conv' (Conv) has an unknown auto_pad 'SAME'", conv(G.text("auto_pad", "SAME")),
        constants: [kernels], input: image),
    Wrong(
        "node 'conv' (Conv) has kernels of shape [4, 2, 3, 3] in 0 groups for 2 channels",
        conv(G.int("group", 0)), constants: [kernels], input: image),
    Wrong(
        "node 'y' (MaxPool) has no kernel_shape of 2 sizes that fits",
        G.node("MaxPool", ["x"], G.ints(attribute: "kernel_shape", [0, 2])), input: image),
    Wrong(
        "node 'y' (Split) splits 4 into [1, 1]",
        G.node("Split", ["x", "i"], ["y", "z"], G.int("axis", 1)), constants: [G.ints("i", [1, 1])]),
    Wrong("node 'y' (Cast) casts to string, which can't be measured", G.node("Cast", ["x"], G.int("to", 8))),
    Wrong("node 'y' (Add) lacks its input 1", G.node("Add", ["x"])),
    Wrong("node 'y' (Softmax) 'axis' is not a whole number", G.node("Softmax", ["x"], G.text("axis", "1"))),
    Wrong("takes inputs without numbers, of shape [1, 0]", G.node("Relu", ["x"]), input: [nil, 0]),
    Wrong(
        "makes more than 2^28 numbers, of shape [1, ", G.node("Relu", ["x"]), input: [nil, 1 << 40, 1 << 40]),
    Wrong(
        "has no result that depends on its input 'x'", G.node("Identity", ["v"]),
        constants: [G.ints("v", [1])]),
]

/// Sizes that would take memory or time without end, or overflow.
private let hugeNetworks: [Wrong] = [
    Wrong(
        "node 'r' (Range) makes too long a range", G.node("Range", ["a", "b", "c"], ["r"]),
        G.node("Add", ["x", "r"]),
        constants: [
            G.ints("a", [0], shape: []), G.ints("b", [1 << 60], shape: []), G.ints("c", [1], shape: []),
        ]),
    Wrong(
        "node 'r' (Range) has a step of 0", G.node("Range", ["a", "b", "a"], ["r"]),
        G.node("Add", ["x", "r"]),
        constants: [G.ints("a", [0], shape: []), G.ints("b", [9], shape: [])]),
    Wrong(
        "node 'y' (Expand) makes more than 2^24 numbers, of shape [5000000, 4]",
        G.node("Expand", ["x", "s"]),
        constants: [G.ints("s", [5_000_000, 4])], input: [nil, 4]),
    Wrong(
        "node 'y' (Expand) makes a shape with a negative size: [-7, 4]", G.node("Expand", ["x", "s"]),
        constants: [G.ints("s", [-7, 4])]),
    Wrong(
        "node 'c' (ConstantOfShape) makes more than 2^24 numbers, of shape [0, 2147483648, 2147483648]",
        G.node("ConstantOfShape", ["s"], ["c"]), G.node("Concat", ["x", "c"], G.int("axis", 0)),
        constants: [G.ints("s", [0, 1 << 40, 1 << 40])]),
    Wrong(
        "node 'c' (ConstantOfShape) makes a shape with a negative size: [2, -1]",
        G.node("ConstantOfShape", ["s"], ["c"]), G.node("Add", ["x", "c"]), constants: [G.ints("s", [2, -1])]),
    Wrong(
        "node 'y' (Tile) makes more than 2^24 numbers", G.node("Tile", ["x", "s"]),
        constants: [G.ints("s", [1 << 31, 1 << 31])]),
    Wrong(
        "node 'y' (Tile) needs as many repeats as its input has axes", G.node("Tile", ["x", "s"]),
        constants: [G.ints("s", [1, -1])]),
    Wrong(
        "node 'y' (Pad) makes more than 2^24 numbers", G.node("Pad", ["x", "s"]),
        constants: [G.ints("s", [0, 1 << 62, 0, 1 << 62])]),
    Wrong(
        "node 'y' (Pad) makes a shape with a negative size: [1, -1]", G.node("Pad", ["x", "s"]),
        constants: [G.ints("s", [0, -3, 0, -2])]),
    Wrong(
        "node 'y' (Reshape) can't give 4 numbers", G.node("Reshape", ["x", "s"]),
        constants: [G.ints("s", [3_037_000_499, 3_037_000_501, 5, -1])]),
    Wrong(
        "node 'y' (Unsqueeze) makes a tensor of 302 axes; 32 are the most", G.node("Unsqueeze", ["x", "s"]),
        constants: [G.ints("s", Array(0..<300))]),
    Wrong(
        "node 'z' (Add) makes more than 2^28 numbers, of shape [131072, 131072]",
        G.node("Expand", ["one", "a"], ["p"]), G.node("Expand", ["one", "b"], ["q"]),
        G.node("Add", ["p", "q"], ["z"]),
        G.node("Add", ["x", "z"]),
        constants: [G.ints("a", [1 << 17, 1]), G.ints("b", [1, 1 << 17]), G.ints("one", [1])]),
    Wrong(
        "node 'y' (ConvTranspose) makes more than 2^28 numbers, of shape [1, 4, 10485",
        G.node("ConvTranspose", ["x", "w"], G.ints(attribute: "strides", [1 << 20, 1 << 20])),
        constants: [G.floats("w", [2, 4, 3, 3], [Float](repeating: 1, count: 72))], input: [nil, 2, 11, 11]),
    Wrong(
        "node 'y' (MaxPool) makes more than 2^21 numbers",
        G.node(
            "MaxPool", ["x"], G.ints(attribute: "kernel_shape", [1 << 20]),
            G.ints(attribute: "pads", [1 << 20, 1 << 20])),
        input: [nil, 2, 5]),
    Wrong(
        "node 'y' (Resize) makes more than 2^21 numbers", G.node("Resize", ["x", "", "", "s"]),
        constants: [G.ints("s", [1, 1 << 40])]),
    Wrong(
        "node 'y' (Resize) has scales or sizes that are not positive", G.node("Resize", ["x", "", "s"]),
        constants: [G.floats("s", [2], [1, .infinity])]),
    Wrong(
        "node 'y' (Split) splits into 2147483648 parts, and has 1 outputs",
        G.node("Split", ["x"], G.int("num_outputs", 1 << 40), G.int("axis", 1))),
    Wrong(
        "node 'y' (DepthToSpace) needs four axes, and a block size whose square divides the channels",
        G.node("DepthToSpace", ["x"], G.int("blocksize", Int.max)), input: image),
    Wrong(
        "node 'y' (MatMul) makes more than 2^28 numbers",
        G.node("Expand", ["one", "a"], ["p"]), G.node("MatMul", ["x", "p"]),
        constants: [G.ints("a", [1 << 22, 1, 1]), G.floats("one", [1], [1])], input: [nil, 1 << 8, 1]),
]

@Suite(.timeLimit(.minutes(5))) struct GraphFaultTests {
    @Test(arguments: wrongNetworks) fileprivate func `A network that cannot be measured is refused`(
        wrong: Wrong
    ) throws {
        let fault = try #require(try wrong.graph.fault(shape: wrong.shape), "\(wrong.message)")
        #expect(fault.hasPrefix(wrong.message), "\(fault)")
    }

    @Test(arguments: hugeNetworks) fileprivate func `Sizes are checked before anything is made`(
        wrong: Wrong
    ) throws {
        let fault = try #require(try wrong.graph.fault(), "\(wrong.message)")
        #expect(fault.hasPrefix(wrong.message), "\(fault)")
    }

    @Test func `A network with several inputs is refused with their names`() throws {
        let bytes = ONNXBytes.model(
            ONNXBytes.graph(
                nodes: [G.node("Add", ["a", "b"])],
                inputs: [ONNXBytes.value("a", shape: [nil, 2]), ONNXBytes.value("b", shape: [nil, 2])],
                outputs: [ONNXBytes.value("y", shape: [])]))
        do {
            _ = try NetworkGraph(ONNXModel(bytes: bytes, path: "net.onnx"))
            Issue.record("no fault")
        } catch let GraphError.graph(fault) {
            #expect(
                fault.words
                    == "has 2 inputs (a, b): only networks with one input can be measured; make the others "
                    + "constants, or join them in one")
        }
    }

    /// 2^12 nodes, each of which makes 2^23 numbers from a file of a few hundred kilobytes.
    @Test func `Constants of many nodes together are bounded, too`() throws {
        var nodes: [[UInt8]] = []
        for index in 0..<4096 { nodes.append(G.node("ConstantOfShape", ["s"], ["c\(index)"])) }
        nodes.append(G.node("Relu", ["x"]))
        let fault = try G(nodes: nodes, initializers: [G.ints("s", [1 << 21])]).fault()
        #expect(
            fault
                == "node 'c8' (ConstantOfShape) is too much: the constants up to here are far more numbers than the "
                + "file holds")
    }

    /// Nodes that keep nothing, but read a large constant each.
    @Test func `What many nodes read together is bounded, too`() throws {
        var nodes = [G.node("ConstantOfShape", ["s"], ["c"])]
        for index in 0..<4096 { nodes.append(G.node("Identity", ["c"], ["r\(index)"])) }
        nodes.append(G.node("Relu", ["x"]))
        let fault = try G(nodes: nodes, initializers: [G.ints("s", [1 << 23])]).fault()
        #expect(
            fault
                == "node 'r254' (Identity) is too much: the nodes up to here compute more than 2^31 numbers and "
                + "indices from sizes")
    }

    @Test func `Long names and lists are cut in messages`() throws {
        let name = String(repeating: "n", count: 60_000)
        let fault = try #require(try G(nodes: [G.node("FFT", ["x"], name: name)]).fault())
        #expect(fault.utf8.count < 3000 && fault.contains("…"))
    }
}
