import LinearAlgebra
import Model

/// Jacobians of layers at a point, in evaluation (running averages are constants), by Jacobian–vector
/// products: exact to rounding, without differences.
///
/// The tangents of all inputs go from one operation to the next together, and those of a value are freed as
/// soon as no operation needs them. So a layer's whole Jacobian is there at once, and never the Jacobians of
/// all layers. A point costs a forward pass for each input with respect to which Jacobians are taken, however
/// many layers there are. `NetworkJacobian`, which goes back from each unit, costs far more where layers have
/// more units than there are inputs, as the early layers of a convolutional network do.
public struct NetworkTangents<Scalar: Real> {
    private let numbers: NetworkNumbers<Scalar>
    private let work: NetworkWorkspace<Scalar>
    private let point: Matrix<Scalar>
    private let liveness: ValueLiveness

    /// - Parameters:
    ///   - values: the values of the plan whose Jacobians are taken.
    ///   - inputs: number of inputs that they are taken in.
    public init(_ network: Network<Scalar>, of values: [Int], inputs: Int) {
        numbers = network.numbers
        liveness = ValueLiveness(numbers.plan, of: values)
        work = NetworkWorkspace(numbers.plan, nil, points: 1, tangents: inputs, keepsAll: true)
        point = Matrix(rows: 1, columns: network.shape.input.count)
    }

    /// Calls `body` with each value and its transposed Jacobian [inputs, units], in the order of the plan.
    ///
    /// - Parameters:
    ///   - point: [1, inputs]
    ///   - some: the inputs that Jacobians are taken in (a patch), in their order; nil: all.
    public func forEachJacobian(
        at point: Matrix<Scalar>, inputs some: [Int]? = nil, _ body: (Int, Matrix<Scalar>) -> Void
    ) {
        precondition(point.rows == 1 && point.columns == self.point.columns)
        self.point.assign(point)
        numbers.forward(self.point, work, .evaluation, upTo: liveness.last)
        let columns = point.columns
        let inputs = some ?? Array(0..<columns)
        let none = Matrix<Scalar>(rows: 0, columns: 0)
        var tangents = [Matrix<Scalar>](repeating: none, count: numbers.plan.values.count)
        tangents[0] = Matrix(rows: inputs.count, columns: columns)
        for (row, input) in inputs.enumerated() { tangents[0][row, input] = 1 }
        if liveness.isChosen[0] { body(0, tangents[0]) }
        var pass = Pass(numbers: numbers, inputs: self.point, work: work, mode: .evaluation)
        for (index, node) in numbers.plan.nodes.enumerated() where node.output <= liveness.last {
            let operation = numbers.operations[index]
            if liveness.varies[node.output] {
                let takesOver =
                    operation.overwritesInput && liveness.end[node.input] == index
                    && tangents[node.input].rows > 0 && !node.inputs.dropFirst().contains(node.input)
                tangents[node.output] =
                    takesOver
                    ? tangents[node.input]
                    : Matrix(rows: inputs.count, columns: numbers.plan.values[node.output].size.count)
                pass.index = index
                operation.pushTangents(pass.operands { tangents[$0] }, pass)
                if liveness.isChosen[node.output] { body(node.output, tangents[node.output]) }
            }
            for input in node.inputs where liveness.end[input] == index { tangents[input] = none }
            if liveness.end[node.output] == nil { tangents[node.output] = none }
        }
    }

    /// A value's numbers at the point of the last call of `forEachJacobian`, [1, units].
    public func value(_ index: Int) -> Matrix<Scalar> { numbers.value(index, point, work) }
}
