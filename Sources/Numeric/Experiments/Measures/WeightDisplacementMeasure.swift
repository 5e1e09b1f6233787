import Fitting
import Learning
import Measures
import Text

/// ‖W_l(t) − W_l(0)‖_F of each layer, and how it grows: the α of t^α that fits the trace best, over all of it
/// and, where the gradient's phase change is known, before and after.
struct WeightDisplacementMeasure: Measure {
    static let name = "weight_displacement"

    init(_ settings: MeasureSettings) {}

    func metrics(_ context: MeasureContext) -> [String: JSONValue] {
        let distances = zip(context.layers, context.initialWeights).map {
            displacement($0.weight, from: $1)
        }
        return ["weight_displacement": JSONValue(distances)]
    }

    /// Of a layer with fewer than three steps to fit to null; left out where no layer has them.
    func summary(_ training: MeasuredTraining) -> [String: JSONValue] {
        let layers = training.numbers("weight_displacement").first?.values.count ?? 0
        let along = (0..<layers).map { training.series("weight_displacement", layer: $0) }
        var summary: [String: JSONValue] = [:]
        func add(_ key: String, _ exponents: [Double?]) {
            guard exponents.contains(where: { $0 != nil }) else { return }
            summary[key] = JSONValue(orNull: exponents)
        }
        add("diffusion_exponent", along.map(exponent))
        guard let changes = training.metrics["phase_change_step"]?.array, changes.count == layers else {
            return summary
        }
        func part(_ isIn: (Double, Double) -> Bool) -> [Double?] {
            zip(along, changes).map { series, change in
                guard let change = change.number else { return nil }
                return exponent(series.filter { isIn($0.step, change) })
            }
        }
        add("diffusion_exponent_before", part { $0 <= $1 })
        add("diffusion_exponent_after", part { $0 >= $1 })
        return summary
    }

    /// By least squares in the logarithms, over the steps after 0 where it is not 0: at least three.
    private func exponent(_ series: [(step: Double, value: Double)]) -> Double? {
        guard let law = PowerLaw(series.map(\.step), series.map(\.value)), law.points >= 3 else { return nil }
        return law.exponent
    }
}
