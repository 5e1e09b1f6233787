import Glibc
import LinearAlgebra
import Testing

@testable import Measures

private func isNear(_ a: Double, _ b: Double, _ tolerance: Double = 1e-12) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(b))
}

@Test func `Equal singular values count as so many`() throws {
    for count in 1...5 {
        let rows = (0..<8).map { i in (0..<6).map { j in i == j && i < count ? 3.0 : 0 } }
        let rank = try EffectiveRank(Matrix<Double>(rows), epsilon: 0)
        #expect(isNear(rank.entropy, Double(count)) && isNear(rank.rankMe, Double(count)))
    }
    // ±1 in two of three columns: centred already, equal variances.
    let corners = try EffectiveRank(Matrix<Double>([[1, 1, 0], [1, -1, 0], [-1, 1, 0], [-1, -1, 0]]))
    #expect(isNear(corners.participationRatio, 2) && isNear(corners.entropy, 2))
}

@Test func `For the singular values 3 and 1 it is the exponential of their entropy`() throws {
    let rank = try EffectiveRank(Matrix<Double>([[3, 0], [0, 1], [0, 0]]), epsilon: 0.01)
    #expect(isNear(rank.entropy, exp(-0.75 * log(0.75) - 0.25 * log(0.25))))
    #expect(isNear(rank.rankMe, exp(-0.76 * log(0.76) - 0.26 * log(0.26))))
    // Covariance of the rows times 3: [[6, −1], [−1, 2/3]].
    let (trace, square) = (6 + 2.0 / 3, 36 + 2 + 4.0 / 9)
    #expect(isNear(rank.participationRatio, trace * trace / square))
}

@Test
func `A scale changes nothing, a mean only what is not of the variance, and nothing has rank 0`() throws {
    var draws = Draws(3)
    for (rows, columns) in [(40, 7), (5, 30), (9, 9)] {
        let matrix = draws.normals(rows, columns)
        let plain = try EffectiveRank(matrix)
        #expect(plain.entropy < Double(min(rows, columns)) && plain.entropy > 1)
        let scaled = Matrix<Double>(rows: rows, columns: columns)
        scaled.assign(matrix, times: 1e6)
        let other = try EffectiveRank(scaled)
        #expect(isNear(other.entropy, plain.entropy) && isNear(other.rankMe, plain.rankMe))
        #expect(isNear(other.participationRatio, plain.participationRatio))
        for row in 0..<rows {
            for column in 0..<columns { scaled[row, column] = matrix[row, column] + 100 }
        }
        let shifted = try EffectiveRank(scaled)
        #expect(isNear(shifted.participationRatio, plain.participationRatio, 1e-9))
        #expect(shifted.entropy < plain.entropy)
    }
    let nothing = try EffectiveRank(Matrix<Float>(rows: 4, columns: 3))
    #expect(nothing.entropy == 0 && nothing.rankMe == 0 && nothing.participationRatio == 0)
}

@Test func `The participation ratio is that of the covariance's eigenvalues`() throws {
    var draws = Draws(4)
    for (rows, columns) in [(50, 6), (6, 20)] {
        let matrix = draws.normals(rows, columns)
        let means = (0..<columns).map { j in (0..<rows).reduce(0) { $0 + matrix[$1, j] } / Double(rows) }
        let covariance = Matrix<Double>(
            (0..<columns).map { i in
                (0..<columns).map { j in
                    (0..<rows).reduce(0) { $0 + (matrix[$1, i] - means[i]) * (matrix[$1, j] - means[j]) }
                }
            })
        let values = try covariance.symmetricEigen().values
        let sum = values.reduce(0, +), squares = values.reduce(0) { $0 + $1 * $1 }
        #expect(isNear(try EffectiveRank(matrix).participationRatio, sum * sum / squares, 1e-10))
    }
}
