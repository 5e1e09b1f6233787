import Files
import Glibc
import ONNX
import Sweep
import Text

/// Runs trials that measure networks from files, by the same path as `ranksweep measure`. The last network is kept
/// for the next trial.
struct GraphTrials {
    /// Folders that may hold files/DIGEST/NAME, the first preferred.
    private let folders: [String]
    private let slots: Int
    private let memory: @Sendable () -> UInt64?
    /// Paths whose content was compared with the digest.
    private var verified: Set<String> = []
    private var last: (file: ContentFile, input: [Int], declared: [Int?]?, graph: ReadGraph)?

    init(_ data: DataDirectory, slots: Int, memory: @escaping @Sendable () -> UInt64?) {
        folders = [data.run, data.data].compactMap { $0 }
        self.slots = slots
        self.memory = memory
    }

    /// The record's body.
    mutating func body(of settings: TrialSettings, _ graph: TrialSettings.Graph) throws(DataError)
        -> JSONValue
    {
        var fault: DataError?
        let request = settings.measureRequest { file in
            do throws(DataError) { return try path(of: file) } catch {
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

    /// The path of a file here. Its bytes and those beside it are compared with their digests once.
    private mutating func path(of file: ContentFile) throws(DataError) -> String {
        let candidates = folders.map { "\($0)/\(file.folder)" }
        guard let folder = candidates.first(where: { access("\($0)/\(file.name)", F_OK) == 0 }) else {
            throw problem(
                file.name,
                "is not on this machine: put the file whose SHA-256 is \(file.parts[0].digest) into the folder "
                    + (candidates.last ?? ""))
        }
        let path = "\(folder)/\(file.name)"
        guard verified.insert(path).inserted else { return path }
        for part in file.parts {
            let found = fileDigest("\(folder)/\(part.path)")
            guard found != part.digest else { continue }
            verified.remove(path)
            throw problem(
                "\(folder)/\(part.path)",
                found.map {
                    "holds other bytes than the sweep's file: its SHA-256 is \($0), not \(part.digest)"
                }
                    ?? "cannot be read; the sweep's file has the SHA-256 \(part.digest)")
        }
        return path
    }
}
