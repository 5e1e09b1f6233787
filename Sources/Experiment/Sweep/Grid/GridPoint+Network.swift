// A point's settings for networks beyond plain stacks, and for the regulariser.

import Model

extension GridPoint {
    /// The architecture; nil for a plain MLP.
    func architecture(
        _ input: ImageSize, _ conflicts: inout [PointConflict]
    ) -> TrialSettings.Architecture? {
        let defaultName = name == "resnet" ? "batch" : "none"
        let normalisation = Normalisation(
            word("normalisation", default: defaultName), groups: integer("groups") ?? 4)
        if isConvolutional, input.pixels == 1 {
            conflicts.append(PointConflict("dataset", .needsImages(name)))
        }
        if name == "resnet" {
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
        if name == "layers" { return .layers(written) }
        check(normalisation, network.hidden, &conflicts)
        if name == "cnn" {
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
            let given = [path, "width", "model"].first { values[$0] != nil }
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
        guard !isVIB, let architecture = architecture(data.facts.input, &mistakes) else {
            return network.hidden.count
        }
        let shape = try? architecture.shape(network, input: data.facts.input, outputs: data.facts.outputs)
        return shape.map { $0.layers.count - 1 }
    }
}

extension PointConflict {
    /// Conflicts because the layers of a list don't fit together, or their numbers in memory.
    static func ofLayers(_ settings: TrialSettings) -> [PointConflict] {
        guard case .network(.layers(let written)) = settings.model else { return [] }
        let data = settings.dataset.facts
        do throws(ShapeFault) {
            let plan = try written.shape(input: data.input, outputs: data.outputs).plan
            let ofHead = settings.measures.requested.first {
                $0.declaration?.needs.contains(.denseHead) == true
            }
            if plan.features == nil, let measure = ofHead?.declaration {
                let words = "\(measure.name) needs a network that ends in a dense layer over its features"
                return [PointConflict(measure.path, .data(words))]
            }
            let bytes = 4 * plan.numberCount * settings.training.batchSize
            guard bytes > TrialSettings.activationLimit else { return [] }
            return [
                PointConflict(
                    "training.batch_size",
                    .data(
                        "what the network computes of \(settings.training.batchSize) points is \(bytes) bytes; at most "
                            + "\(TrialSettings.activationLimit) (4 GiB) fit: take a smaller batch or network")
                )
            ]
        } catch { return [PointConflict(error.path ?? "network", .data(error.advice))] }
    }
}
