import LinearAlgebra

/// Kernel-density estimates of the mutual information of a layer T = h(X) + N(0, σ² I) with the input and
/// with the class, from bounds on the entropy of a mixture with one Gaussian per point (Kolchinsky & Tracey
/// 2017; Saxe et al. 2018). In nats, with n points x_i in d dimensions:
///
///     h_up  = d/2 − mean_i [ln Σ_j exp(−‖x_i − x_j‖² / 2σ²) − ln n − (d/2) ln 2πσ²]
///     h_low = the same with ‖x_i − x_j‖² / 8σ², the Bhattacharyya distance, in the exponent
///     H(T|X) = (d/2) (ln 2πσ² + 1),   I(X;T) = h − H(T|X),   I(T;Y) = h − Σ_y p_y h_y
///
/// h_up and h_low, and with them both I(X;T), are bounds for X uniform on the n points. The two I(T;Y) are
/// differences of bounds, and bound nothing.
///
/// Cost: n² d / 2 multiply-adds as products of tiles, and n²/2 exponentials (one serves both bounds;
/// contributions below e⁻⁴⁶ of a point's own count as 0). With 10 000 points this takes 0.3 s for 10 units, 1
/// s for 500. Memory: one tile of products. Distances come from scalar products of centred points: their
/// error is about 1e-15 of the largest ‖x − mean‖², over 2σ² in the exponent.
///
/// Limits: the noise is not in the network; it is added to make I(X;T) finite, so σ² decides the value (Saxe
/// et al. use 1e-3 for bounded units, other authors 0.1). Compare layers, and steps, at one σ² and with
/// activations of one scale. I(X;T) is at most ln n, reached if all points are many σ apart.
public struct KernelInformation: Equatable, Sendable {
    /// A lower and an upper estimate, in nats.
    public struct Estimates: Equatable, Sendable {
        /// The estimate from h_low.
        public let lower: Double
        /// The estimate from h_up.
        public let upper: Double
    }

    /// h(T), the differential entropy.
    public let entropy: Estimates
    /// H(T|X), the entropy of the noise.
    public let noiseEntropy: Double
    /// I(X;T), bounded on both sides.
    public let inputInformation: Estimates
    /// I(T;Y), estimated without bounds.
    public let targetInformation: Estimates

    /// Computes the estimates.
    ///
    /// - Parameters:
    ///   - activations: [points, units], at least one point.
    ///   - labels: y of each point, from 0.
    ///   - noiseVariance: σ² > 0.
    public init<Scalar: Real>(_ activations: Matrix<Scalar>, labels: [Int32], noiseVariance: Double) {
        precondition(labels.count == activations.rows && activations.rows > 0 && noiseVariance > 0)
        let sorted = labels.indices.sorted { (labels[$0], $0) < (labels[$1], $1) }
        let points = Matrix<Double>(rows: activations.rows, columns: activations.columns)
        points.assign(rows: sorted, of: centred(activations).points)
        let sums = KernelSums(points, labels: sorted.map { labels[$0] }, noiseVariance: noiseVariance)
        let (count, dimension) = (Double(points.rows), Double(points.columns))
        let all = sums.meanLogarithms(ofClasses: false)
        let within = sums.meanLogarithms(ofClasses: true)
        // Σ_y p_y ln n_y.
        let classSize = sums.classSizes.reduce(0) { $0 + Double($1) / count * naturalLogarithm(Double($1)) }
        let noise = dimension / 2 * (naturalLogarithm(2 * .pi * noiseVariance) + 1)
        let size = naturalLogarithm(count)
        inputInformation = Estimates(lower: size - all.lower, upper: size - all.upper)
        entropy = Estimates(lower: noise + size - all.lower, upper: noise + size - all.upper)
        noiseEntropy = noise
        targetInformation = Estimates(
            lower: (size - all.lower) - (classSize - within.lower),
            upper: (size - all.upper) - (classSize - within.upper))
    }
}

/// Σ_j exp(−‖x_i − x_j‖² / 2σ²) for every point i, and the same with 8σ²: over all points, and over those of
/// i's class.
private struct KernelSums {
    private let upper: (own: [Double], others: [Double])
    private let lower: (own: [Double], others: [Double])
    private(set) var classSizes: [Int] = []

    /// Computes the sums; `labels` must ascend.
    init(_ points: Matrix<Double>, labels: [Int32], noiseVariance: Double) {
        var starts: [Int] = []
        for point in labels.indices {
            let isNew = point == 0 || labels[point] != labels[point - 1]
            starts.append(isNew ? point : starts[point - 1])
            if isNew { classSizes.append(1) } else { classSizes[classSizes.count - 1] += 1 }
        }
        (lower, upper) = PairTiles(points, squares: squaredLengths(points))
            .kernelSums(scale: 1 / (8 * noiseVariance), groups: starts)
    }

    /// The means over points of the sums' logarithms.
    func meanLogarithms(ofClasses: Bool) -> (lower: Double, upper: Double) {
        func mean(_ sums: (own: [Double], others: [Double])) -> Double {
            let total = zip(sums.own, sums.others).reduce(0) {
                $0 + naturalLogarithm($1.0 + (ofClasses ? 0 : $1.1))
            }
            return total / Double(sums.own.count)
        }
        return (mean(lower), mean(upper))
    }
}
