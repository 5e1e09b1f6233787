import LinearAlgebra
import Model

/// Jacobians of layers at a point, in evaluation (running averages are constants), by Jacobian–vector
/// products: exact to rounding, without differences.
///
/// The tangents of all inputs go from one operation to the next together, and those of a value are freed as
/// soon as no operation needs them. So a layer's whole Jacobian is there at once, and never the Jacobians of
/// all layers. A point costs a forward pass for each input with respect to which Jacobians are taken, however
/// many layers there are; less where these inputs change only a part of a layer (`TangentPlan`).
/// `NetworkJacobian`, which goes back from each unit, costs far more where layers have
/// more units than there are inputs, as the early layers of a convolutional network do.
public struct NetworkTangents<Scalar: Real> {
    private let numbers: NetworkNumbers<Scalar>
    private let work: NetworkWorkspace<Scalar>
    private let plan: TangentPlan
    /// The operation of each step.
    private let operations: [(any NumericOperation)?]
    private let memory = TangentMemory<Scalar>()

    /// - Parameters:
    ///   - values: the values of the plan whose Jacobians are taken.
    ///   - inputs: the inputs that they are taken in (a patch), in their order; nil: all.
    public init(_ network: Network<Scalar>, of values: [Int], inputs: [Int]? = nil) {
        self.init(network, TangentPlan(network.shape.plan, of: values, inputs: inputs))
    }

    /// - Parameter plan: a plan for the network's shape.
    public init(_ network: Network<Scalar>, _ plan: TangentPlan) {
        self.plan = plan
        numbers = network.numbers
        operations = plan.steps.map { $0.map { $0.operation.numeric } }
        work = NetworkWorkspace(
            numbers.plan, nil, points: 1, values: .none,
            scratch: operations.compactMap { $0?.scratchCount(points: plan.inputs.count) }.max())
    }

    /// A value's Jacobian, without the units that no chosen input can change.
    public struct Jacobian {
        /// Index of the value.
        public let value: Int
        /// [inputs, units]: the derivative of each unit that can change with respect to each input.
        public let transposed: Matrix<Scalar>
        /// The units that can change.
        public let units: Support

        /// [inputs, all units], with zeros for units that can't change.
        public var whole: Matrix<Scalar> {
            guard let map = Support(nil, of: units.total).map(from: units) else { return transposed }
            let whole = Matrix<Scalar>(rows: transposed.rows, columns: units.total)
            whole.gather(transposed, map)
            return whole
        }
    }

    /// Calls `body` with the Jacobian of each value, in the order of the plan. Its memory is used again afterwards.
    ///
    /// - Parameters:
    ///   - point: [1, inputs]
    ///   - onValue: called with each of the values itself, [1, units].
    public func forEachJacobian(
        at point: Matrix<Scalar>, onValue: (Int, Matrix<Scalar>) -> Void = { _, _ in },
        _ body: (Jacobian) -> Void
    ) {
        precondition(point.rows == 1 && point.columns == numbers.plan.values[0].size.count)
        let liveness = plan.liveness
        let none = Matrix<Scalar>(rows: 0, columns: 0)
        var values = [Matrix<Scalar>](repeating: none, count: numbers.plan.values.count)
        var tangents = values
        values[0] = point
        tangents[0] = unitTangents()
        func give(_ value: Int) {
            guard liveness.isChosen[value] else { return }
            onValue(value, values[value])
            guard liveness.varies[value] else { return }
            body(Jacobian(value: value, transposed: tangents[value], units: plan.supports[value]))
        }
        give(0)
        var pass = Pass(numbers: numbers, inputs: point, work: work, mode: .evaluation)
        for (index, node) in numbers.plan.nodes.enumerated() where node.output <= liveness.last {
            pass.index = index
            values[node.output] = Matrix(rows: 1, columns: numbers.plan.values[node.output].size.count)
            pass.given = nil
            numbers.operations[index].forward(pass.operands { values[$0] }, pass)
            if let step = plan.steps[index], let operation = operations[index] {
                tangents[node.output] = push(operation, step, values, tangents, &pass)
            } else {
                tangents[node.output] = Matrix(rows: plan.inputs.count, columns: 0)
            }
            give(node.output)
            if plan.supports[node.output].count == 0 { tangents[node.output] = none }
            for value in node.inputs + [node.output] where (liveness.end[value] ?? index) == index {
                let dead = tangents[value]
                (values[value], tangents[value]) = (none, none)
                memory.recycle(dead, unlessIn: tangents)
            }
        }
    }

    /// The tangents of the inputs themselves.
    private func unitTangents() -> Matrix<Scalar> {
        let support = plan.supports[0]
        let tangents = Matrix<Scalar>(rows: plan.inputs.count, columns: support.count)
        let positions = Dictionary(uniqueKeysWithValues: zip(support.all, 0..<support.count))
        for (row, input) in plan.inputs.enumerated() {
            if let position = positions[Int32(input)] { tangents[row, position] = 1 }
        }
        return tangents
    }

    /// The tangents of a node's output.
    private func push(
        _ operation: any NumericOperation, _ step: TangentPlan.Step, _ values: [Matrix<Scalar>],
        _ tangents: [Matrix<Scalar>], _ pass: inout Pass<Scalar>
    ) -> Matrix<Scalar> {
        let node = numbers.plan.nodes[pass.index]
        let positions = Array(node.inputs.indices)
        let given = positions.map { position in
            taken(tangents[node.inputs[position]], step.reads[position].derivatives) {
                memory.matrix(rows: $0, columns: $1)
            }
        }
        let point = positions.map { position in
            taken(values[node.inputs[position]], step.reads[position].numbers) {
                Matrix(rows: $0, columns: $1)
            }
        }
        let units = plan.supports[node.output].count
        // The output may take over memory that nothing else needs.
        let first = node.inputs.first.map {
            plan.liveness.end[$0] == pass.index || step.reads[0].derivatives != nil
        }
        let takesOver =
            first == true && operation.overwritesInput && given[0].rows > 0 && given[0].columns == units
            && !node.inputs.dropFirst().contains(node.input)
        let output = takesOver ? given[0] : memory.matrix(rows: plan.inputs.count, columns: units)
        pass.given = Operands(
            inputs: positions, output: values[node.output]
        ) { point[$0] }
        operation.pushTangents(Operands(inputs: positions, output: output) { given[$0] }, pass)
        for gathered in given { memory.recycle(gathered, unlessIn: tangents + [output]) }
        return output
    }

    /// These columns of each row, zeros where the map has none; without a map the matrix itself.
    ///
    /// - Parameter memory: a matrix with so many rows and columns.
    private func taken(
        _ matrix: Matrix<Scalar>, _ map: IndexMap?, _ memory: (Int, Int) -> Matrix<Scalar>
    ) -> Matrix<Scalar> {
        guard let map, matrix.rows > 0 else { return matrix }
        let taken = memory(matrix.rows, map.count)
        taken.gather(matrix, map)
        return taken
    }
}

/// Memory of tangents that are no longer needed, for the next ones: the kernel takes as long to give a page as an
/// operation takes to fill it.
///
/// A matrix takes memory of its own size, or up to an eighth more. Memory that fits none is given back before more is
/// asked for.
private final class TangentMemory<Scalar: Real> {
    private var free: [Buffer<Scalar>] = []

    /// A matrix whose numbers are not set.
    func matrix(rows: Int, columns: Int) -> Matrix<Scalar> {
        let count = rows * columns
        let fitting = free.indices.filter { free[$0].count >= count && free[$0].count - count <= count / 8 }
        if let index = fitting.min(by: { free[$0].count < free[$1].count }) {
            return Matrix(free.remove(at: index), rows: rows, columns: columns)
        }
        free = []
        return Matrix(rows: rows, columns: columns)
    }

    /// Takes back a matrix, unless others share its memory.
    func recycle(_ matrix: Matrix<Scalar>, unlessIn others: [Matrix<Scalar>]) {
        guard matrix.count > 0, !others.contains(where: { $0.buffer === matrix.buffer }),
            !free.contains(where: { $0 === matrix.buffer })
        else { return }
        free.append(matrix.buffer)
    }
}
