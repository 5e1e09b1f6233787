import Sweep
import Text

/// The forms of the theoretical values beside a trial's metrics (docs/records.md).
struct TheoryForms {
    /// The form in a measured trial's record; nil where theory says nothing.
    let measured: ValueForm?
    let diverged: ValueForm?
    /// Whether every record of the trial must have it.
    let isRequired: Bool

    private static let atLeastNothing = ValueForm.number(
        -1e-3...Double.greatestFiniteMagnitude, orNull: false)

    init(_ settings: TrialSettings, _ sizes: RecordSizes) {
        if let optimum = TheoryForms.optimum(settings, sizes) {
            (measured, diverged, isRequired) = (optimum, optimum, true)
            return
        }
        var members = TheoryForms.bounds(settings, sizes)
        members.merge(TheoryForms.products(settings, sizes)) { first, _ in first }
        members.merge(TheoryForms.promises(settings, sizes)) { first, _ in first }
        measured = members.isEmpty ? nil : .object(members, optional: Set(members.keys))
        diverged = nil
        isRequired = false
    }

    /// The optimum of a VIB on Gaussian data.
    private static func optimum(_ settings: TrialSettings, _ sizes: RecordSizes) -> ValueForm? {
        guard settings.dataset.description is GaussianData, case .vib = settings.model,
            settings.training.loss == .gaussianNLL
        else { return nil }
        let directions = ValueForm.number(0...Double(sizes.inputs), orNull: false)
        let ranks = (settings.measures.localRank?.thresholds ?? []).map {
            (JSONValue.text(of: $0), directions)
        }
        var members: [String: ValueForm] = [
            TheoryKey.criticalBetas.rawValue: .list(0...sizes.inputs, .number(0...1 + 1e-6, orNull: false)),
            Metric.izyNats.key: .anyNumber, Metric.informativeDirections.key: directions,
            Metric.klNats.key: atLeastNothing,
            Metric.localRank.key: .object(Dictionary(ranks) { first, _ in first }),
            TheoryKey.rank.rawValue: directions,
        ]
        members.merge(promises(settings, sizes)) { first, _ in first }
        return .object(members, optional: [Metric.perturbedRank.key])
    }

    /// The bounds for a network that learns from a teacher.
    private static func bounds(_ settings: TrialSettings, _ sizes: RecordSizes) -> [String: ValueForm] {
        guard settings.dataset.description is TeacherData, case .mlp = settings.model else { return [:] }
        let layers = ValueForm.tuple(sizes.units.map { _ in atLeastNothing })
        let layer = ValueForm.number(1...Double(max(1, sizes.layers)), orNull: false)
        var members: [TheoryKey: ValueForm] = [
            .stableRankBound: atLeastNothing,
            .hiddenStableRankBound: atLeastNothing,
            .trivialRank: layers, .boundLayer: layer,
            .hiddenBoundLayer: layer,
        ]
        func byThreshold(_ form: ValueForm) -> ValueForm {
            let keys = (settings.measures.localRank?.thresholds ?? []).map { (JSONValue.text(of: $0), form) }
            return .object(Dictionary(keys) { first, _ in first })
        }
        members[.hiddenLocalRankBound] = byThreshold(atLeastNothing)
        members[.localRankBound] = byThreshold(layers)
        members[.localRankBoundVacuous] = byThreshold(
            .tuple(sizes.units.map { _ in .flag }))
        return members.byKey
    }

    /// The predicted products of an untrained linear network.
    private static func products(_ settings: TrialSettings, _ sizes: RecordSizes) -> [String: ValueForm] {
        guard settings.trainingSteps == 0, settings.dataset.description is GaussianData,
            let request = settings.measures.requested.first(where: {
                $0.name == MeasureDeclaration.weightProduct.name
            })
        else { return [:] }
        let layers = ValueForm.tuple((0..<sizes.hidden).map { _ in atLeastNothing })
        var members: [String: ValueForm] = [:]
        for metric in MeasureDeclaration.weightProduct.metrics {
            members[metric.key] = byThreshold(metric, request, layers)
        }
        return members
    }

    /// The ranks under a perturbation, at one point.
    private static func promises(_ settings: TrialSettings, _ sizes: RecordSizes) -> [String: ValueForm] {
        guard
            let request = settings.measures.requested.first(where: {
                $0.name == MeasureDeclaration.rankStability.name
            }),
            let metric = MeasureDeclaration.rankStability.metrics.first
        else { return [:] }
        let layers = ValueForm.tuple(
            sizes.ranks.map { .number(0...Double($0) + 1e-3, orNull: true) })
        return [metric.key: byThreshold(metric, request, layers)]
    }

    /// An object with a value at each threshold of a measure. Theory may leave some thresholds out.
    private static func byThreshold(
        _ metric: Metric, _ request: RequestedMeasure, _ form: ValueForm
    ) -> ValueForm {
        let key = metric.thresholdSetting?.split(separator: ".").last.map(String.init) ?? ""
        let keys = (request.settings[key]?.array ?? []).compactMap(\.number).map { JSONValue.text(of: $0) }
        return .object(
            Dictionary(keys.map { ($0, form) }) { first, _ in first }, optional: Set(keys))
    }
}
