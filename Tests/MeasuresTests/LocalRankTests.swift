import Glibc
import Learning
import LinearAlgebra
import Model
import TestSupport
import Testing

@testable import Measures

/// A random stack of dense layers, in double, and points for it.
private struct Network {
    var shape: StackShape
    var layers: [DenseLayer<Double>]
    var inputs: Matrix<Double>
    /// The rank that each weight matrix was made with.
    var ranks: [Int]
}

extension Network {
    /// - Parameter depth: of 1 to 4 layers; a unit count of a layer is 1 to 24.
    init(_ draws: inout Draws, depth: Int, activation: Activation, points: Int = 3) {
        var units = (0...depth).map { _ in draws.element(of: [1, 2, 3, 5, 8, 13, 24]) }
        // Now and then an input far wider than the rest, as of images.
        if draws.integer(in: 0...5) == 0 { units[0] = 60 }
        shape = StackShape(units: units, activation: activation)
        let parameters = Parameters<Double>(stacks: [shape])
        layers = parameters.stacks[0]
        ranks = []
        for layer in layers {
            let (rows, columns) = (layer.weight.rows, layer.weight.columns)
            let rank = draws.integer(in: 1...min(rows, columns))
            let left = draws.normals(rows, rank)
            let right = draws.normals(rank, columns)
            // Spread the singular values over the thresholds.
            for k in 0..<rank {
                let factor = pow(10, -Double(draws.integer(in: 0...25)) / 10) / Double(columns).squareRoot()
                for j in 0..<columns { right[k, j] *= factor }
            }
            layer.weight.setProduct(left, right)
            layer.bias.assign(draws.normals(1, rows), times: 0.3)
            ranks.append(rank)
        }
        inputs = draws.normals(points, units[0])
    }

    /// J_l at a point, l = 1 ..., as the definition has it.
    func jacobians(at point: Int) -> [Matrix<Double>] {
        var h = (0..<inputs.columns).map { inputs[point, $0] }
        var slopes: [Double]?
        var below = Matrix<Double>(rows: 0, columns: 0)
        return layers.map { layer in
            let weight = layer.weight
            let jacobian = Matrix<Double>(rows: weight.rows, columns: inputs.columns)
            for i in 0..<weight.rows {
                for j in 0..<inputs.columns {
                    guard let slopes else {
                        jacobian[i, j] = weight[i, j]
                        continue
                    }
                    jacobian[i, j] = slopes.indices.reduce(0) {
                        $0 + weight[i, $1] * slopes[$1] * below[$1, j]
                    }
                }
            }
            below = jacobian
            let p = (0..<weight.rows).map { i in
                h.indices.reduce(layer.bias[0, i]) { $0 + weight[i, $1] * h[$1] }
            }
            h = p.map(shape.activation.plain)
            slopes = p.map(shape.activation.plainSlope)
            return jacobian
        }
    }

    /// Active units of each hidden layer at a point.
    func active(at point: Int) -> [Int] {
        var h = (0..<inputs.columns).map { inputs[point, $0] }
        return layers.dropLast().map { layer in
            h = (0..<layer.weight.rows).map { i in
                max(0, h.indices.reduce(layer.bias[0, i]) { $0 + layer.weight[i, $1] * h[$1] })
            }
            return h.count { $0 > 0 }
        }
    }
}

/// The mean and standard error of a list, by the plain formula.
private func plain(_ counts: [Int]) -> (mean: Double, error: Double) {
    let n = Double(counts.count)
    let mean = counts.reduce(0.0) { $0 + Double($1) } / n
    let variance = counts.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / (n - 1)
    return (mean, counts.count > 1 ? (variance / n).squareRoot() : 0)
}

private func agrees(_ statistic: PointStatistic, _ counts: [Int]) -> Bool {
    let (mean, error) = plain(counts)
    return abs(statistic.mean - mean) < 1e-12 && abs(statistic.standardError - error) < 1e-12
}

private func isNear(_ values: [Double], _ bound: Double) -> Bool {
    values.contains { abs($0 - bound) < 1e-9 * bound }
}

private let thresholds = [1e-3, 0.01, 0.1, 0.3, 1]
private let relative = [1e-3, 0.01, 0.1, 0.5, 1]

@Test(arguments: [Activation.linear, .relu, .tanh, .gelu, .elu]) func `The fast ranks are the naive ones`(
    activation: Activation
) throws {
    let cases = 500
    var skipped = 0
    var compared = 0
    for seed in 0..<cases {
        var draws = Draws(10_000 * (1 + (Activation.allCases.firstIndex(of: activation) ?? 0)) + seed)
        let network = Network(&draws, depth: 1 + seed % 4, activation: activation)
        var measure = LocalRank(
            network.shape, lastRows: network.shape.units[network.shape.depth],
            settings: LocalRankSettings(thresholds: thresholds, relative: relative))
        let result = measure.measure(network.layers, inputs: network.inputs)
        let spectra = try (0..<network.inputs.rows).map { point in
            try network.jacobians(at: point).map { try $0.singularValues() }
        }
        for layer in 0..<network.shape.depth {
            let values = spectra.map { $0[layer] }
            for (index, threshold) in thresholds.enumerated() {
                if values.contains(where: { isNear($0, threshold) }) {
                    skipped += 1
                    continue
                }
                compared += 1
                let counts = values.map { $0.count { $0 > threshold } }
                #expect(
                    agrees(result.absolute[index][layer], counts),
                    "case \(seed), layer \(layer + 1), ε \(threshold)")
            }
            for (index, threshold) in relative.enumerated() {
                let largest = values.map { $0.first ?? 0 }
                // At ε = 1 it is σ_1 itself that is counted: not a close call.
                let close = zip(values, largest).contains { values, largest in
                    isNear(Array(values.dropFirst()), threshold * largest)
                }
                if close {
                    skipped += 1
                    continue
                }
                compared += 1
                let counts = zip(values, largest).map { values, largest in
                    largest > 0 ? values.count { $0 >= threshold * largest } : 0
                }
                #expect(
                    agrees(result.relative[index][layer], counts),
                    "case \(seed), layer \(layer + 1), relative \(threshold)")
            }
        }
    }
    #expect(compared > 5000 && skipped * 100 < compared, "\(skipped) of \(compared) skipped")
}

/// In single precision the Gram matrix of such a network miscounts at 1e-3.
@Test func `A network of image size is counted as the definition says`() throws {
    var draws = Draws(3)
    let shape = StackShape(units: [784, 200, 200, 10], activation: .relu)
    let parameters = Parameters<Double>(stacks: [shape])
    for layer in parameters.stacks[0] {
        let deviation = (2 / Double(layer.weight.columns)).squareRoot()
        layer.weight.assign(draws.normals(layer.weight.rows, layer.weight.columns), times: deviation)
    }
    let network = Network(
        shape: shape, layers: parameters.stacks[0], inputs: draws.normals(2, 784), ranks: [])
    var measure = LocalRank(
        shape, lastRows: 10, settings: LocalRankSettings(thresholds: thresholds, relative: relative))
    let result = measure.measure(network.layers, inputs: network.inputs)
    let spectra = try (0..<2).map { try network.jacobians(at: $0).map { try $0.singularValues() } }
    for layer in 0..<3 {
        for (index, threshold) in thresholds.enumerated() {
            let counts = spectra.map { $0[layer].count { $0 > threshold } }
            #expect(agrees(result.absolute[index][layer], counts), "layer \(layer + 1), ε \(threshold)")
        }
        for (index, threshold) in relative.enumerated() {
            let counts = spectra.map { values in values[layer].count { $0 >= threshold * values[layer][0] } }
            #expect(agrees(result.relative[index][layer], counts), "layer \(layer + 1), ε \(threshold)")
        }
    }
}

@Test func `Noise ranks and informative directions are the naive ones`() throws {
    let noise = [0.1, 1, 3]
    for seed in 0..<200 {
        var draws = Draws(70_000 + seed)
        let activation = [Activation.linear, .relu, .tanh][seed % 3]
        let network = Network(&draws, depth: 1 + seed % 3, activation: activation, points: 4)
        let last = network.shape.units[network.shape.depth]
        // A VIB's head: the first rows are the means.
        let latent = max(1, last / 2)
        let sigma = draws.normals(4, latent)
        for index in 0..<4 { for k in 0..<latent { sigma[index, k] = 0.02 + abs(sigma[index, k]) } }
        var measure = LocalRank(
            network.shape, lastRows: latent,
            settings: LocalRankSettings(thresholds: [0.1], noise: noise))
        let result = measure.measure(network.layers, inputs: network.inputs, sigma: sigma)
        var spectra: [[Double]] = []
        var means: [[Double]] = []
        for point in 0..<4 {
            let jacobian = network.jacobians(at: point)[network.shape.depth - 1].rows(0..<latent)
            means.append(try jacobian.singularValues())
            for k in 0..<latent {
                for j in 0..<jacobian.columns { jacobian[k, j] /= sigma[point, k] }
            }
            spectra.append(try jacobian.singularValues())
        }
        let depth = network.shape.depth
        #expect(agrees(result.absolute[0][depth - 1], means.map { $0.count { $0 > 0.1 } }), "case \(seed)")
        for (index, threshold) in noise.enumerated() {
            #expect(agrees(result.noise[index], spectra.map { $0.count { $0 > threshold } }), "case \(seed)")
        }
        let informative = spectra.map { $0.count { 0.5 * log(1 + $0 * $0) > 0.01 } }
        let directions = try #require(result.informativeDirections)
        #expect(agrees(directions, informative), "case \(seed)")
    }
}

@Test func `Active units are counted for re LU alone`() {
    for seed in 0..<60 {
        var draws = Draws(80_000 + seed)
        let network = Network(&draws, depth: 1 + seed % 4, activation: .relu, points: 5)
        var measure = LocalRank(
            network.shape, lastRows: network.shape.units[network.shape.depth],
            settings: LocalRankSettings(thresholds: [0.1]))
        let result = measure.measure(network.layers, inputs: network.inputs)
        let active = (0..<5).map { network.active(at: $0) }
        #expect(result.activeUnits.count == network.shape.depth - 1)
        for (layer, statistic) in result.activeUnits.enumerated() {
            #expect(agrees(statistic, active.map { $0[layer] }), "case \(seed), layer \(layer + 1)")
        }
    }
    var draws = Draws(1)
    let network = Network(&draws, depth: 3, activation: .tanh)
    var measure = LocalRank(
        network.shape, lastRows: network.shape.units[3], settings: LocalRankSettings(thresholds: [0.1]))
    #expect(measure.measure(network.layers, inputs: network.inputs).activeUnits.isEmpty)
}

@Test func `A dead layer leaves rank zero behind it`() {
    for seed in 0..<20 {
        var draws = Draws(90_000 + seed)
        let network = Network(&draws, depth: 3, activation: .relu)
        network.layers[1].bias.fill(-1e6)
        var measure = LocalRank(
            network.shape, lastRows: network.shape.units[3],
            settings: LocalRankSettings(thresholds: [1e-6, 0.1], relative: [0.01]))
        let result = measure.measure(network.layers, inputs: network.inputs)
        let dead = PointStatistic(mean: 0, standardError: 0)
        #expect(result.activeUnits[1] == dead)
        #expect(result.absolute.allSatisfy { $0[2] == dead } && result.relative[0][2] == dead)
        #expect(result.absolute[0][0].mean > 0)
    }
}

@Test func `The first layer's rank is that of its weights at every point`() throws {
    for seed in 0..<60 {
        var draws = Draws(95_000 + seed)
        let network = Network(&draws, depth: 1 + seed % 3, activation: seed % 2 == 0 ? .relu : .tanh)
        var measure = LocalRank(
            network.shape, lastRows: network.shape.units[network.shape.depth],
            settings: LocalRankSettings(thresholds: thresholds))
        let result = measure.measure(network.layers, inputs: network.inputs)
        let values = try network.layers[0].weight.singularValues()
        for (index, threshold) in thresholds.enumerated() {
            let count = values.count { $0 > threshold }
            #expect(
                result.absolute[index][0]
                    == PointStatistic(mean: Double(count), standardError: 0, maximum: count))
        }
    }
}

@Test func `No rank is above its bounds`() {
    for seed in 0..<300 {
        var draws = Draws(40_000 + seed)
        let activation = [Activation.linear, .relu, .tanh][seed % 3]
        let network = Network(&draws, depth: 2 + seed % 3, activation: activation, points: 1)
        var measure = LocalRank(
            network.shape, lastRows: network.shape.units[network.shape.depth],
            settings: LocalRankSettings(thresholds: [1e-5, 0.05]))
        let result = measure.measure(network.layers, inputs: network.inputs)
        for (layer, jacobian) in network.jacobians(at: 0).enumerated() {
            // rank(J_l) ≤ min rank(W_k), k ≤ l.
            let least = network.ranks[...layer].min() ?? 0
            #expect(result.absolute[0][layer].mean <= Double(least), "case \(seed), layer \(layer + 1)")
            // #{σ > ε} ≤ ‖J‖_F² / ε².
            let frobenius = jacobian.values.reduce(0) { $0 + $1 * $1 }
            #expect(result.absolute[1][layer].mean <= frobenius / 0.0025, "case \(seed), layer \(layer + 1)")
        }
    }
}

@Test func `Points beyond one part count as the others`() {
    var draws = Draws(61)
    let network = Network(&draws, depth: 3, activation: .relu, points: 1500)
    var measure = LocalRank(
        network.shape, lastRows: network.shape.units[3],
        settings: LocalRankSettings(thresholds: [0.1], relative: [0.1], noise: [1]))
    let sigma = Matrix<Double>(rows: 1500, columns: network.shape.units[3])
    sigma.fill(0.5)
    let whole = measure.measure(network.layers, inputs: network.inputs, sigma: sigma)
    let thirds = (0..<3).map { third in
        let part = third * 500..<third * 500 + 500
        return measure.measure(network.layers, inputs: network.inputs.rows(part), sigma: sigma.rows(part))
    }
    func mean(_ statistics: [PointStatistic]) -> Double { statistics.reduce(0) { $0 + $1.mean } / 3 }
    for layer in 0..<3 {
        #expect(abs(whole.absolute[0][layer].mean - mean(thirds.map { $0.absolute[0][layer] })) < 1e-12)
        #expect(abs(whole.relative[0][layer].mean - mean(thirds.map { $0.relative[0][layer] })) < 1e-12)
    }
    for layer in 0..<2 {
        #expect(abs(whole.activeUnits[layer].mean - mean(thirds.map { $0.activeUnits[layer] })) < 1e-12)
    }
    #expect(abs(whole.noise[0].mean - mean(thirds.map { $0.noise[0] })) < 1e-12)
}

@Test func `Weights in single precision are measured in double`() {
    for seed in 0..<30 {
        var draws = Draws(50_000 + seed)
        let network = Network(&draws, depth: 1 + seed % 4, activation: .relu)
        let single = Parameters<Float>(stacks: [network.shape])
        for (mine, theirs) in zip(single.stacks[0], network.layers) {
            mine.weight.assign(converting: theirs.weight)
            mine.bias.assign(converting: theirs.bias)
            theirs.weight.assign(converting: mine.weight)
            theirs.bias.assign(converting: mine.bias)
        }
        let inputs = Matrix<Float>(rows: network.inputs.rows, columns: network.inputs.columns)
        inputs.assign(converting: network.inputs)
        network.inputs.assign(converting: inputs)
        var measure = LocalRank(
            network.shape, lastRows: network.shape.units[network.shape.depth],
            settings: LocalRankSettings(thresholds: thresholds, relative: relative))
        let result = measure.measure(single.stacks[0], inputs: inputs)
        #expect(result == measure.measure(network.layers, inputs: network.inputs))
    }
}

@Test func `The standard error is the plain formula's`() {
    for counts in [[3], [3, 3, 3], [0, 1], [5, 2, 9, 9, 1, 0, 7], Array(0..<256)] {
        var tally = Tally(layers: 1, columns: 1)
        for count in counts { tally.add([[count]]) }
        let statistic = tally.statistic(layer: 0, 0)
        if counts.count > 1 { #expect(agrees(statistic, counts)) }
        if Set(counts).count == 1 { #expect(statistic.standardError == 0) }
    }
}

@Test func `Ranks of some columns are those of the explicit Jacobian's columns`() throws {
    let relative = [0.02, 0.3]
    for seed in 0..<120 {
        var draws = Draws(90_000 + seed)
        let activation: Activation = [.linear, .relu, .tanh][seed % 3]
        let network = Network(&draws, depth: 1 + seed % 4, activation: activation, points: 3)
        let inputs = network.shape.units[0]
        let columns = (0..<inputs).filter { $0 % 3 != 1 }
        var measure = LocalRank(
            network.shape, lastRows: network.shape.units[network.shape.depth],
            settings: LocalRankSettings(thresholds: [], relative: relative), columns: columns)
        let result = measure.measure(network.layers, inputs: network.inputs)
        for layer in 0..<network.shape.depth {
            let spectra = try (0..<3).map { point in
                let jacobian = network.jacobians(at: point)[layer]
                let part = Matrix<Double>(rows: jacobian.rows, columns: columns.count)
                for row in 0..<jacobian.rows {
                    for (position, column) in columns.enumerated() {
                        part[row, position] = jacobian[row, column]
                    }
                }
                return try part.singularValues()
            }
            for (index, threshold) in relative.enumerated() {
                let counts = spectra.map { sigma in
                    let largest = sigma.first ?? 0
                    return largest > 0 ? sigma.count { $0 >= threshold * largest } : 0
                }
                #expect(
                    agrees(result.relative[index][layer], counts), "case \(seed), layer \(layer + 1)")
            }
        }
    }
}
