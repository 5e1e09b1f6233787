import Model
import Text

/// A word for a layer in a network that a sweep file lists: its value, its options and the layers that it stands for.
/// Reading, messages, axes, the schema and the table in docs/sweep-files.md come from it.
struct LayerWord: Sendable {
    /// The part of an entry that follows the word.
    enum Value: Sendable {
        /// Nothing: the word is the whole entry.
        case none
        /// A value: `{conv: 16}`.
        case setting(SettingType)
        /// A list of layers.
        case layers
    }

    let word: String
    let value: Value
    /// The other keys of the entry. Their paths are the keys.
    let options: [Setting]
    /// The layer's function, in one sentence.
    let meaning: String
    /// The layers of an entry.
    let make: @Sendable (LayerParts) -> [LayerSpec]

    init(
        _ word: String, _ value: Value, options: [Setting] = [], _ meaning: String,
        _ make: @escaping @Sendable (LayerParts) -> [LayerSpec]
    ) {
        (self.word, self.value, self.options) = (word, value, options)
        (self.meaning, self.make) = (meaning, make)
    }

    /// The options that an entry must have.
    var required: [String] { options.filter { $0.defaultText == "required" }.map(\.path) }

    /// All keys of an entry; none where the word stands alone.
    var keys: [String] { if case .none = value { [] } else { [word] + options.map(\.path) } }

    /// The keys that have a value which can be an axis.
    var settings: [Setting] {
        if case .setting(let kind) = value {
            [Setting(word, kind, default: "required", meaning)] + options
        } else {
            options
        }
    }

    /// An entry as a file has it, for messages.
    var example: String {
        switch value {
        case .none: return "'\(word)'"
        case .layers: return "{\(word): [LAYERS]}"
        case .setting(let kind):
            let due = ([word] + required).map { $0 + ": " + (kind.isNumeric ? "n" : "WORD") }
            return "{\(due.joined(separator: ", "))}"
        }
    }
}

/// The parts that an entry's layers are made of.
struct LayerParts {
    let layer: WrittenLayer
    /// The name of parameters in files: the entry's path.
    let name: String
    /// The layers within it.
    let body: [LayerSpec]

    func integer(_ key: String) -> Int { layer[key]?.number.flatMap { Int(exactly: $0) } ?? 0 }
    func number(_ key: String) -> Double { layer[key]?.number ?? 0 }
    func flag(_ key: String) -> Bool { layer[key]?.bool ?? false }
    func word(_ key: String) -> String { layer[key]?.string ?? "" }

    /// The path past a residual block. A projection has the normalisation of the block's last one.
    var shortcut: Shortcut {
        let norm = layer.body.last { $0.word == "norm" }?.normalisation
        return switch layer["shortcut"]?.string {
        case "identity": .identity
        case "padded": .padded
        case "projection": .projection(norm)
        default: .fitting(norm)
        }
    }
}

extension LayerWord {
    private static let side = 1...64

    private static let bias = Setting(
        "bias", .flag, value: .bool(true), "Whether it has a bias.")

    /// All words but those of activations, in the order of the documentation.
    static let all: [LayerWord] = [
        LayerWord(
            "conv", .setting(.integer(1...4096)),
            options: [
                Setting("kernel", .integer(side), default: "required", "Side of the window in pixels."),
                Setting(
                    "stride", .integer(side), value: JSONValue(1), "Pixels from one window to the next."),
                Setting(
                    "padding", .integer(0...63), value: JSONValue(0), "Zeros on each side of the image."),
                bias,
            ],
            "A convolution with this number of channels and square windows."
        ) {
            [
                .convolution(
                    channels: $0.integer("conv"), kernel: $0.integer("kernel"), stride: $0.integer("stride"),
                    padding: $0.integer("padding"), hasBias: $0.flag("bias"), name: $0.name)
            ]
        },
        LayerWord(
            "dense", .setting(.integer(1...65536)), options: [bias],
            "A dense layer with this number of units. It reads a vector: an image needs `flatten` or `global_pool` before it."
        ) { [.vector, .dense($0.integer("dense"), hasBias: $0.flag("bias"), name: $0.name)] },
        LayerWord(
            "pointwise", .setting(.integer(1...65536)),
            "A dense layer of the channels of each pixel, or token, with this number of units."
        ) { [.pointwise($0.integer("pointwise"), name: $0.name)] },
        LayerWord(
            "activation", .setting(.word(Activation.allCases.map(\.rawValue))),
            "The function of each number. Its word alone means the same: `relu`."
        ) { [.activation(Activation(rawValue: $0.word("activation")) ?? .linear)] },
        LayerWord(
            "norm", .setting(.word(Normalisation.words)),
            options: [
                Setting(
                    "groups", .integer(1...4096), value: JSONValue(4),
                    "Into how many groups `group` divides the channels.")
            ],
            "A [normalisation](#networks)."
        ) { parts in parts.layer.normalisation.map { [.normalisation($0, name: parts.name)] } ?? [] },
        LayerWord(
            "pool", .setting(.integer(side)),
            options: [
                Setting(
                    "take", .word(["max", "mean"]), value: .string("max"),
                    "What it takes of each channel in a window.")
            ],
            "The maximum in adjacent square windows with this side, which must tile the image."
        ) {
            let side = $0.integer("pool")
            return [$0.word("take") == "mean" ? .averagePool(side) : .maximumPool(side)]
        },
        LayerWord("global_pool", .none, "The mean of each channel over all pixels: a vector.") { _ in
            [.globalAveragePool]
        },
        LayerWord("flatten", .none, "The image as a vector.") { _ in [.flatten] },
        LayerWord(
            "dropout", .setting(.number(Bounds(.closed(0), .closed(0.99)))),
            "In training, sets this share of the numbers to 0, and divides the others by the rest."
        ) { [.dropout($0.number("dropout"))] },
        LayerWord(
            "residual", .layers,
            options: [
                Setting(
                    "shortcut", .word(["identity", "padded", "projection"]),
                    default: "`identity` where the block keeps the size, else `projection`",
                    "What is added to the block's output: its input; every s-th pixel of it, with channels of zeros; or "
                        + "a 1 × 1 convolution of stride s, normalised as the block's last `norm` does.")
            ],
            "A residual block."
        ) { [.residual($0.body, $0.shortcut, name: "\($0.name).shortcut")] },
        LayerWord(
            "gate", .layers,
            "u ⊙ layers(v), where u is the first half of each pixel's channels and v the second (Liu et al. 2021)."
        ) { [.gate($0.body)] },
        LayerWord(
            "patches", .setting(.integer(side)),
            options: [
                Setting(
                    "channels", .integer(1...4096), default: "required", "Channels of a patch's token.")
            ],
            "Cuts the image into square patches with this side, which must tile it, and makes each a token."
        ) { [.patches($0.integer("patches"), channels: $0.integer("channels"), name: $0.name)] },
        LayerWord("class_token", .none, "Puts a learned token before the first.") {
            [.classToken(name: "\($0.name).token")]
        },
        LayerWord("positions", .none, "Adds a learned number to each number: position embeddings.") {
            [.positions(name: "\($0.name).positions")]
        },
        LayerWord("first_token", .none, "The first token, or pixel, alone: a vector.") { _ in [.firstPixel] },
        LayerWord(
            "attention", .setting(.integer(1...256)),
            "Attention of each token to all, with this number of heads. It reads q, k and v side by side: put a `pointwise` of "
                + "three times its channels before it."
        ) { [.attention(heads: $0.integer("attention"))] },
        LayerWord("transpose", .none, "Channels become tokens, and tokens channels.") { _ in [.transposed] },
    ]

    private static let byWord = Dictionary(uniqueKeysWithValues: all.map { ($0.word, $0) })

    /// The word's entry; nil for an unknown word, and for an activation's.
    static func named(_ word: String) -> LayerWord? { byWord[word] }

    /// The words of entries that are a mapping.
    static let heads = all.map(\.word).filter { !alone.contains($0) }

    /// The words that stand alone, without those of activations.
    static let alone = all.filter { if case .none = $0.value { true } else { false } }.map(\.word)

    /// Every word that may stand for a layer.
    static let words = all.map(\.word) + Activation.allCases.map(\.rawValue)

    /// The settings by their keys. A key has one type, whatever entry it is in.
    static let settings = Dictionary(
        all.flatMap(\.settings).map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })

    /// Explains how values of the list are named.
    static func naming(_ path: String) -> String {
        let keys = settings.keys.sorted()
        let key = path.split(separator: ".").last.map(String.init) ?? ""
        let near = keys.contains(key) ? nil : nearestSpelling(to: key, among: keys)
        return
            "a value of the network's list is named network.INDEX.KEY, as network.3.conv, where INDEX counts from 0, and "
            + "KEY is one of \(listed(keys, "and"))" + (near.map { " (did you mean '\($0)'?)" } ?? "")
    }

    private static let bodies = all.filter { if case .layers = $0.value { true } else { false } }.map(\.word)

    /// The setting of a number in the list, by its path, as "network.3.conv"; nil for other paths. Whether the list has
    /// the entry is not checked.
    static func setting(path: String) -> Setting? {
        var parts = path.split(separator: ".", omittingEmptySubsequences: false)[...]
        guard parts.popFirst() == "network", let key = parts.popLast(), let known = settings[String(key)]
        else { return nil }
        for (offset, part) in parts.enumerated() {
            let isRight =
                offset % 2 == 0
                ? Int(part).map { String($0) == part && $0 >= 0 } ?? false : bodies.contains(String(part))
            guard isRight else { return nil }
        }
        guard parts.count % 2 == 1 else { return nil }
        return Setting(
            path, known.kind, default: known.defaultText, fallback: known.fallback, known.meaning)
    }
}
