/// The sizes of a stack of dense layers: `units[0]` inputs, then each layer's outputs. Hidden layers have the
/// activation; the last layer is linear.
public struct StackShape: Equatable, Sendable {
    /// Number of inputs, then each layer's number of outputs.
    public var units: [Int]
    /// The function after each hidden layer.
    public var activation: Activation
    /// Whether biases are parameters. Without them biases are zero, and a ReLU network is homogeneous in its
    /// weights.
    public var hasBiases: Bool
    /// Number of units of each hidden layer.
    public var hiddenUnits: [Int] { Array(units.dropFirst().dropLast()) }
    /// Number of weight layers.
    public var depth: Int { units.count - 1 }

    /// A stack of layers. Precondition: `units` has inputs and at least one layer, and every number is
    /// positive.
    public init(units: [Int], activation: Activation, hasBiases: Bool = true) {
        precondition(units.count >= 2 && units.allSatisfy { $0 > 0 })
        self.units = units
        self.activation = activation
        self.hasBiases = hasBiases
    }

    /// Number of all weights and biases.
    public var parameterCount: Int {
        zip(units, units.dropFirst()).reduce(0) { $0 + ($1.0 + (hasBiases ? 1 : 0)) * $1.1 }
    }
}
