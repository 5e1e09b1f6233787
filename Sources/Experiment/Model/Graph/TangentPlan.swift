/// How the derivatives of a plan's values with respect to some inputs follow from one another: each operation works
/// on the numbers alone that these inputs can change.
///
/// A patch of an image changes few numbers of the first layers, and each convolution lets it reach a few pixels
/// more. Where it has reached nearly all of a value, the whole value is taken.
public struct TangentPlan: Sendable {
    /// An operation for some numbers of its values.
    public struct Step: Sendable {
        /// The operation.
        public let operation: any NetworkOperation
        /// The numbers that it takes of each value that it reads.
        public let reads: [Reading]
    }

    /// The numbers that an operation takes of a value.
    public struct Reading: Sendable {
        /// Their indices within the value; nil: all.
        public let numbers: IndexMap?
        /// For each, the position of its derivative among those that are held, −1 for zero; nil: as they are held.
        public let derivatives: IndexMap?
        /// How many there are.
        public let count: Int
    }

    /// The inputs that derivatives are taken in, in their order.
    public let inputs: [Int]
    /// The step of each node of the plan; nil where the inputs change nothing, or nothing needs it.
    public private(set) var steps: [Step?]
    /// The numbers of each value that the inputs can change.
    public private(set) var supports: [Support]
    /// When values are needed.
    public let liveness: ValueLiveness
    /// The largest number of derivatives that are held at once for one input.
    public private(set) var peak = 0

    /// - Parameters:
    ///   - plan: the network.
    ///   - chosen: the values whose derivatives are wanted.
    ///   - inputs: the inputs that derivatives are taken in; nil: all.
    public init(_ plan: NetworkPlan, of chosen: [Int], inputs: [Int]? = nil) {
        self.inputs = inputs ?? Array(0..<plan.values[0].size.count)
        liveness = ValueLiveness(plan, of: chosen)
        steps = plan.nodes.map { _ in nil }
        supports = plan.values.map { Support([], of: $0.size.count) }
        var isTaken = [Bool](repeating: inputs == nil, count: plan.values[0].size.count)
        for input in inputs ?? [] { isTaken[input] = true }
        supports[0] = Support(isTaken)
        var held = supports[0].count
        peak = held
        for (index, node) in plan.nodes.enumerated()
        where node.output <= liveness.last && liveness.varies[node.output] {
            let step = restrict(node)
            steps[index] = step
            held += supports[node.output].count
            let gathered = step?.reads.reduce(0) { $0 + ($1.derivatives == nil ? 0 : $1.count) } ?? 0
            peak = max(peak, held + gathered)
            for input in Set(node.inputs) where liveness.end[input] == index { held -= supports[input].count }
            if liveness.end[node.output] == nil { held -= supports[node.output].count }
        }
    }

    /// Restricts a node's operation, and notes the numbers that it makes; nil where it makes none.
    private mutating func restrict(_ node: NetworkPlan.Node) -> Step? {
        let held = node.inputs.map { supports[$0] }
        guard held.contains(where: { $0.count > 0 }) else { return nil }
        let isPartial = held.contains { $0.count > 0 && $0.indices != nil }
        if isPartial, let restricted = node.operation.restricted(to: held),
            restricted.output.count * 4 < 3 * restricted.output.total
        {
            supports[node.output] = restricted.output
            guard restricted.output.count > 0 else { return nil }
            return Step(
                operation: restricted.operation,
                reads: zip(restricted.inputs, held).map { Reading(taken: $0, held: $1) })
        }
        supports[node.output] = Support(nil, of: supports[node.output].total)
        return Step(
            operation: node.operation,
            reads: held.map { Reading(taken: Support(nil, of: $0.total), held: $0) })
    }
}

extension TangentPlan.Reading {
    fileprivate init(taken: Support, held: Support) {
        numbers = taken.indices.map { IndexMap($0) }
        derivatives = held.count == 0 ? nil : taken.map(from: held)
        count = taken.count
    }
}
