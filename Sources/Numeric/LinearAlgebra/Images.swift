import CKernels
import Model

/// Operations on images. Points are rows: [points, image].
extension Matrix {
    /// Sets self [points · positions, columns] to the scalars under the window at each position of each image,
    /// pixel by pixel ("im2col"), so that a convolution becomes a product.
    public func setWindows(of images: Matrix, _ window: ImageWindow) {
        precondition(images.columns == window.image.count)
        precondition(rows == images.rows * window.positions && columns == window.columns)
        Scalar.layerKernels.windowColumns(images.base, images.rows, window.c, base)
    }

    /// self [points, image] += the transpose of `setWindows`, applied to `windows`.
    public func addWindows(_ windows: Matrix, _ window: ImageWindow) {
        precondition(columns == window.image.count)
        precondition(windows.rows == rows * window.positions && windows.columns == window.columns)
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

extension ImageWindow {
    fileprivate var c: ck_window {
        ck_window(
            height: image.height, width: image.width, channels: image.channels, kernel: kernel,
            stride: stride, padding: padding, out_height: outHeight, out_width: outWidth)
    }
}

extension ImagePool {
    fileprivate var c: ck_pool {
        ck_pool(
            height: image.height, width: image.width, channels: image.channels, window_height: windowHeight,
            window_width: windowWidth, is_max: isMaximum ? 1 : 0)
    }
}

extension ImageSubsample {
    fileprivate var c: ck_subsample {
        ck_subsample(
            height: image.height, width: image.width, channels: image.channels, stride: stride,
            out_channels: channels)
    }
}
