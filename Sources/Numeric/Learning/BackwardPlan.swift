import Model

/// Where each gradient is kept on the way from one value back to the input. Gradients live as short as they
/// can, in few slots. Where an operation works in place, its input's gradient takes over the slot of its
/// output's.
struct BackwardPlan: Sendable {
    struct Target: Sendable {
        var slot: Int
        /// Whether the gradient is added to what the slot holds: another reader of the value came first.
        var isAdded: Bool
    }
    struct Step: Sendable {
        var node: Int
        /// Slot of the gradient with respect to the node's output.
        var output: Int
        var input: Target?
        var second: Target?
    }

    private(set) var steps: [Step] = []
    /// Size of each slot, in numbers per point.
    private(set) var slotSizes: [Int] = []
    private(set) var start = 0
    /// Slot of the gradient with respect to the input; nil where it isn't requested.
    private(set) var inputSlot: Int?

    /// - Parameter operations: the plan's.
    init(_ plan: NetworkPlan, _ operations: [any TrainedOperation], from value: Int, toInput: Bool) {
        var slots = [Int?](repeating: nil, count: plan.values.count)
        var free: [Int] = []
        func reserve(_ slot: Int?, for value: Int) -> Int {
            let size = plan.values[value].size.count
            guard let slot = slot ?? free.popLast() else {
                slotSizes.append(size)
                return slotSizes.count - 1
            }
            slotSizes[slot] = max(slotSizes[slot], size)
            return slot
        }
        start = reserve(nil, for: value)
        slots[value] = start
        for index in plan.nodes.indices.reversed() {
            let node = plan.nodes[index]
            guard let output = slots[node.output] else { continue }
            var isTaken = false
            func target(_ value: Int) -> Target? {
                if value == 0 && !toInput { return nil }
                if let slot = slots[value] { return Target(slot: slot, isAdded: true) }
                let takesOver = operations[index].isBackwardInPlace && !isTaken
                let slot = reserve(takesOver ? output : nil, for: value)
                if takesOver { isTaken = true }
                slots[value] = slot
                return Target(slot: slot, isAdded: false)
            }
            let input = target(node.input)
            let second = node.second.flatMap { target($0) }
            steps.append(Step(node: index, output: output, input: input, second: second))
            if !isTaken { free.append(output) }
            slots[node.output] = nil
        }
        inputSlot = toInput ? slots[0] : nil
    }
}
