import Sweep
import Testing

@testable import Records

@Suite struct TrialFinderTests {
    private let grid: Grid

    init() throws {
        grid = try SweepSpec(
            parsing: """
                name: s
                model: mlp
                dataset: {name: symmetric, train_points: 100}
                axes: {width: {range: [1, 5]}, seed: {range: [0, 5]}}
                depth: 2
                training: {steps: 10, batch_size: 10}
                """, file: "s.yaml"
        ).grid
        try #require(grid.count == 20)
    }

    @Test func `Trials are found in grid order, and in any other order in a small grid`() throws {
        var finder = TrialFinder(grid)
        for index in Array(0..<20) + [7, 3, 19, 0] { #expect(finder.index(of: grid[index].id) == index) }
        #expect(finder.index(of: try #require(TrialID(String(repeating: "0", count: 32)))) == nil)
    }

    @Test func `A large grid has no table, so trials out of order are not found`() {
        var finder = TrialFinder(grid, limit: 19)
        #expect(finder.needsOrder)
        for index in [0, 1, 5, 19] { #expect(finder.index(of: grid[index].id) == index) }
        #expect(finder.index(of: grid[3].id) == nil)
    }
}
