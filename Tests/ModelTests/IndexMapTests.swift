import Testing

@testable import Model

@Suite struct IndexMapTests {
    @Test func `Indices that ascend are one run`() {
        let map = IndexMap([0, 1, 2, 3, 4])
        #expect(map.starts == [0] && map.length == 5 && map.ascends && map.end == 5)
        #expect(map.isIdentity(of: 5) && !map.isIdentity(of: 6))
        let slice = IndexMap([2, 3, 4])
        #expect(slice.starts == [2] && slice.length == 3 && !slice.isIdentity(of: 3))
    }

    /// The rows of a transposed batch, and a row that is repeated.
    @Test func `Runs are as long as possible, and equal`() {
        let swapped = IndexMap([4, 5, 6, 7, 0, 1, 2, 3])
        #expect(swapped.starts == [4, 0] && swapped.length == 4 && swapped.ascends)
        let repeated = IndexMap([0, 1, 2, 0, 1, 2])
        #expect(repeated.starts == [0, 0] && repeated.length == 3)
        // Runs of 4 and 2: both are cut into runs of 2.
        let uneven = IndexMap([10, 11, 12, 13, 20, 21])
        #expect(uneven.starts == [10, 12, 20] && uneven.length == 2)
    }

    @Test func `An index that stays the same is a run`() {
        let map = IndexMap([7, 7, 7, 3, 3, 3])
        #expect(map.starts == [7, 3] && map.length == 3 && !map.ascends && map.end == 8)
        #expect((0..<6).map { map[$0] } == [7, 7, 7, 3, 3, 3])
    }

    @Test func `Indices that descend have no runs`() {
        let map = IndexMap([3, 2, 1, 0])
        #expect(map.starts == [3, 2, 1, 0] && map.length == 1 && map.end == 4)
    }

    /// A padded row.
    @Test func `Numbers without an operand are runs of their own`() {
        let map = IndexMap([-1, -1, 0, 1, -1, -1])
        #expect(map.starts == [-1, 0, -1] && map.length == 2 && map.ascends)
        #expect((0..<6).map { map[$0] } == [nil, nil, 0, 1, nil, nil])
        // −1, 0 doesn't ascend: the first is filled.
        let close = IndexMap([-1, 0, 1])
        #expect((0..<3).map { close[$0] } == [nil, 0, 1])
        let none = IndexMap([-1, -1])
        #expect((0..<2).map { none[$0] } == [nil, nil] && none.end == 0)
    }

    @Test func `A map of nothing is empty`() {
        let map = IndexMap([])
        #expect(map.count == 0 && map.end == 0)
    }

    /// Any indices come back, whatever runs are found.
    @Test func `Every index is given back`() {
        var state: UInt64 = 7
        func draw(_ bound: UInt64) -> Int32 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int32((state >> 33) % bound)
        }
        for _ in 0..<200 {
            var indices: [Int32] = []
            let length = draw(4) + 1
            let kind = draw(3)
            for _ in 0...draw(5) {
                let start = draw(20) - 1
                for step in 0..<length {
                    indices.append(start < 0 ? -1 : start + (kind == 0 ? step : kind == 1 ? 0 : draw(3)))
                }
            }
            let map = IndexMap(indices)
            #expect(map.count == indices.count)
            #expect(indices.indices.map { map[$0].map(Int32.init) ?? -1 } == indices)
        }
    }
}
