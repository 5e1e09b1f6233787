import Glibc
import Learning
import LinearAlgebra
import Model
import Testing

@testable import Measures

/// Changes to a network's weights before it is measured.
private enum Defect: CaseIterable {
    case none
    /// Every hidden layer's matrix has half its rank.
    case rankDeficient
    /// A third of the hidden units are off at every point: φ' = 0, of tanh in double too.
    case deadUnits
    /// Pairs of equal units, so that the active units' Gram matrix is singular.
    case twins
    /// A hidden layer has no effect at all.
    case deadLayer
}

private let unitCounts = [
    [12, 30, 8, 30, 5], [40, 20, 20, 20, 10], [6, 24, 24, 3], [30, 16, 4, 16, 10], [5, 9, 17, 33],
    [33, 17, 9, 5], [50, 40, 10], [60, 30, 30, 30, 30, 8],
]
private let absolute = [1e-4, 1e-3, 0.01, 0.1, 1]
private let relative = [1e-3, 0.01, 0.3]

private struct Case {
    let network: MLP<Float>
    let points: Matrix<Float>
    var layers: [DenseLayer<Float>] { network.layers }

    init(_ units: [Int], _ activation: Activation, steps: Int, _ defect: Defect, seed: Int) {
        var draws = Draws(7_000 + seed)
        let shape = StackShape(units: units, activation: activation)
        let streams = RandomStreams(seed: UInt64(seed))
        let batch = 64
        network = MLP(shape, loss: .crossEntropy, points: batch)
        network.initialise(streams)
        points = Matrix(rows: 4, columns: units[0])
        points.assign(converting: draws.normals(4, units[0]))
        var trainer = Trainer(
            network,
            settings: OptimizerSettings(
                method: .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), learningRate: 3e-3),
            streams: streams, points: batch)
        let classes = units[units.count - 1]
        for _ in 0..<steps {
            let inputs = Matrix<Float>(rows: batch, columns: units[0])
            inputs.assign(converting: draws.normals(batch, units[0]))
            let labels = (0..<batch).map { row in
                Int32((inputs[row, 0] > 0 ? 1 : 0) + (inputs[row, 1] > 0.3 ? 1 : 0)) % Int32(classes)
            }
            _ = trainer.train(Batch(inputs: inputs, labels: labels))
        }
        apply(defect, &draws)
    }

    private func apply(_ defect: Defect, _ draws: inout Draws) {
        // So that there are slopes other than 1, and units that are off at some points only.
        for layer in layers {
            for unit in 0..<layer.bias.columns { layer.bias[0, unit] += Float(draws.normals(1, 1)[0, 0]) / 3 }
        }
        for layer in layers.dropLast() {
            let (weight, bias) = (layer.weight, layer.bias)
            switch defect {
            case .none: break
            case .rankDeficient:
                for row in weight.rows / 2..<weight.rows {
                    for column in 0..<weight.columns {
                        weight[row, column] = weight[row % max(1, weight.rows / 2), column] * 2
                    }
                }
            case .deadUnits: for unit in stride(from: 0, to: weight.rows, by: 3) { bias[0, unit] = -1e4 }
            case .twins:
                for row in stride(from: 1, to: weight.rows, by: 2) {
                    weight.rows(row..<row + 1).assign(weight.rows(row - 1..<row))
                    bias[0, row] = bias[0, row - 1]
                }
            case .deadLayer: break
            }
        }
        if defect == .deadLayer { layers[layers.count - 2].bias.fill(-1e4) }
    }

    func point(_ index: Int) -> [Double] { (0..<points.columns).map { Double(points[index, $0]) } }
}

/// Counts of one point, [threshold][layer], absolute first.
private func counted(_ one: Case, point: Int, decompositions: inout Int) -> [[Int]] {
    let shape = one.network.shape
    var measure = LocalRank(
        shape, lastRows: shape.units[shape.depth],
        settings: LocalRankSettings(thresholds: absolute, relative: relative))
    let result = measure.measure(one.layers, inputs: one.points.rows(point..<point + 1))
    decompositions += measure.decompositions
    return (result.absolute + result.relative).map { $0.map { Int($0.mean) } }
}

private func isWithin(_ tolerance: Double, of bound: Double, _ values: some Sequence<Double>) -> Bool {
    values.contains { abs($0 - bound) <= tolerance * bound }
}

/// Every (point, layer, threshold) for itself: the count is that of dgesvd's singular values of the explicit
/// Jacobian, unless one of them is within 1e-6 of the threshold.
@Test(arguments: [Activation.relu, .tanh], [0, 150])
func `Every count is that of the explicit Jacobian`(activation: Activation, steps: Int) {
    var (judged, skipped, decompositions, wrong) = (0, 0, 0, [String]())
    for (number, units) in unitCounts.enumerated() {
        for defect in Defect.allCases {
            let one = Case(units, activation, steps: steps, defect, seed: number)
            for point in 0..<one.points.rows {
                let counts = counted(one, point: point, decompositions: &decompositions)
                for (layer, jacobian) in explicitJacobians(
                    one.layers, activation, at: one.point(point)
                ).enumerated() {
                    let sigma = singularValues(jacobian)
                    for (index, threshold) in (absolute + relative).enumerated() {
                        let isRelative = index >= absolute.count
                        let bound = isRelative ? threshold * sigma[0] : threshold
                        if sigma[0] > 0 && isWithin(1e-6, of: bound, sigma) {
                            skipped += 1
                            continue
                        }
                        judged += 1
                        let count = sigma[0] > 0 ? sigma.count { $0 > bound } : 0
                        if counts[index][layer] != count {
                            wrong.append(
                                "\(units) \(defect), point \(point), layer \(layer + 1), ε \(threshold): "
                                    + "\(counts[index][layer]), not \(count)")
                        }
                    }
                }
            }
        }
    }
    #expect(wrong.isEmpty, "\(wrong.count) of \(judged): \(wrong.prefix(5))")
    #expect(judged >= 4000 && skipped * 1000 <= judged, "\(judged) judged, \(skipped) skipped")
    // The fast way it is: less than one in twenty of points and layers is too close to call.
    #expect(decompositions * 20 < judged / (absolute.count + relative.count), "\(decompositions) decomposed")
}

/// `JacobianChain.uncertainties` is what exactness rests on: the eigenvalues that are counted are well within.
@Test(arguments: [Activation.relu, .tanh]) func `Rounding is far below what is allowed for`(
    activation: Activation
) throws {
    var worst = 0.0
    let wide = [[784, 200, 200, 200, 10]]
    for (number, units) in (unitCounts + wide).enumerated() {
        for defect in [Defect.none, .rankDeficient, .twins] {
            let one = Case(units, activation, steps: 0, defect, seed: 100 + number)
            let shape = one.network.shape
            var chain = JacobianChain(
                one.layers, shape, lastRows: shape.units[shape.depth], inputs: one.points)
            for point in 0..<(units[0] < 784 ? one.points.rows : 1) {
                chain.advance(to: point)
                let jacobians = explicitJacobians(one.layers, activation, at: one.point(point))
                for (layer, factor) in chain.factors.enumerated() {
                    let order = min(factor.rows, factor.columns)
                    let gram = Matrix<Double>(rows: order, columns: order)
                    gram.setGram(of: factor, transposed: factor.rows > factor.columns)
                    let found = try gram.symmetricEigen().values.reversed()
                    let squares = singularValues(jacobians[layer]).map { $0 * $0 }
                    // σ² that a narrower factor has no place for are 0.
                    let all = found + [Double](repeating: 0, count: squares.count - found.count)
                    for (mine, theirs) in zip(all, squares) {
                        worst = max(worst, abs(mine - theirs) / chain.uncertainties[layer])
                    }
                }
            }
        }
    }
    #expect(worst < 0.1 && worst > 1e-5, "\(worst) of the allowance")
}

/// diag(10, 1, ε (1 + δ), ε (1 − δ)), where δ is beyond a Gram matrix.
@Test func `Singular values too close to call are computed`() {
    for (threshold, distance) in [(0.1, 1e-11), (1e-10, 0.5)] {
        let shape = StackShape(units: [4, 4, 4], activation: .relu)
        let layers = Parameters<Double>(stacks: [shape]).stacks[0]
        for (unit, value) in [10, 1, threshold * (1 + distance), threshold * (1 - distance)].enumerated() {
            layers[0].weight[unit, unit] = 1
            layers[0].bias[0, unit] = 1
            layers[1].weight[unit, unit] = value
        }
        var measure = LocalRank(
            shape, lastRows: 4,
            settings: LocalRankSettings(thresholds: [threshold], relative: [threshold / 10]))
        let result = measure.measure(layers, inputs: Matrix(rows: 3, columns: 4))
        #expect(result.absolute[0].map(\.mean) == [4, 3] && result.relative[0][1].mean == 3)
        #expect(result.absolute[0][1].standardError == 0)
        #expect(measure.decompositions == 3)
    }
}

/// With thresholds that no singular value is near, none is computed.
@Test func `Singular values far from thresholds are not computed`() {
    let one = Case([40, 20, 20, 20, 10], .relu, steps: 0, .none, seed: 1)
    var measure = LocalRank(
        one.network.shape, lastRows: 10, settings: LocalRankSettings(thresholds: [0.01], relative: [1e-3]))
    _ = measure.measure(one.layers, inputs: one.points)
    #expect(measure.decompositions == 0)
}
