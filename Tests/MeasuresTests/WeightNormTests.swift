import Learning
import LinearAlgebra
import Model
import Testing

@testable import Measures

private func layer(_ rows: [[Double]]) -> DenseLayer<Double> {
    let shape = StackShape(units: [rows[0].count, rows.count], activation: .relu)
    let layer = Parameters<Double>(stacks: [shape]).stacks[0][0]
    layer.weight.assign(rows.flatMap { $0 })
    return layer
}

private func norms(_ rows: [[Double]], tolerance: Double? = nil) throws -> WeightNorms {
    try WeightNorms([layer(rows)], tolerance: tolerance)
}

private func isNear(_ a: Double, _ b: Double, _ tolerance: Double = 1e-14) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(b))
}

@Test func `A diagonal matrix has its entries' norms`() throws {
    let norms = try norms([[3, 0, 0, 0], [0, -4, 0, 0], [0, 0, 1e-3, 0]], tolerance: 1e-3)
    #expect(isNear(norms.spectral[0], 4))
    #expect(isNear(norms.frobenius[0], 25.000001.squareRoot()))
    #expect(isNear(norms.stableRank[0], 25.000001 / 16))
    #expect(norms.numericalRank == [2])
}

@Test func `The usual tolerance is that of single precision`() throws {
    // 1.19e-7 · 4 · σ_1, from the larger side.
    #expect(try norms([[1, 0, 0, 0], [0, 4.77e-7, 0, 0]]).numericalRank == [2])
    #expect(try norms([[1, 0, 0, 0], [0, 4.75e-7, 0, 0]]).numericalRank == [1])
}

@Test func `An orthogonal matrix has full stable rank`() throws {
    // A Householder reflection I − 2vvᵀ, v = (1, 2, 2)/3.
    let v = [1.0 / 3, 2.0 / 3, 2.0 / 3]
    let rows = (0..<3).map { i in (0..<3).map { j in (i == j ? 1.0 : 0) - 2 * v[i] * v[j] } }
    let norms = try norms(rows)
    #expect(isNear(norms.spectral[0], 1) && isNear(norms.frobenius[0], 3.0.squareRoot()))
    #expect(isNear(norms.stableRank[0], 3) && norms.numericalRank == [3])
}

@Test func `A matrix of rank one has stable rank one`() throws {
    let (u, v) = ([1.0, -2, 2], [3.0, 0, 4, 0])
    let norms = try norms(u.map { a in v.map { a * $0 } })
    #expect(isNear(norms.spectral[0], 15) && isNear(norms.frobenius[0], 15))
    #expect(isNear(norms.stableRank[0], 1) && norms.numericalRank == [1])
}

@Test func `A zero matrix has no rank`() throws {
    let norms = try norms([[0, 0], [0, 0]])
    #expect(norms.stableRank == [0] && norms.numericalRank == [0] && norms.spectral == [0])
    #expect(norms.meanStableRank == 0)
}

@Test func `The mean stable rank is the harmonic mean's square`() throws {
    // Ratios √4 = 2 and 1: the harmonic mean is 2 / (1/2 + 1) = 4/3.
    let identity = (0..<4).map { i in (0..<4).map { $0 == i ? 1.0 : 0 } }
    let both = try WeightNorms([layer(identity), layer([[5, 5, 5, 5]])])
    #expect(isNear(both.meanStableRank, 16.0 / 9))
    #expect(both.meanStableRank >= both.stableRank.min() ?? 0)
}

// MARK: - Bounds

@Test func `The bounds are the formulas'`() throws {
    // 2 (B/√2)^(2K/L) (L + 1)/L: B = 4, K = 2, L = 4: 2 · 2√2 · 5/4.
    let classes = try #require(RankBounds(.classification, teacherDepth: 2, norm: 4, depth: 4))
    #expect(isNear(classes.stableRank, 5 * 2.0.squareRoot()))
    // B^(2K/L): 4^1.
    let targets = try #require(RankBounds(.interpolation, teacherDepth: 2, norm: 4, depth: 4))
    #expect(isNear(targets.stableRank, 4))
    // C = 2: (3 / (4/2 − 1))².
    #expect(isNear(try #require(targets.hiddenStableRank), 9))
    // 4 · 3² / 0.5².
    #expect(isNear(RankBounds.localRank(stableRank: 4, spectralNorm: 3, threshold: 0.5), 144))
    // A record holds numbers alone.
    let vacuous = RankBounds.localRank(stableRank: 4, spectralNorm: 3, threshold: 1e-300)
    #expect(vacuous == .greatestFiniteMagnitude)
    #expect(RankBounds.localRank(stableRank: 4, spectralNorm: 0, threshold: 1e-300) == 0)
    // B = 16, L = 2: C = 16 tells nothing of the hidden layer.
    #expect(RankBounds(.interpolation, teacherDepth: 2, norm: 16, depth: 2)?.hiddenStableRank == nil)
    #expect(RankBounds(.interpolation, teacherDepth: 3, norm: 4, depth: 2) == nil)
}

@Test func `Deep networks' bounds tend to two and to one`() throws {
    let classes = try #require(RankBounds(.classification, teacherDepth: 2, norm: 9, depth: 100_000))
    #expect(isNear(classes.stableRank, 2, 1e-4))
    let targets = try #require(RankBounds(.interpolation, teacherDepth: 2, norm: 9, depth: 100_000))
    #expect(isNear(targets.stableRank, 1, 1e-4))
}

/// The proof's steps, which hold for every network: harmonic ≤ geometric mean, |f(x)| ≤ ∏ ‖W_l‖_σ at |x| = 1,
/// and so mean stable rank ≤ (∏ ‖W_l‖_F / |f(x)|)^(2/L).
@Test func `No network's mean stable rank exceeds the bound by its norm and output`() throws {
    for seed in 0..<200 as Range<UInt64> {
        let depth = 1 + Int(seed % 5)
        let shape = StackShape(
            units: [6] + [Int](repeating: 7, count: depth - 1) + [1], activation: .relu, hasBiases: false)
        let model = MLP<Double>(shape, loss: .meanSquaredError, points: 1)
        model.initialise(RandomStreams(seed: seed))
        let x = Matrix<Float>(rows: 1, columns: 6)
        RandomStreams(seed: seed).fillNormals(x, .evaluationData)
        let length = x.values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let unit = Matrix<Double>(rows: 1, columns: 6)
        unit.assign(x.values.map { Double($0) / length })
        forward(model.layers, .relu, inputs: unit, into: model.work)
        let output = abs(model.work.last[0, 0])
        guard output > 1e-9 else { continue }
        let norms = try WeightNorms(model.layers)
        let product = norms.frobenius.reduce(1, *) / output
        // To the power of L: no roots needed.
        let left = (0..<depth).reduce(1.0) { power, _ in power * norms.meanStableRank }
        #expect(left <= product * product * (1 + 1e-12), "seed \(seed)")
    }
}

/// `#{σ_i > ε} ≤ ‖J_l‖_F²/ε²`, rank(J_l) ≤ min rank(W_k) and the layer's own ‖W_l‖_F²/ε² once ε is so small that
/// all of J_l's singular values count.
@Test func `Small thresholds' ranks are within the weights' ranks`() throws {
    for seed in 0..<30 as Range<UInt64> {
        let shape = StackShape(units: [6, 8, 5, 1], activation: .relu, hasBiases: false)
        let model = MLP<Double>(shape, loss: .meanSquaredError, points: 1)
        model.initialise(RandomStreams(seed: seed))
        let draws = Matrix<Float>(rows: 16, columns: 6)
        RandomStreams(seed: seed).fillNormals(draws, .evaluationData)
        let inputs = Matrix<Double>(rows: 16, columns: 6)
        inputs.assign(converting: draws)
        var measure = LocalRank(
            shape, lastRows: 1, settings: LocalRankSettings(thresholds: [1e-6]))
        let ranks = measure.measure(model.layers, inputs: inputs).absolute[0].map(\.mean)
        let norms = try WeightNorms(model.layers)
        for layer in 0..<3 {
            let least = norms.numericalRank[0...layer].min() ?? 0
            #expect(ranks[layer] <= Double(least))
            let bound = RankBounds.localRank(
                stableRank: norms.stableRank[layer], spectralNorm: norms.spectral[layer], threshold: 1e-6)
            #expect(ranks[layer] <= bound)
        }
    }
}
