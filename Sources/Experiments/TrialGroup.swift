import Sweep

/// Trials that may be trained together: they draw the same batches and the same latent noise, because both follow from
/// the seed and the step alone, and are so small that drawing them is much of a step.
public struct TrialGroup: Sendable {
    /// Most parameters times points of a batch.
    public static let limit = 1 << 18

    private let lead: TrialSettings

    /// All that may be trained together with `lead`.
    public init(_ lead: TrialSettings) { self.lead = lead }

    /// Whether a trial is one of them; of a large one not even itself.
    public func holds(_ settings: TrialSettings) -> Bool {
        let work = settings.parameterBytes / 4 * settings.training.batch
        return work <= TrialGroup.limit && settings.seed == lead.seed
            && settings.training.batch == lead.training.batch
            && settings.training.loss == lead.training.loss && hasSameNoise(settings)
            && settings.dataset == lead.dataset
    }

    private func hasSameNoise(_ settings: TrialSettings) -> Bool {
        switch (settings.experiment, lead.experiment) {
        case (.mlp, .mlp): true
        case (.vib(_, let latent, _), .vib(_, let other, _)): latent == other
        default: false
        }
    }
}
