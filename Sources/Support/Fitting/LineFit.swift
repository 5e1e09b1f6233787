// Least-squares lines and power laws: what the measures of a training fit to its trace, and figures to their
// means. In a target of its own because both halves need it: the coordinator links no BLAS, so no Measures.
// Imports Glibc for the logarithm. Leaves out weights of points, and any other law.

import Glibc

/// A straight line through points by least squares, with standard errors.
public struct LineFit: Equatable, Sendable {
    public let slope: Double
    public let intercept: Double
    /// √(s² / Σ(x − x̄)²), s² = Σ residual² / (n − 2): of independent errors of one size. Points along one
    /// training are not independent: there it is too small, and the spread over seeds is the one to trust. 0
    /// where fewer than three points are different: two always lie on a line.
    public let slopeError: Double
    public let interceptError: Double
    /// The share of y's variance that the line explains; 1 where y does not vary.
    public let determination: Double
    public let points: Int
    /// Whether three points or more are different: else the line has no error.
    public let hasErrors: Bool

    /// nil of fewer than two different x, or where a number, or one of the line's, is not finite.
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
        // Squares of numbers that are finite may not be.
        guard [slope, intercept, slopeError, interceptError, determination].allSatisfy(\.isFinite) else {
            return nil
        }
    }

    public func value(at x: Double) -> Double { intercept + slope * x }
}

/// y = factor · x^exponent by least squares in ln x and ln y: relative errors of y count alike.
///
/// Of ‖W(t) − W(0)‖_F against the step t, the exponent is the diffusion exponent α (representation
/// compression, Section 2.3): 1 of a drift, 0.5 of a free random walk, less of an "ultra-slow" one. Fit it to
/// the steps of one phase (after the phase change): over both it is a mean of two laws, and where the weights
/// saturate or decay it is not diffusion's.
public struct PowerLaw: Equatable, Sendable {
    public let exponent: Double
    /// Standard error, as `LineFit.slopeError`.
    public let exponentError: Double
    public let factor: Double
    /// Of ln y.
    public let determination: Double
    /// Of how many points: those with x > 0 and y > 0.
    public let points: Int
    /// As `LineFit.hasErrors`.
    public let hasErrors: Bool

    /// Points with x ≤ 0 or y ≤ 0 have no logarithm and are left out: step 0 has no displacement. nil where
    /// fewer than two different x are left.
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
