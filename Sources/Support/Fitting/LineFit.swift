import Glibc

/// A straight line fitted to points by least squares, with standard errors.
public struct LineFit: Equatable, Sendable {
    /// Change of y per unit of x.
    public let slope: Double
    /// y at x = 0.
    public let intercept: Double
    /// Standard error of the slope: √(s² / Σ(x − x̄)²), s² = Σ residual² / (n − 2), assuming independent
    /// errors of equal variance. Points along one training are not independent: the value is then too small,
    /// and the spread over seeds is the one to trust. 0 if fewer than three points differ: two always lie on
    /// a line.
    public let slopeError: Double
    /// Standard error of the intercept: √(s² (1/n + x̄² / Σ(x − x̄)²)).
    public let interceptError: Double
    /// The share of y's variance that the line explains (R²); 1 if y does not vary.
    public let determination: Double
    /// Number of points.
    public let points: Int
    /// Whether at least three points differ; otherwise the line has no error.
    public let hasErrors: Bool

    /// Fits a line; nil if fewer than two x differ, or if a number or one of the results is not finite.
    public init?(_ x: [Double], _ y: [Double]) {
        precondition(x.count == y.count)
        guard x.count >= 2, x.allSatisfy(\.isFinite), y.allSatisfy(\.isFinite) else { return nil }
        let count = Double(x.count)
        let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
        var (xx, xy, yy) = (0.0, 0.0, 0.0)
        for (a, b) in zip(x, y) {
            xx += (a - meanX) * (a - meanX)
            xy += (a - meanX) * (b - meanY)
            yy += (b - meanY) * (b - meanY)
        }
        guard xx > 0 else { return nil }
        let slope = xy / xx
        let intercept = meanY - slope * meanX
        var residual = 0.0
        for (a, b) in zip(x, y) {
            let error = b - meanY - slope * (a - meanX)
            residual += error * error
        }
        hasErrors = Set(zip(x, y).map { SIMD2($0, $1) }).count > 2
        let variance = hasErrors ? residual / (count - 2) : 0
        self.slope = slope
        self.intercept = intercept
        slopeError = (variance / xx).squareRoot()
        interceptError = (variance * (1 / count + meanX * meanX / xx)).squareRoot()
        determination = yy > 0 ? max(0, 1 - residual / yy) : 1
        points = x.count
        // Squares of finite numbers may overflow.
        guard [slope, intercept, slopeError, interceptError, determination].allSatisfy(\.isFinite) else {
            return nil
        }
    }

    /// y on the line at x.
    public func value(at x: Double) -> Double { intercept + slope * x }
}

/// y = factor · x^exponent, fitted by least squares in ln x and ln y, so that relative errors of y
/// count alike.
///
/// For ‖W(t) − W(0)‖_F against the step t, the exponent is the diffusion exponent α (representation
/// compression, Section 2.3): 1 for a drift, 0.5 for a free random walk, less for an "ultra-slow" one. Fit it
/// to the steps of one phase (after the phase change): over both phases it is a mean of two laws, and where
/// the weights saturate or decay it does not describe diffusion.
public struct PowerLaw: Equatable, Sendable {
    /// Slope of ln y against ln x.
    public let exponent: Double
    /// Standard error of the exponent, as `LineFit.slopeError`.
    public let exponentError: Double
    /// y at x = 1.
    public let factor: Double
    /// The share of ln y's variance that the law explains.
    public let determination: Double
    /// Number of points used: those with x > 0 and y > 0.
    public let points: Int
    /// Whether the law has errors, as `LineFit.hasErrors`.
    public let hasErrors: Bool

    /// Fits a power law. Points with x ≤ 0 or y ≤ 0 have no logarithm and are left out: step 0 has no
    /// displacement. nil if fewer than two different x remain.
    public init?(_ x: [Double], _ y: [Double]) {
        let kept = zip(x, y).filter { $0 > 0 && $1 > 0 }
        guard
            let line = LineFit(
                kept.map { log($0.0) }, kept.map { log($0.1) })
        else { return nil }
        exponent = line.slope
        exponentError = line.slopeError
        factor = exp(line.intercept)
        determination = line.determination
        points = line.points
        hasErrors = line.hasErrors
    }

    /// y at x > 0.
    public func value(at x: Double) -> Double { factor * exp(exponent * log(x)) }
}
