import Foundation
import LinearAlgebra
import Testing

@testable import Measures

private func single(_ matrix: Matrix<Double>) -> Matrix<Float> {
    let narrow = Matrix<Float>(rows: matrix.rows, columns: matrix.columns)
    narrow.assign(converting: matrix)
    return narrow
}

@Test
func `Products of diagonal weights have the products of entries as singular values, at any depth`()
    throws
{
    var spectrum = ProductSpectrum()
    let diagonal: [Float] = [4, 2, 1, 0.5]
    let weight = Matrix<Float>(rows: 4, columns: 4)
    for (position, number) in diagonal.enumerated() { weight[position, position] = number }
    for layer in 1...30 {
        try spectrum.multiply(weight)
        for (k, number) in diagonal.enumerated() {
            let root = Double(number) / 4
            #expect(abs(try #require(spectrum.exponentRoot(k + 1)) - root) < 1e-12)
            // Below the floor the product in double is not asked.
            if pow(root, Double(layer)) > 2 * ProductSpectrum.floor {
                #expect(abs(try #require(spectrum.root(k + 1)) - root) < 1e-9)
            } else if pow(root, Double(layer)) < ProductSpectrum.floor / 2 {
                #expect(spectrum.root(k + 1) == nil)
            }
        }
        #expect(spectrum.rank(1e-6) == diagonal.count { Double(layer) * log2(Double($0) / 4) >= -19.93 })
    }
    #expect(spectrum.root(5) == nil && spectrum.root(0) == nil && spectrum.depth == 30)
}

@Test func `The volume that a product keeps is the same by QR as by its singular values`() throws {
    var draws = Draws(7)
    var spectrum = ProductSpectrum()
    var product: Matrix<Double>?
    for (rows, columns) in [(6, 6), (9, 6), (5, 9)] {
        let weight = draws.normals(rows, columns)
        try spectrum.multiply(single(weight))
        product = product.map { Matrix.product(weight, $0) } ?? weight
        let sigma = try #require(product).singularValues()
        #expect(zip(spectrum.ratios, sigma).allSatisfy { abs($0 - $1 / sigma[0]) < 1e-12 })
        #expect(zip(spectrum.singleRatios, sigma).allSatisfy { abs($0 - $1 / sigma[0]) < 1e-5 })
        // Where no rows are lost, Σ ln r_k = Σ ln σ_k: the determinant.
        if rows >= columns {
            #expect(abs(spectrum.exponents.reduce(0, +) - sigma.reduce(0) { $0 + log($1) }) < 1e-9)
        }
    }
}

@Test func `The exponents of long products of normal matrices are Theorem 5's`() throws {
    var draws = Draws(3)
    var spectrum = ProductSpectrum()
    let (order, depth) = (12, 3000)
    for _ in 0..<depth { try spectrum.multiply(single(draws.normals(order, order))) }
    for k in [2, 4, 8, 12] {
        let found = log(try #require(spectrum.exponentRoot(k)))
        let due = log(GaussianProducts.ratio(order: order, index: k))
        // ln χ² of the dimension has variance ψ'(m/2) of at most ψ'(1/2) = 4.93, of ln χ a quarter; two of
        // them.
        #expect(abs(found - due) < 4 * (2 * 1.24 / Double(depth)).squareRoot(), "\(k)")
    }
    // And at one layer: the mean of ln(r_k/r_1) over many matrices is the same as the limit's, without a
    // bias of depth.
    var sum = 0.0
    for _ in 0..<2000 {
        var one = ProductSpectrum()
        try one.multiply(single(draws.normals(order, order)))
        sum += log(try #require(one.exponentRoot(8)))
    }
    let due = log(GaussianProducts.ratio(order: order, index: 8))
    #expect(abs(sum / 2000 - due) < 0.05)
}

@Test func `No count changes under a perturbation below the bound, and the hard rank does above it`() throws {
    var draws = Draws(11)
    for _ in 0..<20 {
        // Rank 5 of 12, σ from 1 to 1e-3.
        let (left, right) = (draws.normals(12, 5).qrFactors().q, draws.normals(9, 5).qrFactors().q)
        for column in 0..<5 {
            for row in 0..<12 { left[row, column] *= pow(10, -0.75 * Double(column)) }
        }
        let matrix = Matrix.product(left, right, transposeB: true)
        let noise = draws.normals(12, 9)
        let calm = try RankStability(matrix, perturbation: noise, delta: 0)
        #expect(RankStability.rank(calm.before, 1e-5) == 5 && calm.before == calm.after)
        for tolerance in [1e-5, 1e-2, 0.3] {
            let bound = calm.safeDelta(tolerance)
            let near = try RankStability(matrix, perturbation: noise, delta: 0.999 * bound)
            #expect(RankStability.rank(near.after, tolerance) == RankStability.rank(near.before, tolerance))
        }
        #expect(abs(calm.safeDelta(1e-5) - 1e-5 / (1 + 1e-5)) < 1e-12)
        let far = try RankStability(matrix, perturbation: noise, delta: 1e-3)
        #expect(RankStability.rank(far.after, 1e-5) == 9)
        #expect(abs(calm.before[1] - pow(10, -0.75)) < 1e-12)
    }
}
