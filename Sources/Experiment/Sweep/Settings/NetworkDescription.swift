import Model
import Text

/// What tells a trial's network from its parameters alone: kept weights carry it in their file, so that whoever has
/// the file can rebuild the network and measure it as its training did.
public struct NetworkDescription: Equatable, Sendable {
    public var model: TrialSettings.Model
    public var network: TrialSettings.Network
    /// Of points that are no images: 1 × 1 pixels of as many channels as there are inputs.
    public var input: ImageSize
    public var outputs: Int
    /// How many classes the outputs tell; 0 of a regression.
    public var classes: Int
    public var loss: Loss
    /// Samples of z that a VIB's losses and accuracies are averaged over.
    public var samples: Int
    /// The trial's seed, of the noise that measures draw.
    public var seed: UInt64

    public var inputs: Int { input.count }

    /// "mlp", "vib", "cnn" or "resnet".
    public var name: String { model.json["name"]?.string ?? "" }

    public var isConvolutional: Bool {
        if case .network(let architecture) = model { architecture.isOfImages } else { false }
    }

    /// Whether the network is a chain of dense layers, with nothing but an activation between two.
    public var isDenseChain: Bool { if case .network = model { false } else { true } }
}

extension TrialSettings {
    public var networkDescription: NetworkDescription {
        let data = dataset.facts
        return NetworkDescription(
            model: model, network: network, input: data.input, outputs: data.outputs, classes: data.classes,
            loss: training.loss, samples: data.classes == 0 ? 1 : measures.samples, seed: seed)
    }
}

// MARK: - In a file's metadata

extension NetworkDescription {
    public var json: JSONValue {
        .object([
            "activation": .string(network.activation.rawValue), "biases": .bool(network.biases),
            "classes": JSONValue(classes), "model": model.json, "hidden": JSONValue(network.hidden),
            "input": JSONValue([input.height, input.width, input.channels]), "loss": .string(loss.rawValue),
            "outputs": JSONValue(outputs), "samples": JSONValue(samples), "seed": .number(Double(seed)),
        ])
    }

    /// The most units that a layer of a sweep has, twice over for a head of means and scales.
    private static let widest = 1 << 17

    /// nil where it describes no network that a sweep can have.
    public init?(_ json: JSONValue) {
        func whole(_ value: JSONValue?, _ range: ClosedRange<Int>) -> Int? {
            value?.number.flatMap { Int(exactly: $0) }.flatMap { range.contains($0) ? $0 : nil }
        }
        let sizes = json["input"]?.array?.compactMap { whole($0, 1...NetworkDescription.widest) } ?? []
        let hidden = json["hidden"]?.array?.compactMap { whole($0, 1...NetworkDescription.widest) } ?? []
        guard let model = json["model"].flatMap(TrialSettings.Model.init(json:)),
            let activation = json["activation"]?.string.flatMap({
                Activation(rawValue: $0)
            }), let biases = json["biases"]?.bool,
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
        self.init(
            model: model,
            network: TrialSettings.Network(hidden: hidden, activation: activation, biases: biases),
            input: ImageSize(height: sizes[0], width: sizes[1], channels: sizes[2]), outputs: outputs,
            classes: classes, loss: loss,
            samples: samples, seed: UInt64(seed))
    }
}

extension TrialSettings.Model {
    /// Of its own JSON form; nil of any other.
    fileprivate init?(json: JSONValue) {
        func whole(_ key: String) -> Int? {
            json[key]?.number.flatMap { Int(exactly: $0) }.flatMap { 1...65536 ~= $0 ? $0 : nil }
        }
        var normalisation: Normalisation?
        if let word = json["normalisation"]?.string {
            guard let kind = Normalisation(word, groups: whole("groups") ?? 1) else {
                return nil
            }
            normalisation = kind
        }
        switch json["name"]?.string {
        case "mlp":
            let isResidual = json["residual"]?.bool ?? false
            self =
                normalisation == nil && !isResidual
                ? .mlp : .network(.mlp(normalisation, isResidual: isResidual))
        case "cnn": self = .network(.cnn(normalisation))
        case "resnet":
            guard let depth = whole("depth"), let width = whole("width"), depth % 6 == 2, depth >= 8 else {
                return nil
            }
            self = .network(.resnet(depth: depth, width: width, normalisation))
        case "vib":
            guard let beta = json["beta"]?.number, let bottleneck = whole("bottleneck"),
                let shift = json["sigma_shift"]?.number
            else { return nil }
            self = .vib(beta: beta, bottleneck: bottleneck, sigmaShift: shift)
        default: return nil
        }
    }
}

// MARK: - Its layers and parameters

extension NetworkDescription {
    /// What files hold of the network, one after another: a VIB's encoder, then its decoder; else the network
    /// alone. Nothing where the layers do not fit together, which reading a sweep refuses.
    public var plans: [NetworkPlan] { (try? shapes.map(\.plan)) ?? [] }

    private var shapes: [NetworkShape] {
        get throws(ShapeFault) {
            let units = [inputs] + network.hidden
            switch model {
            case .mlp:
                return [
                    try .mlp(
                        units: units + [outputs], activation: network.activation, hasBiases: network.biases)
                ]
            case .vib(_, let bottleneck, _):
                return [
                    try .mlp(
                        units: units + [2 * bottleneck], activation: network.activation, stem: "encoder"),
                    try .mlp(units: [bottleneck, outputs], activation: .linear, stem: "decoder"),
                ]
            case .network(let architecture):
                return [try architecture.shape(network, input: input, outputs: outputs)]
            }
        }
    }

    /// A network's parameters by name, in the order in which training holds them. A weight is [outputs, inputs].
    public var tensors: [(name: String, shape: [Int])] {
        var tensors = plans.flatMap(\.tensors).map { (name: $0.name, shape: $0.shape) }
        if case .vib = model, loss == .gaussianNLL {
            tensors.append(("decoder.log_variance", [outputs]))
        }
        return tensors
    }

    /// The layers that measures have a number of, in their order: a VIB's are the encoder's.
    public var layers: [NetworkPlan.WeightLayer] { plans.first?.weights ?? [] }

    /// The number of units of each of them; a VIB's last layer counts its means alone.
    package var layerUnits: [Int] {
        var units = layers.map(\.size.count)
        if case .vib(_, let bottleneck, _) = model, !units.isEmpty {
            units[units.count - 1] = bottleneck
        }
        return units
    }

    /// Their names.
    public var layerNames: [String] { layers.map(\.name) }
}
