import LinearAlgebra
import Model

/// The moments that a pass uses in batch normalisations.
enum NetworkMode: Sendable, Equatable {
    /// The batch's; running averages are updated with them or not.
    case training(movesAverages: Bool)
    /// The running averages.
    case evaluation
}

/// A network's plan and its parameters in their flat buffer.
struct NetworkNumbers<Scalar: Real> {
    let plan: NetworkPlan
    let operations: [any NumericOperation]
    /// The operations as training takes them; nil where it can't pass through one of them.
    let trained: [any TrainedOperation]?
    let flat: Matrix<Scalar>
    /// The running averages.
    let states: Matrix<Scalar>

    init(plan: NetworkPlan, flat: Matrix<Scalar>) {
        self.plan = plan
        self.flat = flat
        operations = plan.operations
        trained = plan.trainedOperations
        states = plan.stateRange.of(flat)
    }

    func value(
        _ index: Int, _ inputs: Matrix<Scalar>, _ work: NetworkWorkspace<Scalar>
    ) -> Matrix<Scalar> {
        index == 0 ? inputs : work.values[index].rows(0..<inputs.rows)
    }

    func slot(
        _ slot: Int, of value: Int, _ points: Int, _ work: NetworkWorkspace<Scalar>
    ) -> Matrix<Scalar> {
        work.slots[slot].prefix(rows: points, columns: plan.values[value].size.count)
    }

    /// Computes all values up to `last` from inputs [points, inputs].
    func forward(
        _ inputs: Matrix<Scalar>, _ work: NetworkWorkspace<Scalar>, _ mode: NetworkMode, upTo last: Int,
        noise: Matrix<Scalar>? = nil
    ) {
        var pass = Pass(numbers: self, inputs: inputs, work: work, mode: mode, noise: noise)
        for index in operations.indices {
            // Values are numbered in the order in which they are computed.
            if plan.nodes[index].output > last { return }
            pass.index = index
            operations[index].forward(pass.values, pass)
        }
    }

    /// Computes gradients back from the value that `backward` starts from, whose own gradient is in its slot:
    /// with respect to all parameters that it depends on (`gradients` nil: not computed) and, where the plan
    /// says so, to the input. Values must be those of the last forward pass over the same inputs, in the same
    /// mode and with the same noise.
    ///
    /// - Parameter onGradient: called with each value and the gradient with respect to it, to which it may add.
    func backward(
        _ backward: BackwardPlan, _ inputs: Matrix<Scalar>, _ work: NetworkWorkspace<Scalar>,
        _ mode: NetworkMode, gradients: Matrix<Scalar>?, noise: Matrix<Scalar>? = nil,
        onGradient: (Int, Matrix<Scalar>) -> Void = { _, _ in }
    ) {
        guard let trained else { preconditionFailure("a network that has operations without gradients") }
        var pass = Pass(
            numbers: self, inputs: inputs, work: work, mode: mode, noise: noise, gradients: gradients)
        for index in backward.steps.indices {
            let step = backward.steps[index]
            let node = plan.nodes[step.node]
            pass.index = step.node
            pass.target = target(step.input, of: node.input, inputs.rows, work)
            pass.secondTarget = target(step.second, of: node.second ?? 0, inputs.rows, work)
            let gradient = slot(step.output, of: node.output, inputs.rows, work)
            onGradient(node.output, gradient)
            trained[step.node].backward(gradient, pass)
        }
    }

    private func target(
        _ target: BackwardPlan.Target?, of value: Int, _ points: Int, _ work: NetworkWorkspace<Scalar>
    ) -> Pass<Scalar>.Target? {
        guard let target else { return nil }
        return Pass.Target(matrix: slot(target.slot, of: value, points, work), isAdded: target.isAdded)
    }
}

extension Matrix {
    /// The same numbers with a row for each pixel.
    func pixels(of channels: Int) -> Matrix { reshaped(rows: count / channels, columns: channels) }
}
