import CKernels

/// The size of a point seen as an image. Its numbers are row by row, in a row pixel by pixel, in a pixel
/// channel by channel. A vector is an image of one pixel.
public struct ImageSize: Sendable, Hashable {
    public var height: Int
    public var width: Int
    public var channels: Int
    public var pixels: Int { height * width }
    public var count: Int { height * width * channels }

    public init(height: Int, width: Int, channels: Int) {
        (self.height, self.width, self.channels) = (height, width, channels)
    }

    public static func vector(_ units: Int) -> ImageSize { ImageSize(height: 1, width: 1, channels: units) }
}

/// A square window of `kernel` × `kernel` pixels that moves by `stride` over an image with `padding` zeros
/// around it.
public struct ImageWindow: Sendable, Hashable {
    public let image: ImageSize
    public let kernel: Int
    public let stride: Int
    public let padding: Int
    public let outHeight: Int
    public let outWidth: Int
    /// Numbers under the window.
    public var columns: Int { kernel * kernel * image.channels }
    /// Places of the window.
    public var places: Int { outHeight * outWidth }
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

    fileprivate var c: ck_window {
        ck_window(
            height: image.height, width: image.width, channels: image.channels, kernel: kernel,
            stride: stride, padding: padding, out_height: outHeight, out_width: outWidth)
    }
}

/// Windows side by side over an image, of which each channel's mean or maximum is taken.
public struct ImagePool: Sendable, Hashable {
    public let image: ImageSize
    public let windowHeight: Int
    public let windowWidth: Int
    public let isMaximum: Bool
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

    fileprivate var c: ck_pool {
        ck_pool(
            height: image.height, width: image.width, channels: image.channels, window_height: windowHeight,
            window_width: windowWidth, is_max: isMaximum ? 1 : 0)
    }
}

/// Every `stride`-th row and column of an image, with channels of zeros added.
public struct ImageSubsample: Sendable, Hashable {
    public let image: ImageSize
    public let stride: Int
    public let channels: Int
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

    fileprivate var c: ck_subsample {
        ck_subsample(
            height: image.height, width: image.width, channels: image.channels, stride: stride,
            out_channels: channels)
    }
}

/// Points are rows: [points, image].
extension Matrix {
    /// self [points · places, columns] = what is under the window at each place of each image, pixel by pixel
    /// ("im2col"), so that a convolution is a product.
    public func setWindows(of images: Matrix, _ window: ImageWindow) {
        precondition(images.columns == window.image.count)
        precondition(rows == images.rows * window.places && columns == window.columns)
        Scalar.layerKernels.windowColumns(images.base, images.rows, window.c, base)
    }

    /// self [points, image] += the transpose of `setWindows` applied to `windows`.
    public func addWindows(_ windows: Matrix, _ window: ImageWindow) {
        precondition(columns == window.image.count)
        precondition(windows.rows == rows * window.places && windows.columns == window.columns)
        Scalar.layerKernels.addWindowColumns(windows.base, rows, window.c, base)
    }

    public func setPool(of images: Matrix, _ pool: ImagePool) {
        precondition(images.columns == pool.image.count && columns == pool.result.count)
        precondition(images.rows == rows)
        Scalar.layerKernels.pool(images.base, rows, pool.c, base)
    }

    /// self += the gradient in the images, from that in what was pooled.
    public func addPoolGradient(_ gradient: Matrix, of images: Matrix, _ pool: ImagePool) {
        precondition(columns == pool.image.count && images.columns == columns && images.rows == rows)
        precondition(gradient.columns == pool.result.count && gradient.rows == rows)
        Scalar.layerKernels.poolBackward(images.base, gradient.base, rows, pool.c, base)
    }

    public func setSubsample(of images: Matrix, _ subsample: ImageSubsample) {
        precondition(images.columns == subsample.image.count && columns == subsample.result.count)
        precondition(images.rows == rows)
        Scalar.layerKernels.subsample(images.base, rows, subsample.c, base)
    }

    /// self += the gradient in the images, from that in what was taken of them.
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
