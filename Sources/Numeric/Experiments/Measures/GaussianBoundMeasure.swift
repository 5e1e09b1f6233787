import Fitting
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
    private let indices: [Double]

    init(_ settings: MeasureSettings) {
        noiseRatio = settings.number("noise_ratio")
        indices = settings.numbers("eigenvalues")
    }

    /// Empty: W* is not known yet.
    func metrics(_ context: MeasureContext) -> Metrics { [:] }

    /// The bound and the eigenvalues of each layer at each step; null before the layer's phase change, and where there
    /// was none.
    func hindsight(_ training: MeasuredTraining) -> [Metrics] {
        let layers = training.weights.first?.layers.count ?? 0
        let none = [GaussianBound?](repeating: nil, count: layers)
        var bounds = training.weights.map { _ in none }
        for (layer, first) in changes(training).enumerated() {
            guard let first else { continue }
            let reference = training.weights[first].layers[layer]
            for index in first..<training.weights.count {
                bounds[index][layer] = try? GaussianBound(
                    training.weights[index].layers[layer], reference: reference, noiseRatio: noiseRatio)
            }
        }
        return bounds.map { bounds in
            let eigenvalues = indices.map { index in
                (
                    JSONValue.text(of: index),
                    JSONValue(
                        orNull: bounds.map { bound in
                            bound.flatMap { GaussianBoundMeasure.eigenvalue(Int(index), of: $0) }
                        })
                )
            }
            return [
                .gaussianBound: JSONValue(orNull: bounds.map { $0?.bound }),
                .displacementEigenvalue: .object(Dictionary(eigenvalues) { first, _ in first }),
            ]
        }
    }

    private static func eigenvalue(_ index: Int, of bound: GaussianBound) -> Double? {
        bound.eigenvalues.indices.contains(index - 1) ? bound.eigenvalues[index - 1] : nil
    }

    /// The bound and the eigenvalues at the trace's last step, and the exponents α of λ_k ∝ τ^α, τ the steps since the
    /// phase change (representation compression, section 5); null for a layer with fewer than three steps to fit.
    func summary(_ training: MeasuredTraining) -> Metrics {
        guard let last = training.trace.last?.metrics, let bound = last[.gaussianBound] else { return [:] }
        var summary: Metrics = [.gaussianBound: bound]
        summary[.displacementEigenvalue] = last[.displacementEigenvalue]
        let changes = changes(training)
        let exponents = indices.map { index in
            let key = JSONValue.text(of: index)
            let list = changes.enumerated().map { layer, first -> Double? in
                guard let first else { return nil }
                return exponent(key, layer: layer, since: training.weights[first].step, training)
            }
            return (key, JSONValue(orNull: list))
        }
        if exponents.contains(where: { $0.1.array?.contains { $0.number != nil } ?? false }) {
            summary[.displacementExponent] = .object(Dictionary(exponents) { first, _ in first })
        }
        return summary
    }

    private func exponent(
        _ key: String, layer: Int, since start: Int, _ training: MeasuredTraining
    ) -> Double? {
        var (times, values): ([Double], [Double]) = ([], [])
        for entry in training.trace where entry.step > start {
            let list = entry.metrics[.displacementEigenvalue]?[key]?.array ?? []
            guard list.indices.contains(layer), let value = list[layer].number, value > 0 else { continue }
            times.append(Double(entry.step - start))
            values.append(value)
        }
        guard let law = PowerLaw(times, values), law.points >= 3 else { return nil }
        return law.exponent
    }

    /// For each layer, the index among the kept weights of the step nearest to its phase change; nil where there was
    /// none.
    private func changes(_ training: MeasuredTraining) -> [Int?] {
        let changes = training.metrics[.phaseChangeStep]?.array ?? []
        return (0..<(training.weights.first?.layers.count ?? 0)).map { layer in
            guard changes.indices.contains(layer), let change = changes[layer].number else { return nil }
            return nearest(training.weights.map(\.step), to: change)
        }
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
