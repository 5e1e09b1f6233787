import Collections

/// Divides a grid's trials into shards for jobs that don't communicate: every job with the grid and the
/// number of shards computes the same shards. Trials are assigned most expensive first, equal ones in grid
/// order, each to the shard with the least work so far. Two shards therefore differ by at most one trial's
/// cost (R. L. Graham, SIAM J. Appl. Math. 17 (1969) 416).
public struct GridShards: Equatable, Sendable {
    /// Estimated seconds of each shard on one core.
    public let seconds: [Double]
    /// The shard of each trial.
    private let owners: [Int32]

    /// The most shards of a grid.
    public static let limit = 1_000_000

    /// Number of shards.
    public var count: Int { seconds.count }

    /// Divides a grid. Precondition: 1 ≤ count ≤ `limit`. With more shards than trials, some are empty.
    public init(of grid: Grid, count: Int) {
        precondition((1...GridShards.limit).contains(count), "\(count) shards")
        let (order, costs) = GridShards.mostExpensiveFirst(grid)
        var owners = [Int32](repeating: 0, count: grid.count)
        var loads = [Double](repeating: 0, count: count)
        var shares = Heap(sorted: (0..<count).map { Share(seconds: 0, number: $0) })
        for (trial, seconds) in zip(order, costs) {
            guard var least = shares.first else { break }
            owners[Int(trial)] = Int32(least.number)
            least.seconds += seconds
            loads[least.number] = least.seconds
            shares.replaceFirst(by: least)
        }
        self.owners = owners
        seconds = loads
    }

    /// The shard of a trial. Precondition: the trial is in the grid.
    public func shard(of trial: Int) -> Int { Int(owners[trial]) }

    /// The trials of a shard, ascending.
    public func trials(of shard: Int) -> [Int] { owners.indices.filter { owners[$0] == Int32(shard) } }

    /// All trials, most expensive first, with their costs. Trials that differ only in axes without effect on
    /// the cost are estimated once.
    private static func mostExpensiveFirst(_ grid: Grid) -> (trials: [Int32], seconds: [Double]) {
        let involved = grid.axes.indices.filter { CostEstimate.depends(on: grid.axes[$0].path) }
        var known: [[Int]: Int32] = [:]
        var classes: [Double: Int32] = [:]
        var costs: [Double] = []
        var classOf = [Int32](repeating: 0, count: grid.count)
        for trial in 0..<grid.count where !involved.isEmpty || trial == 0 {
            let positions = grid.positions(at: trial)
            let key = involved.map { positions[$0] }
            if let number = known[key] {
                classOf[trial] = number
                continue
            }
            let seconds = CostEstimate(of: grid[trial].settings).seconds()
            let number = classes[seconds] ?? Int32(costs.count)
            if Int(number) == costs.count {
                costs.append(seconds)
                classes[seconds] = number
            }
            known[key] = number
            classOf[trial] = number
        }
        // A counting sort, because there may be a hundred million trials.
        var sizes = [Int](repeating: 0, count: costs.count)
        for number in classOf { sizes[Int(number)] += 1 }
        var next = sizes
        var sum = 0
        for number in costs.indices.sorted(by: { costs[$0] > costs[$1] }) {
            next[number] = sum
            sum += sizes[number]
        }
        var order = [Int32](repeating: 0, count: grid.count)
        var seconds = [Double](repeating: 0, count: grid.count)
        for (trial, number) in classOf.enumerated() {
            let index = next[Int(number)]
            order[index] = Int32(trial)
            seconds[index] = costs[Int(number)]
            next[Int(number)] = index + 1
        }
        return (order, seconds)
    }

    /// A shard with its work so far. The smaller one gets the next trial; ties go to the smallest number.
    private struct Share: Comparable {
        var seconds: Double
        let number: Int

        static func < (a: Share, b: Share) -> Bool { (a.seconds, a.number) < (b.seconds, b.number) }
    }
}
