/// Why layers do not fit together.
public enum ShapeFault: Error, Hashable, Sendable {
    /// A network needs a dense layer or a convolution.
    case noWeights
    /// A number of units, channels or pixels that is not positive.
    case notPositive
    /// The kernel is larger than the padded image, or the padding not smaller than the kernel.
    case windowDoesNotFit(kernel: Int, padding: Int, ImageSize)
    /// The windows do not cover the image.
    case poolDoesNotFit(window: Int, ImageSize)
    /// A group normalisation's groups would differ in size.
    case groupsDoNotDivide(Int, channels: Int)
    /// What the shortcut makes of a block's input has another size than the block's output.
    case shortcutDoesNotFit(Shortcut, from: ImageSize, to: ImageSize)
    /// A residual network's depth is 6n + 2.
    case depth(Int)
}

/// The sizes and layers of a network: a value, from which a `Network` is made.
public struct NetworkShape: Sendable, Hashable {
    /// The size of a point.
    public let input: ImageSize
    /// The layers, the first one first.
    public let layers: [LayerSpec]
    /// Number of outputs of the last layer.
    public var outputs: Int { plan.values[plan.last].size.count }
    /// The operations that the layers come to.
    public let plan: NetworkPlan

    /// Throws where the layers do not fit together.
    public init(input: ImageSize, layers: [LayerSpec]) throws(ShapeFault) {
        (self.input, self.layers) = (input, layers)
        plan = try NetworkPlan(input: input, layers)
    }
}

extension NetworkShape {
    /// A multilayer perceptron with `units[0]` inputs. Each hidden layer is dense, then normalised, then has
    /// the activation; where it is as wide as what it comes from, and the network is residual, that is added: h_l
    /// = φ(N(W_l h_{l−1} + b_l)) + h_{l−1}. The last layer is dense alone.
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

    /// A plain convolutional network: 3 × 3 convolutions of so many channels, each but the first of stride 2,
    /// each normalised and activated; the mean over pixels; a dense layer.
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

    /// The residual network for small images of He et al. 2016, section 4.2: a 3 × 3 convolution, then three
    /// stages of n blocks of two, of `width`, 2 `width` and 4 `width` channels, the later two at half the
    /// resolution of the one before; the mean over pixels; a dense layer. `depth` = 6n + 2 counts
    /// convolutions and the dense layer: ResNet-32 is depth 32, width 16. Depth 8 and width 8 are small
    /// enough for two cores.
    public static func resnet(
        depth: Int, width: Int = 16, classes: Int = 10,
        input: ImageSize = ImageSize(height: 32, width: 32, channels: 3),
        normalisation: Normalisation? = .batch,
        shortcut: Shortcut = .padded
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
        let relu = LayerSpec.activation(.relu)
        var layers = convolution(width) + [relu]
        for stage in 0..<3 {
            for block in 0..<(depth - 2) / 6 {
                let isSmaller = stage > 0 && block == 0
                let name = "stages.\(stage).\(block)."
                let body =
                    convolution(width << stage, stride: isSmaller ? 2 : 1, block: name, number: "1") + [relu]
                    + convolution(width << stage, block: name, number: "2")
                layers += [.residual(body, isSmaller ? shortcut : .identity), relu]
            }
        }
        return try NetworkShape(
            input: input, layers: layers + [.globalAveragePool, .dense(classes, name: "classifier")])
    }
}
