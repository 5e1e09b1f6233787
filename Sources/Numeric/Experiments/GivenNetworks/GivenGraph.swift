import Files
import Glibc
import Learning
import LinearAlgebra
import Measures
import Model
import ONNX
import Sweep
import Text

/// A network from an ONNX file, with the layers and inputs that a request measures it at.
struct GivenGraph {
    let graph: NetworkGraph
    /// The layers that are measured, in order.
    let layers: [NetworkGraph.Layer]
    /// The inputs that Jacobians are taken in; nil: all.
    let columns: [Int]?
    let model: Network<Float>
    /// Whether the network ends in a dense layer, and the last layer but one of `model` is what it reads.
    let hasHead: Bool
    /// Names of the layers of `model`.
    let names: [String]

    /// Reads the file of a request.
    static func model(_ request: MeasureRequest) throws(DataError) -> ONNXModel {
        try attempt(request.weights) { () throws(GraphError) in
            do throws(ONNXFault) { return try ONNXModel(reading: request.weights, opsets: 11...28) } catch {
                throw .file(error)
            }
        }
    }

    /// - Parameters:
    ///   - points: the points; nil: the file says their shape.
    ///   - memory: the bytes of memory that are free; nil: unknown.
    init(
        _ request: MeasureRequest, _ model: ONNXModel, at points: GraphPoints?, memory: UInt64? = nil
    ) throws(DataError) {
        let file = request.weights
        let graph = try GivenGraph.attempt(file) { () throws(GraphError) in
            try NetworkGraph(model, inputShape: points?.shape)
        }
        self.graph = graph
        layers = try GivenGraph.chosen(request.layers, of: graph, file)
        columns = try GivenGraph.columns(request, graph, hasChannelsLast: points?.hasChannelsLast ?? false)
        var (values, names) = (layers.map(\.value), layers.map(\.name))
        // Measures of features need the last dense layer's input beside its output.
        hasHead = graph.head != nil
        let needsHead = request.measures?.contains { $0.declaration?.needs.contains(.denseChain) == true }
        if let head = graph.head, needsHead == true {
            // A product before its bias is added lies between them.
            for index in values.indices.reversed()
            where values[index] > head.features && values[index] != graph.plan.last {
                values.remove(at: index)
                names.remove(at: index)
            }
            for value in [head.features, graph.plan.last] where !values.contains(value) {
                let index = values.firstIndex { $0 > value } ?? values.count
                values.insert(value, at: index)
                names.insert(graph.name(of: value), at: index)
            }
        }
        self.names = names
        let held = max(1, graph.plan.values.reduce(0) { $0 + $1.size.count })
        let count = points?.inputs.rows ?? 1
        let batch = request.listsLayers ? 0 : max(1, min(64, count, (1 << 26) / held))
        if let memory, !request.listsLayers {
            let needed = GraphMemory(
                request, graph.plan, layers: values,
                inputs: columns, points: count, batch: batch)
            let shape = Array(graph.inputShape.dropFirst())
            if let words = needed.problem(
                available: memory, shape: shape, asksForColumns: request.columns != nil)
            {
                throw DataError(file: file, problem: .graph(words))
            }
        }
        self.model = Network(
            NetworkShape(graph: graph.plan, layers: values), loss: .crossEntropy, points: batch)
        guard !request.listsLayers else { return }
        self.model.parameters.flat.assign(
            try GivenGraph.attempt(file) { () throws(GraphError) in
                do throws(ONNXFault) { return try graph.parameters() } catch { throw .file(error) }
            })
    }

    private static func attempt<Result>(
        _ file: String, _ step: () throws(GraphError) -> Result
    ) throws(DataError) -> Result {
        do throws(GraphError) { return try step() } catch {
            switch error {
            case .file(let fault): throw DataError(file: fault.file, problem: .graph(fault.what))
            case .graph(let fault): throw DataError(file: file, problem: .graph(fault.description))
            }
        }
    }

    /// The layers whose names match the patterns; without patterns those measured by default.
    private static func chosen(
        _ patterns: [String]?, of graph: NetworkGraph, _ file: String
    ) throws(DataError) -> [NetworkGraph.Layer] {
        guard let patterns else {
            let usual = graph.layers.filter { $0.isMeasured || $0.value == graph.plan.last }
            return usual.isEmpty ? graph.layers : usual
        }
        var isChosen = [Bool](repeating: false, count: graph.layers.count)
        for pattern in patterns {
            var isFound = false
            for (index, layer) in graph.layers.enumerated()
            where layer.name == pattern || fnmatch(pattern, layer.name, 0) == 0 {
                (isChosen[index], isFound) = (true, true)
            }
            guard isFound else {
                throw DataError(
                    file: file,
                    problem: .weights(.noSuchLayer(pattern, layers: graph.layers.map(\.name))))
            }
        }
        return zip(graph.layers, isChosen).filter(\.1).map(\.0)
    }

    private static func columns(
        _ request: MeasureRequest, _ graph: NetworkGraph, hasChannelsLast: Bool
    ) throws(DataError) -> [Int]? {
        let shape = Array(graph.inputShape.dropFirst())
        let count = shape.reduce(1, *)
        switch request.columns {
        case .listed(let columns):
            if let beyond = columns.first(where: { $0 < 0 || $0 >= count }) {
                throw DataError(
                    file: request.weights,
                    problem: .graph("has \(count) inputs, from 0 on: --columns names \(beyond)"))
            }
            return columns
        case .drawn(let wanted):
            guard wanted < count else { return nil }
            var order = [UInt32](repeating: 0, count: count)
            RandomStreams(seed: 0).shuffle(&order, .columns, index: 0)
            return order[..<wanted].map { Int($0) }
        case nil: break
        }
        guard shape.count == 3 else {
            guard request.patch == nil else {
                throw DataError(
                    file: request.weights,
                    problem: .graph("takes no images, which --patch is for: choose inputs with --columns"))
            }
            return nil
        }
        let image = hasChannelsLast ? [shape[2], shape[0], shape[1]] : shape
        let side = request.patch ?? 16
        guard side < image[1] || side < image[2] else { return nil }
        guard hasChannelsLast || shape[2] > 4 || shape[0] <= 4 || request.listsLayers else {
            throw DataError(
                file: request.weights,
                problem: .graph(
                    "takes inputs of shape (\(shape[0]), \(shape[1]), \(shape[2])), whose channels seem to be last: say so "
                        + "with --layout nhwc, or choose inputs with --columns"))
        }
        let pixels = NumericalRank.centralPatch(height: image[1], width: image[2], side: side)
        return (0..<image[0]).flatMap { channel in
            pixels.map { hasChannelsLast ? $0 * image[0] + channel : channel * image[1] * image[2] + $0 }
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
            try JacobianFiles(given, points: settings.points, in: folder, besides: request.outputsFolder)
        }
        if let folder = request.outputsFolder { try given.save(at: points.inputs, to: folder) }
        var metrics: Metrics = [:]
        if asksFor(.localRank) {
            var ranks = NetworkLocalRank(
                given.model.shape, inputs: given.columns, hasReLU: false,
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
