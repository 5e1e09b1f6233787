/// A network's layers as a list of operations on numbered values, where value 0 is the input, with each
/// parameter's region in the flat buffer that holds them all. The plan depends on the shape alone.
public struct NetworkPlan: Sendable, Hashable {
    /// The input, or the output of an operation.
    public struct Value: Sendable, Hashable {
        /// The value's size for one point.
        public var size: ImageSize
        /// Index of the operation that makes it; nil: the input.
        public var producer: Int?
        /// Indices of the operations that read it.
        public var consumers: [Int] = []
        /// Index of another value whose memory this one takes over in training.
        public var takesMemoryOf: Int?
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

    /// A normalisation with its parameters.
    public struct Norm: Sendable, Hashable {
        /// The numbers that it normalises.
        public var kind: Normalisation
        /// The scales γ.
        public var gamma: Region
        /// The shifts β.
        public var beta: Region
        /// Index among the normalisation layers.
        public var number: Int
        /// The running averages of a batch normalisation; nil for other kinds.
        public var running: Running?

        /// Running averages of batches' moments.
        public struct Running: Sendable, Hashable {
            /// The running average of the means.
            public var mean: Region
            /// The running average of the variances.
            public var variance: Region
        }
    }

    /// A function that makes one value from another, or from two.
    public enum Operation: Sendable, Hashable {
        /// input · weightᵀ + bias.
        case dense(weight: Region, bias: Region?)
        /// input · weightᵀ + bias at each position of the window, where the input is the numbers under it.
        case convolution(ImageWindow, weight: Region, bias: Region?)
        /// φ of each number.
        case activation(Activation)
        /// γ (input − mean) / deviation + β.
        case normalisation(Norm)
        /// Means or maxima of windows.
        case pool(ImagePool)
        /// Some of the pixels, with channels of zeros added.
        case subsample(ImageSubsample)
        /// input + second.
        case sum
    }

    /// An operation with the values that it reads and makes.
    public struct Node: Sendable, Hashable {
        /// The operation.
        public var operation: Operation
        /// Index of the value that it reads.
        public var input: Int
        /// Index of the second value that a sum reads.
        public var second: Int?
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
        /// Whether weight decay applies to it.
        public var isWeight: Bool
    }

    /// A dense layer or convolution.
    public struct WeightLayer: Sendable, Hashable {
        /// The name in files, as "layers.0".
        public var name: String
        /// Index of its operation.
        public var node: Int
        /// The weight matrix.
        public var region: Region
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
    /// Index of the value that is the network's output.
    public private(set) var last = 0
    /// The normalisations' names, in order.
    private var norms: [String] = []
    /// Number of unnamed layers of each kind so far.
    private var unnamed: [String: Int] = [:]

    init(input: ImageSize, _ layers: [LayerSpec]) throws(ShapeFault) {
        guard input.height > 0, input.width > 0, input.channels > 0 else { throw .notPositive }
        values = [Value(size: input)]
        last = try append(layers, after: 0)
        guard !weights.isEmpty else { throw .noWeights }
        placeStates()
        shareMemory()
    }

    /// All tensors of the network in files, in their order.
    public var tensors: [Tensor] { parameters + averages }

    /// The running averages' region in the flat buffer.
    public var stateRange: Region { Region(offset: parameterCount, rows: 1, columns: stateCount) }

    /// The layers that measures see, as indices of values: each activation's input and its output, and the
    /// network's outputs. Where a block ends at an activation, that output includes the block's input.
    public var layers: [(preActivation: Int, activation: Int, depth: Int)] {
        var layers: [(preActivation: Int, activation: Int, depth: Int)] = []
        var depth = 0
        for node in nodes {
            switch node.operation {
            case .dense, .convolution: depth += node.isShortcut ? 0 : 1
            case .activation:
                var end = node.output
                if let next = values[end].consumers.first, values[end].consumers.count == 1,
                    case .sum = nodes[next].operation
                {
                    end = nodes[next].output
                }
                layers.append((node.input, end, depth))
            default: break
            }
        }
        if layers.last?.activation != last { layers.append((last, last, depth)) }
        return layers
    }

    /// Whether a ReLU is the next activation that a node's output meets before another weight layer.
    public func isBeforeReLU(_ node: Int) -> Bool {
        var value = nodes[node].output
        while let next = values[value].consumers.first {
            switch nodes[next].operation {
            case .dense, .convolution: return false
            case .activation(let activation): return activation == .relu
            default: value = nodes[next].output
            }
        }
        return false
    }

    // MARK: - Making

    /// The name given, or the default for the next layer of its kind, as "layers.0".
    private mutating func name(_ given: String?, kind: String) -> String {
        if let given { return given }
        let index = unnamed[kind, default: 0]
        unnamed[kind] = index + 1
        return "\(kind).\(index)"
    }

    /// Allocates a vector among the parameters.
    private mutating func takeVector(_ count: Int, _ name: String) -> Region {
        let region = Region(offset: parameterCount, rows: 1, columns: count)
        parameterCount += count
        parameters.append(Tensor(name: name, shape: [count], range: region.range, isWeight: false))
        return region
    }

    /// Allocates the weight and bias of a layer whose output has this size.
    ///
    /// - Parameter inputs: the shape that one output sums over.
    private mutating func takeLayer(
        _ name: String, _ inputs: [Int], hasBias: Bool, to size: ImageSize
    ) -> (weight: Region, bias: Region?) {
        let weight = Region(
            offset: parameterCount, rows: size.channels, columns: inputs.reduce(1, *))
        parameterCount += weight.range.count
        parameters.append(
            Tensor(
                name: "\(name).weight", shape: [size.channels] + inputs, range: weight.range, isWeight: true))
        weights.append(WeightLayer(name: name, node: nodes.count, region: weight, size: size))
        return (weight, hasBias ? takeVector(size.channels, "\(name).bias") : nil)
    }

    private mutating func add(
        _ operation: Operation, _ input: Int, and second: Int? = nil, _ size: ImageSize
    ) -> Int {
        let output = values.count
        values.append(Value(size: size, producer: nodes.count))
        values[input].consumers.append(nodes.count)
        if let second { values[second].consumers.append(nodes.count) }
        nodes.append(Node(operation: operation, input: input, second: second, output: output))
        return output
    }

    private mutating func append(_ layers: [LayerSpec], after value: Int) throws(ShapeFault) -> Int {
        var value = value
        for layer in layers { value = try append(layer, after: value) }
        return value
    }

    private mutating func append(_ layer: LayerSpec, after value: Int) throws(ShapeFault) -> Int {
        let size = values[value].size
        switch layer {
        case .dense(let units, let hasBias, let name):
            guard units > 0 else { throw .notPositive }
            let (weight, bias) = takeLayer(
                self.name(name, kind: "layers"), [size.count], hasBias: hasBias, to: .vector(units))
            return add(.dense(weight: weight, bias: bias), value, .vector(units))
        case .activation(let activation): return add(.activation(activation), value, size)
        case .normalisation(let kind, let name): return try append(kind, name, after: value)
        case .convolution(let channels, let kernel, let stride, let padding, let hasBias, let name):
            guard channels > 0, stride > 0 else { throw .notPositive }
            guard let window = ImageWindow(image: size, kernel: kernel, stride: stride, padding: padding)
            else {
                throw .windowDoesNotFit(kernel: kernel, padding: padding, size)
            }
            let result = ImageSize(height: window.outHeight, width: window.outWidth, channels: channels)
            let (weight, bias) = takeLayer(
                self.name(name, kind: "convolutions"), [kernel, kernel, size.channels], hasBias: hasBias,
                to: result)
            return add(.convolution(window, weight: weight, bias: bias), value, result)
        case .averagePool(let side): return try appendPool(side, side, isMaximum: false, after: value)
        case .maximumPool(let side): return try appendPool(side, side, isMaximum: true, after: value)
        case .globalAveragePool:
            return try appendPool(size.height, size.width, isMaximum: false, after: value)
        case .residual(let body, let shortcut):
            let result = try append(body, after: value)
            let first = nodes.count
            let other = try append(shortcut, after: value, to: values[result].size)
            for index in first..<nodes.count { nodes[index].isShortcut = true }
            return add(.sum, result, and: other, values[result].size)
        }
    }

    private mutating func append(
        _ kind: Normalisation, _ name: String? = nil, after value: Int
    ) throws(ShapeFault) -> Int {
        let size = values[value].size
        if case .group(let groups) = kind, groups <= 0 || size.channels % groups != 0 {
            throw .groupsDoNotDivide(groups, channels: size.channels)
        }
        let channels = kind == .instance && size.pixels == 1 ? 1 : size.channels
        let name = self.name(name, kind: "norms")
        let gamma = takeVector(channels, "\(name).weight")
        let beta = takeVector(channels, "\(name).bias")
        let norm = Norm(kind: kind, gamma: gamma, beta: beta, number: norms.count)
        norms.append(name)
        return add(.normalisation(norm), value, size)
    }

    private mutating func appendPool(
        _ height: Int, _ width: Int, isMaximum: Bool, after value: Int
    ) throws(ShapeFault) -> Int {
        let size = values[value].size
        guard
            let pool = ImagePool(image: size, windowHeight: height, windowWidth: width, isMaximum: isMaximum)
        else { throw .poolDoesNotFit(window: height, size) }
        return add(.pool(pool), value, pool.result)
    }

    private mutating func append(
        _ shortcut: Shortcut, after value: Int, to target: ImageSize
    ) throws(ShapeFault) -> Int {
        let size = values[value].size
        let fault = ShapeFault.shortcutDoesNotFit(shortcut, from: size, to: target)
        let stride = max(1, (size.height + target.height - 1) / target.height)
        switch shortcut {
        case .identity:
            guard size == target else { throw fault }
            return value
        case .padded:
            guard let subsample = ImageSubsample(image: size, stride: stride, channels: target.channels),
                subsample.result == target
            else { throw fault }
            return add(.subsample(subsample), value, target)
        case .projection(let normalisation):
            let convolution = LayerSpec.convolution(channels: target.channels, kernel: 1, stride: stride)
            let projected = try append(convolution, after: value)
            guard values[projected].size == target else { throw fault }
            guard let normalisation else { return projected }
            return try append(normalisation, after: projected)
        }
    }

    /// Puts running averages behind all parameters.
    private mutating func placeStates() {
        for index in nodes.indices {
            guard case .normalisation(var norm) = nodes[index].operation, norm.kind == .batch else {
                continue
            }
            let (count, start) = (norm.gamma.columns, parameterCount + stateCount)
            let running = Norm.Running(
                mean: Region(offset: start, rows: 1, columns: count),
                variance: Region(offset: start + count, rows: 1, columns: count))
            for (region, part) in [(running.mean, "running_mean"), (running.variance, "running_var")] {
                averages.append(
                    Tensor(
                        name: "\(norms[norm.number]).\(part)", shape: [count], range: region.range,
                        isWeight: false))
            }
            norm.running = running
            stateCount += 2 * count
            nodes[index].operation = .normalisation(norm)
        }
    }

    /// Lets an activation or a sum overwrite its input where nothing else reads that input.
    private mutating func shareMemory() {
        for node in nodes {
            guard let producer = values[node.input].producer, values[node.input].consumers.count == 1 else {
                continue
            }
            switch node.operation {
            case .activation, .sum: break
            default: continue
            }
            // The slope of an activation is computed from its output, which must stay.
            if case .activation = nodes[producer].operation { continue }
            values[node.output].takesMemoryOf = node.input
        }
    }
}
