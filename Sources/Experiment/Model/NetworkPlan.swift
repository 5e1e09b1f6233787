/// A network's layers as a list of operations on numbered values, where value 0 is the input, with each
/// parameter's region in the flat buffer that holds them all. The plan depends on the shape alone.
public struct NetworkPlan: Sendable {
    /// The input, or the output of an operation.
    public struct Value: Sendable {
        /// The value's size for one point.
        public var size: ImageSize
        /// Index of the operation that makes it; nil: the input.
        public var producer: Int?
        /// Indices of the operations that read it.
        public var consumers: [Int] = []
    }

    /// A matrix in the flat buffer.
    public struct Region: Sendable, Hashable {
        /// Index of its first number in the buffer.
        public var offset: Int
        /// Number of rows: a weight's outputs.
        public var rows: Int
        /// Number of columns: a weight's inputs.
        public var columns: Int
        /// Indices of its numbers in the buffer.
        public var range: Range<Int> { offset..<offset + rows * columns }
    }

    /// An operation with the values that it reads and makes.
    public struct Node: Sendable {
        /// The operation.
        public var operation: any NetworkOperation
        /// Indices of the values that it reads.
        public var inputs: [Int]
        /// Index of the first value that it reads.
        public var input: Int { inputs[0] }
        /// Index of the second value that it reads, if there is one.
        public var second: Int? { inputs.count > 1 ? inputs[1] : nil }
        /// Index of the value that it makes.
        public var output: Int
        /// Whether it belongs to the shortcut past a residual block.
        public var isShortcut = false
    }

    /// A parameter or a running average, with its name and shape in files.
    public struct Tensor: Sendable, Hashable {
        /// The name in files, as "layers.0.weight".
        public var name: String
        /// The shape: [outputs, inputs] for a weight, [channels, height, width, channels before] for a
        /// convolution.
        public var shape: [Int]
        /// Indices of its numbers in the flat buffer.
        public var range: Range<Int>
        /// Whether it is drawn before the first step, and weight decay applies to it.
        public var isWeight = false
        /// The value of its numbers before the first step, unless they are drawn.
        public var initialValue = 0.0
        /// The deviation of the normal distribution that it is drawn from; nil: a weight's follows from its shape, and
        /// nothing else is drawn.
        public var deviation: Double?
        /// All its numbers as a row.
        public var row: Region { Region(offset: range.lowerBound, rows: 1, columns: range.count) }
    }

    /// A dense layer or convolution.
    public struct WeightLayer: Sendable, Hashable {
        /// The name in files, as "layers.0".
        public var name: String
        /// Index of its operation.
        public var node: Int
        /// The weight matrix.
        public var region: Region
        /// The bias; nil for a layer without.
        public var bias: Region?
        /// The size of its output.
        public var size: ImageSize
    }

    /// The input, then each operation's output.
    public private(set) var values: [Value]
    /// The operations, in an order in which they can run.
    public private(set) var nodes: [Node] = []
    /// The dense layers and convolutions, in order.
    public private(set) var weights: [WeightLayer] = []
    /// The parameters, in the order of the flat buffer.
    public private(set) var parameters: [Tensor] = []
    /// The running averages. They follow the parameters in the flat buffer.
    public private(set) var averages: [Tensor] = []
    /// Number of parameters, without running averages.
    public private(set) var parameterCount = 0
    /// Number of running averages.
    public private(set) var stateCount = 0
    /// Number of random numbers that a training step takes for each point.
    public private(set) var noiseCount = 0
    /// Number of numbers of all values of a point, and of those that operations keep beside them.
    public private(set) var numberCount: Int
    /// Index of the value that is the network's output.
    public private(set) var last = 0
    /// Values that are layers to measures. Without any, these are the activations.
    private var marked: [(name: String, value: Int)] = []
    /// Whether the outputs are the first half, μ, of an encoder's (μ | s).
    private var isEncoder = false
    /// Number of unnamed layers of each kind so far.
    private var unnamed: [String: Int] = [:]

    init(input: ImageSize, _ layers: [LayerSpec]) throws(ShapeFault) {
        guard input.height > 0, input.width > 0, input.channels > 0 else { throw .notPositive }
        values = [Value(size: input)]
        numberCount = input.count
        last = try append(layers, after: 0)
        guard !weights.isEmpty else { throw .noWeights }
        for index in averages.indices {
            let range = averages[index].range
            averages[index].range = parameterCount + range.lowerBound..<parameterCount + range.upperBound
        }
    }

    /// All tensors of the network in files, in their order.
    public var tensors: [Tensor] { parameters + averages }

    /// Number of numbers in the flat buffer: parameters and running averages.
    public var bufferCount: Int { parameterCount + stateCount }

    /// The running averages' region in the flat buffer.
    public var stateRange: Region { Region(offset: parameterCount, rows: 1, columns: stateCount) }

    /// The layers that measures see, as indices of values: each activation's input and its output, or the values
    /// that are marked, and the network's outputs. Where a block ends at an activation, that output includes the
    /// block's input.
    public var layers: [(preActivation: Int, activation: Int, depth: Int)] {
        if !marked.isEmpty {
            return (marked.map(\.value) + [last]).map { value in
                (value, value, weights.count { !nodes[$0.node].isShortcut && nodes[$0.node].output <= value })
            }
        }
        var layers: [(preActivation: Int, activation: Int, depth: Int)] = []
        var depth = 0
        let weighted = Set(weights.map(\.node))
        for (index, node) in nodes.enumerated() {
            if weighted.contains(index), !node.isShortcut { depth += 1 }
            guard node.operation is Activation else { continue }
            var end = node.output
            if let next = values[end].consumers.first, values[end].consumers.count == 1,
                nodes[next].operation is SumOperation
            {
                end = nodes[next].output
            }
            layers.append((node.input, end, depth))
        }
        if layers.last?.activation != last {
            // If an activation makes (μ | s), that is no layer beside μ.
            if isEncoder, layers.last?.activation == nodes.last?.input { layers.removeLast() }
            layers.append((last, last, depth))
        }
        return layers
    }

    /// Names of these layers: those of the last weights up to each, or those that the marked ones were given.
    public var layerNames: [String] {
        if !marked.isEmpty { return marked.map(\.name) + weights.suffix(1).map(\.name) }
        let names = weights.filter { !nodes[$0.node].isShortcut }.map(\.name)
        return layers.map { $0.depth == 0 ? "input" : names[$0.depth - 1] }
    }

    /// Index of the value that the last layer reads, where that layer is dense and makes the network's output; nil for
    /// an encoder.
    public var features: Int? {
        guard let head = weights.last, nodes[head.node].output == last,
            nodes[head.node].operation is DenseOperation
        else { return nil }
        return nodes[head.node].input
    }

    /// Whether the next activation that a node's output meets before another weight layer is a rectifier.
    public func isBeforeRectifier(_ node: Int) -> Bool {
        var value = nodes[node].output
        while let next = values[value].consumers.first, !isWeightLayer(next) {
            if let activation = nodes[next].operation as? Activation { return activation.isRectifier }
            value = nodes[next].output
        }
        return false
    }

    private func isWeightLayer(_ node: Int) -> Bool { weights.contains { $0.node == node } }

    // MARK: - Making

    /// The most parameters of a network of a list, or on patches: 4 GiB in single precision.
    public static let maxParameters = 1 << 30
    /// The most numbers of such a network for a point: 256 MiB.
    public static let maxNumbers = 1 << 26

    /// Checks that the network so far is no larger than those.
    func checkSize() throws(ShapeFault) {
        guard parameterCount <= NetworkPlan.maxParameters else { throw .tooManyParameters(parameterCount) }
        guard numberCount <= NetworkPlan.maxNumbers else { throw .tooManyNumbers(numberCount) }
    }

    /// The name given, or the default for the next layer of its kind, as "layers.0".
    mutating func name(_ given: String?, kind: String) -> String {
        if let given { return given }
        let index = unnamed[kind, default: 0]
        unnamed[kind] = index + 1
        return "\(kind).\(index)"
    }

    /// Allocates a vector among the parameters.
    ///
    /// - Parameters:
    ///   - shape: the shape in files; nil: [count].
    ///   - deviation: the deviation that it is drawn with; nil: it isn't drawn.
    mutating func takeVector(
        _ count: Int, _ name: String, shape: [Int]? = nil, initialValue: Double = 0, deviation: Double? = nil
    ) -> Region {
        let region = Region(offset: parameterCount, rows: 1, columns: count)
        parameterCount += count
        parameters.append(
            Tensor(
                name: name, shape: shape ?? [count], range: region.range, initialValue: initialValue,
                deviation: deviation))
        return region
    }

    /// Allocates a vector among the running averages. Its offset counts from the first of them.
    mutating func takeAverage(_ count: Int, _ name: String, initialValue: Double = 0) -> Region {
        let region = Region(offset: stateCount, rows: 1, columns: count)
        stateCount += count
        averages.append(Tensor(name: name, shape: [count], range: region.range, initialValue: initialValue))
        return region
    }

    /// Allocates the weight and bias of the layer whose operation is added next, with outputs of this size.
    ///
    /// - Parameters:
    ///   - inputs: the shape that one output sums over.
    ///   - deviation: the deviation that the weight is drawn with; nil: it follows from the shape.
    mutating func takeLayer(
        _ name: String, _ inputs: [Int], hasBias: Bool, to size: ImageSize, deviation: Double? = nil,
        initialBias: Double = 0
    ) -> (weight: Region, bias: Region?) {
        let weight = Region(
            offset: parameterCount, rows: size.channels, columns: inputs.reduce(1, *))
        parameterCount += weight.range.count
        parameters.append(
            Tensor(
                name: "\(name).weight", shape: [size.channels] + inputs, range: weight.range, isWeight: true,
                deviation: deviation))
        let bias = hasBias ? takeVector(size.channels, "\(name).bias", initialValue: initialBias) : nil
        weights.append(WeightLayer(name: name, node: nodes.count, region: weight, bias: bias, size: size))
        return (weight, bias)
    }

    /// Adds an operation, and returns the index of the value that it makes.
    mutating func add(
        _ operation: any NetworkOperation, _ input: Int, and second: Int? = nil, _ size: ImageSize
    ) -> Int {
        add(operation, reading: [input] + (second.map { [$0] } ?? []), size)
    }

    private mutating func add(
        _ operation: any NetworkOperation, reading inputs: [Int], _ size: ImageSize
    ) -> Int {
        let output = values.count
        values.append(Value(size: size, producer: nodes.count))
        numberCount += size.count + operation.keptNumbers
        for input in inputs { values[input].consumers.append(nodes.count) }
        nodes.append(Node(operation: operation, inputs: inputs, output: output))
        return output
    }

    /// Appends layers after a value, and returns the index of the value that they make.
    mutating func append(_ layers: [LayerSpec], after value: Int) throws(ShapeFault) -> Int {
        var value = value
        for layer in layers { value = try layer.append(&self, value) }
        return value
    }

    /// Indices of some of the random numbers that a training step takes for each point.
    mutating func takeNoise(_ count: Int) -> Range<Int> {
        noiseCount += count
        return noiseCount - count..<noiseCount
    }

    /// Marks a value as a layer that measures see.
    mutating func markLayer(_ value: Int, name: String) { marked.append((name, value)) }

    /// Marks the operations from an index on as those of a shortcut.
    mutating func markShortcut(from first: Int) {
        for index in first..<nodes.count { nodes[index].isShortcut = true }
    }

    /// Puts "encoder." before all names, and makes the first half of the outputs the network's output.
    mutating func becomeEncoder() {
        func rename(_ name: inout String) { name = "encoder." + name }
        for index in weights.indices { rename(&weights[index].name) }
        for index in parameters.indices { rename(&parameters[index].name) }
        for index in averages.indices { rename(&averages[index].name) }
        for index in marked.indices { rename(&marked[index].name) }
        let count = values[last].size.count
        let half = (0..<count / 2).map { Int32($0) }
        last = add(SelectionOperation(half, of: count), last, .vector(half.count))
        isEncoder = true
    }

    // MARK: - Graphs

    /// A plan that has only an input so far, of `count` numbers. A graph's operations are added one by one.
    public init(graphInputs count: Int) {
        values = [Value(size: .vector(count))]
        numberCount = count
    }

    /// Adds an operation that makes `count` numbers, and returns the index of the value. The network's output
    /// is the value added last.
    public mutating func add(_ operation: any NetworkOperation, reading inputs: [Int], count: Int) -> Int {
        last = add(operation, reading: inputs, .vector(count))
        return last
    }

    /// Allocates parameters under a name and shape of a file, as a matrix. Those of a layer that is added next
    /// are its weight.
    ///
    /// - Parameter layer: the name and number of outputs of the layer.
    public mutating func take(
        _ name: String, shape: [Int], rows: Int, columns: Int, layer: (name: String, outputs: Int)? = nil
    ) -> Region {
        let region = Region(offset: parameterCount, rows: rows, columns: columns)
        parameterCount += rows * columns
        parameters.append(
            Tensor(name: name, shape: shape, range: region.range, isWeight: layer != nil))
        if let layer {
            weights.append(
                WeightLayer(
                    name: layer.name, node: nodes.count, region: region, bias: nil,
                    size: .vector(layer.outputs)))
        }
        return region
    }

    /// Says that a vector is the bias of the layer that makes a value, if a layer makes it that has none and as
    /// many outputs.
    public mutating func setBias(_ region: Region, ofLayerMaking value: Int) {
        guard let node = values[value].producer, let index = weights.firstIndex(where: { $0.node == node }),
            weights[index].bias == nil, weights[index].region.rows == region.range.count
        else { return }
        weights[index].bias = Region(offset: region.offset, rows: 1, columns: region.range.count)
    }

    /// Makes a value the network's output.
    public mutating func setOutput(_ value: Int) { last = value }
}
