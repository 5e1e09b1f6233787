import Glibc
import LinearAlgebra

/// The singular values of growing products W_l … W_1, computed in three ways. In a deep linear network they
/// are those of the Jacobian (rank diminishing, Theorem 5).
///
/// - The product in double precision, kept at norm 1, with singular values by LAPACK. Rounding makes them
///   wrong by about n u σ_1 (u = 1e-16), so values below `floor` σ_1 are not reported.
/// - QR at every layer: W_l Q_{l−1} = Q_l R_l, and ln r_k(l) = Σ ln |R_kk|. This neither over- nor
///   underflows, and loses nothing at any depth. r_k is not σ_k but has its exponent: (r_k/r_1)^{1/l} and
///   (σ_k/σ_1)^{1/l} have the same limit (Oseledets), which for normal weights r_k has at *every* l in the
///   mean of its logarithm.
/// - The product in single precision, as a network computes it.
///
/// Cost per layer of n units: products of 2 n³ in double (twice) and single, a QR factorisation with its Q
/// (8/3 n³) and two singular value decompositions (8/3 n³ each, half of it at the speed of memory). At
/// n = 1000 this is about a second on one core.
public struct ProductSpectrum {
    /// The share of σ_1 below which the double-precision product says nothing about a singular value.
    public static let floor = 1e-11

    private var product: Matrix<Double>?
    private var single: Matrix<Float>?
    private var basis: Matrix<Double>?
    /// ln r_k, summed over the layers.
    public private(set) var exponents: [Double] = []
    /// Singular values of the double-precision product divided by the largest; descending.
    public private(set) var ratios: [Double] = []
    /// The same for the product in single precision.
    public private(set) var singleRatios: [Double] = []
    /// ln σ_1 of the product, by the product in double precision.
    public private(set) var logNorm = 0.0
    private var logScale = 0.0
    /// Number of layers multiplied so far, l.
    public private(set) var depth = 0

    /// Starts with the empty product.
    public init() {}

    /// Multiplies by the next layer's weights, [outputs, inputs], from the left; they must be finite.
    ///
    /// - Throws: if LAPACK's iteration does not converge.
    public mutating func multiply(_ weight: Matrix<Float>) throws(FactorisationError) {
        let wide = Matrix<Double>(rows: weight.rows, columns: weight.columns)
        wide.assign(widening: weight)
        let next = product.map { Matrix.product(wide, $0) } ?? wide.copied
        let narrow = single.map { Matrix.product(weight, $0) } ?? weight.copied
        logScale += Double(next.normalise()) * naturalLogarithm(2)
        narrow.normalise()
        (product, single) = (next, narrow)
        let sigma = try next.singularValues()
        logNorm = logScale + naturalLogarithm(sigma.first ?? 0)
        ratios = ProductSpectrum.ratios(sigma)
        let widened = Matrix<Double>(rows: narrow.rows, columns: narrow.columns)
        widened.assign(widening: narrow)
        singleRatios = ProductSpectrum.ratios(try widened.singularValues())
        let factors = (basis.map { Matrix.product(wide, $0) } ?? wide).qrFactors()
        basis = factors.q
        let logs = factors.diagonal.map { log(abs($0)) }
        exponents = depth == 0 ? logs : zip(exponents, logs).map { $0 + $1 }
        depth += 1
    }

    private static func ratios(_ sigma: [Double]) -> [Double] {
        guard let first = sigma.first, first > 0 else { return sigma }
        return sigma.map { $0 / first }
    }

    /// (σ_k/σ_1)^{1/l}, k counted from 1; nil if there is no such k or the ratio is below the floor.
    public func root(_ k: Int) -> Double? {
        guard ratios.indices.contains(k - 1), ratios[k - 1] > ProductSpectrum.floor else { return nil }
        return pow(ratios[k - 1], 1 / Double(depth))
    }

    /// (r_k/r_1)^{1/l}; nil if there is no such k or an exponent is not finite.
    public func exponentRoot(_ k: Int) -> Double? {
        guard exponents.indices.contains(k - 1), exponents[k - 1].isFinite, exponents[0].isFinite else {
            return nil
        }
        return exp((exponents[k - 1] - exponents[0]) / Double(depth))
    }

    /// #{σ_k ≥ tolerance · σ_1} for the product in double or in single precision.
    public func rank(_ tolerance: Double, single: Bool = false) -> Int {
        (single ? singleRatios : ratios).count { $0 >= tolerance }
    }
}

extension Matrix {
    fileprivate var copied: Matrix {
        let copy = Matrix(rows: rows, columns: columns)
        copy.assign(self)
        return copy
    }

    /// Divides by a power of two near the largest number, which is exact unless numbers underflow. Returns its exponent.
    @discardableResult
    fileprivate func normalise() -> Int {
        let largest = values.reduce(Scalar(0)) { max($0, abs($1)) }
        guard largest > 0, largest.isFinite else { return 0 }
        assign(self, times: Scalar(sign: .plus, exponent: -largest.exponent, significand: 1))
        return Int(largest.exponent)
    }
}
