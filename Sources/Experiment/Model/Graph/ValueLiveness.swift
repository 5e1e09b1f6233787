/// When each value of a plan is needed on the way to some of them.
public struct ValueLiveness: Sendable {
    /// Whether each value is one of those chosen.
    public let isChosen: [Bool]
    /// Whether each value depends on the input.
    public let varies: [Bool]
    /// Index of the last operation that reads a value on the way to the last one chosen; nil: none does.
    public let end: [Int?]
    /// The last value that is needed.
    public let last: Int
    /// For each value, the largest number of derivatives that can be held at once, for one input, up to it.
    public let peaks: [Int]

    /// The liveness on the way to some values of a plan.
    public init(_ plan: NetworkPlan, of chosen: [Int]) {
        let count = plan.values.count
        var (isChosen, varies) = (
            [Bool](repeating: false, count: count), [Bool](repeating: false, count: count)
        )
        var end = [Int?](repeating: nil, count: count)
        for value in chosen { isChosen[value] = true }
        let last = chosen.max() ?? 0
        varies[0] = true
        for (index, node) in plan.nodes.enumerated() where node.output <= last {
            varies[node.output] = node.inputs.contains { varies[$0] }
            for input in node.inputs { end[input] = index }
        }
        (self.isChosen, self.varies, self.end, self.last) = (isChosen, varies, end, last)
        var (held, peak) = (plan.values[0].size.count, plan.values[0].size.count)
        var peaks = [Int](repeating: peak, count: count)
        for (index, node) in plan.nodes.enumerated() where node.output <= last {
            if varies[node.output] { held += plan.values[node.output].size.count }
            // An operation may read a copy of each value that varies, its derivatives gathered.
            peak = max(
                peak, held + node.inputs.reduce(0) { $0 + (varies[$1] ? plan.values[$1].size.count : 0) })
            peaks[node.output] = peak
            for input in Set(node.inputs) where end[input] == index && varies[input] {
                held -= plan.values[input].size.count
            }
            if end[node.output] == nil, varies[node.output] { held -= plan.values[node.output].size.count }
        }
        self.peaks = peaks
    }
}
