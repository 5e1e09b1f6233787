/// input · weightᵀ + bias.
public struct DenseOperation: NetworkOperation {
    /// The weight, [units, inputs].
    public let weight: NetworkPlan.Region
    /// The bias, if the layer has one.
    public let bias: NetworkPlan.Region?
}

extension LayerSpec {
    /// p = x Wᵀ + b with this number of units. An image is taken as the vector of its numbers.
    public static func dense(_ units: Int, hasBias: Bool = true, name: String? = nil) -> LayerSpec {
        LayerSpec { (plan, value) throws(ShapeFault) in
            guard units > 0 else { throw .notPositive }
            let (weight, bias) = plan.takeLayer(
                plan.name(name, kind: "layers"), [plan.values[value].size.count], hasBias: hasBias,
                to: .vector(units))
            return plan.add(DenseOperation(weight: weight, bias: bias), value, .vector(units))
        }
    }
}
