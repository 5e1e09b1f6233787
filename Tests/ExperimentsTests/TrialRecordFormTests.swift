import Foundation
import Records
import Testing
import Text

@testable import Experiments
@testable import Sweep

// The coordinator accepts the records that trials really give.

/// Small images, few points and few steps: what a record has does not depend on how many.
private func small(_ trial: TrialSettings) -> TrialSettings {
    var small = trial
    switch trial.dataset.description {
    case let images as ImageData:
        small.dataset = Dataset(
            ImageData(name: .generated, scale: images.scale, trainPoints: 40, testPoints: 24))
    case var data as GaussianData:
        data.testPoints = min(data.testPoints, 64)
        small.dataset = Dataset(data)
    case var teacher as TeacherData:
        teacher.trainPoints = min(teacher.trainPoints, 40)
        teacher.testPoints = min(teacher.testPoints, 24)
        small.dataset = Dataset(teacher)
    case let data as SymmetricData:
        small.dataset = Dataset(SymmetricData(scale: data.scale, trainPoints: 4000))
    case is ModularData: small.dataset = Dataset(ModularData(modulus: 7, share: 0.5))
    default: break
    }
    small.training.batchSize = min(trial.training.batchSize, 8)
    if trial.trainingSteps > 0 { small.training.duration = .steps(3) }
    small.network.hidden = trial.network.hidden.prefix(4).map { min($0, 12) }
    if let layers = trial.training.logDet?.layers {
        small.training.logDet?.layers = layers.filter { $0 <= small.network.hidden.count }
    }
    if case .network(.resnet(_, _, let normalisation)) = trial.model {
        small.model = .network(.resnet(depth: 8, width: 4, normalisation))
    }
    // The images that stand in for MNIST's have 32 × 32 pixels in place of 28 × 28: as many patches of 8 × 8 tile them.
    if case .network(.tokens) = trial.model { small.network.stored.set(Setting.patch.setting, JSONValue(8)) }
    if case .network(.layers(var written)) = trial.model {
        try? written.set(JSONValue(8), at: "network.0.patches")
        small.model = .network(.layers(written))
    }
    if trial.measures.traceAt != .end { small.measures.traceAt = .steps([0, 1, 2, 3]) }
    small.measures.localRank?.points = 2
    small.measures.localRank?.patch = trial.measures.localRank?.patch.map { min($0, 4) }
    small.measures.samples = 2
    small.measures.requested = trial.measures.requested.map { request in
        var settings = request.settings
        if settings["points"] != nil { settings["points"] = JSONValue(request.testPoints == 1 ? 1 : 20) }
        if settings["side"] != nil { settings["side"] = JSONValue(4) }
        if settings["batch"] != nil { settings["batch"] = JSONValue(20) }
        if settings["batches"] != nil { settings["batches"] = JSONValue(2) }
        return RequestedMeasure(name: request.name, settings: settings)
    }
    return small
}

/// Why what a trial gives is refused; nil where it is let in.
private func fault(_ settings: TrialSettings) throws -> String? {
    var runner = TrialRunner(data: DataDirectory(data: "/nowhere", cache: nil))
    let body = try runner.run(settings)
    let bytes = body.canonicalBytes
    let object = try #require(CanonicalObject(bytes))
    let form = RecordForm(of: settings)
    #expect(bytes.count <= form.maxBytes)
    return form.fault(in: object)
}

private let recipes: [String] = {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "sweeps")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    // The repository has no networks for recipes of networks from files: GraphTrialTests runs sweeps of its own.
    return names.filter { $0.hasSuffix(".yaml") }.sorted().map { folder.appending(path: $0).path }.filter {
        (try? String(contentsOfFile: $0, encoding: .utf8))?.contains("\nmodel: onnx\n") == false
    }
}()

@Test(arguments: recipes) func `The records of every recipe's trials, made small, are let in`(path: String)
    throws
{
    let spec = try SweepSpec(parsing: String(contentsOfFile: path, encoding: .utf8), file: path)
    for index in Set([0, spec.grid.count - 1]).sorted() {
        let settings = small(spec.grid[index].settings)
        #expect(try fault(settings) == nil, "\(path), trial \(index)")
    }
}

@Test func `There are recipes to try`() { #expect(recipes.count > 20) }

/// A sweep file's head for each kind of network and data.
private let kinds = [
    "model: mlp\ndataset: symmetric\nactivation: relu",
    "model: mlp\ndataset: symmetric\nactivation: tanh\ndepth: 1",
    "model: mlp\ndataset: symmetric\nnormalisation: batch\nresidual: true",
    "model: mlp\ndataset: {name: modular-addition, modulus: 7}",
    "model: mlp\ndataset: {name: teacher, task: classification, inputs: 4, norm: 3}\nactivation: relu\nbiases: false",
    "model: mlp\ndataset: {name: teacher, task: regression, inputs: 4, norm: 1.5}\nactivation: relu\nbiases: false",
    "model: mlp\ndataset: {name: gaussian, correlations: [0.5, 0.9]}\nactivation: linear",
    "model: mlp\ndataset: generated-images",
    "model: cnn\ndataset: generated-images\nnormalisation: group",
    "model: resnet\ndataset: generated-images",
    "model: vit\ndataset: generated-images\nwidth: 4\ndepth: 1\npatch: 8\nactivation: relu",
    "model: vib\ndataset: generated-images\nbottleneck: 4\nbeta: 0.1",
    "model: vib\nbeta: 0.1\ndataset: {name: gaussian, correlations: [0.5, 0.9]}",
]

@Test(arguments: kinds)
func `Every measure that a network and its data allow gives numbers that are accepted`(head: String) throws {
    var allowed: [String] = []
    func sweep(_ measures: [String]) -> String {
        """
        name: s
        \(head)
        training: {steps: 3, batch_size: 8}
        measures:
          trace_at: [1, 2, 3]
          weight_norms: true
        \(measures.map { "  \($0): true" }.joined(separator: "\n"))
        """
    }
    for measure in MeasureCatalogue.listed {
        let needed = measure.name == "gaussian_bound" && allowed.contains("gradient_noise")
        let tried = needed ? ["gradient_noise", measure.name] : [measure.name]
        if (try? SweepSpec(parsing: sweep(tried), file: "s.yaml")) != nil { allowed.append(measure.name) }
    }
    #expect(allowed.count >= 8, "\(allowed)")
    let spec = try SweepSpec(parsing: sweep(allowed), file: "s.yaml")
    let settings = small(spec.grid[0].settings)
    #expect(settings.measures.requested.count == allowed.count)
    #expect(try fault(settings) == nil, "\(head)")
    // One that diverges, and one that is measured at its end alone.
    var wild = settings
    wild.training.optimizer.learningRate = 1e30
    #expect(try fault(wild) == nil, "\(head), diverging")
    var end = settings
    end.measures.traceAt = .end
    end.measures.requested.removeAll { ["steps_to_loss", "gaussian_bound"].contains($0.name) }
    #expect(try fault(end) == nil, "\(head), at its end")
}
