import Learning
import LinearAlgebra
import Measures
import Model
import Sweep
import Text

extension TrialSettings.WeightNorms {
    /// Adds norms and ranks of weights to metrics, in a record's form.
    func add(to metrics: inout Metrics, _ layers: [DenseLayer<Float>]) {
        guard let norms = try? WeightNorms(layers, tolerance: tolerance) else {
            // The caller sees the NaN and records a divergence.
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
    var theory: [TheoryKey: JSONValue] = [
        .stableRankBound: .number(bounds.stableRank), .trivialRank: JSONValue(trivial),
    ]
    theory[.hiddenStableRankBound] = bounds.hiddenStableRank.map(JSONValue.number)
    let spectral = metrics[.spectralNorm]?.array?.compactMap(\.number) ?? []
    let stable = metrics[.stableRank]?.array?.compactMap(\.number) ?? []
    guard let rank = settings.measures.localRank, spectral.count == network.depth,
        let layer = stable.indices.min(by: { stable[$0] < stable[$1] })
    else { return .object(theory.byKey) }
    // The proof takes the layer with the smallest stable rank.
    theory[.boundLayer] = JSONValue(layer + 1)
    if let bound = bounds.hiddenStableRank,
        let hidden = stable.indices.dropLast().min(by: { stable[$0] < stable[$1] })
    {
        theory[.hiddenBoundLayer] = JSONValue(hidden + 1)
        let numbers = rank.thresholds.map { threshold in
            let number = RankBounds.localRank(
                stableRank: bound, spectralNorm: spectral[hidden], threshold: threshold)
            return (JSONValue.text(of: threshold), JSONValue.number(number))
        }
        theory[.hiddenLocalRankBound] = .object(Dictionary(numbers) { first, _ in first })
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
    theory[.localRankBound] = .object(found)
    theory[.localRankBoundVacuous] = .object(vacuous)
    return .object(theory.byKey)
}
