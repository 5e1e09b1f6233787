import LinearAlgebra
import Model

/// The shape of a VIB's encoder, which has 2K outputs, (μ | s).
public enum EncoderShape: Sendable {
    /// Dense layers, which are faster than the same network.
    case stack(StackShape)
    /// A network of any layers, from `NetworkShape(encoder:)`.
    case network(NetworkShape)

    /// A stack with these inputs and hidden units, and a head of 2 · `bottleneck` outputs.
    public static func stack(
        hidden: [Int], activation: Activation, hasBiases: Bool = true, bottleneck: Int
    ) -> EncoderShape {
        .stack(
            StackShape(units: hidden + [2 * bottleneck], activation: activation, hasBiases: hasBiases))
    }

    /// The stack; nil: another network.
    var stack: StackShape? { if case .stack(let shape) = self { shape } else { nil } }

    /// The network; nil: a stack.
    var network: NetworkShape? { if case .network(let shape) = self { shape } else { nil } }

    /// Number of latent variables, K.
    var bottleneck: Int {
        switch self {
        case .stack(let shape): shape.units[shape.depth] / 2
        case .network(let shape): shape.outputs
        }
    }
}

/// The encoder's passes, with their memory.
enum VIBEncoder<Scalar: Real> {
    /// Dense layers, the first stack of the VIB's parameters.
    struct Stack {
        let shape: StackShape
        let work: StackWorkspace<Scalar>
        let headGradient: Matrix<Scalar>
        let penalty: ActivationPenalty?
    }

    case stack(Stack)
    /// A network whose parameters are the first of the VIB's.
    case network(Network<Scalar>)

    /// - Parameters:
    ///   - parameters: the VIB's.
    ///   - loss: the VIB's.
    ///   - other: an encoder whose workspace this one shares where both are stacks of the same shape.
    init(
        _ shape: EncoderShape, _ parameters: Parameters<Scalar>, _ loss: Loss, points: Int,
        logDet: LogDetSettings?, sharing other: VIBEncoder?
    ) {
        switch shape {
        case .stack(let shape):
            let penalty = logDet.map { ActivationPenalty($0, units: shape.hiddenUnits, points: points) }
            if case .stack(let other)? = other, other.shape == shape, other.headGradient.rows == points {
                self = .stack(
                    Stack(shape: shape, work: other.work, headGradient: other.headGradient, penalty: penalty))
                return
            }
            self = .stack(
                Stack(
                    shape: shape, work: StackWorkspace(shape, points: points),
                    headGradient: Matrix(rows: points, columns: shape.units[shape.depth]), penalty: penalty))
        case .network(let shape):
            self = .network(
                Network(
                    shape, loss: loss, points: points, logDet: logDet,
                    parameters: Parameters(of: shape.plan, in: parameters)))
        }
    }

    var shape: EncoderShape {
        switch self {
        case .stack(let stack): .stack(stack.shape)
        case .network(let network): .network(network.shape)
        }
    }

    /// (μ | s) of the last pass at its first points.
    func head(ofFirst count: Int) -> Matrix<Scalar> {
        switch self {
        case .stack(let stack): stack.work.last.rows(0..<count)
        case .network(let network): network.outputs(ofFirst: count)
        }
    }

    /// The gradient with respect to (μ | s), to be set before `backward`.
    var headGradient: Matrix<Scalar> {
        switch self {
        case .stack(let stack): stack.headGradient
        case .network(let network): network.outputGradient
        }
    }

    /// Returns (μ | s) of a training step's pass.
    @_specialize(where Scalar == Float)
    func forward(
        _ parameters: Parameters<Scalar>, _ inputs: Matrix<Scalar>, _ mode: NetworkMode,
        _ noise: Matrix<Scalar>
    ) -> Matrix<Scalar> {
        switch self {
        case .stack(let stack):
            Learning.forward(
                parameters.stacks[0], stack.shape.activation, inputs: inputs, into: stack.work)
            return stack.work.last
        case .network(let network): return network.forward(inputs, mode, noise)
        }
    }

    /// Returns (μ | s) in evaluation, at no more points than the workspace has room for.
    func evaluate(_ parameters: Parameters<Scalar>, _ inputs: Matrix<Scalar>) -> Matrix<Scalar> {
        switch self {
        case .stack(let stack):
            let work = stack.work.prefix(inputs.rows)
            Learning.forward(parameters.stacks[0], stack.shape.activation, inputs: inputs, into: work)
            return work.last
        case .network(let network): return network.predict(inputs)
        }
    }

    /// Sets the gradients of the encoder's parameters from `headGradient`, after `forward` with the same
    /// arguments.
    ///
    /// - Returns: the penalty on activations times its weight; 0 without one.
    @_specialize(where Scalar == Float)
    func backward(
        _ parameters: Parameters<Scalar>, _ inputs: Matrix<Scalar>, _ mode: NetworkMode,
        _ noise: Matrix<Scalar>, gradients: Parameters<Scalar>
    ) -> Double {
        switch self {
        case .stack(let stack):
            Learning.backward(
                parameters.stacks[0], stack.shape.activation, inputs: inputs, work: stack.work,
                outputGradient: stack.headGradient, gradients: gradients.stacks[0], penalty: stack.penalty)
        case .network(let network): network.backward(inputs, mode, noise, gradients: gradients.flat)
        }
    }
}
