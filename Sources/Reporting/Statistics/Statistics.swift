import Glibc

/// Mean and spread of numbers that arrive one by one (Welford 1962: no cancellation, nothing kept). Equal
/// numbers in equal order give equal bits.
public struct Sample: Equatable, Sendable {
    /// How many numbers were added.
    public private(set) var count = 0
    private var runningMean = 0.0
    private var squares = 0.0
    /// The exact sum while all numbers are whole; nil once another number was added.
    private var wholeSum: Double? = 0
    /// The smallest and the largest number; nil for an empty sample.
    public private(set) var range: ClosedRange<Double>?

    /// An empty sample.
    public init() {}

    /// A sample of the given numbers, added in order.
    public init(_ numbers: some Sequence<Double>) {
        for number in numbers { add(number) }
    }

    /// Adds a number.
    public mutating func add(_ number: Double) {
        count += 1
        range = range.map { min($0.lowerBound, number)...max($0.upperBound, number) } ?? number...number
        let deviation = number - runningMean
        runningMean += deviation / Double(count)
        squares += deviation * (number - runningMean)
        wholeSum = wholeSum.flatMap { sum in
            number == number.rounded() && abs(sum + number) < 0x1p53 ? sum + number : nil
        }
    }

    /// nil for an empty sample. For counts, it is the double nearest to the exact mean, since sums of whole
    /// numbers are exact.
    public var mean: Double? {
        count > 0 ? wholeSum.map { $0 / Double(count) } ?? runningMean : nil
    }

    /// s / √n, with Bessel's n − 1 in s; nil for fewer than two numbers.
    public var standardError: Double? {
        count > 1 ? (squares / Double(count - 1) / Double(count)).squareRoot() : nil
    }

    /// Student's interval, mean ± t(0.975, n − 1) · standard error; nil for fewer than two numbers.
    public var confidenceInterval: (low: Double, high: Double)? {
        guard let mean, let standardError else { return nil }
        let half = standardError == 0 ? 0 : studentQuantile(0.975, freedom: Double(count - 1)) * standardError
        return (mean - half, mean + half)
    }
}

/// The quantile of the numbers, interpolated linearly between neighbours; nil if there are none.
func quantile(_ part: Double, ofSorted numbers: [Double]) -> Double? {
    guard let last = numbers.last else { return nil }
    let position = part * Double(numbers.count - 1)
    let index = Int(position.rounded(.down))
    guard index + 1 < numbers.count else { return last }
    let weight = position - Double(index)
    return numbers[index] * (1 - weight) + numbers[index + 1] * weight
}

/// The t with P(T ≤ t) = `probability`, to a relative error of about 1e-12. Bisects on P(|T| > t) = I_x(ν/2,
/// 1/2), x = ν / (ν + t²).
///
/// Precondition: 0.5 < probability < 1, freedom ≥ 1.
public func studentQuantile(_ probability: Double, freedom: Double) -> Double {
    precondition(probability > 0.5 && probability < 1 && freedom >= 1)
    let tail = 2 * (1 - probability)
    func outside(_ t: Double) -> Double {
        let square = t * t
        // Uses the one of two symmetric forms whose argument loses no digits.
        return square < freedom
            ? 1 - incompleteBeta(0.5, freedom / 2, square / (freedom + square))
            : incompleteBeta(freedom / 2, 0.5, freedom / (freedom + square))
    }
    var low = 0.0
    var high = 1.0
    while outside(high) > tail { high *= 2 }
    for _ in 0..<200 {
        let middle = (low + high) / 2
        if middle == low || middle == high { break }
        if outside(middle) > tail { low = middle } else { high = middle }
    }
    return (low + high) / 2
}

/// The regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22).
func incompleteBeta(_ a: Double, _ b: Double, _ x: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(b, a, 1 - x) }
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    return front * betaFraction(a, b, x) / a
}

/// Lentz's evaluation of the continued fraction 1/(1 + d₁/(1 + d₂/(1 + …))).
private func betaFraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
    let tiny = 1e-300
    func away(_ number: Double) -> Double { abs(number) < tiny ? tiny : number }
    var c = 1.0
    var d = 1 / away(1 - (a + b) * x / (a + 1))
    var fraction = d
    for step in 1...1000 {
        let m = Double(step)
        let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / away(1 + even * d)
        c = away(1 + even / c)
        fraction *= d * c
        let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / away(1 + odd * d)
        c = away(1 + odd / c)
        fraction *= d * c
        if abs(d * c - 1) < 1e-15 { break }
    }
    return fraction
}
