/// The numbers of a value that some inputs of a network can change. All its other derivatives are zero.
public struct Support: Sendable, Hashable {
    /// The numbers' indices, ascending; nil: all.
    public let indices: [Int32]?
    /// Number of numbers of the value.
    public let total: Int
    /// Number of numbers that can change.
    public var count: Int { indices?.count ?? total }

    /// Creates a support; all numbers of `total` where there are no indices.
    public init(_ indices: [Int32]?, of total: Int) {
        self.indices = indices.flatMap { $0.count == total ? nil : $0 }
        self.total = total
    }

    /// The support of the numbers that are marked.
    init(_ isMarked: [Bool]) {
        self.init(isMarked.indices.compactMap { isMarked[$0] ? Int32($0) : nil }, of: isMarked.count)
    }

    /// The indices, also where they are all.
    public var all: [Int32] { indices ?? Array(0..<Int32(total)) }

    /// Whether each number of the value can change.
    var marks: [Bool] {
        guard let indices else { return [Bool](repeating: true, count: total) }
        var marks = [Bool](repeating: false, count: total)
        for index in indices { marks[Int(index)] = true }
        return marks
    }

    /// For each number of a value its position among those of the support; −1: it is not there.
    public var positions: [Int32] {
        guard let indices else { return all }
        var positions = [Int32](repeating: -1, count: total)
        for (position, index) in indices.enumerated() { positions[Int(index)] = Int32(position) }
        return positions
    }

    /// The map that takes these numbers from those that `held` has; nil: they are the same.
    public func map(from held: Support) -> IndexMap? {
        guard self != held else { return nil }
        let positions = held.positions
        return IndexMap(all.map { positions[Int($0)] })
    }
}

/// An operation for the numbers alone that some inputs can change.
public struct RestrictedOperation: Sendable {
    /// The operation on these numbers, which it takes and makes in ascending order.
    public let operation: any NetworkOperation
    /// The numbers that it takes of each value that it reads: all that the derivative depends on.
    public let inputs: [Support]
    /// The numbers that it makes.
    public let output: Support
}
