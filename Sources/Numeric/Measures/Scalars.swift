import Glibc
import LinearAlgebra

/// ln x.
func naturalLogarithm(_ x: Double) -> Double { log(x) }

/// e^x.
func exponential(_ x: Double) -> Double { exp(x) }

/// A copy of a matrix in double.
func widened<Scalar: Real>(_ matrix: Matrix<Scalar>) -> Matrix<Double> {
    let copy = Matrix<Double>(rows: matrix.rows, columns: matrix.columns)
    copy.assign(widening: matrix)
    return copy
}

/// A copy in double whose columns have mean 0, and the means that were subtracted. Needs at least one row.
func centred<Scalar: Real>(_ matrix: Matrix<Scalar>) -> (points: Matrix<Double>, means: [Double]) {
    let copy = widened(matrix)
    let row = Matrix<Double>(rows: 1, columns: matrix.columns)
    row.setColumnSums(of: copy)
    let means = row.values.map { $0 / Double(matrix.rows) }
    row.assign(means.map { -$0 })
    copy.addBiasAndActivate(row, .linear)
    return (copy, means)
}

/// Σ_j a_ij² of each row i.
func squaredLengths(_ matrix: Matrix<Double>) -> [Double] {
    let values = matrix.values
    return (0..<matrix.rows).map { row in
        let start = row * matrix.columns
        var sum = 0.0
        for index in start..<start + matrix.columns { sum += values[index] * values[index] }
        return sum
    }
}
