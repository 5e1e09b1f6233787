// Powers and cosines that give the same bits on every machine. The C library's differ between versions.

/// base^exponent for a whole exponent ≥ 0, by squaring.
public func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var square = base
    var rest = exponent
    while rest > 0 {
        if rest & 1 == 1 { result *= square }
        square *= square
        rest >>= 1
    }
    return result
}

/// cos x for 0 ≤ x ≤ π, by Taylor series about 0 and π or, between them, as −sin(x − π/2). The error is below
/// 1e-15.
func reproducibleCosine(_ x: Double) -> Double {
    if x > 0.75 * .pi { return -reproducibleCosine(.pi - x) }
    if x > 0.25 * .pi { return -series(x - 0.5 * .pi, first: x - 0.5 * .pi, order: 1) }
    return series(x, first: 1, order: 0)
}

/// Σ (−1)^k x^(order + 2k) / (order + 2k)! for |x| ≤ π / 4.
private func series(_ x: Double, first: Double, order: Int) -> Double {
    var term = first
    var sum = first
    for k in 1...10 {
        let n = Double(order + 2 * k)
        term *= -x * x / (n * (n - 1))
        sum += term
    }
    return sum
}
