import LinearAlgebra
import Measures
import Text

/// Singular values of the products of a network's weights, layer by layer.
struct WeightProductMeasure: Measure {
    static let name = "weight_product"
    private let indices: [Double]
    private let tolerances: [Double]

    init(_ settings: MeasureSettings) {
        indices = settings.numbers("indices")
        tolerances = settings.numbers("tolerances")
    }

    func metrics(_ context: MeasureContext) throws(FactorisationError) -> [String: JSONValue] {
        var roots: [String: [JSONValue]] = [:]
        var exponents: [String: [JSONValue]] = [:]
        var ranks: [String: [JSONValue]] = [:]
        var singles: [String: [JSONValue]] = [:]
        var spectrum = ProductSpectrum()
        for layer in context.layers.dropLast() {
            try spectrum.multiply(layer.weight)
            for index in indices {
                let key = JSONValue.text(of: index)
                let k = Int(index)
                roots[key, default: []].append(spectrum.root(k).map(JSONValue.number) ?? .null)
                exponents[key, default: []].append(
                    spectrum.exponentRoot(k).map(JSONValue.number) ?? .null)
            }
            for tolerance in tolerances {
                let key = JSONValue.text(of: tolerance)
                ranks[key, default: []].append(JSONValue(spectrum.rank(tolerance)))
                singles[key, default: []].append(JSONValue(spectrum.rank(tolerance, single: true)))
            }
        }
        func object(_ lists: [String: [JSONValue]]) -> JSONValue {
            .object(lists.mapValues { JSONValue.array($0) })
        }
        return [
            "product_root": object(roots), "product_exponent_root": object(exponents),
            "product_rank": object(ranks), "product_rank_single": object(singles),
        ]
    }

    /// What the limit of infinite depth says of each layer of `depth` hidden ones, of `order` units each,
    /// under the metrics' names.
    static func theory(order: Int, depth: Int, settings: [String: JSONValue]) -> [String: JSONValue] {
        var members: [String: [String: JSONValue]] = [:]
        let list = MeasureSettings(values: settings)
        for index in list.numbers("indices") where Int(index) <= order {
            let limit = JSONValue.number(GaussianProducts.ratio(order: order, index: Int(index)))
            let layers = JSONValue.array([JSONValue](repeating: limit, count: depth))
            for key in ["product_root", "product_exponent_root"] {
                members[key, default: [:]][JSONValue.text(of: index)] = layers
            }
        }
        for tolerance in list.numbers("tolerances") {
            let ranks = (1..<depth + 1).map {
                GaussianProducts.rank(order: order, depth: $0, tolerance: tolerance)
            }
            for key in ["product_rank", "product_rank_single"] {
                members[key, default: [:]][JSONValue.text(of: tolerance)] = JSONValue(ranks)
            }
        }
        return members.mapValues { JSONValue.object($0) }
    }
}
