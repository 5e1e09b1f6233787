import Glibc
import TestSupport
import Testing

@testable import LinearAlgebra

/// A random orthogonal matrix: the eigenvectors of a random symmetric one.
private func orthogonal(_ order: Int, _ draws: inout Draws) throws -> Matrix<Double> {
    let a: Matrix<Double> = draws.matrix(rows: order, columns: order)
    let symmetric = Matrix.product(a, a, transposeB: true)
    return try symmetric.symmetricEigen().vectors
}

/// U diag(σ) Vᵀ, rows × columns, with random orthogonal U and V.
private func matrix(
    _ sigma: [Double], rows: Int, columns: Int, _ draws: inout Draws
) throws -> Matrix<Double> {
    let middle = Matrix<Double>(rows: rows, columns: columns)
    for (index, value) in sigma.enumerated() { middle[index, index] = value }
    let left = Matrix.product(try orthogonal(rows, &draws), middle)
    return Matrix.product(left, try orthogonal(columns, &draws), transposeB: true)
}

private let shapes = [(1, 1), (1, 9), (9, 1), (2, 3), (8, 8), (5, 33), (33, 5), (40, 41)]

@Suite struct FactorisationTests {
    @Test func `The Cholesky factor of a known matrix is exact`() throws {
        // The upper triangle is not read.
        let a = Matrix<Double>([[4, .nan, .nan], [12, 37, .nan], [-16, -43, 98]])
        #expect(try a.choleskyFactor().values == [2, 0, 0, 6, 1, 0, -8, 5, 3])
        #expect(a[0, 0] == 4 && a[2, 1] == -43, "the matrix itself is kept")
        #expect(try Matrix<Double>(rows: 0, columns: 0).choleskyFactor().count == 0)
    }

    @Test func `A matrix that is not positive definite has no Cholesky factor`() {
        #expect(throws: FactorisationError.notPositiveDefinite(order: 2)) {
            try Matrix<Double>([[1, 2], [2, 1]]).choleskyFactor()
        }
        #expect(throws: FactorisationError.notPositiveDefinite(order: 1)) {
            try Matrix<Double>([[-1]]).choleskyFactor()
        }
        #expect(throws: FactorisationError.notPositiveDefinite(order: 3)) {
            try Matrix<Double>([[1, 0, 0], [0, 1, 0], [0, 0, 0]]).choleskyFactor()
        }
        #expect(throws: FactorisationError.self) { try Matrix<Double>([[.nan]]).choleskyFactor() }
    }

    @Test(arguments: [1, 2, 7, 32, 65])
    func `The Cholesky factor times its transpose is the matrix`(order: Int) throws {
        var draws = Draws(UInt64(order))
        let b: Matrix<Double> = draws.matrix(rows: order, columns: order + 3)
        let a = Matrix.product(b, b, transposeB: true)
        let factor = try a.choleskyFactor()
        expectClose(Matrix.product(factor, factor, transposeB: true).values, a.values, within: 1e-13)
        for row in 0..<order {
            #expect(factor[row, row] > 0)
            for column in row + 1..<max(order, row + 1) { #expect(factor[row, column] == 0) }
        }
    }

    @Test func `Singular values of known matrices are right`() throws {
        expectClose(
            try Matrix<Double>([[3, 0], [4, 5]]).singularValues(), [sqrt(45), sqrt(5)],
            within: 1e-14)
        expectClose(try Matrix<Double>([[0, -2, 0], [0, 0, 7]]).singularValues(), [7, 2], within: 1e-14)
        expectClose(try Matrix<Double>([[3], [4]]).singularValues(), [5], within: 1e-14)
        expectClose(
            try Matrix<Double>([[1, 1], [1, 1], [1, 1]]).singularValues(), [sqrt(6), 0], within: 1e-14)
        #expect(try Matrix<Double>(rows: 0, columns: 5).singularValues().isEmpty)
        #expect(try Matrix<Double>(rows: 2, columns: 3).singularValues() == [0, 0])
    }

    @Test(arguments: [Double.infinity, -.infinity, .nan]) func `A matrix that isn't finite has no spectrum`(
        number: Double
    ) {
        let matrix = Matrix<Double>([[1, number], [number, 2]])
        #expect(throws: FactorisationError.notFinite) { try matrix.singularValues() }
        #expect(throws: FactorisationError.notFinite) { try matrix.symmetricEigen() }
    }

    @Test(arguments: shapes) func `Singular values are those that a matrix was made with`(
        rows: Int, columns: Int
    ) throws {
        var draws = Draws(UInt64(rows * 100 + columns))
        let sigma = (0..<min(rows, columns)).map { _ in draws.uniform(0...3) }.sorted(by: >)
        let a = try matrix(sigma, rows: rows, columns: columns, &draws)
        let before = a.values
        expectClose(try a.singularValues(), sigma, within: 1e-13)
        #expect(a.values == before, "the matrix itself is kept")
    }

    @Test(arguments: shapes)
    func `The factor of LQ has the matrix's singular values and Gram matrix`(rows: Int, columns: Int) throws {
        var draws = Draws(UInt64(rows * 100 + columns))
        let a: Matrix<Double> = draws.matrix(rows: rows, columns: columns)
        let factor = a.lqFactor()
        #expect(factor.rows == rows && factor.columns == min(rows, columns))
        expectClose(try factor.singularValues(), try a.singularValues(), within: 1e-13)
        expectClose(
            Matrix.product(factor, factor, transposeB: true).values,
            Matrix.product(a, a, transposeB: true).values, within: 1e-13)
        for row in 0..<rows {
            for column in 0..<factor.columns where column > row { #expect(factor[row, column] == 0) }
        }
    }

    @Test func `The factor of LQ of an empty matrix is empty`() {
        #expect(Matrix<Double>(rows: 3, columns: 0).lqFactor().count == 0)
        #expect(Matrix<Double>(rows: 0, columns: 3).lqFactor().count == 0)
    }

    @Test func `Eigenvalues of known matrices are right`() throws {
        expectClose(try Matrix<Double>([[2, 1], [1, 2]]).symmetricEigen().values, [1, 3], within: 1e-14)
        expectClose(
            try Matrix<Double>([[2, -1, 0], [-1, 2, -1], [0, -1, 2]]).symmetricEigen().values,
            [2 - sqrt(2), 2, 2 + sqrt(2)], within: 1e-14)
        expectClose(try Matrix<Double>([[0, 1], [1, 0]]).symmetricEigen().values, [-1, 1], within: 1e-14)
        #expect(try Matrix<Double>(rows: 0, columns: 0).symmetricEigen().values.isEmpty)
    }

    @Test(arguments: [1, 2, 9, 33]) func `Eigenvectors are orthonormal and rebuild the matrix`(order: Int)
        throws
    {
        var draws = Draws(UInt64(order))
        let b: Matrix<Double> = draws.matrix(rows: order, columns: order)
        let a = Matrix<Double>(rows: order, columns: order)
        for i in 0..<order {
            for j in 0..<order { a[i, j] = b[i, j] + b[j, i] }
        }
        let (values, vectors) = try a.symmetricEigen()
        #expect(values == values.sorted())
        let scaled = Matrix<Double>(rows: order, columns: order)
        let identity = Matrix<Double>(rows: order, columns: order)
        for i in 0..<order {
            identity[i, i] = 1
            for j in 0..<order { scaled[i, j] = vectors[i, j] * values[j] }
        }
        let unit = Double(order) * 1e-14
        expectClose(Matrix.product(scaled, vectors, transposeB: true).values, a.values, within: unit)
        expectClose(Matrix.product(vectors, vectors, transposeA: true).values, identity.values, within: unit)
    }

    @Test(arguments: shapes) func `The Gram matrix is the lower triangle of the product`(
        rows: Int, columns: Int
    ) {
        var draws = Draws(UInt64(rows * 100 + columns))
        let a: Matrix<Double> = draws.matrix(rows: rows, columns: columns)
        for transposed in [false, true] {
            let product = Matrix.product(a, a, transposeA: transposed, transposeB: !transposed)
            let gram = Matrix<Double>(rows: product.rows, columns: product.rows)
            gram.fill(.nan)
            gram.setGram(of: a, transposed: transposed)
            for i in 0..<gram.rows {
                for j in 0...i { expectClose(gram[i, j], product[i, j], within: 1e-13) }
            }
        }
    }

    @Test(arguments: [0, 1, 2, 9, 40, 120]) func `The Cholesky factor in place is the other`(order: Int)
        throws
    {
        var draws = Draws(UInt64(order))
        let a: Matrix<Double> = draws.matrix(rows: order, columns: order + 3)
        let gram = Matrix<Double>(rows: order, columns: order)
        gram.fill(.nan)  // above the diagonal nothing may be read
        gram.setGram(of: a, transposed: false)
        let factor = try gram.choleskyFactor()
        #expect(gram.becomeCholeskyFactor())
        expectClose(gram.values, factor.values, within: 1e-12)
    }

    @Test func `A singular matrix has no Cholesky factor`() {
        #expect(!Matrix<Double>([[1, 1], [1, 1]]).becomeCholeskyFactor())
        #expect(!Matrix<Double>([[0]]).becomeCholeskyFactor())
        #expect(!Matrix<Double>([[1, 2], [2, 1]]).becomeCholeskyFactor())
    }

    @Test func `Parts of matrices are copied and scaled`() {
        let a = Matrix<Double>([[1, 2, 3], [2, 5, 6], [3, 6, 9]])
        let rows = Matrix<Double>(rows: 2, columns: 3)
        rows.assign(rows: [0, 2], of: a)
        #expect(rows.values == [1, 2, 3, 3, 6, 9])
        rows.assign(rows: [2, 1], of: a, times: [2, -1])
        #expect(rows.values == [6, 12, 18, -2, -5, -6])
        let part = Matrix<Double>(rows: 2, columns: 2)
        part.assignLower(indices: [0, 2], of: a, times: [2, 0.5])
        #expect(part.values == [4, 0, 3, 2.25])
        part.assign(widening: Matrix<Float>([[0.1, 1], [2, 3]]))
        #expect(part.values == [Double(Float(0.1)), 1, 2, 3])
        part.assign(widening: Matrix<Double>([[0.1, 4], [5, 6]]))
        #expect(part.values == [0.1, 4, 5, 6])
    }

    /// The sums of parts of 2048 columns, of which some are gathered and some left out.
    @Test(arguments: [(7, 5000), (2100, 7), (4, 2048), (5, 3)])
    func `Gram matrices of floats are those of doubles`(rows: Int, columns: Int) {
        var draws = Draws(UInt64(columns))
        let a: Matrix<Float> = draws.matrix(rows: rows, columns: columns)
        for row in 0..<rows {
            for column in 0..<columns where column % 5 == 2 || row % 4 == 3 { a[row, column] = 0 }
        }
        let wide = Matrix<Double>(rows: rows, columns: columns)
        wide.assign(widening: a)
        let isTall = rows > columns
        let order = min(rows, columns)
        let (single, widened) = (
            Matrix<Double>(rows: order, columns: order), Matrix<Double>(rows: order, columns: order)
        )
        for gram in [single, widened] { gram.fill(.nan) }
        single.setGram(inSingle: a, transposed: isTall)
        widened.setGram(widening: a, transposed: isTall)
        let expected = Matrix.product(wide, wide, transposeA: isTall, transposeB: !isTall)
        let largest = (0..<order).map { expected[$0, $0] }.max() ?? 0
        for i in 0..<order {
            for j in 0...i {
                #expect(abs(single[i, j] - expected[i, j]) <= 1e-6 * largest)
                #expect(abs(widened[i, j] - expected[i, j]) <= 1e-13 * largest)
            }
        }
    }

    @Test func `The Gram matrix of no columns is zero`() {
        let gram = Matrix<Double>(rows: 2, columns: 2)
        gram.fill(.nan)
        gram.setGram(of: Matrix(rows: 2, columns: 0), transposed: false)
        #expect(gram[0, 0] == 0 && gram[1, 0] == 0 && gram[1, 1] == 0)
    }
}

@Suite struct TridiagonalTests {
    /// Reduces the smaller Gram matrix of `a`.
    private func reduced(_ a: Matrix<Double>, with reducer: inout TridiagonalReducer) {
        let order = min(a.rows, a.columns)
        let gram = Matrix<Double>(rows: order, columns: order)
        gram.fill(.nan)  // above the diagonal nothing may be read
        gram.setGram(of: a, transposed: a.rows > a.columns)
        reducer.reduce(gram)
    }

    @Test func `Counts of eigenvalues are the numbers of singular values`() throws {
        var draws = Draws(17)
        // One reducer for all: a smaller matrix after a larger one finds nothing of it.
        var reducer = TridiagonalReducer(order: 41)
        for (rows, columns) in shapes.reversed() + shapes {
            let a: Matrix<Double> = draws.matrix(rows: rows, columns: columns)
            let sigma = try a.singularValues()
            reduced(a, with: &reducer)
            for (above, below) in zip(sigma, sigma.dropFirst()) {
                let bound = (above + below) / 2
                #expect(reducer.count(above: bound * bound) == sigma.count { $0 > bound })
            }
            for epsilon in [1e-2, 0.1, 1, 10, 100] {
                #expect(reducer.count(above: epsilon * epsilon) == sigma.count { $0 > epsilon })
            }
            expectClose(reducer.largestEigenvalue, sigma[0] * sigma[0], within: 1e-13)
        }
    }

    /// Singular values from 10 to 1e-6 on either side of the thresholds in use; the Gram matrix squares them,
    /// and double carries that down to about 1e-7 of the largest.
    @Test(arguments: [1e-1, 1e-2, 1e-3, 1e-5])
    func `Small thresholds are counted right over many orders of magnitude`(epsilon: Double) throws {
        var draws = Draws(5)
        let sigma = (0..<29).map { 10 * pow(10, -Double($0) / 4) }
        let a = try matrix(sigma, rows: 29, columns: 60, &draws)
        var reducer = TridiagonalReducer(order: 29)
        reduced(a, with: &reducer)
        let bound = epsilon * 1.3  // between two of the list
        #expect(reducer.count(above: bound * bound) == sigma.count { $0 > bound })
        let computed = try a.singularValues()
        #expect(computed.count { $0 > bound } == sigma.count { $0 > bound })
    }

    @Test func `An eigenvalue on the bound is not above it`() {
        var reducer = TridiagonalReducer(order: 4)
        let identity = Matrix<Double>([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
        reducer.reduce(identity)
        #expect(reducer.count(above: 1) == 0)
        #expect(reducer.count(above: 1.0.nextDown) == 3)
        #expect(reducer.largestEigenvalue == 1)
        reducer.reduce(Matrix<Double>(rows: 4, columns: 4))
        #expect(reducer.count(above: 0) == 0 && reducer.count(above: -1) == 4)
        #expect(reducer.largestEigenvalue == 0)
        reducer.reduce(Matrix<Double>(rows: 0, columns: 0))
        #expect(reducer.count(above: -1) == 0 && reducer.largestEigenvalue == 0)
    }

    @Test func `Many bounds count as each alone`() {
        var draws = Draws(31)
        var reducer = TridiagonalReducer(order: 41)
        for (rows, columns) in shapes {
            reduced(draws.matrix(rows: rows, columns: columns), with: &reducer)
            let bounds = (0..<21).map { pow(10, Double($0) / 4 - 3) } + [0, -1]
            #expect(reducer.counts(above: bounds) == bounds.map { reducer.count(above: $0) })
            #expect(reducer.counts(above: []).isEmpty)
        }
    }

    @Test func `A vanishing pivot does not lose the eigenvalues after it`() {
        // Eigenvalues −1 and 1; the first pivot at the bound 0 is exactly 0.
        var reducer = TridiagonalReducer(order: 2)
        reducer.reduce(Matrix<Double>([[0, 1], [1, 0]]))
        #expect(reducer.count(above: 0) == 1)
        #expect(reducer.count(above: -2) == 2 && reducer.count(above: 2) == 0)
        expectClose(reducer.largestEigenvalue, 1, within: 1e-14)
    }

    @Test func `Ranks of singular matrices are counted right`() throws {
        var draws = Draws(23)
        for rank in 0...6 {
            let left: Matrix<Double> = draws.matrix(rows: 12, columns: rank)
            let right: Matrix<Double> = draws.matrix(rows: rank, columns: 20)
            var reducer = TridiagonalReducer(order: 12)
            reduced(Matrix.product(left, right), with: &reducer)
            #expect(reducer.count(above: 1e-8) == rank)
        }
    }
}
