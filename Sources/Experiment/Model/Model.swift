// Model: describes what is trained, in the words of sweep files: activations, losses, normalisations,
// initialisations, optimizers, layers, the shapes and plans of networks, and data sets.
// Pure values, on which sweep reading, cost estimates, kept weights and the numeric half agree.
// Imports nothing but Text (JSON), so that a coordinator without BLAS can read it.
// Leaves out the numbers: parameters, passes, files and random streams are Learning's and Experiments'.

/// The function after each hidden layer, under its name in sweep files.
public enum Activation: String, CaseIterable, Sendable {
    /// φ(p) = p
    case linear
    /// φ(p) = max(p, 0)
    case relu
    /// φ(p) = tanh p
    case tanh
}

/// What weights are drawn from before the first step, under its name in sweep files; biases are zero.
public enum Initialisation: String, CaseIterable, Sendable {
    /// Normal of variance 2 / inputs before a ReLU (He et al. 2015), else 2 / (inputs + outputs) (Glorot &
    /// Bengio 2010).
    case heGlorot = "he_glorot"
    /// Normal of deviation 1/√inputs, drawn again beyond two deviations (what is left has a deviation of
    /// 0.8796/√inputs): the public setting of the information plane (Shwartz-Ziv & Tishby 2017).
    case truncatedNormal = "truncated_normal"
    /// Normal of variance 1 / inputs: the one that Theorem 5 of rank diminishing speaks of, up to its scale.
    case gaussian
    /// Uniform of variance 1 / inputs.
    case uniform
    /// Orthonormal rows, or columns where there are more rows than columns: the Q of a normal matrix, each
    /// column's sign such that R's diagonal is positive, so that all such matrices are equally likely
    /// (Mezzadri 2007).
    case orthogonal
}

/// How outputs are held against targets, under its name in sweep files.
public enum Loss: String, CaseIterable, Sendable {
    /// Softmax cross-entropy, nats a point.
    case crossEntropy = "cross_entropy"
    /// Squared error, mean over points and outputs.
    case meanSquaredError = "mean_squared_error"
    /// −ln N(y; output, diag e^v) with a learned log-variance v an output, nats a point, with its ½ ln 2π.
    case gaussianNLL = "gaussian_nll"
    /// ln(1 + e^(−y z)) of the one output z, labels 0 and 1 being y = −1 and 1; nats a point.
    case logistic

    /// What a sum over `points` points is divided by to give the loss.
    public func normaliser(points: Int, outputs: Int) -> Double {
        switch self {
        case .meanSquaredError: Double(points * outputs)
        case .crossEntropy, .gaussianNLL, .logistic: Double(points)
        }
    }
}

/// What numbers of a point, or of a batch, are brought to mean 0 and variance 1, to be scaled by γ and
/// shifted by β, one each a channel. A vector's units are its channels.
public enum Normalisation: Hashable, Sendable {
    /// All numbers of a point (Ba, Kiros & Hinton 2016).
    case layer
    /// Each channel over all points of the batch and pixels (Ioffe & Szegedy 2015). In evaluation a running
    /// average of the moments stands for the batch's.
    case batch
    /// Each channel of a point over its pixels (Ulyanov, Vedaldi & Lempitsky 2016). A vector counts as one
    /// channel of as many pixels as it has units: γ and β are one number each.
    case instance
    /// So many groups of neighbouring channels, each over a point's pixels (Wu & He 2018).
    case group(Int)

    /// The names in sweep files.
    public static let words = ["layer", "batch", "instance", "group"]

    /// The name in sweep files.
    public var word: String {
        switch self {
        case .layer: "layer"
        case .batch: "batch"
        case .instance: "instance"
        case .group: "group"
        }
    }

    /// The normalisation of that name in sweep files; nil for another word.
    ///
    /// - Parameter groups: how many a group normalisation has.
    public init?(_ word: String, groups: Int) {
        let all: [Normalisation] = [.layer, .batch, .instance, .group(groups)]
        guard let named = all.first(where: { $0.word == word }) else { return nil }
        self = named
    }
}
