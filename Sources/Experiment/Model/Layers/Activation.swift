/// The function after each hidden layer, under its name in sweep files.
public enum Activation: String, CaseIterable, NetworkOperation {
    /// φ(p) = p
    case linear
    /// φ(p) = max(p, 0)
    case relu
    /// φ(p) = tanh p
    case tanh
    /// φ(p) = p Φ(p), Φ being the standard normal distribution's function (Hendrycks & Gimpel 2016).
    case gelu
    /// φ(p) = ½ p (1 + tanh(√(2/π) (p + 0.044715 p³))), the same paper's approximation.
    case geluTanh = "gelu_tanh"
    /// φ(p) = p σ(p), σ being `sigmoid`.
    case silu
    /// φ(p) = 1 / (1 + e^−p)
    case sigmoid
    /// φ(p) = p above 0, else 0.01 p
    case leakyRelu = "leaky_relu"
    /// φ(p) = p above 0, else e^p − 1 (Clevert, Unterthiner & Hochreiter 2016)
    case elu
    /// φ(p) = ln(1 + e^p)
    case softplus

    /// Its number in activations.inc, which computes φ and φ′.
    public var code: Int32 {
        switch self {
        case .linear: 0
        case .relu: 1
        case .tanh: 2
        case .gelu: 3
        case .geluTanh: 4
        case .silu: 5
        case .sigmoid: 6
        case .leakyRelu: 7
        case .elu: 8
        case .softplus: 9
        }
    }

    /// Whether φ′(p) is computed from p. The others' is computed from φ(p), which tells it.
    public var slopeNeedsInput: Bool { self == .gelu || self == .geluTanh || self == .silu }

    /// Whether φ is about p above 0 and about 0 below, so that weights before it are drawn as before a ReLU
    /// (He et al. 2015).
    public var isRectifier: Bool {
        switch self {
        case .relu, .gelu, .geluTanh, .silu, .leakyRelu, .elu: true
        case .linear, .tanh, .sigmoid, .softplus: false
        }
    }

    /// An interval that holds every φ(p); nil where none does.
    public var range: ClosedRange<Double>? {
        switch self {
        case .tanh: -1...1
        case .sigmoid: 0...1
        default: nil
        }
    }
}

extension LayerSpec {
    /// φ of each number.
    public static func activation(_ activation: Activation) -> LayerSpec {
        LayerSpec { (plan, value) in plan.add(activation, value, plan.values[value].size) }
    }
}
