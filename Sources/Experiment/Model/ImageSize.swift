/// The size of a point seen as an image. Its numbers are stored row by row, within a row pixel by pixel, and
/// within a pixel channel by channel. A vector is an image with one pixel.
public struct ImageSize: Sendable, Hashable {
    /// Rows of pixels.
    public var height: Int
    /// Pixels in a row.
    public var width: Int
    /// Numbers in a pixel.
    public var channels: Int
    /// Number of pixels.
    public var pixels: Int { height * width }
    /// Number of numbers: height × width × channels.
    public var count: Int { height * width * channels }

    /// An image of `height` × `width` pixels.
    public init(height: Int, width: Int, channels: Int) {
        (self.height, self.width, self.channels) = (height, width, channels)
    }

    /// One pixel with `units` channels.
    public static func vector(_ units: Int) -> ImageSize { ImageSize(height: 1, width: 1, channels: units) }

    /// The size of a centred square with this side, clipped at the image's edges.
    public func patch(side: Int) -> ImageSize {
        ImageSize(height: min(side, height), width: min(side, width), channels: channels)
    }
}

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

/// Adjacent windows over an image. Pooling takes each channel's mean or maximum in each window.
public struct ImagePool: Sendable, Hashable {
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

/// Every `stride`-th row and column of an image, with channels of zeros added.
public struct ImageSubsample: Sendable, Hashable {
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
