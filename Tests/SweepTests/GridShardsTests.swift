import Testing

@testable import Sweep

/// The shares of jobs that know nothing of one another.
@Suite struct GridShardsTests {
    private func grid(_ axes: String) throws -> Grid {
        try SweepSpec(
            parsing: """
                name: shards
                model: vib
                dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 1000}
                axes:
                \(axes)
                training: {steps: 1000, batch_size: 64}
                """, file: "s.yaml"
        ).grid
    }

    private var unlike: String {
        """
          beta: [0.1, 0.2, 0.5]
          depth: [2, 3, 5]
          width: [4, 32, 100]
          seed: {range: [0, 7]}
        """
    }

    @Test(arguments: [1, 2, 3, 7, 40, 188, 189, 190, 1000])
    func `Every trial is in exactly one shard`(count: Int) throws {
        let grid = try grid(unlike)
        #expect(grid.count == 189)
        let shards = GridShards(of: grid, count: count)
        #expect(shards.count == count)
        let lists = (0..<count).map { shards.trials(of: $0) }
        #expect(lists.flatMap { $0 }.sorted() == Array(0..<grid.count))
        for (index, list) in lists.enumerated() {
            #expect(list == list.sorted() && list.allSatisfy { shards.shard(of: $0) == index })
        }
        // With as many shards as trials, or more, nobody has two.
        if count >= grid.count { #expect(lists.allSatisfy { $0.count <= 1 }) }
    }

    @Test(arguments: [2, 3, 7, 40]) func `Two shards differ by one trial's cost at most`(count: Int) throws {
        let grid = try grid(unlike)
        let costs = (0..<grid.count).map { CostEstimate(of: grid[$0].settings).seconds() }
        let shards = GridShards(of: grid, count: count)
        let sums = (0..<count).map { shards.trials(of: $0).reduce(0) { $0 + costs[$1] } }
        let (least, most) = (sums.min() ?? 0, sums.max() ?? 0)
        let dearest = costs.max() ?? 0
        // The grid must be one where dealing out by number would not do.
        #expect(dearest > 3 * (costs.min() ?? 0))
        #expect(most - least <= dearest * (1 + 1e-9))
        for (reported, sum) in zip(shards.seconds, sums) { #expect(abs(reported - sum) <= 1e-9 * sum) }
    }

    @Test func `Trials of one cost are dealt out in turn`() throws {
        let grid = try grid("  beta: [0.1, 0.2, 0.5]\n  seed: {range: [0, 4]}")
        let shards = GridShards(of: grid, count: 5)
        #expect((0..<grid.count).map { shards.shard(of: $0) } == (0..<12).map { $0 % 5 })
        #expect(GridShards(of: grid, count: 5) == shards)
    }

    @Test func `A sweep of one trial has one shard that is not empty`() throws {
        let shards = GridShards(of: try grid("  beta: [0.1]\n  seed: [3]"), count: 4)
        #expect((0..<4).map { shards.trials(of: $0) } == [[0], [], [], []])
    }

    @Test func `The shares are those of a naive deal: the dearest first, to who has least`() throws {
        let grid = try grid(unlike)
        let costs = (0..<grid.count).map { CostEstimate(of: grid[$0].settings).seconds() }
        let order = (0..<grid.count).sorted { (-costs[$0], $0) < (-costs[$1], $1) }
        var loads = [Double](repeating: 0, count: 6)
        var owners = [Int](repeating: -1, count: grid.count)
        for trial in order {
            let shard = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) } ?? 0
            loads[shard] += costs[trial]
            owners[trial] = shard
        }
        let shards = GridShards(of: grid, count: 6)
        #expect((0..<grid.count).map { shards.shard(of: $0) } == owners)
    }
}
