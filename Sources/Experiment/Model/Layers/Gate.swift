/// input ⊙ second, number by number.
public struct ProductOperation: NetworkOperation {
    /// Number of numbers of each.
    public let count: Int
}

extension LayerSpec {
    /// u ⊙ body(v), where u is the first half of each pixel's channels, and v the second (Liu et al. 2021).
    public static func gate(_ body: [LayerSpec]) -> LayerSpec {
        LayerSpec { (plan, value) throws(ShapeFault) in
            let channels = plan.values[value].size.channels
            guard channels % 2 == 0 else { throw .groupsDoNotDivide(2, channels: channels) }
            let u = try plan.append([.channels(part: 0, of: 2)], after: value)
            let v = try plan.append([.channels(part: 1, of: 2)] + body, after: value)
            let size = plan.values[u].size
            guard plan.values[v].size.count == size.count else {
                throw .shortcutDoesNotFit(.identity, from: size, to: plan.values[v].size)
            }
            return plan.add(ProductOperation(count: size.count), u, and: v, size)
        }
    }
}
