/// Adjacent windows over an image. Pooling takes each channel's mean or maximum in each window.
public struct ImagePool: NetworkOperation {
    /// The image that is pooled.
    public let image: ImageSize
    /// Rows of a window.
    public let windowHeight: Int
    /// Pixels in a row of a window.
    public let windowWidth: Int
    /// Whether pooling takes the maximum instead of the mean.
    public let isMaximum: Bool
    /// The size of the pooled image: one pixel for each window.
    public var result: ImageSize {
        ImageSize(
            height: image.height / windowHeight, width: image.width / windowWidth, channels: image.channels)
    }

    /// Windows over an image; nil where they don't tile it.
    public init?(image: ImageSize, windowHeight: Int, windowWidth: Int, isMaximum: Bool) {
        guard windowHeight > 0, windowWidth > 0, image.height % windowHeight == 0,
            image.width % windowWidth == 0
        else { return nil }
        (self.image, self.windowHeight, self.windowWidth) = (image, windowHeight, windowWidth)
        self.isMaximum = isMaximum
    }
}

extension LayerSpec {
    /// The mean of each channel in adjacent square windows with this side.
    public static func averagePool(_ side: Int) -> LayerSpec {
        pool(isMaximum: false) { _ in (side, side) }
    }

    /// The maximum of each channel in adjacent square windows with this side.
    public static func maximumPool(_ side: Int) -> LayerSpec {
        pool(isMaximum: true) { _ in (side, side) }
    }

    /// The mean of each channel over all pixels.
    public static var globalAveragePool: LayerSpec { pool(isMaximum: false) { ($0.height, $0.width) } }

    private static func pool(
        isMaximum: Bool, _ window: @escaping @Sendable (ImageSize) -> (height: Int, width: Int)
    ) -> LayerSpec {
        LayerSpec { (plan, value) throws(ShapeFault) in
            let size = plan.values[value].size
            let (height, width) = window(size)
            guard
                let pool = ImagePool(
                    image: size, windowHeight: height, windowWidth: width, isMaximum: isMaximum)
            else { throw .poolDoesNotFit(window: height, size) }
            return plan.add(pool, value, pool.result)
        }
    }
}
