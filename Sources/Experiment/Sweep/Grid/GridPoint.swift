import Model
import Text

/// One point of the grid as settings by path, and their conversion to `TrialSettings` with all defaults.
struct GridPoint {
    private(set) var values: [String: JSONValue]
    /// The kind of the point's data set.
    private let type: any DatasetDescription.Type
    private let kind: DataKind
    /// The files of the sweep.
    let files: SweepFiles
    /// The list's name on the axis `network`; nil where that is no axis.
    private(set) var listName: String?

    init(_ grid: Grid, _ positions: [Int]) {
        values = grid.fixed
        files = grid.files
        for (axis, position) in zip(grid.axes, positions) {
            let value = axis.values[position]
            values[axis.path] = value
            guard let members = value.object else { continue }
            if axis.path == "network" {
                listName = members["name"]?.string
                values["network"] = members["layers"]
            } else if axis.path == "dataset" {
                for (key, option) in members { values[key == "name" ? "dataset" : "dataset." + key] = option }
            }
        }
        type = Dataset.kind(of: values["dataset"]?.string ?? "")
        kind = type.kind
    }

    var dataset: String { word("dataset", default: "") }
    var name: String { word("model", default: "") }
    var isVIB: Bool { name == "vib" }
    /// Whether the network comes from a file.
    var isGraph: Bool { name == "onnx" }
    /// The kind of network: the model, or a VIB's encoder.
    var networkName: String { isVIB ? word("encoder", default: "mlp") : name }
    /// The network on patches; nil for other networks.
    var tokens: TrialSettings.TokenNetwork? { TrialSettings.TokenNetwork(rawValue: networkName) }
    var isConvolutional: Bool { networkName == "cnn" || networkName == "resnet" || tokens != nil }

    func number(_ path: String, default value: Double) -> Double { values[path]?.number ?? value }
    func integer(_ path: String) -> Int? { values[path]?.number.flatMap { Int(exactly: $0) } }
    func word(_ path: String, default value: String) -> String { values[path]?.string ?? value }
    func numbers(_ path: String) -> [Double]? { values[path]?.array?.compactMap(\.number) }

    /// The settings with all defaults filled in. Incompatible settings are added to `conflicts`; the result
    /// is then the nearest settings that can be expressed.
    func settings(_ conflicts: inout [PointConflict]) -> TrialSettings {
        for option in Dataset.ambiguousOptions[dataset] ?? [] {
            guard let value = values[option.path], !option.kind.admits(value) else { continue }
            conflicts.append(
                PointConflict(option.path, .data("dataset \(dataset) expects \(option.kind.text) here")))
        }
        if isGraph { return graphSettings(&conflicts) }
        var ofData: [PointConflict] = []
        let data = Dataset(type.init(DataOptions(of: self), &ofData))
        var others: [PointConflict] = []
        let settings = settings(on: data, &others)
        // The sizes of a file that can't be used say nothing about the other settings.
        conflicts += ofData + (dataset == "array" && !ofData.isEmpty ? [] : others)
        return settings
    }

    private func settings(on data: Dataset, _ conflicts: inout [PointConflict]) -> TrialSettings {
        if isVIB, let objection = kind.vibObjection {
            conflicts.append(PointConflict("model", .data(objection)))
        }
        let settings = TrialSettings(
            model: model(data.facts.input, &conflicts), dataset: data, network: network,
            training: training(data, &conflicts), measures: measures(data, &conflicts),
            seed: UInt64(integer("seed") ?? 0))
        if settings.model.architecture?.hasBatchNormalisation == true, settings.training.batchSize == 1,
            settings.training.duration != .steps(0)
        {
            conflicts.append(PointConflict("training.batch_size", .batchOfOne))
        }
        checkTraining(settings, &conflicts)
        return settings
    }

    /// The default depth of models where it isn't 2.
    static let defaultDepths = ["cnn": 4, "resnet": 8, "vit": 4, "mixer": 4, "gmlp": 4]

    func model(_ input: ImageSize, _ conflicts: inout [PointConflict]) -> TrialSettings.Model {
        guard isVIB else { return architecture(input, &conflicts).map { .network($0) } ?? .mlp }
        return .vib(
            beta: number("beta", default: 1),
            bottleneck: integer("bottleneck") ?? kind.bottleneck ?? input.count,
            sigmaShift: number("sigma_shift", default: kind.sigmaShift),
            encoder: architecture(input, &conflicts))
    }

    /// The network that the sweep file lists, with this point's values.
    var written: WrittenNetwork { WrittenNetwork(values["network"] ?? .null).with(values) }

    var network: TrialSettings.Network {
        if networkName == "layers" {
            var network = TrialSettings.Network(hidden: [], activation: written.activation)
            network.stored = stored(Setting.storedOfNetwork)
            return network
        }
        let usual = networkName == "resnet" ? Activation.relu : tokens == nil ? kind.activation : .gelu
        let activation = Activation(rawValue: word("activation", default: usual.rawValue))
        let width = integer("width") ?? (networkName == "cnn" ? 16 : kind.width)
        // These have their own forms of depth and width.
        let hasNoList = networkName == "resnet" || tokens != nil
        let hidden =
            hasNoList
            ? []
            : numbers("hidden")?.map { Int($0) }
                ?? [Int](
                    repeating: width,
                    count: (integer("depth") ?? GridPoint.defaultDepths[networkName] ?? 2) - 1)
        var network = TrialSettings.Network(hidden: hidden, activation: activation ?? .linear)
        network.stored = stored(Setting.storedOfNetwork)
        return network
    }

    /// Values that differ from their defaults, of those settings that the point's trial uses.
    private func stored(_ settings: [Setting]) -> StoredSettings {
        var stored = StoredSettings()
        for setting in settings {
            guard
                let value = values[setting.path] ?? setting.storage?.ofData?(kind)
                    ?? setting.storage?.ofModel[networkName],
                value != setting.fallback, setting.uses.allSatisfy(meets)
            else { continue }
            stored.set(setting, value)
        }
        return stored
    }

    // MARK: Training

    private func training(
        _ data: Dataset, _ conflicts: inout [PointConflict]
    ) -> TrialSettings.Training {
        let batch = integer("training.batch_size") ?? 128
        if let points = data.facts.trainCount {
            if batch > points {
                let path =
                    values["training.batch_size"] == nil ? "dataset.train_points" : "training.batch_size"
                conflicts.append(PointConflict(path, .batchTooLarge(batch, points: points)))
            }
        }
        var training = TrialSettings.Training(
            optimizer: OptimizerSettings(
                method: optimizer, learningRate: number("training.learning_rate", default: 1e-3),
                schedule: schedule(hasEpochs: data.facts.trainCount != nil, &conflicts),
                weightDecay: number("training.weight_decay", default: 0),
                emaDecay: values["training.ema_decay"]?.number), batchSize: batch,
            duration: duration(hasEpochs: data.facts.trainCount != nil, &conflicts),
            loss: loss(data, &conflicts), logDet: logDet(data, &conflicts))
        training.stored = stored(Setting.storedOfTraining)
        return training
    }

    private var optimizer: Optimizer {
        let name = word("training.optimizer", default: "adam")
        if name == "sgd" { return .sgd(momentum: number("training.momentum", default: 0)) }
        let (beta1, beta2) = (
            number("training.beta1", default: 0.9), number("training.beta2", default: 0.999)
        )
        let epsilon = number("training.epsilon", default: 1e-8)
        return name == "adamw"
            ? .adamW(beta1: beta1, beta2: beta2, epsilon: epsilon)
            : .adam(beta1: beta1, beta2: beta2, epsilon: epsilon)
    }

    private func schedule(hasEpochs: Bool, _ conflicts: inout [PointConflict]) -> Schedule {
        switch word("training.schedule", default: "constant") {
        case "cosine": return .cosine
        case "decay":
            if let milestones = numbers("training.milestones")?.map({ Int($0) }) {
                for (before, next) in zip(milestones, milestones.dropFirst()) where next <= before {
                    conflicts.append(
                        PointConflict("training.milestones", .milestonesNotAscending(next, after: before)))
                    break
                }
                return .milestones(milestones, factor: number("training.decay_factor", default: 0.1))
            }
            if !hasEpochs, integer("training.decay_every") == nil {
                conflicts.append(PointConflict("training.schedule", .noDecayEvery))
            }
            return .decay(
                factor: number("training.decay_factor", default: 0.97),
                every: integer("training.decay_every") ?? 2)
        default: return .constant
        }
    }

    private func duration(hasEpochs: Bool, _ conflicts: inout [PointConflict])
        -> TrialSettings.Training.Duration
    {
        if let steps = integer("training.steps") { return .steps(steps) }
        if let epochs = integer("training.epochs"), hasEpochs { return .epochs(epochs) }
        let given = integer("training.epochs") != nil
        conflicts.append(
            PointConflict(
                given ? "training.epochs" : "", .noDuration(gaussian: !hasEpochs), lacking: "training.steps"))
        return .steps(1)
    }

    /// Conflicts of the training's settings with its length and its loss.
    private func checkTraining(_ settings: TrialSettings, _ conflicts: inout [PointConflict]) {
        let (training, steps) = (settings.training, settings.trainingSteps)
        if training[Setting.warmup] > steps, steps > 0 {
            conflicts.append(
                PointConflict("training.warmup", .warmupTooLong(training[Setting.warmup], of: steps)))
        }
        if training[Setting.labelSmoothing] > 0, training.loss != .crossEntropy {
            conflicts.append(
                PointConflict("training.label_smoothing", .smoothsClasses(loss: training.loss.rawValue)))
        }
        if training[Setting.stopAtLoss] != nil {
            if settings.measures.traceAt == .end {
                conflicts.append(PointConflict("training.stop_at_loss", .noTraceToStop))
            }
            if values["weights"]?.array != nil { conflicts.append(PointConflict("weights", .mayStopBefore)) }
        }
        guard case .epochs(let count) = settings.measures.traceAt else { return }
        let entries = steps / (count * (settings.stepsPerEpoch ?? 1))
        if settings.stepsPerEpoch == nil {
            conflicts.append(PointConflict("measures.trace_at", .noEpochsToTrace))
        } else if entries > 100_000 {
            conflicts.append(PointConflict("measures.trace_at", .traceTooLong(entries, limit: 100_000)))
        }
    }

    private func loss(_ data: Dataset, _ conflicts: inout [PointConflict]) -> Loss {
        let losses = (isVIB ? data.facts.vibLosses : data.facts.losses)
        guard let word = values["training.loss"]?.string else { return losses[0] }
        guard let loss = losses.first(where: { $0.rawValue == word }) else {
            let due = losses.map(\.rawValue)
            conflicts.append(
                PointConflict("training.loss", .lossUnfit(word, due: due, model: name, dataset: dataset))
            )
            return losses[0]
        }
        return loss
    }

    // MARK: Measures

    private func measures(
        _ data: Dataset, _ conflicts: inout [PointConflict]
    ) -> TrialSettings.Measures {
        let testPoints = data.facts.testCount
        let isListed = networkName == "layers"
        let hasPatches = isConvolutional || isListed && data.facts.input.pixels > 1
        var points = integer("measures.local_rank.points") ?? min(hasPatches ? 4 : 256, testPoints)
        if points > testPoints {
            conflicts.append(
                PointConflict("measures.local_rank.points", .rankPointsTooMany(points, of: testPoints)))
            points = testPoints
        }
        if isListed, !hasPatches, values["measures.local_rank.patch"] != nil {
            conflicts.append(
                PointConflict(
                    "measures.local_rank.patch", .data("the points are vectors: only images have a patch")))
        }
        let localRank = TrialSettings.LocalRank(
            thresholds: thresholds("measures.local_rank.thresholds"),
            relative: thresholds("measures.local_rank.relative"),
            noise: isVIB ? thresholds("measures.local_rank.noise") : [], points: points,
            patch: hasPatches ? integer("measures.local_rank.patch") ?? 16 : nil)
        return TrialSettings.Measures(
            localRank: values["measures.local_rank"]?.bool == false ? nil : localRank,
            weightNorms: weightNorms, traceAt: times,
            samples: isVIB ? integer("measures.samples") ?? 12 : 12,
            requested: requested(of: data, &conflicts))
    }

    /// The requested measures of the catalogue's table, in its order. In a grid where only some points meet a
    /// measure's conditions, the others go without it.
    func requested(
        of data: Dataset, _ conflicts: inout [PointConflict]
    ) -> [RequestedMeasure] {
        let testPoints = data.facts.testCount
        guard values.keys.contains(where: MeasureCatalogue.listedPaths.contains) else { return [] }
        func isOn(_ measure: MeasureDeclaration) -> Bool {
            values[measure.path]?.bool ?? measure.options.contains { values[$0.path] != nil }
        }
        return MeasureCatalogue.listed.compactMap { measure in
            guard isOn(measure), measure.uses.allSatisfy(meets),
                let defaults = RequestedMeasure(measure.name, testPoints: testPoints)
            else { return nil }
            var settings = defaults.settings
            for option in measure.options {
                settings[option.key] = values[option.path] ?? settings[option.key]
            }
            if measure.needs.contains(.denseChain), !isGraph, !isDenseChain {
                conflicts.append(PointConflict(measure.path, .needsDenseChain))
            }
            if measure.uses.contains(.classes), !isGraph, data.facts.classes == 0 {
                conflicts.append(
                    PointConflict(
                        measure.path, .data("\(measure.name) needs classes, and the data are numbers")))
            }
            if settings["points"] == .string("all"), data.facts.trainCount == nil {
                conflicts.append(PointConflict("\(measure.path).points", .noAllPoints))
            }
            if let points = settings["points"]?.number, points > Double(testPoints) {
                conflicts.append(
                    PointConflict("\(measure.path).points", .rankPointsTooMany(Int(points), of: testPoints)))
            }
            if measure.needs.contains(.phaseChange), !isOn(.gradientNoise) {
                conflicts.append(
                    PointConflict(measure.path, .noMeasure(MeasureDeclaration.gradientNoise.path)))
            }
            return RequestedMeasure(name: measure.name, settings: settings)
        }
    }

    /// Whether the network is a chain W_l φ(W_{l−1} …) with nothing between its layers.
    private var isDenseChain: Bool {
        !isConvolutional && networkName != "layers" && values["residual"]?.bool != true
            && word("normalisation", default: "none") == "none"
    }

    /// Whether the point meets a condition. A missing setting meets it, because its default does.
    private func meets(_ use: Setting.Use) -> Bool {
        use.path == Setting.Use.networkPath
            ? use.words.contains(networkName) : values[use.path]?.string.map(use.words.contains) ?? true
    }

    var weightNorms: TrialSettings.WeightNorms? {
        let tolerance = values["measures.weight_norms.tolerance"]?.number
        return values["measures.weight_norms"]?.bool ?? (tolerance != nil)
            ? TrialSettings.WeightNorms(tolerance: tolerance) : nil
    }

    func thresholds(_ path: String) -> [Double] {
        numbers(path) ?? Setting[path: path]?.fallbackNumbers ?? []
    }

    private var times: TrialSettings.Measures.Times {
        guard let value = values["measures.trace_at"] else { return .end }
        if let steps = value.array { return .steps(steps.compactMap(\.number).map { Int($0) }) }
        if let count = value["linear"]?.number { return .linear(Int(count)) }
        if let count = value["log"]?.number { return .log(Int(count)) }
        if let count = value["epochs"]?.number { return .epochs(Int(count)) }
        return .end
    }
}

/// A conflict between settings of one point.
package struct PointConflict: Equatable {
    /// The setting to report; empty where the problem is a missing one.
    let path: String
    let conflict: SweepError.Conflict
    /// The missing setting, where there is one.
    let lacking: String?

    init(_ path: String, _ conflict: SweepError.Conflict, lacking: String? = nil) {
        self.path = path
        self.conflict = conflict
        self.lacking = lacking
    }
}
