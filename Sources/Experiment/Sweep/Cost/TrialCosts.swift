import Glibc

/// The estimated costs of a grid's trials. Trials with equal costs are estimated once, and form a class.
public struct TrialCosts: Sendable {
    /// The estimated cost of a trial.
    public struct Cost: Equatable, Sendable {
        /// Seconds of the whole trial on one core.
        public let seconds: Double
        /// Those of them that evaluate and measure the network.
        public let measuringSeconds: Double
        /// The share of `measuringSeconds` that follows the last training step.
        public let endSeconds: Double

        /// Creates a cost from its parts.
        public init(seconds: Double, measuringSeconds: Double = 0, endSeconds: Double = 0) {
            self.seconds = seconds
            self.measuringSeconds = measuringSeconds
            self.endSeconds = endSeconds
        }
    }

    /// Trials that cost the same, or nearly the same where there are very many costs.
    public struct Class: Equatable, Sendable {
        /// The cost of each trial, or of the first one seen.
        public let cost: Cost
        /// The position on each axis that costs depend on; empty where trials of several positions are one class.
        public let positions: [Int]

        /// Creates a class.
        public init(_ cost: Cost, positions: [Int] = []) {
            self.cost = cost
            self.positions = positions
        }
    }

    private let grid: Grid
    /// Indices of the axes that a cost depends on.
    private let axes: [Int]
    /// Whether each combination of their positions is a class.
    private let isExact: Bool
    private var numbers: [[Int]: Int] = [:]
    /// Classes by their cost, where costs that are nearly equal form one.
    private var bins: [Int: Int] = [:]
    /// The classes of the trials that were asked for.
    public private(set) var classes: [Class] = []

    private static let maxKnown = 4096
    private static let maxClasses = 1024
    /// Classes for each factor of e between costs, where there are too many combinations.
    private static let binsPerFold = 12.0

    /// The costs of a grid's trials; none is estimated yet.
    public init(_ grid: Grid) {
        self.grid = grid
        axes = grid.axes.indices.filter { CostEstimate.depends(on: grid.axes[$0].path) }
        isExact = axes.reduce(1.0) { $0 * Double(grid.axes[$1].count) } <= Double(TrialCosts.maxClasses)
    }

    /// The cost of the trial with this index. Precondition: 0 ≤ trial < the grid's count.
    public mutating func cost(of trial: Int) -> Cost { classes[number(of: trial)].cost }

    /// The index into `classes` of the trial's class. Precondition: 0 ≤ trial < the grid's count.
    public mutating func number(of trial: Int) -> Int { number(at: grid.positions(at: trial)) }

    /// The number of trials in each class, by the index into `classes`. Where costs depend on too many
    /// combinations, it is estimated from some 20 000 trials.
    public mutating func counts() -> [Double] {
        var counts: [Double] = []
        func add(_ number: Int, _ weight: Double) {
            while counts.count <= number { counts.append(0) }
            counts[number] += weight
        }
        if let groups = grid.combinations(where: CostEstimate.depends) {
            for (positions, weight) in groups { add(number(at: positions), weight) }
        } else {
            let weight = Double(grid.count) / Double(Grid.combinationLimit)
            for sample in 0..<Grid.combinationLimit {
                add(number(of: Int(Double(sample) * weight)), weight)
            }
        }
        return counts
    }

    private mutating func number(at positions: [Int]) -> Int {
        let key = axes.map { positions[$0] }
        if let number = numbers[key] { return number }
        let cost = estimate(positions)
        var number = classes.count
        if !isExact {
            let bin = Int((log(max(cost.seconds, 1e-9)) * TrialCosts.binsPerFold).rounded())
            number = bins[bin] ?? number
            bins[bin] = number
        }
        if number == classes.count { classes.append(Class(cost, positions: isExact ? key : [])) }
        if !isExact, numbers.count >= TrialCosts.maxKnown { numbers.removeAll() }
        numbers[key] = number
        return number
    }

    private func estimate(_ positions: [Int]) -> Cost {
        let settings = grid.trial(positions: positions, index: 0).settings
        var (training, measures) = (CostEstimate.Speed.reference.secondsPerTrial, 0.0)
        for part in CostEstimate.parts(of: settings) {
            if part.name == "training" {
                training += part.cost.partSeconds()
            } else {
                measures += part.cost.partSeconds()
            }
        }
        return Cost(
            seconds: training + measures, measuringSeconds: measures,
            endSeconds: measures / Double(CostEstimate.Shape(settings).measurements))
    }
}
