import LinearAlgebra

/// Random numbers of a case, the same in every run.
struct Draws {
    private let key: UInt64
    private var stream: UInt64 = 0

    init(_ key: Int) { self.key = UInt64(key) }

    mutating func normals(_ rows: Int, _ columns: Int) -> Matrix<Double> {
        stream += 1
        let draws = Matrix<Float>(rows: rows, columns: columns)
        draws.fillNormals(key: key, stream: stream, first: 0)
        let matrix = Matrix<Double>(rows: rows, columns: columns)
        matrix.assign(converting: draws)
        return matrix
    }

    mutating func integer(in range: ClosedRange<Int>) -> Int {
        stream += 1
        let word = Philox.words(key: key, stream: stream, first: 0, count: 1)[0]
        return range.lowerBound + Int(word) % range.count
    }

    mutating func element<Element>(of choices: [Element]) -> Element {
        choices[integer(in: 0...choices.count - 1)]
    }

    /// Positive definite: A Aᵀ / columns, A having `excess` columns more than rows.
    mutating func covariance(_ order: Int, excess: Int = 4) -> [[Double]] {
        let factor = normals(order, order + excess)
        return rows(Matrix.product(factor, factor, transposeB: true)).map {
            $0.map { $0 / Double(order + excess) }
        }
    }
}

func rows(_ matrix: Matrix<Double>) -> [[Double]] {
    (0..<matrix.rows).map { row in (0..<matrix.columns).map { matrix[row, $0] } }
}

/// Rows `i` and columns `j` of a matrix given as rows.
func block(_ matrix: [[Double]], _ i: Range<Int>, _ j: Range<Int>) -> Matrix<Double> {
    Matrix(matrix[i].map { Array($0[j]) })
}
