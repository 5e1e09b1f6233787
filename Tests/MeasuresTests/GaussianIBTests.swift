import Glibc
import LinearAlgebra
import Testing

@testable import Measures

/// Standard normal x and y, the i-th pair with this correlation.
private func diagonal(_ correlations: [Double]) throws -> GaussianIB {
    let d = correlations.count
    let joint = (0..<2 * d).map { i in
        (0..<2 * d).map { j in i == j ? 1 : (i % d == j % d ? correlations[i % d] : 0) }
    }
    return try GaussianIB(covariance: joint, inputs: d)
}

private func isClose(_ a: [Double], _ b: [Double], _ tolerance: Double) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
}

private struct Row: Sendable {
    let beta, kl, information: Double
    let rank, localRank: Int
}

/// Computed apart from this program, rounded to five decimals.
private let table = [
    Row(beta: 0.010, kl: 12.80036, information: 3.13691, rank: 5, localRank: 5),
    Row(beta: 0.050, kl: 8.67366, information: 3.03380, rank: 5, localRank: 5),
    Row(beta: 0.159, kl: 5.47678, information: 2.72913, rank: 5, localRank: 4),
    Row(beta: 0.200, kl: 4.91427, information: 2.62857, rank: 4, localRank: 4),
    Row(beta: 0.249, kl: 4.34958, information: 2.50216, rank: 4, localRank: 3),
    Row(beta: 0.500, kl: 2.69098, information: 1.89130, rank: 3, localRank: 3),
    Row(beta: 0.830, kl: 0.38035, information: 0.32870, rank: 2, localRank: 2),
    Row(beta: 0.870, kl: 0.16218, information: 0.14384, rank: 1, localRank: 1),
    Row(beta: 0.950, kl: 0, information: 0, rank: 0, localRank: 0),
]

@Test(arguments: table.indices) func `The closed form has the table's values`(index: Int) throws {
    let row = table[index]
    let theory = try diagonal([0.4, 0.5, 0.9, 0.92, 0.95])
    let optimum = theory.optimum(beta: row.beta, bottleneck: 5)
    #expect(abs(optimum.kl - row.kl) < 5.1e-6)
    #expect(abs(optimum.information - row.information) < 5.1e-6)
    #expect(optimum.rank == row.rank)
    #expect(optimum.localRank(0.1) == row.localRank)
    #expect(isClose(theory.criticalBetas, [0.9025, 0.8464, 0.81, 0.25, 0.16], 1e-14))
}

/// The least of `function` between two points, where it falls, then rises.
private func goldenSection(_ low: Double, _ high: Double, _ function: (Double) -> Double) -> Double {
    let ratio = 0.5 * (5.0.squareRoot() - 1)
    var (low, high) = (low, high)
    var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
    var (atLeft, atRight) = (function(left), function(right))
    for _ in 0..<70 {
        if atLeft < atRight {
            (high, right, atRight) = (right, left, atLeft)
            left = high - ratio * (high - low)
            atLeft = function(left)
        } else {
            (low, left, atLeft) = (left, right, atRight)
            right = low + ratio * (high - low)
            atRight = function(right)
        }
    }
    return 0.5 * (low + high)
}

@Test(arguments: [0.15, 0.3, 0.6, 0.9, 0.99])
func `The closed form is the minimum of the loss of one component`(correlation: Double) throws {
    let square = correlation * correlation
    let theory = try diagonal([correlation])
    for share in [0.001, 0.03, 0.2, 0.5, 0.9, 0.98, 1.1, 3] {
        let beta = min(0.999, share * square)
        // z = a x + σ noise, the decoder at its best: H(Y|Z) + β KL, without its constants.
        func kl(_ gain: Double, _ variance: Double) -> Double { 0.5 * (gain + variance - 1 - log(variance)) }
        func information(_ gain: Double, _ variance: Double) -> Double {
            -0.5 * log(1 - square * gain / (gain + variance))
        }
        func variance(_ gain: Double) -> Double {
            exp(goldenSection(-25, 2) { beta * kl(gain, exp($0)) - information(gain, exp($0)) })
        }
        let gain = goldenSection(0, 1.5) {
            let variance = variance($0)
            return beta * kl($0, variance) - information($0, variance)
        }
        let optimum = theory.optimum(beta: beta, bottleneck: 1)
        let best = beta * optimum.kl - optimum.information
        let found = beta * kl(gain, variance(gain)) - information(gain, variance(gain))
        // A minimum is flat: its value is known to 1e-12, its place to 1e-6.
        #expect(abs(best - found) < 1e-12, "ρ \(correlation), β \(beta)")
        let values = [kl(gain, variance(gain)), information(gain, variance(gain)), gain]
        let singular = optimum.singularValues.first ?? 0
        #expect(
            isClose(values, [optimum.kl, optimum.information, singular * singular], 2e-5),
            "ρ \(correlation), β \(beta)")
    }
}

private let shapes = [(1, 1), (3, 3), (5, 4), (4, 5), (6, 1), (1, 6), (8, 8)]

@Test(arguments: 0..<28) func `Invertible linear maps of x and y change no information`(seed: Int) throws {
    var draws = Draws(100 + seed)
    let (inputs, targets) = shapes[seed % shapes.count]
    let order = inputs + targets
    let joint = draws.covariance(order)
    let map = Matrix<Double>(rows: order, columns: order)
    let (a, b) = (draws.normals(inputs, inputs), draws.normals(targets, targets))
    for i in 0..<inputs { for j in 0..<inputs { map[i, j] = a[i, j] } }
    for i in 0..<targets { for j in 0..<targets { map[inputs + i, inputs + j] = b[i, j] } }
    let product = Matrix.product(Matrix.product(map, Matrix(joint)), map, transposeB: true)

    let theory = try GaussianIB(covariance: joint, inputs: inputs)
    let mapped = try GaussianIB(covariance: rows(product), inputs: inputs)
    #expect(isClose(theory.correlations, mapped.correlations, 1e-8))
    for beta in [0.01, 0.1, 0.3, 0.7] {
        let (one, other) = (
            theory.optimum(beta: beta, bottleneck: inputs), mapped.optimum(beta: beta, bottleneck: inputs)
        )
        #expect(one.rank == other.rank)
        #expect(abs(one.kl - other.kl) < 1e-6 && abs(one.information - other.information) < 1e-6)
        #expect(one.informativeDirections <= one.rank)
        // The mean map in whitened x has the gains a_i; the mapped one, in A x, is M A⁻¹.
        #expect(one.singularValues.count == one.rank && other.singularValues.count == other.rank)
    }
    // H(B y) = H(y) + ln |det B|.
    let determinant = try b.singularValues().reduce(0) { $0 + log($1) }
    #expect(abs(mapped.targetEntropy - theory.targetEntropy - determinant) < 1e-7)
}

@Test func `Scaling x scales the mean map's singular values`() throws {
    var draws = Draws(9)
    let joint = draws.covariance(6)
    let scaled = joint.enumerated().map { i, row in
        row.enumerated().map { j, value in value * (i < 3 ? 4 : 1) * (j < 3 ? 4 : 1) }
    }
    let one = try GaussianIB(covariance: joint, inputs: 3).optimum(beta: 0.01, bottleneck: 3)
    let other = try GaussianIB(covariance: scaled, inputs: 3).optimum(beta: 0.01, bottleneck: 3)
    #expect(one.rank > 0)
    #expect(isClose(one.singularValues.map { $0 / 4 }, other.singularValues, 1e-10))
}

@Test(arguments: 0..<28) func `Canonical targets are white and each is predicted alone`(seed: Int) throws {
    var draws = Draws(200 + seed)
    let (inputs, targets) = shapes[seed % shapes.count]
    let joint = draws.covariance(inputs + targets)
    let (x, y) = (0..<inputs, inputs..<inputs + targets)
    let theory = try GaussianIB(covariance: joint, inputs: inputs)
    let t = theory.canonicalTargets
    let white = Matrix.product(Matrix.product(t, block(joint, y, y)), t, transposeB: true)
    // Cov(E[T y | x]) = T Σ_yx Σ_x⁻¹ Σ_xy Tᵀ, with Σ_x⁻¹ from its eigenvectors.
    let eigen = try block(joint, x, x).symmetricEigen()
    let half = Matrix<Double>(rows: inputs, columns: inputs)
    for i in x { for j in x { half[i, j] = eigen.vectors[i, j] / eigen.values[j].squareRoot() } }
    let gain = Matrix.product(Matrix.product(t, block(joint, y, x)), half)
    let predicted = Matrix.product(gain, gain, transposeB: true)
    for i in 0..<targets {
        for j in 0..<targets {
            let square = i == j && i < theory.criticalBetas.count ? theory.criticalBetas[i] : 0
            #expect(abs(white[i, j] - (i == j ? 1 : 0)) < 1e-9)
            #expect(abs(predicted[i, j] - square) < 1e-9)
        }
    }
    let factor = try block(joint, y, y).choleskyFactor()
    let determinant = (0..<targets).reduce(0) { $0 + 2 * log(factor[$1, $1]) }
    #expect(abs(theory.targetLogDeterminant - determinant) < 1e-9)
    #expect(abs(theory.targetEntropy - 0.5 * (Double(targets) * log(2 * .pi * M_E) + determinant)) < 1e-9)
}

@Test func `Fewer latent variables keep the strongest directions`() throws {
    let theory = try diagonal([0.4, 0.5, 0.9, 0.92, 0.95])
    let two = try diagonal([0.92, 0.95]).optimum(beta: 0.1, bottleneck: 2)
    let limited = theory.optimum(beta: 0.1, bottleneck: 2)
    #expect(limited.rank == 2)
    #expect(isClose([limited.kl, limited.information], [two.kl, two.information], 1e-12))
}

@Test func `The threshold moves a transition as the formula says`() throws {
    let theory = try diagonal([0.6])
    for epsilon in [0.01, 0.1, 0.3] {
        let square = 0.36
        let transition = square * (1 - epsilon * epsilon) / (1 - epsilon * epsilon * square)
        #expect(theory.optimum(beta: transition * 0.9999, bottleneck: 1).localRank(epsilon) == 1)
        #expect(theory.optimum(beta: transition * 1.0001, bottleneck: 1).localRank(epsilon) == 0)
    }
}

@Test func `Independent variables leave nothing to keep`() throws {
    let theory = try diagonal([0, 0])
    let optimum = theory.optimum(beta: 1e-9, bottleneck: 2)
    #expect(theory.criticalBetas == [0, 0])
    #expect(optimum.rank == 0 && optimum.kl == 0 && optimum.information == 0)
    #expect(optimum.singularValues.isEmpty && optimum.informativeDirections == 0)
}

@Test func `A covariance that is not positive definite is refused`() {
    #expect(throws: GaussianIB.Failure.notPositiveDefinite) {
        try GaussianIB(covariance: [[1, 1], [1, 1]], inputs: 1)
    }
    #expect(throws: GaussianIB.Failure.notPositiveDefinite) {
        try GaussianIB(covariance: [[1, 2], [2, 1]], inputs: 1)
    }
    #expect(throws: GaussianIB.Failure.notPositiveDefinite) {
        try GaussianIB(covariance: [[1, .nan], [.nan, 1]], inputs: 1)
    }
}

@Test(arguments: [Double.leastNonzeroMagnitude, 0x1p-1030, 1e-300, 1, 1e300, .infinity])
func `Every beta gives finite numbers`(beta: Double) throws {
    let optimum = try diagonal([0.999999, 0.5, 1e-200]).optimum(beta: beta, bottleneck: 3)
    #expect(optimum.kl.isFinite && optimum.kl >= 0 && optimum.information.isFinite)
    #expect(optimum.rank == (beta < 1 ? 2 : 0))
    let isFinite = (optimum.singularValues + optimum.noiseSingularValues).allSatisfy { $0.isFinite }
    #expect(isFinite)
}

@Test func `An almost perfect correlation stays finite`() throws {
    let theory = try GaussianIB(covariance: [[1, 1 - 1e-15], [1 - 1e-15, 1]], inputs: 1)
    let optimum = theory.optimum(beta: 1e-6, bottleneck: 1)
    #expect(optimum.kl.isFinite && optimum.information.isFinite && optimum.rank == 1)
}
