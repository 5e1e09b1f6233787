import LinearAlgebra
import Model

/// The log-determinant regulariser on a network's hidden activations. Its memory is allocated once.
public struct ActivationPenalty {
    let settings: LogDetSettings
    /// By hidden layer; nil for a layer without the regulariser.
    private let determinants: [LogDeterminant?]

    /// - Parameter units: the units of each hidden layer.
    init(_ settings: LogDetSettings, units: [Int], points: Int) {
        precondition(settings.layers.allSatisfy { units.indices.contains($0 - 1) })
        self.settings = settings
        determinants = units.enumerated().map { layer, units in
            settings.layers.contains(layer + 1) ? LogDeterminant(points: points, units: units) : nil
        }
    }

    /// Returns λ times the regulariser of a hidden layer, counted from 0, and adds its gradient to
    /// `gradient`. Returns 0 for a layer without the regulariser. Returns NaN where the determinant is not
    /// positive to working precision: the training has diverged.
    func value<Scalar: Real>(
        ofHidden layer: Int, _ activations: Matrix<Scalar>, addTo gradient: Matrix<Scalar>
    ) -> Double {
        guard let determinant = determinants[layer] else { return 0 }
        let value = determinant.value(
            of: activations, epsilon: settings.epsilon, addTo: gradient, scale: settings.weight)
        return settings.weight * (value ?? .nan)
    }
}
