import Model

/// Trials that may be trained together: they draw the same batches and the same latent noise, because both follow from
/// the seed and the step alone, and are so small that drawing them is much of a step.
public struct BatchKey: Hashable, Sendable {
    /// Most parameters times points of a batch.
    public static let limit = 1 << 18
    /// Most trials that are trained together: more gain nothing.
    public static let maxTrials = 16

    private let seed: UInt64
    private let dataset: Dataset
    private let batch: Int
    private let loss: Loss
    /// Of a VIB, which draws noise for them; nil of an MLP.
    private let latent: Int?

    /// All that may be trained together with a trial; nil where that is none: large ones are trained alone.
    public init?(_ settings: TrialSettings) {
        switch settings.model {
        case .mlp: latent = nil
        case .vib(_, let latent, _): self.latent = latent
        case .network: return nil
        }
        guard settings.parameterBytes / 4 * settings.training.batchSize <= BatchKey.limit else {
            return nil
        }
        seed = settings.seed
        dataset = settings.dataset
        batch = settings.training.batchSize
        loss = settings.training.loss
    }

    /// Whether a trial is one of them.
    public func holds(_ settings: TrialSettings) -> Bool { BatchKey(settings) == self }

    /// Whether these may be trained together; one alone always may.
    public static func holds(all settings: [TrialSettings]) -> Bool {
        guard settings.count > 1 else { return true }
        guard let group = BatchKey(settings[0]) else { return false }
        return settings.allSatisfy(group.holds)
    }
}
