/// A dense layer or convolution with what belongs to it: one of a network's weight layers in their order,
/// which is that of the parameters in memory and in files. Experiments' tests hold it against the network.
package struct WeightLayer: Equatable {
    /// "layers.0"
    package var name: String
    /// "norms.0"; nil: not normalised.
    package var norm: String?
    /// [outputs, inputs], or of a convolution [channels, height, width, channels before].
    package var shape: [Int]
    package var hasBias: Bool
    /// Numbers of γ, and as many of β.
    package var scales = 0
    /// Whether running averages of mean and variance belong to it.
    package var isBatch = false
    /// How many pixels the output has; 1 of a dense layer.
    package var places = 1

    /// Numbers of the weight.
    package var count: Int { shape.reduce(1, *) }
    /// Numbers of the output.
    package var units: Int { shape[0] * places }
}

extension NetworkDescription {
    /// nil of plain MLPs and VIBs.
    package var weightLayers: [WeightLayer]? {
        guard case .network(let architecture) = model else { return nil }
        switch architecture {
        case .mlp(let normalisation, _): return mlpLayers(normalisation)
        case .cnn(let normalisation): return cnnLayers(normalisation)
        case .resnet(let depth, let width, let normalisation):
            return resnetLayers(depth, width, normalisation)
        }
    }

    private func mlpLayers(_ normalisation: TrialSettings.Normalisation?) -> [WeightLayer] {
        let units = [inputs] + network.hidden + [outputs]
        return zip(units, units.dropFirst()).enumerated().map { index, sizes in
            var layer = WeightLayer(
                name: "layers.\(index)", shape: [sizes.1, sizes.0], hasBias: network.biases)
            // A vector's instance is the whole vector, with one scale.
            let scales = normalisation == .instance ? 1 : sizes.1
            if index < network.hidden.count { layer.normalise(normalisation, "norms.\(index)", scales) }
            return layer
        }
    }

    private func cnnLayers(_ normalisation: TrialSettings.Normalisation?) -> [WeightLayer] {
        var (image, layers) = (input, [WeightLayer]())
        for (index, channels) in network.hidden.enumerated() {
            if index > 0 { image.halve() }
            var layer = WeightLayer(
                name: "convolutions.\(index)", shape: [channels, 3, 3, image.channels],
                hasBias: network.biases, places: image.height * image.width)
            layer.normalise(normalisation, "norms.\(index)", channels)
            layers.append(layer)
            image.channels = channels
        }
        layers.append(
            WeightLayer(name: "classifier", shape: [outputs, image.channels], hasBias: true))
        return layers
    }

    private func resnetLayers(_ depth: Int, _ width: Int, _ normalisation: TrialSettings.Normalisation?)
        -> [WeightLayer]
    {
        var (image, layers) = (input, [WeightLayer]())
        func add(_ channels: Int, _ place: String, _ number: String) {
            var layer = WeightLayer(
                name: "\(place)convolution\(number)", shape: [channels, 3, 3, image.channels],
                hasBias: normalisation == nil, places: image.height * image.width)
            layer.normalise(normalisation, "\(place)norm\(number)", channels)
            layers.append(layer)
            image.channels = channels
        }
        add(width, "", "")
        for stage in 0..<3 {
            for block in 0..<(depth - 2) / 6 {
                if stage > 0, block == 0 { image.halve() }
                for number in 1...2 { add(width << stage, "stages.\(stage).\(block).", "\(number)") }
            }
        }
        layers.append(
            WeightLayer(name: "classifier", shape: [outputs, image.channels], hasBias: true))
        return layers
    }

    /// Parameters by name in their order, running averages behind them.
    func tensors(of layers: [WeightLayer]) -> [(name: String, shape: [Int])] {
        var (tensors, averages) = ([(name: String, shape: [Int])](), [(name: String, shape: [Int])]())
        for layer in layers {
            tensors.append(("\(layer.name).weight", layer.shape))
            if layer.hasBias { tensors.append(("\(layer.name).bias", [layer.shape[0]])) }
            guard let norm = layer.norm else { continue }
            for part in ["weight", "bias"] { tensors.append(("\(norm).\(part)", [layer.scales])) }
            guard layer.isBatch else { continue }
            for part in ["running_mean", "running_var"] {
                averages.append(("\(norm).\(part)", [layer.scales]))
            }
        }
        return tensors + averages
    }
}

extension WeightLayer {
    fileprivate mutating func normalise(
        _ kind: TrialSettings.Normalisation?, _ name: String, _ scales: Int
    ) {
        guard let kind else { return }
        (norm, self.scales, isBatch) = (name, scales, kind == .batch)
    }
}
