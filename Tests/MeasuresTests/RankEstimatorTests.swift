import Glibc
import LinearAlgebra
import Testing

@testable import Measures

@Suite struct NumericalRankTests {
    private let matrix = sum(
        Matrix.product(drawn(50, 40, 5), drawn(51, 5, 30)), drawn(52, 40, 30), times: 1e-6)

    @Test func `Ranks are NumPy's`() {
        let counts = NumericalRank.counts(matrix, tolerances: [1e-9, 1e-6, 1e-3, 0.3, 0.9])
        let partial = NumericalRank.partial(matrix, columns: [3, 7, 8, 20], tolerances: [1e-7, 0.5])
        expectPeers("ranks", (counts + partial).map(Double.init) + [NumericalRank.stableRank(matrix)], 1e-12)
        #expect(counts[2] == 5 && NumericalRank.atDefaultTolerance(matrix) == 5)
    }

    @Test func `Tolerances are inclusive and follow the largest value`() {
        let diagonal = Matrix<Float>([[4, 0, 0], [0, 2, 0]])
        #expect(NumericalRank.counts(diagonal, tolerances: [0.5, 0.51]) == [2, 1])
        #expect(NumericalRank.counts(Matrix<Float>(rows: 2, columns: 3), tolerances: [0.1]) == [0])
        #expect(NumericalRank.stableRank(diagonal) == 1.25)
        #expect(NumericalRank.stableRank(Matrix<Float>(rows: 2, columns: 3)) == 0)
        #expect(NumericalRank.defaultTolerance(rows: 10, columns: 784) == 1.19e-7 * 784)
    }

    @Test func `The central patch is in the middle`() {
        let patch = NumericalRank.centralPatch(height: 28, width: 28)
        #expect(patch.count == 256 && patch[0] == 6 * 28 + 6 && patch[255] == 21 * 28 + 21)
        let channels = NumericalRank.centralPatch(height: 3, width: 2, channels: 2, side: 2)
        // Rows 1 and 2 of 3, both columns; the channels of a pixel are neighbours.
        #expect(channels == Array(4..<12))
        let middle = NumericalRank.centralPatch(height: 4, width: 4, channels: 3, side: 2)
        #expect(middle == [15, 16, 17, 18, 19, 20, 27, 28, 29, 30, 31, 32])
        #expect(NumericalRank.centralPatch(height: 2, width: 2, side: 16) == [0, 1, 2, 3])
    }
}

@Suite struct PrincipalComponentTests {
    @Test func `Eigenvalues are scikit-learn's`() throws {
        let tall = try PrincipalComponents(Matrix.product(drawn(55, 60, 8), drawn(56, 8, 8)))
        expectPeers("componentsTall", tall.eigenvalues, 1e-12)
        let wide = try PrincipalComponents(drawn(57, 10, 25))
        expectPeers("componentsWide", Array(wide.eigenvalues.prefix(9)), 1e-12)
        #expect(wide.eigenvalues.count == 25 && wide.dimension() == 9 && tall.dimension() == 8)
    }

    @Test(arguments: [(50, 7), (6, 20)])
    func `Directions are orthonormal and all of them give the points back`(points: Int, features: Int) throws
    {
        let x = mapped(drawn(58, points, features)) { $0 + 3 }
        let components = try PrincipalComponents(x)
        let known = min(points - 1, features)
        let directions = components.directions.rows(0..<known)
        for (row, line) in rows(Matrix.product(directions, directions, transposeB: true)).enumerated() {
            for (column, value) in line.enumerated() { #expect(isClose(value, row == column ? 1 : 0, 1e-12)) }
        }
        let back = components.projection(known)
        #expect(zip(back.values, x.values).allSatisfy { isClose($0, $1, 1e-12) })
        #expect(components.projection(0).rows(0..<1).values == components.mean)
        // A score's variance is the eigenvalue.
        let first = components.scores(1).values
        let variance = first.reduce(0) { $0 + $1 * $1 } / Double(points - 1)
        #expect(isClose(variance, components.eigenvalues[0], 1e-12))
    }

    @Test func `The feature dimension is that of the span`() throws {
        // Three directions and an offset, which is none.
        let x = mapped(Matrix.product(drawn(59, 100, 3), drawn(60, 3, 12))) { $0 + 5 }
        #expect(try PrincipalComponents(x).dimension() == 3)
        #expect(try PrincipalComponents(Matrix<Double>([[1, 2], [1, 2]])).dimension() == 0)
    }
}

@Suite struct ClassificationDimensionTests {
    private let features: Matrix<Double>
    private let weight = drawn(61, 5, 12)
    private let bias = drawn(62, 1, 5)
    private let labels: [Int32]

    init() {
        let scales = Matrix<Double>((0..<250).map { _ in (0..<12).map { pow(0.7, Double($0)) } })
        let draws = drawn(60, 250, 12)
        features = Matrix(rows: 250, columns: 12)
        features.assign(zip(draws.values, scales.values).map { $0 * $1 + 0.2 })
        let logits = Matrix.product(features, weight, transposeB: true)
        logits.addBiasAndActivate(bias, .linear)
        labels = largestLabels(sum(logits, drawn(63, 250, 5), times: 0.3))
    }

    @Test func `The curve and the minimum are those of scikit-learn's components`() throws {
        let dimension = ClassificationDimension(
            try PrincipalComponents(features), weight: weight, bias: bias.values, labels: labels)
        expectPeers(
            "classification_dimension",
            [Double(dimension.least), dimension.accuracy] + dimension.curve.map(\.accuracy), 1e-14)
    }

    @Test func `A scan of any head finds the same and bisection a place where the share begins`() throws {
        let components = try PrincipalComponents(features)
        let linear = ClassificationDimension(components, weight: weight, bias: bias.values, labels: labels)
        var runs = 0
        func head(_ features: Matrix<Double>) -> Double {
            runs += 1
            let logits = Matrix.product(features, weight, transposeB: true)
            logits.addBiasAndActivate(bias, .linear)
            return Double(logits.countOfLargest(at: labels)) / 250
        }
        let scan = ClassificationDimension(components, search: .scan, head: head)
        #expect(scan.least == linear.least && scan.accuracy == linear.accuracy && runs == scan.least + 2)
        runs = 0
        let found = ClassificationDimension(components, search: .bisection, head: head)
        let limit = 0.95 * linear.accuracy
        #expect(linear.curve[found.least].accuracy >= limit && linear.curve[found.least - 1].accuracy < limit)
        #expect(runs == found.curve.count && runs <= 8)
        // Where the mean alone does, none is needed; where only all do, all.
        #expect(ClassificationDimension(components, search: .bisection) { _ in 0.5 }.least == 0)
        let strict = ClassificationDimension(components, search: .bisection, share: 1) {
            isClose($0.values[5], features.values[5], 1e-13) ? 1 : 0
        }
        #expect(strict.least == 12)
    }
}

@Suite struct GaussianProductTests {
    @Test func `Digamma is SciPy's`() {
        expectPeers("digamma", [0.5, 1, 1.5, 3.25, 9.5, 10, 50.5, 500].map { digamma($0) }, 2e-15)
        // ψ(1) = −γ.
        #expect(abs(digamma(1) + 0.57721566490153286) <= 1e-15)
    }

    @Test func `The six limits are those`() {
        let ratios = [2, 10, 100, 500, 900, 1000].map { GaussianProducts.ratio(order: 1000, index: $0) }
        expectPeers("productRatios", ratios, 1e-14)
        let known = [0.99950, 0.99549, 0.94916, 0.70746, 0.31639, 0.01676]
        for (ratio, value) in zip(ratios, known) { #expect(abs(ratio - value) <= 5e-6, "not \(value)") }
        #expect(GaussianProducts.ratio(order: 1000, index: 1) == 1)
    }

    /// A product of 3000 matrices of order 4, its directions kept apart by Gram and Schmidt: the exponents.
    @Test func `Long products tend to the limits`() throws {
        let (order, depth) = (4, 3000)
        var draws = Draws(5)
        var basis = (0..<order).map { i in (0..<order).map { $0 == i ? 1.0 : 0 } }
        var sums = [Double](repeating: 0, count: order)
        for _ in 0..<depth {
            let matrix = draws.normals(order, order)
            basis = rows(Matrix.product(Matrix(basis), matrix, transposeB: true))
            for row in 0..<order {
                for other in 0..<row {
                    let along = zip(basis[row], basis[other]).reduce(0) { $0 + $1.0 * $1.1 }
                    for column in 0..<order { basis[row][column] -= along * basis[other][column] }
                }
                let length = basis[row].reduce(0) { $0 + $1 * $1 }.squareRoot()
                sums[row] += log(length) / Double(depth)
                for column in 0..<order { basis[row][column] /= length }
            }
        }
        // The spread of a mean of 3000: below 0.02 each.
        #expect(abs(sums[0] - GaussianProducts.growth(order: order)) < 0.05)
        for k in 1...order {
            let limit = log(GaussianProducts.ratio(order: order, index: k))
            #expect(abs(sums[k - 1] - sums[0] - limit) < 0.08, "k = \(k)")
        }
    }

    @Test func `The rank at a depth counts the ratio's power`() {
        let tolerance = 1.19e-7 * 1000
        let ranks = [1, 10, 50].map { GaussianProducts.rank(order: 1000, depth: $0, tolerance: tolerance) }
        let counted = [1, 10, 50].map { depth in
            (1...1000).count { k in
                pow(GaussianProducts.ratio(order: 1000, index: k), Double(depth)) >= tolerance
            }
        }
        #expect(ranks == counted && ranks[0] == 1000 && ranks[1] > ranks[2])
    }
}
