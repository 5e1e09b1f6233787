import Model
import Testing
import Text

@testable import Sweep

/// Names of version 0.1: each is refused by every reader of names, with the name that it has now.
@Suite struct RenamedNamesTests {
    /// The paths that 0.1 had and this version has not, as 0.1's documentation listed them.
    static let paths: KeyValuePairs<String, String> = [
        "experiment": "model",
        "skips": "residual",
        "scaleShift": "sigma_shift",
        "dataset.directions": "dataset.directions_seed",
        "dataset.teacherDepth": "dataset.teacher_depth",
        "dataset.teacherWidth": "dataset.teacher_width",
        "dataset.teacherSeed": "dataset.teacher_seed",
        "dataset.trainPoints": "dataset.train_points",
        "dataset.testPoints": "dataset.test_points",
        "dataset.trainFraction": "dataset.train_fraction",
        "training.learningRate": "training.learning_rate",
        "training.weightDecay": "training.weight_decay",
        "training.decoupledDecay": "training.optimizer: adamw",
        "training.decayFactor": "training.decay_factor",
        "training.decayEvery": "training.decay_every",
        "training.average": "training.ema_decay",
        "training.batch": "training.batch_size",
        "training.logDet.weight": "training.log_det.weight",
        "training.logDet.epsilon": "training.log_det.epsilon",
        "training.logDet.layers": "training.log_det.layers",
        "measures.localRank": "measures.local_rank",
        "measures.localRank.thresholds": "measures.local_rank.thresholds",
        "measures.localRank.relative": "measures.local_rank.relative",
        "measures.localRank.noise": "measures.local_rank.noise",
        "measures.localRank.points": "measures.local_rank.points",
        "measures.localRank.patch": "measures.local_rank.patch",
        "measures.weightNorms": "measures.weight_norms",
        "measures.weightNorms.tolerance": "measures.weight_norms.tolerance",
        "measures.effectiveRank": "measures.effective_rank",
        "measures.effectiveRank.epsilon": "measures.effective_rank.epsilon",
        "measures.effectiveRank.points": "measures.effective_rank.points",
        "measures.gradientNoise": "measures.gradient_noise",
        "measures.gradientNoise.batches": "measures.gradient_noise.batches",
        "measures.gradientNoise.window": "measures.gradient_noise.window",
        "measures.gradientNoise.scale": "measures.gradient_noise.scale",
        "measures.weightDisplacement": "measures.weight_displacement",
        "measures.binnedInformation": "measures.binned_information",
        "measures.binnedInformation.bins": "measures.binned_information.bins",
        "measures.binnedInformation.points": "measures.binned_information.points",
        "measures.kernelInformation": "measures.kernel_information",
        "measures.kernelInformation.noise": "measures.kernel_information.noise",
        "measures.kernelInformation.points": "measures.kernel_information.points",
        "measures.gaussianBound": "measures.gaussian_bound",
        "measures.gaussianBound.noiseRatio": "measures.gaussian_bound.noise_ratio",
        "measures.stepsToLoss": "measures.steps_to_loss",
        "measures.stepsToLoss.target": "measures.steps_to_loss.target",
        "measures.stepsToLoss.loss": "measures.steps_to_loss.loss",
        "measures.activationRank": "measures.activation_rank",
        "measures.activationRank.relative": "measures.activation_rank.relative",
        "measures.activationRank.points": "measures.activation_rank.points",
        "measures.featureDimension": "measures.feature_dimension",
        "measures.featureDimension.tolerance": "measures.feature_dimension.tolerance",
        "measures.featureDimension.points": "measures.feature_dimension.points",
        "measures.intrinsicDimension": "measures.intrinsic_dimension",
        "measures.intrinsicDimension.discard": "measures.intrinsic_dimension.discard",
        "measures.intrinsicDimension.points": "measures.intrinsic_dimension.points",
        "measures.partialRank": "measures.partial_rank",
        "measures.partialRank.relative": "measures.partial_rank.relative",
        "measures.partialRank.side": "measures.partial_rank.side",
        "measures.partialRank.points": "measures.partial_rank.points",
        "measures.classificationDimension": "measures.classification_dimension",
        "measures.classificationDimension.share": "measures.classification_dimension.share",
        "measures.classificationDimension.components": "measures.classification_dimension.components",
        "measures.classificationDimension.points": "measures.classification_dimension.points",
        "measures.independenceDeficit": "measures.independence_deficit",
        "measures.independenceDeficit.penalty": "measures.independence_deficit.penalty",
        "measures.independenceDeficit.intercept": "measures.independence_deficit.intercept",
        "measures.independenceDeficit.classes": "measures.independence_deficit.classes",
        "measures.independenceDeficit.points": "measures.independence_deficit.points",
        "measures.neuralCollapse": "measures.neural_collapse",
        "measures.neuralCollapse.points": "measures.neural_collapse.points",
        "measures.weightProduct": "measures.weight_product",
        "measures.weightProduct.indices": "measures.weight_product.indices",
        "measures.weightProduct.tolerances": "measures.weight_product.tolerances",
        "measures.rankStability": "measures.rank_stability",
        "measures.rankStability.delta": "measures.rank_stability.delta",
        "measures.rankStability.tolerances": "measures.rank_stability.tolerances",
        "measures.rankStability.points": "measures.rank_stability.points",
        "measures.componentRank": "measures.component_rank",
        "measures.componentRank.component": "measures.component_rank.component",
        "measures.componentRank.channels": "measures.component_rank.channels",
        "measures.componentRank.side": "measures.component_rank.side",
        "measures.componentRank.batch": "measures.component_rank.batch",
        "measures.componentRank.groups": "measures.component_rank.groups",
        "measures.every": "measures.trace_at",
        "training.logDet": "training.log_det",
        "measures.localRank.every": "measures.trace_at",
        "measures.gaussian_bound.noiseRatio": "measures.gaussian_bound.noise_ratio",
    ]

    static let values: [(setting: String, old: String, new: String)] = [
        ("dataset", "modularAddition", "modular-addition"),
        ("initialisation", "scaled", "he_glorot"), ("initialisation", "truncatedNormal", "truncated_normal"),
        ("training.loss", "crossEntropy", "cross_entropy"),
        ("training.loss", "meanSquaredError", "mean_squared_error"),
        ("training.loss", "gaussianNLL", "gaussian_nll"),
    ]

    private static let base = "name: s\nmodel: mlp\ndataset: mnist\ntraining: {epochs: 1}\n"

    private func faults(_ text: String, set overrides: [String] = [], quick: Bool = false) -> String? {
        let error = #expect(throws: SweepError.self) {
            try SweepSpec(
                parsing: text, file: "s.yaml", overrides: overrides.map { Override($0) }, quick: quick)
        }
        return error?.message
    }

    /// The path as nested mappings: "measures: {localRank: {points: 1}}".
    private func nested(_ path: String, _ value: String = "1") -> String {
        let parts = path.split(separator: ".")
        return parts.dropLast().reduce("") { $0 + "\($1): {" } + "\(parts.last ?? ""): \(value)"
            + String(repeating: "}", count: parts.count - 1)
    }

    @Test func `An old setting in a file is an error that gives the new name and the location`() {
        for (old, new) in Self.paths {
            // The first renamed part is the one that is told of.
            let parts = old.split(separator: ".").map(String.init)
            let known = parts.indices.first { index in
                index == parts.count - 1 || !Setting.groups.contains(parts[...index].joined(separator: "."))
            }
            let depth = known ?? 0
            let group = parts[..<depth].joined(separator: ".") + (depth > 0 ? "." : "")
            let isLast = depth == parts.count - 1
            let newParts = new.split(separator: ".").map(String.init)
            let reported = isLast ? newParts[depth...].joined(separator: ".") : newParts[depth]
            // At the top of the file beside a right sweep, or in place of the mapping that is there.
            let text =
                old.hasPrefix("dataset.")
                ? Self.base.replacing(
                    "dataset: mnist", with: nested(old).replacing("{", with: "{name: mnist, "))
                : old.hasPrefix("training.")
                    ? Self.base.replacing("training: {epochs: 1}", with: nested(old))
                    : Self.base + nested(old) + "\n"
            let due = "\(group)\(parts[depth]): '\(parts[depth])' is now '\(reported)'"
            let message = faults(text) ?? ""
            if old == "measures.localRank.every" {
                #expect(message.contains("'localRank' is now 'local_rank'"))
            } else {
                #expect(
                    message.hasPrefix("s.yaml:") && message.contains(due), "\(old): \(message), not \(due)")
            }
        }
        // One that was left in a group of the new name.
        #expect(
            faults(Self.base + "measures: {local_rank: {every: log}}\n")
                == "s.yaml:5:25: measures.local_rank.every: 'every' is now 'measures.trace_at'")
    }

    @Test
    func `An old path as an axis, in --set, quick, zip, where and figures is an error with the new one`() {
        for (old, new) in Self.paths {
            let due = "'\(old)' is now '\(new)'"
            let texts: [(String, [String])] = [
                (Self.base + "axes: {\(old): [1, 2]}\n", []), (Self.base, ["\(old)=1"]),
                (Self.base + "quick: {\(old): 1}\n", []),
                (Self.base + "axes: {depth: [1, 2]}\nzip: [[depth, \(old)]]\n", []),
                (Self.base + "axes: {depth: [1, 2]}\nwhere: ['\(old) < 2']\n", []),
                (Self.base + "axes: {depth: [1, 2]}\nfigures: [{name: f, x: \(old), y: accuracy}]\n", []),
                (
                    Self.base
                        + "axes: {depth: [1, 2]}\nfigures: [{name: f, x: depth, y: accuracy, curves: \(old)}]\n",
                    []
                ),
            ]
            for (text, overrides) in texts {
                let message = faults(text, set: overrides) ?? ""
                #expect(message.contains(due), "\(old) in \(text): \(message)")
            }
        }
    }

    @Test(arguments: values)
    func `An old value is an error with the new name where it is set and in a condition`(
        setting: String, old: String, new: String
    ) {
        let due = "'\(old)' is now '\(new)'"
        #expect(faults(Self.base, set: ["\(setting)=\(old)"])?.hasSuffix(due) ?? false)
        let base = setting == "dataset" ? Self.base.replacing("dataset: mnist\n", with: "") : Self.base
        let axis = "axes: {\(setting): [\(new), \(setting == "dataset" ? "mnist" : other(setting, new))]}\n"
        let message = faults(base + axis + "where: [\(setting) != '\(old)']\n") ?? ""
        #expect(message.contains(due), "\(message)")
    }

    private func other(_ setting: String, _ word: String) -> String {
        guard case .word(let words)? = Setting[path: setting]?.kind else { return "" }
        return words.first { $0 != word } ?? ""
    }

    @Test func `An old metric or layer in a figure is an error that gives the new name`() {
        for (old, new) in ["component_accuracy": "pca_accuracy", "rank_me": "rankme"] {
            let message = faults(
                Self.base + "axes: {depth: [1, 2]}\nfigures: [{name: f, x: depth, y: \(old)}]\n")
            #expect(message == "s.yaml:6:34: figures.y: '\(old)' is now '\(new)'")
        }
        let y = "{metric: local_rank, threshold: 0.1, layer: hiddenMin}"
        let message = faults(Self.base + "axes: {depth: [1, 2]}\nfigures: [{name: f, x: depth, y: \(y)}]\n")
        #expect(message?.hasSuffix("figures.y.layer: 'hiddenMin' is now 'hidden_min'") ?? false)
    }

    @Test func `Settings of measure have the new names`() {
        func words(_ argument: String, _ measure: MeasureRequest.Measure?) -> String? {
            var request = MeasureRequest(
                weights: "f", points: .noPoints, activation: nil, measures: measure.map { [$0] } ?? [])
            let error = #expect(throws: MeasureRequest.SettingMistake.self) { try request.set(argument) }
            return error?.words
        }
        #expect(
            words("effectiveRank.epsilon=1", .init(rawValue: "effective_rank"))
                == "'effectiveRank' is now 'effective_rank'")
        #expect(
            words("gaussian_bound.noiseRatio=1", .init(rawValue: "gaussian_bound"))
                == "'noiseRatio' is now 'noise_ratio'")
    }

    @Test func `Every entry of the table is of some name that there is, and none is a name itself`() {
        let all = Self.paths.flatMap { $0.key.split(separator: ".").map(String.init) }
        let others =
            Self.values.map(\.old) + [
                "hiddenMin", "component_accuracy", "rank_me", "activeUnits", "spectralNorm", "frobeniusNorm",
                "stableRank", "numericalRank",
            ]
        // ClusterTests and EndToEndTests check cluster files and the command line.
        let elsewhere = [
            "lines", "min", "max", "--patience", "--margin", "--stop-with-stdin", "ranksweep pause --off",
            "local_rank.every", "localRank.every",
        ]
        for old in Alias.renamed.map(\.key) {
            #expect((all + others + elsewhere).contains(old), "\(old)")
            #expect(Setting[path: old] == nil && Metric(key: old) == nil)
            #expect(MeasureRequest.Measure(rawValue: old) == nil)
        }
    }

    @Test func `No setting, group, value, measure, metric or key has an upper-case letter`() {
        var names = Setting.all.map(\.path) + Setting.groups + Draft.keys + Metric.all.map(\.key)
        names += MeasureCatalogue.all.map(\.name) + MeasureRequest.Measure.allCases.map(\.rawValue)
        names += Dataset.names + Setting.modelNames + FigureReader.keys
        names += Loss.allCases.map(\.rawValue)
        for case .word(let words) in Setting.all.map(\.kind) { names += words }
        for name in names {
            #expect(name == name.lowercased())
        }
    }
}
