import Text

/// The trials of a grid with their identifiers, asked for one after another: what a trial shares with one
/// before that differs from it in its seed alone is not made again. The same as the grid's and
/// `TrialID(of:)`, in a fraction of the time.
public struct TrialCache: Sendable {
    private let grid: Grid
    /// The place of the axis of seeds; nil where there is none.
    private let seed: Int?
    /// One of each point, by positions with the first seed: so many that workers in several places of the
    /// grid do not push each other's out.
    private var known: [[Int]: Trial] = [:]
    private static let most = 256
    private var identifier = TrialHasher()
    /// The last ones that were asked for, the latest first: few trials of a sweep differ in it.
    private var forms: [RecordForm] = []
    private static let maxForms = 16

    public init(_ grid: Grid) {
        self.grid = grid
        seed = grid.axes.firstIndex { $0.path == "seed" }
    }

    /// The trial at a place in the grid. Precondition: 0 ≤ index < the grid's count.
    public mutating func trial(at index: Int) -> Trial {
        guard let seed else { return grid[index] }
        let positions = grid.positions(at: index)
        var point = positions
        point[seed] = 0
        if let like = known[point] {
            return Trial(index: index, like: like, seed: grid.axes[seed].label(at: positions[seed]))
        }
        let trial = grid.trial(positions: positions, index: index)
        if known.count >= TrialCache.most { known.removeAll(keepingCapacity: true) }
        known[point] = trial
        return trial
    }

    /// The trial's identifier.
    public mutating func id(of trial: Trial) -> TrialID { identifier.id(of: trial.settings) }

    /// What the trial's record must hold.
    public mutating func form(of trial: Trial) -> RecordForm {
        if let place = forms.firstIndex(where: { $0.isForm(of: trial.settings) }) {
            let form = forms[place]
            if place > 0 { forms.swapAt(0, place) }
            return form
        }
        let form = RecordForm(of: trial.settings)
        if forms.count >= TrialCache.maxForms { forms.removeLast() }
        forms.insert(form, at: 0)
        return form
    }
}
