import LinearAlgebra
import Model

extension ShiftOperation: TrainedOperation {
    var overwritesInput: Bool { true }
    var isBackwardInPlace: Bool { true }

    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        pushTangents(values, pass)
        let numbers = shifts.of(pass.flat)
        for row in 0..<values.output.rows {
            let first = values.output.part(row * values.output.columns, rows: 1, columns: numbers.columns)
            first.setSum(first, numbers)
        }
    }

    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>) {
        if let gradients = pass.gradients {
            let sum = shifts.of(gradients)
            sum.fill(0)
            for row in 0..<delta.rows {
                sum.setSum(sum, delta.part(row * delta.columns, rows: 1, columns: sum.columns))
            }
        }
        pass.target?.take(delta)
    }

    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) { tangents.copyInput() }
}
