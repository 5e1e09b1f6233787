import LinearAlgebra

/// Jacobians of one layer's output with respect to the input, in evaluation (running averages are constants),
/// by vector–Jacobian products: exact to rounding, without differences.
///
/// A point costs one forward pass, and one backward pass over `block` copies of it for each `block` units of
/// the layer: ⌈units / block⌉ passes, in all about as much as units / 3 training steps on one point. Memory:
/// a batch of `block` points, and the result. A ResNet's first stage has 16 384 units: prefer a patch of the
/// input and a layer behind a pool, or a small network.
public struct NetworkJacobian<Scalar: Real> {
    private let numbers: NetworkNumbers<Scalar>
    private let value: Int
    private let units: Int
    private let backward: BackwardPlan
    private let work: NetworkWorkspace<Scalar>
    private let copies: Matrix<Scalar>

    /// - Parameter block: number of rows of a Jacobian computed at once.
    public init(
        _ network: Network<Scalar>, of layer: NetworkLayer, _ side: NetworkLayer.Side = .activation,
        block: Int = 64
    ) {
        precondition(block > 0)
        numbers = network.numbers
        value = layer.value(side)
        units = layer.size.count
        guard let trained = numbers.trained else {
            preconditionFailure("a network that has operations without gradients")
        }
        backward = BackwardPlan(numbers.plan, trained, from: value, toInput: true)
        let rows = min(block, units)
        work = NetworkWorkspace(numbers.plan, backward, points: rows)
        copies = Matrix(rows: rows, columns: network.shape.input.count)
    }

    /// The Jacobian [units, inputs] at a point [1, inputs], or only the columns of the inputs given (a
    /// patch), in their order.
    public func jacobian(at point: Matrix<Scalar>, inputs some: [Int]? = nil) -> Matrix<Double> {
        precondition(point.rows == 1 && point.columns == copies.columns)
        let result = Matrix<Double>(rows: units, columns: some?.count ?? copies.columns)
        for row in 0..<copies.rows { copies.rows(row..<row + 1).assign(point) }
        numbers.forward(copies, work, .evaluation, upTo: value)
        guard let inputSlot = backward.inputSlot else { return result }
        for start in stride(from: 0, to: units, by: copies.rows) {
            let count = min(copies.rows, units - start)
            let cotangents = numbers.slot(backward.start, of: value, copies.rows, work)
            cotangents.fill(0)
            for row in 0..<count { cotangents[row, start + row] = 1 }
            numbers.backward(backward, copies, work, .evaluation, gradients: nil)
            let gradient = numbers.slot(inputSlot, of: 0, copies.rows, work)
            if let some {
                for row in 0..<count {
                    for (column, input) in some.enumerated() {
                        result[start + row, column] = Double(gradient[row, input])
                    }
                }
            } else {
                result.rows(start..<start + count).assign(widening: gradient.rows(0..<count))
            }
        }
        return result
    }
}
