import Files
import LinearAlgebra
import Model
import Sweep

/// The numbers of a file's points as inputs: each is multiplied by its channel's factor and shifted. An array stays in
/// its file, which is mapped; a table's numbers are held in memory. It is a class because it owns the memory.
final class PointNumbers {
    /// Number of points.
    let count: Int
    /// The size of a point. Its channels are the last of its sizes, whatever the file has.
    let size: ImageSize
    private let memory: MappedFile
    private let start: Int
    private let element: ArrayFile.Element
    private let channelsFirst: Bool
    /// A channel's factor and offset.
    private var factors: [Double]
    private var offsets: [Double]

    /// The points of an array.
    init(array path: String, size: ImageSize, channelsFirst: Bool) throws(DataError) {
        let file = try ArrayFile(opening: path)
        guard product(Array(file.shape.dropFirst())) == size.count, file.count > 0 else {
            throw file.fault(.dimensions(file.shape, expected: "\(size.count) numbers a point"))
        }
        count = file.shape[0]
        self.size = size
        memory = try reading(MappedFile(path))
        // The file may have been written again since its header was read.
        let (expected, found) = (file.count * file.element.width, memory.bytes.count - file.dataStart)
        guard expected <= found else { throw file.fault(.truncated(expected: expected, found: found)) }
        (start, element, self.channelsFirst) = (file.dataStart, file.element, channelsFirst)
        (factors, offsets) = PointNumbers.identity(size.channels)
    }

    /// Points in memory, number after number.
    init(_ numbers: [Double], size: ImageSize) {
        count = numbers.count / size.count
        self.size = size
        memory = MappedFile(copying: numbers)
        (start, element, channelsFirst) = (0, .f8, false)
        (factors, offsets) = PointNumbers.identity(size.channels)
    }

    private static func identity(_ channels: Int) -> ([Double], [Double]) {
        ([Double](repeating: 1, count: channels), [Double](repeating: 0, count: channels))
    }

    /// Applies scale, mean and deviation.
    func apply(_ preprocessing: MeasureRequest.Preprocessing) {
        func number(_ list: [Double], _ channel: Int, _ fallback: Double) -> Double {
            list.isEmpty ? fallback : list[list.count == 1 ? 0 : channel]
        }
        for channel in factors.indices {
            let deviation = number(preprocessing.deviation, channel, 1)
            factors[channel] = preprocessing.scale / deviation
            offsets[channel] = -number(preprocessing.mean, channel, 0) / deviation
        }
    }

    /// Applies what other points have.
    func apply(of other: PointNumbers) { (factors, offsets) = (other.factors, other.offsets) }

    /// Shifts and scales each channel so that it has mean 0 and deviation 1 over some points. A channel whose numbers
    /// are all equal becomes 0.
    func standardise(over rows: [UInt32]) {
        var sums = [Double](repeating: 0, count: size.channels)
        var (least, largest) = (sums.map { _ in Double.infinity }, sums.map { _ in -Double.infinity })
        for row in rows {
            forEachNumber(of: Int(row)) { _, channel, number in
                sums[channel] += number
                least[channel] = min(least[channel], number)
                largest[channel] = max(largest[channel], number)
            }
        }
        let numbers = Double(rows.count * size.pixels)
        let means = sums.map { $0 / numbers }
        var squares = [Double](repeating: 0, count: size.channels)
        for row in rows {
            forEachNumber(of: Int(row)) { _, channel, number in
                squares[channel] += (number - means[channel]) * (number - means[channel])
            }
        }
        for channel in factors.indices {
            let deviation = (squares[channel] / numbers).squareRoot()
            // The mean of equal numbers may be rounded, and the squares of tiny differences are 0.
            let isConstant = least[channel] == largest[channel] || !(deviation > 0)
            factors[channel] = isConstant ? 0 : factors[channel] / deviation
            offsets[channel] = isConstant ? 0 : (offsets[channel] - means[channel]) / deviation
        }
    }

    /// Writes a point's numbers into a row of a matrix.
    func write(point: Int, to matrix: Matrix<Float>, row: Int) {
        matrix.withRow(row) { target in
            forEachNumber(of: point) { index, _, number in target[index] = Float(number) }
        }
    }

    /// Calls `body` with each number of a point: with its index among the inputs, its channel, and its value.
    @inline(__always)
    private func forEachNumber(of point: Int, _ body: (Int, Int, Double) -> Void) {
        switch element {
        case .f2: forEach(of: point, UInt16.self, { Double(single(fromBinary16: $0)) }, body)
        case .f4: forEach(of: point, Float.self, { Double($0) }, body)
        case .f8: forEach(of: point, Double.self, { $0 }, body)
        case .b1, .u1: forEach(of: point, UInt8.self, { Double($0) }, body)
        case .u2: forEach(of: point, UInt16.self, { Double($0) }, body)
        case .u4: forEach(of: point, UInt32.self, { Double($0) }, body)
        case .u8: forEach(of: point, UInt64.self, { Double($0) }, body)
        case .i1: forEach(of: point, Int8.self, { Double($0) }, body)
        case .i2: forEach(of: point, Int16.self, { Double($0) }, body)
        case .i4: forEach(of: point, Int32.self, { Double($0) }, body)
        case .i8: forEach(of: point, Int64.self, { Double($0) }, body)
        }
    }

    @inline(__always)
    private func forEach<Number: BitwiseCopyable>(
        of point: Int, _ type: Number.Type, _ convert: (Number) -> Double, _ body: (Int, Int, Double) -> Void
    ) {
        let width = MemoryLayout<Number>.size
        let (channels, pixels) = (size.channels, size.pixels)
        let first = start + point * size.count * width
        if channelsFirst || channels == 1 {
            for channel in 0..<channels {
                let (factor, offset) = (factors[channel], offsets[channel])
                for pixel in 0..<pixels {
                    let number = memory.bytes.loadUnaligned(
                        fromByteOffset: first + (channel * pixels + pixel) * width, as: type)
                    body(pixel * channels + channel, channel, convert(number) * factor + offset)
                }
            }
        } else {
            for pixel in 0..<pixels {
                for channel in 0..<channels {
                    let index = pixel * channels + channel
                    let number = memory.bytes.loadUnaligned(fromByteOffset: first + index * width, as: type)
                    body(index, channel, convert(number) * factors[channel] + offsets[channel])
                }
            }
        }
    }
}
