/// The cost of a whole grid at a given speed.
public struct GridCost: Equatable, Sendable {
    /// Seconds of all trials on one core.
    public var seconds: Double
    /// Seconds of the cheapest trial.
    public var leastSeconds: Double
    /// Seconds of the most expensive trial.
    public var maxSeconds: Double
    /// Whether trials were sampled because the relevant settings have too many combinations.
    public var isSampled: Bool
    /// Number of files of kept weights, for all trials.
    public var weightFiles: Double = 0
    /// Bytes of these files, without their headers.
    public var weightBytes: Double = 0
    /// The parts of `seconds`: training, where networks are trained, then evaluation and the measures.
    public var parts: [Part] = []

    /// The most bytes that a trial with a network from a file takes; nil where networks are trained.
    public var memoryBytes: Int?

    /// How data divide into batches, for trials that train for epochs. Each division is listed once, in grid
    /// order.
    public var epochs: [Epoch] = []

    /// One pass over the training points in whole batches. It skips the remaining points; another epoch's
    /// order skips others.
    public struct Epoch: Equatable, Sendable {
        /// Number of training points.
        public let points: Int
        /// Points in a batch.
        public let batch: Int

        /// Number of steps in the pass.
        public var steps: Int { max(1, points / batch) }
        /// Number of points that the pass skips.
        public var left: Int { max(0, points - steps * batch) }
    }

    /// The most divisions that are listed.
    static let maxEpochs = 20

    /// A part of the cost.
    public struct Part: Equatable, Sendable {
        /// "training", "evaluation", or a measure's name in sweep files.
        public let name: String
        /// Seconds of all trials on one core.
        public var seconds: Double
    }

    /// Hours of all trials on one core.
    public var coreHours: Double { seconds / 3600 }

    fileprivate mutating func add(_ name: String, _ seconds: Double) {
        if let position = parts.firstIndex(where: { $0.name == name }) {
            parts[position].seconds += seconds
        } else {
            parts.append(Part(name: name, seconds: seconds))
        }
    }
}

extension Grid {
    /// The cost of all trials. One trial is estimated for each combination of values on the relevant axes,
    /// and counted as often as the combination occurs in the grid. Beyond 20 000 combinations, 20 000 evenly
    /// spaced trials are estimated instead.
    public func cost(at speed: CostEstimate.Speed = .reference) -> GridCost {
        let groups = combinations(where: CostEstimate.depends)
        var cost = GridCost(
            seconds: 0, leastSeconds: .infinity, maxSeconds: 0, isSampled: groups == nil)
        func add(_ trial: Trial, weight: Double) {
            var whole = CostEstimate()
            for (index, part) in CostEstimate.parts(of: trial.settings).enumerated() {
                whole += part.cost
                // Starting and recording a trial count as the first part.
                let own = index == 0 ? speed.secondsPerTrial : 0
                cost.add(part.name, weight * (part.cost.partSeconds(at: speed) + own))
            }
            let seconds = whole.seconds(at: speed)
            cost.seconds += weight * seconds
            let files = weights.files(steps: trial.settings.trainingSteps)
            cost.weightFiles += weight * Double(files)
            cost.weightBytes += weight * Double(files * trial.settings.parameterBytes)
            if let epoch = trial.settings.epoch, !cost.epochs.contains(epoch),
                cost.epochs.count < GridCost.maxEpochs
            {
                cost.epochs.append(epoch)
            }
            if let bytes = trial.settings.graphMemory {
                cost.memoryBytes = max(cost.memoryBytes ?? 0, bytes)
            }
            cost.leastSeconds = min(cost.leastSeconds, seconds)
            cost.maxSeconds = max(cost.maxSeconds, seconds)
        }
        if let groups {
            for (positions, weight) in groups { add(trial(positions: positions, index: 0), weight: weight) }
        } else {
            let weight = Double(count) / Double(Grid.combinationLimit)
            for sample in 0..<Grid.combinationLimit {
                add(self[Int(Double(sample) * weight)], weight: weight)
            }
        }
        return cost
    }
}

extension TrialSettings {
    /// Number of training steps, each with a whole batch.
    public var trainingSteps: Int {
        switch training.duration {
        case .steps(let count): return count
        case .epochs(let count): return count * (epoch?.steps ?? 1)
        }
    }

    /// How the data divide into batches; nil for trials that train for a number of steps.
    var epoch: GridCost.Epoch? {
        guard case .epochs = training.duration else { return nil }
        return GridCost.Epoch(points: trainPoints ?? 60_000, batch: training.batchSize)
    }

    /// Number of steps in a pass over the training points, by the published size of the data set; nil for data
    /// that are drawn anew for each batch.
    public var stepsPerEpoch: Int? {
        trainPoints.map { GridCost.Epoch(points: $0, batch: training.batchSize).steps }
    }

    /// Number of training points; nil for data that are drawn anew for each batch.
    var trainPoints: Int? { dataset.facts.trainCount }
}
