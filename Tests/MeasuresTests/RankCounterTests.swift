import LinearAlgebra
import Testing

@testable import Measures

/// Ranks of Jacobians in single precision, from singular values that are known.
@Suite struct RankCounterTests {
    private static let sigma = [1, 0.3, 0.05, 0.012, 0.0015, 3e-5]
    private static let thresholds = [0.5, 0.1, 0.02, 0.005, 0.001, 1e-5]
    private static let ranks = [1, 2, 3, 4, 5, 6]

    /// A matrix with these singular values times `scale`, in which every third column is zero.
    private func matrix(rows: Int, columns: Int, scale: Double) -> Matrix<Float> {
        var draws = Draws(rows)
        let order = Self.sigma.count
        let used = (0..<columns).filter { $0 % 3 != 1 }
        let left = draws.normals(rows, order).qrFactors().q
        let right = draws.normals(used.count, order).qrFactors().q
        for row in 0..<rows {
            for column in 0..<order { left[row, column] *= Self.sigma[column] * scale }
        }
        let product = Matrix.product(left, right, transposeB: true)
        let result = Matrix<Float>(rows: rows, columns: columns)
        for row in 0..<rows {
            for (index, column) in used.enumerated() { result[row, column] = Float(product[row, index]) }
        }
        return result
    }

    /// Squares of the smallest and the largest scale are beyond the range of floats.
    @Test(
        arguments: [(6, 9000), (30, 5000), (5000, 12), (2500, 9)], [1, 1e-22, 1e-17, 1e17, 1e20])
    func `Ranks are those of the singular values`(shape: (rows: Int, columns: Int), scale: Double) {
        let jacobian = matrix(rows: shape.rows, columns: shape.columns, scale: scale)
        var counter = RankCounter(order: min(shape.rows, shape.columns))
        let absolute = Self.thresholds.map { $0 * scale }
        let counts = counter.counts(jacobian, absolute: absolute, relative: Self.thresholds)
        #expect(counts == Self.ranks + Self.ranks)
        // Thresholds for which sums in single precision may do.
        #expect(
            counter.counts(jacobian, absolute: [], relative: Array(Self.thresholds[..<4]))
                == Array(Self.ranks[..<4]))
    }

    @Test func `A Jacobian of zeros has rank 0`() {
        var counter = RankCounter(order: 4)
        let zeros = Matrix<Float>(rows: 4, columns: 3000)
        #expect(counter.counts(zeros, absolute: [1e-30], relative: [0.1]) == [0, 0])
    }
}
