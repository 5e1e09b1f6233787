/// One step of a network. Its sizes follow from the layers before it. Each kind of layer is a file of this
/// folder.
///
/// A layer with parameters has a name, under which files keep them. The default name is the layer's index
/// among the layers of its kind: "layers.0", "convolutions.0", "norms.0".
public struct LayerSpec: Sendable {
    /// Appends the layer's operations to a plan after one of its values, and returns the value they make.
    let append: @Sendable (_ plan: inout NetworkPlan, _ value: Int) throws(ShapeFault) -> Int

    /// Computes nothing: measures see the numbers here as a layer's.
    public static func measured(_ name: String) -> LayerSpec {
        LayerSpec { (plan, value) in
            plan.markLayer(value, name: name)
            return value
        }
    }

    /// Computes nothing: refuses a network whose layers up to here are larger than `NetworkPlan` allows.
    static let sizeCheck = LayerSpec { (plan, value) throws(ShapeFault) in
        try plan.checkSize()
        return value
    }

    /// Layers that a list has as one entry. A fault says which entry it is, and what that reads; an entry within it
    /// says so itself. Networks of more numbers than `NetworkPlan` allows are refused.
    ///
    /// - Parameters:
    ///   - path: the entry's path in the list.
    ///   - word: its word.
    public static func entry(_ path: String, _ word: String, _ layers: [LayerSpec]) -> LayerSpec {
        LayerSpec { (plan, value) throws(ShapeFault) in
            let size = plan.values[value].size
            do throws(ShapeFault) {
                try plan.checkSize()
                let result = try plan.append(layers, after: value)
                try plan.checkSize()
                return result
            } catch {
                if case .entry = error { throw error }
                throw .entry(path, word, reads: size, error)
            }
        }
    }
}

/// A function that makes one value of a network from another, or from two. Learning computes it.
public protocol NetworkOperation: Sendable {
    /// Multiplications that one point takes, without those that are negligible beside a product's.
    var multiplications: Int { get }
    /// Numbers beside its output that a pass over one point leaves for the pass back, without those that are negligible
    /// beside a value's.
    var keptNumbers: Int { get }

    /// The operation on the numbers alone that the network's chosen inputs can change; nil: it takes and makes
    /// whole values.
    ///
    /// - Parameter supports: the numbers that change, of each value that the operation reads. An operation may be
    ///   given other numbers' derivatives too, which are then zero.
    func restricted(to supports: [Support]) -> RestrictedOperation?
}

extension NetworkOperation {
    /// None that counts.
    public var multiplications: Int { 0 }

    /// None that counts.
    public var keptNumbers: Int { 0 }

    /// Whole values.
    public func restricted(to supports: [Support]) -> RestrictedOperation? { nil }
}
