import LinearAlgebra
import Model

extension DenseOperation: TrainedOperation {
    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        pushTangents(values, pass)
        if let bias { values.output.addBiasAndActivate(bias.of(pass.flat), .linear) }
    }

    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>) {
        if let gradients = pass.gradients {
            weight.of(gradients).setProduct(delta, pass.values.input, transposeA: true)
            if let bias { bias.of(gradients).setColumnSums(of: delta) }
        }
        if let target = pass.target {
            target.matrix.setProduct(delta, weight.of(pass.flat), beta: target.beta)
        }
    }

    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        tangents.output.setProduct(tangents.input, weight.of(pass.flat), transposeB: true)
    }
}
