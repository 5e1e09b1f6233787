import TestSupport
import Testing

@testable import LinearAlgebra

@Suite struct MatrixTests {
    @Test func `A new matrix is zero`() {
        let matrix = Matrix<Float>(rows: 3, columns: 5)
        #expect(matrix.values == [Float](repeating: 0, count: 15))
        #expect(Matrix<Double>(rows: 0, columns: 4).values.isEmpty)
        #expect(Matrix<Double>([[Double]]()).count == 0)
    }

    @Test func `Memory is aligned to a cache line`() {
        for count in awkwardSizes {
            let buffer = Buffer<Float>(count: count)
            #expect(UInt(bitPattern: buffer.base) % 64 == 0)
        }
    }

    @Test func `A window shares its numbers`() {
        let matrix = Matrix<Double>([[1, 2], [3, 4], [5, 6]])
        let window = matrix.rows(1..<3)
        #expect(window.values == [3, 4, 5, 6])
        window[0, 1] = 9
        #expect(matrix[1, 1] == 9)
        window.fill(0)
        #expect(matrix.values == [1, 2, 0, 0, 0, 0])
        #expect(matrix.rows(3..<3).count == 0)
        #expect(matrix.rows(1..<3).rows(1..<2).offset == 4)
    }

    @Test func `Reshaping and prefixes keep the order in memory`() {
        let matrix = Matrix<Double>([[1, 2, 3], [4, 5, 6]])
        #expect(matrix.reshaped(rows: 3, columns: 2)[1, 1] == 4)
        #expect(matrix.prefix(rows: 2, columns: 2).values == [1, 2, 3, 4])
        #expect(matrix.rows(1..<2).reshaped(rows: 3, columns: 1)[2, 0] == 6)
    }

    @Test func `Assigning copies scales and converts`() {
        let source = Matrix<Double>([[0.1, -2], [1e-50, 1e300]])
        let copy = Matrix<Double>(rows: 2, columns: 2)
        copy.assign(source)
        #expect(copy.values == source.values)
        copy.assign(source, times: -2)
        #expect(copy.values == [-0.2, 4, -2e-50, -2e300])
        let float = Matrix<Float>(rows: 2, columns: 2)
        float.assign(converting: source)
        #expect(float.values == [0.1, -2, 0, .infinity])
    }

    @Test func `One number that is not finite is found`() {
        for bad in [Float.nan, .infinity, -.infinity] {
            let matrix = Matrix<Float>(rows: 5, columns: 7)
            #expect(matrix.isFinite)
            matrix[4, 6] = bad
            #expect(!matrix.isFinite)
            #expect(matrix.rows(0..<4).isFinite)
        }
    }

    @Test func `Gathering scales the bytes of the rows asked for`() {
        for columns in awkwardSizes where columns > 0 {
            let bytes = (0..<columns * 9).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }
            let order: [UInt32] = [8, 8, 0, 3, 5]
            let gathered = Guarded<Float>(rows: 4, columns: columns)
            bytes.withUnsafeBufferPointer {
                gathered.matrix.gather($0, rows: order[1...], scale: 0.25, offset: -1)
            }
            let expected = order[1...].flatMap { row in
                (0..<columns).map { 0.25 * Float(bytes[Int(row) * columns + $0]) - 1 }
            }
            #expect(gathered.values == expected && gathered.isIntact)
        }
    }
}

@Suite struct ProductTests {
    /// alpha · op(a) op(b) + beta · c in double, and beside each entry the size that its rounding error
    /// scales with.
    static func naive<T: Real>(
        _ a: Matrix<T>, _ b: Matrix<T>, _ c: Matrix<T>, transposeA: Bool, transposeB: Bool, alpha: T, beta: T
    ) -> [(value: Double, size: Double)] {
        let inner = transposeA ? a.rows : a.columns
        return (0..<c.rows).flatMap { i in
            (0..<c.columns).map { j in
                var sum = 0.0
                var size = 0.0
                for l in 0..<inner {
                    let left = Double(transposeA ? a[l, i] : a[i, l])
                    let right = Double(transposeB ? b[j, l] : b[l, j])
                    sum += left * right
                    size += abs(left * right)
                }
                let old = beta == 0 ? 0 : Double(beta) * Double(c[i, j])
                return (Double(alpha) * sum + old, abs(Double(alpha)) * size + abs(old))
            }
        }
    }

    static func check<T: Real>(_: T.Type, _ m: Int, _ k: Int, _ n: Int) {
        var draws = Draws(UInt64(m * 10007 + k * 101 + n))
        for flags in 0..<4 {
            let (ta, tb) = (flags & 1 == 1, flags & 2 == 2)
            for (alpha, beta) in [(1, 0), (0.5, 1), (-1.5, 2)] as [(T, T)] {
                let a: Matrix<T> = draws.matrix(rows: ta ? k : m, columns: ta ? m : k)
                let b: Matrix<T> = draws.matrix(rows: tb ? n : k, columns: tb ? k : n)
                // Beta 0 may multiply anything, even NaN.
                let c = Guarded<T>(
                    beta == 0 ? [T](repeating: .nan, count: m * n) : draws.numbers(m * n), rows: m, columns: n
                )
                let expected = naive(a, b, c.matrix, transposeA: ta, transposeB: tb, alpha: alpha, beta: beta)
                c.matrix.setProduct(
                    a, b, transposeA: ta, transposeB: tb, alpha: Double(alpha), beta: Double(beta))
                // Any order of summation of k products is within (k + 2) ulp of the sum of sizes.
                let unit = Double(k + 2) * Double(T.ulpOfOne)
                let good = zip(c.values, expected).allSatisfy { abs(Double($0) - $1.value) <= unit * $1.size }
                #expect(
                    good, "\(T.self) \(m)×\(k)×\(n), transposed \(ta) \(tb), alpha \(alpha), beta \(beta)")
                #expect(c.isIntact)
            }
        }
    }

    @Test(arguments: [
        (1, 1, 1), (1, 7, 5), (5, 7, 1), (1, 64, 1), (3, 1, 4), (2, 2, 2), (17, 33, 9), (31, 8, 65),
        (64, 64, 64), (65, 31, 129), (100, 3, 2), (128, 200, 10),
    ])
    func `Products agree with three loops`(m: Int, k: Int, n: Int) {
        Self.check(Float.self, m, k, n)
        Self.check(Double.self, m, k, n)
    }

    @Test(arguments: [(0, 3, 2), (2, 3, 0), (0, 0, 0), (2, 0, 3)])
    func `Empty products follow the formula too`(m: Int, k: Int, n: Int) {
        Self.check(Float.self, m, k, n)
        Self.check(Double.self, m, k, n)
    }

    @Test func `A product of rows leaves the other rows alone`() {
        var draws = Draws(3)
        let a: Matrix<Double> = draws.matrix(rows: 6, columns: 5)
        let b: Matrix<Double> = draws.matrix(rows: 8, columns: 5)
        let c = Matrix<Double>(rows: 4, columns: 3)
        c.fill(7)
        c.rows(1..<3).setProduct(a.rows(2..<4), b.rows(5..<8), transposeB: true)
        for j in 0..<3 {
            #expect(c[0, j] == 7 && c[3, j] == 7)
            for i in 0..<2 {
                let expected = (0..<5).reduce(0.0) { $0 + a[2 + i, $1] * b[5 + j, $1] }
                expectClose(c[1 + i, j], expected, within: 1e-14)
            }
        }
    }

    @Test func `Product makes a matrix of the right shape`() {
        let a = Matrix<Double>([[1, 2, 3], [4, 5, 6]])
        #expect(Matrix.product(a, a, transposeB: true).values == [14, 32, 32, 77])
        #expect(Matrix.product(a, a, transposeA: true).values == [17, 22, 27, 22, 29, 36, 27, 36, 45])
    }
}

@Test(arguments: [0, 1, 2, 3, 7, 64, 1000])
func `Filling and copying keep every bit, whatever the length`(_ count: Int) {
    for value in [Float(1.5), -0.0, Float(bitPattern: 0x7FC1_2345)] {
        let (room, copy) = (
            Matrix<Float>(rows: 1, columns: count + 2), Matrix<Float>(rows: 1, columns: count)
        )
        let window = Matrix(room.buffer, offset: 1, rows: 1, columns: count)
        window.fill(value)
        copy.assign(window)
        #expect(copy.values.map(\.bitPattern) == [UInt32](repeating: value.bitPattern, count: count))
        #expect(room[0, 0] == 0 && room[0, count + 1] == 0)
        window.assign((0..<count).map { Float($0) })
        #expect(window.values == (0..<count).map { Float($0) })
    }
}
