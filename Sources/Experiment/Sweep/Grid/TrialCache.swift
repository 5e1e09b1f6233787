import Text

/// A cache of a grid's trials and identifiers. Trials that differ only in their seed share everything else,
/// so that asking for one after another takes a fraction of the time. The results equal those of `Grid` and
/// `TrialID(of:)`.
public struct TrialCache: Sendable {
    private let grid: Grid
    /// Index of the axis `seed`; nil where there is none.
    private let seed: Int?
    /// One trial for each point, by positions with the first seed. There are enough that workers in different
    /// parts of the grid don't evict each other's.
    private var known: [[Int]: Trial] = [:]
    private static let capacity = 256
    private var identifier = TrialHasher()

    /// An empty cache for a grid.
    public init(_ grid: Grid) {
        self.grid = grid
        seed = grid.axes.firstIndex { $0.path == "seed" }
    }

    /// The trial at an index of the grid. Precondition: 0 ≤ index < the grid's count.
    public mutating func trial(at index: Int) -> Trial {
        guard let seed else { return grid[index] }
        let positions = grid.positions(at: index)
        var point = positions
        point[seed] = 0
        if let like = known[point] {
            return Trial(index: index, like: like, seed: grid.axes[seed].label(at: positions[seed]))
        }
        let trial = grid.trial(positions: positions, index: index)
        if known.count >= TrialCache.capacity { known.removeAll(keepingCapacity: true) }
        known[point] = trial
        return trial
    }

    /// The trial's identifier.
    public mutating func id(of trial: Trial) -> TrialID { identifier.id(of: trial.settings) }
}
