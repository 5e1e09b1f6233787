import LinearAlgebra
import Measures
import Sweep
import Text

/// The Gaussian bound on I(T_l; T_{l−1}) along a training, from the phase change of the layer's gradient on.
/// W* is known only when the training has ended, so all bounds are computed then, from the weights at the
/// trace's steps.
struct GaussianBoundMeasure: Measure {
    static let declaration = MeasureDeclaration.gaussianBound
    private let noiseRatio: Double

    init(_ settings: MeasureSettings) { noiseRatio = settings.number("noise_ratio") }

    /// Empty: W* is not known yet.
    func metrics(_ context: MeasureContext) -> Metrics { [:] }

    /// The bound of each layer at each step; null before the layer's phase change, and where there was none.
    func hindsight(_ training: MeasuredTraining) -> [Metrics] {
        let changes = training.metrics[.phaseChangeStep]?.array ?? []
        var bounds: [[Double?]] = training.weights.map { $0.layers.map { _ in nil } }
        let layers = training.weights.first?.layers.count ?? 0
        for layer in 0..<layers where changes.indices.contains(layer) {
            guard let change = changes[layer].number,
                let first = nearest(training.weights.map(\.step), to: change)
            else { continue }
            let reference = training.weights[first].layers[layer]
            for index in first..<training.weights.count {
                bounds[index][layer] = try? GaussianBound(
                    training.weights[index].layers[layer], reference: reference, noiseRatio: noiseRatio
                ).bound
            }
        }
        return bounds.map { [.gaussianBound: JSONValue(orNull: $0)] }
    }

    /// The bound at the trace's last step.
    func summary(_ training: MeasuredTraining) -> Metrics {
        guard let last = training.trace.last?.metrics[.gaussianBound] else { return [:] }
        return [.gaussianBound: last]
    }

    /// Index of the step nearest to the change by ratio. A change in the middle of an even window lies
    /// between two steps; then the earlier one is taken, whatever rounding says.
    private func nearest(_ steps: [Int], to change: Double) -> Int? {
        let distances = steps.map { step in
            let ratio = (step > 0 ? Double(step) : 0.5) / change
            return max(ratio, 1 / ratio)
        }
        guard let least = distances.min() else { return nil }
        return distances.firstIndex { $0 <= least * (1 + 1e-9) }
    }
}
