import Glibc
import LinearAlgebra

/// The log-determinant regulariser on a layer's activations H [points, units] (rank collapse,
/// "Log-Determinant Regularization"; the gradient by Cholesky):
///
///     R(H) = −ln det(HᵀH + ε I),   ∂R/∂H = −2 H (HᵀH + ε I)⁻¹
///
/// It is large where the activations leave directions unused. It falls without bound as they grow, by up to 2
/// d ln 2 where H doubles, so it needs a task's loss, weight decay or a normalised H to counter it.
///
/// With fewer points than units, the smaller Gram matrix is factored instead, which gives the same number and
/// gradient: det(HᵀH + ε I_d) = ε^(d − n) det(HHᵀ + ε I_n) and H (HᵀH + ε I)⁻¹ = (HHᵀ + ε I)⁻¹ H.
///
/// Cost: 2 n d s + s³/3 operations with s = min(n, d), in double whatever H's type. Memory is allocated once.
/// The gradient's relative error is about 2⁻⁵² σ_1²/ε where H is rank-deficient: ε ≥ 1e-9 σ_1² keeps 6
/// digits.
public struct LogDeterminant {
    private let activations: Matrix<Double>
    private let gram: Matrix<Double>

    /// - Parameters:
    ///   - points: the largest batch.
    ///   - units: the layer's units, d.
    public init(points: Int, units: Int) {
        activations = Matrix(rows: points, columns: units)
        gram = Matrix(rows: min(points, units), columns: min(points, units))
    }

    /// Returns R(H), and adds scale · ∂R/∂H to a gradient where one is given. Returns nil, and leaves the
    /// gradient as it was, where the Gram matrix is not positive definite to working precision: ε is too
    /// small, or H is not finite.
    ///
    /// - Parameter epsilon: ε > 0.
    public func value<Scalar: Real>(
        of h: Matrix<Scalar>, epsilon: Double, addTo gradient: Matrix<Scalar>? = nil, scale: Double = 1
    ) -> Double? {
        precondition(h.rows <= activations.rows && h.columns == activations.columns && epsilon > 0)
        let (points, units) = (h.rows, h.columns)
        let isTall = points >= units
        let order = min(points, units)
        let wide = activations.prefix(rows: points, columns: units)
        wide.assign(widening: h)
        let factor = gram.prefix(rows: order, columns: order)
        factor.setGram(of: wide, transposed: isTall)
        for index in 0..<order { factor[index, index] += epsilon }
        guard factor.isFinite, factor.becomeCholeskyFactor() else { return nil }
        var logarithms = Double(units - order) * log(epsilon)
        for index in 0..<order { logarithms += 2 * log(factor[index, index]) }
        if let gradient {
            precondition(gradient.rows == points && gradient.columns == units)
            wide.divide(byCholesky: factor, fromRight: isTall)
            gradient.add(narrowing: wide, times: -2 * scale)
        }
        return -logarithms
    }
}
