import Model
import Text

extension TrialSettings {
    /// A network from an ONNX file, as a trial measures it.
    public struct Graph: Hashable, Sendable {
        /// The file.
        public var file: ContentFile
        /// The shape of a point as the network takes it.
        public var input: [Int]
        /// The names or patterns by which layers are chosen, for the same choice where the file is read; nil: the
        /// default.
        public var patterns: [String]?
        /// The names of the layers that are chosen.
        public var chosen: [String]
        /// The layers that measures have a number for.
        public var layers: [GraphFacts.Layer]
        /// The weight matrices, in order.
        public var matrices: [GraphFacts.Matrix]
        /// Number of outputs.
        public var outputs: Int
        /// Number of parameters.
        public var parameters: Int
        /// Number of numbers of all values of the network for one point.
        public var values: Int
        /// The inputs that Jacobians are taken in.
        public var inputs: JacobianInputs

        /// Number of these inputs.
        package var inputCount: Int { inputs.count }
        /// Multiplications that one point takes up to the last measured layer.
        package var cost: Int { layers.map(\.cost).max() ?? 0 }
        /// The names of the layers that measures have a number for.
        package var layerNames: [String] { layers.map(\.name) }

        var json: JSONValue {
            .object([
                "name": .string("onnx"), "network": .string(file.digest),
                "layers": .array(chosen.map(JSONValue.string)),
            ])
        }
    }

    /// The settings without the patterns that choose layers: equal where the chosen layers are.
    var withoutPatterns: TrialSettings {
        guard case .onnx(var graph) = model else { return self }
        graph.patterns = nil
        var settings = self
        settings.model = .onnx(graph)
        return settings
    }

    /// The network from a file; nil for a network that is trained.
    public var graph: Graph? { if case .onnx(let graph) = model { graph } else { nil } }

    /// The request by which `ranksweep measure` takes the measures of a trial whose network is from a file; nil for
    /// other trials.
    ///
    /// - Parameter path: the path of a file here.
    public func measureRequest(_ path: (ContentFile) -> String) -> MeasureRequest? {
        guard let graph, let data = dataset.description as? ArrayData else { return nil }
        var asked: [MeasureRequest.Measure] = measures.localRank == nil ? [] : [.localRank]
        if data.labels != nil { asked += [.accuracy, .loss] }
        if measures.weightNorms != nil { asked += MeasureRequest.Measure.ofWeights }
        asked += measures.requested.compactMap { MeasureRequest.Measure(rawValue: $0.name) }
        var request = MeasureRequest(
            weights: path(graph.file),
            points: .array(path(data.inputs), labels: data.labels.map(path)), activation: nil,
            measures: asked, thresholds: measures.localRank?.thresholds ?? [],
            relative: measures.localRank?.relative ?? [], rankPoints: measures.localRank?.points)
        request.layers = graph.patterns
        request.optionNames = .sweep
        request.patch = measures.localRank?.patch
        request.columns = measures.localRank?.columns.map { .drawn($0) }
        request.preprocessing = data.preprocessing
        request.point = data.point
        request.tolerance = measures.weightNorms?.tolerance
        request.seed = seed
        request.settings = Dictionary(
            measures.requested.map { ($0.name, $0.settings) }, uniquingKeysWith: { first, _ in first })
        return request
    }
}

extension TrialSettings {
    /// The most memory that a trial with a network from a file takes, in bytes; nil for other trials.
    package var graphMemory: Int? {
        guard let graph, let request = measureRequest(\.name) else { return nil }
        return GraphMemory(
            request, parameters: graph.parameters, values: graph.values,
            tangent: graph.layers.map(\.peak).max() ?? 0, units: graph.layers.map(\.units),
            input: graph.input.reduce(1, *), inputs: graph.inputs.count, points: dataset.facts.testCount
        ).total
    }
}

extension TrialSettings.Training {
    /// No training, for a network that is measured as it is.
    static let none = TrialSettings.Training(
        optimizer: OptimizerSettings(
            method: .sgd(momentum: 0), learningRate: 1, schedule: .constant, weightDecay: 0, emaDecay: nil),
        batchSize: 1, duration: .steps(0), loss: .crossEntropy)
}
