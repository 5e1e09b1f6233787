/// Numbers points by their state, a tuple of words: equal tuples get equal numbers, and only they. Numbers
/// count from 0 in order of appearance.
///
/// An open hash table that compares whole tuples, so that no two states are taken for one. O(points · words).
struct StateIndex {
    /// Of each point.
    private(set) var numbers: [Int]
    /// The first point of each state.
    private(set) var firsts: [Int] = []
    var count: Int { firsts.count }

    /// - Parameters:
    ///   - words: point by point, `perPoint` of each.
    init(_ words: [UInt64], points: Int, perPoint: Int) {
        precondition(words.count == points * perPoint)
        numbers = [Int](repeating: 0, count: points)
        var capacity = 16
        while capacity < 2 * points { capacity *= 2 }
        var slots = [Int](repeating: -1, count: capacity)
        for point in 0..<points {
            let start = point * perPoint
            var hash: UInt64 = 0
            for word in start..<start + perPoint {
                hash = (hash ^ words[word]) &* 0x9E37_79B9_7F4A_7C15
                hash ^= hash >> 29
            }
            var slot = Int(truncatingIfNeeded: hash >> 7) & (capacity - 1)
            while slots[slot] >= 0 {
                let first = firsts[slots[slot]] * perPoint
                if (0..<perPoint).allSatisfy({ words[first + $0] == words[start + $0] }) { break }
                slot = (slot + 1) & (capacity - 1)
            }
            if slots[slot] < 0 {
                slots[slot] = firsts.count
                firsts.append(point)
            }
            numbers[point] = slots[slot]
        }
    }
}

/// The entropy, in nats, of how often each of some outcomes was seen: ln n − (1/n) Σ c ln c.
func entropy(ofCounts counts: [Int]) -> Double {
    let total = counts.reduce(0, +)
    guard total > 0 else { return 0 }
    let sum = counts.reduce(0.0) { $0 + ($1 > 1 ? Double($1) * naturalLogarithm(Double($1)) : 0) }
    return naturalLogarithm(Double(total)) - sum / Double(total)
}
