import Model
import TestSupport
import Testing

@testable import LinearAlgebra

@Suite struct TensorTests {
    private static func checkGather<T: Real>(_: T.Type, _ indices: [Int32], from columns: Int) {
        var draws = Draws(UInt64(indices.count))
        let map = IndexMap(indices)
        let x: Matrix<T> = draws.matrix(rows: 3, columns: columns)
        let weights: Matrix<T> = draws.matrix(rows: 1, columns: indices.count)
        for (adds, weighs, isShared) in [
            (false, false, false), (false, true, false), (true, false, false), (true, true, true),
        ] {
            let before: [T] = draws.numbers(3 * indices.count)
            let y = Guarded(before, rows: 3, columns: indices.count)
            let source = isShared ? x.rows(1..<2) : x
            y.matrix.gather(source, map, times: weighs ? weights : nil, fill: 0.5, adds: adds)
            let expected = before.indices.map { index -> T in
                let (row, i) = (index / indices.count, index % indices.count)
                let number: T =
                    indices[i] < 0
                    ? 0.5
                    : source[isShared ? 0 : row, Int(indices[i])] * (weighs ? weights[0, i] : 1)
                return adds ? before[index] + number : number
            }
            #expect(y.values == expected && y.isIntact, "\(T.self) \(indices) \(adds) \(weighs)")
        }
    }

    @Test(arguments: awkwardSizes) func `Gathers follow their maps`(size: Int) {
        let up = (0..<Int32(size))
        let maps: [[Int32]] = [
            Array(up), up.map { $0 + 2 }, up.map { $0 / 4 * 4 }, up.reversed(), up.map { $0 % 3 },
            up.map { $0 / 8 % 2 == 0 ? -1 : $0 }, up.map { $0 % 5 == 0 ? -1 : $0 }, up.map { _ in -1 },
        ]
        for map in maps {
            Self.checkGather(Float.self, map, from: size + 2)
            Self.checkGather(Double.self, map, from: size + 2)
        }
    }

    @Test(arguments: awkwardSizes) func `Without a map numbers stay where they are`(size: Int) {
        var draws = Draws(1)
        let x: Matrix<Float> = draws.matrix(rows: 3, columns: size)
        let weights: Matrix<Float> = draws.matrix(rows: 1, columns: size)
        let y = Guarded<Float>(rows: 3, columns: size)
        y.matrix.gather(x)
        #expect(y.values == x.values)
        y.matrix.gather(x, times: weights, adds: true)
        let expected = x.values.enumerated().map { $1 + $1 * weights[0, $0 % size] }
        #expect(y.values == expected && y.isIntact)
        y.matrix.gather(x.rows(2..<3))
        #expect(y.values == x.rows(2..<3).values + x.rows(2..<3).values + x.rows(2..<3).values)
    }

    @Test func `Columns are copied and cleared`() {
        let y = Guarded([1, 2, 3, 4, 5, 6] as [Float], rows: 2, columns: 3)
        y.matrix.setColumns(1, 2, to: Matrix([[10, 20, 30, 40], [50, 60, 70, 80]]), from: 2)
        #expect(y.values == [1, 30, 40, 4, 70, 80])
        y.matrix.setColumns(0, 2, to: nil)
        #expect(y.values == [0, 0, 40, 0, 0, 80] && y.isIntact)
    }

    @Test func `A bias is added to its rows, over and over`() {
        let y = Guarded([1, 2, 3, 4, 5, 6, 7, 8] as [Double], rows: 4, columns: 2)
        y.matrix.addToRows(Matrix([[10, 20]]))
        #expect(y.values == [11, 12, 23, 24, 15, 16, 27, 28] && y.isIntact)
    }

    /// Floats added one after another would be off by 1e-4 and more.
    @Test(arguments: [GroupFunction.sum, .mean, .sumOfSquares, .l1, .l2])
    func `Long sums of floats are accurate`(function: GroupFunction) {
        var draws = Draws(9)
        let count = 200_000
        let x: Matrix<Float> = draws.matrix(rows: 1, columns: count, in: 0.5...1.5)
        let sum = doubles(x.values).reduce(0, +)
        let squares = doubles(x.values).reduce(0) { $0 + $1 * $1 }
        let expected: [GroupFunction: Double] = [
            .sum: sum, .l1: sum, .mean: sum / Double(count), .sumOfSquares: squares,
            .l2: squares.squareRoot(),
        ]
        let y = Matrix<Float>(rows: 1, columns: 1)
        y.setGroups(function, of: x, length: count, epsilon: 0)
        expectClose(doubles(y.values), [expected[function] ?? 0], within: 1e-7, "\(function)")
        // A tangent of ones: the sum of the derivatives.
        let ones = Matrix<Float>(rows: 1, columns: count)
        ones.fill(1)
        let slopes: [GroupFunction: Double] = [
            .sum: Double(count), .l1: Double(count), .mean: 1, .sumOfSquares: 2 * sum,
            .l2: sum / squares.squareRoot(),
        ]
        y.setGroupTangents(
            function, of: ones, at: x, length: count, epsilon: 0, scratch: Matrix(rows: 3, columns: count))
        expectClose(doubles(y.values), [slopes[function] ?? 0], within: 3e-7, "\(function)'s tangent")
    }

    /// A group without numbers, as a reduction over an empty axis.
    @Test func `Empty groups have neutral numbers`() {
        let y = Matrix<Float>(rows: 1, columns: 2)
        let none = Matrix<Float>(rows: 1, columns: 0)
        let answers: [(GroupFunction, Float)] = [
            (.sum, 0), (.product, 1), (.maximum, -.infinity), (.minimum, .infinity), (.l1, 0), (.l2, 0),
            (.sumOfSquares, 0), (.logSum, -.infinity), (.logSumExp, -.infinity),
        ]
        for (function, answer) in answers {
            y.setGroups(function, of: none, length: 0, epsilon: 0)
            #expect(y.values == [answer, answer], "\(function)")
        }
        y.setGroups(.mean, of: none, length: 0, epsilon: 0)
        #expect(y.values.allSatisfy { $0.isNaN })
        none.setGroups(.softmax, of: none, length: 0, epsilon: 0)
    }

    /// Two-pass moments: the mean is far from 0.
    @Test func `Standardising numbers far from 0 keeps their digits`() {
        let x = Matrix<Float>([[10000, 10001, 10002, 10003]])
        x.setGroups(.standardise, of: x, length: 4, epsilon: 0)
        let unit = (1.25 as Double).squareRoot()
        expectClose(x.values, [-1.5 / unit, -0.5 / unit, 0.5 / unit, 1.5 / unit], within: 2e-7)
    }

    @Test func `A product may fill some columns`() {
        let y = Guarded([1, 2, 3, 4, 5, 6] as [Float], rows: 2, columns: 3)
        let (a, b) = (Matrix<Float>([[1, 2], [3, 4]]), Matrix<Float>([[1], [10]]))
        y.matrix.setProduct(a, b, columns: 1..<2)
        #expect(y.values == [1, 21, 3, 4, 43, 6] && y.isIntact)
    }
}
