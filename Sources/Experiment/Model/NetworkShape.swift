/// Why layers don't fit together.
public enum ShapeFault: Error, Hashable, Sendable {
    /// A network needs a dense layer or a convolution.
    case noWeights
    /// A number of units, channels or pixels is not positive.
    case notPositive
    /// The kernel is larger than the padded image, or the padding not smaller than the kernel.
    case windowDoesNotFit(kernel: Int, padding: Int, ImageSize)
    /// The windows don't tile the image.
    case poolDoesNotFit(window: Int, ImageSize)
    /// A group normalisation's groups would differ in size.
    case groupsDoNotDivide(Int, channels: Int)
    /// The heads of an attention would differ in size.
    case headsDoNotDivide(Int, channels: Int)
    /// The shortcut's output has another size than the block's output.
    case shortcutDoesNotFit(Shortcut, from: ImageSize, to: ImageSize)
    /// A residual network's depth is not 6n + 2.
    case depth(Int)
    /// A layer of vectors reads an image.
    case notAVector
    /// The last layer's output is not a vector of as many numbers as the data need.
    case outputs(ImageSize, due: Int)
    /// The parameters don't fit in memory.
    case tooManyParameters(Int)
    /// The values of a point don't fit in memory.
    case tooManyNumbers(Int)
    /// The fault of an entry of a list, by its path and its word.
    indirect case entry(String, String, reads: ImageSize, ShapeFault)
}

/// The sizes and layers of a network, as a value. A `Network` is made from it.
public struct NetworkShape: Sendable {
    /// The size of a point.
    public let input: ImageSize
    /// Number of the network's outputs.
    public var outputs: Int { plan.values[plan.last].size.count }
    /// The operations that the layers amount to.
    public let plan: NetworkPlan
    /// Index of the plan's value that training reads: the last; for an encoder the one before, (μ | s).
    public let head: Int
    /// A graph's layers; nil: the plan says them.
    private let chosen: [Int]?

    /// A network's shape. Throws where the layers don't fit together.
    public init(input: ImageSize, layers: [LayerSpec]) throws(ShapeFault) {
        (self.input, chosen) = (input, nil)
        plan = try NetworkPlan(input: input, layers)
        head = plan.last
    }

    /// The shape of a graph whose operations a plan holds.
    ///
    /// - Parameter layers: the values that measures see as layers.
    public init(graph plan: NetworkPlan, layers: [Int]) {
        (input, self.plan, chosen, head) = (plan.values[0].size, plan, layers, plan.last)
    }

    /// The shape of a VIB's encoder: these layers, whose outputs are (μ | s), and then μ alone, which measures see as
    /// the last layer. Names of parameters begin with "encoder.".
    public init(encoder shape: NetworkShape) {
        (input, chosen, head) = (shape.input, shape.chosen, shape.head)
        var plan = shape.plan
        plan.becomeEncoder()
        self.plan = plan
    }

    /// The layers that measures see, as indices of the plan's values: for a graph those chosen.
    public var layers: [(preActivation: Int, activation: Int, depth: Int)] {
        chosen?.enumerated().map { ($1, $1, $0 + 1) } ?? plan.layers
    }
}

extension NetworkShape {
    /// A multilayer perceptron with `units[0]` inputs. Each hidden layer is dense, then normalised, then
    /// activated: h_l = φ(N(W_l h_{l−1} + b_l)). In a residual network, a hidden layer as wide as its input
    /// adds it: h_l = φ(N(W_l h_{l−1} + b_l)) + h_{l−1}. The last layer is only dense.
    public static func mlp(
        units: [Int], activation: Activation, normalisation: Normalisation? = nil,
        isResidual: Bool = false, hasBiases: Bool = true, stem: String = "layers"
    ) throws(ShapeFault) -> NetworkShape {
        guard units.count >= 2 else { throw .noWeights }
        var layers: [LayerSpec] = []
        for index in 1..<units.count - 1 {
            var hidden: [LayerSpec] = [
                .dense(units[index], hasBias: hasBiases, name: "\(stem).\(index - 1)")
            ]
            if let normalisation { hidden.append(.normalisation(normalisation)) }
            hidden.append(.activation(activation))
            if isResidual && units[index] == units[index - 1] {
                layers.append(.residual(hidden, .identity))
            } else {
                layers += hidden
            }
        }
        let last = units.count - 1
        layers.append(.dense(units[last], hasBias: hasBiases, name: "\(stem).\(last - 1)"))
        return try NetworkShape(input: .vector(units[0]), layers: layers)
    }

    /// A plain convolutional network: a 3 × 3 convolution for each element of `channels`, all but the first
    /// with stride 2, each normalised and activated; then the mean over pixels and a dense layer.
    public static func cnn(
        channels: [Int], activation: Activation, classes: Int, input: ImageSize,
        normalisation: Normalisation? = nil, hasBiases: Bool = true
    ) throws(ShapeFault) -> NetworkShape {
        var layers: [LayerSpec] = []
        for (index, channels) in channels.enumerated() {
            layers.append(
                .convolution(
                    channels: channels, kernel: 3, stride: index == 0 ? 1 : 2, padding: 1,
                    hasBias: hasBiases))
            if let normalisation { layers.append(.normalisation(normalisation)) }
            layers.append(.activation(activation))
        }
        return try NetworkShape(
            input: input, layers: layers + [.globalAveragePool, .dense(classes, name: "classifier")])
    }

    /// The residual network for small images of He et al. 2016, section 4.2: a 3 × 3 convolution; three
    /// stages of n blocks, each of two convolutions; the mean over pixels; a dense layer. The stages have
    /// `width`, 2 `width` and 4 `width` channels, and the second and third halve the resolution. `depth` = 6n
    /// + 2 counts convolutions and the dense layer: ResNet-32 has depth 32 and width 16. Depth 8 with width 8
    /// is small enough for two cores.
    public static func resnet(
        depth: Int, width: Int = 16, classes: Int = 10,
        input: ImageSize = ImageSize(height: 32, width: 32, channels: 3),
        normalisation: Normalisation? = .batch,
        shortcut: Shortcut = .padded, activation: Activation = .relu
    ) throws(ShapeFault) -> NetworkShape {
        guard depth >= 8, depth % 6 == 2 else { throw .depth(depth) }
        func convolution(
            _ channels: Int, stride: Int = 1, block: String = "", number: String = ""
        ) -> [LayerSpec] {
            [
                .convolution(
                    channels: channels, kernel: 3, stride: stride, padding: 1,
                    hasBias: normalisation == nil, name: "\(block)convolution\(number)")
            ] + (normalisation.map { [.normalisation($0, name: "\(block)norm\(number)")] } ?? [])
        }
        let activated = LayerSpec.activation(activation)
        var layers = convolution(width) + [activated]
        for stage in 0..<3 {
            for block in 0..<(depth - 2) / 6 {
                let isSmaller = stage > 0 && block == 0
                let name = "stages.\(stage).\(block)."
                let body =
                    convolution(width << stage, stride: isSmaller ? 2 : 1, block: name, number: "1")
                    + [activated]
                    + convolution(width << stage, block: name, number: "2")
                layers += [.residual(body, isSmaller ? shortcut : .identity), activated]
            }
        }
        return try NetworkShape(
            input: input, layers: layers + [.globalAveragePool, .dense(classes, name: "classifier")])
    }
}
