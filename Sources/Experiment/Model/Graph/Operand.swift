/// Where an operation finds an operand.
public enum Operand: Sendable, Hashable {
    /// An index among the values that the node reads.
    case input(Int)
    /// Parameters, which no input changes.
    case constant(NetworkPlan.Region)
}

/// For each number of a result, the index of the number of an operand that belongs to it: how tensors are
/// transposed, sliced, repeated, padded and broadcast.
///
/// The indices are kept as runs of equal length, in which they either ascend by 1 or stay the same.
public struct IndexMap: Sendable, Hashable {
    /// The first index of each run; −1: the run has no operand, and is filled.
    public let starts: [Int32]
    /// Number of indices in a run.
    public let length: Int
    /// Whether a run's indices ascend, and do not stay the same.
    public let ascends: Bool
    /// Number of indices.
    public var count: Int { starts.count * length }
    /// One more than the largest index.
    public let end: Int

    /// The map with these indices, −1 for a number that is filled. It takes the longest runs that it can.
    public init(_ indices: [Int32]) {
        let up = IndexMap.run(in: indices) { $0 < 0 ? -1 : $0 + 1 }
        let same = up == indices.count ? 0 : IndexMap.run(in: indices) { $0 }
        ascends = up >= same
        length = max(1, max(up, same))
        let length = length
        starts = length == 1 ? indices : stride(from: 0, to: indices.count, by: length).map { indices[$0] }
        end = Int(indices.max() ?? -1) + 1
    }

    /// The length of runs into which all indices can be cut.
    private static func run(in indices: [Int32], next: (Int32) -> Int32) -> Int {
        var length = indices.count
        var start = 0
        for index in indices.indices.dropFirst() where indices[index] != next(indices[index - 1]) {
            length = greatestCommonDivisor(length, index - start)
            if length == 1 { return 1 }
            start = index
        }
        return greatestCommonDivisor(length, indices.count - start)
    }

    /// The index that belongs to a number of the result; nil where it is filled.
    public subscript(position: Int) -> Int? {
        let start = starts[position / length]
        return start < 0 ? nil : Int(start) + (ascends ? position % length : 0)
    }

    /// All indices.
    public var indices: [Int32] {
        guard length > 1 else { return starts }
        var indices: [Int32] = []
        indices.reserveCapacity(count)
        for start in starts {
            if start < 0 || !ascends {
                indices.append(contentsOf: repeatElement(start, count: length))
            } else {
                indices.append(contentsOf: start..<start + Int32(length))
            }
        }
        return indices
    }

    /// Whether the result is the operand itself.
    public func isIdentity(of count: Int) -> Bool { ascends && starts == [0] && length == count }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
}

/// result[i] = operand[map[i]], or `fill` where the map has no index. Of several operands, the sum.
public struct RearrangementOperation: NetworkOperation {
    /// The number of each operand for each number of the result.
    public let maps: [IndexMap]
    /// The numbers of the result that have none in the first operand.
    public let fill: Double

    /// Creates a rearrangement of one operand.
    public init(map: IndexMap, fill: Double = 0) { (maps, self.fill) = ([map], fill) }

    /// Creates the sum of several operands' rearrangements.
    init(maps: [IndexMap]) { (self.maps, fill) = (maps, 0) }
}

/// Operands one after the other, block by block: the first `lengths[0]` numbers of operand 0, the first
/// `lengths[1]` of operand 1, …; then the next of each.
public struct ConcatenationOperation: NetworkOperation {
    /// The operands.
    public let operands: [Operand]
    /// Length of each operand's blocks.
    public let lengths: [Int]
    /// Number of blocks of each operand.
    public let blocks: Int

    /// Creates a concatenation.
    public init(operands: [Operand], lengths: [Int], blocks: Int) {
        (self.operands, self.lengths, self.blocks) = (operands, lengths, blocks)
    }
}

/// Parameters as a value: where an operation takes only values.
public struct ConstantOperation: NetworkOperation {
    /// The numbers.
    public let region: NetworkPlan.Region

    /// Creates the operation.
    public init(region: NetworkPlan.Region) { self.region = region }
}

extension RearrangementOperation {
    /// The numbers that changing ones go to.
    public func restricted(to supports: [Support]) -> RestrictedOperation? {
        let maps = maps.map(\.indices)
        let marks = supports.map(\.marks)
        let count = maps.first?.count ?? 0
        let output = Support(
            (0..<count).map { i in zip(maps, marks).contains { $0[i] >= 0 && $1[Int($0[i])] } })
        let positions = supports.map(\.positions)
        return RestrictedOperation(
            operation: RearrangementOperation(
                maps: zip(maps, positions).map { map, positions in
                    IndexMap(output.all.map { map[Int($0)] < 0 ? -1 : positions[Int(map[Int($0)])] })
                }),
            inputs: supports, output: output)
    }
}

extension ConcatenationOperation {
    /// As a rearrangement of the operands that are values.
    public func restricted(to supports: [Support]) -> RestrictedOperation? {
        let width = lengths.reduce(0, +)
        var maps = supports.map { _ in [Int32](repeating: -1, count: width * blocks) }
        var column = 0
        for (operand, length) in zip(operands, lengths) {
            if case .input(let index) = operand {
                for block in 0..<blocks {
                    for i in 0..<length {
                        maps[index][block * width + column + i] = Int32(block * length + i)
                    }
                }
            }
            column += length
        }
        return RearrangementOperation(maps: maps.map { IndexMap($0) }).restricted(to: supports)
    }
}
