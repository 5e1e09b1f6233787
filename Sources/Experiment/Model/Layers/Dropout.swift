import Glibc

/// Sets numbers to 0 in training, each with probability `rate`, and divides the others by 1 − rate (Srivastava et al.
/// 2014). In evaluation it changes nothing.
public struct DropoutOperation: NetworkOperation {
    /// The probability of 0.
    public let rate: Double
    /// Indices of its numbers among the noise of a point: a standard normal number for each number of the input.
    public let noise: Range<Int>
    /// Numbers whose noise is below become 0: the normal distribution's quantile of `rate`.
    public let threshold: Double

    init(rate: Double, noise: Range<Int>) {
        (self.rate, self.noise) = (rate, noise)
        var (low, high) = (-40.0, 40.0)
        // Each step halves the interval.
        for _ in 0..<64 {
            let middle = (low + high) / 2
            if 0.5 * erfc(-middle * 0.5.squareRoot()) < rate { low = middle } else { high = middle }
        }
        threshold = low
    }
}

extension LayerSpec {
    /// Sets each number to 0 with this probability, in training; nothing where it is 0.
    public static func dropout(_ rate: Double) -> LayerSpec {
        LayerSpec { (plan, value) in
            guard rate > 0 else { return value }
            let size = plan.values[value].size
            return plan.add(DropoutOperation(rate: rate, noise: plan.takeNoise(size.count)), value, size)
        }
    }
}
