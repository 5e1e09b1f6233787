/// A square window of `kernel` × `kernel` pixels that moves by `stride` over an image with `padding` zeros
/// around it.
public struct ImageWindow: Sendable, Hashable {
    /// The image under the window.
    public let image: ImageSize
    /// The window's side in pixels.
    public let kernel: Int
    /// Pixels from one position to the next.
    public let stride: Int
    /// Zeros on each side of the image.
    public let padding: Int
    /// Positions from top to bottom.
    public let outHeight: Int
    /// Positions from left to right.
    public let outWidth: Int
    /// Numbers under the window.
    public var columns: Int { kernel * kernel * image.channels }
    /// Positions of the window.
    public var positions: Int { outHeight * outWidth }
    /// Whether each window is exactly one pixel: a 1 × 1 kernel with stride 1 and no padding.
    public var isPointwise: Bool { kernel == 1 && stride == 1 && padding == 0 }

    /// A window over an image; nil where the kernel is larger than the padded image, or the padding is not
    /// smaller than the kernel.
    public init?(image: ImageSize, kernel: Int, stride: Int, padding: Int) {
        guard kernel > 0, stride > 0, (0..<kernel).contains(padding), image.height + 2 * padding >= kernel,
            image.width + 2 * padding >= kernel
        else { return nil }
        (self.image, self.kernel, self.stride, self.padding) = (image, kernel, stride, padding)
        outHeight = (image.height + 2 * padding - kernel) / stride + 1
        outWidth = (image.width + 2 * padding - kernel) / stride + 1
    }
}

/// input · weightᵀ + bias at each position of the window, where the input is the numbers under it.
public struct ConvolutionOperation: NetworkOperation {
    /// The window that moves over the image.
    public let window: ImageWindow
    /// The kernels, [channels, numbers under the window].
    public let weight: NetworkPlan.Region
    /// The bias, if the layer has one.
    public let bias: NetworkPlan.Region?
}

extension LayerSpec {
    /// A dense layer on the channels of each pixel: a convolution with 1 × 1 kernels.
    ///
    /// - Parameters:
    ///   - deviation: the deviation that the weight is drawn with; nil: it follows from the shape.
    ///   - initialBias: the biases before the first step.
    public static func pointwise(
        _ units: Int, name: String? = nil, deviation: Double? = nil, initialBias: Double = 0
    ) -> LayerSpec {
        LayerSpec { (plan, value) throws(ShapeFault) in
            let size = plan.values[value].size
            guard units > 0, let window = ImageWindow(image: size, kernel: 1, stride: 1, padding: 0) else {
                throw .notPositive
            }
            let result = ImageSize(height: size.height, width: size.width, channels: units)
            let (weight, bias) = plan.takeLayer(
                plan.name(name, kind: "convolutions"), [size.channels], hasBias: true, to: result,
                deviation: deviation, initialBias: initialBias)
            return plan.add(
                ConvolutionOperation(window: window, weight: weight, bias: bias), value, result)
        }
    }

    /// A convolution with square kernels, over the image with zeros around it.
    public static func convolution(
        channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0, hasBias: Bool = false,
        name: String? = nil
    ) -> LayerSpec {
        LayerSpec { (plan, value) throws(ShapeFault) in
            let size = plan.values[value].size
            guard channels > 0, stride > 0 else { throw .notPositive }
            guard let window = ImageWindow(image: size, kernel: kernel, stride: stride, padding: padding)
            else { throw .windowDoesNotFit(kernel: kernel, padding: padding, size) }
            let result = ImageSize(height: window.outHeight, width: window.outWidth, channels: channels)
            let (weight, bias) = plan.takeLayer(
                plan.name(name, kind: "convolutions"), [kernel, kernel, size.channels], hasBias: hasBias,
                to: result)
            return plan.add(
                ConvolutionOperation(window: window, weight: weight, bias: bias), value, result)
        }
    }
}
