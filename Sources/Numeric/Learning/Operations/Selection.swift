import LinearAlgebra
import Model

extension SelectionOperation: TrainedOperation {
    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        values.output.gather(values.input, map)
    }

    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>) {
        guard let target = pass.target else { return }
        target.matrix.gather(delta, inverse, adds: target.isAdded)
    }

    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) { forward(tangents, pass) }
}
