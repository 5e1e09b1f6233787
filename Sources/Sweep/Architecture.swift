import Text

extension TrialSettings {
    /// A network beyond the plain MLP, trained on its task loss.
    public enum Architecture: Hashable, Sendable {
        /// An MLP whose hidden layers are normalised, or have the way past them, or both.
        case mlp(Normalisation?, hasSkips: Bool)
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
        if case .network(.resnet(let depth, _, _)) = experiment { depth } else { network.depth }
    }

    /// As in a sweep file.
    public var experimentName: String { experiment.json["name"]?.string ?? "" }
}

extension TrialSettings.Architecture {
    var json: JSONValue {
        var members: [String: JSONValue] = [:]
        let normalisation: TrialSettings.Normalisation?
        switch self {
        case .mlp(let kind, let hasSkips):
            members["name"] = .string("mlp")
            if hasSkips { members["skips"] = .bool(true) }
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

/// A dense layer or convolution with what belongs to it: one of a network's weight layers in their order,
/// which is that of the parameters in memory and in files. Experiments' tests hold it against the network.
struct WeightLayer: Equatable {
    /// "layers.0"
    var name: String
    /// "norms.0"; nil: not normalised.
    var norm: String?
    /// [outputs, inputs], or of a convolution [channels, height, width, channels before].
    var shape: [Int]
    var hasBias: Bool
    /// Numbers of γ, and as many of β.
    var scales = 0
    /// Whether running averages of mean and variance belong to it.
    var isBatch = false
    /// How many pixels the output has; 1 of a dense layer.
    var places = 1

    /// Numbers of the weight.
    var count: Int { shape.reduce(1, *) }
    /// Numbers of the output.
    var units: Int { shape[0] * places }
}

extension TrialSettings {
    /// nil of plain MLPs and VIBs.
    var weightLayers: [WeightLayer]? {
        guard case .network(let architecture) = experiment else { return nil }
        switch architecture {
        case .mlp(let normalisation, _): return mlpLayers(normalisation)
        case .cnn(let normalisation): return cnnLayers(normalisation)
        case .resnet(let depth, let width, let normalisation):
            return resnetLayers(depth, width, normalisation)
        }
    }

    private func mlpLayers(_ normalisation: Normalisation?) -> [WeightLayer] {
        let units = [inputCount] + network.hidden + [outputCount]
        return zip(units, units.dropFirst()).enumerated().map { index, sizes in
            var layer = WeightLayer(
                name: "layers.\(index)", shape: [sizes.1, sizes.0], hasBias: network.biases)
            // A vector's instance is the whole vector, with one scale.
            let scales = normalisation == .instance ? 1 : sizes.1
            if index < network.hidden.count { layer.normalise(normalisation, "norms.\(index)", scales) }
            return layer
        }
    }

    private func cnnLayers(_ normalisation: Normalisation?) -> [WeightLayer] {
        var (image, layers) = (imageSize, [WeightLayer]())
        for (index, channels) in network.hidden.enumerated() {
            if index > 0 { image.halve() }
            var layer = WeightLayer(
                name: "convolutions.\(index)", shape: [channels, 3, 3, image.channels],
                hasBias: network.biases, places: image.height * image.width)
            layer.normalise(normalisation, "norms.\(index)", channels)
            layers.append(layer)
            image.channels = channels
        }
        layers.append(
            WeightLayer(name: "classifier", shape: [outputCount, image.channels], hasBias: true))
        return layers
    }

    private func resnetLayers(_ depth: Int, _ width: Int, _ normalisation: Normalisation?) -> [WeightLayer] {
        var (image, layers) = (imageSize, [WeightLayer]())
        func add(_ channels: Int, _ place: String, _ number: String) {
            var layer = WeightLayer(
                name: "\(place)convolution\(number)", shape: [channels, 3, 3, image.channels],
                hasBias: normalisation == nil, places: image.height * image.width)
            layer.normalise(normalisation, "\(place)norm\(number)", channels)
            layers.append(layer)
            image.channels = channels
        }
        add(width, "", "")
        for stage in 0..<3 {
            for block in 0..<(depth - 2) / 6 {
                if stage > 0, block == 0 { image.halve() }
                for number in 1...2 { add(width << stage, "stages.\(stage).\(block).", "\(number)") }
            }
        }
        layers.append(
            WeightLayer(name: "classifier", shape: [outputCount, image.channels], hasBias: true))
        return layers
    }

    private var imageSize: ImageSides {
        if case .images(let images) = dataset { images.name.sides } else { ImageSides(1, 1, inputCount) }
    }

    /// Parameters by name in their order, running averages behind them.
    func tensors(of layers: [WeightLayer]) -> [(name: String, shape: [Int])] {
        var (tensors, averages) = ([(name: String, shape: [Int])](), [(name: String, shape: [Int])]())
        for layer in layers {
            tensors.append(("\(layer.name).weight", layer.shape))
            if layer.hasBias { tensors.append(("\(layer.name).bias", [layer.shape[0]])) }
            guard let norm = layer.norm else { continue }
            for part in ["weight", "bias"] { tensors.append(("\(norm).\(part)", [layer.scales])) }
            guard layer.isBatch else { continue }
            for part in ["running_mean", "running_var"] {
                averages.append(("\(norm).\(part)", [layer.scales]))
            }
        }
        return tensors + averages
    }
}

extension WeightLayer {
    fileprivate mutating func normalise(
        _ kind: TrialSettings.Normalisation?, _ name: String, _ scales: Int
    ) {
        guard let kind else { return }
        (norm, self.scales, isBatch) = (name, scales, kind == .batch)
    }
}

/// Height, width and channels of an image.
public struct ImageSides: Equatable, Sendable {
    public var height: Int
    public var width: Int
    public var channels: Int
    public var count: Int { height * width * channels }

    init(_ height: Int, _ width: Int, _ channels: Int) {
        (self.height, self.width, self.channels) = (height, width, channels)
    }

    /// What a convolution of stride 2 leaves.
    fileprivate mutating func halve() { (height, width) = ((height + 1) / 2, (width + 1) / 2) }
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
