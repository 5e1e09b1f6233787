/// The path that bypasses a residual block (He et al. 2016).
public enum Shortcut: Sendable, Hashable {
    /// The input itself. The block keeps its size.
    case identity
    /// Every s-th pixel, with zeros for the channels that the block adds (option A of the paper). It has no
    /// parameters.
    case padded
    /// A 1 × 1 convolution of stride s, then a normalisation (option B of the paper).
    case projection(Normalisation?)
    /// The identity where the block keeps its size, else a projection.
    case fitting(Normalisation?)
}

/// input + second.
public struct SumOperation: NetworkOperation {}

/// Every `stride`-th row and column of an image, with channels of zeros added.
public struct ImageSubsample: NetworkOperation {
    /// The image whose pixels are taken.
    public let image: ImageSize
    /// Rows and columns from one taken pixel to the next.
    public let stride: Int
    /// Channels of the result, at least as many as the image has.
    public let channels: Int
    /// The size of the image of the pixels taken.
    public var result: ImageSize {
        ImageSize(
            height: (image.height + stride - 1) / stride, width: (image.width + stride - 1) / stride,
            channels: channels)
    }

    /// A subsample of an image; nil where channels would be lost.
    public init?(image: ImageSize, stride: Int, channels: Int) {
        guard stride > 0, channels >= image.channels else { return nil }
        (self.image, self.stride, self.channels) = (image, stride, channels)
    }
}

extension LayerSpec {
    /// The layers' output plus the shortcut's output, both for the same input.
    ///
    /// - Parameter name: the name of a projection in files, which its normalisation follows with "norm"; nil: those of
    ///   unnamed layers.
    public static func residual(
        _ body: [LayerSpec], _ shortcut: Shortcut, name: String? = nil
    ) -> LayerSpec {
        LayerSpec { (plan, value) throws(ShapeFault) in
            let result = try plan.append(body, after: value)
            let (size, target) = (plan.values[value].size, plan.values[result].size)
            let fault = ShapeFault.shortcutDoesNotFit(shortcut, from: size, to: target)
            let stride = max(1, (size.height + target.height - 1) / target.height)
            let first = plan.nodes.count
            var other = value
            var kind = shortcut
            if case .fitting(let norm) = shortcut { kind = size == target ? .identity : .projection(norm) }
            switch kind {
            case .identity, .fitting: break
            case .padded:
                guard
                    let subsample = ImageSubsample(image: size, stride: stride, channels: target.channels)
                else { throw fault }
                other = plan.add(subsample, value, subsample.result)
            case .projection(let normalisation):
                let norm = normalisation.map {
                    [LayerSpec.normalisation($0, name: name.map { "\($0).norm" })]
                }
                other = try plan.append(
                    [.convolution(channels: target.channels, kernel: 1, stride: stride, name: name)]
                        + (norm ?? []), after: value)
            }
            guard plan.values[other].size == target else { throw fault }
            plan.markShortcut(from: first)
            return plan.add(SumOperation(), result, and: other, target)
        }
    }
}
