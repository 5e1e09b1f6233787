/// The order in which a grid's trials are assigned. It is the grid's order, except that within each window of
/// 256 trials, those that may be trained together are adjacent, and equal costs among them too.
public struct TrialOrder: Sendable {
    /// A place in the order.
    public struct Place: Equatable, Sendable {
        /// The trial's index in the grid.
        public let trial: Int
        /// A number that trials of the window share if they have one `BatchKey`; nil: the trial is trained
        /// alone.
        public let group: Int?
        /// Estimated seconds of the trial when trained alone.
        public let seconds: Double
    }

    /// Number of trials in a window. It is small, so that points of the grid are finished soon after they
    /// begin, and axes that seeds share stay cached.
    public static let window = 256

    private let grid: Grid
    /// The place of the axis `seed`; nil where there is none.
    private let seed: Int?
    /// The places of the other axes that the batch key or the cost depends on.
    private let others: [Int]
    /// The batch key's number and the cost of trials with these positions, whatever their seed.
    private var kinds: [[Int]: (kind: Int?, seconds: Double)] = [:]
    private var groups: [BatchKey: Int] = [:]
    /// The first place of the window that was computed last, and its contents.
    private var first = 0
    private var places: [Place] = []

    private static let maxKnown = 4096

    /// The order of a grid's trials.
    public init(_ grid: Grid) {
        self.grid = grid
        seed = grid.axes.firstIndex { $0.path == "seed" }
        others = grid.axes.indices.filter { TrialOrder.depends(on: grid.axes[$0].path) }
    }

    private static func depends(on path: String) -> Bool {
        CostEstimate.depends(on: path) || ["training.loss", "biases"].contains(path)
    }

    /// The trial at a place, followed by those in its window that may be trained with it; where it is trained
    /// alone, followed by others that are too. Precondition: 0 ≤ place < the grid's count.
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

    /// Whether a trial's place is before this one. The last window computed must be that of this place or of
    /// the one before it.
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
        // Numbers groups in the order of their first trials.
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
    /// Trials that are trained alone come first, in grid order.
    fileprivate var rank: (Int, Double, Int) { (group ?? -1, group == nil ? 0 : seconds, trial) }
}
