extension Grid {
    /// The most combinations that are listed.
    static let combinationLimit = 20_000

    /// The combinations of values that the grid's points have on some axes: one point with each, and the number of
    /// points with it. nil where there are more than `combinationLimit`.
    ///
    /// - Parameter matters: whether the axis of a path is one of them.
    func combinations(where matters: (String) -> Bool) -> [(positions: [Int], weight: Double)]? {
        var groups: [(positions: [Int], weight: Double)] = [([Int](repeating: 0, count: axes.count), 1)]
        func multiply(by parts: [(digits: [(position: Int, digit: Int)], weight: Double)]) -> Bool {
            guard groups.count * parts.count <= Grid.combinationLimit else { return false }
            groups = groups.flatMap { group in
                parts.map { part in
                    var positions = group.positions
                    for (position, digit) in part.digits {
                        for axis in dimensions[position].axes { positions[axis] = digit }
                    }
                    return (positions, group.weight * part.weight)
                }
            }
            return true
        }
        func isInvolved(_ position: Int) -> Bool {
            dimensions[position].axes.contains { matters(axes[$0].path) }
        }
        for (position, dimension) in dimensions.enumerated() where dimension.selection == nil {
            guard isInvolved(position) else {
                guard multiply(by: [([], Double(dimension.count))]) else { return nil }
                continue
            }
            guard dimension.count <= Grid.combinationLimit,
                multiply(by: (0..<dimension.count).map { ([(position, $0)], 1) })
            else { return nil }
        }
        for selection in selections {
            guard let parts = combinations(of: selection, where: isInvolved), multiply(by: parts) else {
                return nil
            }
        }
        return groups
    }

    /// The combinations that a selection keeps, grouped by their digits in the dimensions involved: the first of each
    /// group, and the number of its members.
    private func combinations(
        of selection: Selection, where isInvolved: (Int) -> Bool
    ) -> [(digits: [(position: Int, digit: Int)], weight: Double)]? {
        let involved = selection.dimensions.filter(isInvolved)
        // The key is the combination's digits in those dimensions as one number.
        var groups: [Int: (first: Int, count: Double)] = [:]
        if involved.isEmpty { groups[0] = (0, Double(selection.kept.count)) }
        for combination in selection.kept.indices where !involved.isEmpty {
            let key = involved.reduce(0) { key, position in
                key * dimensions[position].count + selection.digit(of: combination, dimension: position)
            }
            groups[key, default: (combination, 0)].count += 1
            guard groups.count <= Grid.combinationLimit else { return nil }
        }
        // Sorted, because a sum of doubles depends on their order.
        return groups.sorted { $0.key < $1.key }.map { _, group in
            let digits = selection.dimensions.map {
                (position: $0, digit: selection.digit(of: group.first, dimension: $0))
            }
            return (digits, group.count)
        }
    }
}
