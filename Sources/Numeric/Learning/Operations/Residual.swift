import LinearAlgebra
import Model

extension SumOperation: TrainedOperation {
    var overwritesInput: Bool { true }
    var isBackwardInPlace: Bool { true }

    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        values.output.setSum(values.input, values.second)
    }

    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>) {
        pass.secondTarget?.take(delta)
        pass.target?.take(delta)
    }

    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) { forward(tangents, pass) }
}

extension ImageSubsample: TrainedOperation {
    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        values.output.setSubsample(of: values.input, self)
    }

    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>) {
        pass.target?.accumulator.addSubsampleGradient(delta, self)
    }

    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) { forward(tangents, pass) }
}
