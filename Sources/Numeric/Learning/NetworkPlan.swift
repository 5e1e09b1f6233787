import LinearAlgebra

/// A network's layers as a list of operations on numbered values, value 0 being the input, with each
/// parameter's place in the flat buffer. A function of the shape alone.
struct NetworkPlan: Sendable, Hashable {
    struct Value: Sendable, Hashable {
        var size: ImageSize
        /// The operation that makes it; nil: the input.
        var producer: Int?
        var consumers: [Int] = []
        /// Another value whose memory this one takes over in training.
        var takesMemoryOf: Int?
    }

    /// A matrix in the flat buffer.
    struct Place: Sendable, Hashable {
        var offset: Int
        var rows: Int
        var columns: Int
        var range: Range<Int> { offset..<offset + rows * columns }

        func of<Scalar: Real>(_ flat: Matrix<Scalar>) -> Matrix<Scalar> {
            Matrix(flat.buffer, offset: flat.offset + offset, rows: rows, columns: columns)
        }
    }

    struct Norm: Sendable, Hashable {
        var kind: Normalisation
        var gamma: Place
        var beta: Place
        /// Of all normalisations, the how-manieth.
        var number: Int
        /// Of a batch normalisation.
        var running: Running?

        struct Running: Sendable, Hashable {
            var mean: Place
            var variance: Place
        }
    }

    enum Operation: Sendable, Hashable {
        case dense(weight: Place, bias: Place?)
        case convolution(ImageWindow, weight: Place, bias: Place?)
        case activation(Activation)
        case normalisation(Norm)
        case pool(ImagePool)
        case subsample(ImageSubsample)
        /// Of `input` and `second`.
        case sum
    }

    struct Node: Sendable, Hashable {
        var operation: Operation
        var input: Int
        var second: Int?
        var output: Int
        /// Whether it lies on the way past a block.
        var isShortcut = false
    }

    /// Parameters that are neighbours in the flat buffer and all weights, or all none.
    struct Part: Sendable, Hashable {
        var range: Range<Int>
        var isWeight: Bool
    }

    private(set) var values: [Value]
    private(set) var nodes: [Node] = []
    private(set) var parts: [Part] = []
    /// Numbers of parameters, without running averages.
    private(set) var parameterCount = 0
    /// Numbers of running averages, behind all parameters.
    private(set) var stateCount = 0
    private(set) var normalisations = 0
    private(set) var last = 0

    init(input: ImageSize, _ layers: [LayerSpec]) throws(ShapeFault) {
        guard input.height > 0, input.width > 0, input.channels > 0 else { throw .notPositive }
        values = [Value(size: input)]
        last = try append(layers, after: 0)
        guard !weights.isEmpty else { throw .noWeights }
        placeStates()
        shareMemory()
    }

    /// The places of all weight matrices, in the order of the layers.
    var weights: [(node: Int, place: Place)] {
        nodes.indices.compactMap { index in
            switch nodes[index].operation {
            case .dense(let weight, _), .convolution(_, let weight, _): (index, weight)
            default: nil
            }
        }
    }

    /// The layers that a measure sees: what goes into each activation, and what comes of it, the block's
    /// input added where the block ends there; and the outputs.
    var layers: [(preActivation: Int, activation: Int, depth: Int)] {
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

    /// Whether the next activation that a node's output meets, before other weights, is a ReLU.
    func isBeforeReLU(_ node: Int) -> Bool {
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

    private mutating func take(_ rows: Int, _ columns: Int, isWeight: Bool) -> Place {
        let place = Place(offset: parameterCount, rows: rows, columns: columns)
        parameterCount += rows * columns
        parts.append(Part(range: place.range, isWeight: isWeight))
        return place
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
        case .dense(let units, let hasBias):
            guard units > 0 else { throw .notPositive }
            let weight = take(units, size.count, isWeight: true)
            let bias = hasBias ? take(1, units, isWeight: false) : nil
            return add(.dense(weight: weight, bias: bias), value, .vector(units))
        case .activation(let activation): return add(.activation(activation), value, size)
        case .normalisation(let kind): return try append(kind, after: value)
        case .convolution(let channels, let kernel, let stride, let padding, let hasBias):
            guard channels > 0, stride > 0 else { throw .notPositive }
            guard let window = ImageWindow(image: size, kernel: kernel, stride: stride, padding: padding)
            else {
                throw .windowDoesNotFit(kernel: kernel, padding: padding, size)
            }
            let weight = take(channels, window.columns, isWeight: true)
            let bias = hasBias ? take(1, channels, isWeight: false) : nil
            let result = ImageSize(height: window.outHeight, width: window.outWidth, channels: channels)
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

    private mutating func append(_ kind: Normalisation, after value: Int) throws(ShapeFault) -> Int {
        let size = values[value].size
        if case .group(let groups) = kind, groups <= 0 || size.channels % groups != 0 {
            throw .groupsDoNotDivide(groups, channels: size.channels)
        }
        let channels = kind == .instance && size.pixels == 1 ? 1 : size.channels
        let gamma = take(1, channels, isWeight: false)
        let beta = take(1, channels, isWeight: false)
        let norm = Norm(kind: kind, gamma: gamma, beta: beta, number: normalisations)
        normalisations += 1
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

    /// Running averages lie behind all parameters.
    private mutating func placeStates() {
        for index in nodes.indices {
            guard case .normalisation(var norm) = nodes[index].operation, norm.kind == .batch else {
                continue
            }
            let (count, start) = (norm.gamma.columns, parameterCount + stateCount)
            norm.running = Norm.Running(
                mean: Place(offset: start, rows: 1, columns: count),
                variance: Place(offset: start + count, rows: 1, columns: count))
            stateCount += 2 * count
            nodes[index].operation = .normalisation(norm)
        }
    }

    /// An activation or sum overwrites what it is of, where nothing else reads that.
    private mutating func shareMemory() {
        for node in nodes {
            guard let producer = values[node.input].producer, values[node.input].consumers.count == 1 else {
                continue
            }
            switch node.operation {
            case .activation, .sum: break
            default: continue
            }
            // An activation's slope is read from its output.
            if case .activation = nodes[producer].operation { continue }
            values[node.output].takesMemoryOf = node.input
        }
    }
}
