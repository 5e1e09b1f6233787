import ONNX
import Sweep
import Text

/// Runs trials that measure networks from files, by the same path as `ranksweep measure`. The last network is kept
/// for the next trial.
struct GraphTrials {
    private let files: ContentFiles
    private let slots: Int
    private let memory: @Sendable () -> UInt64?
    private var last: (file: ContentFile, input: [Int], declared: [Int?]?, graph: ReadGraph)?

    init(_ files: ContentFiles, slots: Int, memory: @escaping @Sendable () -> UInt64?) {
        self.files = files
        self.slots = slots
        self.memory = memory
    }

    /// The record's body.
    mutating func body(of settings: TrialSettings, _ graph: TrialSettings.Graph) throws(DataError)
        -> JSONValue
    {
        var fault: DataError?
        let request = settings.measureRequest { file in
            do throws(DataError) { return try files.path(of: file) } catch {
                fault = fault ?? error
                return ""
            }
        }
        if let fault { throw fault }
        guard let request else { throw problem(graph.file.name, "can only be measured at an array") }
        if last?.file != graph.file || last?.input != graph.input {
            // Only one network is held at a time.
            last = nil
            let model = try GivenGraph.model(request)
            var read = try ReadGraph(request, model, shape: graph.input)
            read.parameters = try ReadGraph.parameters(of: read.network, request.weights)
            last = (graph.file, graph.input, model.pointSizes, read)
        }
        guard let last else { throw problem(request.weights, "was not read") }
        let points = try GraphPoints(request, declared: last.declared, first: nil)
        var metrics: [String: JSONValue]
        do throws(DataError) { metrics = try measureGraph(request, last.graph, points, memory()) } catch {
            guard case .memory(let words) = error.problem, slots > 1 else { throw error }
            throw DataError(file: error.file, problem: .memory(words + ", or fewer --slots"))
        }
        var body: [String: JSONValue] = ["outcome": .string("measured")]
        for key in ["layers", "weights"] { body[key] = metrics.removeValue(forKey: key) }
        body["metrics"] = .object(metrics)
        return .object(body)
    }

    private func problem(_ file: String, _ words: String) -> DataError {
        DataError(file: file, problem: .graph(words))
    }
}
