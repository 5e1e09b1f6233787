import Model
import Text

/// The description of a network that its parameters alone don't give. Files of kept weights contain it, so
/// that their readers can rebuild the network and measure it as its training did.
public struct NetworkDescription: Equatable, Sendable {
    /// The model.
    public var model: TrialSettings.Model
    /// The hidden layers and their activation.
    public var network: TrialSettings.Network
    /// The size of a point. Points that aren't images are 1 × 1 pixels with as many channels as inputs.
    public var input: ImageSize
    /// Number of outputs.
    public var outputs: Int
    /// Number of classes that the outputs distinguish; 0 for a regression.
    public var classes: Int
    /// The task loss.
    public var loss: Loss
    /// Number of samples of z that a VIB's losses and accuracies are averaged over.
    public var samples: Int
    /// The trial's seed, for the noise that measures draw.
    public var seed: UInt64

    /// Number of components of a point.
    public var inputs: Int { input.count }

    /// The model's name, as "mlp".
    public var name: String { model.json["name"]?.string ?? "" }

    /// Whether the network's layers are of images, or of their patches.
    public var isConvolutional: Bool {
        switch model.architecture {
        case .mlp, nil: false
        case .cnn, .resnet, .tokens: true
        case .layers: input.pixels > 1
        }
    }

    /// Whether the network's layers end in ReLUs, whose open ones are counted.
    public var hasActiveUnits: Bool {
        if case .tokens = model.architecture { false } else { network.activation == .relu }
    }

    /// Whether the network is a chain of dense layers with only activations between them.
    public var isDenseChain: Bool { model.architecture == nil }
}

extension TrialSettings {
    /// The description of the trial's network.
    public var networkDescription: NetworkDescription {
        let data = dataset.facts
        return NetworkDescription(
            model: model, network: network, input: data.input, outputs: data.outputs, classes: data.classes,
            loss: training.loss, samples: data.classes == 0 ? 1 : measures.samples, seed: seed)
    }
}

// MARK: - In a file's metadata

extension NetworkDescription {
    /// The description as JSON, for a file's metadata.
    public var json: JSONValue {
        let kept = Setting.keptOfNetwork.compactMap { setting in
            network.stored.values[setting.key].map { (setting.key, $0) }
        }
        let members: [String: JSONValue] = [
            "activation": .string(network.activation.rawValue), "biases": .bool(network[Setting.biases]),
            "classes": JSONValue(classes), "model": model.json, "hidden": JSONValue(network.hidden),
            "input": JSONValue([input.height, input.width, input.channels]), "loss": .string(loss.rawValue),
            "outputs": JSONValue(outputs), "samples": JSONValue(samples), "seed": .number(Double(seed)),
        ]
        return .object(members.merging(kept) { own, _ in own })
    }

    /// The most units of a layer in a sweep, doubled for a head of means and scales.
    private static let widest = 1 << 17

    /// Reads a description; nil where it describes no network that a sweep can have.
    public init?(_ json: JSONValue) {
        func whole(_ value: JSONValue?, _ range: ClosedRange<Int>) -> Int? {
            value?.number.flatMap { Int(exactly: $0) }.flatMap { range.contains($0) ? $0 : nil }
        }
        let sizes = json["input"]?.array?.compactMap { whole($0, 1...NetworkDescription.widest) } ?? []
        let hidden = json["hidden"]?.array?.compactMap { whole($0, 1...NetworkDescription.widest) } ?? []
        guard let model = json["model"].flatMap(TrialSettings.Model.init(json:)),
            let activation = json["activation"]?.string.flatMap({
                Activation(rawValue: $0)
            }), json["biases"] != nil,
            let loss = json["loss"]?.string.flatMap({ Loss(rawValue: $0) }),
            let outputs = whole(json["outputs"], 1...NetworkDescription.widest),
            let classes = whole(json["classes"], 0...NetworkDescription.widest),
            let samples = whole(json["samples"], 1...1000), let seed = whole(json["seed"], 0...(1 << 53)),
            sizes.count == 3, hidden.count <= 1000, json["hidden"]?.array?.count == hidden.count,
            json["input"]?.array?.count == 3
        else { return nil }
        let fits =
            switch loss {
            case .crossEntropy: classes == outputs
            case .logistic: classes == 2 && outputs == 1
            case .gaussianNLL: classes == 0
            case .meanSquaredError: classes == 0 || classes == outputs
            }
        if case .vib = model, classes > 0, loss != .crossEntropy { return nil }
        guard fits else { return nil }
        var network = TrialSettings.Network(hidden: hidden, activation: activation)
        for setting in Setting.keptOfNetwork {
            guard let value = json[setting.key] else { continue }
            guard setting.storage?.isValid(value) ?? false else { return nil }
            network.stored.set(setting, value)
        }
        self.init(
            model: model, network: network,
            input: ImageSize(height: sizes[0], width: sizes[1], channels: sizes[2]), outputs: outputs,
            classes: classes, loss: loss,
            samples: samples, seed: UInt64(seed))
    }
}

extension JSONValue {
    fileprivate func whole(_ key: String) -> Int? {
        self[key]?.number.flatMap { Int(exactly: $0) }.flatMap { 1...65536 ~= $0 ? $0 : nil }
    }
}

extension TrialSettings.Model {
    /// Reads a model's own JSON form; nil for any other.
    fileprivate init?(json: JSONValue) {
        if json["name"]?.string == "vib" {
            guard let beta = json["beta"]?.number, let bottleneck = json.whole("bottleneck"),
                let shift = json["sigma_shift"]?.number
            else { return nil }
            let encoder = json["encoder"].map(TrialSettings.Architecture.init(json:))
            if case .some(nil) = encoder { return nil }
            self = .vib(beta: beta, bottleneck: bottleneck, sigmaShift: shift, encoder: encoder ?? nil)
        } else if let architecture = TrialSettings.Architecture(json: json) {
            self = .network(architecture)
        } else if json == TrialSettings.Model.mlp.json {
            self = .mlp
        } else {
            return nil
        }
    }
}

extension TrialSettings.Architecture {
    /// Reads an architecture's own JSON form; nil for any other, and for a plain MLP.
    fileprivate init?(json: JSONValue) {
        var normalisation: Normalisation?
        if let word = json["normalisation"]?.string {
            guard let kind = Normalisation(word, groups: json.whole("groups") ?? 1) else { return nil }
            normalisation = kind
        }
        switch json["name"]?.string {
        case "mlp":
            let isResidual = json["residual"]?.bool ?? false
            guard normalisation != nil || isResidual else { return nil }
            self = .mlp(normalisation, isResidual: isResidual)
        case "cnn": self = .cnn(normalisation)
        case "resnet":
            guard let depth = json.whole("depth"), let width = json.whole("width"), depth % 6 == 2, depth >= 8
            else { return nil }
            self = .resnet(depth: depth, width: width, normalisation)
        case let name? where TrialSettings.TokenNetwork(rawValue: name) != nil:
            guard let kind = TrialSettings.TokenNetwork(rawValue: name), let depth = json.whole("depth"),
                let width = json.whole("width")
            else { return nil }
            self = .tokens(kind, depth: depth, width: width)
        case "layers":
            guard let written = json["network"].flatMap(WrittenNetwork.init(ofFile:)) else { return nil }
            self = .layers(written)
        default: return nil
        }
    }
}

// MARK: - Its layers and parameters

extension NetworkDescription {
    /// The plans of the networks in a file, in its order: a VIB's encoder and decoder, else the network
    /// alone. Empty where the layers don't fit together, which reading a sweep refuses.
    public var plans: [NetworkPlan] { (try? shapes.map(\.plan)) ?? [] }

    private var shapes: [NetworkShape] {
        get throws(ShapeFault) {
            func stack(_ outputs: Int, _ stem: String) throws(ShapeFault) -> NetworkShape {
                try .mlp(
                    units: [inputs] + network.hidden + [outputs], activation: network.activation,
                    hasBiases: network[Setting.biases], stem: stem)
            }
            switch model {
            case .mlp: return [try stack(outputs, "layers")]
            case .vib(_, let bottleneck, _, let architecture):
                let encoder =
                    if let architecture { try shape(of: architecture) } else {
                        try stack(2 * bottleneck, "encoder")
                    }
                let decoder = try NetworkShape.mlp(
                    units: [bottleneck, outputs], activation: .linear, stem: "decoder")
                return [encoder, decoder]
            case .network(let architecture): return [try shape(of: architecture)]
            case .onnx: return []
            }
        }
    }

    /// The shape of the network, or of a VIB's encoder, of this architecture.
    public func shape(of architecture: TrialSettings.Architecture) throws(ShapeFault) -> NetworkShape {
        let shape = try architecture.shape(network, input: input, outputs: model.headUnits(outputs))
        if case .vib = model { return NetworkShape(encoder: shape) }
        return shape
    }

    /// A network's parameters by name, in the order in which training stores them. The shape of a weight is
    /// [outputs, inputs].
    public var tensors: [(name: String, shape: [Int])] {
        var tensors = plans.flatMap(\.tensors).map { (name: $0.name, shape: $0.shape) }
        if case .vib = model, loss == .gaussianNLL {
            tensors.append(("decoder.log_variance", [outputs]))
        }
        return tensors
    }

    /// The layers that have weights, in order. Those of a VIB are its encoder's.
    public var layers: [NetworkPlan.WeightLayer] { plans.first?.weights ?? [] }

    /// Number of units of each layer that measures report numbers for. A VIB's last layer counts only its means.
    package var layerUnits: [Int] {
        var units =
            plans.first.map { plan in plan.layers.map { plan.values[$0.activation].size.count } } ?? []
        if case .vib(_, let bottleneck, _, _) = model, !units.isEmpty {
            units[units.count - 1] = bottleneck
        }
        return units
    }

    /// Names of the layers that measures report numbers for.
    public var measuredNames: [String] { plans.first?.layerNames ?? [] }

    /// Names of the layers that have weights.
    public var layerNames: [String] { layers.map(\.name) }
}
