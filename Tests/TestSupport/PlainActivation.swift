import Glibc
import Model

extension Activation {
    /// φ(p) by the C library's functions.
    public func plain(_ p: Double) -> Double {
        switch self {
        case .linear: p
        case .relu: p.isNaN ? p : max(0, p)
        case .tanh: Glibc.tanh(p)
        }
    }

    /// gradient · φ′(p), where φ(p) = h.
    public func plainGradient<Scalar: BinaryFloatingPoint>(_ gradient: Scalar, at h: Scalar) -> Scalar {
        switch self {
        case .linear: gradient
        case .relu: h > 0 ? gradient : 0
        case .tanh: gradient * (1 - h * h)
        }
    }
}
