import LinearAlgebra
import Model

extension DropoutOperation: TrainedOperation {
    var overwritesInput: Bool { true }
    var isBackwardInPlace: Bool { true }

    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        pushTangents(values, pass)
        drop(values.output, pass)
    }

    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>) {
        drop(delta, pass)
        pass.target?.take(delta)
    }

    /// Tangents are taken in evaluation.
    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) { tangents.copyInput() }

    private func drop<Scalar>(_ matrix: Matrix<Scalar>, _ pass: Pass<Scalar>) {
        guard let noise = pass.noise, noise.count > 0 else { return }
        matrix.drop(
            below: Scalar(threshold), noise, columns: self.noise, scale: Scalar(1 / (1 - rate)))
    }
}
