import LinearAlgebra
import Measures
import Testing

/// A truncation leaves out the singular values past its rank (Eckart & Young 1936).
@Test(arguments: [(5, 9), (9, 5), (6, 6), (1, 4), (4, 1)])
func `A truncated matrix is as near as its rank allows`(rows: Int, columns: Int) throws {
    var draws = Draws(rows * 10 + columns)
    let matrix = draws.normals(rows, columns)
    let truncated = try TruncatedMatrix(matrix)
    let singular = try matrix.singularValues()
    for rank in 0...min(rows, columns) {
        let near = truncated.truncated(to: rank)
        let squares = zip(near.values, matrix.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let expected = singular.dropFirst(rank).reduce(0) { $0 + $1 * $1 }
        #expect(abs(squares - expected) <= 1e-12 * singular[0] * singular[0], "rank \(rank)")
        let left = try near.singularValues()
        #expect(left.count { $0 > 1e-12 } == rank)
        for (one, other) in zip(left, singular.prefix(rank)) { #expect(abs(one - other) < 1e-12) }
    }
    #expect(truncated.truncated(to: 100).values == matrix.values)
}
