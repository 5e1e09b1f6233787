import LinearAlgebra
import Model

extension MatrixProductOperation: NumericOperation {
    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        multiply(left.values(among: values, pass), right.values(among: values, pass), values.output)
    }

    /// d(L R) = dL R + L dR.
    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        let (leftTangents, rightTangents) = (left.tangents(among: tangents), right.tangents(among: tangents))
        if let leftTangents {
            multiply(leftTangents, right.values(among: pass.values, pass), tangents.output)
        }
        if let rightTangents {
            multiply(
                left.values(among: pass.values, pass), rightTangents, tangents.output,
                adds: leftTangents != nil)
        }
        if leftTangents == nil, rightTangents == nil { tangents.output.fill(0) }
    }

    /// The products for each row of `output`, to which the operands' rows belong. A single row of an operand
    /// belongs to all of them.
    private func multiply<Scalar>(
        _ left: Matrix<Scalar>, _ right: Matrix<Scalar>, _ output: Matrix<Scalar>, adds: Bool = false
    ) {
        let beta: Double = adds ? 1 : 0
        let (height, width) = isRightTransposed ? (columns, inner) : (inner, columns)
        if right.rows == 1, left.rows == output.rows, let shared = sharedRight(leftCount: left.columns) {
            let stacked = output.rows * offsets.count * rows
            output.reshaped(rows: stacked, columns: columns).setProduct(
                left.reshaped(rows: stacked, columns: inner),
                right.part(shared, rows: height, columns: width), transposeB: isRightTransposed, beta: beta)
            return
        }
        for row in 0..<output.rows {
            let leftStart = left.rows == 1 ? 0 : row * left.columns
            let rightStart = right.rows == 1 ? 0 : row * right.columns
            for (index, offset) in offsets.enumerated() {
                output.part(
                    row * output.columns + index * rows * columns, rows: rows, columns: columns
                ).setProduct(
                    left.part(leftStart + offset.left, rows: rows, columns: inner),
                    right.part(rightStart + offset.right, rows: height, columns: width),
                    transposeB: isRightTransposed, beta: beta)
            }
        }
    }
}
