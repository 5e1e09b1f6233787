import LinearAlgebra
import Model

/// The regulariser with memory for a stack's batches, allocated once.
public struct ActivationPenalty {
    let settings: LogDetSettings
    /// By hidden layer; nil where it has no say.
    private let determinants: [LogDeterminant?]

    init(_ settings: LogDetSettings, _ shape: StackShape, points: Int) {
        precondition(settings.layers.allSatisfy { (1..<shape.depth).contains($0) })
        self.settings = settings
        determinants = (1..<max(1, shape.depth)).map { layer in
            settings.layers.contains(layer)
                ? LogDeterminant(points: points, units: shape.units[layer]) : nil
        }
    }

    /// λ times the regulariser of a hidden layer, counted from 0, whose gradient joins the one given; 0 of
    /// a layer that has none. No number where the determinant is not positive to working precision: the
    /// training has diverged.
    func value<Scalar: Real>(
        ofHidden layer: Int, _ activations: Matrix<Scalar>, addTo gradient: Matrix<Scalar>
    ) -> Double {
        guard let determinant = determinants[layer] else { return 0 }
        let value = determinant.value(
            of: activations, epsilon: settings.epsilon, addTo: gradient, scale: settings.weight)
        return settings.weight * (value ?? .nan)
    }
}
