import Sweep
import Text

/// The perturbed ranks that Weyl's inequality guarantees (`RankStability`): the unperturbed ones, and null
/// where the perturbation is too large for a guarantee. nil where the ranks are not measured, or are means
/// over several points.
func promisedRanks(
    _ settings: TrialSettings, _ metrics: Metrics
) -> Metrics? {
    guard
        let measure = settings.measures.requested.first(where: {
            $0.name == MeasureDeclaration.rankStability.name
        }),
        let delta = measure.settings["delta"]?.number, let ranks = metrics[.unperturbedRank]?.object,
        let bounds = metrics[.safeDelta]?.object, measure.testPoints == 1
    else { return nil }
    let promised = ranks.mapValues { $0.array ?? [] }.map { key, ranks in
        let safe = bounds[key]?.array ?? []
        return (key, JSONValue.array(zip(ranks, safe).map { delta < $1.number ?? 0 ? $0 : .null }))
    }
    return [.perturbedRank: .object(Dictionary(promised, uniquingKeysWith: { first, _ in first }))]
}

/// The singular values of products of normal weights in the limit of infinite depth, for layers that are all
/// equally wide; nil for other networks, and where products are not measured.
func productTheory(_ settings: TrialSettings) -> Metrics? {
    guard settings.trainingSteps == 0,
        [.heGlorot, .gaussian].contains(settings.network[Setting.initialisation]),
        let measure = settings.measures.requested.first(where: {
            $0.name == MeasureDeclaration.weightProduct.name
        }),
        let data = settings.dataset.description as? GaussianData, case .mlp = settings.model,
        !settings.network.hidden.isEmpty,
        settings.network.hidden.allSatisfy({ $0 == data.inputs })
    else { return nil }
    return WeightProductMeasure.theory(
        order: data.inputs, depth: settings.network.hidden.count, settings: measure.settings,
        deviation: settings.network[Setting.initialisation] == .gaussian
            ? 1 / Double(data.inputs).squareRoot() : nil)
}
