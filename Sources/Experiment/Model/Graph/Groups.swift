/// A function of groups of neighbouring numbers: one number for each group, or as many as the group has.
public enum GroupFunction: Int32, CaseIterable, Sendable {
    // One number for a group.
    case sum, mean, maximum, minimum, product, sumOfSquares, l1, l2, logSum, logSumExp
    // As many numbers as the group has.
    case softmax = 100, logSoftmax
    /// (x − mean) / √(variance + ε), the variance divided by the number of numbers.
    case standardise

    /// Whether the result has one number for each group.
    public var isReduction: Bool { rawValue < 100 }
}

/// A function of each group of `length` neighbouring numbers.
public struct GroupOperation: NetworkOperation {
    /// The function.
    public let function: GroupFunction
    /// Number of groups.
    public let groups: Int
    /// Number of numbers in a group.
    public let length: Int
    /// ε of `standardise`.
    public let epsilon: Double

    /// Creates the operation.
    public init(_ function: GroupFunction, groups: Int, length: Int, epsilon: Double = 0) {
        (self.function, self.groups, self.length, self.epsilon) = (function, groups, length, epsilon)
    }
}

/// A number for each window over each of some planes of equal size: the largest under the window, or a weighted
/// sum. Pools, and images resized by interpolation.
public struct WindowOperation: NetworkOperation {
    /// Number of planes: images times channels.
    public let planes: Int
    /// Number of numbers of a plane.
    public let planeSize: Int
    /// Where each window's indices begin in `indices`, and where the last one's end.
    public let starts: [Int32]
    /// Indices of numbers within a plane.
    public let indices: [Int32]
    /// The weight of each number; nil: the window's largest number is taken, the first of equal ones.
    public let weights: [Float]?
    /// Number of windows.
    public var windows: Int { starts.count - 1 }

    /// Creates the operation.
    public init(planes: Int, planeSize: Int, starts: [Int32], indices: [Int32], weights: [Float]?) {
        (self.planes, self.planeSize) = (planes, planeSize)
        (self.starts, self.indices, self.weights) = (starts, indices, weights)
    }
}
