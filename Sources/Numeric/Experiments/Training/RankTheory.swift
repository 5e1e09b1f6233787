import Sweep
import Text

/// What Weyl's inequality promises of the perturbed ranks (`RankStability`): the unperturbed ones, and null
/// where the perturbation is too large for a promise; nil where they are not measured, or are means over points.
func promisedRanks(
    _ settings: TrialSettings, _ metrics: [String: JSONValue]
) -> [String: JSONValue]? {
    guard let measure = settings.measures.requested.first(where: { $0.name == RankStabilityMeasure.name }),
        let delta = measure.settings["delta"]?.number, let ranks = metrics["unperturbed_rank"]?.object,
        let bounds = metrics["safe_delta"]?.object, measure.testPoints == 1
    else { return nil }
    let promised = ranks.mapValues { $0.array ?? [] }.map { key, ranks in
        let safe = bounds[key]?.array ?? []
        return (key, JSONValue.array(zip(ranks, safe).map { delta < $1.number ?? 0 ? $0 : .null }))
    }
    return ["perturbed_rank": .object(Dictionary(promised, uniquingKeysWith: { first, _ in first }))]
}

/// What the limit of infinite depth says of products of normal weights, of layers that are all equally
/// wide; nil of others, and where they are not measured.
func productTheory(_ settings: TrialSettings) -> [String: JSONValue]? {
    guard settings.trainingSteps == 0, [.heGlorot, .gaussian].contains(settings.network.initialisation),
        let measure = settings.measures.requested.first(where: { $0.name == WeightProductMeasure.name }),
        case .gaussian(let data) = settings.dataset, case .mlp = settings.model,
        !settings.network.hidden.isEmpty,
        settings.network.hidden.allSatisfy({ $0 == data.inputs })
    else { return nil }
    return WeightProductMeasure.theory(
        order: data.inputs, depth: settings.network.hidden.count, settings: measure.settings)
}
