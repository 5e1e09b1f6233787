// A point's settings for networks beyond plain stacks, and for the regulariser.

import Model

extension GridPoint {
    /// The architecture; nil for a plain MLP.
    func architecture(
        _ input: ImageSize, _ conflicts: inout [PointConflict]
    ) -> TrialSettings.Architecture? {
        let defaultName = networkName == "resnet" ? "batch" : "none"
        let normalisation = Normalisation(
            word("normalisation", default: defaultName), groups: integer("groups") ?? 4)
        if isConvolutional, input.pixels == 1 {
            conflicts.append(PointConflict("dataset", .needsImages(networkName)))
        }
        if networkName == "resnet" {
            var depth = integer("depth") ?? 8
            if depth < 8 || depth % 6 != 2 {
                conflicts.append(PointConflict("depth", .depthOfResnet(depth)))
                depth = 8
            }
            let width = min(integer("width") ?? 16, 4096)
            if let given = integer("width"), given > width {
                conflicts.append(PointConflict("width", .tooManyChannels(given)))
            }
            check(normalisation, [width], &conflicts)
            return .resnet(depth: depth, width: width, normalisation)
        }
        if let tokens { return architecture(tokens, input, &conflicts) }
        if networkName == "layers" { return .layers(written) }
        check(normalisation, network.hidden, &conflicts)
        if networkName == "cnn" {
            if let channels = network.hidden.max(), channels > 4096 {
                let path = values["hidden"] == nil ? "width" : "hidden"
                conflicts.append(PointConflict(path, .tooManyChannels(channels)))
            }
            if network.hidden.isEmpty { conflicts.append(PointConflict("depth", .noConvolution)) }
            return .cnn(normalisation)
        }
        let isResidual = values["residual"]?.bool ?? false
        guard normalisation != nil || isResidual else { return nil }
        return .mlp(normalisation, isResidual: isResidual)
    }

    private func architecture(
        _ tokens: TrialSettings.TokenNetwork, _ size: ImageSize, _ conflicts: inout [PointConflict]
    ) -> TrialSettings.Architecture {
        let width = min(integer("width") ?? 64, 4096)
        if let given = integer("width"), given > width {
            conflicts.append(PointConflict("width", .tooManyChannels(given)))
        }
        func conflict(_ path: String, _ words: String) {
            let given = [path, "width", "encoder", "model"].first { values[$0] != nil }
            conflicts.append(PointConflict(given ?? path, .data(words)))
        }
        let network = self.network
        let (heads, side) = (network[Setting.heads], network[Setting.patch])
        if tokens == .vit, width % heads != 0 {
            conflict("heads", "\(heads) heads do not divide a width of \(width): give 'heads' that do")
        }
        if size.pixels > 1, size.height % side != 0 || size.width % side != 0 {
            conflict(
                "patch",
                "patches of \(side) × \(side) pixels do not cover images of \(size.height) × \(size.width): give a "
                    + "'patch' that divides both")
        }
        let least = tokens == .gmlp ? 2 : 1
        for setting in [Setting.mlpRatio] + (tokens == .mixer ? [Setting.tokenRatio] : []) {
            guard network[setting] * Double(width) < Double(least) else { continue }
            let path = setting.setting.path
            conflict(
                path, "\(path) times a width of \(width) must be at least \(least): give a larger one")
        }
        return .tokens(tokens, depth: integer("depth") ?? 4, width: width)
    }

    private func check(
        _ normalisation: Normalisation?, _ channels: [Int], _ conflicts: inout [PointConflict]
    ) {
        guard case .group(let groups) = normalisation,
            let odd = channels.first(where: { $0 % groups != 0 })
        else { return }
        let path = values["groups"] == nil ? "normalisation" : "groups"
        conflicts.append(PointConflict(path, .groupsDoNotDivide(groups, channels: odd)))
    }

    func logDet(_ data: Dataset, _ conflicts: inout [PointConflict]) -> LogDetSettings? {
        let weight = number("training.log_det.weight", default: 0)
        guard weight > 0, let hidden = hiddenLayers(data) else { return nil }
        let layers = numbers("training.log_det.layers")?.map { Int($0) } ?? [hidden]
        let path =
            values["training.log_det.layers"] == nil ? "training.log_det.weight" : "training.log_det.layers"
        if let layer = layers.first(where: { !(1...max(1, hidden)).contains($0) || hidden == 0 }) {
            conflicts.append(PointConflict(path, .noHiddenLayer(layer, of: hidden)))
            return nil
        }
        return LogDetSettings(
            weight: weight, epsilon: number("training.log_det.epsilon", default: 0.001),
            layers: Set(layers).sorted())
    }

    /// Number of hidden layers that measures see; nil where the layers don't fit together.
    private func hiddenLayers(_ data: Dataset) -> Int? {
        var mistakes: [PointConflict] = []
        let (input, outputs) = (data.facts.input, data.facts.outputs)
        let model = self.model(input, &mistakes)
        guard let architecture = model.architecture else { return network.hidden.count }
        let shape = try? architecture.shape(network, input: input, outputs: model.headUnits(outputs))
        return shape.map { $0.layers.count - 1 }
    }
}

/// The sizes of networks that are lists or on patches, also of encoders. Those of a network are found once, for all
/// points that have it.
struct NetworkSizes {
    private struct Network: Hashable {
        let architecture: TrialSettings.Architecture
        let settings: TrialSettings.Network
        let input: ImageSize
        let outputs: Int

        func size() throws(ShapeFault) -> Size {
            let plan = try architecture.shape(settings, input: input, outputs: outputs).plan
            return Size(numbers: plan.numberCount + plan.noiseCount, hasHead: plan.features != nil)
        }
    }

    private struct Size {
        /// Numbers that a training step has for each point, without gradients.
        let numbers: Int
        /// Whether the network ends in a dense layer.
        let hasHead: Bool
    }

    private var known: [Network: Result<Size, ShapeFault>] = [:]

    /// Conflicts because the layers of a list don't fit together, or a network's numbers in memory.
    ///
    /// - Parameter name: the list's name, which follows "network" in its entries' paths; nil where it has none.
    mutating func conflicts(of settings: TrialSettings, named name: String?) -> [PointConflict] {
        guard let architecture = settings.model.architecture else { return [] }
        switch architecture {
        case .layers, .tokens: break
        case .mlp, .cnn, .resnet: return []
        }
        let data = settings.dataset.facts
        let network = Network(
            architecture: architecture, settings: settings.network, input: data.input,
            outputs: settings.model.headUnits(data.outputs))
        let result =
            known[network] ?? Result { () throws(ShapeFault) in try network.size() }
        known[network] = result
        switch result {
        case .success(let size): return NetworkSizes.conflicts(size, settings)
        case .failure(let fault):
            guard case .tokens(let kind, _, _) = architecture else {
                let rest = (fault.path ?? "network").dropFirst("network".count)
                let path = name.map { "network.\($0)\(rest)" } ?? "network\(rest)"
                let latent =
                    if case .vib(_, let latent, _, _) = settings.model { latent } else { nil as Int? }
                return [PointConflict(path, .data(fault.advice(latent: latent)))]
            }
            // The settings' own conflicts say other faults.
            let path = settings.modelName == "vib" ? "encoder" : "model"
            return fault.sizeAdvice(kind.rawValue).map { [PointConflict(path, .data($0))] } ?? []
        }
    }

    private static func conflicts(_ size: Size, _ settings: TrialSettings) -> [PointConflict] {
        let ofHead = settings.measures.requested.first {
            $0.declaration?.needs.contains(.denseHead) == true
        }
        if !size.hasHead, let measure = ofHead?.declaration {
            let words = "\(measure.name) needs a network that ends in a dense layer over its features"
            return [PointConflict(measure.path, .data(words))]
        }
        let bytes = 4 * size.numbers * settings.training.batchSize
        guard bytes > TrialSettings.activationLimit else { return [] }
        return [
            PointConflict(
                "training.batch_size",
                .data(
                    "what the network computes of \(settings.training.batchSize) points is \(bytes) bytes; at most "
                        + "\(TrialSettings.activationLimit) (4 GiB) fit: take a smaller batch or network")
            )
        ]
    }
}
