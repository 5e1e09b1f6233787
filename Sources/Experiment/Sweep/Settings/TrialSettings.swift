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

    public enum Dataset: Hashable, Sendable {
        case gaussian(Gaussian)
        case images(Images)
        case teacher(Teacher)
        case symmetric(Symmetric)
        case modular(Modular)
    }

    /// Jointly Gaussian inputs and targets, drawn anew for every batch.
    public struct Gaussian: Hashable, Sendable {
        /// The joint covariance of (x, y), row-major, (inputs + targets)².
        public var covariance: [[Double]]
        /// How many of the variables are inputs; the others are targets.
        public var inputs: Int
        /// Points of the evaluation sample.
        public var testPoints: Int

        public init(covariance: [[Double]], inputs: Int, testPoints: Int) {
            self.covariance = covariance
            self.inputs = inputs
            self.testPoints = testPoints
        }
    }

    public struct Images: Hashable, Sendable {
        public enum Name: String, CaseIterable, Sendable {
            case mnist
            case fashionMNIST = "fashion-mnist"
            case cifar10 = "cifar-10"
            /// Computed, of CIFAR-10's shape.
            case generated = "generated-images"
        }
        /// The files of MNIST and its like, in the set's folder, each plain or with ".gz".
        public static let fileNames = [
            "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte",
        ]

        /// How the bytes 0...255 become inputs: 0...1, or -1...1.
        public enum Scale: String, CaseIterable, Sendable { case unit, symmetric }

        public var name: Name
        public var scale: Scale
        /// The first so many images of each file, or all where nil.
        public var trainPoints: Int?
        public var testPoints: Int?

        public init(name: Name, scale: Scale, trainPoints: Int?, testPoints: Int?) {
            self.name = name
            self.scale = scale
            self.trainPoints = trainPoints
            self.testPoints = testPoints
        }
    }

    /// A finite training set that a known network labels, as the bounds of minimum-norm networks want it
    /// (docs/measures.md): inputs of length 1, one output, a ReLU network without biases as the teacher.
    public struct Teacher: Hashable, Sendable {
        /// Labels: the output's sign, only where it is at least 1 from 0. Or the output itself, never negative.
        public enum Task: String, CaseIterable, Sendable { case classification, regression }

        public var task: Task
        public var inputs: Int
        /// K, the teacher's weight layers.
        public var depth: Int
        /// Units of each of its hidden layers.
        public var width: Int
        /// B, the Frobenius norm of each of its weight matrices.
        public var norm: Double
        /// Of its weights; not the trial's seed, so that all trials learn from one teacher.
        public var seed: UInt64
        public var trainPoints: Int
        public var testPoints: Int

        public init(
            task: Task, inputs: Int, depth: Int, width: Int, norm: Double, seed: UInt64, trainPoints: Int,
            testPoints: Int
        ) {
            self.task = task
            self.inputs = inputs
            self.depth = depth
            self.width = width
            self.norm = norm
            self.seed = seed
            self.trainPoints = trainPoints
            self.testPoints = testPoints
        }
    }

    /// All patterns of 12 bits, and a class that the icosahedron's symmetries keep (Shwartz-Ziv & Tishby 2017).
    public struct Symmetric: Hashable, Sendable {
        public static let patterns = 4096
        public static let bits = 12

        /// Bits are 0 and 1 (unit), or −1 and 1.
        public var scale: Images.Scale
        /// So many patterns, which the trial's seed chooses, train; the others test.
        public var trainPoints: Int
        public var testPoints: Int { Symmetric.patterns - trainPoints }

        public init(scale: Images.Scale, trainPoints: Int) {
            self.scale = scale
            self.trainPoints = trainPoints
        }
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
            public var mostEntries: Int {
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
