/// The size of a point seen as an image. Its numbers are row by row, in a row pixel by pixel, in a pixel
/// channel by channel. A vector is an image of one pixel.
public struct ImageSize: Sendable, Hashable {
    /// Rows of pixels.
    public var height: Int
    /// Pixels in a row.
    public var width: Int
    /// Numbers of a pixel.
    public var channels: Int
    /// Number of pixels.
    public var pixels: Int { height * width }
    /// Number of numbers.
    public var count: Int { height * width * channels }

    /// An image of `height` × `width` pixels.
    public init(height: Int, width: Int, channels: Int) {
        (self.height, self.width, self.channels) = (height, width, channels)
    }

    /// One pixel with `units` channels.
    public static func vector(_ units: Int) -> ImageSize { ImageSize(height: 1, width: 1, channels: units) }

    /// The middle square of a side, cut off at the image's edges.
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
    /// Whether the windows are the pixels.
    public var isPointwise: Bool { kernel == 1 && stride == 1 && padding == 0 }

    /// nil where the kernel is larger than the padded image, or the padding not smaller than the kernel.
    public init?(image: ImageSize, kernel: Int, stride: Int, padding: Int) {
        guard kernel > 0, stride > 0, (0..<kernel).contains(padding), image.height + 2 * padding >= kernel,
            image.width + 2 * padding >= kernel
        else { return nil }
        (self.image, self.kernel, self.stride, self.padding) = (image, kernel, stride, padding)
        outHeight = (image.height + 2 * padding - kernel) / stride + 1
        outWidth = (image.width + 2 * padding - kernel) / stride + 1
    }
}

/// Windows side by side over an image, of which each channel's mean or maximum is taken.
public struct ImagePool: Sendable, Hashable {
    /// The image that is pooled.
    public let image: ImageSize
    /// A window's rows.
    public let windowHeight: Int
    /// Pixels in a window's row.
    public let windowWidth: Int
    /// Whether the maximum is taken, not the mean.
    public let isMaximum: Bool
    /// A pixel for each window.
    public var result: ImageSize {
        ImageSize(
            height: image.height / windowHeight, width: image.width / windowWidth, channels: image.channels)
    }

    /// nil where the windows do not cover the image.
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
    /// The image that pixels are taken of.
    public let image: ImageSize
    /// Rows and columns from one taken pixel to the next.
    public let stride: Int
    /// Channels of the result, at least the image's.
    public let channels: Int
    /// The image of the pixels taken.
    public var result: ImageSize {
        ImageSize(
            height: (image.height + stride - 1) / stride, width: (image.width + stride - 1) / stride,
            channels: channels)
    }

    /// nil where channels would be lost.
    public init?(image: ImageSize, stride: Int, channels: Int) {
        guard stride > 0, channels >= image.channels else { return nil }
        (self.image, self.stride, self.channels) = (image, stride, channels)
    }
}
