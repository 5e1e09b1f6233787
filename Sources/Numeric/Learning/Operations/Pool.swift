import LinearAlgebra
import Model

extension ImagePool: TrainedOperation {
    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        values.output.setPool(of: values.input, self)
    }

    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>) {
        pass.target?.accumulator.addPoolGradient(delta, of: pass.values.input, self)
    }

    /// A maximum's tangent is that of each window's first largest number, to which the backward pass gives
    /// the gradient.
    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        guard isMaximum else { return forward(tangents, pass) }
        let (values, result) = (pass.values.input, result)
        for index in 0..<result.count {
            let (pixel, channel) = (index / result.channels, index % result.channels)
            var largest: Int?
            for within in 0..<windowHeight * windowWidth {
                let row = pixel / result.width * windowHeight + within / windowWidth
                let column = pixel % result.width * windowWidth + within % windowWidth
                let candidate = (row * image.width + column) * image.channels + channel
                if largest.map({ values[0, candidate] > values[0, $0] }) ?? true { largest = candidate }
            }
            for row in 0..<tangents.output.rows {
                tangents.output[row, index] = tangents.input[row, largest ?? 0]
            }
        }
    }
}
