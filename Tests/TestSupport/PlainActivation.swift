import Glibc
import Model

extension Activation {
    /// φ(p) by the C library's functions.
    public func plain(_ p: Double) -> Double {
        switch self {
        case .linear: p
        case .relu: p.isNaN ? p : max(0, p)
        case .tanh: Glibc.tanh(p)
        case .gelu: p == -.infinity ? 0 : p / 2 * erfc(-p * 0.5.squareRoot())
        case .geluTanh: p == -.infinity ? 0 : p / (1 + exp(-2 * Self.argument(p)))
        case .silu: p == -.infinity ? 0 : p / (1 + exp(-p))
        case .sigmoid: 1 / (1 + exp(-p))
        case .leakyRelu: p < 0 ? p / 100 : p
        case .elu: p < 0 ? expm1(p) : p
        case .softplus: max(0, p) + log1p(exp(-abs(p)))
        }
    }

    /// φ′(p).
    public func plainSlope(_ p: Double) -> Double {
        let logistic = 1 / (1 + exp(-p))
        switch self {
        case .linear: return 1
        case .relu: return p > 0 ? 1 : 0
        case .tanh: return 1 / (cosh(p) * cosh(p))
        case .gelu: return erfc(-p * 0.5.squareRoot()) / 2 + p * exp(-p * p / 2) / (2 * .pi).squareRoot()
        case .geluTanh:
            let tangent = Glibc.tanh(Self.argument(p))
            let inner = (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * p * p)
            return (1 + tangent) / 2 + p / 2 * (1 - tangent * tangent) * inner
        case .silu: return logistic + p * logistic * (1 - logistic)
        case .sigmoid: return logistic * (1 - logistic)
        case .leakyRelu: return p > 0 ? 1 : 0.01
        case .elu: return p > 0 ? 1 : exp(p)
        case .softplus: return logistic
        }
    }

    private static func argument(_ p: Double) -> Double {
        (2 / Double.pi).squareRoot() * (p + 0.044715 * p * p * p)
    }
}
