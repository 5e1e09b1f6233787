import Model

/// A key of trials that may be trained together. They draw the same batches and the same latent noise,
/// because both follow from the seed and the step alone, and they are so small that drawing takes much of a
/// step.
public struct BatchKey: Hashable, Sendable {
    /// The largest product of parameters and points in a batch, for trials that are trained together.
    public static let limit = 1 << 18
    /// The most trials that are trained together. More bring no gain.
    public static let maxTrials = 16

    private let seed: UInt64
    private let dataset: Dataset
    private let batch: Int
    private let loss: Loss
    /// Number of latent variables of a VIB, which draws noise for them; nil for an MLP.
    private let latent: Int?

    /// The key of a trial; nil for a trial that is trained alone, because it is large or its network isn't a
    /// plain MLP or a VIB with such an encoder.
    public init?(_ settings: TrialSettings) {
        switch settings.model {
        case .mlp: latent = nil
        case .vib(_, let latent, _, nil): self.latent = latent
        case .vib, .network, .onnx: return nil
        }
        guard settings.parameterBytes / 4 * settings.training.batchSize <= BatchKey.limit else {
            return nil
        }
        seed = settings.seed
        dataset = settings.dataset
        batch = settings.training.batchSize
        loss = settings.training.loss
    }

    /// Whether a trial has this key.
    public func holds(_ settings: TrialSettings) -> Bool { BatchKey(settings) == self }

    /// Whether trials may be trained together. A single trial always may.
    public static func holds(all settings: [TrialSettings]) -> Bool {
        guard settings.count > 1 else { return true }
        guard let group = BatchKey(settings[0]) else { return false }
        return settings.allSatisfy(group.holds)
    }
}
