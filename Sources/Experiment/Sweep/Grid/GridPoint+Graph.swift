// A point's settings for a network from a file.

import Model
import Text

extension GridPoint {
    /// The settings of a trial that measures a network from a file.
    func graphSettings(_ conflicts: inout [PointConflict]) -> TrialSettings {
        guard dataset == "array" else {
            conflicts.append(
                PointConflict(
                    "dataset", .data("a network from a file is measured at an array: {inputs: X.npy}")))
            var ignored: [PointConflict] = []
            return placeholder(ArrayData(DataOptions(of: self), &ignored))
        }
        var data = ArrayData(DataOptions(of: self), &conflicts)
        // Where the points are unknown, so is what the network makes of them.
        guard conflicts.isEmpty, let facts = graphFacts(for: data, &conflicts) else {
            return placeholder(data)
        }
        if data.labels != nil {
            if data.classes > facts.output.units {
                conflicts.append(
                    PointConflict(
                        "dataset.labels",
                        .data(
                            "the label \(data.classes - 1) is beyond the \(facts.output.units) outputs of "
                                + word("file", default: ""))))
            }
            data.classes = facts.output.units
        }
        let dataset = Dataset(data)
        let requested = requested(of: dataset, &conflicts)
        check(requested, data, facts, &conflicts)
        let inputs = jacobianInputs(data, facts.input, &conflicts)
        let rank = localRank(data, inputs, &conflicts)
        let layers: (chosen: [Int], measured: [GraphFacts.Layer])
        do throws(GraphFacts.NoSuchLayer) {
            layers = try facts.layers(
                patterns, of: requested.compactMap(\.declaration), isForMeasures: rank == nil)
        } catch {
            conflicts.append(PointConflict("layers", .data("\(word("file", default: "")) \(error.words)")))
            return placeholder(data)
        }
        return TrialSettings(
            model: .onnx(
                TrialSettings.Graph(
                    file: files[path: word("file", default: "")].file, input: facts.input,
                    patterns: patterns, chosen: layers.chosen.map { facts.layers[$0].name },
                    layers: layers.measured, matrices: facts.matrices,
                    outputs: facts.output.units, parameters: facts.parameters, values: facts.values,
                    inputs: inputs)),
            dataset: dataset, network: TrialSettings.Network(hidden: [], activation: .linear),
            training: .none,
            measures: TrialSettings.Measures(
                localRank: rank, weightNorms: weightNorms, traceAt: .end, samples: 12, requested: requested),
            seed: UInt64(integer("seed") ?? 0))
    }

    private var patterns: [String]? { values["layers"].flatMap { [String](json: $0) } }

    /// Settings that stand for a point with conflicts. Where no check visits the point, the trial fails as it reads
    /// its files.
    private func placeholder(_ data: ArrayData) -> TrialSettings {
        TrialSettings(
            model: .onnx(
                TrialSettings.Graph(
                    file: files[path: word("file", default: "")].file, input: data.layout.sizes,
                    patterns: patterns, chosen: patterns ?? [], layers: [], matrices: [],
                    outputs: data.classes,
                    parameters: 0, values: 0, inputs: .all(data.layout.sizes))), dataset: Dataset(data),
            network: TrialSettings.Network(hidden: [], activation: .linear), training: .none,
            measures: TrialSettings.Measures(localRank: nil, traceAt: .end, samples: 12),
            seed: UInt64(integer("seed") ?? 0))
    }

    /// The network's layers at these points; nil with a conflict.
    private func graphFacts(for data: ArrayData, _ conflicts: inout [PointConflict]) -> GraphFacts? {
        let path = word("file", default: "")
        var why = "is not a network"
        switch files[path: path].content {
        case .unusable(let words): why = words
        case .network(let network):
            let shape = data.layout.shape(for: network.declared)
            if let graph = network.graphs.first(where: { $0.input == shape }) { return graph }
            why = network.refusals[shape] ?? "is not known for points of shape \(shape)"
        default: break
        }
        conflicts.append(PointConflict("file", .data("\(path): \(why)")))
        return nil
    }

    private func check(
        _ requested: [RequestedMeasure], _ data: ArrayData, _ facts: GraphFacts,
        _ conflicts: inout [PointConflict]
    ) {
        for name in requested.map(\.name) {
            guard let measure = MeasureRequest.Measure(rawValue: name) else { continue }
            let problem =
                measure.declaration?.isOfAnyNetwork == false
                ? "needs the training, not only its weights"
                : measure.needsLabels && data.labels == nil
                    ? "needs dataset.labels"
                    : measure.problemOfGraph(
                        endsDense: facts.features != nil,
                        ranks: "measures.local_rank with its patch and relative")
                        ?? problem(ofMany: facts.output.units, measure)
            guard let problem else { continue }
            conflicts.append(PointConflict("measures." + name, .data("\(name) \(problem)")))
        }
    }

    private func problem(ofMany outputs: Int, _ measure: MeasureRequest.Measure) -> String? {
        let hasLists = measure.declaration?.metrics.contains {
            if case .list(_, _, .classes) = $0.shape { true } else { false }
        }
        guard hasLists == true, outputs > LabelOptions.maxClasses else { return nil }
        return "has a number for each class: a network may have at most \(LabelOptions.maxClasses) outputs"
    }

    private func jacobianInputs(
        _ data: ArrayData, _ shape: [Int], _ conflicts: inout [PointConflict]
    ) -> JacobianInputs {
        let columns = integer("measures.local_rank.columns")
        guard values["measures.local_rank"]?.bool != false else { return .all(shape) }
        guard case .network(let network) = files[path: word("file", default: "")].content else {
            return .all(shape)
        }
        do throws(JacobianInputs.Fault) {
            return try JacobianInputs(
                patch: integer("measures.local_rank.patch"), columns: columns.map { .drawn($0) }, of: shape,
                hasChannelsLast: data.layout.staysLast(for: network.declared))
        } catch {
            let isOfPatch = values["measures.local_rank.patch"] != nil
            conflicts.append(
                PointConflict(
                    isOfPatch ? "measures.local_rank.patch" : "file",
                    .data("\(word("file", default: "")) \(error.words(.sweep))")))
            return .all(shape)
        }
    }

    private func localRank(
        _ data: ArrayData, _ inputs: JacobianInputs, _ conflicts: inout [PointConflict]
    ) -> TrialSettings.LocalRank? {
        guard values["measures.local_rank"]?.bool != false else { return nil }
        let (points, held) = (integer("measures.local_rank.points") ?? 1, data.facts.testCount)
        if points > held {
            conflicts.append(
                PointConflict("measures.local_rank.points", .rankPointsTooMany(points, of: held)))
        }
        var rank = TrialSettings.LocalRank(
            thresholds: thresholds("measures.local_rank.thresholds"),
            relative: thresholds("measures.local_rank.relative"), noise: [], points: min(points, held))
        switch inputs {
        case .patch(_, let side): rank.patch = side
        case .listed: break
        // A patch as large as an image is all of it.
        case .all(let shape): rank.patch = shape.count == 3 ? shape.max() : nil
        case .drawn(let count): rank.columns = count
        }
        return rank
    }
}
