import LinearAlgebra

/// What numbers of a point, or of a batch, are brought to mean 0 and variance 1, to be scaled by γ and
/// shifted by β, one each a channel. A vector's units are its channels.
public enum Normalisation: Sendable, Hashable {
    /// All numbers of a point (Ba, Kiros & Hinton 2016).
    case layer
    /// Each channel over all points of the batch and pixels (Ioffe & Szegedy 2015). In evaluation a running
    /// average of the moments stands for the batch's.
    case batch
    /// Each channel of a point over its pixels (Ulyanov, Vedaldi & Lempitsky 2016). A vector counts as one
    /// channel of as many pixels as it has units: γ and β are one number each.
    case instance
    /// So many groups of neighbouring channels, each over a point's pixels (Wu & He 2018).
    case group(Int)
}

/// The way past a residual block (He et al. 2016).
public enum Shortcut: Sendable, Hashable {
    /// The input itself: the block keeps its size.
    case identity
    /// Every s-th pixel, zeros for the channels that the block adds (their option A): no parameters.
    case padded
    /// A 1 × 1 convolution of stride s, then a normalisation (their option B).
    case projection(Normalisation?)
}

/// One step of a network. Sizes follow from what comes before.
public indirect enum LayerSpec: Sendable, Hashable {
    /// p = x Wᵀ + b; an image is taken as the vector of its numbers.
    case dense(Int, hasBias: Bool = true)
    case activation(Activation)
    case normalisation(Normalisation)
    /// As many channels as asked for; zeros around the image.
    case convolution(channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0, hasBias: Bool = false)
    /// The mean or maximum of each channel in windows of so many pixels a side, side by side.
    case averagePool(Int)
    case maximumPool(Int)
    case globalAveragePool
    /// The layers' output plus what the shortcut makes of their input.
    case residual([LayerSpec], Shortcut)
}

/// Why layers do not fit together.
public enum ShapeFault: Error, Hashable, Sendable {
    /// A network needs a dense layer or a convolution.
    case noWeights
    /// A number of units, channels or pixels that is not positive.
    case notPositive
    /// The kernel is larger than the padded image, or the padding not smaller than the kernel.
    case windowDoesNotFit(kernel: Int, padding: Int, ImageSize)
    case poolDoesNotFit(window: Int, ImageSize)
    case groupsDoNotDivide(Int, channels: Int)
    case shortcutDoesNotFit(Shortcut, from: ImageSize, to: ImageSize)
    /// A residual network's depth is 6n + 2.
    case depth(Int)
}

/// The sizes and layers of a network: a value, from which a `Network` is made.
public struct NetworkShape: Sendable, Hashable {
    public let input: ImageSize
    public let layers: [LayerSpec]
    /// Outputs of the last layer.
    public var outputs: Int { plan.values[plan.last].size.count }
    let plan: NetworkPlan

    public init(input: ImageSize, layers: [LayerSpec]) throws(ShapeFault) {
        (self.input, self.layers) = (input, layers)
        plan = try NetworkPlan(input: input, layers)
    }
}

extension NetworkShape {
    /// A multilayer perceptron with `units[0]` inputs. Each hidden layer is dense, then normalised, then has
    /// the activation; where it is as wide as what it comes from, and skips are asked for, that is added: h_l
    /// = φ(N(W_l h_{l−1} + b_l)) + h_{l−1}. The last layer is dense alone.
    public static func mlp(
        units: [Int], activation: Activation, normalisation: Normalisation? = nil, isResidual: Bool = false,
        hasBiases: Bool = true
    ) throws(ShapeFault) -> NetworkShape {
        guard units.count >= 2 else { throw .noWeights }
        var layers: [LayerSpec] = []
        for index in 1..<units.count - 1 {
            var hidden: [LayerSpec] = [.dense(units[index], hasBias: hasBiases)]
            if let normalisation { hidden.append(.normalisation(normalisation)) }
            hidden.append(.activation(activation))
            if isResidual && units[index] == units[index - 1] {
                layers.append(.residual(hidden, .identity))
            } else {
                layers += hidden
            }
        }
        layers.append(.dense(units[units.count - 1], hasBias: hasBiases))
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
        return try NetworkShape(input: input, layers: layers + [.globalAveragePool, .dense(classes)])
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
        func convolution(_ channels: Int, stride: Int = 1) -> [LayerSpec] {
            [
                .convolution(
                    channels: channels, kernel: 3, stride: stride, padding: 1,
                    hasBias: normalisation == nil)
            ] + (normalisation.map { [.normalisation($0)] } ?? [])
        }
        let relu = LayerSpec.activation(.relu)
        var layers = convolution(width) + [relu]
        for stage in 0..<3 {
            for block in 0..<(depth - 2) / 6 {
                let isSmaller = stage > 0 && block == 0
                let body =
                    convolution(width << stage, stride: isSmaller ? 2 : 1) + [relu]
                    + convolution(width << stage)
                layers += [.residual(body, isSmaller ? shortcut : .identity), relu]
            }
        }
        return try NetworkShape(input: input, layers: layers + [.globalAveragePool, .dense(classes)])
    }
}
