import Foundation
import Model
import Records
import Sweep
import TestSupport
import Testing
import Text

@testable import Experiments

private typealias Bytes = ONNXBytes

/// Trials of networks from files, which lie in a folder as in a run directory.
@Suite struct GraphTrialTests {
    private let files: GivenFiles
    private let points: [[Float]]

    init() throws {
        files = try GivenFiles()
        var draws = Draws(7)
        points = (0..<5).map { _ in (0..<3).map { _ in Float(draws.uniform(-2...2)) } }
        _ = try put(ONNXBytes.layer, "net.onnx")
        _ = try put(GivenFiles.npy([5, 3], floats: points.flatMap { $0 }), "x.npy")
        _ = try put(GivenFiles.npy("|u1", [5], [0, 1, 1, 0, 1]), "y.npy")
    }

    private func part(_ bytes: [UInt8], _ name: String) -> ContentFile.Part {
        ContentFile.Part(path: name, digest: Digest(of: bytes).hexadecimal(), bytes: bytes.count)
    }

    /// Writes a file where the sweep's author has it, and where trials find it.
    private func put(_ bytes: [UInt8], _ name: String) throws -> String {
        let folder = ContentFile(part(bytes, name)).folder
        try FileManager.default.createDirectory(
            at: files.folder.appending(path: folder), withIntermediateDirectories: true)
        _ = try files.write(bytes, "\(folder)/\(name)")
        return try files.write(bytes, name)
    }

    private func look(_ path: String, _ role: FileRole) -> FileFacts {
        let bytes = Array((try? Data(contentsOf: files.folder.appending(path: path))) ?? Data())
        let file = ContentFile(part(bytes, path))
        func layer(_ name: String, _ value: Int) -> GraphFacts.Layer {
            GraphFacts.Layer(name: name, units: 2, value: value, cost: 6, peak: 5, isMeasured: true)
        }
        switch role {
        case .points: return FileFacts(file, .points(shape: [5, 3]))
        case .labels: return FileFacts(file, .labels(count: 5, classes: 2))
        case .targets, .table: return FileFacts(unusable: "is not looked for here")
        case .network:
            let graph = GraphFacts(
                input: [3], layers: [layer("fc", 2), layer("act", 3)], features: nil,
                output: layer("act", 3), matrices: [GraphFacts.Matrix(name: "fc", rows: 2, columns: 3)],
                parameters: 8, values: 9)
            return FileFacts(file, .network(NetworkFacts(declared: [3], graphs: [graph])))
        }
    }

    private func trial(_ more: String = "") throws -> TrialSettings {
        let text = """
            name: s
            model: onnx
            file: net.onnx
            dataset: {inputs: x.npy, labels: y.npy, point: 3}
            measures: {local_rank: {thresholds: [0.5], relative: [0.1]}, weight_norms: true}
            \(more)
            """
        return try SweepSpec(parsing: text, file: "s.yaml", look: look).grid[0].settings
    }

    private var data: DataDirectory { DataDirectory(data: files.folder.path, cache: nil) }

    private func request(_ inputs: String, _ labels: String) -> MeasureRequest {
        func path(_ name: String) -> String { files.folder.appending(path: name).path }
        return MeasureRequest(
            weights: path("net.onnx"), points: .array(path(inputs), labels: path(labels)), activation: nil,
            measures: [.localRank, .accuracy, .loss] + MeasureRequest.Measure.ofWeights, thresholds: [0.5],
            relative: [0.1])
    }

    @Test func `A trial's record has the bits of a measurement of that point alone`() throws {
        var runner = TrialRunner(data: data)
        let settings = try trial()
        let body = try runner.run(settings)
        let object = try #require(CanonicalObject(body.canonicalBytes))
        #expect(RecordForm(of: settings).fault(in: object) == nil)
        _ = try put(GivenFiles.npy([1, 3], floats: points[3]), "x3.npy")
        _ = try put(GivenFiles.npy("|u1", [1], [0]), "y3.npy")
        let due = try measure(request("x3.npy", "y3.npy"), data: data)
        #expect(body["layers"] == due["layers"] && body["weights"] == due["weights"])
        #expect(body["metrics"]?["accuracy"] != nil && body["metrics"]?["spectral_norm"] != nil)
        for (key, value) in body["metrics"]?.object ?? [:] { #expect(value == due[key], "\(key)") }
        #expect(body["metrics"]?.object?.count == (due.object?.count ?? 0) - 3)
    }

    @Test func `The seed draws the inputs, and seed 0 those of the command`() throws {
        var runner = TrialRunner(data: data)
        let drawn = try (0..<6).map { seed in
            var settings = try trial("seed: \(seed)")
            settings.measures.localRank?.columns = 1
            guard var graph = settings.graph else { throw ExperimentError.settings("no network") }
            graph.inputs = .drawn(1)
            settings.model = .onnx(graph)
            settings.measures.localRank?.thresholds = [2.5]
            return try runner.run(settings)["metrics"]?["local_rank"]
        }
        // The first input's column of the Jacobian is (1, 2), below the threshold; those of others aren't.
        #expect(Set(drawn.map { $0?.canonicalText ?? "" }).count == 2)
        var command = request("x.npy", "y.npy")
        command.columns = .drawn(1)
        command.thresholds = [2.5]
        command.point = 3
        #expect(try measure(command, data: data)["local_rank"] == drawn[0])
    }

    @Test func `A file that is missing or has other bytes fails the trial, with what to do`() throws {
        let folder = ContentFile(part(ONNXBytes.layer, "net.onnx")).folder
        let file = files.folder.appending(path: "\(folder)/net.onnx")
        func fault() throws -> String? {
            var runner = TrialRunner(data: data)
            do {
                _ = try runner.run(try trial())
                return nil
            } catch { return "\(error)" }
        }
        try Data([1, 2, 3]).write(to: file)
        let digest = part(ONNXBytes.layer, "").digest
        #expect(try fault()?.contains("\(file.path): holds other bytes than the sweep's file") == true)
        try FileManager.default.removeItem(at: file)
        #expect(
            try fault()
                == "net.onnx: is not on this machine: put the file whose SHA-256 is \(digest) into the folder "
                + file.deletingLastPathComponent().path)
    }

    @Test func `The run's own files are preferred, and read once`() throws {
        let run = try GivenFiles()
        try FileManager.default.copyItem(
            at: files.folder.appending(path: "files"), to: run.folder.appending(path: "files"))
        var runner = TrialRunner(
            data: DataDirectory(data: files.folder.path, cache: nil, run: run.folder.path))
        let settings = try trial()
        // The copy in the data folder would be refused.
        let name = "\(ContentFile(part(ONNXBytes.layer, "net.onnx")).folder)/net.onnx"
        try Data([1]).write(to: files.folder.appending(path: name))
        let first = try runner.run(settings)
        // The network stays in memory; the points are read again.
        try Data([1]).write(to: run.folder.appending(path: name))
        #expect(try runner.run(settings) == first)
    }

    @Test func `A trial that needs more memory than is free fails as the command does`() throws {
        var runner = TrialRunner(data: data) { 100 }
        let error = #expect(throws: ExperimentError.self) { try runner.run(try trial()) }
        var command = request("x.npy", "y.npy")
        command.point = 3
        let due = #expect(throws: ExperimentError.self) { try measure(command, data: data, memory: 100) }
        func words(_ error: ExperimentError?) -> Substring? {
            error.map { $0.description.replacing("--layers", with: "layers") }?
                .split(separator: ": ", maxSplits: 1).last
        }
        #expect(words(error)?.hasPrefix("needs ") == true && words(error) == words(due))
        // Slots share the memory.
        runner = TrialRunner(data: data, slots: 4) { 100 }
        let shared = #expect(throws: ExperimentError.self) { try runner.run(try trial()) }
        #expect(words(shared).map(String.init) == words(due).map { $0 + ", or fewer --slots" })
    }
}
