import Fitting
import Learning
import Measures
import Sweep
import Text

/// ‖W_l(t) − W_l(0)‖_F of each layer, and how it grows: the exponent α of the t^α that fits the trace best,
/// over all of it and, where the gradient's phase change is known, before and after.
struct WeightDisplacementMeasure: Measure {
    static let declaration = MeasureDeclaration.weightDisplacement

    init(_ settings: MeasureSettings) {}

    func metrics(_ context: MeasureContext) -> Metrics {
        let distances = zip(context.layers, context.initialWeights).map {
            displacement($0.weight, from: $1)
        }
        return [.weightDisplacement: JSONValue(distances)]
    }

    /// The exponent of each layer; null for a layer with fewer than three steps to fit, and left out where no
    /// layer has three.
    func summary(_ training: MeasuredTraining) -> Metrics {
        let layers = training.numbers(.weightDisplacement).first?.values.count ?? 0
        let along = (0..<layers).map { training.series(.weightDisplacement, layer: $0) }
        var summary: Metrics = [:]
        func add(_ metric: Metric, _ exponents: [Double?]) {
            guard exponents.contains(where: { $0 != nil }) else { return }
            summary[metric] = JSONValue(orNull: exponents)
        }
        add(.diffusionExponent, along.map(exponent))
        guard let changes = training.metrics[.phaseChangeStep]?.array, changes.count == layers else {
            return summary
        }
        func part(_ isIn: (Double, Double) -> Bool) -> [Double?] {
            zip(along, changes).map { series, change in
                guard let change = change.number else { return nil }
                return exponent(series.filter { isIn($0.step, change) })
            }
        }
        add(.diffusionExponentBefore, part { $0 <= $1 })
        add(.diffusionExponentAfter, part { $0 >= $1 })
        return summary
    }

    /// The exponent by least squares in the logarithms, over the steps after 0 whose value is not 0; nil for
    /// fewer than three.
    private func exponent(_ series: [(step: Double, value: Double)]) -> Double? {
        guard let law = PowerLaw(series.map(\.step), series.map(\.value)), law.points >= 3 else { return nil }
        return law.exponent
    }
}
