import Sweep
import Testing
import Text

@testable import Records

@Suite struct SweepRecordsTests {
    /// Forty trials with forty forms: the rank of a layer is at most its width.
    private static let spec = """
        name: s
        model: mlp
        dataset: {name: symmetric, train_points: 100}
        axes: {width: {range: [1, 41]}}
        depth: 2
        activation: tanh
        training: {steps: 10, batch_size: 10}
        measures: {local_rank: {thresholds: [0.1], relative: [0.01], points: 8}}
        """
    private let grid: Grid
    private var records: SweepRecords

    init() throws {
        grid = try SweepSpec(parsing: Self.spec, file: "s.yaml").grid
        records = SweepRecords(grid)
        try #require(grid.count == 40)
    }

    private func body(ranks: Int, _ last: Int) -> [UInt8] {
        Array(
            """
            {"metrics":{"accuracy":0.5,"local_rank":{"0.1":{"mean":[\(ranks),\(last)],"stderr":[0,0]}},\
            "local_rank_relative":{"0.01":{"mean":[1,1],"stderr":[0,0]}},\
            "test_loss":0.7,"train_accuracy":1,"train_loss":0.69},"outcome":"measured"}
            """.utf8)
    }

    /// Widths of the trials whose forms are kept, the latest first.
    private var kept: [Int] { records.forms.map { $0.source.network.hidden[0] } }

    @Test mutating func `The forms used last are kept`() {
        for trial in 0..<20 { _ = records.form(of: grid[trial]) }
        #expect(kept == Array((5...20).reversed()))
        // One that is kept comes to the front, and a new one displaces the one that was not used for longest.
        _ = records.form(of: grid[4])
        #expect(kept == [5] + Array((6...20).reversed()))
        _ = records.form(of: grid[30])
        #expect(kept == [31, 5] + Array((7...20).reversed()))
        for _ in 0..<50 { _ = records.form(of: grid[30]) }
        #expect(kept == [31, 5] + Array((7...20).reversed()))
    }

    @Test
    mutating func `Records are checked by their own trial's form, however many forms a sweep has`()
        throws
    {
        // Up, down, and from both ends in turn.
        let orders = Array(0..<40) + Array((0..<40).reversed()) + (0..<40).map { $0 % 2 == 0 ? $0 : 39 - $0 }
        for index in orders {
            let width = index + 1
            // The input has 12 dimensions.
            let most = min(width, 12)
            _ = try records.body(body(ranks: most, min(2, width)), of: grid[index])
            let error = #expect(throws: RecordFault.self, "width \(width)") {
                try records.body(body(ranks: most + 1, 1), of: grid[index])
            }
            let message = try #require(error).description
            #expect(message.hasPrefix("metrics.local_rank.0.1.mean: \(most + 1) is not within"), "\(message)")
        }
    }
}
