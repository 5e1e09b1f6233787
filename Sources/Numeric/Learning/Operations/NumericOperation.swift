import LinearAlgebra
import Model

/// The numeric half of an operation: its passes, and what the planning of their memory needs to know. Each
/// kind is a file of this folder.
protocol NumericOperation: NetworkOperation {
    /// Whether the output may take over the first input's memory: no pass reads the input after the output is
    /// written.
    var overwritesInput: Bool { get }
    /// Whether the backward pass reads the output, which must then stay.
    var readsOutput: Bool { get }
    /// Sizes of the matrices that a forward pass over these points leaves for the other passes.
    func keptSizes(points: Int) -> [(rows: Int, columns: Int)]
    /// Number of scalars in the working memory of a pass over these points, or of their tangents.
    func scratchCount(points: Int) -> Int

    /// Computes the output.
    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>)
    /// Computes the output's tangents from the inputs': Jacobian–vector products at one point, whose values
    /// the pass holds. There are as many tangents as the output has rows; an input without rows has none, as
    /// the network's input doesn't change it.
    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>)
}

/// An operation that training can pass gradients back through.
protocol TrainedOperation: NumericOperation {
    /// Whether the backward pass turns the gradient with respect to the output into that with respect to the
    /// input, in place.
    var isBackwardInPlace: Bool { get }

    /// Computes the gradients with respect to the parameters, where the pass has room for them, and to the
    /// inputs, where it has targets for them.
    ///
    /// - Parameter delta: the gradient with respect to the output, which may be overwritten.
    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>)
}

extension NumericOperation {
    var overwritesInput: Bool { false }
    var readsOutput: Bool { false }
    func keptSizes(points: Int) -> [(rows: Int, columns: Int)] { [] }
    func scratchCount(points: Int) -> Int { 0 }
}

extension TrainedOperation {
    var isBackwardInPlace: Bool { false }
}

/// An operation's inputs and its output: their values, or their tangents. [points, numbers] each.
///
/// One or two inputs take no memory of their own: a training step allocates nothing.
struct Operands<Scalar: Real> {
    /// The output.
    let output: Matrix<Scalar>
    private let first: Matrix<Scalar>?
    private let other: Matrix<Scalar>?
    private let rest: [Matrix<Scalar>]

    /// - Parameter inputs: indices that `matrix` gives the inputs for.
    init(inputs: [Int], output: Matrix<Scalar>, _ matrix: (Int) -> Matrix<Scalar>) {
        self.output = output
        first = inputs.isEmpty ? nil : matrix(inputs[0])
        other = inputs.count < 2 ? nil : matrix(inputs[1])
        rest = inputs.count < 3 ? [] : inputs[2...].map(matrix)
    }

    /// The first input.
    var input: Matrix<Scalar> { self[0] }
    /// The second input.
    var second: Matrix<Scalar> { self[1] }

    /// The input with this index.
    subscript(index: Int) -> Matrix<Scalar> {
        if index == 0, let first { return first }
        if index == 1, let other { return other }
        return rest[index - 2]
    }

    /// Sets the output to the input, unless they are the same memory.
    func copyInput() {
        if output.buffer !== input.buffer || output.offset != input.offset { output.assign(input) }
    }
}

/// One operation in a pass over a batch.
struct Pass<Scalar: Real> {
    let numbers: NetworkNumbers<Scalar>
    let inputs: Matrix<Scalar>
    let work: NetworkWorkspace<Scalar>
    let mode: NetworkMode
    /// Random numbers of a training step, [points, the plan's]; nil: nothing is random.
    var noise: Matrix<Scalar>?
    /// Room for the gradients with respect to all parameters, flat; nil: they are not computed.
    var gradients: Matrix<Scalar>?
    /// Index of the operation.
    var index = 0
    /// Where the gradient with respect to the input goes; nil: it is not computed.
    var target: Target?
    /// The same for the second input.
    var secondTarget: Target?

    /// The parameters, flat.
    var flat: Matrix<Scalar> { numbers.flat }
    /// Matrices that the forward pass left for the other passes.
    var kept: [Matrix<Scalar>] { work.kept[index] }
    /// The values where the operation works on some of their numbers alone; nil: it works on the node's values.
    var given: Operands<Scalar>?
    /// The values that the operation reads and makes.
    var values: Operands<Scalar> { given ?? operands { numbers.value($0, inputs, work) } }

    /// The operation's operands among matrices by the index of their value.
    func operands(_ matrix: (Int) -> Matrix<Scalar>) -> Operands<Scalar> {
        let node = numbers.plan.nodes[index]
        return Operands(inputs: node.inputs, output: matrix(node.output), matrix)
    }

    struct Target {
        let matrix: Matrix<Scalar>
        /// Whether the gradient is added to what is there: another reader of the value came first.
        let isAdded: Bool

        /// The factor of what is there in a sum with the gradient.
        var beta: Double { isAdded ? 1 : 0 }
        /// The matrix to add the gradient to, set to zero where it holds nothing yet.
        var accumulator: Matrix<Scalar> {
            if !isAdded { matrix.fill(0) }
            return matrix
        }

        /// Copies or adds the gradient, unless it is there already.
        func take(_ gradient: Matrix<Scalar>) {
            if isAdded {
                matrix.setSum(matrix, gradient)
            } else if matrix.buffer !== gradient.buffer {
                matrix.assign(gradient)
            }
        }
    }
}

extension NetworkOperation {
    /// The operation's numeric half.
    var numeric: any NumericOperation {
        guard let operation = self as? any NumericOperation else {
            preconditionFailure("\(type(of: self)) is no NumericOperation")
        }
        return operation
    }
}

extension NetworkPlan {
    /// The numeric half of each node's operation.
    var operations: [any NumericOperation] {
        nodes.map { $0.operation.numeric }
    }

    /// The operations as training takes them; nil where it can't pass through one of them.
    var trainedOperations: [any TrainedOperation]? {
        let trained = nodes.compactMap { $0.operation as? any TrainedOperation }
        return trained.count == nodes.count ? trained : nil
    }
}
