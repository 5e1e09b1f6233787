import Model
import Text

extension Setting {
    /// All settings, in the order of the documentation. `seed` and integers stay below 2^53, so that JSON's
    /// numbers are exact.
    public static let all: [Setting] =
        basic + Dataset.settings + network.map(\.ofTrainedModels) + training.map(\.ofTrainedModels)
        + measures

    private static let byPath: [String: Setting] = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })

    static subscript(path path: String) -> Setting? { byPath[path] ?? LayerWord.setting(path: path) }

    /// Settings of the whole sweep, which can't be axes.
    static let neverAxes = ["model", "weights", "reproducibility"]

    /// The mappings that group settings: "dataset", "training", "measures", "measures.local_rank".
    static let groups: [String] =
        ["dataset", "training", "measures", "training.log_det"]
        + MeasureCatalogue.all.filter { !$0.options.isEmpty }.map(\.path)

    /// Settings that exclude each other. Each pair of sets allows settings from only one of them.
    static let exclusive: [(one: [String], other: [String])] =
        [
            (["training.steps"], ["training.epochs"]),
            (["training.milestones"], ["training.decay_every"]),
            (["hidden"], ["depth", "width"]),
            (["measures.local_rank.patch"], ["measures.local_rank.columns"]),
        ] + Dataset.allKinds.flatMap(\.exclusive)

    /// The setting, which only models that are trained use.
    private var ofTrainedModels: Setting {
        var setting = self
        if !uses.contains(where: { ["model", Use.networkPath].contains($0.path) }) {
            setting.uses.insert(.trained, at: 0)
        }
        return setting
    }

    init(
        _ path: String, _ kind: SettingType, default defaultText: String, fallback: JSONValue? = nil,
        uses: [Use] = [], _ meaning: String
    ) {
        self.path = path
        self.kind = kind
        key = String(path.split(separator: ".").last ?? "")
        self.defaultText = defaultText
        self.fallback = fallback
        self.uses = uses
        self.meaning = meaning
    }

    /// A setting whose default is a value, which `text` describes where it isn't the default everywhere.
    init(
        _ path: String, _ kind: SettingType, value fallback: JSONValue, text: String? = nil, uses: [Use] = [],
        _ meaning: String
    ) {
        let value = fallback.string ?? fallback.canonicalText
        let list = value.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ", ")
        self.init(path, kind, default: text ?? list, fallback: fallback, uses: uses, meaning)
    }

    private static let vib = Use.vib
    private static let finite = Use(
        path: "dataset", words: Dataset.allKinds.filter(\.hasEpochs).flatMap(\.names))
    private static let mlp = Use.network(["mlp"])
    private static let plain = Use.network(["mlp", "cnn"])
    private static let sized = Use.network(["mlp", "cnn", "resnet"] + tokenModels)
    private static let beyond = Use.network(["mlp", "cnn", "resnet"])
    private static let activated = Use.network(["mlp", "cnn"] + tokenModels)
    private static let resnet = Use.network(["resnet"])
    private static let vit = Use.network(["vit"])
    private static let mixer = Use.network(["mixer"])
    private static let tokens = Use.network(tokenModels)
    private static let adam = Use(path: "training.optimizer", words: ["adam", "adamw"])
    private static let sgd = Use(path: "training.optimizer", words: ["sgd"])
    private static let decay = Use(path: "training.schedule", words: ["decay"])

    static let positive = Bounds(.open(0), .none)
    // Networks train in float32. A factor beyond these bounds would become 0 or infinite there, perhaps after
    // a division by the number of points in a batch or a product with a bias correction.
    private static let singleReason = "networks train in float32, which has room for no more"
    private static let factor = Bounds(.closed(1e-30), .closed(1e30), because: singleReason)
    private static let factorOrZero = Bounds(.closed(0), .closed(1e30), because: singleReason)
    // A float32 average m, updated to m + s (g − m), stops moving where s is less than half the distance of
    // neighbouring floats, 2⁻²⁴.
    private static let kept = Bounds(
        .closed(0), .closed(0.9999999),
        because: "networks train in float32, where an average that keeps more never moves")
    private static let keptWeights = Bounds(
        .open(0), .closed(0.999999),
        because: "networks train in float32, where an average that keeps more stays at the drawn weights")
    // With ε below √(1.2e-38 / (1 − β₂)), squared gradients that underflow would go unnoticed, and steps
    // could have any size.
    private static let denominator = Bounds(
        .closed(1e-15), .closed(1e30),
        because:
            "networks train in float32, where small squared gradients vanish and only ε is left to divide by")

    static let modelNames = trainedModels + ["onnx"]
    /// The models that are trained.
    static let trainedModels = ["mlp", "vib", "cnn", "resnet"] + tokenModels + ["layers"]
    /// The models on the patches of an image.
    static let tokenModels = TrialSettings.TokenNetwork.allCases.map(\.rawValue)
    static let seedLimit = 1 << 53 - 1

    private static let basic: [Setting] = [
        Setting(
            "model", .word(modelNames), default: "required",
            "What a trial trains, or `onnx`, a network from a file that it measures. Never an axis."),
        Setting(
            "file", .path, default: "required", uses: [.onnx],
            "The network's .onnx file, by its path from the folder of the sweep file."),
        Setting(
            "layers", .patterns, default: "those that `measure --list-layers` marks", uses: [.onnx],
            "The layers that are measured: names, or patterns with `*` and `?`."),
        Setting(
            "dataset", .dataset, default: "required",
            "What it trains on, or is measured at: \(listed(Dataset.names, "or")). `array` is the name where `inputs` "
                + "is a file."),
        Setting(
            "beta", .number(factor), default: "required", uses: [vib],
            "The weight of the compression term, β in `task loss + β · KL`."),
        Setting(
            "seed", .integer(0...seedLimit), default: "0", "The seed of every random stream of the trial."),
        Setting(
            "weights", .weights, default: "none", uses: [.trained],
            "Which weights the run keeps: those after the last step, at the trace's lowest test loss (needs "
                + "`measures.trace_at`), or after the steps listed. Never an axis."),
        Setting(
            "reproducibility", .word(["recorded", "strict"]), default: "recorded",
            "Whether workers of several BLAS kernels or of other sources, whose digits may differ, may share the "
                + "run: `recorded` names each record's in the provenance; `strict` turns away those whose kernel "
                + "is not that of the run's first records, or whose commit is not the coordinator's. Never an "
                + "axis."),
    ]

    /// Whether the layers of an MLP or CNN have biases.
    package static let biases = StoredSetting(
        "biases", .flag, default: true, text: Dataset.text { $0.hasBiases ? "true" : "false" },
        ofData: \.hasBiases, isKept: true,
        uses: [plain],
        "Whether layers have biases; a ReLU network without is homogeneous in its weights.")

    /// How weights are drawn.
    package static let initialisation = StoredSetting(
        "initialisation", .word(Initialisation.allCases.map(\.rawValue)), default: Initialisation.heGlorot,
        uses: [.trained],
        "Weights before the first step, normal: `he_glorot`, of variance 2 / inputs before a ReLU and "
            + "2 / (inputs + outputs) else; `truncated_normal`, of deviation 1/√inputs, drawn again beyond two "
            + "deviations; `gaussian`, of deviation 1/√inputs. Or of the same deviation `uniform`; or "
            + "`orthogonal`, a random matrix with orthonormal rows or columns. Embeddings and a gmlp's gates have deviations of "
            + "their own.")

    /// The path past a resnet's smaller stages.
    package static let shortcut = StoredSetting(
        "shortcut", .word(ShortcutKind.allCases.map(\.rawValue)), default: ShortcutKind.padded, isKept: true,
        uses: [resnet],
        "What bypasses a block that halves the resolution: every second pixel, `padded` with channels of zeros, or a "
            + "1 × 1 convolution (`projection`).")

    /// The side of patches.
    package static let patch = StoredSetting(
        "patch", .integer(1...64), default: 4, isKept: true, uses: [tokens],
        "Side, in pixels, of the square patches of an image that become tokens.")

    /// Attention heads.
    package static let heads = StoredSetting(
        "heads", .integer(1...256), default: 4, isKept: true, uses: [vit],
        "Attention heads of a block, which divide `width`.")

    private static let ratio = Bounds(.open(0), .closed(64))

    /// Units of a block's MLP over the width.
    package static let mlpRatio = StoredSetting(
        "mlp_ratio", .number(ratio), default: 4.0, text: "4 (vit, mixer), 6 (gmlp)", ofModel: ["gmlp": 6],
        isKept: true, uses: [tokens],
        "Units of the dense layer within a block, as a multiple of `width`.")

    /// Units of a mixer's MLP over tokens, over the width.
    package static let tokenRatio = StoredSetting(
        "token_ratio", .number(ratio), default: 0.5, isKept: true, uses: [mixer],
        "Units of the dense layer that mixes tokens, as a multiple of `width`.")

    /// The tokens that a vision transformer's classifier reads.
    package static let pool = StoredSetting(
        "pool", .word(TokenPool.allCases.map(\.rawValue)), default: TokenPool.classToken, isKept: true,
        uses: [vit],
        "What the classifier reads: a learned `class` token's result, or the `mean` over all tokens.")

    /// Dropout in a token network's blocks.
    package static let dropout = StoredSetting(
        "dropout", .number(Bounds(.closed(0), .closed(0.99))), default: 0.0, uses: [tokens],
        "Share of the numbers behind each dense layer of a block, except `qkv`, that a training step sets to 0."
    )

    /// The largest norm of the gradient; nil: any.
    package static let clipNorm = StoredSetting<Double?>(
        "training.clip_norm", .numberOrOff(factor), default: nil,
        "The largest L2 norm of the gradient of all parameters together. A longer gradient is scaled down to it, "
            + "before weight decay, momentum and Adam's moments.")

    /// The number of steps over which the learning rate rises.
    package static let warmup = StoredSetting(
        "training.warmup", .integer(0...1_000_000_000), default: 0,
        "Steps over which the learning rate rises linearly: step t, from 0, has (t + 1) / `warmup` of the "
            + "schedule's rate.")

    /// The share of a target that all classes get.
    package static let labelSmoothing = StoredSetting(
        "training.label_smoothing", .number(Bounds(.closed(0), .open(1))), default: 0.0,
        "α: training takes 1 − α for a point's class and α / classes more for every class as targets of "
            + "`cross_entropy`. Measured losses are without it.")

    /// The training loss at which a training ends; nil: none.
    package static let stopAtLoss = StoredSetting<Double?>(
        "training.stop_at_loss", .numberOrOff(Bounds(.none, .none)), default: nil,
        "A training ends at the first step of the trace whose `train_loss` is at most this (needs "
            + "`measures.trace_at`); the metric `stopped_at_step` says which.")

    private static let network: [Setting] = [
        Setting(
            "encoder", .word(trainedModels.filter { $0 != "vib" }), value: .string("mlp"), uses: [vib],
            "A VIB's encoder: a network as `model` names it, with that network's settings, which ends in μ and s in "
                + "place of the outputs."),
        Setting(
            "network", .network, default: "required", uses: [.layers],
            "The layers, in their order. Any value in the list may be an axis, or whole networks by name: `{mlp: […], cnn: […]}`."
        ),
        Setting(
            "depth", .integer(1...1000), default: "2 (mlp), 4 (cnn, vit, mixer, gmlp), 8 (resnet)",
            uses: [sized],
            "Weight layers; of a VIB the encoder's, its μ/σ head included; of a resnet 6n + 2; blocks of a vit, mixer "
                + "or gmlp."),
        Setting(
            "width", .integer(1...65536),
            default: Dataset.text { String($0.width) } + ", 16 (cnn, resnet), 64 (vit, mixer, gmlp)",
            uses: [sized],
            "Units of every hidden layer; channels of a cnn's convolutions, of a resnet's first stage, and of a "
                + "vit's, mixer's or gmlp's tokens."),
        Setting(
            "hidden", .integers(1...65536, limit: 999), default: "`depth` − 1 layers of `width`",
            uses: [plain], "Units (of a cnn channels) of each hidden layer, in place of depth and width."),
        Setting(
            "activation", .word(Activation.allCases.map(\.rawValue)),
            default: Dataset.text { $0.activation.rawValue } + ", gelu (vit, mixer, gmlp)", uses: [activated],
            "The function after every hidden layer; of a vit, mixer or gmlp, within its blocks."),
        biases.setting,
        initialisation.setting,
        Setting(
            "normalisation", .word(["none"] + Normalisation.words),
            default: "none (mlp, cnn), batch (resnet)", uses: [beyond],
            "What normalises hidden layers before their activation."),
        Setting(
            "groups", .integer(1...4096), default: "4",
            uses: [Use(path: "normalisation", words: ["group"])],
            "Into how many groups of units, or channels, group normalisation divides a layer."),
        Setting(
            "residual", .flag, default: "false", uses: [mlp],
            "Whether each hidden layer that is as wide as its input has that added to its output."),
        shortcut.setting,
        patch.setting,
        heads.setting,
        mlpRatio.setting,
        tokenRatio.setting,
        pool.setting,
        dropout.setting,
        Setting(
            "bottleneck", .integer(1...4096),
            default: Dataset.text { kind in
                kind.vibObjection == nil ? kind.bottleneck.map { String($0) } ?? "number of inputs" : nil
            }, uses: [vib],
            "K, the latent variables."),
        Setting(
            "sigma_shift", .number(Bounds(.closed(-50), .closed(50))),
            default: Dataset.text { $0.vibObjection == nil ? numberText($0.sigmaShift) : nil },
            uses: [vib], "s0 of σ = softplus(s + s0), the scale of the latent noise."),
    ]

    private static let training: [Setting] = [
        Setting(
            "training.optimizer", .word(Optimizer.words), default: "adam", "How the parameters move."
        ),
        Setting("training.learning_rate", .number(factor), default: "0.001", "The first learning rate."),
        Setting(
            "training.beta1", .number(kept), default: "0.9", uses: [adam], "Decay of the first moment."),
        Setting(
            "training.beta2", .number(kept), default: "0.999", uses: [adam], "Decay of the second moment."
        ),
        Setting(
            "training.epsilon", .number(denominator), default: "1e-08", uses: [adam],
            "Added to the root of the second moment."),
        Setting(
            "training.momentum", .number(kept), default: "0", uses: [sgd], "Momentum of the gradient."),
        Setting(
            "training.weight_decay", .number(factorOrZero), default: "0",
            "Adds so much times each weight to its gradient; with adamw, each step shrinks the weights by the "
                + "learning rate times it instead."),
        Setting(
            "training.schedule", .word(Schedule.words), default: "constant",
            "The learning rate over time: constant, half a cosine to 0, or times `decay_factor` again and again."
        ),
        Setting(
            "training.decay_factor", .number(Bounds(.open(0), .closed(1))), default: "0.97", uses: [decay],
            "What the learning rate is multiplied by."),
        Setting(
            "training.decay_every", .integer(1...1_000_000_000),
            default: "2, required (gaussian)", uses: [decay],
            "Number of epochs, or steps (gaussian), between decays."),
        Setting(
            "training.milestones", .integers(1...1_000_000_000, limit: 1000),
            default: "none", uses: [decay],
            "In place of `decay_every`: the epochs, or steps (gaussian), after which the rate is multiplied. "
                + "`decay_factor` is then 0.1 by default."),
        warmup.setting,
        clipNorm.setting,
        Setting(
            "training.ema_decay", .numberOrOff(keptWeights), default: "off",
            "Decay of a moving average of the parameters; measures then read the average."),
        Setting("training.batch_size", .integer(1...1_000_000), default: "128", "Points in a step."),
        Setting(
            "training.steps", .integer(0...1_000_000_000), default: "required, or `epochs`",
            "Length in steps; 0 measures the network as it was drawn."),
        Setting(
            "training.epochs", .integer(1...1_000_000), default: "required, or `steps`", uses: [finite],
            "Length in passes over the training points."),
        stopAtLoss.setting,
        Setting(
            "training.loss", .word(Loss.allCases.map(\.rawValue)),
            default: Dataset.text { $0.lossText }, "The task loss."),
        labelSmoothing.setting,
        Setting(
            "training.log_det.weight", .number(factorOrZero), default: "0",
            "λ: adds λ · −ln det(HᵀH + ε I) to the objective, H the batch's activations [points, units] of a "
                + "hidden layer."),
        Setting(
            "training.log_det.epsilon", .number(positive), default: "0.001", "ε of the same."),
        Setting(
            "training.log_det.layers", .integers(1...999, limit: 999), default: "the last hidden layer",
            "The hidden layers, from 1, that have the term; of a VIB the encoder's."),
    ]

    /// The settings of the catalogue's measures, and those that all measures share.
    private static let measures: [Setting] =
        MeasureCatalogue.all.flatMap(\.settings) + [
            Setting(
                "measures.trace_at", .times, default: "end", uses: [.trained],
                "When the trace gets an entry, besides the end: at a number of steps, equally spaced or with equally "
                    + "spaced logarithms (`log` alone: 20), before the first step and after every n epochs, or at the "
                    + "steps listed."),
            Setting(
                "measures.samples", .integer(1...1000), default: "12", uses: [vib],
                "Samples of z averaged in probability for `accuracy_sampled`."),
        ]
}
