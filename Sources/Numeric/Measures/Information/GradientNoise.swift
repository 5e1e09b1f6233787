import LinearAlgebra

/// The signal-to-noise ratio of a layer's gradient over mini-batches at fixed weights (Shwartz-Ziv & Tishby
/// 2017; representation compression, Section 2):
///
///     SNR = ‖mean_b g_b‖_F / ‖std_b g_b‖_F,   std² = mean_b (g_b − mean)²
///
/// Computed in one pass (Welford's recurrence) from a mean per weight and one sum of squared distances per
/// layer: 4 operations per weight and mini-batch. The gradients themselves cost as much as training steps, so
/// a measured step can afford about an eighth of the mini-batches.
///
/// Bias: the mean of m mini-batches keeps 1/m of their variance, so SNR is about 1/√(m − 1) where the true
/// gradient is 0. A drift below that floor is invisible, and values for different m are not comparable.
/// `debiased` subtracts that share. Both depend on the mini-batch's size: the noise falls as its square root.
/// Mini-batches of one epoch, drawn without replacement, are not quite independent, which raises SNR a
/// little.
public struct GradientNoise {
    /// Mean gradients, [layer][weight].
    private var means: [[Double]]
    /// Σ_b ‖g_b − mean‖² of each layer.
    private var spreads: [Double]
    /// Number of mini-batches added so far.
    public private(set) var batches = 0

    /// The signal-to-noise ratio of one layer.
    public struct Ratio: Equatable, Sendable {
        /// ‖mean over mini-batches‖_F.
        public let mean: Double
        /// ‖std over mini-batches‖_F.
        public let deviation: Double
        /// mean / deviation; nil if all mini-batches' gradients are equal.
        public let value: Double?
        /// √max(0, ‖mean‖² − s²/m) / s with s² = m/(m − 1) · deviation²: the ratio without the noise that
        /// remains in the mean. 0 if the gradient cannot be distinguished from noise; nil for one mini-batch,
        /// or for equal gradients.
        public let debiased: Double?
    }

    /// Starts without mini-batches.
    ///
    /// - Parameter sizes: number of weights in each layer.
    public init(sizes: [Int]) {
        means = sizes.map { [Double](repeating: 0, count: $0) }
        spreads = [Double](repeating: 0, count: sizes.count)
    }

    /// Adds one mini-batch's gradients: one matrix per layer (its weights, or its weights and biases
    /// as one row).
    public mutating func add<Scalar: Real>(_ gradients: [Matrix<Scalar>]) {
        precondition(gradients.count == means.count)
        batches += 1
        for (layer, gradient) in gradients.enumerated() {
            spreads[layer] += GradientNoise.update(
                &means[layer], with: widened(gradient).values, batch: Double(batches))
        }
    }

    /// Updates the mean and returns Σ (g − old mean)(g − new mean). Uses four sums, so that additions need
    /// not wait for each other.
    private static func update(_ mean: inout [Double], with gradient: [Double], batch: Double) -> Double {
        precondition(gradient.count == mean.count)
        let share = 1 / batch
        var sums = SIMD4<Double>.zero
        let whole = mean.count / 4 * 4
        for start in stride(from: 0, to: whole, by: 4) {
            let old = SIMD4(mean[start], mean[start + 1], mean[start + 2], mean[start + 3])
            let new = SIMD4(gradient[start], gradient[start + 1], gradient[start + 2], gradient[start + 3])
            let distance = new - old
            let moved = old + distance * share
            sums += distance * (new - moved)
            for lane in 0..<4 { mean[start + lane] = moved[lane] }
        }
        for index in whole..<mean.count {
            let distance = gradient[index] - mean[index]
            mean[index] += distance * share
            sums[index - whole] += distance * (gradient[index] - mean[index])
        }
        return sums.sum()
    }

    /// The ratio of each layer.
    public var ratios: [Ratio] {
        means.indices.map { layer in
            let square = means[layer].reduce(0) { $0 + $1 * $1 }
            let count = Double(max(1, batches))
            let deviation = (spreads[layer] / count).squareRoot()
            let sample = spreads[layer] / max(1, count - 1)
            return Ratio(
                mean: square.squareRoot(), deviation: deviation,
                value: deviation > 0 ? square.squareRoot() / deviation : nil,
                debiased: deviation > 0 && batches > 1
                    ? (max(0, square - sample / count) / sample).squareRoot() : nil)
        }
    }
}

/// ‖W − W_0‖_F: the distance of a layer's weights from their initial values.
public func displacement<Scalar: Real>(_ weights: Matrix<Scalar>, from initial: Matrix<Scalar>) -> Double {
    precondition(weights.rows == initial.rows && weights.columns == initial.columns)
    var sum = 0.0
    for (now, before) in zip(widened(weights).values, widened(initial).values) {
        sum += (now - before) * (now - before)
    }
    return sum.squareRoot()
}
