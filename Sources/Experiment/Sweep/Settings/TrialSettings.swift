import Model
import Text

/// Everything one trial depends on, with every default filled in: the input of `run(trial)` and the content
/// that a trial's identifier hashes. Two trials with equal settings have equal records.
///
/// Names and meanings follow the sweep file (docs/sweep-files.md); formulas are in docs/measures.md.
public struct TrialSettings: Hashable, Sendable {
    public var model: Model
    public var dataset: Dataset
    public var network: Network
    public var training: Training
    public var measures: Measures
    /// The seed of every random stream of the trial.
    public var seed: UInt64

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

    public enum Model: Hashable, Sendable {
        /// A multilayer perceptron trained on its task loss.
        case mlp
        /// A deep variational information bottleneck: task loss + beta · KL, `bottleneck` latent variables.
        case vib(beta: Double, bottleneck: Int, sigmaShift: Double)
        /// Another network on its task loss.
        case network(Architecture)
    }

    /// The encoder of a VIB (without its head of 2K outputs), or the MLP without its output layer.
    public struct Network: Hashable, Sendable {
        /// Units of each hidden layer; `depth` is `hidden.count + 1`.
        public var hidden: [Int]
        public var activation: Activation
        /// Of an MLP: whether its layers have them.
        public var biases: Bool
        /// Of an MLP.
        public var initialisation: Initialisation
        public var depth: Int { hidden.count + 1 }

        public init(
            hidden: [Int], activation: Activation, biases: Bool = true,
            initialisation: Initialisation = .heGlorot
        ) {
            self.hidden = hidden
            self.activation = activation
            self.biases = biases
            self.initialisation = initialisation
        }
    }

    public struct Training: Hashable, Sendable {
        public enum Duration: Hashable, Sendable {
            case steps(Int)
            case epochs(Int)
        }

        public var optimizer: OptimizerSettings
        public var batchSize: Int
        public var duration: Duration
        public var loss: Loss
        /// nil where λ is 0.
        public var logDet: LogDetSettings?

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

    public struct Measures: Hashable, Sendable {
        /// When the trace gets an entry; the end of training is always measured, into `metrics`.
        public enum Times: Hashable, Sendable {
            case end
            /// So many points, equally spaced in steps.
            case linear(Int)
            /// So many points, equally spaced in log(step), from step 1; doubles are dropped.
            case log(Int)
            case steps([Int])

            /// The most entries that a trace has.
            public var maxEntries: Int {
                switch self {
                case .end: 0
                case .linear(let count), .log(let count): count
                case .steps(let steps): steps.count
                }
            }
        }
        public var localRank: LocalRank?
        public var weightNorms: WeightNorms?
        public var traceAt: Times
        /// Samples of z averaged in probability for `accuracy_sampled` (Alemi et al. 2016 use 12).
        public var samples: Int
        /// The measures of the catalogue's table that are asked for, in its order.
        public var requested: [RequestedMeasure]

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

        /// Whether some measure asks for it.
        public func need(_ need: MeasureDeclaration.Need) -> Bool {
            requested.contains { $0.declaration?.needs.contains(need) ?? false }
        }
    }

    /// Norms and ranks of the weight matrices.
    public struct WeightNorms: Hashable, Sendable {
        /// Relative to σ_1, of the numerical rank; nil: 1.19e-7 times the matrix's larger side.
        public var tolerance: Double?

        public init(tolerance: Double? = nil) { self.tolerance = tolerance }
    }

    public struct LocalRank: Hashable, Sendable {
        /// Absolute thresholds ε: #{σ > ε}.
        public var thresholds: [Double]
        /// Relative thresholds ε: #{σ ≥ ε σ_1}.
        public var relative: [Double]
        /// Thresholds τ of the rank that knows the noise, of a VIB: #{σ(diag(1/σ_z) J_μ) > τ}.
        public var noise: [Double]
        /// Test points that the mean goes over.
        public var points: Int
        /// Of convolutional networks: the side of the middle square of pixels that Jacobians are in; nil:
        /// all inputs.
        public var patch: Int?

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

/// The content hash of a trial's settings: 32 hexadecimal digits.
///
/// Equal in every sweep that holds the trial, wherever it stands in the grid.
public struct TrialID: Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public var description: String { text }

    /// nil unless `text` is 32 lower-case hexadecimal digits.
    public init?(_ text: String) {
        guard text.utf8.count == 32,
            text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        self.text = text
    }

    /// - Parameter content: canonical JSON.
    init(hashing content: [UInt8]) { text = Digest(of: content).hexadecimal(bytes: 16) }
}
