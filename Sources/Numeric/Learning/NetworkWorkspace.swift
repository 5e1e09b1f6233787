import LinearAlgebra
import Model

/// The memory of a network's passes over a fixed number of points, allocated once.
struct NetworkWorkspace<Scalar: Real> {
    /// Each value, [points, numbers]; empty for the input, which is the caller's. Values share memory where
    /// one overwrites the other.
    let values: [Matrix<Scalar>]
    /// Memory for gradients, [points, numbers of the largest one kept in the slot].
    let slots: [Matrix<Scalar>]
    /// Matrices that each operation's forward pass leaves for its other passes.
    let kept: [[Matrix<Scalar>]]
    /// Working memory of one operation at a time, one row.
    let scratch: Matrix<Scalar>
    let normalisation: NormalisationScratch<Scalar>
    /// A zero for each channel of the widest value, a one for each, and room for gradients that nothing reads.
    let zeros: Matrix<Scalar>
    let ones: Matrix<Scalar>
    let unread: (Matrix<Scalar>, Matrix<Scalar>)

    /// The memory that values take.
    enum ValueMemory {
        /// A value may overwrite one that nothing else reads.
        case shared
        /// Every value has memory of its own.
        case separate
        /// The caller keeps the values.
        case none
    }

    /// - Parameters:
    ///   - unchanged: values that no operation may overwrite.
    ///   - scratch: number of scalars of working memory that other operations than the plan's need; nil: none.
    init(
        _ plan: NetworkPlan, _ backward: BackwardPlan?, points: Int, values memory: ValueMemory = .shared,
        keeping unchanged: [Int] = [], scratch least: Int? = nil
    ) {
        let operations = plan.operations
        var values = [Matrix<Scalar>(rows: 0, columns: plan.values[0].size.count)]
        for (node, operation) in zip(plan.nodes, operations) where memory != .none {
            // Nothing else may read the input, nor the backward pass of the operation that made it.
            if memory == .shared, operation.overwritesInput, let first = node.inputs.first,
                let producer = plan.values[first].producer, plan.values[first].consumers.count == 1,
                !operations[producer].readsOutput, !unchanged.contains(first)
            {
                values.append(values[first])
            } else {
                values.append(Matrix(rows: points, columns: plan.values[node.output].size.count))
            }
        }
        self.values = values
        slots = backward?.slotSizes.map { Matrix(rows: points, columns: $0) } ?? []
        kept = operations.map {
            $0.keptSizes(points: points).map { Matrix(rows: $0.rows, columns: $0.columns) }
        }
        scratch = Matrix(
            rows: 1, columns: max(least ?? 0, operations.map { $0.scratchCount(points: points) }.max() ?? 0))
        let columns = plan.values.map(\.size.channels).max() ?? 1
        normalisation = NormalisationScratch(columns: columns)
        zeros = Matrix(rows: 1, columns: columns)
        ones = Matrix(rows: 1, columns: columns)
        ones.fill(1)
        unread = (Matrix(rows: 1, columns: columns), Matrix(rows: 1, columns: columns))
    }
}
