/// What a whole grid costs at a speed.
public struct GridCost: Equatable, Sendable {
    /// Of all trials, on one core.
    public var seconds: Double
    /// Of the cheapest and the dearest trial.
    public var leastSeconds: Double
    public var maxSeconds: Double
    /// Whether trials were sampled because the settings that matter have too many combinations.
    public var isSampled: Bool
    /// Files of kept weights, of all trials, and their bytes without the headers.
    public var weightFiles: Double = 0
    public var weightBytes: Double = 0
    /// What `seconds` is made of: training first, then evaluation and the measures.
    public var parts: [Part] = []

    /// Of trials that train for epochs, how their data divide into batches: each kind once, in grid order.
    public var epochs: [Epoch] = []

    /// One pass over the training points in whole batches; the points that are left over are not trained on in
    /// it (another epoch's order leaves over others).
    public struct Epoch: Equatable, Sendable {
        public let points: Int
        public let batch: Int

        public var steps: Int { max(1, points / batch) }
        public var left: Int { max(0, points - steps * batch) }
    }

    /// More kinds are not listed.
    static let maxEpochs = 20

    public struct Part: Equatable, Sendable {
        /// "training", "evaluation", or a measure as sweep files name it.
        public let name: String
        /// Of all trials, on one core.
        public var seconds: Double
    }

    public var coreHours: Double { seconds / 3600 }

    fileprivate mutating func add(_ name: String, _ seconds: Double) {
        if let place = parts.firstIndex(where: { $0.name == name }) {
            parts[place].seconds += seconds
        } else {
            parts.append(Part(name: name, seconds: seconds))
        }
    }
}

extension Grid {
    /// Most trials whose costs are estimated one by one.
    static let costLimit = 20_000

    /// The cost of all trials. One trial is estimated for each combination of the axes that matter and
    /// counted as often as it stands in the grid; beyond 20 000 combinations, so many trials evenly spaced.
    public func cost(at speed: CostEstimate.Speed = .reference) -> GridCost {
        let groups = costGroups()
        var cost = GridCost(
            seconds: 0, leastSeconds: .infinity, maxSeconds: 0, isSampled: groups == nil)
        func add(_ trial: Trial, weight: Double) {
            var whole = CostEstimate()
            for part in CostEstimate.parts(of: trial.settings) {
                whole += part.cost
                // Starting and recording a trial count as its training.
                let own = part.name == "training" ? speed.secondsPerTrial : 0
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
            cost.leastSeconds = min(cost.leastSeconds, seconds)
            cost.maxSeconds = max(cost.maxSeconds, seconds)
        }
        if let groups {
            for (positions, weight) in groups { add(trial(positions: positions, index: 0), weight: weight) }
        } else {
            let weight = Double(count) / Double(Grid.costLimit)
            for sample in 0..<Grid.costLimit {
                add(self[Int(Double(sample) * weight)], weight: weight)
            }
        }
        return cost
    }

    /// Positions that stand for all trials of one cost, with how many they are; nil if there are too many.
    private func costGroups() -> [(positions: [Int], weight: Double)]? {
        var groups: [(positions: [Int], weight: Double)] = [([Int](repeating: 0, count: axes.count), 1)]
        func multiply(by parts: [(digits: [(place: Int, digit: Int)], weight: Double)]) -> Bool {
            guard groups.count * parts.count <= Grid.costLimit else { return false }
            groups = groups.flatMap { group in
                parts.map { part in
                    var positions = group.positions
                    for (place, digit) in part.digits {
                        for axis in dimensions[place].axes { positions[axis] = digit }
                    }
                    return (positions, group.weight * part.weight)
                }
            }
            return true
        }
        for (place, dimension) in dimensions.enumerated() where dimension.selection == nil {
            if matters(dimension) {
                guard dimension.count <= Grid.costLimit,
                    multiply(by: (0..<dimension.count).map { ([(place, $0)], 1) })
                else { return nil }
            } else {
                guard multiply(by: [([], Double(dimension.count))]) else { return nil }
            }
        }
        for selection in selections {
            guard let parts = costParts(of: selection), multiply(by: parts) else { return nil }
        }
        return groups
    }

    private func matters(_ dimension: Dimension) -> Bool {
        dimension.axes.contains { CostEstimate.depends(on: axes[$0].path) }
    }

    /// The combinations that a selection keeps, grouped by the digits of the dimensions that matter.
    private func costParts(
        of selection: Selection
    ) -> [(digits: [(place: Int, digit: Int)], weight: Double)]? {
        let places = selection.dimensions.filter { matters(dimensions[$0]) }
        guard !places.isEmpty else { return [([], Double(selection.kept.count))] }
        // A combination's digits of those places as one number.
        var counts: [Int: Double] = [:]
        for combination in selection.kept.indices {
            let key = places.reduce(0) { key, place in
                key * dimensions[place].count + selection.digit(of: combination, dimension: place)
            }
            counts[key, default: 0] += 1
            guard counts.count <= Grid.costLimit else { return nil }
        }
        // Sums of doubles depend on their order.
        return counts.sorted { $0.key < $1.key }.map { key, weight in
            var rest = key
            let digits = places.reversed().map { place in
                defer { rest /= dimensions[place].count }
                return (place: place, digit: rest % dimensions[place].count)
            }
            return (digits, weight)
        }
    }
}

extension TrialSettings {
    /// How many steps training has, of whole batches.
    public var trainingSteps: Int {
        switch training.duration {
        case .steps(let count): return count
        case .epochs(let count): return count * (epoch?.steps ?? 1)
        }
    }

    /// nil of trials that train for so many steps.
    var epoch: GridCost.Epoch? {
        guard case .epochs = training.duration else { return nil }
        return GridCost.Epoch(points: trainPoints ?? 60_000, batch: training.batchSize)
    }

    /// nil of data that are drawn anew for each batch.
    var trainPoints: Int? { dataset.facts.trainCount }
}
