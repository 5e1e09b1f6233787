import TestSupport
import Testing

@testable import ONNX

private typealias Bytes = ONNXBytes

@Suite struct ONNXModelTests {
    @Test func `A network is read as it was written`() throws {
        let model = try ONNXModel(bytes: Bytes.layer, path: "net.onnx")
        #expect(model.formatVersion == 8 && model.opset == 17)
        let graph = model.graph
        #expect(graph.inputs == [.init(name: "x", elementType: .float, shape: [.symbol("n"), .size(3)])])
        #expect(graph.outputs == [.init(name: "y", elementType: .float, shape: [.symbol("n"), .size(2)])])
        #expect(
            graph.nodes.map(\.operation) == ["Gemm", "Relu"] && graph.nodes.map(\.name) == ["fc", "act"])
        #expect(graph.nodes[0].inputs == ["x", "w", "b"] && graph.nodes[0].outputs == ["p"])
        let weight = try #require(graph.initializers["w"])
        #expect(weight.shape == [3, 2] && weight.elementType == .float && weight.count == 6)
        #expect(try weight.floats() == [1, 2, 3, 4, 5, 6])
        #expect(try graph.initializers["b"]?.doubles() == [-1, 0.5])
    }

    @Test func `Attributes of each type have their values; a value that is left out is zero or empty`() throws
    {
        let packed = Bytes.field(8, bytes: [1, 2]) + Bytes.field(8, -3)
        let tensor = Bytes.field(5, bytes: Bytes.tensor("", type: 7, shape: [], Bytes.field(7, 9)))
        let node = Bytes.node(
            "Custom", [], ["y", ""], name: "n",
            attributes: [
                Bytes.attribute("i", type: 2, Bytes.field(3, -5)), Bytes.attribute("i0", type: 2, []),
                Bytes.attribute("f", type: 1, Bytes.field(2, Float(0.5))), Bytes.attribute("f0", type: 1, []),
                Bytes.attribute("s", type: 3, Bytes.field(4, "same")), Bytes.attribute("s0", type: 3, []),
                Bytes.attribute("is", type: 7, packed), Bytes.attribute("is0", type: 7, []),
                Bytes.attribute("fs", type: 6, Bytes.field(7, Float(1)) + Bytes.field(7, Float(2))),
                Bytes.attribute("ss", type: 8, Bytes.field(9, "a") + Bytes.field(9, "")),
                Bytes.attribute("t", type: 4, tensor),
                Bytes.attribute("g", type: 5, Bytes.field(6, bytes: [0xff])),
                Bytes.attribute("r", type: 2, Bytes.field(21, "outer")),
            ], domain: "ai.onnx")
        let bytes = Bytes.model(Bytes.graph(nodes: [node], outputs: [Bytes.value("y", shape: [])]))
        let read = try ONNXModel(bytes: bytes, path: "net.onnx").graph.nodes[0]
        #expect(read.domain == "" && read.outputs == ["y", ""])
        let texts = read.attributes.filter { $0.key != "t" }.mapValues { "\($0)" }
        #expect(
            texts == [
                "i": "int(-5)", "i0": "int(0)", "f": "float(0.5)", "f0": "float(0.0)",
                "s": "string(\"same\")", "s0": "string(\"\")", "is": "ints([1, 2, -3])", "is0": "ints([])",
                "fs": "floats([1.0, 2.0])", "ss": "strings([\"a\", \"\"])", "g": "unsupported(\"graph\")",
                "r": "unsupported(\"reference to a function\\'s attribute\")",
            ])
        guard case .tensor(let nine)? = read.attributes["t"] else {
            Issue.record("no tensor")
            return
        }
        #expect(nine.name == "t of node 'n' (Custom)" && nine.shape == [])
        #expect(try nine.integers() == [9])
    }

    @Test func `An input that has an initializer is not to be given`() throws {
        let bytes = Bytes.model(
            Bytes.graph(
                nodes: [Bytes.node("Add", ["x", "w"], ["y"])],
                initializers: [Bytes.tensor("w", shape: [1], Bytes.raw([2]))],
                inputs: [Bytes.value("x", shape: [1]), Bytes.value("w", shape: [1])],
                outputs: [Bytes.value("y", shape: [1])]))
        #expect(try ONNXModel(bytes: bytes, path: "").graph.inputs.map(\.name) == ["x"])
    }

    @Test func `Sizes that are unknown are symbols without a name`() throws {
        let untyped = Bytes.field(1, "u")
        let bytes = Bytes.model(
            Bytes.graph(
                nodes: [Bytes.node("Relu", ["x"], ["y"])],
                inputs: [Bytes.value("x", shape: [-1, 0]), untyped],
                outputs: [Bytes.value("y", type: 0, shape: [])]))
        let graph = try ONNXModel(bytes: bytes, path: "").graph
        #expect(graph.inputs[0].shape == [.symbol(""), .size(0)])
        #expect(graph.inputs[1] == .init(name: "u", elementType: nil, shape: nil))
        #expect(graph.outputs[0].elementType == nil && graph.outputs[0].shape == [])
    }

    @Test func `Fields that are unknown are skipped, subgraphs however deep`() throws {
        var deep = Bytes.field(1, 1)
        for _ in 0..<200 { deep = Bytes.field(6, bytes: Bytes.field(1, bytes: Bytes.field(5, bytes: deep))) }
        let node = Bytes.node("If", [], ["y"], attributes: [Bytes.attribute("then", type: 5, deep)])
        let unknown = Bytes.field(99, 1) + Bytes.field(98, Float(1)) + Bytes.field(97, "text")
        let bytes =
            unknown
            + Bytes.model(
                unknown + Bytes.graph(nodes: [node + unknown], outputs: [Bytes.value("y", shape: [])]))
        let read = try ONNXModel(bytes: bytes, path: "").graph.nodes[0]
        #expect(read.attributes.mapValues { "\($0)" } == ["then": "unsupported(\"graph\")"])
    }

    @Test func `Another range of opsets may be accepted`() throws {
        let graph = Bytes.graph(
            nodes: [Bytes.node("Relu", [], ["y"])], outputs: [Bytes.value("y", shape: [])])
        let bytes = Bytes.model(graph, opset: 22, domain: "ai.onnx")
        #expect(try ONNXModel(bytes: bytes, path: "", opsets: 1...22).opset == 22)
        #expect(throws: ONNXFault.self) { try ONNXModel(bytes: bytes, path: "") }
    }
}
