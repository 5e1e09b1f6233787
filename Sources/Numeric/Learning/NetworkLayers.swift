import LinearAlgebra
import Model

/// A layer as measures see it: a dense layer or convolution, its normalisation, its activation, and the
/// block's input where a residual block ends there.
public struct NetworkLayer: Sendable, Hashable {
    /// One of a layer's two values.
    public enum Side: Sendable, Hashable {
        /// The activation's input.
        case preActivation
        /// The next layer's input.
        case activation
    }

    /// Number of dense layers and convolutions up to this one, without those of shortcuts.
    public let depth: Int
    /// Size of the output; its numbers are the layer's units.
    public let size: ImageSize
    /// Values of the plan; both are the same for the last layer, which has no activation.
    let preActivation: Int
    let activation: Int

    /// Index of one of its values in the plan.
    public func value(_ side: Side) -> Int { side == .preActivation ? preActivation : activation }
}

/// A layer's values at some points, [points, units] each.
public struct LayerOutput<Scalar: Real> {
    /// The layer.
    public let layer: NetworkLayer
    /// The activation's input, [points, units].
    public let preActivation: Matrix<Scalar>
    /// The layer's output, [points, units].
    public let activation: Matrix<Scalar>
}

extension NetworkShape {
    /// The last layer's input, where that layer is dense and makes the network's outputs; else nil.
    public var features: NetworkLayer? {
        plan.features.map {
            NetworkLayer(
                depth: max(0, plan.weights.count - 1), size: plan.values[$0].size, preActivation: $0,
                activation: $0)
        }
    }

    /// One layer for each activation, and one for the outputs. Two layers may have the same depth: a residual
    /// block's last convolution ends with the block, whose sum has an activation.
    public var networkLayers: [NetworkLayer] {
        layers.map {
            NetworkLayer(
                depth: $0.depth, size: plan.values[$0.activation].size, preActivation: $0.preActivation,
                activation: $0.activation)
        }
    }
}

extension Network {
    /// One layer for each activation, and one for the outputs.
    public var layers: [NetworkLayer] { shape.networkLayers }

    /// The values of some layers (nil: all) at points [points, inputs], in evaluation. Takes memory for the
    /// results and for one pass over `points` points.
    public func outputs(of some: [NetworkLayer]? = nil, at inputs: Matrix<Scalar>) -> [LayerOutput<Scalar>] {
        let chosen = some ?? layers
        let work = NetworkWorkspace<Scalar>(
            shape.plan, nil, points: min(points, inputs.rows), values: .separate)
        let results = chosen.map { layer in
            let pre = Matrix<Scalar>(rows: inputs.rows, columns: layer.size.count)
            return LayerOutput(
                layer: layer, preActivation: pre,
                activation: layer.preActivation == layer.activation
                    ? pre : Matrix(rows: inputs.rows, columns: layer.size.count))
        }
        let last = chosen.map(\.activation).max() ?? 0
        for start in stride(from: 0, to: inputs.rows, by: max(1, points)) {
            let rows = start..<min(inputs.rows, start + points)
            let part = inputs.rows(rows)
            numbers.forward(part, work, .evaluation, upTo: last)
            for result in results {
                result.preActivation.rows(rows).assign(
                    numbers.value(result.layer.preActivation, part, work))
                result.activation.rows(rows).assign(numbers.value(result.layer.activation, part, work))
            }
        }
        return results
    }
}
