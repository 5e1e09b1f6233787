/// Singular values of products of L independent n × n matrices of standard normal numbers: the effect of a
/// deep linear network at initialisation on ranks (rank diminishing, Theorem 5 and Corollary 1).
///
///     σ_k^(1/L) → exp ½(ln 2 + ψ((n − k + 1)/2)),   (σ_k/σ_1)^(1/L) → exp ½(ψ((n − k + 1)/2) − ψ(n/2))
///
/// almost surely as L grows, with k counted from 1. This is a limit: at finite L the spread of (1/L) ln σ_k
/// is of order 1/√L, and smaller than the distance between neighbouring k only if L is large compared with
/// n − k.
public enum GaussianProducts {
    /// The limit of (σ_k/σ_1)^(1/L), 1 ≤ k ≤ n. Relative error below 1e-14.
    public static func ratio(order n: Int, index k: Int) -> Double {
        precondition(k >= 1 && k <= n)
        return exponential((digamma(Double(n - k + 1) / 2) - digamma(Double(n) / 2)) / 2)
    }

    /// The limit of (1/L) ln σ_1: the exponent at which gradients explode, ½(ln 2 + ψ(n/2)).
    public static func growth(order n: Int) -> Double {
        precondition(n >= 1)
        return (naturalLogarithm(2) + digamma(Double(n) / 2)) / 2
    }

    /// #{k : ratio^L ≥ tolerance}, the numerical rank that the limit predicts at a depth.
    public static func rank(order n: Int, depth: Int, tolerance: Double) -> Int {
        precondition(tolerance > 0)
        let least = naturalLogarithm(tolerance)
        // Ratios fall with k.
        return (1...n).count { Double(depth) * naturalLogarithm(ratio(order: n, index: $0)) >= least }
    }
}

/// ψ(x) = d ln Γ(x)/dx for x > 0, with error 2e-15 of max(1, |ψ|): up to 10 by ψ(x) = ψ(x + 1) − 1/x, then by
/// the asymptotic series (Abramowitz & Stegun 6.3.5, 6.3.18).
public func digamma(_ x: Double) -> Double {
    precondition(x > 0)
    var (x, below) = (x, 0.0)
    while x < 10 {
        below += 1 / x
        x += 1
    }
    // B_2k / 2k, k from 8 down to 1: at 10 the first term left out is below 3e-18.
    let terms: [Double] = [
        -3617.0 / 8160, 1.0 / 12, -691.0 / 32760, 1.0 / 132, -1.0 / 240, 1.0 / 252, -1.0 / 120, 1.0 / 12,
    ]
    let square = 1 / (x * x)
    let series = terms.reduce(0) { $0 * square + $1 } * square
    return naturalLogarithm(x) - 0.5 / x - series - below
}
