import Model
import TestSupport
import Testing

@testable import ONNX

private typealias G = Graphs

@Suite struct GraphCompilerTests {
    @Test func `What depends on sizes alone is no operation of the plan`() throws {
        let graph = try G(
            nodes: [
                G.node("Shape", ["x"], ["s"]), G.node("Gather", ["s", "zero"], ["n"]),
                G.node("Unsqueeze", ["n", "axes"], ["n1"]), G.node("Gather", ["s", "one"], ["c"]),
                G.node("Mul", ["c", "half"], ["h"]),
                G.node("Concat", ["n1", "h", "two"], ["t"], G.int("axis", 0)),
                G.node("Reshape", ["x", "t"], ["r"]), G.node("Relu", ["r"]),
            ],
            initializers: [
                G.ints("zero", [0], shape: []), G.ints("one", [1]), G.ints("axes", [0]), G.ints("two", [-1]),
                G.ints("half", [3]),
            ], input: [nil, 4, 6]
        ).compile()
        #expect(graph.operations == ["ElementwiseOperation"])
        #expect(graph.outputShape == [1, 12, 2] && graph.inputShape == [1, 4, 6])
        #expect(
            graph.layers.map(\.name) == ["r", "y"] && graph.layers.map(\.operation) == ["Reshape", "Relu"])
        #expect(graph.plan.parameterCount == 0)
    }

    @Test func `Constants stay exact, and reductions of them are folded`() throws {
        // 2^40 + 1 and 2^40 differ by 1 in double only.
        let graph = try G(
            nodes: [
                G.node("Sub", ["big", "less"], ["d"]),
                G.node("ReduceProd", ["sizes"], ["p"], G.int("keepdims", 0)),
                G.node("Div", ["p", "five"], ["q"]), G.node("Cast", ["q"], ["f"], G.int("to", 1)),
                G.node("Mul", ["d", "f"], ["k"]), G.node("Mul", ["x", "k"]),
            ],
            initializers: [
                G.ints("big", [1 << 41], shape: []), G.ints("less", [1 << 40], shape: []),
                G.ints("sizes", [2, 3, 4]), G.ints("five", [5], shape: []),
            ]
        ).compile()
        #expect(graph.operations == ["ElementwiseOperation"])
        #expect(try graph.parameters() == [Float(1 << 40) * 4])
        let plain = try G(
            nodes: [
                G.node("Sub", ["big", "less"], ["d"]), G.node("Mul", ["x", "d"]),
            ], initializers: [G.ints("big", [(1 << 40) + 1]), G.ints("less", [1 << 40])]
        ).compile()
        #expect(try plain.parameters() == [1])
    }

    @Test(arguments: [
        "Identity", "Dropout", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Cast",
    ])
    func `The same numbers in another shape make no operation`(operation: String) throws {
        let node =
            switch operation {
            case "Reshape": G.node("Reshape", ["x", "shape"], ["a"])
            case "Squeeze": G.node("Squeeze", ["x", "axis"], ["a"])
            case "Unsqueeze": G.node("Unsqueeze", ["x", "axis"], ["a"])
            case "Cast": G.node("Cast", ["x"], ["a"], G.int("to", 1))
            default: G.node(operation, ["x"], ["a"])
            }
        let graph = try G(
            nodes: [node, G.node("Tanh", ["a"])],
            initializers: [G.ints("shape", [2, -1]), G.ints("axis", [0])], input: [nil, 2, 2]
        ).compile()
        #expect(graph.operations == ["ElementwiseOperation"])
        let alias = try #require(graph.layer("a"))
        #expect(alias.value == 0 && alias.made.isEmpty && alias.cost == 0 && alias.units == 4)
    }

    @Test func `Operands are broadcast from their last axes on`() throws {
        let graph = G(
            nodes: [G.node("Mul", ["x", "c"], ["m"]), G.node("Add", ["m", "r"])],
            initializers: [G.floats("c", [2, 1], [10, 100]), G.floats("r", [3], [1, 2, 3])],
            input: [nil, 2, 3])
        #expect(try graph.output([1, 2, 3, 4, 5, 6]) == [11, 22, 33, 401, 502, 603])
        // The constant may be the larger one.
        let wide = G(
            nodes: [G.node("Sub", ["w", "x"])], initializers: [G.floats("w", [2, 2], [1, 2, 3, 4])],
            input: [nil, 1])
        #expect(try wide.output([1]) == [0, 1, 2, 3])
    }

    /// W [outputs, inputs] = [[1, 2, 3], [4, 5, 6]].
    @Test(arguments: ["MatMul", "Gemm", "Gemm transposed"])
    func `Weights are kept as outputs by inputs, with the bias that is added`(way: String) throws {
        let transposed: [Float] = [1, 4, 2, 5, 3, 6]
        let isTransposed = way == "Gemm transposed"
        let weight =
            isTransposed ? G.floats("w", [2, 3], [1, 2, 3, 4, 5, 6]) : G.floats("w", [3, 2], transposed)
        let bias = G.floats("b", [2], [7, 8])
        let nodes =
            way == "MatMul"
            ? [G.node("MatMul", ["x", "w"], ["p"]), G.node("Add", ["b", "p"])]
            : [G.node("Gemm", ["x", "w", "b"], G.int("transB", isTransposed ? 1 : 0))]
        let model = G(nodes: nodes, initializers: [weight, bias], input: [nil, 3])
        let graph = try model.compile()
        let layer = try #require(graph.plan.weights.first)
        #expect(graph.plan.weights.count == 1)
        #expect(layer.name == (way == "MatMul" ? "p" : "y"))
        #expect(layer.region.rows == 2 && layer.region.columns == 3)
        let numbers = try graph.parameters()
        #expect(Array(numbers[layer.region.range]) == [1, 2, 3, 4, 5, 6])
        #expect(Array(numbers[try #require(layer.bias).range]) == [7, 8])
        let head = try #require(graph.head)
        #expect(head.features == 0 && head.weight == layer)
        #expect(try model.output([1, 10, 100]) == [328, 662])
        #expect(graph.layers.first?.cost == 6)
    }

    @Test func `A network that ends in something else has no head`() throws {
        let w = G.floats("w", [4, 4], [Float](repeating: 1, count: 16))
        for last in ["Softmax", "Relu"] {
            let graph = try G(
                nodes: [G.node("MatMul", ["x", "w"], ["p"]), G.node(last, ["p"])], initializers: [w]
            ).compile()
            #expect(graph.head == nil, "\(last)")
        }
        // Nor one that multiplies several rows, as a network for sequences does.
        let rows = try G(
            nodes: [G.node("MatMul", ["x", "w"])], initializers: [w], input: [nil, 3, 4]
        ).compile()
        #expect(rows.head == nil && rows.plan.weights.count == 1)
    }

    @Test func `Initializers that several nodes read are one parameter`() throws {
        let graph = try G(
            nodes: [
                G.node("Mul", ["x", "s"], ["a"]), G.node("Add", ["a", "s"], ["b"]),
                G.node("MatMul", ["b", "w"], ["c"]), G.node("MatMul", ["c", "w"]),
            ],
            initializers: [
                G.floats("s", [2], [2, 3]), G.floats("w", [2, 2], [1, 2, 3, 4]),
            ], input: [nil, 2]
        ).compile()
        #expect(graph.plan.parameterCount == 6 && graph.plan.parameters.map(\.name) == ["s", "w"])
        #expect(try graph.parameters() == [2, 3, 1, 3, 2, 4])
    }

    @Test func `Layers are the nodes that depend on the input, those measured by default marked`() throws {
        let graph = try G(
            nodes: [
                G.node("Identity", ["w"], ["v"]), G.node("MatMul", ["x", "v"], ["p"], name: "/fc/MatMul"),
                G.node("Add", ["p", "b"], ["q"], name: "/fc/Add"), G.node("Relu", ["q"], ["r"]),
                G.node("Add", ["r", "x"], ["s"], name: "/sum"), G.node("Exp", ["s"], name: ""),
            ],
            initializers: [G.floats("w", [2, 2], [1, 2, 3, 4]), G.floats("b", [2], [1, 1])], input: [nil, 2]
        ).compile()
        #expect(graph.layers.map(\.name) == ["/fc/MatMul", "/fc/Add", "r", "/sum", "y"])
        #expect(graph.layers.map(\.isMeasured) == [true, false, true, true, false])
        #expect(graph.layers.allSatisfy { $0.shape == [1, 2] && $0.units == 2 })
        #expect(graph.name(of: graph.plan.last) == "y" && graph.name(of: 0) == "input")
    }

    @Test func `Sizes that the file leaves open are those of the points`() throws {
        let graph = G(nodes: [G.node("Relu", ["x"])], input: [nil, nil, 3])
        #expect(try graph.compile(shape: [5, 3]).outputShape == [1, 5, 3])
        #expect(try graph.fault() == "leaves the size of its input open: give --inputs")
        #expect(
            try graph.fault(shape: [5, 4])
                == "takes inputs of shape (any, 3), and is given (5, 4); the first dimension, of the points, is left "
                + "out")
        #expect(try graph.fault(shape: [3])?.contains("and is given (3);") == true)
    }
}
