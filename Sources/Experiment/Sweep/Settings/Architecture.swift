import Text

extension TrialSettings {
    /// A network beyond the plain MLP, trained on its task loss.
    public enum Architecture: Hashable, Sendable {
        /// An MLP whose hidden layers are normalised, or have the way past them, or both.
        case mlp(Normalisation?, isResidual: Bool)
        /// 3 × 3 convolutions of `network.hidden` channels, all but the first of stride 2; the mean over
        /// pixels; a dense layer.
        case cnn(Normalisation?)
        /// The residual network for small images: `depth` = 6n + 2, `width` channels in its first stage.
        case resnet(depth: Int, width: Int, Normalisation?)

        var isOfImages: Bool { if case .mlp = self { false } else { true } }

        var normalisation: Normalisation? {
            switch self {
            case .mlp(let normalisation, _), .cnn(let normalisation), .resnet(_, _, let normalisation):
                normalisation
            }
        }
    }

    /// What normalises a hidden layer's pre-activations (docs/sweep-files.md).
    public enum Normalisation: Hashable, Sendable {
        case layer, batch, instance
        /// So many groups of channels.
        case group(Int)

        static let words = ["layer", "batch", "instance", "group"]

        /// nil of another word.
        init?(_ word: String, groups: Int) {
            switch word {
            case "layer": self = .layer
            case "batch": self = .batch
            case "instance": self = .instance
            case "group": self = .group(groups)
            default: return nil
            }
        }

        var word: String {
            switch self {
            case .layer: "layer"
            case .batch: "batch"
            case .instance: "instance"
            case .group: "group"
            }
        }
    }

    /// Weight layers: what the axis `depth` says.
    public var depth: Int {
        if case .network(.resnet(let depth, _, _)) = model { depth } else { network.depth }
    }

    /// As in a sweep file.
    public var modelName: String { model.json["name"]?.string ?? "" }
}

extension TrialSettings.Architecture {
    var json: JSONValue {
        var members: [String: JSONValue] = [:]
        let normalisation: TrialSettings.Normalisation?
        switch self {
        case .mlp(let kind, let isResidual):
            members["name"] = .string("mlp")
            if isResidual { members["residual"] = .bool(true) }
            normalisation = kind
        case .cnn(let kind):
            members["name"] = .string("cnn")
            normalisation = kind
        case .resnet(let depth, let width, let kind):
            members["name"] = .string("resnet")
            members["depth"] = JSONValue(depth)
            members["width"] = JSONValue(width)
            normalisation = kind
        }
        if let normalisation { members["normalisation"] = .string(normalisation.word) }
        if case .group(let groups) = normalisation { members["groups"] = JSONValue(groups) }
        return .object(members)
    }
}

/// Height, width and channels of an image.
public struct ImageSides: Equatable, Sendable {
    public var height: Int
    public var width: Int
    public var channels: Int
    public var count: Int { height * width * channels }

    public init(_ height: Int, _ width: Int, _ channels: Int) {
        (self.height, self.width, self.channels) = (height, width, channels)
    }

    /// What a convolution of stride 2 leaves.
    mutating func halve() { (height, width) = ((height + 1) / 2, (width + 1) / 2) }
}

extension TrialSettings.Images.Name {
    public var sides: ImageSides {
        switch self {
        case .mnist, .fashionMNIST: ImageSides(28, 28, 1)
        case .cifar10, .generated: ImageSides(32, 32, 3)
        }
    }

    /// How many images there are.
    public var trainPoints: Int {
        switch self {
        case .mnist, .fashionMNIST: 60_000
        case .cifar10, .generated: 50_000
        }
    }

    public static let testPoints = 10_000

    /// The files of the set, in its folder; those of IDX sets each plain or with ".gz". None where the
    /// images are computed.
    public var files: [String] {
        switch self {
        case .mnist, .fashionMNIST: TrialSettings.Images.fileNames
        case .cifar10: (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]
        case .generated: []
        }
    }
}
