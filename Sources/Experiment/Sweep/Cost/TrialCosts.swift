/// The estimated costs of a grid's trials, one after another: trials that cost the same are estimated once.
public struct TrialCosts: Sendable {
    public struct Cost: Equatable, Sendable {
        /// Of the whole trial, on one core.
        public let seconds: Double
        /// Of those, what comes after the last training step.
        public let endSeconds: Double
    }

    private let grid: Grid
    /// The axes that a cost depends on.
    private let axes: [Int]
    private var known: [[Int]: Cost] = [:]
    private static let maxKnown = 4096

    public init(_ grid: Grid) {
        self.grid = grid
        axes = grid.axes.indices.filter { CostEstimate.depends(on: grid.axes[$0].path) }
    }

    /// Precondition: 0 ≤ trial < the grid's count.
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
