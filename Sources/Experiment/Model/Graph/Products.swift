/// Products of matrices: result[b] = left[b] · right[b], or left[b] · right[b]ᵀ, each row-major; the result's
/// matrices follow one another.
public struct MatrixProductOperation: NetworkOperation {
    /// The left matrices, [rows, inner].
    public let left: Operand
    /// The right matrices, [inner, columns], or [columns, inner] where they are transposed.
    public let right: Operand
    /// Rows of a left matrix.
    public let rows: Int
    /// Columns of a left matrix.
    public let inner: Int
    /// Columns of the result.
    public let columns: Int
    /// Whether the right matrices are transposed.
    public let isRightTransposed: Bool
    /// Index of the first number of the left and of the right matrix, for each product.
    public let offsets: [Offsets]

    /// The first numbers of a product's matrices within the operands.
    public struct Offsets: Sendable, Hashable {
        /// Index in the left operand.
        public var left: Int
        /// Index in the right operand.
        public var right: Int

        /// Creates the pair.
        public init(left: Int, right: Int) { (self.left, self.right) = (left, right) }
    }

    /// Number of multiplications for one point.
    public var multiplications: Int { rows * inner * columns * offsets.count }

    /// Creates the operation.
    public init(
        left: Operand, right: Operand, rows: Int, inner: Int, columns: Int, isRightTransposed: Bool = false,
        offsets: [Offsets]
    ) {
        (self.left, self.right, self.rows, self.inner, self.columns) = (left, right, rows, inner, columns)
        (self.isRightTransposed, self.offsets) = (isRightTransposed, offsets)
    }
}

/// A convolution of images whose numbers are stored channel by channel, and within a channel row by row, as
/// PyTorch and ONNX do ("NCHW"). Kernels and steps may be oblong and dilated; channels may form groups.
public struct GroupedConvolutionOperation: NetworkOperation {
    /// The window that a kernel moves over an image.
    public let window: GroupedWindow
    /// Number of images, one after the other, in the operand of one point.
    public let images: Int
    /// Channels of the result.
    public let outputChannels: Int
    /// The kernels, [output channels, channels of a group × kernel height × kernel width].
    public let weight: NetworkPlan.Region
    /// The bias, one number for each channel of the result.
    public let bias: NetworkPlan.Region?

    /// Number of multiplications for one point.
    public var multiplications: Int { images * outputChannels * window.rows * window.positions }

    /// Creates the operation.
    public init(
        window: GroupedWindow, images: Int, outputChannels: Int, weight: NetworkPlan.Region,
        bias: NetworkPlan.Region?
    ) {
        (self.window, self.images, self.outputChannels) = (window, images, outputChannels)
        (self.weight, self.bias) = (weight, bias)
    }
}

/// An oblong window that moves over an image, with zeros around the image.
public struct GroupedWindow: Sendable, Hashable {
    /// One of an image's two directions.
    public struct Axis: Sendable, Hashable {
        /// Pixels of the image.
        public var size: Int
        /// Pixels of the window.
        public var kernel: Int
        /// Pixels from one position to the next.
        public var stride: Int
        /// Pixels from one of the window's pixels to the next.
        public var dilation: Int
        /// Zeros before the first pixel.
        public var before: Int
        /// Positions.
        public var positions: Int

        /// Creates an axis.
        public init(size: Int, kernel: Int, stride: Int, dilation: Int, before: Int, positions: Int) {
            (self.size, self.kernel, self.stride) = (size, kernel, stride)
            (self.dilation, self.before, self.positions) = (dilation, before, positions)
        }

        /// Whether the window at each position is the pixel there.
        public var isIdentity: Bool { kernel == 1 && stride == 1 && before == 0 && positions == size }
    }

    /// Channels of the image.
    public let channels: Int
    /// Groups of channels; a channel of the result reads those of its group.
    public let groups: Int
    /// From top to bottom.
    public let vertical: Axis
    /// From left to right.
    public let horizontal: Axis

    /// Creates a window.
    public init(channels: Int, groups: Int, vertical: Axis, horizontal: Axis) {
        (self.channels, self.groups) = (channels, groups)
        (self.vertical, self.horizontal) = (vertical, horizontal)
    }

    /// Positions of the window.
    public var positions: Int { vertical.positions * horizontal.positions }
    /// Numbers of a group's channels under the window.
    public var rows: Int { channels / groups * vertical.kernel * horizontal.kernel }
}
