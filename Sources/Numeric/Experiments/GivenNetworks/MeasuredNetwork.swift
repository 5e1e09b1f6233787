import Learning
import LinearAlgebra
import Model
import Sweep
import Text

extension WeightsFile {
    /// The sweep's description of the network whose weights it kept; nil for a file from elsewhere.
    func description() throws(DataError) -> NetworkDescription? {
        guard let text = metadata["network"] else { return nil }
        // Other programs may use a key of that name: ours is an object that names its model. An object that
        // an older version wrote is ours, too, and is refused below.
        let keys = ["model"] + Alias.renamed.filter { $0.value == "model" }.map(\.key)
        guard let json = try? JSONValue(parsing: text.utf8),
            keys.contains(where: { json[$0]?["name"] != nil })
        else { return nil }
        guard let description = NetworkDescription(json) else { throw fault(.description) }
        var due = Set<String>()
        for (name, shape) in description.tensors {
            guard let tensor = tensors.first(where: { $0.name == name }), tensor.shape == shape else {
                throw fault(.otherTensors(missing: name, unknown: nil))
            }
            due.insert(name)
        }
        if let other = tensors.first(where: { !due.contains($0.name) }) {
            throw fault(.otherTensors(missing: nil, unknown: other.name))
        }
        return description
    }
}

/// The network of a request: one that a sweep kept, described by its file, or a chain of dense layers from
/// elsewhere.
struct MeasuredNetwork {
    enum Form {
        case chain(TrainedNetwork)
        /// The layer above the features given.
        case head(TrainedNetwork)
        /// Parameters in the order of the description's tensors.
        case vib(parameters: [Float])
        case network(TrialSettings.Architecture, parameters: [Float])
        /// A network from an ONNX file.
        case graph(GivenGraph)
    }

    let kind: Form
    /// The description of a network that a sweep kept; else nil.
    let description: NetworkDescription?
    let activation: Activation
    /// Names of the layers that measures have a number for.
    let names: [String]
    let inputs: Int
    let outputs: Int

    init(_ file: WeightsFile, _ request: MeasureRequest) throws(DataError) {
        let described = try file.description()
        if let described, request.layers == nil, !request.points.areFeatures {
            try self.init(file, described, asked: request.activation)
        } else {
            try self.init(file, request, fallback: described?.network.activation)
        }
    }

    /// A network from elsewhere, or some layers of a file.
    private init(
        _ file: WeightsFile, _ request: MeasureRequest, fallback: Activation?
    ) throws(DataError) {
        description = nil
        let isHead = request.points.areFeatures
        guard let activation = request.activation ?? fallback ?? (isHead ? .linear : nil) else {
            throw file.fault(.activationMissing)
        }
        self.activation = activation
        let network = try TrainedNetwork(file, activation: activation, layers: request.layers)
        guard !isHead || network.names.count == 1 else { throw file.fault(.noHead(layers: network.names)) }
        kind = isHead ? .head(network) : .chain(network)
        names = network.names
        (inputs, outputs) = (network.shape.units[0], network.shape.units[network.shape.depth])
    }

    /// A network as its sweep described it.
    private init(
        _ file: WeightsFile, _ described: NetworkDescription, asked: Activation?
    ) throws(DataError) {
        description = described
        activation = described.network.activation
        if let asked, asked != activation { throw file.fault(.otherActivation(activation.rawValue)) }
        names = described.measuredNames
        (inputs, outputs) = (described.inputs, described.outputs)
        func parameters() throws(DataError) -> [Float] {
            var values: [Float] = []
            for (name, _) in described.tensors {
                for tensor in file.tensors where tensor.name == name { values += try file.floats(tensor) }
            }
            return values
        }
        switch described.model {
        case .mlp:
            kind = .chain(try TrainedNetwork(file, activation: activation, layers: names))
        case .vib: kind = .vib(parameters: try parameters())
        case .network(let architecture):
            kind = .network(architecture, parameters: try parameters())
        // No file of kept weights describes a network that was not trained here.
        case .onnx: throw file.fault(.description)
        }
    }

    /// How the training of a kept network prepared the numbers of its files, where points come from an array; nil where it
    /// took them as they are.
    func preparation(of points: MeasureRequest.Points, _ file: WeightsFile) -> String? {
        guard description != nil, case .array = points else { return nil }
        return file.metadata["inputs"]
    }

    /// A network from an ONNX file.
    init(_ given: GivenGraph) {
        (kind, description, activation, names) = (.graph(given), nil, .linear, given.names)
        inputs = given.graph.inputShape.reduce(1, *)
        outputs = given.graph.outputShape.reduce(1, *)
    }

    /// "mlp", "vib", "cnn" or "resnet".
    var name: String { description?.name ?? "mlp" }
    var isVIB: Bool { if case .vib = kind { true } else { false } }
    /// Number of classes that labels may name; for a network from elsewhere, the number of its outputs.
    var classes: Int { description?.classes ?? outputs }
    var loss: Loss { description?.loss ?? .crossEntropy }

    /// Why a measure can't be taken of this network at these points, in words that follow its name; nil where
    /// it can.
    func problem(_ measure: MeasureRequest.Measure, _ points: MeasureRequest.Points) -> String? {
        if points.areFeatures {
            let isKnown =
                [.accuracy, .loss].contains(measure) || MeasureRequest.Measure.ofWeights.contains(measure)
            return isKnown || measure.declaration?.isOfFeatures == true
                ? nil : "needs the network below its features"
        }
        if case .graph(let given) = kind {
            return measure.problemOfGraph(
                endsDense: given.facts.features != nil,
                ranks: "--measures local_rank, --patch N and --relative")
        }
        if let description {
            if measure.needsLabels, description.classes == 0 {
                return "needs a network that predicts classes, and this one predicts numbers"
            }
            return measure.problem(
                kind: name, isDenseChain: description.isDenseChain, activation: activation)
        }
        if measure.declaration?.isOfHiddenLayers == true, names.count == 1 {
            return
                "needs hidden layers, and there are none: --features X.npy --head FILE measures one layer with the "
                + "features that it is given"
        }
        return measure.problem(kind: name, isDenseChain: true, activation: activation)
    }
}
