import Model

/// An estimate of a trial's cost: counts of its floating-point operations. The speeds are measured constants.
///
/// Counted (n_l units in layer l, B points in a batch, P evaluated points, S steps):
/// - training: 6 n_l n_{l−1} B per step and layer (forward, weight gradient, input gradient), 4 for the first
///   layer, which needs no input gradient; for a VIB also the 2K units of the head, and the decoder;
/// - the optimizer's pass over the parameters, and one normal variate for each number drawn;
/// - evaluation: 2 n_l n_{l−1} per point; for a VIB the decoder once more for each sample of z;
/// - a measure in the catalogue's table, at its points: a forward pass, and for each layer a Gram matrix with
///   its reduction; a measure of gradients: as many training steps as it takes mini-batches;
/// - the log-determinant regulariser: a Gram matrix, its factor and two solutions with it per step and layer;
/// - local rank, for each of its points and each layer l ≥ 2: the product that extends the Jacobian
///   (2 n_l n_{l−1} r, r = min(n_0, n_1)), the Gram matrix of its smaller side m (m² max), and that
///   matrix's reduction to tridiagonal form (4/3 m³).
///
/// Not counted: reading data, start-up, waiting. Expect a factor of two, either way.
public struct CostEstimate: Equatable, Sendable {
    /// Floating-point operations in matrix products.
    public var products: Double = 0
    /// Floating-point operations in reductions to tridiagonal form, in double precision.
    public var reductions: Double = 0
    /// Parameters that the optimizer moves, times steps.
    public var updates: Double = 0
    /// Number of normal variates drawn.
    public var variates: Double = 0
    /// Number of training steps.
    public var steps: Double = 0

    /// The speed of one core.
    public struct Speed: Equatable, Sendable {
        /// Floating-point operations per second in matrix products.
        public var productsPerSecond: Double
        /// Floating-point operations per second in reductions, in double precision.
        public var reductionsPerSecond: Double
        /// Parameters moved per second by the optimizer.
        public var updatesPerSecond: Double
        /// Normal variates drawn per second.
        public var variatesPerSecond: Double
        /// Seconds per step in addition to its arithmetic.
        public var secondsPerStep: Double
        /// Seconds per trial in addition to its steps: sending, recording, setting up.
        public var secondsPerTrial: Double

        /// A speed with these values.
        public init(
            productsPerSecond: Double, reductionsPerSecond: Double, updatesPerSecond: Double,
            variatesPerSecond: Double, secondsPerStep: Double, secondsPerTrial: Double
        ) {
            self.productsPerSecond = productsPerSecond
            self.reductionsPerSecond = reductionsPerSecond
            self.updatesPerSecond = updatesPerSecond
            self.variatesPerSecond = variatesPerSecond
            self.secondsPerStep = secondsPerStep
            self.secondsPerTrial = secondsPerTrial
        }

        /// One core of a recent server with AVX-512 and well-chosen kernels. The speed was fitted to the
        /// recipes' trials, whose times it predicts to within 15 %.
        public static let reference = Speed(
            productsPerSecond: 95e9, reductionsPerSecond: 2e9, updatesPerSecond: 1.5e9,
            variatesPerSecond: 100e6, secondsPerStep: 35e-6, secondsPerTrial: 0.6e-3)
    }

    /// No cost.
    public init() {}

    /// Seconds on one core, including the constant cost of a trial.
    public func seconds(at speed: Speed = .reference) -> Double {
        partSeconds(at: speed) + speed.secondsPerTrial
    }

    /// Seconds on one core, without the constant cost of a trial.
    func partSeconds(at speed: Speed = .reference) -> Double {
        products / speed.productsPerSecond + reductions / speed.reductionsPerSecond
            + updates / speed.updatesPerSecond + variates / speed.variatesPerSecond
            + steps * speed.secondsPerStep
    }

    /// The settings that an estimate depends on, in addition to everything under "dataset".
    static let settings = [
        "file", "layers", "encoder", "network", "depth", "width", "hidden", "bottleneck", "normalisation",
        "groups",
        "residual",
        "shortcut", "patch", "heads", "mlp_ratio", "token_ratio", "pool", "dropout",
        "training.batch_size",
        "training.steps", "training.epochs", "training.log_det.weight", "training.log_det.layers",
        "measures.trace_at", "measures.samples", "measures.local_rank", "measures.local_rank.points",
        "measures.local_rank.patch", "measures.local_rank.columns", "measures.weight_norms",
        "measures.weight_norms.tolerance",
    ]

    static func depends(on path: String) -> Bool {
        path == "dataset" || path.hasPrefix("dataset.") || path.hasPrefix("network.")
            || settings.contains(path)
            || MeasureCatalogue.listedPaths.contains(path)
    }
}

extension CostEstimate {
    /// The estimated cost of a trial.
    public init(of trial: TrialSettings) {
        for part in CostEstimate.parts(of: trial) { self += part.cost }
    }

    static func += (sum: inout CostEstimate, part: CostEstimate) {
        sum.products += part.products
        sum.reductions += part.reductions
        sum.updates += part.updates
        sum.variates += part.variates
        sum.steps += part.steps
    }

    /// A part of a trial's cost.
    struct Part {
        /// "training", "evaluation", or a measure's name in sweep files.
        let name: String
        var cost = CostEstimate()
    }

    static func parts(of trial: TrialSettings) -> [Part] {
        let shape = Shape(trial)
        var training = Part(name: "training")
        training.cost.add(trainingOf: trial, shape)
        var evaluation = Part(name: "evaluation")
        evaluation.cost.add(evaluationOf: trial, shape)
        var parts = trial.graph == nil ? [training, evaluation] : [evaluation]
        let times = Double(shape.measurements)
        if let rank = trial.measures.localRank {
            var part = Part(name: MeasureDeclaration.localRank.name)
            if let graph = trial.graph {
                part.cost.add(rank, of: graph, shape)
            } else if trial.model.architecture == nil {
                part.cost.add(rank, shape, times: times)
            } else {
                part.cost.add(rank, ofNetwork: shape, times: times)
            }
            parts.append(part)
        }
        if trial.measures.weightNorms != nil {
            var part = Part(name: "weight_norms")
            part.cost.add(weightNormsOf: shape, times: times)
            parts.append(part)
        }
        for measure in trial.measures.requested {
            var part = Part(name: measure.name)
            part.cost.add(measure, trial, shape, times: times)
            parts.append(part)
        }
        return parts
    }

    private mutating func add(trainingOf trial: TrialSettings, _ shape: Shape) {
        let batch = Double(trial.training.batchSize)
        steps = Double(shape.steps)
        for (layer, weights) in shape.weights.enumerated() {
            products += steps * batch * Double(weights) * (layer == 0 ? 4 : 6)
            updates += steps * Double(weights) / Double(shape.positions[layer])
        }
        products += steps * batch * Double(shape.others) * 6
        for layer in trial.training.logDet?.layers ?? [] {
            let units = Double(shape.jacobianUnits[layer - 1])
            let small = min(batch, units)
            // Double precision has half the speed.
            products += steps * (6 * batch * units * small + small * small * small)
        }
        if trial.dataset.facts.trainCount == nil {
            variates += Double(shape.inputs + shape.outputs) * steps * batch
        }
        if case .vib(_, let bottleneck, _, _) = trial.model {
            variates += Double(bottleneck) * steps * batch
        }
        variates += Double(shape.noise) * steps * batch
    }

    private mutating func add(evaluationOf trial: TrialSettings, _ shape: Shape) {
        let times = Double(shape.measurements)
        if trial.dataset.facts.trainCount == nil {
            variates += Double(shape.inputs + shape.outputs) * Double(shape.testPoints)
        }
        let evaluated = trial.graph != nil && trial.dataset.facts.classes == 0 ? 0 : shape.testPoints
        products += 2 * times * Double(evaluated) * Double(shape.multiplications)
        if case .vib(_, let bottleneck, _, _) = trial.model {
            let samples = Double(trial.measures.samples)
            variates += Double(bottleneck) * times * samples * Double(shape.testPoints)
            products += 2 * times * samples * Double(shape.testPoints * shape.decoderWeights)
        }
    }

    private mutating func add(
        _ measure: RequestedMeasure, _ trial: TrialSettings, _ shape: Shape, times: Double
    ) {
        if measure.settings["points"] != nil { add(pointsOf: measure, trial, shape, times: times) }
        if measure.name == MeasureDeclaration.partialRank.name {
            add(partialRank: measure, trial, shape, times: times)
        }
        if measure.name == MeasureDeclaration.truncation.name {
            add(truncation: measure, shape, times: times)
        }
        // A mini-batch's gradient costs as much as a training step.
        if let batches = measure.settings["batches"]?.number {
            let forward = Double(shape.multiplications)
            products += 6 * times * batches * Double(trial.training.batchSize) * forward
            updates += 2 * times * batches * forward
        }
        addSpectra(of: measure, shape, times: times)
    }

    /// Adds a forward pass and, for each layer, the Gram matrix of its activations with its reduction,
    /// whatever the measure derives from them.
    private mutating func add(
        pointsOf measure: RequestedMeasure, _ trial: TrialSettings, _ shape: Shape, times: Double
    ) {
        var points = Double(measure.testPoints ?? shape.testPoints)
        if measure.testPoints == nil { points += Double(trial.trainPoints ?? 0) }
        products += 2 * times * points * Double(shape.multiplications)
        for units in shape.jacobianUnits {
            let small = min(points, Double(units))
            products += times * small * Double(units) * points
            reductions += times * 4 / 3 * small * small * small
        }
    }

    mutating func add(_ rank: TrialSettings.LocalRank, _ shape: Shape, times: Double) {
        let points = times * Double(rank.points)
        let columns = Double(min(shape.inputs, shape.jacobianUnits.first ?? 1))
        for (layer, units) in shape.jacobianUnits.enumerated() where layer > 0 {
            let rows = Double(units)
            let small = min(rows, columns)
            products += points * (2 * rows * Double(shape.jacobianUnits[layer - 1]) * columns)
            products += points * small * small * max(rows, columns)
            reductions += points * 4 / 3 * small * small * small
        }
    }

    /// Adds a forward pass for each input of the Jacobian, and each layer's Gram matrix with its reduction.
    mutating func add(_ rank: TrialSettings.LocalRank, ofNetwork shape: Shape, times: Double) {
        let points = times * Double(rank.points)
        let columns = Double(rank.patch.flatMap { shape.image?.patch(side: $0).count } ?? shape.inputs)
        // Double precision has half the speed.
        products += 4 * points * columns * Double(shape.multiplications)
        for units in shape.jacobianUnits {
            let (small, large) = (min(columns, Double(units)), max(columns, Double(units)))
            products += points * 2 * small * small * large
            reductions += points * 4 / 3 * small * small * small
        }
    }

    /// The sizes that the counts depend on.
    struct Shape {
        let inputs: Int
        let outputs: Int
        let testPoints: Int
        let steps: Int
        /// The slowdown of a convolution's operations against a dense layer's, including its normalisation
        /// and activation: its products are narrow, and the numbers under a window of more than a pixel are gathered first.
        /// Measured.
        static let ofConvolution = 4
        /// Number of weights in each layer, the decoder's last. A convolution's weights count once per output
        /// pixel, times `ofConvolution`.
        let weights: [Int]
        /// The factor by which each layer's weights are counted in `weights`.
        let positions: [Int]
        /// Multiplications of a point's operations without weights.
        let others: Int
        /// Random numbers that a training step takes for each point, beside a VIB's.
        let noise: Int
        let decoderWeights: Int
        /// Units of each layer whose Jacobian is measured.
        let jacobianUnits: [Int]
        /// The sizes of the weight matrices whose norms are measured.
        let matrices: [(rows: Int, columns: Int)]
        /// Number of measurements, including the one at the end.
        let measurements: Int
        /// The size of a point; nil where points aren't images.
        let image: ImageSize?
        /// Multiplications of a forward pass of one point.
        var multiplications: Int { weights.reduce(0, +) + others }

        init(_ trial: TrialSettings) {
            let data = trial.dataset.facts
            (inputs, outputs, testPoints) = (data.input.count, data.outputs, data.testCount)
            steps = trial.trainingSteps
            let network = trial.networkDescription
            if let graph = trial.graph {
                // The products of all layers count as one layer's weights.
                (weights, positions, others, noise, decoderWeights) = ([graph.cost], [1], 0, 0, 0)
                (jacobianUnits, measurements, image) = (graph.layers.map(\.units), 1, nil)
                matrices = graph.matrices.map { ($0.rows, $0.columns) }
                return
            }
            let plans = network.plans
            let layers = plans.map(\.weights)
            jacobianUnits = network.layerUnits
            noise = plans.reduce(0) { $0 + $1.noiseCount }
            others = plans.flatMap(\.nodes).reduce(0) { $0 + $1.operation.multiplications }
            positions = plans.flatMap { plan in
                plan.weights.map { layer in
                    let operation = plan.nodes[layer.node].operation as? ConvolutionOperation
                    let isDense = operation?.window.isPointwise ?? true
                    return layer.size.pixels * (isDense ? 1 : Shape.ofConvolution)
                }
            }
            weights = zip(layers.joined(), positions).map { $0.region.range.count * $1 }
            matrices =
                network.isDenseChain
                ? zip(jacobianUnits, weights).filter { $0.0 > 0 }.map { ($0, $1 / $0) }
                : network.layers.map { ($0.region.rows, $0.region.columns) }
            decoderWeights = layers.dropFirst().joined().reduce(0) { $0 + $1.region.range.count }
            image = data.input.pixels > 1 ? data.input : nil
            switch trial.measures.traceAt {
            case .end: measurements = 1
            case .linear(let count), .log(let count): measurements = 1 + min(count, steps)
            case .epochs(let count): measurements = 2 + steps / (count * (trial.stepsPerEpoch ?? 1))
            case .steps(let listed): measurements = 1 + listed.count
            }
        }
    }
}
