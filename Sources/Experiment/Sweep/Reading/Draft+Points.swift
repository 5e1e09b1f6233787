import Text

extension Draft {
    /// Checks that settings fit together, before any work: tests a set of points that covers all pairs of
    /// values of every two axes (for long axes: the ends and some values between), and all combinations of files.
    /// Conflicts among three or more other axes may remain undetected; they then fail as trials do.
    ///
    /// - Returns: the largest numbers among the tested points.
    func checkPoints(of grid: Grid, _ faults: inout Faults) -> LargestNumbers {
        var largest = LargestNumbers()
        var conflicts: [(conflict: PointConflict, positions: [Int], hits: Int)] = []
        var seen: [TrialSettings: [Int]] = [:]
        var visited = 0
        var longest: [[Int]: Int] = [:]
        var longestTraining = 0
        var sameTrial: (one: [Int], other: [Int])?
        var networks = NetworkSizes()
        for positions in tested(grid) {
            visited += 1
            var found: [PointConflict] = []
            let point = GridPoint(grid, positions)
            let settings = point.settings(&found)
            largest.take(settings)
            if case .steps(let listed) = settings.measures.traceAt {
                longest[listed] = max(longest[listed] ?? 0, settings.trainingSteps)
            }
            longestTraining = max(longestTraining, settings.trainingSteps)
            found += PointConflict.ofWeights(grid.weights, settings)
            found += PointConflict.ofActivations(settings)
            // A network on patches whose settings conflict isn't the one that was meant.
            let isListed = if case .layers = settings.model.architecture { true } else { false }
            if found.isEmpty || isListed {
                found += networks.conflicts(of: settings, named: point.listName)
            }
            for conflict in found {
                if let index = conflicts.firstIndex(where: { $0.conflict.path == conflict.path }) {
                    conflicts[index].hits += 1
                } else {
                    conflicts.append((conflict, positions, 1))
                }
            }
            if let other = seen.updateValue(positions, forKey: settings.withoutPatterns) {
                sameTrial = sameTrial ?? (other, positions)
            }
        }
        for (listed, steps) in longest.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            checkReached("measures.trace_at", listed, steps, &faults)
        }
        if case .steps(let listed) = grid.weights {
            checkReached("weights", listed, longestTraining, &faults)
        }
        for (conflict, positions, hits) in conflicts {
            let at = hits == visited ? "" : description(of: positions, in: grid.axes)
            let (location, shown) =
                given(conflict.path) ?? (mapping(lacking: conflict.lacking ?? conflict.path), conflict.path)
            faults.add(location, shown, .conflict(conflict.conflict, point: at))
        }
        guard conflicts.isEmpty, let (one, other) = sameTrial else { return largest }
        let unlike = grid.axes.indices.filter { one[$0] != other[$0] }.map { grid.axes[$0].path }
        let (location, shown) = unlike.first.flatMap(given) ?? (.wholeFile, "axes")
        faults.add(
            location, shown,
            .sameTrial(
                description(of: one, in: grid.axes), description(of: other, in: grid.axes), unused: unlike))
        return largest
    }

    /// The positions of the points that are tested.
    private func tested(_ grid: Grid) -> [[Int]] {
        let cover = PairCover(grid).points()
        guard grid.files != SweepFiles(), let files = grid.combinations(where: NamedFiles.depend) else {
            return cover
        }
        let covered = Set(cover)
        return cover + files.map(\.positions).filter { !covered.contains($0) }
    }

    /// Checks the listed steps at which to measure or to keep weights. Steps that no trial reaches would be
    /// left out silently. Trials may be too short for the list, as long as the longest one reaches all its
    /// steps.
    ///
    /// - Parameter steps: the number of steps of the longest trial.
    private func checkReached(_ path: String, _ listed: [Int], _ steps: Int, _ faults: inout Faults) {
        guard let step = listed.first(where: { $0 > steps }), let given = given(path) else { return }
        faults.add(
            given.location, given.shown, .conflict(.stepNotReached(step, of: steps, setting: path), point: "")
        )
    }

    /// The point as text, "depth=1, width=64": the axes with several values, without the seed.
    private func description(of positions: [Int], in axes: [Axis]) -> String {
        zip(axes, positions).filter { $0.0.path != "seed" && $0.0.count > 1 }.map { axis, position in
            "\(axis.path)=\(shortened(axis.labelText(at: position)))"
        }.joined(separator: ", ")
    }
}

extension PointConflict {
    /// Conflicts that prevent a trial's weights from being kept.
    fileprivate static func ofWeights(_ weights: KeptWeights, _ settings: TrialSettings) -> [PointConflict] {
        var conflicts: [PointConflict] = []
        let history = settings.historyBytes
        if history > KeptWeights.limit {
            conflicts.append(
                PointConflict("measures.trace_at", .historyTooLarge(history, limit: KeptWeights.limit)))
        }
        guard weights != .none else { return conflicts }
        if weights == .best, settings.measures.traceAt == .end {
            conflicts.append(PointConflict("weights", .noTrace))
        }
        let bytes = settings.parameterBytes * weights.maxFiles
        if bytes > KeptWeights.limit {
            conflicts.append(PointConflict("weights", .weightsTooLarge(bytes, limit: KeptWeights.limit)))
        }
        return conflicts
    }
}

/// The largest numbers that trials have.
struct LargestNumbers {
    /// Number of classes; 0 where there are none.
    private(set) var classes = 0
    /// Numbers of layers and of weight matrices of networks from files or lists, and of encoders; nil where other settings
    /// say them.
    private var counts: (layers: Int, matrices: Int)?

    /// Takes in a trial's numbers.
    mutating func take(_ settings: TrialSettings) {
        classes = max(classes, settings.dataset.facts.classes)
        let (layers, matrices): (Int, Int)
        switch settings.model {
        case .onnx(let graph): (layers, matrices) = (graph.layers.count, graph.matrices.count)
        case .network(.layers), .vib:
            let network = settings.networkDescription
            (layers, matrices) = (network.layerUnits.count, network.layers.count)
        case .mlp, .network: return
        }
        counts = (max(layers, counts?.layers ?? 0), max(matrices, counts?.matrices ?? 0))
    }

    /// The most numbers of a metric of layers in a record; nil where other settings say it.
    func count(of metric: Metric) -> Int? {
        counts.map {
            metric.indices(layers: $0.layers, matrices: $0.matrices, isDenseChain: false).count
        }
    }
}

/// Points of a grid that contain every pair of values of every two dimensions, as far as `where` allows.
struct PairCover {
    /// The most points.
    static let limit = 20_000

    private let grid: Grid
    /// For each dimension, the digits that are tried.
    private let digits: [[Int]]

    init(_ grid: Grid) {
        self.grid = grid
        let extremes = grid.dimensions.map { PairCover.extremes(of: $0, grid.axes) }
        var maximum = 64
        var digits: [[Int]] = []
        repeat {
            digits = zip(grid.dimensions, extremes).map { dimension, extremes in
                let isSeed = dimension.axes.allSatisfy { grid.axes[$0].path == "seed" }
                let spread = PairCover.spread(isSeed ? 1 : maximum, of: dimension.count)
                return isSeed ? spread : spread + extremes.filter { !spread.contains($0) }
            }
            maximum /= 2
        } while maximum >= 2 && PairCover.pairs(digits) > PairCover.limit
        self.digits = digits
    }

    /// The digits at which drawn axes have their smallest and largest values. Those of other rules are the first and the
    /// last. Of networks every one is tried, because each has shapes of its own.
    private static func extremes(of dimension: Grid.Dimension, _ axes: [Axis]) -> [Int] {
        var digits: [Int] = []
        for index in dimension.axes {
            if axes[index].path == "network" { return Array(0..<dimension.count) }
            guard case .drawn(let draws) = axes[index].values else { continue }
            let order = draws.numbers.indices.sorted { draws.numbers[$0] < draws.numbers[$1] }
            for digit in [order.first, order.last].compactMap(\.self) where !digits.contains(digit) {
                digits.append(digit)
            }
        }
        return digits
    }

    private static func spread(_ maximum: Int, of count: Int) -> [Int] {
        guard count > maximum else { return Array(0..<count) }
        guard maximum > 1 else { return [0] }
        return (0..<maximum).map { $0 * (count - 1) / (maximum - 1) }
    }

    private static func pairs(_ digits: [[Int]]) -> Int {
        let sum = digits.reduce(0) { $0 + $1.count }
        let squares = digits.reduce(0) { $0 + $1.count * $1.count }
        return (sum * sum - squares) / 2
    }

    /// The positions of each point on the axes. Each point occurs once.
    func points() -> [[Int]] {
        var points: [[Int]] = []
        var seen: Set<Int> = []
        func visit(_ chosen: [Int]) -> Bool {
            var positions = [Int](repeating: 0, count: grid.axes.count)
            for (dimension, digit) in zip(grid.dimensions, chosen) {
                for axis in dimension.axes { positions[axis] = digit }
            }
            guard let index = grid.index(ofPositions: positions) else { return false }
            if seen.insert(index).inserted { points.append(positions) }
            return true
        }
        // The grid's first, middle and last points are always included, whatever `where` drops.
        for index in [0, grid.count / 2, grid.count - 1] where seen.insert(index).inserted {
            points.append(grid.positions(at: index))
        }
        let bases = self.bases(points)
        for first in digits.indices {
            for second in digits.indices where second > first || digits.count == 1 {
                for one in digits[first] {
                    for other in digits[second] {
                        for base in bases {
                            var chosen = base
                            chosen[first] = one
                            if second != first { chosen[second] = other }
                            if visit(chosen) { break }
                        }
                    }
                }
            }
        }
        return points
    }

    /// Digits for the dimensions outside the pair. They are tried in turn until `where` keeps the point.
    private func bases(_ points: [[Int]]) -> [[Int]] {
        let first = grid.dimensions.map { _ in 0 }
        return [first] + points.map { positions in grid.dimensions.map { positions[$0.axes[0]] } }
    }
}
