/// softmax(q kᵀ / √c) v for each head (Vaswani et al. 2017). A pixel of the input has q, k and v side by side, each
/// with the heads' c channels one head after the other; one of the result has the heads' results.
public struct AttentionOperation: NetworkOperation {
    /// Number of pixels, which attend to each other.
    public let tokens: Int
    /// Number of channels of the result.
    public let width: Int
    /// Number of heads.
    public let heads: Int

    /// q kᵀ, and its softmax times v.
    public var multiplications: Int { 2 * tokens * tokens * width }
    /// Each head's softmax.
    public var keptNumbers: Int { heads * tokens * tokens }
}

extension LayerSpec {
    /// Attention of each pixel to all. The input has three times as many channels as the result.
    public static func attention(heads: Int) -> LayerSpec {
        LayerSpec { (plan, value) throws(ShapeFault) in
            let size = plan.values[value].size
            guard heads > 0, size.channels % (3 * heads) == 0 else {
                throw .headsDoNotDivide(heads, channels: size.channels / 3)
            }
            let width = size.channels / 3
            return plan.add(
                AttentionOperation(tokens: size.pixels, width: width, heads: heads), value,
                ImageSize(height: size.height, width: size.width, channels: width))
        }
    }
}
