import Model
import Text

/// Everything that one trial depends on, with all defaults filled in: the input of `run(trial)`, and the
/// content that a trial's identifier hashes. Two trials with equal settings have equal records.
///
/// Names and meanings are those of the sweep file (docs/sweep-files.md); formulas are in docs/measures.md.
public struct TrialSettings: Hashable, Sendable {
    /// The model that is trained.
    public var model: Model
    /// The data set.
    public var dataset: Dataset
    /// The hidden layers.
    public var network: Network
    /// The optimizer, batches, duration and loss of the training.
    public var training: Training
    /// The measures.
    public var measures: Measures
    /// The seed of every random stream of the trial.
    public var seed: UInt64

    /// Complete settings of a trial.
    public init(
        model: Model, dataset: Dataset, network: Network, training: Training, measures: Measures,
        seed: UInt64
    ) {
        self.model = model
        self.dataset = dataset
        self.network = network
        self.training = training
        self.measures = measures
        self.seed = seed
    }

    /// The model that a trial trains.
    public enum Model: Hashable, Sendable {
        /// A multilayer perceptron trained on its task loss.
        case mlp
        /// A deep variational information bottleneck: task loss + beta · KL, with `bottleneck` latent
        /// variables. The encoder is a stack of dense layers, unless it has an architecture.
        case vib(beta: Double, bottleneck: Int, sigmaShift: Double, encoder: Architecture? = nil)
        /// Another network trained on its task loss.
        case network(Architecture)
        /// A network from a file, which is measured as it is.
        case onnx(Graph)
    }

    /// The hidden layers: the encoder of a VIB (without its head of 2K outputs), or the MLP without its
    /// output layer.
    public struct Network: Hashable, Sendable {
        /// Units of each hidden layer; `depth` is `hidden.count + 1`.
        public var hidden: [Int]
        /// The function after each hidden layer.
        public var activation: Activation
        /// The settings of the network that the schema alone declares.
        package var stored = StoredSettings()
        /// Number of weight layers.
        public var depth: Int { hidden.count + 1 }

        /// Hidden layers.
        public init(hidden: [Int], activation: Activation) {
            self.hidden = hidden
            self.activation = activation
        }
    }

    /// The training: its optimizer, batches, duration and loss.
    public struct Training: Hashable, Sendable {
        /// The length of the training, in steps or in passes over the training points.
        public enum Duration: Hashable, Sendable {
            case steps(Int)
            case epochs(Int)
        }

        /// The optimizer with its learning rate, schedule, weight decay and average.
        public var optimizer: OptimizerSettings
        /// Points in a batch.
        public var batchSize: Int
        /// The length of the training.
        public var duration: Duration
        /// The task loss.
        public var loss: Loss
        /// The log-determinant regulariser; nil where λ is 0.
        public var logDet: LogDetSettings?
        /// The settings of the training that the schema alone declares.
        package var stored = StoredSettings()

        /// The training's settings.
        public init(
            optimizer: OptimizerSettings, batchSize: Int, duration: Duration, loss: Loss,
            logDet: LogDetSettings? = nil
        ) {
            self.optimizer = optimizer
            self.batchSize = batchSize
            self.duration = duration
            self.loss = loss
            self.logDet = logDet
        }
    }

    /// The measures of a trial.
    public struct Measures: Hashable, Sendable {
        /// The times at which the trace gets an entry. The end of training is always measured, into
        /// `metrics`.
        public enum Times: Hashable, Sendable {
            case end
            /// This number of points, equally spaced in steps.
            case linear(Int)
            /// This number of points, equally spaced in log(step) from step 1. Repeated steps are dropped.
            case log(Int)
            /// Before the first step, after each pass of so many epochs, and at the end.
            case epochs(Int)
            case steps([Int])
        }
        /// The settings of local rank; nil: not measured.
        public var localRank: LocalRank?
        /// The settings of norms and ranks of weight matrices; nil: not measured.
        public var weightNorms: WeightNorms?
        /// The times at which the trace gets an entry.
        public var traceAt: Times
        /// Number of samples of z whose probabilities are averaged for `accuracy_sampled` (Alemi et al. 2016
        /// use 12).
        public var samples: Int
        /// The requested measures of the catalogue's table, in its order.
        public var requested: [RequestedMeasure]

        /// The measures' settings.
        public init(
            localRank: LocalRank?, weightNorms: WeightNorms? = nil, traceAt: Times, samples: Int,
            requested: [RequestedMeasure] = []
        ) {
            self.localRank = localRank
            self.weightNorms = weightNorms
            self.traceAt = traceAt
            self.samples = samples
            self.requested = requested
        }

        /// Whether any requested measure needs this.
        public func need(_ need: MeasureDeclaration.Need) -> Bool {
            requested.contains { $0.declaration?.needs.contains(need) ?? false }
        }
    }

    /// Norms and ranks of the weight matrices.
    public struct WeightNorms: Hashable, Sendable {
        /// The tolerance of the numerical rank, relative to σ_1; nil: 1.19e-7 times the matrix's larger side.
        public var tolerance: Double?

        /// The settings of norms and ranks.
        public init(tolerance: Double? = nil) { self.tolerance = tolerance }
    }

    /// The settings of local rank: the rank of each layer's Jacobian with respect to the inputs.
    public struct LocalRank: Hashable, Sendable {
        /// Absolute thresholds ε: #{σ > ε}.
        public var thresholds: [Double]
        /// Relative thresholds ε: #{σ ≥ ε σ_1}.
        public var relative: [Double]
        /// Thresholds τ of a VIB's noise-aware rank: #{σ(diag(1/σ_z) J_μ) > τ}.
        public var noise: [Double]
        /// Number of test points in the mean.
        public var points: Int
        /// The side of the central square of pixels that the Jacobians of convolutional networks, and of networks
        /// from files, are taken with respect to; nil: all inputs.
        public var patch: Int?
        /// In place of a patch of a network from a file: the number of inputs, which the seed draws.
        public var columns: Int?

        /// The settings of local rank.
        public init(
            thresholds: [Double], relative: [Double], noise: [Double], points: Int, patch: Int? = nil
        ) {
            self.patch = patch
            self.thresholds = thresholds
            self.relative = relative
            self.noise = noise
            self.points = points
        }
    }
}

/// The hash of a trial's settings: 32 hexadecimal digits.
///
/// It is equal in every sweep with this trial, whatever the trial's index in the grid.
public struct TrialID: Hashable, Sendable, CustomStringConvertible {
    /// The 32 hexadecimal digits.
    public let text: String
    /// The same as `text`.
    public var description: String { text }

    /// The identifier with this text; nil unless it consists of 32 lower-case hexadecimal digits.
    public init?(_ text: String) {
        guard text.utf8.count == 32,
            text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        self.text = text
    }

    /// The hash of some content.
    ///
    /// - Parameter content: canonical JSON.
    init(hashing content: [UInt8]) { text = Digest(of: content).hexadecimal(bytes: 16) }
}
