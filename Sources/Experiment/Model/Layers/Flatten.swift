/// The same numbers as a vector.
public struct FlattenOperation: NetworkOperation {}

extension LayerSpec {
    /// Makes an image a vector. A vector stays as it is.
    public static var flatten: LayerSpec {
        LayerSpec { (plan, value) in
            let size = plan.values[value].size
            return size.pixels == 1 ? value : plan.add(FlattenOperation(), value, .vector(size.count))
        }
    }

    /// Refuses an image, and computes nothing.
    public static var vector: LayerSpec {
        LayerSpec { (plan, value) throws(ShapeFault) in
            guard plan.values[value].size.pixels == 1 else { throw .notAVector }
            return value
        }
    }
}
