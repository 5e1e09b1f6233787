/// The order in which a grid's trials are given away: the grid's, but that within each 256 of them trials that may be
/// trained together come one after another, those of equal cost side by side.
public struct TrialOrder: Sendable {
    public struct Place: Equatable, Sendable {
        /// The grid's index.
        public let trial: Int
        /// Of equal numbers are those of one `BatchKey`; nil: it is trained alone.
        public let group: Int?
        /// Estimated, of the trial alone.
        public let seconds: Double
    }

    /// Trials of a window: of few, so that what was begun is done soon, and the axes that seeds share are remembered.
    public static let window = 256

    private let grid: Grid
    /// The place of the axis of seeds; nil where there is none.
    private let seed: Int?
    /// Of the other axes that group or cost depend on.
    private let others: [Int]
    /// What the trials with these positions are, but for their seed.
    private var kinds: [[Int]: (kind: Int?, seconds: Double)] = [:]
    private var groups: [BatchKey: Int] = [:]
    /// The window that was last asked for: its first place, and what is there.
    private var first = 0
    private var places: [Place] = []

    private static let maxKnown = 4096

    public init(_ grid: Grid) {
        self.grid = grid
        seed = grid.axes.firstIndex { $0.path == "seed" }
        others = grid.axes.indices.filter { TrialOrder.depends(on: grid.axes[$0].path) }
    }

    private static func depends(on path: String) -> Bool {
        CostEstimate.depends(on: path) || ["training.loss", "biases"].contains(path)
    }

    /// What is given away at a place, and what follows in its window that may be trained with it, or is trained alone
    /// like it. Precondition: 0 ≤ place < the grid's count.
    public mutating func run(from place: Int) -> ArraySlice<Place> {
        load(place)
        let group = places[place - first].group
        return places[(place - first)...].prefix { $0.group == group }
    }

    /// The trial at a place. Precondition: 0 ≤ place < the grid's count.
    public mutating func trial(at place: Int) -> Int {
        load(place)
        return places[place - first].trial
    }

    /// Whether a trial's place is before this one; the window of this or the place before it was asked for last.
    public func isBefore(_ place: Int, trial: Int) -> Bool {
        let start = place / TrialOrder.window * TrialOrder.window
        if trial < start { return true }
        return first == start && places.prefix(place - start).contains { $0.trial == trial }
    }

    private mutating func load(_ place: Int) {
        let start = place / TrialOrder.window * TrialOrder.window
        guard start != first || places.isEmpty else { return }
        first = start
        let trials = start..<min(grid.count, start + TrialOrder.window)
        // In the order of their first trials: numbers are given as groups are met.
        var numbers: [[Int]: Int] = [:]
        var counts: [Int] = []
        let found = trials.map { trial in
            let positions = grid.positions(at: trial)
            let (like, seconds) = kind(of: trial, positions)
            guard let like else { return Place(trial: trial, group: nil, seconds: seconds) }
            let key = [like, seed.map { positions[$0] } ?? 0]
            let number = numbers[key] ?? counts.count
            if number == counts.count {
                numbers[key] = number
                counts.append(0)
            }
            counts[number] += 1
            return Place(trial: trial, group: number, seconds: seconds)
        }
        places = found.map { place in
            guard let group = place.group, counts[group] == 1 else { return place }
            return Place(trial: place.trial, group: nil, seconds: place.seconds)
        }.sorted { $0.rank < $1.rank }
    }

    private mutating func kind(of trial: Int, _ positions: [Int]) -> (kind: Int?, seconds: Double) {
        let point = others.map { positions[$0] }
        if let known = kinds[point] { return known }
        var settings = grid[trial].settings
        settings.seed = 0
        var kind: Int?
        if let group = BatchKey(settings) {
            kind = groups[group] ?? groups.count
            groups[group] = kind
        }
        if kinds.count >= TrialOrder.maxKnown { kinds.removeAll() }
        let found = (kind, CostEstimate(of: settings).seconds())
        kinds[point] = found
        return found
    }
}

extension TrialOrder.Place {
    /// Trials that are alone come first, as they are in the grid.
    fileprivate var rank: (Int, Double, Int) { (group ?? -1, group == nil ? 0 : seconds, trial) }
}
