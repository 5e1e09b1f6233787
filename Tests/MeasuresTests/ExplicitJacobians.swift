import COpenBLAS
import Glibc
import Learning
import LinearAlgebra
import Model

/// J_l at a point as the definition has it, products of whole matrices in double, l = 1 ....
func explicitJacobians<Scalar: Real>(
    _ layers: [DenseLayer<Scalar>], _ activation: Activation, at x: [Double]
) -> [[[Double]]] {
    var h = x
    var below: [[Double]]?
    return layers.map { layer in
        let weight = (0..<layer.weight.rows).map { i in
            (0..<layer.weight.columns).map { Double(layer.weight[i, $0]) }
        }
        let jacobian = below.map { product(weight, $0) } ?? weight
        let p = weight.enumerated().map { i, row in
            zip(row, h).reduce(Double(layer.bias[0, i])) { $0 + $1.0 * $1.1 }
        }
        h = p.map { activation == .linear ? $0 : activation == .relu ? max(0, $0) : tanh($0) }
        below = jacobian.enumerated().map { i, row in
            let slope = activation == .linear ? 1 : activation == .relu ? (p[i] > 0 ? 1 : 0) : 1 - h[i] * h[i]
            return row.map { $0 * slope }
        }
        return jacobian
    }
}

private func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    a.map { row in
        var sum = [Double](repeating: 0, count: b.first?.count ?? 0)
        for (factor, other) in zip(row, b) {
            for column in sum.indices { sum[column] += factor * other[column] }
        }
        return sum
    }
}

/// By LAPACK's dgesvd, which the program does not call; largest first.
func singularValues(_ matrix: [[Double]]) -> [Double] {
    let (rows, columns) = (matrix.count, matrix.first?.count ?? 0)
    var numbers = matrix.flatMap { $0 }
    var sigma = [Double](repeating: 0, count: min(rows, columns))
    var rest = sigma
    var (left, right) = (0.0, 0.0)
    let no = CChar(UInt8(ascii: "N"))
    let info = LAPACKE_dgesvd(
        LAPACK_ROW_MAJOR, no, no, Int32(rows), Int32(columns), &numbers, Int32(columns), &sigma, &left, 1,
        &right, Int32(columns), &rest)
    precondition(info == 0, "dgesvd: \(info)")
    return sigma
}
