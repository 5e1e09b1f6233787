import LinearAlgebra
import Measures
import Sweep
import Text

/// The Gaussian bound on I(T_l; T_{l−1}) along a training, from the phase change of the layer's gradient on.
/// W* is known only when the training has ended, so all of it is computed then, from the weights of the
/// trace's steps.
struct GaussianBoundMeasure: Measure {
    static let name = "gaussian_bound"
    private let noiseRatio: Double

    init(_ settings: MeasureSettings) { noiseRatio = settings.number("noise_ratio") }

    /// Nothing yet.
    func metrics(_ context: MeasureContext) -> [String: JSONValue] { [:] }

    /// Before its layer's phase change, and where there was none, null.
    func hindsight(_ training: MeasuredTraining) -> [[String: JSONValue]] {
        let changes = training.metrics["phase_change_step"]?.array ?? []
        var bounds: [[Double?]] = training.weights.map { $0.layers.map { _ in nil } }
        let layers = training.weights.first?.layers.count ?? 0
        for layer in 0..<layers where changes.indices.contains(layer) {
            guard let change = changes[layer].number,
                let first = nearest(training.weights.map(\.step), to: change)
            else { continue }
            let reference = training.weights[first].layers[layer]
            for place in first..<training.weights.count {
                bounds[place][layer] = try? GaussianBound(
                    training.weights[place].layers[layer], reference: reference, noiseRatio: noiseRatio
                ).bound
            }
        }
        return bounds.map { ["gaussian_bound": JSONValue(orNull: $0)] }
    }

    /// That of the trace's last step.
    func summary(_ training: MeasuredTraining) -> [String: JSONValue] {
        guard let last = training.trace.last?["gaussian_bound"] else { return [:] }
        return ["gaussian_bound": last]
    }

    /// The place of the step nearest to the change by factors. A change in the middle of an even window lies between
    /// two steps: then the earlier, whatever rounding says.
    private func nearest(_ steps: [Int], to change: Double) -> Int? {
        let distances = steps.map { step in
            let ratio = (step > 0 ? Double(step) : 0.5) / change
            return max(ratio, 1 / ratio)
        }
        guard let least = distances.min() else { return nil }
        return distances.firstIndex { $0 <= least * (1 + 1e-9) }
    }
}
