/// The estimated costs of a grid's trials. Trials with equal costs are estimated once.
public struct TrialCosts: Sendable {
    /// The estimated cost of a trial.
    public struct Cost: Equatable, Sendable {
        /// Seconds of the whole trial on one core.
        public let seconds: Double
        /// The share of these seconds that follows the last training step.
        public let endSeconds: Double
    }

    private let grid: Grid
    /// Indices of the axes that a cost depends on.
    private let axes: [Int]
    private var known: [[Int]: Cost] = [:]
    private static let maxKnown = 4096

    /// The costs of a grid's trials; none is estimated yet.
    public init(_ grid: Grid) {
        self.grid = grid
        axes = grid.axes.indices.filter { CostEstimate.depends(on: grid.axes[$0].path) }
    }

    /// The cost of the trial with this index. Precondition: 0 ≤ trial < the grid's count.
    public mutating func cost(of trial: Int) -> Cost {
        let positions = grid.positions(at: trial)
        let key = axes.map { positions[$0] }
        if let cost = known[key] { return cost }
        let settings = grid.trial(positions: positions, index: trial).settings
        var (training, measures) = (CostEstimate.Speed.reference.secondsPerTrial, 0.0)
        for part in CostEstimate.parts(of: settings) {
            if part.name == "training" {
                training += part.cost.partSeconds()
            } else {
                measures += part.cost.partSeconds()
            }
        }
        let cost = Cost(
            seconds: training + measures,
            endSeconds: measures / Double(CostEstimate.Shape(settings).measurements))
        if known.count >= TrialCosts.maxKnown { known.removeAll() }
        known[key] = cost
        return cost
    }
}
