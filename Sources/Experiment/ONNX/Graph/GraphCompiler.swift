import Model

/// Makes a plan of a graph: folds what depends on sizes alone, and turns each other node into operations of
/// `Model/Graph`. A value of the plan has the numbers of one input, so the graph's first dimension is 1.
struct GraphCompiler {
    let opset: Int
    private(set) var plan: NetworkPlan
    /// Tensors by their names in the file.
    var values: [String: GraphValue] = [:]
    /// The numbers of the plan's parameters.
    private(set) var fills: [NetworkGraph.Fill] = []
    private(set) var layers: [NetworkGraph.Layer] = []
    /// Regions of tensors of the file that are parameters already, by name and number of rows.
    private var placed: [String: NetworkPlan.Region] = [:]
    /// Numbers of all values so far.
    private var held = 0
    /// Numbers and indices that were read and made so far, and those that are kept.
    private var (work, kept) = (0, 0)
    private let maxKept: Int

    /// The largest number of numbers of one value, and of all values of one point.
    static let maxValue = 1 << 28, maxValues = 1 << 30
    /// The largest constant that is computed here, and the longest list of indices.
    static let maxFolded = 1 << 24
    /// The largest number of numbers and indices that are read and made.
    private static let maxWork = 1 << 31

    /// - Parameters:
    ///   - count: number of the network's inputs.
    ///   - weights: number of numbers of the file's tensors.
    init(opset: Int, inputs count: Int, weights: Int) {
        self.opset = opset
        plan = NetworkPlan(graphInputs: count)
        held = count
        maxKept = (1 << 24) + 4 * weights
    }

    /// Compiles a node, and remembers what it makes.
    mutating func compile(_ node: ONNXModel.Node) throws(NodeError) {
        guard node.isOfDefaultDomain else {
            throw .words("belongs to the domain '\(node.domain)': only ONNX's own operations can be measured")
        }
        guard let operation = GraphOperations.all[node.operation] else {
            throw .fault(
                GraphFault(
                    "is not an operation that can be measured; these are: "
                        + GraphOperations.all.keys.sorted().joined(separator: ", "), node: node.title))
        }
        var inputs: [GraphValue?] = []
        for name in node.inputs {
            let input = name.isEmpty ? nil : values[name]
            if let input {
                try checkedCount(input.shape)
                if input.constant != nil { try charge(input.count) }
            }
            inputs.append(input)
        }
        let context = NodeContext(node: node, inputs: inputs, opset: opset)
        let first = plan.nodes.count
        let results = try operation.results(&self, context)
        for (name, result) in zip(node.outputs, results) where !name.isEmpty { values[name] = result }
        for name in node.outputs.dropFirst(results.count) where !name.isEmpty {
            values[name] = nil
        }
        if let value = results.first?.value {
            let operations = plan.nodes[first...].map(\.operation)
            layers.append(
                NetworkGraph.Layer(
                    name: context.layerName, operation: node.operation,
                    shape: results[0].shape, value: value, made: first..<plan.nodes.count,
                    cost: operations.reduce(0) { $0 + $1.multiplications },
                    isMeasured: GraphCompiler.measured.contains(node.operation)
                        || node.operation == "Add" && inputs.allSatisfy { $0?.value != nil }))
        }
    }

    /// Makes a value the output.
    mutating func setOutput(_ value: Int) { plan.setOutput(value) }

    /// The operations whose results are layers by default.
    private static let measured: Set = [
        "Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization", "LayerNormalization",
        "InstanceNormalization", "GroupNormalization", "Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu",
        "Gelu", "HardSwish", "Mish", "Softplus", "Tanh", "MaxPool", "AveragePool", "GlobalAveragePool",
        "GlobalMaxPool",
    ]

    // MARK: - Limits

    /// Counts numbers or indices that a node reads or makes here, so that time stays bounded.
    mutating func charge(_ count: Int) throws(NodeError) {
        work += count
        guard work <= GraphCompiler.maxWork else {
            throw .words(
                "is too much: the nodes up to here compute more than 2^31 numbers and indices from sizes")
        }
    }

    /// Counts numbers or indices that are kept, so that memory stays bounded.
    mutating func keep(_ count: Int) throws(NodeError) {
        kept += count
        guard kept <= maxKept else {
            throw .words("is too much: the constants up to here are far more numbers than the file holds")
        }
    }

    /// Checks and counts a list of a number or an index for each number of a shape, before it is made.
    mutating func prepare(
        _ shape: [Int], atMost limit: Int = GraphCompiler.maxFolded
    ) throws(NodeError) {
        try charge(try checkedCount(shape, atMost: limit))
    }

    /// The indices along each axis of a tensor of this shape, but for one axis that others are to follow for.
    mutating func indices(_ shape: [Int], but axis: Int? = nil) throws(NodeError) -> [[Int]] {
        var indices: [[Int]] = []
        for (own, size) in shape.enumerated() {
            try prepare([own == axis ? 0 : size])
            indices.append(own == axis ? [] : Array(0..<size))
        }
        return indices
    }

    /// A constant that was computed here.
    mutating func constant(
        _ shape: [Int], _ numbers: [Double], isInteger: Bool
    ) throws(NodeError) -> GraphValue {
        try keep(numbers.count)
        return GraphValue(shape, numbers: numbers, isInteger: isInteger)
    }

    // MARK: - Operations

    /// Adds an operation that makes a tensor of this shape.
    mutating func add(
        _ operation: any NetworkOperation, reading inputs: [Int], shape: [Int], isInteger: Bool = false
    ) throws(NodeError) -> GraphValue {
        let count = try checkedCount(shape)
        held += count
        guard held <= GraphCompiler.maxValues else {
            throw .words("is too much: the values of one input up to here are more than 2^30 numbers")
        }
        let value = plan.add(operation, reading: inputs, count: count)
        return GraphValue(shape, .value(value), isInteger: isInteger)
    }

    /// The parameters that hold a constant, as a matrix.
    ///
    /// - Parameters:
    ///   - isTransposed: whether the constant is the transposed matrix.
    ///   - layer: the name and number of outputs of the layer whose weight it is.
    mutating func parameters(
        _ constant: GraphConstant, name: String, shape: [Int], rows: Int = 1, isTransposed: Bool = false,
        layer: (name: String, outputs: Int)? = nil
    ) throws(NodeError) -> NetworkPlan.Region {
        let count = try checkedCount(shape)
        var key: String?
        if case .initializer(let tensor) = constant {
            key = "\(rows) \(isTransposed) \(layer == nil) \(tensor.name)"
        }
        if let key, let region = placed[key], region.range.count == count { return region }
        try keep(count)
        let region = plan.take(
            name, shape: shape, rows: rows, columns: rows == 0 ? 0 : count / rows, layer: layer)
        fills.append(NetworkGraph.Fill(region: region, constant: constant, isTransposed: isTransposed))
        if let key { placed[key] = region }
        return region
    }

    /// How an operation reads tensors: the values of the plan that it reads, and each operand among them or
    /// among the parameters.
    mutating func operands(
        _ tensors: [GraphValue], _ context: NodeContext
    ) throws(NodeError) -> (inputs: [Int], operands: [Operand]) {
        var (inputs, operands) = ([Int](), [Operand]())
        for (index, tensor) in tensors.enumerated() {
            switch tensor.source {
            case .value(let value):
                operands.append(.input(inputs.count))
                inputs.append(value)
            case .constant(let constant):
                let name = context.constantName(index)
                operands.append(.constant(try parameters(constant, name: name, shape: tensor.shape)))
            }
        }
        return (inputs, operands)
    }

    /// The value of the plan with a tensor's numbers; a constant becomes one.
    mutating func value(of tensor: GraphValue, _ context: NodeContext) throws(NodeError) -> Int {
        switch tensor.source {
        case .value(let value): return value
        case .constant(let constant):
            let region = try parameters(constant, name: context.constantName(0), shape: tensor.shape)
            let made = try add(ConstantOperation(region: region), reading: [], shape: tensor.shape)
            return made.value ?? 0
        }
    }

    /// A tensor whose numbers are those of another at some indices; −1: `fill`.
    mutating func rearranged(
        _ tensor: GraphValue, _ indices: [Int32], shape: [Int], fill: Double = 0
    ) throws(NodeError) -> GraphValue {
        if let constant = tensor.constant, indices.count <= GraphCompiler.maxFolded {
            let numbers = try constant.checked()
            let rearranged = indices.map { $0 < 0 ? fill : numbers[Int($0)] }
            return try self.constant(shape, rearranged, isInteger: tensor.isInteger)
        }
        let map = IndexMap(indices)
        if map.isIdentity(of: tensor.count) { return tensor.reshaped(shape) }
        try keep(map.starts.count)
        let context = NodeContext.none
        return try add(
            RearrangementOperation(map: map, fill: fill), reading: [try value(of: tensor, context)],
            shape: shape, isInteger: tensor.isInteger)
    }

    /// A tensor whose index i along each axis is that of another at `sources[axis][i]`; −1: `fill`.
    ///
    /// - Parameter shape: the shape of the result; nil: the lengths of the sources.
    mutating func picked(
        _ sources: [[Int]], from tensor: GraphValue, shape: [Int]? = nil, fill: Double = 0
    ) throws(NodeError) -> GraphValue {
        let made = sources.map(\.count)
        try prepare(made)
        try charge(made.reduce(0, +))
        let strides = strides(of: tensor.shape)
        var indices: [Int32] = [0]
        for (own, stride) in zip(sources, strides) {
            var next: [Int32] = []
            next.reserveCapacity(indices.count * own.count)
            for index in indices {
                for source in own {
                    next.append(index < 0 || source < 0 ? -1 : index + Int32(source * stride))
                }
            }
            indices = next
        }
        return try rearranged(tensor, indices, shape: shape ?? made, fill: fill)
    }

    /// A tensor broadcast to a shape.
    mutating func expanded(_ tensor: GraphValue, to shape: [Int]) throws(NodeError) -> GraphValue {
        try prepare(shape)
        return try rearranged(tensor, broadcastOffsets(of: tensor.shape, to: shape), shape: shape)
    }

    /// A tensor with its axes in another order.
    mutating func transposed(_ tensor: GraphValue, _ order: [Int]) throws(NodeError) -> GraphValue {
        let shape = order.map { tensor.shape[$0] }
        if order == Array(order.indices) { return tensor }
        try prepare(shape)
        let strides = strides(of: tensor.shape)
        return try rearranged(
            tensor, offsets(shape: shape, strides: order.map { strides[$0] }), shape: shape)
    }

    /// A function of tensors, number by number, which are broadcast to one shape.
    mutating func elementwise(
        _ function: ElementwiseFunction, alpha: Double = 0, beta: Double = 0, _ tensors: [GraphValue],
        _ context: NodeContext, isInteger: Bool = false
    ) throws(NodeError) -> GraphValue {
        guard let shape = broadcastShape(tensors.map(\.shape)) else {
            throw .words("can't broadcast shapes " + tensors.map { "\($0.shape)" }.joined(separator: " and "))
        }
        let count = try checkedCount(shape)
        var maps: [IndexMap?] = []
        for tensor in tensors {
            guard tensor.count != count else {
                maps.append(nil)
                continue
            }
            try prepare(shape)
            let map = IndexMap(broadcastOffsets(of: tensor.shape, to: shape))
            try keep(map.starts.count)
            maps.append(map)
        }
        let constants = tensors.compactMap(\.constant)
        if constants.count == tensors.count, function.isFolded, count <= GraphCompiler.maxFolded {
            var numbers: [[Double]] = []
            for constant in constants { numbers.append(try constant.checked()) }
            try charge(count)
            var result = [Double](repeating: 0, count: count)
            for index in 0..<count {
                let arguments = numbers.indices.map { numbers[$0][maps[$0]?[index] ?? index] }
                result[index] = function.folded(arguments, alpha: alpha, beta: beta)
            }
            return try constant(shape, result, isInteger: isInteger)
        }
        let (inputs, operands) = try operands(tensors, context)
        if function == .add, inputs.count == 1, tensors.count == 2 {
            for case .constant(let region) in operands { plan.setBias(region, ofLayerMaking: inputs[0]) }
        }
        return try add(
            ElementwiseOperation(
                function, alpha: alpha, beta: beta, operands: operands, maps: maps, count: count),
            reading: inputs, shape: shape, isInteger: isInteger)
    }

    /// A function of groups of numbers along the last axes; other axes are moved to the end first.
    mutating func grouped(
        _ function: GroupFunction, _ tensor: GraphValue, axes: [Int], epsilon: Double = 0,
        _ context: NodeContext
    ) throws(NodeError) -> GraphValue {
        let kept = tensor.shape.indices.filter { !axes.contains($0) }
        let order = kept + axes
        let moved = try transposed(tensor, order)
        let length = axes.reduce(1) { $0 * tensor.shape[$1] }
        let groups = kept.reduce(1) { $0 * tensor.shape[$1] }
        if let fold = function.fold, length > 0, let constant = moved.constant,
            max(moved.count, groups) <= GraphCompiler.maxFolded
        {
            let numbers = try constant.checked()
            let results = (0..<groups).map { group in
                numbers[group * length + 1..<(group + 1) * length].reduce(numbers[group * length], fold)
            }
            return try self.constant(kept.map { tensor.shape[$0] }, results, isInteger: tensor.isInteger)
        }
        let input = try value(of: moved, context)
        let operation = GroupOperation(function, groups: groups, length: length, epsilon: epsilon)
        if function.isReduction {
            return try add(operation, reading: [input], shape: kept.map { tensor.shape[$0] })
        }
        let result = try add(operation, reading: [input], shape: moved.shape)
        let back = order.indices.map { axis in order.firstIndex(of: axis) ?? axis }
        return try transposed(result, back)
    }
}

/// A fault of a node, without the node's name, or of a file.
enum NodeError: Error {
    case words(String)
    case fault(GraphFault)
    case file(ONNXFault)
}

extension GraphConstant {
    func checked() throws(NodeError) -> [Double] {
        do throws(ONNXFault) { return try doubles() } catch { throw .file(error) }
    }
}
