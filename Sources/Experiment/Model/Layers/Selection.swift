/// Numbers of a value in another order, each at most once, with zeros between them.
public struct SelectionOperation: NetworkOperation {
    /// The number of the input for each number of the result; none where that is 0.
    public let map: IndexMap
    /// The number of the result for each number of the input; none where it is left out.
    public let inverse: IndexMap

    /// - Parameters:
    ///   - indices: for each number of the result that of the input, or −1. None may repeat.
    ///   - count: number of numbers of the input.
    init(_ indices: [Int32], of count: Int) {
        var positions = [Int32](repeating: -1, count: count)
        for (position, index) in indices.enumerated() where index >= 0 {
            positions[Int(index)] = Int32(position)
        }
        (map, inverse) = (IndexMap(indices), IndexMap(positions))
    }

    /// The numbers that changing ones go to.
    public func restricted(to supports: [Support]) -> RestrictedOperation? {
        RearrangementOperation(map: map).restricted(to: supports)
    }
}

extension LayerSpec {
    /// Channels become pixels, and pixels channels.
    public static var transposed: LayerSpec {
        selection { size in
            let indices = (0..<size.channels).flatMap { channel in
                (0..<size.pixels).map { Int32($0 * size.channels + channel) }
            }
            return (ImageSize(height: size.channels, width: 1, channels: size.pixels), indices)
        }
    }

    /// Some neighbouring channels of each pixel, given as parts of `parts` equal ones.
    static func channels(part: Int, of parts: Int) -> LayerSpec {
        selection { size in
            let count = size.channels / parts
            let indices = (0..<size.pixels).flatMap { pixel in
                (0..<count).map { Int32(pixel * size.channels + part * count + $0) }
            }
            return (ImageSize(height: size.height, width: size.width, channels: count), indices)
        }
    }

    /// The first pixel alone.
    public static var firstPixel: LayerSpec {
        selection { (.vector($0.channels), (0..<$0.channels).map { Int32($0) }) }
    }

    /// Puts a pixel of zeros before the first. The result has one column.
    static var zeroPixelFirst: LayerSpec {
        selection { size in
            let zeros = [Int32](repeating: -1, count: size.channels)
            return (
                ImageSize(height: size.pixels + 1, width: 1, channels: size.channels),
                zeros + (0..<size.count).map { Int32($0) }
            )
        }
    }

    private static func selection(
        _ result: @escaping @Sendable (ImageSize) -> (size: ImageSize, indices: [Int32])
    ) -> LayerSpec {
        LayerSpec { (plan, value) throws(ShapeFault) in
            // Before the lists of indices, which are as large as the value.
            try plan.checkSize()
            let before = plan.values[value].size
            let (size, indices) = result(before)
            return plan.add(SelectionOperation(indices, of: before.count), value, size)
        }
    }
}
