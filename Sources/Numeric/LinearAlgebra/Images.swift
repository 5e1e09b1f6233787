import CKernels

/// The size of a point seen as an image. Its numbers are stored row by row, within a row pixel by pixel,
/// within a pixel channel by channel. A vector is an image of one pixel.
public struct ImageSize: Sendable, Hashable {
    /// Number of rows of pixels.
    public var height: Int
    /// Number of pixels in a row.
    public var width: Int
    /// Number of channels of a pixel.
    public var channels: Int
    /// Number of pixels.
    public var pixels: Int { height * width }
    /// Number of scalars: pixels times channels.
    public var count: Int { height * width * channels }

    /// Creates a size from its three extents.
    public init(height: Int, width: Int, channels: Int) {
        (self.height, self.width, self.channels) = (height, width, channels)
    }

    /// The size of a vector: one pixel with `units` channels.
    public static func vector(_ units: Int) -> ImageSize { ImageSize(height: 1, width: 1, channels: units) }
}

/// A square window of `kernel` × `kernel` pixels that moves by `stride` over an image with `padding` zeros
/// around it.
public struct ImageWindow: Sendable, Hashable {
    /// The size of the image without padding.
    public let image: ImageSize
    /// The window's side in pixels.
    public let kernel: Int
    /// The step between window positions, in pixels.
    public let stride: Int
    /// Width of the border of zeros, in pixels.
    public let padding: Int
    /// Number of window positions from top to bottom.
    public let outHeight: Int
    /// Number of window positions from left to right.
    public let outWidth: Int
    /// Number of scalars under the window.
    public var columns: Int { kernel * kernel * image.channels }
    /// Number of window positions.
    public var places: Int { outHeight * outWidth }
    /// Whether each window is one pixel of the image.
    public var isPointwise: Bool { kernel == 1 && stride == 1 && padding == 0 }

    /// Creates a window; nil if the kernel is larger than the padded image, or the padding is not smaller
    /// than the kernel.
    public init?(image: ImageSize, kernel: Int, stride: Int, padding: Int) {
        guard kernel > 0, stride > 0, (0..<kernel).contains(padding), image.height + 2 * padding >= kernel,
            image.width + 2 * padding >= kernel
        else { return nil }
        (self.image, self.kernel, self.stride, self.padding) = (image, kernel, stride, padding)
        outHeight = (image.height + 2 * padding - kernel) / stride + 1
        outWidth = (image.width + 2 * padding - kernel) / stride + 1
    }

    fileprivate var c: ck_window {
        ck_window(
            height: image.height, width: image.width, channels: image.channels, kernel: kernel,
            stride: stride, padding: padding, out_height: outHeight, out_width: outWidth)
    }
}

/// Pooling over adjacent windows of an image: each channel's mean or maximum in each window.
public struct ImagePool: Sendable, Hashable {
    /// The size of the image.
    public let image: ImageSize
    /// Height of a window in pixels.
    public let windowHeight: Int
    /// Width of a window in pixels.
    public let windowWidth: Int
    /// Whether pooling takes the maximum; otherwise it takes the mean.
    public let isMaximum: Bool
    /// The size of the pooled image.
    public var result: ImageSize {
        ImageSize(
            height: image.height / windowHeight, width: image.width / windowWidth, channels: image.channels)
    }

    /// Creates a pooling; nil if whole windows do not cover the image exactly.
    public init?(image: ImageSize, windowHeight: Int, windowWidth: Int, isMaximum: Bool) {
        guard windowHeight > 0, windowWidth > 0, image.height % windowHeight == 0,
            image.width % windowWidth == 0
        else { return nil }
        (self.image, self.windowHeight, self.windowWidth) = (image, windowHeight, windowWidth)
        self.isMaximum = isMaximum
    }

    fileprivate var c: ck_pool {
        ck_pool(
            height: image.height, width: image.width, channels: image.channels, window_height: windowHeight,
            window_width: windowWidth, is_max: isMaximum ? 1 : 0)
    }
}

/// Every `stride`-th row and column of an image, with channels of zeros added.
public struct ImageSubsample: Sendable, Hashable {
    /// The size of the image.
    public let image: ImageSize
    /// The step between rows, and between columns, that are kept.
    public let stride: Int
    /// Number of channels of the result; those beyond the image's own are zero.
    public let channels: Int
    /// The size of the result.
    public var result: ImageSize {
        ImageSize(
            height: (image.height + stride - 1) / stride, width: (image.width + stride - 1) / stride,
            channels: channels)
    }

    /// Creates a subsampling; nil if channels would be lost.
    public init?(image: ImageSize, stride: Int, channels: Int) {
        guard stride > 0, channels >= image.channels else { return nil }
        (self.image, self.stride, self.channels) = (image, stride, channels)
    }

    fileprivate var c: ck_subsample {
        ck_subsample(
            height: image.height, width: image.width, channels: image.channels, stride: stride,
            out_channels: channels)
    }
}

/// Operations on images. Points are rows: [points, image].
extension Matrix {
    /// Sets self [points · places, columns] to the scalars under the window at each position of each image,
    /// pixel by pixel ("im2col"), so that a convolution becomes a product.
    public func setWindows(of images: Matrix, _ window: ImageWindow) {
        precondition(images.columns == window.image.count)
        precondition(rows == images.rows * window.places && columns == window.columns)
        Scalar.layerKernels.windowColumns(images.base, images.rows, window.c, base)
    }

    /// self [points, image] += the transpose of `setWindows`, applied to `windows`.
    public func addWindows(_ windows: Matrix, _ window: ImageWindow) {
        precondition(columns == window.image.count)
        precondition(windows.rows == rows * window.places && windows.columns == window.columns)
        Scalar.layerKernels.addWindowColumns(windows.base, rows, window.c, base)
    }

    /// self [points, result] = the pooled images.
    public func setPool(of images: Matrix, _ pool: ImagePool) {
        precondition(images.columns == pool.image.count && columns == pool.result.count)
        precondition(images.rows == rows)
        Scalar.layerKernels.pool(images.base, rows, pool.c, base)
    }

    /// self += the gradient in the images, given the gradient in the pooled images.
    public func addPoolGradient(_ gradient: Matrix, of images: Matrix, _ pool: ImagePool) {
        precondition(columns == pool.image.count && images.columns == columns && images.rows == rows)
        precondition(gradient.columns == pool.result.count && gradient.rows == rows)
        Scalar.layerKernels.poolBackward(images.base, gradient.base, rows, pool.c, base)
    }

    /// self [points, result] = the subsampled images.
    public func setSubsample(of images: Matrix, _ subsample: ImageSubsample) {
        precondition(images.columns == subsample.image.count && columns == subsample.result.count)
        precondition(images.rows == rows)
        Scalar.layerKernels.subsample(images.base, rows, subsample.c, base)
    }

    /// self += the gradient in the images, given the gradient in the subsampled images.
    public func addSubsampleGradient(_ gradient: Matrix, _ subsample: ImageSubsample) {
        precondition(columns == subsample.image.count && gradient.columns == subsample.result.count)
        precondition(gradient.rows == rows)
        Scalar.layerKernels.subsampleBackward(gradient.base, rows, subsample.c, base)
    }

    /// self = a + b; self may be a.
    public func setSum(_ a: Matrix, _ b: Matrix) {
        precondition(a.count == count && b.count == count)
        Scalar.layerKernels.sum(a.base, b.base, count, base)
    }
}
