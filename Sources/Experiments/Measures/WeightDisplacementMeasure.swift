import Glibc
import Learning
import LinearAlgebra
import Text

/// ‖W_l(t) − W_l(0)‖_F of each layer, and how it grows: the α of t^α that fits the trace best.
struct WeightDisplacementMeasure: Measure {
    static let name = "weightDisplacement"

    init(_ settings: MeasureSettings) {}

    func metrics(_ context: MeasureContext) -> [String: JSONValue] {
        let distances = zip(context.layers, context.initialWeights).map { layer, initial in
            zip(layer.weight.values, initial.values).reduce(0.0) { sum, pair in
                let difference = Double(pair.0) - Double(pair.1)
                return sum + difference * difference
            }.squareRoot()
        }
        return ["weight_displacement": JSONValue(distances)]
    }

    /// Least squares of ln displacement against ln step, over the steps after 0 where it is not 0; null of a
    /// layer with fewer than three, and left out where no layer has them.
    func summary(_ training: MeasuredTraining) -> [String: JSONValue] {
        let along = training.numbers("weight_displacement").filter { $0.step > 0 }
        let layers = along.first?.values.count ?? 0
        let exponents = (0..<layers).map { layer in
            let moved = along.filter { $0.values[layer] > 0 }
            return slope(
                moved.map { log(Double($0.step)) }, moved.map { log($0.values[layer]) })
        }
        guard exponents.contains(where: { $0 != nil }) else { return [:] }
        return ["diffusion_exponent": .array(exponents.map { $0.map(JSONValue.number) ?? .null })]
    }

    /// Of the least-squares line through at least three points of different x.
    private func slope(_ x: [Double], _ y: [Double]) -> Double? {
        guard x.count >= 3 else { return nil }
        let count = Double(x.count)
        let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
        let covariance = zip(x, y).reduce(0.0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
        let variance = x.reduce(0.0) { $0 + ($1 - meanX) * ($1 - meanX) }
        return covariance / variance
    }
}
