import Learning
import LinearAlgebra
import Measures
import Sweep
import Text

/// Ranks of each layer's Jacobian at the measured points, and of the same Jacobian perturbed by normal
/// numbers: means over the points.
struct RankStabilityMeasure: Measure {
    static let declaration = MeasureDeclaration.rankStability
    private let delta: Double
    private let tolerances: [Double]

    init(_ settings: MeasureSettings) {
        delta = settings.number("delta")
        tolerances = settings.numbers("tolerances")
    }

    func metrics(_ context: MeasureContext) throws(FactorisationError) -> Metrics {
        let points = context.outputs.inputs.rows
        let layers = context.layers.count
        let none = [Double](repeating: 0, count: layers)
        var sums: [[String: [Double]]] = [[:], [:], [:]]
        for point in 0..<points {
            var jacobian: Matrix<Double>?
            for layer in 0..<layers {
                let next = factor(context, layer, point)
                let product = jacobian.map { Matrix.product(next, $0) } ?? next
                jacobian = product
                let noise = Matrix<Float>(rows: product.rows, columns: product.columns)
                context.streams.fillNormals(noise, .perturbation, index: point * layers + layer)
                let wide = Matrix<Double>(rows: noise.rows, columns: noise.columns)
                wide.assign(widening: noise)
                let stability = try RankStability(product, perturbation: wide, delta: delta)
                for tolerance in tolerances {
                    let key = JSONValue.text(of: tolerance)
                    let numbers = [
                        Double(RankStability.rank(stability.after, tolerance)),
                        Double(RankStability.rank(stability.before, tolerance)),
                        stability.safeDelta(tolerance),
                    ]
                    for (part, number) in numbers.enumerated() {
                        // Counts are divided once, below, so that the mean of equal counts is exact.
                        sums[part][key, default: none][layer] += part < 2 ? number : number / Double(points)
                    }
                }
            }
        }
        for part in 0..<2 { sums[part] = sums[part].mapValues { $0.map { $0 / Double(points) } } }
        func object(_ lists: [String: [Double]]) -> JSONValue { .object(lists.mapValues { JSONValue($0) }) }
        return [
            .perturbedRank: object(sums[0]), .unperturbedRank: object(sums[1]),
            .safeDelta: object(sums[2]),
        ]
    }

    /// diag(φ'(p_l)) W_l, the Jacobian of h_l with respect to h_{l−1}; for the last layer W_L, its rows those
    /// of the representation's units.
    private func factor(_ context: MeasureContext, _ layer: Int, _ point: Int) -> Matrix<Double> {
        let units = context.outputs.activations[layer].columns
        let weight = context.layers[layer].weight.rows(0..<units)
        let result = Matrix<Double>(rows: units, columns: weight.columns)
        result.assign(widening: weight)
        guard layer + 1 < context.layers.count else { return result }
        let (values, slopes) = (
            Matrix<Double>(rows: 1, columns: units), Matrix<Double>(rows: 1, columns: units)
        )
        let source =
            context.activation.slopeNeedsInput ? context.outputs.preActivations : context.outputs.activations
        values.assign(widening: source[layer].rows(point..<point + 1))
        slopes.fill(1)
        slopes.scaleByDerivative(context.activation, from: values)
        for unit in 0..<units {
            let row = result.rows(unit..<unit + 1)
            row.assign(row, times: slopes[0, unit])
        }
        return result
    }
}
