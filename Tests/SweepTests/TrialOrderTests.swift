import Testing

@testable import Sweep

@Suite struct TrialOrderTests {
    private func grid(_ text: String) throws -> Grid {
        let head = "name: s\nmodel: vib\ndataset: {name: gaussian, correlations: [0.5, 0.9]}\n"
        return try SweepSpec(parsing: head + text, file: "s.yaml").grid
    }

    private func all(_ order: TrialOrder, _ count: Int) -> [Int] {
        var order = order
        return (0..<count).map { order.trial(at: $0) }
    }

    @Test func `Trials of one seed come together, each group in the grid's order`() throws {
        let grid = try grid(
            "axes: {beta: [0.1, 0.2, 0.3], seed: [5, 9]}\ntraining: {steps: 10, batch_size: 16}\n")
        var order = TrialOrder(grid)
        #expect(all(order, 6) == [0, 2, 4, 1, 3, 5])
        #expect(order.run(from: 0).map(\.trial) == [0, 2, 4])
        #expect(order.run(from: 2).map(\.trial) == [4])
        #expect(order.run(from: 3).map(\.trial) == [1, 3, 5])
        for index in [0, 3] {
            let trials = order.run(from: index).map { grid[$0.trial].settings }
            #expect(BatchKey.holds(all: trials))
        }
    }

    @Test func `In a group the cheap come first, so that equals are side by side`() throws {
        let grid = try grid(
            "axes: {beta: [0.1, 0.2], training.steps: [50, 10], seed: [5, 9]}\ntraining: {batch_size: 16}\n")
        var order = TrialOrder(grid)
        #expect(order.run(from: 0).map(\.trial) == [2, 6, 0, 4])
        #expect(order.run(from: 4).map(\.trial) == [3, 7, 1, 5])
        let seconds = order.run(from: 0).map(\.seconds)
        #expect(seconds[0] == seconds[1] && seconds[1] < seconds[2])
        #expect(seconds[0] == CostEstimate(of: grid[2].settings).seconds())
    }

    @Test
    func `Whose group is in the window alone, or who is large, stays in the grid's order before them`()
        throws
    {
        let alone = try grid(
            "beta: 0.1\naxes: {seed: {range: [0, 700]}}\ntraining: {steps: 10, batch_size: 16}\n")
        #expect(all(TrialOrder(alone), 700) == Array(0..<700))
        // One run, to the end of the window: none of them may be trained with another.
        var order = TrialOrder(alone)
        #expect(order.run(from: 0).count == TrialOrder.window)
        #expect(order.run(from: 0).allSatisfy { $0.group == nil })
        let some = try grid(
            "axes: {beta: [0.1, 0.2], training.batch_size: [16, 100000], seed: [5, 9]}\ntraining: {steps: 10}\n"
        )
        order = TrialOrder(some)
        #expect(all(order, 8) == [2, 3, 6, 7, 0, 4, 1, 5])
        #expect(order.run(from: 1).map(\.trial) == [3, 6, 7])
        #expect(order.run(from: 4).map(\.trial) == [0, 4])
    }

    @Test func `Each window has its own trials, once, however it is read`() throws {
        let grid = try grid(
            "axes: {beta: {log: [0.01, 0.9], count: 100}, depth: [1, 2], seed: {range: [0, 7]}}\n"
                + "training: {steps: 10, batch_size: 16}\n")
        let read = all(TrialOrder(grid), grid.count)
        #expect(grid.count == 1400 && read.sorted() == Array(0..<1400))
        for start in stride(from: 0, to: 1400, by: TrialOrder.window) {
            let window = start..<min(1400, start + TrialOrder.window)
            #expect(read[window].sorted() == Array(window))
        }
        var order = TrialOrder(grid)
        for index in [1399, 0, 700, 3, 256, 255] { #expect(order.trial(at: index) == read[index]) }
        // Seven seeds share a window of 256: groups of 36 or 37.
        #expect((36...37).contains(order.run(from: 0).count))
        var index = 0
        while index < grid.count {
            let run = order.run(from: index)
            #expect(BatchKey.holds(all: run.map { grid[$0.trial].settings }))
            index += run.count
        }
    }

    @Test func `Whether a trial was passed is known in the window at hand and in those before it`() throws {
        let grid = try grid(
            "axes: {beta: {log: [0.01, 0.9], count: 150}, seed: [5, 9]}\ntraining: {steps: 10, batch_size: 16}\n"
        )
        var order = TrialOrder(grid)
        for index in [0, 1, 100, 255, 256, 257, 299] {
            let passed = Set((0..<index).map { order.trial(at: $0) })
            _ = order.trial(at: index)
            #expect((0..<300).allSatisfy { order.isBefore(index, trial: $0) == passed.contains($0) })
        }
    }
}
