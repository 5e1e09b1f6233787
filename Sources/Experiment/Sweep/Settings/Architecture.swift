import Model
import Text

extension TrialSettings {
    /// A network beyond the plain MLP: trained on its task loss, or the encoder of a VIB.
    public enum Architecture: Hashable, Sendable {
        /// An MLP whose hidden layers are normalised, or are residual, or both.
        case mlp(Normalisation?, isResidual: Bool)
        /// 3 × 3 convolutions with `network.hidden` channels, all but the first with stride 2; then the mean
        /// over pixels and a dense layer.
        case cnn(Normalisation?)
        /// The residual network for small images. `depth` is 6n + 2; the first stage has `width` channels.
        case resnet(depth: Int, width: Int, Normalisation?)
        /// A network on an image's patches with `depth` blocks and `width` channels of a patch's token.
        case tokens(TokenNetwork, depth: Int, width: Int)
        /// A network that the sweep file lists, layer by layer.
        case layers(WrittenNetwork)

        /// The shape of the network for points of size `input`. Throws where the layers don't fit together.
        public func shape(
            _ network: Network, input: ImageSize, outputs: Int
        ) throws(ShapeFault) -> NetworkShape {
            switch self {
            case .mlp(let normalisation, let isResidual):
                try .mlp(
                    units: [input.count] + network.hidden + [outputs], activation: network.activation,
                    normalisation: normalisation, isResidual: isResidual, hasBiases: network[Setting.biases])
            case .cnn(let normalisation):
                try .cnn(
                    channels: network.hidden, activation: network.activation, classes: outputs, input: input,
                    normalisation: normalisation, hasBiases: network[Setting.biases])
            case .resnet(let depth, let width, let normalisation):
                try .resnet(
                    depth: depth, width: width, classes: outputs, input: input, normalisation: normalisation,
                    shortcut: network[Setting.shortcut] == .padded ? .padded : .projection(normalisation))
            case .tokens(let kind, let depth, let width):
                try kind.shape(
                    TokenSizes(
                        blocks: depth, width: width, patch: network[Setting.patch],
                        activation: network.activation, dropout: network[Setting.dropout], input: input,
                        outputs: outputs), network)
            case .layers(let written): try written.shape(input: input, outputs: outputs)
            }
        }

        /// Whether some layer takes moments over the batch.
        var hasBatchNormalisation: Bool {
            switch self {
            case .mlp(let normalisation, _), .cnn(let normalisation), .resnet(_, _, let normalisation):
                normalisation == .batch
            case .tokens: false
            case .layers(let written): written.hasBatchNormalisation
            }
        }
    }

    /// A network on the patches of an image, under its model's name in sweep files.
    public enum TokenNetwork: String, CaseIterable, Sendable {
        /// The vision transformer.
        case vit
        /// The MLP-Mixer.
        case mixer
        /// The gMLP.
        case gmlp

        fileprivate func shape(_ sizes: TokenSizes, _ network: Network) throws(ShapeFault) -> NetworkShape {
            let ratio = network[Setting.mlpRatio]
            return switch self {
            case .vit:
                try .vit(
                    sizes, heads: network[Setting.heads], mlpRatio: ratio,
                    hasClassToken: network[Setting.pool] == .classToken)
            case .mixer: try .mixer(sizes, tokenRatio: network[Setting.tokenRatio], mlpRatio: ratio)
            case .gmlp: try .gmlp(sizes, mlpRatio: ratio)
            }
        }
    }

    /// Number of weight layers, or blocks of a network on patches, as on the axis `depth`.
    public var depth: Int {
        switch model.architecture {
        case .resnet(let depth, _, _), .tokens(_, let depth, _): depth
        case .layers(let written): written.depth
        case .mlp, .cnn, nil: network.depth
        }
    }

    /// Whether the network's layers end in ReLUs, whose open ones are counted.
    public var hasActiveUnits: Bool { networkDescription.hasActiveUnits }

    /// The model's name, as in a sweep file.
    public var modelName: String { model.json["name"]?.string ?? "" }
}

extension TrialSettings.Model {
    /// The architecture of the network, or of a VIB's encoder; nil for a stack of dense layers and for a network from a
    /// file.
    public var architecture: TrialSettings.Architecture? {
        switch self {
        case .network(let architecture): architecture
        case .vib(_, _, _, let encoder): encoder
        case .mlp, .onnx: nil
        }
    }

    /// Number of outputs of the network for data that need so many; an encoder has two for each latent variable.
    func headUnits(_ outputs: Int) -> Int {
        if case .vib(_, let bottleneck, _, _) = self { 2 * bottleneck } else { outputs }
    }
}

extension TrialSettings.Architecture {
    var json: JSONValue {
        var members: [String: JSONValue] = [:]
        let normalisation: Normalisation?
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
        case .tokens(let kind, let depth, let width):
            members["name"] = .string(kind.rawValue)
            members["depth"] = JSONValue(depth)
            members["width"] = JSONValue(width)
            normalisation = nil
        case .layers(let written):
            members["name"] = .string("layers")
            members["network"] = written.json
            normalisation = nil
        }
        if let normalisation { members["normalisation"] = .string(normalisation.word) }
        if case .group(let groups) = normalisation { members["groups"] = JSONValue(groups) }
        return .object(members)
    }
}
