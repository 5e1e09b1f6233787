import Files
import Model

/// A network from an ONNX file for inputs of one size: its plan, and where its parameters' numbers are.
public struct NetworkGraph: Sendable {
    /// A node of the file whose first result is a value of the plan.
    public struct Layer: Sendable {
        /// The node's name in the file, or that of its first result where it has none.
        public let name: String
        /// The operation, as ONNX calls it.
        public let operation: String
        /// The shape of the result for one input.
        public let shape: [Int]
        /// Index of the value in the plan.
        public let value: Int
        /// The plan's operations that make it; empty: the value is another node's in another shape.
        public let made: Range<Int>
        /// Multiplications that one input takes.
        public let cost: Int
        /// Whether it is measured unless layers are chosen: products, pools, normalisations, activations and
        /// sums of two values that depend on the input.
        public let isMeasured: Bool
        /// Number of numbers of the result.
        public var units: Int { shape.reduce(1, *) }
    }

    /// The plan for one input.
    public let plan: NetworkPlan
    /// The shape of an input in the file, with the first dimension 1.
    public let inputShape: [Int]
    /// The nodes whose results depend on the input, in order.
    public let layers: [Layer]
    /// The shape of the output.
    public let outputShape: [Int]
    private let fills: [Fill]

    /// Where parameters' numbers come from.
    struct Fill: Sendable {
        let region: NetworkPlan.Region
        let constant: GraphConstant
        /// Whether the file has the transposed matrix.
        let isTransposed: Bool
    }

    /// Makes the plan of a model.
    ///
    /// - Parameter shape: the shape of the points that it is to be measured at, without the first dimension;
    ///   nil: that of the file.
    public init(_ model: ONNXModel, inputShape shape: [Int]? = nil) throws(GraphError) {
        let inputs = model.graph.inputs
        guard inputs.count == 1, let input = inputs.first else {
            throw .graph(
                GraphFault(
                    "has \(inputs.count) inputs"
                        + (inputs.isEmpty ? "" : " (" + inputs.map(\.name).joined(separator: ", ") + ")")
                        + ": only networks with one input can be measured; make the others constants, or join them in one"
                ))
        }
        let own = try NetworkGraph.shape(of: input, asked: shape)
        guard !own.contains(0) else {
            throw .graph(GraphFault("takes inputs without numbers, of shape \(own)"))
        }
        try self.init(model, inputs: [(input.name, own)], constants: [:])
        guard !layers.isEmpty else {
            throw .graph(GraphFault("has no result that depends on its input '\(input.name)'"))
        }
    }

    /// Makes the plan of a model whose inputs have these shapes; an input of the plan is one after the other.
    /// Inputs with numbers are constants.
    public init(
        _ model: ONNXModel, inputs: [(name: String, shape: [Int])],
        constants: [String: (shape: [Int], numbers: [Double], isInteger: Bool)]
    ) throws(GraphError) {
        var count = 0
        try NetworkGraph.attempt(nil) { () throws(NodeError) in
            for input in inputs { count += try checkedCount(input.shape) }
            try checkedCount([count])
        }
        var compiler = GraphCompiler(
            opset: model.opset, inputs: count,
            weights: model.graph.initializers.values.reduce(0) {
                $0 + ($1.elementType.width == nil ? 0 : min($1.count, GraphCompiler.maxValue))
            })
        for (name, tensor) in model.graph.initializers {
            compiler.values[name] = GraphValue(
                tensor.shape, .constant(.initializer(tensor)), isInteger: tensor.elementType.isInteger)
        }
        for (name, constant) in constants {
            compiler.values[name] = GraphValue(
                constant.shape, numbers: constant.numbers, isInteger: constant.isInteger)
        }
        try NetworkGraph.attempt(nil) { () throws(NodeError) in
            var start = 0
            for (name, shape) in inputs {
                let whole = GraphValue([count], .value(0))
                let end = start + shape.reduce(1, *)
                compiler.values[name] =
                    inputs.count == 1
                    ? whole.reshaped(shape)
                    : try compiler.rearranged(whole, (start..<end).map { Int32($0) }, shape: shape)
                start = end
            }
        }
        for node in model.graph.nodes {
            try NetworkGraph.attempt(node) { () throws(NodeError) in try compiler.compile(node) }
        }
        guard let output = model.graph.outputs.first, let result = compiler.values[output.name] else {
            throw .graph(GraphFault("has no output that can be measured"))
        }
        try NetworkGraph.attempt(nil) { () throws(NodeError) in
            compiler.setOutput(try compiler.value(of: result, .none))
        }
        plan = compiler.plan
        fills = compiler.fills
        inputShape = inputs.first?.shape ?? []
        outputShape = result.shape
        let varies = ValueLiveness(plan, of: Array(plan.values.indices)).varies
        layers = compiler.layers.filter { varies[$0.value] }
    }

    /// The dense layer that makes the output: what it reads, and its weight. nil where no dense layer does.
    public var head: (features: Int, weight: NetworkPlan.WeightLayer)? {
        guard let weight = plan.weights.last,
            let product = plan.nodes[weight.node].operation as? MatrixProductOperation,
            product.rows == 1
        else { return nil }
        // A bias may be added behind it.
        var value = plan.nodes[weight.node].output
        while value != plan.last, plan.values[value].consumers.count == 1,
            let next = plan.values[value].consumers.first,
            let sum = plan.nodes[next].operation as? ElementwiseOperation, sum.function == .add,
            plan.nodes[next].inputs.count == 1
        {
            value = plan.nodes[next].output
        }
        return value == plan.last ? (plan.nodes[weight.node].input, weight) : nil
    }

    /// The name of the node that makes a value.
    public func name(of value: Int) -> String { layers.first { $0.value == value }?.name ?? "input" }

    /// Runs a step, and names the node and the file where it fails.
    private static func attempt(
        _ node: ONNXModel.Node?, _ step: () throws(NodeError) -> Void
    ) throws(GraphError) {
        do throws(NodeError) { try step() } catch {
            switch error {
            case .words(let words): throw .graph(GraphFault(words, node: node?.title))
            case .fault(let fault): throw .graph(fault)
            case .file(let fault): throw .file(fault)
            }
        }
    }

    private static func shape(
        of input: ONNXModel.ValueInfo, asked: [Int]?
    ) throws(GraphError) -> [Int] {
        guard let declared = input.shape else {
            guard let asked else {
                throw .graph(GraphFault("doesn't say the size of its input: give --inputs"))
            }
            return [1] + asked
        }
        guard !declared.isEmpty else { throw .graph(GraphFault("takes a single number")) }
        let rest = declared.dropFirst().map { dimension -> Int? in
            if case .size(let size) = dimension { size } else { nil }
        }
        if let asked {
            func fits(_ sizes: [Int]) -> Bool {
                sizes.count == rest.count && zip(rest, sizes).allSatisfy { $0 == nil || $0 == $1 }
            }
            guard fits(asked) else {
                let areLast = asked.count == 3 && fits([asked[2], asked[0], asked[1]])
                throw .graph(
                    GraphFault(
                        "takes inputs of shape ("
                            + rest.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
                            + "), and is given (" + asked.map(String.init).joined(separator: ", ")
                            + "); the first dimension, of the points, is left out"
                            + (areLast ? ". Are the channels last? Then say so: layout nhwc" : "")))
            }
            return [1] + asked
        }
        let known = rest.compactMap { $0 }
        guard known.count == rest.count else {
            throw .graph(GraphFault("leaves the size of its input open: give --inputs"))
        }
        return [1] + known
    }

    /// The numbers of the plan's parameters, in order.
    public func parameters() throws(ONNXFault) -> [Float] {
        var numbers: [Float] = []
        numbers.reserveCapacity(plan.parameterCount)
        try forEachParameter { numbers += $1 }
        return numbers
    }

    /// Calls `body` with the region and the numbers of each of the plan's parameters, in order: all of them together
    /// may be gigabytes.
    public func forEachParameter(_ body: (NetworkPlan.Region, [Float]) -> Void) throws(ONNXFault) {
        for fill in fills {
            let own = try fill.constant.floats()
            guard fill.isTransposed else {
                body(fill.region, own)
                continue
            }
            let (rows, columns) = (fill.region.rows, fill.region.columns)
            var numbers: [Float] = []
            numbers.reserveCapacity(own.count)
            for row in 0..<rows {
                for column in 0..<columns { numbers.append(own[column * rows + row]) }
            }
            body(fill.region, numbers)
        }
    }
}

/// Why a file's network can't be measured.
public enum GraphError: Error, Sendable {
    /// The file is at fault.
    case file(ONNXFault)
    /// The network is.
    case graph(GraphFault)
}
