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

extension GroupedConvolutionOperation {
    /// The smallest rectangle that holds all changing pixels of any channel.
    public func restricted(to supports: [Support]) -> RestrictedOperation? {
        let (height, width) = (window.vertical.size, window.horizontal.size)
        var (rows, columns) = (
            [Bool](repeating: false, count: height), [Bool](repeating: false, count: width)
        )
        for index in supports[0].all {
            let pixel = Int(index) % (height * width)
            rows[pixel / width] = true
            columns[pixel % width] = true
        }
        let (vertical, horizontal) = (
            window.vertical.restricted(to: rows), window.horizontal.restricted(to: columns)
        )
        func pixels(_ planes: Int, _ rows: Range<Int>, _ columns: Range<Int>, of size: (Int, Int)) -> Support
        {
            var indices: [Int32] = []
            indices.reserveCapacity(planes * rows.count * columns.count)
            for plane in 0..<planes {
                for row in rows {
                    let start = (plane * size.0 + row) * size.1
                    indices += Int32(start + columns.lowerBound)..<Int32(start + columns.upperBound)
                }
            }
            return Support(indices, of: planes * size.0 * size.1)
        }
        return RestrictedOperation(
            operation: GroupedConvolutionOperation(
                window: GroupedWindow(
                    channels: window.channels, groups: window.groups, vertical: vertical.axis,
                    horizontal: horizontal.axis),
                images: images, outputChannels: outputChannels, weight: weight, bias: nil),
            inputs: [
                pixels(images * window.channels, vertical.pixels, horizontal.pixels, of: (height, width))
            ],
            output: pixels(
                images * outputChannels, vertical.positions, horizontal.positions,
                of: (window.vertical.positions, window.horizontal.positions)))
    }
}

extension GroupedWindow.Axis {
    /// The positions at which the window covers a changing pixel, the pixels that it needs there, and the axis of
    /// both.
    fileprivate func restricted(
        to changes: [Bool]
    ) -> (pixels: Range<Int>, positions: Range<Int>, axis: GroupedWindow.Axis) {
        let first = changes.firstIndex(of: true) ?? 0
        let end = (changes.lastIndex(of: true) ?? -1) + 1
        let touched = (0..<self.positions).filter { position in
            (0..<kernel).contains { (first..<end).contains(position * stride - before + $0 * dilation) }
        }
        let positions = (touched.first ?? 0)..<((touched.last ?? -1) + 1)
        let start = positions.lowerBound * stride - before
        let last = (positions.upperBound - 1) * stride - before + (kernel - 1) * dilation
        let lower = min(max(first, start), end)
        let pixels = lower..<max(lower, min(end, last + 1))
        return (
            pixels, positions,
            GroupedWindow.Axis(
                size: pixels.count, kernel: kernel, stride: stride, dilation: dilation,
                before: pixels.lowerBound - start, positions: positions.count)
        )
    }
}

extension MatrixProductOperation {
    /// The rows that change where all products have the same right matrix, else the products that change.
    public func restricted(to supports: [Support]) -> RestrictedOperation? {
        if let rows = restrictedToRows(supports) { return rows }
        guard left != right else { return nil }
        let (leftSize, rightSize) = (rows * inner, inner * columns)
        func marks(_ operand: Operand) -> [Bool]? {
            guard case .input(let index) = operand else { return nil }
            return supports[index].marks
        }
        let (leftMarks, rightMarks) = (marks(left), marks(right))
        let touched = offsets.indices.filter { product in
            let offset = offsets[product]
            return leftMarks?[offset.left..<offset.left + leftSize].contains(true) == true
                || rightMarks?[offset.right..<offset.right + rightSize].contains(true) == true
        }
        var inputs = supports
        /// The matrices of an operand that the products read, and where each now begins; nil: they overlap.
        func take(_ operand: Operand, _ size: Int, _ offset: (Offsets) -> Int) -> [Int]? {
            let starts = touched.map { offset(offsets[$0]) }
            guard case .input(let index) = operand else { return starts }
            let blocks = Set(starts).sorted()
            guard zip(blocks, blocks.dropFirst()).allSatisfy({ $1 - $0 >= size }) else { return nil }
            inputs[index] = Support(
                blocks.flatMap { Int32($0)..<Int32($0 + size) }, of: supports[index].total)
            let order = Dictionary(uniqueKeysWithValues: zip(blocks, blocks.indices))
            return starts.map { (order[$0] ?? 0) * size }
        }
        guard let lefts = take(left, leftSize, \.left), let rights = take(right, rightSize, \.right)
        else { return nil }
        let result = Int32(rows * columns)
        return RestrictedOperation(
            operation: MatrixProductOperation(
                left: left, right: right, rows: rows, inner: inner, columns: columns,
                isRightTransposed: isRightTransposed,
                offsets: zip(lefts, rights).map { Offsets(left: $0, right: $1) }),
            inputs: inputs,
            output: Support(
                touched.flatMap { Int32($0) * result..<(Int32($0) + 1) * result },
                of: rows * columns * offsets.count))
    }

    /// nil where the right matrix changes, or isn't the same in all products.
    private func restrictedToRows(_ supports: [Support]) -> RestrictedOperation? {
        guard case .input(let index) = left, case .constant = right, supports.count == 1,
            let shared = sharedRight(leftCount: supports[index].total)
        else { return nil }
        var isMarked = [Bool](repeating: false, count: rows * offsets.count)
        for number in supports[index].all { isMarked[Int(number) / inner] = true }
        let touched = Support(isMarked)
        func numbers(_ width: Int) -> Support {
            Support(
                touched.all.flatMap { $0 * Int32(width)..<($0 + 1) * Int32(width) },
                of: touched.total * width)
        }
        return RestrictedOperation(
            operation: MatrixProductOperation(
                left: left, right: right, rows: touched.count, inner: inner, columns: columns,
                isRightTransposed: isRightTransposed, offsets: [Offsets(left: 0, right: shared)]),
            inputs: [numbers(inner)], output: numbers(columns))
    }

    /// Where the right matrix begins, if it is the same in all products, and the left matrices follow one
    /// another: then one product does for all.
    public func sharedRight(leftCount: Int) -> Int? {
        guard let first = offsets.first, leftCount == offsets.count * rows * inner,
            offsets.indices.allSatisfy({
                offsets[$0].right == first.right && offsets[$0].left == $0 * rows * inner
            })
        else { return nil }
        return first.right
    }
}
