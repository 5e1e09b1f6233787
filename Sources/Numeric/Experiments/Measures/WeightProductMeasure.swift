import Glibc
import LinearAlgebra
import Measures
import Sweep
import Text

/// Singular values of the products of a network's weights, layer by layer.
struct WeightProductMeasure: Measure {
    static let declaration = MeasureDeclaration.weightProduct
    private let indices: [Double]
    private let tolerances: [Double]
    private let hasLogNorm: Bool

    init(_ settings: MeasureSettings) {
        indices = settings.numbers("indices")
        tolerances = settings.numbers("tolerances")
        hasLogNorm = settings.flag("log_norm")
    }

    func metrics(_ context: MeasureContext) throws(FactorisationError) -> Metrics {
        var roots: [String: [JSONValue]] = [:]
        var exponents: [String: [JSONValue]] = [:]
        var ranks: [String: [JSONValue]] = [:]
        var singles: [String: [JSONValue]] = [:]
        var logNorms: [Double?] = []
        var spectrum = ProductSpectrum()
        for layer in context.layers.dropLast() {
            try spectrum.multiply(layer.weight)
            logNorms.append(spectrum.logNorm.isFinite ? spectrum.logNorm : nil)
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
        var metrics: Metrics = [
            .productRoot: object(roots), .productExponentRoot: object(exponents),
            .productRank: object(ranks), .productRankSingle: object(singles),
        ]
        if hasLogNorm { metrics[.productLogNorm] = JSONValue(orNull: logNorms) }
        return metrics
    }

    /// The limit of infinite depth for each of `depth` hidden layers with `order` units each, under the
    /// metrics' names.
    ///
    /// - Parameter deviation: the standard deviation of the weights, for ln σ_1.
    static func theory(
        order: Int, depth: Int, settings: [String: JSONValue], deviation: Double? = nil
    ) -> Metrics {
        var members: [Metric: [String: JSONValue]] = [:]
        let list = MeasureSettings(values: settings)
        for index in list.numbers("indices") where Int(index) <= order {
            let limit = JSONValue.number(GaussianProducts.ratio(order: order, index: Int(index)))
            let layers = JSONValue.array([JSONValue](repeating: limit, count: depth))
            for metric in [Metric.productRoot, .productExponentRoot] {
                members[metric, default: [:]][JSONValue.text(of: index)] = layers
            }
        }
        for tolerance in list.numbers("tolerances") {
            let ranks = (1..<depth + 1).map {
                GaussianProducts.rank(order: order, depth: $0, tolerance: tolerance)
            }
            for metric in [Metric.productRank, .productRankSingle] {
                members[metric, default: [:]][JSONValue.text(of: tolerance)] = JSONValue(ranks)
            }
        }
        var theory: Metrics = members.mapValues { JSONValue.object($0) }
        if list.flag("log_norm"), let deviation {
            // Corollary 1 of rank diminishing; a factor of each layer's weights adds its logarithm.
            let growth = GaussianProducts.growth(order: order) + log(deviation)
            theory[.productLogNorm] = JSONValue((1..<depth + 1).map { Double($0) * growth })
        }
        return theory
    }
}
