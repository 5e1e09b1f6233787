import LinearAlgebra
import Model

extension ProductOperation: TrainedOperation {
    var isBackwardInPlace: Bool { true }

    func scratchCount(points: Int) -> Int { points * count }

    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        values.output.assign(values.input)
        values.output.multiply(by: values.second)
    }

    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>) {
        let values = pass.values
        if let second = pass.secondTarget {
            let gradient = pass.work.scratch.prefix(rows: delta.rows, columns: delta.columns)
            gradient.assign(delta)
            gradient.multiply(by: values.input)
            second.take(gradient)
        }
        delta.multiply(by: values.second)
        pass.target?.take(delta)
    }

    /// d(u v) = v du + u dv.
    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        let (first, second, values) = (tangents.input, tangents.second, pass.values)
        if first.rows > 0 { tangents.output.gather(first, times: values.second) }
        if second.rows > 0 {
            tangents.output.gather(second, times: values.input, adds: first.rows > 0)
        }
    }
}
