import Learning
import LinearAlgebra
import Measures
import Model
import Sweep
import Text

extension TrialSettings.WeightNorms {
    /// Norms and ranks of weights as a record holds them.
    func add(to metrics: inout Metrics, _ layers: [DenseLayer<Float>]) {
        // LAPACK may not return from a NaN; the caller sees this one and records a divergence.
        guard layers.allSatisfy({ $0.weight.isFinite }),
            let norms = try? WeightNorms(layers, tolerance: tolerance)
        else {
            metrics[.spectralNorm] = .number(.nan)
            return
        }
        metrics[.spectralNorm] = JSONValue(norms.spectral)
        metrics[.frobeniusNorm] = JSONValue(norms.frobenius)
        metrics[.stableRank] = JSONValue(norms.stableRank)
        metrics[.numericalRank] = JSONValue(norms.numericalRank)
        metrics[.meanStableRank] = .number(norms.meanStableRank)
    }
}

/// The bounds of a network that learns from a teacher, beside its record's metrics; nil where there are none:
/// a network with biases, of another activation, or shallower than the teacher.
///
/// - Parameter metrics: the record's, with norms of weights and local ranks as far as they are measured.
func boundsJSON(
    _ teacher: TeacherData, _ settings: TrialSettings, _ metrics: Metrics
) -> JSONValue? {
    let network = settings.network
    guard network.activation == .relu, !network.biases,
        let bounds = RankBounds(
            teacher.task == .classification ? .classification : .interpolation, teacherDepth: teacher.depth,
            norm: teacher.norm, depth: network.depth)
    else { return nil }
    // A layer's Jacobian has no more rank than the layers so far have units.
    var widest = teacher.inputs
    let trivial = (network.hidden + [1]).map { units in
        widest = min(widest, units)
        return widest
    }
    var theory: [String: JSONValue] = [
        "stable_rank_bound": .number(bounds.stableRank), "trivial_rank": JSONValue(trivial),
    ]
    theory["hidden_stable_rank_bound"] = bounds.hiddenStableRank.map(JSONValue.number)
    let spectral = metrics[.spectralNorm]?.array?.compactMap(\.number) ?? []
    let stable = metrics[.stableRank]?.array?.compactMap(\.number) ?? []
    guard let rank = settings.measures.localRank, spectral.count == network.depth,
        let layer = stable.indices.min(by: { stable[$0] < stable[$1] })
    else { return .object(theory) }
    // The layer that the proof takes: none has a smaller stable rank.
    theory["bound_layer"] = JSONValue(layer + 1)
    if let bound = bounds.hiddenStableRank,
        let hidden = stable.indices.dropLast().min(by: { stable[$0] < stable[$1] })
    {
        theory["hidden_bound_layer"] = JSONValue(hidden + 1)
        let numbers = rank.thresholds.map { threshold in
            let number = RankBounds.localRank(
                stableRank: bound, spectralNorm: spectral[hidden], threshold: threshold)
            return (JSONValue.text(of: threshold), JSONValue.number(number))
        }
        theory["hidden_local_rank_bound"] = .object(Dictionary(numbers) { first, _ in first })
    }
    var (found, vacuous) = ([String: JSONValue](), [String: JSONValue]())
    for threshold in rank.thresholds {
        let numbers = spectral.map {
            RankBounds.localRank(stableRank: bounds.stableRank, spectralNorm: $0, threshold: threshold)
        }
        let key = JSONValue.text(of: threshold)
        found[key] = JSONValue(numbers)
        vacuous[key] = .array(zip(numbers, trivial).map { .bool($0 >= Double($1)) })
    }
    theory["local_rank_bound"] = .object(found)
    theory["local_rank_bound_vacuous"] = .object(vacuous)
    return .object(theory)
}
