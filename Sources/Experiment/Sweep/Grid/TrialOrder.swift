/// The order in which a grid's trials are assigned. It is the grid's order, except that within each window of
/// 256 trials, those that may be trained together are adjacent, and equal costs among them too.
public struct TrialOrder: Sendable {
    /// An entry of the order.
    public struct Entry: Equatable, Sendable {
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
    /// Index of the axis `seed`; nil where there is none.
    private let seed: Int?
    /// The entries of the other axes that the batch key or the cost depends on.
    private let others: [Int]
    /// The batch key's number and the cost of trials with these positions, whatever their seed.
    private var kinds: [[Int]: (kind: Int?, seconds: Double)] = [:]
    private var groups: [BatchKey: Int] = [:]
    /// The first position of the window that was computed last, and its contents.
    private var first = 0
    private var entries: [Entry] = []

    private static let maxKnown = 4096

    /// The order of a grid's trials.
    public init(_ grid: Grid) {
        self.grid = grid
        seed = grid.axes.firstIndex { $0.path == "seed" }
        others = grid.axes.indices.filter { TrialOrder.depends(on: grid.axes[$0].path) }
    }

    private static func depends(on path: String) -> Bool {
        CostEstimate.depends(on: path) || path == "training.loss" || Setting[path: path]?.storage != nil
    }

    /// The trial at a position, followed by those in its window that may be trained with it; where it is trained
    /// alone, followed by others that are too. Precondition: 0 ≤ position < the grid's count.
    public mutating func run(from position: Int) -> ArraySlice<Entry> {
        load(position)
        let group = entries[position - first].group
        return entries[(position - first)...].prefix { $0.group == group }
    }

    /// The trial at a position. Precondition: 0 ≤ position < the grid's count.
    public mutating func trial(at position: Int) -> Int {
        load(position)
        return entries[position - first].trial
    }

    /// Whether a trial's position is before this one. The last window computed must be that of this position or of
    /// the one before it.
    public func isBefore(_ position: Int, trial: Int) -> Bool {
        let start = position / TrialOrder.window * TrialOrder.window
        if trial < start { return true }
        return first == start && entries.prefix(position - start).contains { $0.trial == trial }
    }

    private mutating func load(_ position: Int) {
        let start = position / TrialOrder.window * TrialOrder.window
        guard start != first || entries.isEmpty else { return }
        first = start
        let trials = start..<min(grid.count, start + TrialOrder.window)
        // Numbers groups in the order of their first trials.
        var numbers: [[Int]: Int] = [:]
        var counts: [Int] = []
        let found = trials.map { trial in
            let positions = grid.positions(at: trial)
            let (like, seconds) = kind(of: trial, positions)
            guard let like else { return Entry(trial: trial, group: nil, seconds: seconds) }
            let key = [like, seed.map { positions[$0] } ?? 0]
            let number = numbers[key] ?? counts.count
            if number == counts.count {
                numbers[key] = number
                counts.append(0)
            }
            counts[number] += 1
            return Entry(trial: trial, group: number, seconds: seconds)
        }
        entries = found.map { entry in
            guard let group = entry.group, counts[group] == 1 else { return entry }
            return Entry(trial: entry.trial, group: nil, seconds: entry.seconds)
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

extension TrialOrder.Entry {
    /// Trials that are trained alone come first, in grid order.
    fileprivate var rank: (Int, Double, Int) { (group ?? -1, group == nil ? 0 : seconds, trial) }
}
