/// The function after each hidden layer, under its name in sweep files.
public enum Activation: String, CaseIterable, NetworkOperation {
    /// φ(p) = p
    case linear
    /// φ(p) = max(p, 0)
    case relu
    /// φ(p) = tanh p
    case tanh

    /// Its number in kernels.inc, which computes φ and φ′.
    public var code: Int32 {
        switch self {
        case .linear: 0
        case .relu: 1
        case .tanh: 2
        }
    }
}

extension LayerSpec {
    /// φ of each number.
    public static func activation(_ activation: Activation) -> LayerSpec {
        LayerSpec { (plan, value) in plan.add(activation, value, plan.values[value].size) }
    }
}
