import LinearAlgebra
import Model

extension FlattenOperation: TrainedOperation {
    var overwritesInput: Bool { true }
    var isBackwardInPlace: Bool { true }

    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) { values.copyInput() }

    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>) { pass.target?.take(delta) }

    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) { tangents.copyInput() }
}
