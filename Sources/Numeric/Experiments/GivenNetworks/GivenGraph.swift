import CPosix
import Learning
import LinearAlgebra
import Measures
import Model
import ONNX
import Sweep
import Text

/// A network from an ONNX file for points of one shape.
struct ReadGraph {
    let network: NetworkGraph
    let facts: GraphFacts
    /// The numbers of its parameters; nil: they are still in the file.
    var parameters: [Float]?

    /// - Parameter shape: that of a point; nil: the file says it.
    init(_ request: MeasureRequest, _ model: ONNXModel, shape: [Int]?) throws(DataError) {
        network = try GivenGraph.attempt(request.weights) { () throws(GraphError) in
            try NetworkGraph(model, inputShape: shape)
        }
        facts = network.facts
    }

    static func parameters(of network: NetworkGraph, _ file: String) throws(DataError) -> [Float] {
        try GivenGraph.attempt(file) { () throws(GraphError) in
            do throws(ONNXFault) { return try network.parameters() } catch { throw .file(error) }
        }
    }
}

/// A network from an ONNX file, with the layers and inputs that a request measures it at.
struct GivenGraph {
    let graph: NetworkGraph
    let facts: GraphFacts
    /// The layers that are measured, in order.
    let layers: [NetworkGraph.Layer]
    /// How Jacobians follow from one another; nil: none is taken.
    let tangents: TangentPlan?
    let model: Network<Float>
    /// Names of the layers of `model`.
    let names: [String]

    /// Reads the file of a request.
    static func model(_ request: MeasureRequest) throws(DataError) -> ONNXModel {
        // Parameters, values and tangents are large, and each is freed at its last use.
        cposix_keep_no_freed_memory()
        return try attempt(request.weights) { () throws(GraphError) in
            do throws(ONNXFault) { return try ONNXModel(reading: request.weights, opsets: 11...28) } catch {
                throw .file(error)
            }
        }
    }

    /// - Parameters:
    ///   - graph: the network, and its parameters' numbers where they were read before.
    ///   - points: the points; nil: the file says their shape.
    ///   - memory: the bytes of memory that are free; nil: unknown.
    init(
        _ request: MeasureRequest, _ graph: ReadGraph, at points: GraphPoints?, memory: UInt64? = nil
    ) throws(DataError) {
        let file = request.weights
        let read = graph
        let graph = graph.network
        self.graph = graph
        facts = read.facts
        let (chosen, measured): ([Int], [GraphFacts.Layer])
        do throws(GraphFacts.NoSuchLayer) {
            (chosen, measured) = try facts.layers(
                request.layers, of: request.measures?.compactMap(\.declaration) ?? [],
                isForMeasures: !request.listsLayers && request.outputsFolder == nil
                    && request.measures?.contains(.localRank) == false,
                keepsEmpty: request.listsLayers || request.outputsFolder != nil)
        } catch {
            throw DataError(file: file, problem: .graph(error.words))
        }
        layers = chosen.map { graph.layers[$0] }
        let values = measured.map(\.value)
        names = measured.map(\.name)
        if !request.listsLayers, request.measures?.contains(.localRank) ?? true {
            let columns = try GivenGraph.columns(
                request, facts, hasChannelsLast: points?.hasChannelsLast ?? false)
            tangents = TangentPlan(graph.plan, of: values, inputs: columns)
        } else {
            tangents = nil
        }
        let count = points?.inputs.rows ?? 1
        let batch = request.needsOutputs ? GraphMemory.batch(values: facts.values, points: count) : 0
        if let memory, !request.listsLayers {
            let needed = GraphMemory(
                request, parameters: facts.parameters, values: facts.values,
                tangent: tangents?.peak ?? 0, units: measured.map(\.units), input: facts.input.reduce(1, *),
                inputs: tangents?.inputs.count ?? 0, points: count)
            let hasPatch = request.columns == nil && facts.input.count == 3
            let channels = hasPatch ? facts.input[points?.hasChannelsLast == true ? 2 : 0] : nil
            if let words = needed.problem(
                available: memory, channels: channels, request.optionNames)
            {
                throw DataError(file: file, problem: .memory(words))
            }
        }
        self.model = Network(
            NetworkShape(graph: graph.plan, layers: values), loss: .crossEntropy, points: batch)
        if !request.listsLayers { try take(read, of: file) }
    }

    /// Gives the model the file's parameters.
    private func take(_ read: ReadGraph, of file: String) throws(DataError) {
        let flat = model.parameters.flat
        if let parameters = read.parameters { return flat.assign(parameters) }
        try GivenGraph.attempt(file) { () throws(GraphError) in
            do throws(ONNXFault) {
                try read.network.forEachParameter { region, numbers in
                    Matrix(flat.buffer, offset: region.offset, rows: region.rows, columns: region.columns)
                        .assign(numbers)
                }
            } catch { throw .file(error) }
        }
    }

    fileprivate static func attempt<Result>(
        _ file: String, _ step: () throws(GraphError) -> Result
    ) throws(DataError) -> Result {
        do throws(GraphError) { return try step() } catch {
            switch error {
            case .file(let fault): throw DataError(file: fault.file, problem: .graph(fault.what))
            case .graph(let fault): throw DataError(file: file, problem: .graph(fault.description))
            }
        }
    }

    /// The inputs that Jacobians are taken in; nil: all.
    private static func columns(
        _ request: MeasureRequest, _ facts: GraphFacts, hasChannelsLast: Bool
    ) throws(DataError) -> [Int]? {
        let inputs: JacobianInputs
        do throws(JacobianInputs.Fault) {
            inputs = try JacobianInputs(
                patch: request.patch, columns: request.columns, of: facts.input,
                hasChannelsLast: hasChannelsLast)
        } catch { throw DataError(file: request.weights, problem: .graph(error.words(request.optionNames))) }
        switch inputs {
        case .all: return nil
        case .listed(let columns): return columns
        case .drawn(let count):
            var order = [UInt32](repeating: 0, count: facts.input.reduce(1, *))
            RandomStreams(seed: request.seed).shuffle(&order, .columns, index: 0)
            return order[..<count].map { Int($0) }
        case .patch(let image, let side):
            let pixels = NumericalRank.centralPatch(height: image[1], width: image[2], side: side)
            return (0..<image[0]).flatMap { channel in
                pixels.map {
                    hasChannelsLast ? $0 * image[0] + channel : channel * image[1] * image[2] + $0
                }
            }
        }
    }

    /// A table of the layers: name, operation, shape, units and multiplications.
    func table() -> String {
        let rows =
            [["layer", "operation", "shape", "units", "multiplications", "measured"]]
            + graph.layers.map { layer in
                [
                    layer.name, layer.operation,
                    layer.shape.dropFirst().map(String.init).joined(separator: "×"),
                    String(layer.units), String(layer.cost),
                    layers.contains { $0.value == layer.value && $0.name == layer.name } ? "yes" : "",
                ]
            }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { index, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return index == 3 || index == 4 ? space + cell.0 : index == 5 ? cell.0 : cell.0 + space
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

extension NetworkMeasurement {
    func metrics(of given: GivenGraph) throws(DataError) -> Metrics {
        let settings = rankSettings()
        let jacobians = try request.jacobiansFolder.map { folder throws(DataError) in
            try JacobianFiles(
                given.layers, columns: given.tangents?.inputs ?? [], points: settings.points, in: folder,
                besides: request.outputsFolder)
        }
        if let folder = request.outputsFolder { try given.save(at: points.inputs, to: folder) }
        var metrics: Metrics = [:]
        if let tangents = given.tangents {
            var ranks = NetworkLocalRank(
                given.model.shape, tangents, hasReLU: false,
                settings: LocalRankSettings(thresholds: settings.thresholds, relative: settings.relative))
            settings.add(
                ranks.measureInSingle(given.model, points: points.inputs.rows(0..<settings.points)) {
                    jacobians?.write($0)
                },
                to: &metrics, hasMaximum: true)
            try jacobians?.commit()
        }
        addClassification(to: &metrics, given.model)
        let layers = given.model.denseLayers
        try addNorms(to: &metrics, layers)
        measureSet(lastUnits: network.outputs).add(
            to: &metrics, layers, parameters: given.model.parameters.flat, step: 0, network: given.model)
        return metrics
    }
}
