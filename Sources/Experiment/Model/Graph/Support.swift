/// The numbers of a value that some inputs of a network can change. All its other derivatives are zero.
public struct Support: Sendable, Hashable {
    /// The numbers' indices, ascending; nil: all.
    public let indices: [Int32]?
    /// Number of numbers of the value.
    public let total: Int
    /// Number of numbers that can change.
    public var count: Int { indices?.count ?? total }

    /// Creates a support; all numbers of `total` where there are no indices.
    public init(_ indices: [Int32]?, of total: Int) {
        self.indices = indices.flatMap { $0.count == total ? nil : $0 }
        self.total = total
    }

    /// The support of the numbers that are marked.
    init(_ isMarked: [Bool]) {
        self.init(isMarked.indices.compactMap { isMarked[$0] ? Int32($0) : nil }, of: isMarked.count)
    }

    /// The indices, also where they are all.
    public var all: [Int32] { indices ?? Array(0..<Int32(total)) }

    /// Whether each number of the value can change.
    var marks: [Bool] {
        guard let indices else { return [Bool](repeating: true, count: total) }
        var marks = [Bool](repeating: false, count: total)
        for index in indices { marks[Int(index)] = true }
        return marks
    }

    /// For each number of a value its position among those of the support; −1: it is not there.
    public var positions: [Int32] {
        guard let indices else { return all }
        var positions = [Int32](repeating: -1, count: total)
        for (position, index) in indices.enumerated() { positions[Int(index)] = Int32(position) }
        return positions
    }

    /// The map that takes these numbers from those that `held` has; nil: they are the same.
    public func map(from held: Support) -> IndexMap? {
        guard self != held else { return nil }
        let positions = held.positions
        return IndexMap(all.map { positions[Int($0)] })
    }
}

/// An operation for the numbers alone that some inputs can change.
public struct RestrictedOperation: Sendable {
    /// The operation on these numbers, which it takes and makes in ascending order.
    public let operation: any NetworkOperation
    /// The numbers that it takes of each value that it reads: all that the derivative depends on.
    public let inputs: [Support]
    /// The numbers that it makes.
    public let output: Support
}

extension IndexMap {
    /// All indices.
    public var indices: [Int32] {
        guard length > 1 else { return starts }
        var indices: [Int32] = []
        indices.reserveCapacity(count)
        for start in starts {
            if start < 0 || !ascends {
                indices.append(contentsOf: repeatElement(start, count: length))
            } else {
                indices.append(contentsOf: start..<start + Int32(length))
            }
        }
        return indices
    }
}

// MARK: - Rearranging

extension RearrangementOperation {
    /// The numbers that changing ones go to.
    public func restricted(to supports: [Support]) -> RestrictedOperation? {
        let maps = maps.map(\.indices)
        let marks = supports.map(\.marks)
        let count = maps.first?.count ?? 0
        let output = Support(
            (0..<count).map { i in zip(maps, marks).contains { $0[i] >= 0 && $1[Int($0[i])] } })
        let positions = supports.map(\.positions)
        return RestrictedOperation(
            operation: RearrangementOperation(
                maps: zip(maps, positions).map { map, positions in
                    IndexMap(output.all.map { map[Int($0)] < 0 ? -1 : positions[Int(map[Int($0)])] })
                }),
            inputs: supports, output: output)
    }
}

extension ConcatenationOperation {
    /// As a rearrangement of the operands that are values.
    public func restricted(to supports: [Support]) -> RestrictedOperation? {
        let width = lengths.reduce(0, +)
        var maps = supports.map { _ in [Int32](repeating: -1, count: width * blocks) }
        var column = 0
        for (operand, length) in zip(operands, lengths) {
            if case .input(let index) = operand {
                for block in 0..<blocks {
                    for i in 0..<length {
                        maps[index][block * width + column + i] = Int32(block * length + i)
                    }
                }
            }
            column += length
        }
        return RearrangementOperation(maps: maps.map { IndexMap($0) }).restricted(to: supports)
    }
}

// MARK: - Elementwise, groups and windows

extension ElementwiseOperation {
    /// The numbers of which any operand changes.
    public func restricted(to supports: [Support]) -> RestrictedOperation? {
        let marks = supports.map(\.marks)
        let indices = maps.map { $0?.indices }
        var isMarked = [Bool](repeating: false, count: count)
        for (operand, map) in zip(operands, indices) {
            guard case .input(let index) = operand else { continue }
            for i in 0..<count where marks[index][map.map { Int($0[i]) } ?? i] { isMarked[i] = true }
        }
        let output = Support(isMarked)
        let taken = indices.map { map in output.all.map { map?[Int($0)] ?? $0 } }
        // A number is also needed where only another operand's changes.
        var needed = supports.map { [Bool](repeating: false, count: $0.total) }
        for case (.input(let index), let numbers) in zip(operands, taken) {
            for number in numbers { needed[index][Int(number)] = true }
        }
        let inputs = needed.map { Support($0) }
        let positions = inputs.map(\.positions)
        let maps = zip(operands, taken).map { operand, numbers in
            guard case .input(let index) = operand else { return IndexMap(numbers) }
            return IndexMap(numbers.map { positions[index][Int($0)] })
        }
        return RestrictedOperation(
            operation: ElementwiseOperation(
                function, alpha: alpha, beta: beta, operands: operands,
                maps: zip(operands, maps).map { operand, map in
                    guard case .input(let index) = operand, map.isIdentity(of: inputs[index].count)
                    else { return map }
                    return nil
                }, count: output.count),
            inputs: inputs, output: output)
    }
}

extension GroupOperation {
    /// The groups that have a changing number, whole.
    public func restricted(to supports: [Support]) -> RestrictedOperation? {
        var isMarked = [Bool](repeating: false, count: groups)
        for index in supports[0].all { isMarked[Int(index) / length] = true }
        let touched = Support(isMarked)
        let numbers = Support(
            touched.all.flatMap { $0 * Int32(length)..<($0 + 1) * Int32(length) }, of: groups * length)
        return RestrictedOperation(
            operation: GroupOperation(function, groups: touched.count, length: length, epsilon: epsilon),
            inputs: [numbers], output: function.isReduction ? touched : numbers)
    }
}

extension WindowOperation {
    /// In all planes the windows that have a changing number in any.
    public func restricted(to supports: [Support]) -> RestrictedOperation? {
        var changes = [Bool](repeating: false, count: planeSize)
        for index in supports[0].all { changes[Int(index) % planeSize] = true }
        func numbers(_ window: Int) -> ArraySlice<Int32> {
            self.indices[Int(self.starts[window])..<Int(self.starts[window + 1])]
        }
        let touched = (0..<windows).filter { numbers($0).contains { changes[Int($0)] } }
        var needed = [Bool](repeating: false, count: planeSize)
        for window in touched { for index in numbers(window) { needed[Int(index)] = true } }
        let plane = Support(needed)
        let positions = plane.positions
        var (starts, indices, weights): ([Int32], [Int32], [Float]) = ([0], [], [])
        for window in touched {
            indices += numbers(window).map { positions[Int($0)] }
            if let all = self.weights {
                weights += all[Int(self.starts[window])..<Int(self.starts[window + 1])]
            }
            starts.append(Int32(indices.count))
        }
        func everyPlane(_ numbers: [Int32], of size: Int) -> Support {
            Support((0..<planes).flatMap { p in numbers.map { Int32(p * size) + $0 } }, of: planes * size)
        }
        return RestrictedOperation(
            operation: WindowOperation(
                planes: planes, planeSize: plane.count, starts: starts, indices: indices,
                weights: self.weights == nil ? nil : weights),
            inputs: [everyPlane(plane.all, of: planeSize)],
            output: everyPlane(touched.map(Int32.init), of: windows))
    }
}

// MARK: - Products

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
