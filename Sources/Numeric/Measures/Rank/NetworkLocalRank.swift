import Learning
import LinearAlgebra
import Model

/// Local rank of a network with layers of any kind: the mean over points of the rank of J_l(x) = ∂p_l/∂x in
/// evaluation mode, p_l being the input of layer l's activation (after its normalisation; for the last layer,
/// the output).
///
/// Everything is computed in double. At each point the Jacobians of all layers cost one forward pass for each
/// input that they are taken in. Each is then counted from its smaller Gram matrix, [d, d] with d the smaller
/// of inputs and units: d² times the larger, plus 4/3 d³. The counts are those of the computed Jacobians'
/// singular values. With the 3072 inputs of a 32 × 32 image in three colours, a layer of as many units takes
/// tens of seconds per point: use a patch.
public struct NetworkLocalRank {
    private let settings: LocalRankSettings
    private let plan: TangentPlan
    private let layers: [NetworkLayer]
    private let hasReLU: Bool
    private var counter: RankCounter

    /// Allocates memory for measuring networks of one shape.
    ///
    /// - Parameters:
    ///   - inputs: the inputs that Jacobians are taken in; nil means all.
    ///   - hasReLU: whether to count active units.
    ///   - settings: the ranks to count.
    public init(_ shape: NetworkShape, inputs: [Int]?, hasReLU: Bool, settings: LocalRankSettings) {
        let values = shape.networkLayers.map { $0.value(.preActivation) }
        self.init(
            shape, TangentPlan(shape.plan, of: values, inputs: inputs), hasReLU: hasReLU, settings: settings)
    }

    /// The same with a plan for the layers' pre-activations.
    public init(_ shape: NetworkShape, _ plan: TangentPlan, hasReLU: Bool, settings: LocalRankSettings) {
        self.settings = settings
        self.plan = plan
        self.hasReLU = hasReLU
        layers = shape.networkLayers
        counter = RankCounter(order: layers.map { min($0.size.count, plan.inputs.count) }.max() ?? 1)
    }

    /// Measures a network. Everything is computed in double.
    ///
    /// - Parameters:
    ///   - points: [points, inputs]
    ///   - sigma: [points, K], an encoder's σ(x), for noise ranks of its last layer.
    public mutating func measure(
        _ network: Network<Float>, points: Matrix<Float>, sigma: Matrix<Float>? = nil
    ) -> LocalRankResult {
        let settings = settings
        func counts(
            _ counter: inout RankCounter, _ jacobian: Matrix<Double>, _ absolute: [Double],
            _ relative: [Double]
        ) -> [Int] {
            counter.counts(
                jacobian, absolute: absolute, relative: relative,
                uncertainty: JacobianChain.roundingErrors * Double.ulpOfOne * jacobian.squaredNorm,
                product: { jacobian })
        }
        var noise = sigma.map { NoiseRanks($0, settings, inputs: plan.inputs.count) }
        let last = layers.last?.value(.preActivation)
        var result = measure(
            Network<Double>(converting: network, points: 1), points: points,
            { if $0.value == last { noise?.add($0) { counts(&$0, $1, $2, []) } } },
            { counts(&$0, $1, settings.thresholds, settings.relative) })
        if let noise { noise.set(&result) }
        return result
    }

    /// Measures a network in single precision, for networks that would take too long in double. A count may be
    /// off where a singular value is within 10⁻⁶ σ_1 of a threshold, or within half a percent of it.
    ///
    /// - Parameters:
    ///   - points: [points, inputs]
    ///   - onJacobian: called with each layer's Jacobian, point after point.
    public mutating func measureInSingle(
        _ network: Network<Float>, points: Matrix<Float>,
        onJacobian: (NetworkTangents<Float>.Jacobian) -> Void = { _ in }
    ) -> LocalRankResult {
        let settings = settings
        return measure(network, points: points, onJacobian) { counter, jacobian in
            counter.counts(jacobian, absolute: settings.thresholds, relative: settings.relative)
        }
    }

    private mutating func measure<Scalar: Real>(
        _ network: Network<Scalar>, points: Matrix<Float>,
        _ onJacobian: (NetworkTangents<Scalar>.Jacobian) -> Void = { _ in },
        _ count: (inout RankCounter, Matrix<Scalar>) -> [Int]
    ) -> LocalRankResult {
        let values = layers.map { $0.value(.preActivation) }
        let tangents = NetworkTangents(network, plan)
        var ranks = Tally(
            layers: layers.count, columns: settings.thresholds.count + settings.relative.count)
        var active = Tally(layers: layers.count - 1, columns: 1)
        let point = Matrix<Scalar>(rows: 1, columns: points.columns)
        for row in 0..<points.rows {
            point.assign(converting: points.rows(row..<row + 1))
            var found = [[Int]](repeating: [], count: layers.count)
            var activeUnits = [[Int]](repeating: [0], count: layers.count - 1)
            func countActive(_ value: Int, _ numbers: Matrix<Scalar>) {
                guard hasReLU else { return }
                for (layer, own) in values.dropLast().enumerated() where own == value {
                    activeUnits[layer] = [numbers.values.count { $0 > 0 }]
                }
            }
            tangents.forEachJacobian(at: point, onValue: countActive) { jacobian in
                onJacobian(jacobian)
                let counts = count(&counter, jacobian.transposed)
                for (layer, own) in values.enumerated() where own == jacobian.value { found[layer] = counts }
            }
            ranks.add(found)
            active.add(activeUnits)
        }
        func statistics(_ column: Int) -> [PointStatistic] {
            layers.indices.map { ranks.statistic(layer: $0, column) }
        }
        let absolute = settings.thresholds.count
        return LocalRankResult(
            absolute: settings.thresholds.indices.map(statistics),
            relative: settings.relative.indices.map { statistics(absolute + $0) }, noise: [],
            informativeDirections: nil,
            activeUnits: hasReLU ? layers.indices.dropLast().map { active.statistic(layer: $0, 0) } : [])
    }
}

/// The noise ranks of an encoder's last layer, counted point after point.
private struct NoiseRanks {
    private let sigma: Matrix<Float>
    private let thresholds: [Double]
    private var counter: RankCounter
    private var tally: Tally
    private let scaled: Matrix<Double>
    private var point = 0

    init(_ sigma: Matrix<Float>, _ settings: LocalRankSettings, inputs: Int) {
        self.sigma = sigma
        thresholds = settings.noise + [LocalRank.informative]
        counter = RankCounter(order: min(sigma.columns, inputs))
        tally = Tally(layers: 1, columns: thresholds.count)
        scaled = Matrix(rows: inputs, columns: sigma.columns)
    }

    /// Adds the next point's Jacobian, whose columns are divided by σ first.
    mutating func add(
        _ jacobian: NetworkTangents<Double>.Jacobian,
        _ counts: (inout RankCounter, Matrix<Double>, [Double]) -> [Int]
    ) {
        let scaled = scaled.prefix(rows: jacobian.transposed.rows, columns: jacobian.transposed.columns)
        scaled.assign(jacobian.transposed)
        let deviations = jacobian.units.all.map { Double(sigma[point, Int($0)]) }
        for row in 0..<scaled.rows {
            scaled.withRow(row) { numbers in
                for column in deviations.indices { numbers[column] /= deviations[column] }
            }
        }
        tally.add([counts(&counter, scaled, thresholds)])
        point += 1
    }

    func set(_ result: inout LocalRankResult) {
        result.noise = thresholds.indices.dropLast().map { tally.statistic(layer: 0, $0) }
        result.informativeDirections = tally.statistic(layer: 0, thresholds.count - 1)
    }
}
