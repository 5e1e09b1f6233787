import Model
import TestSupport
import Testing

@testable import ONNX

private typealias G = Graphs

private func isClose(_ a: [Float], _ b: [Float], _ tolerance: Float = 1e-5) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

@Suite struct GraphConvolutionNodeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var input = [2, 7, 6]
        var kernel = [4, 2, 3, 3]
        var attributes: [[UInt8]] = []
        let shape: [Int]
    }

    static let cases = [
        Case(testDescription: "plain", shape: [1, 4, 5, 4]),
        Case(
            testDescription: "pads", attributes: [G.ints(attribute: "pads", [1, 0, 2, 1])],
            shape: [1, 4, 8, 5]),
        Case(
            testDescription: "strides", attributes: [G.ints(attribute: "strides", [2, 3])],
            shape: [1, 4, 3, 2]),
        Case(
            testDescription: "dilations", attributes: [G.ints(attribute: "dilations", [3, 2])],
            shape: [1, 4, 1, 2]),
        Case(
            testDescription: "groups", kernel: [4, 1, 3, 3], attributes: [G.int("group", 2)],
            shape: [1, 4, 5, 4]),
        Case(
            testDescription: "SAME_UPPER",
            attributes: [G.text("auto_pad", "SAME_UPPER"), G.ints(attribute: "strides", [2, 2])],
            shape: [1, 4, 4, 3]),
        Case(
            testDescription: "SAME_LOWER", attributes: [G.text("auto_pad", "SAME_LOWER")],
            shape: [1, 4, 7, 6]),
        Case(
            testDescription: "VALID ignores pads",
            attributes: [G.text("auto_pad", "VALID"), G.ints(attribute: "pads", [1, 1, 1, 1])],
            shape: [1, 4, 5, 4]),
        Case(testDescription: "one axis", input: [2, 9], kernel: [3, 2, 4], shape: [1, 3, 6]),
    ]

    @Test(arguments: cases) func `A convolution's result has the size that its attributes say`(
        one: Case
    ) throws {
        let weights = one.kernel.reduce(1, *)
        let conv = Graphs.Bytes.node("Conv", ["x", "w"], ["y"], attributes: one.attributes)
        let graph = try G(
            nodes: [conv], initializers: [G.floats("w", one.kernel, [Float](repeating: 1, count: weights))],
            input: [nil] + one.input.map { $0 }
        ).compile()
        #expect(graph.outputShape == one.shape)
        #expect(graph.plan.weights.first?.region.rows == one.kernel[0])
        #expect(
            graph.layers.first?.cost
                == one.shape.reduce(1, *) * one.kernel.dropFirst().reduce(1, *))
    }

    /// The image 1 … 9, the kernel that takes a pixel and ten times its right neighbour.
    @Test func `Where SAME pads one side, it is the lower or the upper one`() throws {
        func output(_ pad: String) throws -> [Float] {
            try G(
                nodes: [G.node("Conv", ["x", "w", "b"], G.text("auto_pad", pad))],
                initializers: [G.floats("w", [1, 1, 1, 2], [1, 10]), G.floats("b", [1], [0.5])],
                input: [nil, 1, 1, 3]
            ).output([1, 2, 3])
        }
        #expect(try output("SAME_UPPER") == [21.5, 32.5, 3.5])
        #expect(try output("SAME_LOWER") == [10.5, 21.5, 32.5])
        #expect(try output("VALID") == [21.5, 32.5])
    }

    @Test func `A transposed convolution spreads each pixel`() throws {
        let model = G(
            nodes: [
                G.node(
                    "ConvTranspose", ["x", "w", "b"], G.ints(attribute: "strides", [2]), G.int("group", 2))
            ],
            initializers: [
                G.floats("w", [2, 1, 3], [1, 2, 3, 1, 0, 0]), G.floats("b", [2], [0, 100]),
            ], input: [nil, 2, 2])
        #expect(try model.compile().outputShape == [1, 2, 5])
        #expect(try model.output([1, 10, 5, 7]) == [1, 2, 13, 20, 30, 105, 100, 107, 100, 100])
        let cropped = G(
            nodes: [
                G.node(
                    "ConvTranspose", ["x", "w"], G.ints(attribute: "strides", [2]),
                    G.ints(attribute: "pads", [1, 1]), G.ints(attribute: "output_padding", [1]))
            ], initializers: [G.floats("w", [1, 1, 3], [1, 2, 3])], input: [nil, 1, 2])
        #expect(try cropped.output([1, 10]) == [2, 13, 20, 30])
    }

    @Test func `Pools take windows`() throws {
        func pool(_ operation: String, _ attributes: [UInt8]...) throws -> [Float] {
            let node = Graphs.Bytes.node(operation, ["x"], ["y"], attributes: attributes)
            return try G(nodes: [node], input: [nil, 1, 5]).output([1, 5, 2, 4, 3])
        }
        let two = G.ints(attribute: "kernel_shape", [2])
        let strides = G.ints(attribute: "strides", [2])
        #expect(try pool("MaxPool", two) == [5, 5, 4, 4])
        #expect(try pool("MaxPool", two, strides, G.int("ceil_mode", 1)) == [5, 4, 3])
        #expect(try pool("AveragePool", two, strides) == [3, 3])
        let pads = G.ints(attribute: "pads", [1, 0])
        #expect(try pool("AveragePool", two, strides, pads) == [1, 3.5, 3.5])
        #expect(
            try pool("AveragePool", two, strides, pads, G.int("count_include_pad", 1)) == [0.5, 3.5, 3.5])
        #expect(try pool("GlobalMaxPool") == [5])
        #expect(try pool("GlobalAveragePool") == [3])
    }
}

@Suite struct GraphSelectionTests {
    private func slice(_ starts: [Int], _ ends: [Int], _ steps: [Int]) throws -> [Float] {
        try G(
            nodes: [G.node("Slice", ["x", "s", "e", "a", "t"])],
            initializers: [
                G.ints("s", starts), G.ints("e", ends), G.ints("a", [1]), G.ints("t", steps),
            ], input: [nil, 5]
        ).output([1, 2, 3, 4, 5])
    }

    @Test func `Slices count from the end, are clamped, and go backwards`() throws {
        #expect(try slice([1], [3], [1]) == [2, 3])
        #expect(try slice([-2], [Int.max], [1]) == [4, 5])
        #expect(try slice([-100], [100], [2]) == [1, 3, 5])
        #expect(try slice([-1], [Int.min], [-2]) == [5, 3, 1])
        #expect(try slice([3], [0], [-1]) == [4, 3, 2])
        #expect(try slice([100], [-100], [-3]) == [5, 2])
    }

    @Test func `A split may be uneven`() throws {
        func parts(_ inputs: [String], _ attributes: [UInt8]..., opset: Int = 17) throws -> [Float] {
            let split = Graphs.Bytes.node(
                "Split", inputs, ["a", "b", "c"], attributes: attributes + [G.int("axis", 1)])
            let join = G.node("Concat", ["c", "b", "a"], G.int("axis", 1))
            return try G(
                nodes: [split, join], initializers: [G.ints("sizes", [1, 0, 4])], input: [nil, 5],
                opset: opset
            ).output([1, 2, 3, 4, 5])
        }
        #expect(try parts(["x", "sizes"]) == [2, 3, 4, 5, 1])
        // Parts of 2, 2 and 1.
        #expect(try parts(["x"], G.int("num_outputs", 3), opset: 18) == [5, 3, 4, 1, 2])
        #expect(
            try parts(["x"], G.ints(attribute: "split", [3, 1, 1]), opset: 11) == [5, 4, 1, 2, 3])
    }

    @Test(
        arguments: [
            ("constant", [9, 9, 1, 2, 3, 9]), ("edge", [1, 1, 1, 2, 3, 3]), ("reflect", [3, 2, 1, 2, 3, 2]),
            ("wrap", [2, 3, 1, 2, 3, 1]),
        ] as [(String, [Float])])
    func `Pads are filled as their mode says`(mode: String, expected: [Float]) throws {
        let model = G(
            nodes: [G.node("Pad", ["x", "p", "v"], G.text("mode", mode))],
            initializers: [G.ints("p", [0, 2, 0, 1]), G.floats("v", [], [9])], input: [nil, 3])
        #expect(try model.output([1, 2, 3]) == expected)
    }

    @Test func `Negative pads crop`() throws {
        let model = G(
            nodes: [G.node("Pad", ["x", "p"])], initializers: [G.ints("p", [0, -1, 0, 1])], input: [nil, 3])
        #expect(try model.output([1, 2, 3]) == [2, 3, 0])
    }

    @Test func `Transposes, tiles and gathers take numbers in another order`() throws {
        let transposed = G(
            nodes: [G.node("Transpose", ["x"], G.ints(attribute: "perm", [0, 2, 1]))], input: [nil, 2, 3])
        #expect(try transposed.output([1, 2, 3, 4, 5, 6]) == [1, 4, 2, 5, 3, 6])
        let tiled = G(
            nodes: [G.node("Tile", ["x", "t"])], initializers: [G.ints("t", [1, 2])], input: [nil, 2])
        #expect(try tiled.output([1, 2]) == [1, 2, 1, 2])
        let gathered = G(
            nodes: [G.node("Gather", ["x", "i"], G.int("axis", 1))],
            initializers: [G.ints("i", [-1, 0, 0, 1], shape: [2, 2])], input: [nil, 3])
        #expect(try gathered.compile().outputShape == [1, 2, 2])
        #expect(try gathered.output([1, 2, 3]) == [3, 1, 1, 2])
    }

    @Test func `Images are resized by their nearest pixels, or linearly`() throws {
        func resized(_ mode: String, _ coordinates: String, _ scale: Float) throws -> [Float] {
            try G(
                nodes: [
                    G.node(
                        "Resize", ["x", "", "s"], G.text("mode", mode),
                        G.text("coordinate_transformation_mode", coordinates),
                        G.text("nearest_mode", "floor"))
                ], initializers: [G.floats("s", [3], [1, 1, scale])], input: [nil, 1, 4]
            ).output([1, 2, 3, 4])
        }
        #expect(try resized("nearest", "asymmetric", 2) == [1, 1, 2, 2, 3, 3, 4, 4])
        #expect(try resized("nearest", "asymmetric", 0.5) == [1, 3])
        #expect(try isClose(resized("linear", "half_pixel", 2), [1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4]))
        #expect(try isClose(resized("linear", "align_corners", 1.75), [1, 1.5, 2, 2.5, 3, 3.5, 4]))
        #expect(try isClose(resized("linear", "half_pixel", 0.5), [1.5, 3.5]))
    }
}

@Suite struct GraphFunctionTests {
    @Test func `Before opset 13, softmax takes all axes from its own on together`() throws {
        func output(_ opset: Int) throws -> [Float] {
            try G(nodes: [G.node("Softmax", ["x"], G.int("axis", 1))], input: [nil, 2, 2], opset: opset)
                .output([0, 0, 0, 0])
        }
        #expect(try isClose(output(11), [0.25, 0.25, 0.25, 0.25]))
        #expect(try isClose(output(13), [0.5, 0.5, 0.5, 0.5]))
    }

    @Test func `Clip has its bounds from attributes or inputs`() throws {
        let bounds = [G.floats("low", [], [-1]), G.floats("high", [], [2])]
        func clip(_ inputs: [String], _ attributes: [UInt8]...) throws -> [Float] {
            let node = Graphs.Bytes.node("Clip", inputs, ["y"], attributes: attributes)
            return try G(nodes: [node], initializers: bounds).output([-5, 0, 1, 5])
        }
        #expect(try clip(["x", "low", "high"]) == [-1, 0, 1, 2])
        #expect(try clip(["x", "low"]) == [-1, 0, 1, 5])
        #expect(try clip(["x", "", "high"]) == [-5, 0, 1, 2])
        #expect(try clip(["x"], G.float("min", -2), G.float("max", 0.5)) == [-2, 0, 0.5, 0.5])
        #expect(try clip(["x"]) == [-5, 0, 1, 5])
    }

    @Test func `A layer normalisation gives the mean and the deviation's inverse, too`() throws {
        let norm = G.node(
            "LayerNormalization", ["x", "s", "b"], ["n", "m", "d"], G.float("epsilon", 0.5))
        func output(_ name: String) throws -> [Float] {
            try G(
                nodes: [norm, G.node("Identity", [name])],
                initializers: [G.floats("s", [2], [1, 2]), G.floats("b", [2], [0, 10])], input: [nil, 2]
            ).output([1, 5])
        }
        // Variance 4, 4.5 with epsilon.
        let inverse = Float(1 / 4.5.squareRoot())
        #expect(try isClose(output("n"), [-2 * inverse, 10 + 4 * inverse]))
        #expect(try output("m") == [3])
        #expect(try isClose(output("d"), [inverse]))
    }

    @Test func `A batch normalisation is a scale and a shift`() throws {
        let model = G(
            nodes: [G.node("BatchNormalization", ["x", "s", "b", "m", "v"], G.float("epsilon", 0))],
            initializers: [
                G.floats("s", [2], [2, 3]), G.floats("b", [2], [1, 0]), G.floats("m", [2], [10, 20]),
                G.floats("v", [2], [4, 9]),
            ], input: [nil, 2, 2])
        #expect(try model.compile().operations == ["ElementwiseOperation", "ElementwiseOperation"])
        #expect(try isClose(model.output([10, 12, 20, 23]), [1, 3, 0, 3]))
    }

    @Test func `Reductions keep their axes or drop them`() throws {
        func reduced(_ attributes: [UInt8]...) throws -> (shape: [Int], numbers: [Float]) {
            let node = Graphs.Bytes.node("ReduceMean", ["x"], ["y"], attributes: attributes)
            let model = G(nodes: [node], input: [nil, 2, 2])
            return (try model.compile().outputShape, try model.output([1, 2, 3, 6]))
        }
        let kept = try reduced(G.ints(attribute: "axes", [-1]))
        #expect(kept.shape == [1, 2, 1] && kept.numbers == [1.5, 4.5])
        let dropped = try reduced(G.ints(attribute: "axes", [1]), G.int("keepdims", 0))
        #expect(dropped.shape == [1, 2] && dropped.numbers == [2, 4])
        let all = try reduced()
        #expect(all.shape == [1, 1, 1] && all.numbers == [3])
    }
}
