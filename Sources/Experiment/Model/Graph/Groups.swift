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

extension GroupOperation {
    /// The groups that have a changing number, whole.
    public func restricted(to supports: [Support]) -> RestrictedOperation? {
        var isMarked = [Bool](repeating: false, count: groups)
        for index in supports[0].all { isMarked[Int(index) / length] = true }
        let touched = Support(isMarked)
        let numbers = Support(
            touched.all.flatMap { $0 * Int32(length)..<($0 + 1) * Int32(length) }, of: groups * length)
        return RestrictedOperation(
            operation: GroupOperation(function, groups: touched.count, length: length, epsilon: epsilon),
            inputs: [numbers], output: function.isReduction ? touched : numbers)
    }
}

extension WindowOperation {
    /// In all planes the windows that have a changing number in any.
    public func restricted(to supports: [Support]) -> RestrictedOperation? {
        var changes = [Bool](repeating: false, count: planeSize)
        for index in supports[0].all { changes[Int(index) % planeSize] = true }
        func numbers(_ window: Int) -> ArraySlice<Int32> {
            self.indices[Int(self.starts[window])..<Int(self.starts[window + 1])]
        }
        let touched = (0..<windows).filter { numbers($0).contains { changes[Int($0)] } }
        var needed = [Bool](repeating: false, count: planeSize)
        for window in touched { for index in numbers(window) { needed[Int(index)] = true } }
        let plane = Support(needed)
        let positions = plane.positions
        var (starts, indices, weights): ([Int32], [Int32], [Float]) = ([0], [], [])
        for window in touched {
            indices += numbers(window).map { positions[Int($0)] }
            if let all = self.weights {
                weights += all[Int(self.starts[window])..<Int(self.starts[window + 1])]
            }
            starts.append(Int32(indices.count))
        }
        func everyPlane(_ numbers: [Int32], of size: Int) -> Support {
            Support((0..<planes).flatMap { p in numbers.map { Int32(p * size) + $0 } }, of: planes * size)
        }
        return RestrictedOperation(
            operation: WindowOperation(
                planes: planes, planeSize: plane.count, starts: starts, indices: indices,
                weights: self.weights == nil ? nil : weights),
            inputs: [everyPlane(plane.all, of: planeSize)],
            output: everyPlane(touched.map(Int32.init), of: windows))
    }
}
