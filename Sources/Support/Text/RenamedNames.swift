/// A name from before version 0.2.0 that users wrote or read, and its present name.
///
/// Only this table knows the old names. Readers of names (sweep files, `--set`, `where`, figures, cluster
/// files, `measure`, the command line) accept only present names. They look up an unknown name here, so that
/// the error can give the new one. docs/changelog.md lists the same names.
public struct RenamedName: Sendable {
    /// The name before version 0.2.0.
    public let old: String
    /// The present name.
    public let new: String

    /// All renamed parts of paths, words, metrics and options. A part that has moved is listed with the parts
    /// around it.
    public static let all = renamings.map { RenamedName(old: $0.key, new: $0.value) }

    private static let renamings: KeyValuePairs<String, String> =
        [
            // Settings.
            "experiment": "model", "skips": "residual", "scaleShift": "sigma_shift",
            "directions": "directions_seed", "teacherDepth": "teacher_depth", "teacherWidth": "teacher_width",
            "teacherSeed": "teacher_seed", "trainPoints": "train_points", "testPoints": "test_points",
            "trainFraction": "train_fraction",
            "learningRate": "learning_rate", "weightDecay": "weight_decay",
            "decoupledDecay": "optimizer: adamw",
            "decayFactor": "decay_factor", "decayEvery": "decay_every", "average": "ema_decay",
            "batch": "batch_size", "logDet": "log_det",
            "every": "trace_at", "local_rank.every": "trace_at", "localRank.every": "trace_at",
            // Measures, of sweeps and of the command measure.
            "localRank": "local_rank", "weightNorms": "weight_norms", "effectiveRank": "effective_rank",
            "gradientNoise": "gradient_noise", "weightDisplacement": "weight_displacement",
            "binnedInformation": "binned_information", "kernelInformation": "kernel_information",
            "gaussianBound": "gaussian_bound", "noiseRatio": "noise_ratio", "stepsToLoss": "steps_to_loss",
            "activationRank": "activation_rank", "featureDimension": "feature_dimension",
            "intrinsicDimension": "intrinsic_dimension", "partialRank": "partial_rank",
            "classificationDimension": "classification_dimension",
            "independenceDeficit": "independence_deficit",
            "neuralCollapse": "neural_collapse", "weightProduct": "weight_product",
            "rankStability": "rank_stability", "componentRank": "component_rank",
            "activeUnits": "active_units",
            "spectralNorm": "spectral_norm", "frobeniusNorm": "frobenius_norm", "stableRank": "stable_rank",
            "numericalRank": "numerical_rank",
            // Values.
            "modularAddition": "modular-addition", "scaled": "he_glorot",
            "truncatedNormal": "truncated_normal",
            "crossEntropy": "cross_entropy", "meanSquaredError": "mean_squared_error",
            "gaussianNLL": "gaussian_nll", "hiddenMin": "hidden_min",
            // Metrics and columns.
            "component_accuracy": "pca_accuracy", "rank_me": "rankme",
            // Cluster files.
            "lines": "sbatch_args", "min": "min_jobs", "max": "max_jobs",
            // Options.
            "--patience": "--coordinator-timeout", "--margin": "--shutdown-margin",
            "--stop-with-stdin": "--exit-on-stdin-eof", "ranksweep pause --off": "ranksweep unpause DIR",
        ]

    /// The present name of a word or a dotted path; nil if it has none that the reader knows.
    ///
    /// - Parameter isKnown: returns whether the reader accepts a name. For "optimizer: adamw" it gets the
    ///   key.
    public static func newName(for name: String, isKnown: (String) -> Bool) -> String? {
        var names = [name]
        var index = 0
        // Each part of a path may have been renamed, and a part may have moved.
        while index < names.count, index < 64 {
            for renamed in all {
                if let next = names[index].replacing(renamed), !names.contains(next) { names.append(next) }
            }
            index += 1
        }
        return names.dropFirst().first { isKnown(String($0.prefix { $0 != ":" })) }
    }

    /// The sentence for a message: "'learningRate' is now 'learning_rate'".
    public static func words(_ old: String, _ new: String) -> String { "'\(old)' is now '\(new)'" }
}

extension String {
    /// The path with its renamed parts replaced; nil if it doesn't have them.
    fileprivate func replacing(_ renamed: RenamedName) -> String? {
        guard contains(renamed.old) else { return nil }
        let parts = split(separator: ".", omittingEmptySubsequences: false)
        let old = renamed.old.split(separator: ".")
        guard parts.count >= old.count else { return nil }
        for start in 0...parts.count - old.count where parts[start..<start + old.count].elementsEqual(old) {
            return (parts[..<start] + [Substring(renamed.new)] + parts[(start + old.count)...])
                .joined(separator: ".")
        }
        return nil
    }
}
