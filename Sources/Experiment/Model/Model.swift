// Model: describes networks and training in the terms of sweep files: activations, losses,
// normalisations, initialisations, optimizers, layers, and the shapes and plans of networks.
// All are pure values, shared by sweep reading, cost estimates, kept weights and the numeric targets.
// Imports only Text (JSON), so that a coordinator without BLAS can link it.
// Leaves out the numbers: parameters, passes, files and random streams are in Learning and Experiments.

/// The distribution of weights before the first step, under its name in sweep files. Biases are zero.
public enum Initialisation: String, CaseIterable, Sendable {
    /// Normal with variance 2 / inputs before a ReLU (He et al. 2015), else 2 / (inputs + outputs) (Glorot &
    /// Bengio 2010).
    case heGlorot = "he_glorot"
    /// Normal with deviation 1/√inputs, redrawn beyond two deviations, which leaves a deviation of
    /// 0.8796/√inputs: the public setting of the information plane (Shwartz-Ziv & Tishby 2017).
    case truncatedNormal = "truncated_normal"
    /// Normal with variance 1 / inputs: up to its scale, the one assumed by Theorem 5 of rank diminishing.
    case gaussian
    /// Uniform with variance 1 / inputs.
    case uniform
    /// Orthonormal rows, or orthonormal columns where there are more rows than columns: the Q of a normal
    /// matrix. Each column's sign makes R's diagonal positive, so that all such matrices are equally likely
    /// (Mezzadri 2007).
    case orthogonal
}

/// The function that compares outputs with targets, under its name in sweep files.
public enum Loss: String, CaseIterable, Sendable {
    /// Softmax cross-entropy, in nats per point.
    case crossEntropy = "cross_entropy"
    /// Squared error, averaged over points and outputs.
    case meanSquaredError = "mean_squared_error"
    /// −ln N(y; output, diag e^v), including its ½ ln 2π, in nats per point. The log-variance v is a learned
    /// output.
    case gaussianNLL = "gaussian_nll"
    /// ln(1 + e^(−y z)) of the single output z, in nats per point. Labels 0 and 1 stand for y = −1 and 1.
    case logistic

    /// The divisor that turns a sum over `points` points into the loss.
    public func normaliser(points: Int, outputs: Int) -> Double {
        switch self {
        case .meanSquaredError: Double(points * outputs)
        case .crossEntropy, .gaussianNLL, .logistic: Double(points)
        }
    }
}
