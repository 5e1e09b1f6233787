/// The way past a residual block (He et al. 2016).
public enum Shortcut: Sendable, Hashable {
    /// The input itself: the block keeps its size.
    case identity
    /// Every s-th pixel, zeros for the channels that the block adds (their option A): no parameters.
    case padded
    /// A 1 × 1 convolution of stride s, then a normalisation (their option B).
    case projection(Normalisation?)
}

/// One step of a network. Sizes follow from what comes before.
///
/// A layer with parameters has a name, under which files keep them; without one given it is the layer's
/// index among those of its kind: "layers.0", "convolutions.0", "norms.0".
public indirect enum LayerSpec: Sendable, Hashable {
    /// p = x Wᵀ + b with so many units; an image is taken as the vector of its numbers.
    case dense(Int, hasBias: Bool = true, name: String? = nil)
    /// φ of each number.
    case activation(Activation)
    /// γ (p − mean) / deviation + β.
    case normalisation(Normalisation, name: String? = nil)
    /// As many channels as asked for; zeros around the image.
    case convolution(
        channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0, hasBias: Bool = false,
        name: String? = nil)
    /// The mean of each channel in windows of so many pixels a side, side by side.
    case averagePool(Int)
    /// The maximum of each channel in such windows.
    case maximumPool(Int)
    /// The mean of each channel over all pixels.
    case globalAveragePool
    /// The layers' output plus what the shortcut makes of their input.
    case residual([LayerSpec], Shortcut)
}
