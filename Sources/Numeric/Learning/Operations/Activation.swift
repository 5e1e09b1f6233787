import LinearAlgebra
import Model

extension Activation: TrainedOperation {
    var overwritesInput: Bool { !slopeNeedsInput }
    var readsOutput: Bool { !slopeNeedsInput }
    var isBackwardInPlace: Bool { true }

    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        let (input, output) = (values.input, values.output)
        if output.buffer !== input.buffer || output.offset != input.offset { output.assign(input) }
        guard self != .linear else { return }
        let channels = pass.numbers.plan.values[pass.numbers.plan.nodes[pass.index].output].size.channels
        output.pixels(of: channels).addBiasAndActivate(
            pass.work.zeros.prefix(rows: 1, columns: channels), self)
    }

    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>) {
        delta.scaleByDerivative(self, from: slopeSource(pass))
        pass.target?.take(delta)
    }

    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        let slopes = Matrix<Scalar>(rows: 1, columns: tangents.output.columns)
        slopes.fill(1)
        slopes.scaleByDerivative(self, from: slopeSource(pass))
        if tangents.output.buffer !== tangents.input.buffer { tangents.output.assign(tangents.input) }
        tangents.output.multiplyColumns(by: slopes)
    }

    private func slopeSource<Scalar>(_ pass: Pass<Scalar>) -> Matrix<Scalar> {
        slopeNeedsInput ? pass.values.input : pass.values.output
    }
}
