import Learning
import LinearAlgebra
import Model

/// A mean over points with its standard error, and the largest value.
public struct PointStatistic: Equatable, Sendable {
    /// The mean over points.
    public var mean: Double
    /// Its standard error; 0 if all values are equal.
    public var standardError: Double
    /// The largest value.
    public var maximum = 0
}

/// The ranks to count in one pass (docs/measures.md).
public struct LocalRankSettings: Equatable, Sendable {
    /// The absolute thresholds ε of #{σ > ε}.
    public var thresholds: [Double]
    /// The relative thresholds ε of #{σ ≥ ε σ_1}.
    public var relative: [Double]
    /// The thresholds τ of #{σ(diag(1/σ_z(x)) J_μ(x)) > τ}, which need the encoder's σ_z.
    public var noise: [Double]

    /// Creates settings.
    public init(thresholds: [Double], relative: [Double] = [], noise: [Double] = []) {
        self.thresholds = thresholds
        self.relative = relative
        self.noise = noise
    }
}

/// The ranks of a network's Jacobians, averaged over points.
public struct LocalRankResult: Equatable, Sendable {
    /// Ranks at the absolute thresholds, [threshold][layer].
    public var absolute: [[PointStatistic]]
    /// Ranks at the relative thresholds, [threshold][layer].
    public var relative: [[PointStatistic]]
    /// Noise ranks of the last layer, [threshold].
    public var noise: [PointStatistic]
    /// Number of directions with more than 0.01 nats: ½ ln(1 + s²) > 0.01 for the singular values s that the
    /// noise ranks count; nil without σ_z.
    public var informativeDirections: PointStatistic?
    /// Number of units with φ' ≠ 0 in each hidden layer; empty unless the activation is ReLU.
    public var activeUnits: [PointStatistic]
}

/// Local rank: the mean over points of the rank of J_l(x) = ∂p_l/∂x, layer by layer (local rank, eq. 2–3).
///
/// J_l = W_l D_{l−1} W_{l−1} ··· D_1 W_1. `JacobianChain` carries narrow factors of J_l J_lᵀ from layer to
/// layer, and `RankCounter` counts without singular values except at the few points where one is too close to
/// a threshold. So every count equals that of the singular values in double.
///
/// Not continuous in the weights: a singular value within 1e-15 Π ‖W_k‖ of a threshold may be counted
/// either way.
public struct LocalRank {
    private let shape: StackShape
    private let lastRows: Int
    private let settings: LocalRankSettings
    private let columns: [Int]?
    private var counter: RankCounter
    /// Number of matrices so far whose singular values had to be computed.
    var decompositions: Int { counter.decompositions }

    /// Allocates memory for measuring stacks of one shape.
    ///
    /// - Parameters:
    ///   - shape: the stack whose layers are measured.
    ///   - lastRows: number of outputs of the last layer that count: all for an MLP, the K means for a VIB's
    ///     head.
    ///   - settings: the ranks to count.
    ///   - columns: the inputs whose columns of the Jacobians are ranked: partial ranks (rank diminishing,
    ///     eq. 5). nil means all.
    public init(
        _ shape: StackShape, lastRows: Int, settings: LocalRankSettings, columns: [Int]? = nil
    ) {
        precondition(columns.map { !$0.isEmpty && $0.allSatisfy((0..<shape.units[0]).contains) } ?? true)
        self.columns = columns
        self.shape = shape
        self.lastRows = lastRows
        self.settings = settings
        // No factor has more columns than the first layer's smaller side.
        let widest = min(columns?.count ?? shape.units[0], shape.units[1])
        let order = shape.units.dropFirst().map { min($0, widest) }.max() ?? 1
        counter = RankCounter(order: order)
    }

    /// Measures a network.
    ///
    /// - Parameters:
    ///   - layers: the stack, in any precision; computed in double.
    ///   - inputs: [points, inputs]
    ///   - sigma: [points, K], the encoder's σ(x), for noise ranks.
    public mutating func measure<Scalar: Real>(
        _ layers: [DenseLayer<Scalar>], inputs: Matrix<Scalar>, sigma: Matrix<Scalar>? = nil
    ) -> LocalRankResult {
        var tallies = Tallies(settings, shape)
        // Points are measured in parts: the activations of a part are held in double for all layers.
        for start in stride(from: 0, to: inputs.rows, by: LocalRank.pointsHeld) {
            let part = start..<min(inputs.rows, start + LocalRank.pointsHeld)
            add(layers, inputs.rows(part), sigma?.rows(part), to: &tallies)
        }
        return result(tallies, hasNoise: sigma != nil)
    }

    private static let pointsHeld = 1024

    private struct Tallies {
        var ranks: Tally
        var noise: Tally
        var active: Tally

        init(_ settings: LocalRankSettings, _ shape: StackShape) {
            ranks = Tally(layers: shape.depth, columns: settings.thresholds.count + settings.relative.count)
            noise = Tally(layers: 1, columns: settings.noise.count + 1)
            active = Tally(layers: shape.depth - 1, columns: 1)
        }
    }

    private mutating func add<Scalar: Real>(
        _ layers: [DenseLayer<Scalar>], _ inputs: Matrix<Scalar>, _ sigma: Matrix<Scalar>?,
        to tallies: inout Tallies
    ) {
        var chain = JacobianChain(layers, shape, lastRows: lastRows, inputs: inputs, columns: columns)
        let firstCounts = counts(chain, layer: 0, at: 0)
        // J_1 = W_1 at every point; all J_l are constant in a linear network.
        let isConstant = shape.activation == .linear || shape.depth == 1
        var ranks: [[Int]] = []
        for point in 0..<inputs.rows {
            if point == 0 || !isConstant {
                chain.advance(to: point)
                ranks = [firstCounts] + (1..<shape.depth).map { counts(chain, layer: $0, at: point) }
            }
            tallies.ranks.add(ranks)
            tallies.active.add(chain.activeUnits(at: point))
            if let sigma {
                let precisions = (0..<lastRows).map { 1 / Double(sigma[point, $0]) }
                tallies.noise.add([noiseCounts(chain, at: point, precisions)])
            }
        }
    }

    /// Ranks of one layer for every threshold: absolute ones first, then relative ones.
    private mutating func counts(_ chain: JacobianChain, layer: Int, at point: Int) -> [Int] {
        counter.counts(
            chain.factors[layer], absolute: settings.thresholds, relative: settings.relative,
            uncertainty: chain.uncertainties[layer],
            product: { chain.factorByProducts(layer, at: point) })
    }

    private mutating func noiseCounts(
        _ chain: JacobianChain, at point: Int, _ precisions: [Double]
    ) -> [Int] {
        let last = shape.depth - 1
        func scaled(_ factor: Matrix<Double>) -> Matrix<Double> {
            let result = Matrix<Double>(rows: lastRows, columns: factor.columns)
            result.assign(rows: Array(0..<lastRows), of: factor, times: precisions)
            return result
        }
        let largest = precisions.max() ?? 1
        return counter.counts(
            scaled(chain.factors[last]), absolute: settings.noise + [LocalRank.informative], relative: [],
            uncertainty: chain.uncertainties[last] * largest * largest,
            product: { scaled(chain.factorByProducts(last, at: point)) })
    }

    /// ½ ln(1 + s²) > 0.01 if s exceeds √(e^0.02 − 1).
    static let informative = 0.020201340026755776.squareRoot()

    private func result(_ tallies: Tallies, hasNoise: Bool) -> LocalRankResult {
        let absolute = settings.thresholds.count
        func layers(_ threshold: Int) -> [PointStatistic] {
            (0..<shape.depth).map { tallies.ranks.statistic(layer: $0, threshold) }
        }
        // Only ReLU units switch off.
        let hidden = shape.activation == .relu ? shape.depth - 1 : 0
        return LocalRankResult(
            absolute: settings.thresholds.indices.map { layers($0) },
            relative: settings.relative.indices.map { layers(absolute + $0) },
            noise: hasNoise ? settings.noise.indices.map { tallies.noise.statistic(layer: 0, $0) } : [],
            informativeDirections: hasNoise ? tallies.noise.statistic(layer: 0, settings.noise.count) : nil,
            activeUnits: (0..<hidden).map { tallies.active.statistic(layer: $0, 0) })
    }
}

/// Sums of counts and of their squares over points, as whole numbers, so that equal counts have a standard
/// error of exactly 0.
struct Tally {
    private var points = 0
    /// Sums, [layer][column], a column being a threshold.
    private var sums: [[Int]]
    private var squares: [[Int]]
    private var maxima: [[Int]]

    init(layers: Int, columns: Int) {
        sums = Array(repeating: Array(repeating: 0, count: columns), count: layers)
        (squares, maxima) = (sums, sums)
    }

    mutating func add(_ counts: [[Int]]) {
        points += 1
        for (layer, row) in counts.enumerated() {
            for (column, count) in row.enumerated() {
                sums[layer][column] += count
                squares[layer][column] += count * count
                maxima[layer][column] = max(maxima[layer][column], count)
            }
        }
    }

    func statistic(layer: Int, _ column: Int) -> PointStatistic {
        let (n, sum) = (points, sums[layer][column])
        // n² times the variance over points, exactly.
        let spread = n * squares[layer][column] - sum * sum
        let variance = n > 1 ? Double(spread) / (Double(n) * Double(n - 1)) : 0
        return PointStatistic(
            mean: Double(sum) / Double(max(1, n)), standardError: (variance / Double(max(1, n))).squareRoot(),
            maximum: maxima[layer][column])
    }
}
