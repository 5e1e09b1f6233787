/// The rule by which parameters follow their gradient.
public enum Optimizer: Hashable, Sendable {
    /// Gradient descent with momentum.
    case sgd(momentum: Double)
    /// Adam (Kingma & Ba 2015).
    case adam(beta1: Double, beta2: Double, epsilon: Double)
    /// Adam with decoupled weight decay: a step also shrinks the weights by the learning rate times the decay
    /// (Loshchilov & Hutter 2019).
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
    /// Half a cosine, from the first rate to 0 over the whole training.
    case cosine
    /// The rate is multiplied by `factor` every `every` epochs, or steps where data have no epochs.
    case decay(factor: Double, every: Int)
    /// The rate is multiplied by `factor` after each of these epochs, or steps where data have no epochs. Ascending.
    case milestones([Int], factor: Double)

    /// The names in sweep files.
    public static let words = ["constant", "cosine", "decay"]

    /// The factor of the first learning rate in a step, counted from 0.
    public func factor(at step: Int, of length: TrainingLength) -> Double {
        switch self {
        case .constant: 1
        case .cosine:
            0.5 * (1 + reproducibleCosine(.pi * min(1, Double(step) / Double(max(1, length.steps)))))
        case .decay(let factor, let every): power(factor, step / max(1, every * length.stepsPerEpoch))
        case .milestones(let milestones, let factor):
            power(factor, milestones.count { $0 * length.stepsPerEpoch <= step })
        }
    }
}

/// The rule of a step, its learning rate, weight decay and average.
public struct OptimizerSettings: Hashable, Sendable {
    /// The rule of a step.
    public var method: Optimizer
    /// The first learning rate.
    public var learningRate: Double
    /// The learning rate over time.
    public var schedule: Schedule
    /// The factor of w that is added to the gradient of weights (not biases), except with AdamW.
    public var weightDecay: Double
    /// The share of an exponential moving average of the parameters that a step keeps; nil: no average.
    public var emaDecay: Double?
    /// The largest L2 norm of the gradient, which is scaled down to it; nil: any.
    public var clipNorm: Double?
    /// The number of steps over which the learning rate rises to that of the schedule.
    public var warmup = 0

    /// The learning rate of a step, counted from 0.
    public func rate(at step: Int, of length: TrainingLength) -> Double {
        let rate = learningRate * schedule.factor(at: step, of: length)
        return step < warmup ? rate * (Double(step + 1) / Double(warmup)) : rate
    }

    /// Settings with a constant rate, no decay and no average as defaults.
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

/// The length of a training.
public struct TrainingLength: Hashable, Sendable {
    /// Number of all its steps.
    public var steps: Int
    /// Number of steps in a pass over the training points; 1 where each point is drawn anew.
    public var stepsPerEpoch: Int

    /// A training with this number of steps.
    public init(steps: Int, stepsPerEpoch: Int = 1) {
        self.steps = steps
        self.stepsPerEpoch = stepsPerEpoch
    }
}

/// The log-determinant regulariser of a network: λ Σ_l −ln det(H_lᵀH_l + ε I), summed over some hidden
/// layers' activations for the batch (rank collapse).
public struct LogDetSettings: Hashable, Sendable {
    /// λ.
    public var weight: Double
    /// ε.
    public var epsilon: Double
    /// The hidden layers, counted from 1, ascending.
    public var layers: [Int]

    /// Settings with λ above 0.
    public init(weight: Double, epsilon: Double, layers: [Int]) {
        self.weight = weight
        self.epsilon = epsilon
        self.layers = layers
    }
}
