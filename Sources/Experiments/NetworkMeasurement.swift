import Glibc
import Learning
import LinearAlgebra
import Measures
import Sweep
import Text

/// Measures a network that was trained elsewhere: an object with the keys of a record's `metrics`, and those
/// of the weight matrices (docs/measures.md, "Networks trained elsewhere"). A function of the request, its
/// files and the BLAS kernel alone.
public func measure(
    _ request: MeasureRequest, data: DataDirectory
) throws(ExperimentError) -> JSONValue {
    BLAS.useOneThread()
    return try BLAS.withoutSubnormals { () throws(ExperimentError) in
        do throws(DataError) {
            let file = try WeightsFile(opening: request.weights)
            let network = try TrainedNetwork(file, activation: request.activation.kernel)
            guard network.hasCountableRanks else { throw file.fault(.tooLarge) }
            let points = try MeasuredPoints(request.points, data)
            let measurement = NetworkMeasurement(request: request, network: network, points: points)
            try measurement.check()
            return .object(try measurement.metrics())
        } catch { throw .data(error) }
    }
}

extension TrainedNetwork {
    /// Whether Gram matrices of Jacobians, whose norms are at most the product of the weights', are far from
    /// the end of double precision.
    fileprivate var hasCountableRanks: Bool {
        layers.reduce(0.0) { $0 + max(0, log10(max(1, $1.weight.frobeniusNorm))) } < 140
    }
}

extension Matrix {
    fileprivate var frobeniusNorm: Double {
        values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
}

private struct NetworkMeasurement {
    let request: MeasureRequest
    let network: TrainedNetwork
    let points: MeasuredPoints

    /// Points that local ranks are averaged over where nobody says how many.
    private static let usualPoints = 256

    private func asksFor(_ measures: MeasureRequest.Measure...) -> Bool {
        measures.contains(where: request.measures.contains)
    }

    /// Whether network, points and labels go together.
    func check() throws(DataError) {
        if request.points == .noPoints { return }
        let (inputs, outputs) = (network.shape.units[0], network.shape.units[network.shape.depth])
        guard points.inputs.columns == inputs else {
            throw DataError(
                file: points.inputsFile,
                problem: .inputsDisagree(features: points.inputs.columns, network: request.weights, inputs))
        }
        let count = points.inputs.rows
        let most = request.requested(of: count).compactMap(\.testPoints).max() ?? 0
        if let asked = [request.rankPoints ?? 0, most].max(), asked > count {
            throw DataError(
                file: points.inputsFile,
                problem: .tooFewMeasured(asked: asked, held: count))
        }
        guard request.measures.contains(where: \.needsLabels), let labels = points.labels else { return }
        if let place = labels.firstIndex(where: { Int($0) >= outputs }) {
            throw DataError(
                file: points.labelsFile,
                problem: .labelBeyondOutputs(Int(labels[place]), at: place, network: request.weights, outputs)
            )
        }
    }

    func metrics() throws(DataError) -> [String: JSONValue] {
        var metrics: [String: JSONValue] = [:]
        if asksFor(.localRank, .activeUnits) { addRanks(to: &metrics) }
        if asksFor(.accuracy, .loss) { addClassification(to: &metrics) }
        try addNorms(to: &metrics)
        addListed(to: &metrics)
        guard metrics.values.allSatisfy(\.isFinite) else {
            throw DataError(file: points.inputsFile, problem: .notFinite(network: request.weights))
        }
        return metrics
    }

    /// The measures of the catalogue's table.
    private func addListed(to metrics: inout [String: JSONValue]) {
        let count = points.inputs.rows
        let requested = request.requested(of: count)
        let outputs = network.shape.units[network.shape.depth]
        let set = MeasureSet(
            requested, activation: network.shape.activation, lastUnits: outputs,
            streams: RandomStreams(seed: 0)
        ) { asked in
            let first = 0..<min(count, asked.number.map { Int($0) } ?? count)
            return PointSample(
                inputs: points.inputs.rows(first), labels: points.labels.map { Array($0[first]) } ?? [],
                classes: points.labels == nil ? 0 : outputs)
        }
        set.add(to: &metrics, network.layers, parameters: network.parameters.flat, step: 0)
    }

    private func addRanks(to metrics: inout [String: JSONValue]) {
        let count = request.rankPoints ?? min(NetworkMeasurement.usualPoints, points.inputs.rows)
        let settings = TrialSettings.LocalRank(
            thresholds: asksFor(.localRank) ? request.thresholds : [],
            relative: asksFor(.localRank) ? request.relative : [], noise: [], points: count)
        var ranks = RankMeasurement(
            settings, shape: network.shape, lastRows: network.shape.units[network.shape.depth])
        var found: [String: JSONValue] = [:]
        ranks.add(to: &found, network.layers, inputs: points.inputs.rows(0..<count), sigma: nil)
        if asksFor(.localRank) {
            for key in ["local_rank", "local_rank_relative"] { metrics[key] = found[key] }
        }
        if asksFor(.activeUnits) { metrics["active_units"] = found["active_units"] }
    }

    /// As a trial's evaluation has them, to the bit: the same batches.
    private func addClassification(to metrics: inout [String: JSONValue]) {
        guard let labels = points.labels else { return }
        let model = MLP<Float>(network.shape, loss: .crossEntropy, points: evaluationPoints)
        model.parameters.flat.assign(network.parameters.flat)
        var sum = LossSum()
        for start in stride(from: 0, to: labels.count, by: evaluationPoints) {
            let rows = start..<min(labels.count, start + evaluationPoints)
            let value = model.evaluate(Batch(inputs: points.inputs.rows(rows), labels: Array(labels[rows])))
            sum.loss += value.loss
            sum.correct += value.correct
        }
        let count = Double(labels.count)
        if asksFor(.accuracy) { metrics["accuracy"] = .number(Double(sum.correct) / count) }
        // Beside an accuracy of outputs that are no numbers, too: a loss that is none says so.
        if asksFor(.loss) || !sum.loss.isFinite { metrics["test_loss"] = .number(sum.loss / count) }
    }

    /// Of the weight matrices, a number a layer.
    private func addNorms(to metrics: inout [String: JSONValue]) throws(DataError) {
        guard asksFor(.spectralNorm, .frobeniusNorm, .stableRank, .numericalRank) else { return }
        let norms: WeightNorms
        do throws(FactorisationError) { norms = try WeightNorms(network.layers) } catch {
            throw DataError(file: request.weights, problem: .notFinite(network: request.weights))
        }
        if asksFor(.spectralNorm) { metrics["spectral_norm"] = JSONValue(norms.spectral) }
        if asksFor(.frobeniusNorm) { metrics["frobenius_norm"] = JSONValue(norms.frobenius) }
        if asksFor(.stableRank) { metrics["stable_rank"] = JSONValue(norms.stableRank) }
        if asksFor(.numericalRank) { metrics["numerical_rank"] = JSONValue(norms.numericalRank) }
    }
}
