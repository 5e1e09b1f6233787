import Collections

/// A grid's trials shared out over so many jobs that know nothing of one another: who has the grid and the
/// number has the same shares. Trials go, the dearest first and equals in grid order, each to the share that
/// has the least so far; so two shares differ by no more than one trial's cost (R. L. Graham, SIAM J. Appl.
/// Math. 17 (1969) 416).
public struct GridShards: Equatable, Sendable {
    /// Estimated seconds of each share on one core.
    public let seconds: [Double]
    /// The share of each trial.
    private let owners: [Int32]

    /// Most shares that a grid may be cut into.
    public static let limit = 1_000_000

    public var count: Int { seconds.count }

    /// Precondition: 1 ≤ count ≤ `limit`. With more shares than trials, some are empty.
    public init(of grid: Grid, count: Int) {
        precondition((1...GridShards.limit).contains(count), "\(count) shards")
        let (order, costs) = GridShards.dearestFirst(grid)
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

    /// Precondition: a trial of the grid.
    public func shard(of trial: Int) -> Int { Int(owners[trial]) }

    /// Ascending.
    public func trials(of shard: Int) -> [Int] { owners.indices.filter { owners[$0] == Int32(shard) } }

    /// All trials, and what each of them costs. Trials that differ only in axes that cost nothing are
    /// estimated once.
    private static func dearestFirst(_ grid: Grid) -> (trials: [Int32], seconds: [Double]) {
        let places = grid.axes.indices.filter { CostEstimate.depends(on: grid.axes[$0].path) }
        var known: [[Int]: Int32] = [:]
        var classes: [Double: Int32] = [:]
        var costs: [Double] = []
        var classOf = [Int32](repeating: 0, count: grid.count)
        for trial in 0..<grid.count where !places.isEmpty || trial == 0 {
            let positions = grid.positions(at: trial)
            let key = places.map { positions[$0] }
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
        // Counted into their places: there may be a hundred million.
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
            let place = next[Int(number)]
            order[place] = Int32(trial)
            seconds[place] = costs[Int(number)]
            next[Int(number)] = place + 1
        }
        return (order, seconds)
    }

    /// A share with what it has so far; the smaller one gets the next trial, of equals the one with the smallest number.
    private struct Share: Comparable {
        var seconds: Double
        let number: Int

        static func < (a: Share, b: Share) -> Bool { (a.seconds, a.number) < (b.seconds, b.number) }
    }
}
