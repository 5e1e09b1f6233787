import LinearAlgebra
import Model

extension GroupOperation: NumericOperation {
    var overwritesInput: Bool { !function.isReduction }

    func scratchCount(points: Int) -> Int { 3 * groups * length }

    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        values.output.setGroups(function, of: values.input, length: length, epsilon: epsilon)
    }

    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        tangents.output.setGroupTangents(
            function, of: tangents.input, at: pass.values.input, length: length, epsilon: epsilon,
            scratch: pass.work.scratch)
    }
}

extension WindowOperation: NumericOperation {
    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        guard weights == nil else { return values.output.setWindowSums(of: values.input, self) }
        for row in 0..<values.output.rows {
            let point = values.input.rows(row..<row + 1)
            values.output.rows(row..<row + 1).gather(point, point.windowMaxima(self), fill: -.infinity)
        }
    }

    /// A maximum's tangent is that of each window's first largest number.
    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        if weights == nil {
            tangents.output.gather(tangents.input, pass.values.input.windowMaxima(self))
        } else {
            tangents.output.setWindowSums(of: tangents.input, self)
        }
    }
}
