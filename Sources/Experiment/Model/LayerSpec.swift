/// The path that bypasses a residual block (He et al. 2016).
public enum Shortcut: Sendable, Hashable {
    /// The input itself. The block keeps its size.
    case identity
    /// Every s-th pixel, with zeros for the channels that the block adds (option A of the paper). It has no
    /// parameters.
    case padded
    /// A 1 × 1 convolution of stride s, then a normalisation (option B of the paper).
    case projection(Normalisation?)
}

/// One step of a network. Its sizes follow from the layers before it.
///
/// A layer with parameters has a name, under which files keep them. The default name is the layer's index
/// among the layers of its kind: "layers.0", "convolutions.0", "norms.0".
public indirect enum LayerSpec: Sendable, Hashable {
    /// p = x Wᵀ + b with this number of units. An image is taken as the vector of its numbers.
    case dense(Int, hasBias: Bool = true, name: String? = nil)
    /// φ of each number.
    case activation(Activation)
    /// γ (p − mean) / deviation + β.
    case normalisation(Normalisation, name: String? = nil)
    /// A convolution with square kernels, over the image with zeros around it.
    case convolution(
        channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0, hasBias: Bool = false,
        name: String? = nil)
    /// The mean of each channel in adjacent square windows with this side.
    case averagePool(Int)
    /// The maximum of each channel in adjacent square windows with this side.
    case maximumPool(Int)
    /// The mean of each channel over all pixels.
    case globalAveragePool
    /// The layers' output plus the shortcut's output, both for the same input.
    case residual([LayerSpec], Shortcut)
}
