/// The size of a point seen as an image. Its numbers are stored row by row, within a row pixel by pixel, and
/// within a pixel channel by channel. A vector is an image with one pixel.
public struct ImageSize: Sendable, Hashable {
    /// Rows of pixels.
    public var height: Int
    /// Pixels in a row.
    public var width: Int
    /// Numbers in a pixel.
    public var channels: Int
    /// Number of pixels.
    public var pixels: Int { height * width }
    /// Number of numbers: height × width × channels.
    public var count: Int { height * width * channels }

    /// An image of `height` × `width` pixels.
    public init(height: Int, width: Int, channels: Int) {
        (self.height, self.width, self.channels) = (height, width, channels)
    }

    /// One pixel with `units` channels.
    public static func vector(_ units: Int) -> ImageSize { ImageSize(height: 1, width: 1, channels: units) }

    /// The size of a centred square with this side, clipped at the image's edges.
    public func patch(side: Int) -> ImageSize {
        ImageSize(height: min(side, height), width: min(side, width), channels: channels)
    }
}
