import CKernels
import Model

/// Operations on images. Points are rows: [points, image].
extension Matrix {
    /// Sets self [points · positions, columns] to the scalars under the window at each position of each image,
    /// pixel by pixel ("im2col"), so that a convolution becomes a product.
    public func setWindows(of images: Matrix, _ window: ImageWindow) {
        precondition(images.columns == window.image.count)
        precondition(rows == images.rows * window.positions && columns == window.columns)
        if Self.isSingle {
            ck_window_columns_f32(images.f32, images.rows, window.c, f32)
        } else {
            ck_window_columns_f64(images.f64, images.rows, window.c, f64)
        }
    }

    /// self [points, image] += the transpose of `setWindows`, applied to `windows`.
    public func addWindows(_ windows: Matrix, _ window: ImageWindow) {
        precondition(columns == window.image.count)
        precondition(windows.rows == rows * window.positions && windows.columns == window.columns)
        if Self.isSingle {
            ck_add_window_columns_f32(windows.f32, rows, window.c, f32)
        } else {
            ck_add_window_columns_f64(windows.f64, rows, window.c, f64)
        }
    }

    /// self [points, result] = the pooled images.
    public func setPool(of images: Matrix, _ pool: ImagePool) {
        precondition(images.columns == pool.image.count && columns == pool.result.count)
        precondition(images.rows == rows)
        if Self.isSingle {
            ck_pool_f32(images.f32, rows, pool.c, f32)
        } else {
            ck_pool_f64(images.f64, rows, pool.c, f64)
        }
    }

    /// self += the gradient in the images, given the gradient in the pooled images.
    public func addPoolGradient(_ gradient: Matrix, of images: Matrix, _ pool: ImagePool) {
        precondition(columns == pool.image.count && images.columns == columns && images.rows == rows)
        precondition(gradient.columns == pool.result.count && gradient.rows == rows)
        if Self.isSingle {
            ck_pool_backward_f32(images.f32, gradient.f32, rows, pool.c, f32)
        } else {
            ck_pool_backward_f64(images.f64, gradient.f64, rows, pool.c, f64)
        }
    }

    /// self [points, result] = the subsampled images.
    public func setSubsample(of images: Matrix, _ subsample: ImageSubsample) {
        precondition(images.columns == subsample.image.count && columns == subsample.result.count)
        precondition(images.rows == rows)
        if Self.isSingle {
            ck_subsample_f32(images.f32, rows, subsample.c, f32)
        } else {
            ck_subsample_f64(images.f64, rows, subsample.c, f64)
        }
    }

    /// self += the gradient in the images, given the gradient in the subsampled images.
    public func addSubsampleGradient(_ gradient: Matrix, _ subsample: ImageSubsample) {
        precondition(columns == subsample.image.count && gradient.columns == subsample.result.count)
        precondition(gradient.rows == rows)
        if Self.isSingle {
            ck_subsample_backward_f32(gradient.f32, rows, subsample.c, f32)
        } else {
            ck_subsample_backward_f64(gradient.f64, rows, subsample.c, f64)
        }
    }

    /// self = a + b; self may be a.
    public func setSum(_ a: Matrix, _ b: Matrix) {
        precondition(a.count == count && b.count == count)
        if Self.isSingle {
            ck_sum_f32(a.f32, b.f32, count, f32)
        } else {
            ck_sum_f64(a.f64, b.f64, count, f64)
        }
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
