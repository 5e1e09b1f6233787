import Learning
import LinearAlgebra
import Measures
import Model
import Sweep
import Text

extension TrialSettings.WeightNorms {
    /// Adds norms and ranks of weights to metrics, in a record's form.
    func add(to metrics: inout Metrics, _ layers: [DenseLayer<Float>]) {
        // LAPACK may not return from a NaN; the caller sees the NaN here and records a divergence.
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

/// The bounds for a network that learns from a teacher, which a record holds beside its metrics; nil where
/// there are none: the network has biases, another activation, or fewer layers than the teacher.
///
/// - Parameter metrics: the record's, with norms of weights and local ranks where they are measured.
func boundsJSON(
    _ teacher: TeacherData, _ settings: TrialSettings, _ metrics: Metrics
) -> JSONValue? {
    let network = settings.network
    guard network.activation == .relu, !network[Setting.biases],
        let bounds = RankBounds(
            teacher.task == .classification ? .classification : .interpolation, teacherDepth: teacher.depth,
            norm: teacher.norm, depth: network.depth)
    else { return nil }
    // The rank of a layer's Jacobian is at most the width of each layer up to it.
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
    // The proof takes the layer with the smallest stable rank.
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
