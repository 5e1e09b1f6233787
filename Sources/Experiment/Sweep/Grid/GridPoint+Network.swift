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
        if network[Setting.initialisation] != .heGlorot {
            conflicts.append(PointConflict("initialisation", .plainOnly))
        }
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

    func logDet(_ input: ImageSize, _ conflicts: inout [PointConflict]) -> LogDetSettings? {
        let hidden = network.hidden.count
        let layers = numbers("training.log_det.layers")?.map { Int($0) } ?? [hidden]
        let weight = number("training.log_det.weight", default: 0)
        guard weight > 0 else { return nil }
        var mistakes: [PointConflict] = []
        if !isVIB, architecture(input, &mistakes) != nil {
            conflicts.append(PointConflict("training.log_det.weight", .plainOnly))
            return nil
        }
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
}
