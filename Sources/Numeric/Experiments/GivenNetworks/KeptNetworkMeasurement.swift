import Learning
import LinearAlgebra
import Measures
import Sweep
import Text

/// Measures networks other than chains of dense layers, which a sweep kept, as their trials were measured.
extension NetworkMeasurement {
    func metrics(ofVIB parameters: [Float]) throws(DataError) -> Metrics {
        guard let description = network.description,
            let model = try? VIB<Float>(description, points: description.evaluationPoints)
        else { throw DataError(file: request.weights, problem: .weights(.description)) }
        model.parameters.flat.assign(parameters)
        let layers = model.denseLayers
        try check(layers)
        var metrics: Metrics = [:]
        if asksFor(.localRank, .activeUnits) {
            // τ = 1, as in sweeps.
            addRanks(to: &metrics, noise: [1]) { model.localRanks($0, description)($1) }
        }
        addInformation(to: &metrics, model, samples: description.samples)
        try addNorms(to: &metrics, layers)
        measureSet(lastUnits: model.bottleneck).add(
            to: &metrics, layers, parameters: model.parameters.flat, step: 0, network: model.network)
        return metrics
    }

    private func addInformation(to metrics: inout Metrics, _ model: VIB<Float>, samples: Int) {
        guard asksFor(.accuracy, .loss, .kl) else { return }
        let needsTask = asksFor(.accuracy, .loss)
        var sums = LatentSums(model, samples: samples, streams: streams)
        forEachBatch(of: model.points) { rows, start in
            sums.add(model, rows, start: start, firstStream: 0, needsTask: needsTask)
        }
        let count = Double(points.inputs.rows)
        let nat = 1 / naturalLogarithmOfTwo
        if asksFor(.kl) {
            metrics[.klNats] = .number(sums.kl / count)
            metrics[.klBits] = .number(sums.kl / count * nat)
        }
        if asksFor(.accuracy) {
            metrics[.accuracy] = .number(Double(sums.correctAtMean) / count)
            metrics[.accuracyOneSample] = .number(Double(sums.correctOneSample) / count)
            metrics[.accuracySampled] = .number(Double(sums.correctSampled) / count)
        }
        if asksFor(.loss) {
            let loss = sums.loss / (count * Double(samples))
            let information = labelEntropy(points.labels ?? []) - loss
            metrics[.testLoss] = .number(loss)
            metrics[.izyNats] = .number(information)
            metrics[.izyBits] = .number(information * nat)
        }
    }

    func metrics(
        of architecture: TrialSettings.Architecture, _ parameters: [Float]
    ) throws(DataError) -> Metrics {
        guard let description = network.description,
            let shape = try? description.shape(of: architecture)
        else { throw DataError(file: request.weights, problem: .weights(.description)) }
        let model = Network<Float>(shape, loss: network.loss, points: architecture.evaluationPoints)
        model.parameters.flat.assign(parameters)
        let layers = model.denseLayers
        try check(layers)
        var metrics: Metrics = [:]
        if asksFor(.localRank, .activeUnits) {
            addRanks(to: &metrics) { settings, inputs in
                var ranks = NetworkLocalRank(
                    settings, shape, image: description.input, hasReLU: description.hasActiveUnits)
                return ranks.measure(model, points: inputs)
            }
        }
        addClassification(to: &metrics, model)
        try addNorms(to: &metrics, layers)
        measureSet(lastUnits: network.outputs).add(
            to: &metrics, layers, parameters: model.parameters.flat, step: 0, network: model)
        return metrics
    }
}
