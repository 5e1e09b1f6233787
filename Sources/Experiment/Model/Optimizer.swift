/// How parameters follow their gradient.
public enum Optimizer: Hashable, Sendable {
    /// Gradient descent with momentum.
    case sgd(momentum: Double)
    /// Adam (Kingma & Ba 2015).
    case adam(beta1: Double, beta2: Double, epsilon: Double)
    /// Adam whose weight decay shrinks the weights beside the step, by the learning rate times it (Loshchilov &
    /// Hutter 2019).
    case adamW(beta1: Double, beta2: Double, epsilon: Double)

    /// The names in sweep files.
    public static let words = ["adam", "adamw", "sgd"]

    /// The name in sweep files.
    public var word: String {
        switch self {
        case .sgd: "sgd"
        case .adam: "adam"
        case .adamW: "adamw"
        }
    }
}

/// The learning rate over time.
public enum Schedule: Hashable, Sendable {
    /// The first rate throughout.
    case constant
    /// From the first rate to 0 along half a cosine over the whole training.
    case cosine
    /// Times `factor` every `every` epochs, or steps where data have no epochs.
    case decay(factor: Double, every: Int)

    /// The names in sweep files.
    public static let words = ["constant", "cosine", "decay"]

    /// What the first rate is multiplied by in a step, the first being 0.
    public func factor(at step: Int, of length: TrainingLength) -> Double {
        switch self {
        case .constant: 1
        case .cosine:
            0.5 * (1 + reproducibleCosine(.pi * min(1, Double(step) / Double(max(1, length.steps)))))
        case .decay(let factor, let every): power(factor, step / max(1, every * length.stepsPerEpoch))
        }
    }
}

/// How parameters follow their gradient, and at which rate.
public struct OptimizerSettings: Hashable, Sendable {
    /// The rule of a step.
    public var method: Optimizer
    /// The first learning rate.
    public var learningRate: Double
    /// The learning rate over time.
    public var schedule: Schedule
    /// Adds weightDecay · w to the gradient of weights (not biases), except with AdamW.
    public var weightDecay: Double
    /// How much of an exponential moving average of the parameters a step keeps; nil: no average.
    public var emaDecay: Double?

    /// Settings of a constant rate, without decay or average unless given.
    public init(
        method: Optimizer, learningRate: Double, schedule: Schedule = .constant, weightDecay: Double = 0,
        emaDecay: Double? = nil
    ) {
        self.method = method
        self.learningRate = learningRate
        self.schedule = schedule
        self.weightDecay = weightDecay
        self.emaDecay = emaDecay
    }
}

/// How long a training is.
public struct TrainingLength: Hashable, Sendable {
    /// All its steps.
    public var steps: Int
    /// Steps of a pass over the training points; 1 where each point is drawn anew.
    public var stepsPerEpoch: Int

    /// A training of so many steps.
    public init(steps: Int, stepsPerEpoch: Int = 1) {
        self.steps = steps
        self.stepsPerEpoch = stepsPerEpoch
    }
}

/// The log-determinant regulariser of a network: λ Σ_l −ln det(H_lᵀH_l + ε I) of some hidden layers'
/// activations over the batch (rank collapse).
public struct LogDetSettings: Hashable, Sendable {
    /// λ.
    public var weight: Double
    /// ε.
    public var epsilon: Double
    /// Hidden layers, counted from 1, ascending.
    public var layers: [Int]

    /// Settings with λ above 0.
    public init(weight: Double, epsilon: Double, layers: [Int]) {
        self.weight = weight
        self.epsilon = epsilon
        self.layers = layers
    }
}
