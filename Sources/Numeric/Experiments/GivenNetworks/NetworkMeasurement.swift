import Glibc
import Learning
import LinearAlgebra
import Measures
import Model
import Sweep
import Text

/// Measures a network from a file. Returns an object with the names of its layers and the keys of a record's
/// `metrics`; for weight matrices, with their names (docs/measures.md, "Networks from files"). The result is
/// a function of the request, its files and the BLAS kernel alone.
///
/// - Parameter memory: the bytes of memory that are free: what needs more is refused; nil: unknown.
public func measure(
    _ request: MeasureRequest, data: DataDirectory, memory: UInt64? = nil
) throws(ExperimentError) -> JSONValue {
    BLAS.useOneThread()
    return try BLAS.withoutSubnormals { () throws(ExperimentError) in
        do throws(DataError) {
            if request.isGraph { return .object(try measureGraph(request, memory)) }
            let file = try WeightsFile(opening: request.weights)
            if request.isOfWeights, request.points == .noPoints {
                let matrices = try WeightMatrices(file, layers: request.layers)
                return .object(try matrices.results(request.measures ?? []))
            }
            let network = try MeasuredNetwork(file, request)
            let resolved = try resolve(request, network, file.fault)
            let points = try MeasuredPoints(request.points, data)
            let measurement = NetworkMeasurement(request: resolved, network: network, points: points)
            try measurement.check()
            var results = try measurement.results()
            if let preparation = network.preparation(of: request.points, file) {
                results["trained_inputs"] = .string(preparation)
            }
            return .object(results)
        } catch { throw .data(error) }
    }
}

private func measureGraph(
    _ request: MeasureRequest, _ memory: UInt64?
) throws(DataError) -> [String: JSONValue] {
    let model = try GivenGraph.model(request)
    if request.listsLayers, request.points == .noPoints {
        return [
            "table": .string(
                try GivenGraph(request, ReadGraph(request, model, shape: nil), at: nil).table())
        ]
    }
    let points = try GraphPoints(request, declared: model.pointSizes, first: request.listsLayers ? 1 : nil)
    let graph = try ReadGraph(request, model, shape: points.shape)
    if request.listsLayers { return ["table": .string(try GivenGraph(request, graph, at: points).table())] }
    return try measureGraph(request, graph, points, memory).merging(
        ["preprocessing": request.preprocessing.json]
    ) { own, _ in own }
}

/// Measures a network at points that were read.
func measureGraph(
    _ request: MeasureRequest, _ graph: ReadGraph, _ points: GraphPoints, _ memory: UInt64?
) throws(DataError) -> [String: JSONValue] {
    let given = try GivenGraph(request, graph, at: points, memory: memory)
    let network = MeasuredNetwork(given)
    let resolved = try resolve(request, network) { problem in
        DataError(file: request.weights, problem: .weights(problem))
    }
    let measurement = NetworkMeasurement(
        request: resolved, network: network, points: MeasuredPoints(points, request))
    try measurement.check()
    return try measurement.results()
}

/// The request with its measures resolved: those asked for, all of which the network must have, or the
/// default ones that it has.
private func resolve(
    _ request: MeasureRequest, _ network: MeasuredNetwork, _ fault: (WeightsProblem) -> DataError
) throws(DataError) -> MeasureRequest {
    var request = request
    guard let asked = request.measures else {
        let defaults = MeasureRequest.measures(for: request.points, network.activation, isVIB: network.isVIB)
        request.measures = defaults.filter { network.problem($0, request.points) == nil }
        return request
    }
    for measure in asked {
        if let problem = network.problem(measure, request.points) {
            throw fault(.measure(measure.rawValue, problem))
        }
    }
    return request
}

extension [DenseLayer<Float>] {
    /// Whether Gram matrices of Jacobians are far from the limits of double precision: their norms are at
    /// most the square of the product of the weights' norms.
    fileprivate var haveCountableRanks: Bool {
        reduce(0.0) { $0 + Swift.max(0, log10(Swift.max(1, $1.weight.frobeniusNorm))) } < 140
    }
}

extension Matrix {
    fileprivate var frobeniusNorm: Double {
        values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
}

struct NetworkMeasurement {
    let request: MeasureRequest
    let network: MeasuredNetwork
    let points: MeasuredPoints

    func asksFor(_ measures: MeasureRequest.Measure...) -> Bool {
        measures.contains { request.measures?.contains($0) ?? false }
    }

    /// Default number of points that local ranks are averaged over, as in sweeps.
    private var defaultPoints: Int {
        if case .graph = network.kind { return 1 }
        return network.description?.isConvolutional == true ? 4 : 256
    }

    /// The streams of the trial's seed: measures draw the same noise as in the trial.
    var streams: RandomStreams { RandomStreams(seed: network.description?.seed ?? request.seed) }

    /// Checks that network, points and labels fit together.
    func check() throws(DataError) {
        guard points.inputs.columns == network.inputs else {
            throw DataError(
                file: points.inputsFile,
                problem: .inputsDisagree(
                    features: points.inputs.columns, network: request.weights, network.inputs))
        }
        // Without their shape, images whose channels come first look like those whose channels come last.
        if let size = network.description?.input, size.pixels > 1, points.sizes.count == 3,
            points.sizes != [size.height, size.width, size.channels]
        {
            throw DataError(
                file: points.inputsFile,
                problem: .imagesDisagree(points.sizes, network: request.weights, size))
        }
        let count = points.inputs.rows
        let maximum = request.requested(of: count).compactMap(\.testPoints).max() ?? 0
        if let asked = [request.rankPoints ?? 0, maximum].max(), asked > count {
            throw DataError(
                file: points.inputsFile,
                problem: .tooFewMeasured(asked: asked, held: count))
        }
        guard request.measures?.contains(where: \.needsLabels) == true, let labels = points.labels else {
            return
        }
        if let index = labels.firstIndex(where: { Int($0) >= network.classes }) {
            throw DataError(
                file: points.labelsFile,
                problem: .labelBeyondOutputs(
                    Int(labels[index]), at: index, network: request.weights, network.classes))
        }
    }

    /// The results asked for, by key, and the layers' names.
    func results() throws(DataError) -> [String: JSONValue] {
        var metrics: Metrics
        switch network.kind {
        case .chain(let chain): metrics = try self.metrics(of: chain)
        case .head(let head): metrics = try self.metrics(ofHead: head)
        case .vib(let parameters): metrics = try self.metrics(ofVIB: parameters)
        case .network(let architecture, let parameters):
            metrics = try self.metrics(of: architecture, parameters)
        case .graph(let graph): metrics = try self.metrics(of: graph)
        }
        guard metrics.values.allSatisfy(\.isFinite) else {
            throw DataError(file: points.inputsFile, problem: .notFinite(network: request.weights))
        }
        var names = ["layers": network.names]
        if asksFor(.spectralNorm, .frobeniusNorm, .stableRank, .numericalRank) {
            // A kept network's are named only where they aren't its layers.
            let matrices =
                if case .graph(let given) = network.kind { given.graph.plan.weights.map(\.name) } else {
                    network.description.map(\.layerNames).flatMap { $0 == network.names ? nil : $0 }
                }
            names["weights"] = matrices
        }
        return metrics.byKey.merging(names.mapValues { .array($0.map(JSONValue.string)) }) { _, new in new }
    }

    private func metrics(of chain: TrainedNetwork) throws(DataError) -> Metrics {
        try check(chain.layers)
        var metrics: Metrics = [:]
        if asksFor(.localRank, .activeUnits) {
            addRanks(to: &metrics) { settings, inputs in
                var ranks = LocalRank(settings, shape: chain.shape, lastRows: network.outputs)
                return ranks.measure(chain.layers, inputs: inputs)
            }
        }
        addClassification(to: &metrics, chain)
        try addNorms(to: &metrics, chain.layers)
        measureSet(lastUnits: network.outputs).add(
            to: &metrics, chain.layers, parameters: chain.parameters.flat, step: 0)
        return metrics
    }

    private func metrics(ofHead head: TrainedNetwork) throws(DataError) -> Metrics {
        var metrics: Metrics = [:]
        addClassification(to: &metrics, head)
        try addNorms(to: &metrics, head.layers)
        // Below the head lies a layer of which only the output is known.
        let below = DenseLayer<Float>(
            weight: Matrix(rows: network.inputs, columns: 0), bias: Matrix(rows: 1, columns: network.inputs))
        measureSet(lastUnits: network.outputs).add(
            to: &metrics, [below] + head.layers, parameters: head.parameters.flat, step: 0, isHead: true)
        return metrics
    }

    func check(_ layers: [DenseLayer<Float>]) throws(DataError) {
        guard layers.haveCountableRanks else {
            throw DataError(file: request.weights, problem: .weights(.tooLarge))
        }
    }

    /// The measures asked for that are in the catalogue's table.
    func measureSet(lastUnits: Int) -> MeasureSet {
        let count = points.inputs.rows
        return MeasureSet(
            request.requested(of: count), activation: network.activation, lastUnits: lastUnits,
            streams: streams
        ) { asked in
            let first = 0..<min(count, asked.number.map { Int($0) } ?? count)
            return PointSample(
                inputs: points.inputs.rows(first), labels: points.labels.map { Array($0[first]) } ?? [],
                classes: points.labels == nil ? 0 : network.classes)
        }
    }

    /// The settings of the local ranks asked for, as a sweep has them.
    func rankSettings(noise: [Double] = [], patch: Int? = nil) -> TrialSettings.LocalRank {
        let count = request.rankPoints ?? min(defaultPoints, points.inputs.rows)
        return TrialSettings.LocalRank(
            thresholds: asksFor(.localRank) ? request.thresholds : [],
            relative: asksFor(.localRank) ? request.relative : [], noise: asksFor(.localRank) ? noise : [],
            points: count, patch: patch)
    }

    /// Adds those metrics of the local ranks that are asked for.
    ///
    /// - Parameter measure: counts the ranks at points.
    func addRanks(
        to metrics: inout Metrics, noise: [Double] = [],
        _ measure: (TrialSettings.LocalRank, Matrix<Float>) -> LocalRankResult
    ) {
        let isOfImages = network.description?.isConvolutional ?? false
        let settings = rankSettings(noise: noise, patch: isOfImages ? request.patch ?? 16 : nil)
        var found: Metrics = [:]
        settings.add(measure(settings, points.inputs.rows(0..<settings.points)), to: &found)
        for (metric, value) in found where asksFor(metric == .activeUnits ? .activeUnits : .localRank) {
            metrics[metric] = value
        }
    }

    private func addClassification(to metrics: inout Metrics, _ chain: TrainedNetwork) {
        let model = MLP<Float>(chain.shape, loss: network.loss, points: evaluationPoints)
        model.parameters.flat.prefix(rows: 1, columns: chain.parameters.flat.count).assign(
            chain.parameters.flat)
        addClassification(to: &metrics, model)
    }

    /// Adds accuracy and loss, equal to the bit to a trial's: they are computed in the same batches.
    func addClassification<Model: PredictingNetwork>(to metrics: inout Metrics, _ model: Model)
    where Model.Scalar == Float {
        guard asksFor(.accuracy, .loss), points.labels != nil else { return }
        var sum = LossSum()
        forEachBatch(of: model.points) { rows, _ in
            let value = model.evaluate(rows)
            sum.loss += value.loss
            sum.correct += value.correct
        }
        let count = points.inputs.rows
        if asksFor(.accuracy) { metrics[.accuracy] = .number(Double(sum.correct) / Double(count)) }
        // A loss that isn't finite is added beside an accuracy, too, to show that outputs aren't numbers.
        if asksFor(.loss) || !sum.loss.isFinite {
            metrics[.testLoss] = .number(
                sum.loss / network.loss.normaliser(points: count, outputs: network.outputs))
        }
    }

    /// Calls `body` with the points and their labels, `size` at once; for a squared error, classes are
    /// targets of 0 and 1, too.
    func forEachBatch(of size: Int, _ body: (Batch<Float>, _ start: Int) -> Void) {
        let count = points.inputs.rows
        for start in stride(from: 0, to: count, by: size) {
            let rows = start..<min(count, start + size)
            let labels = points.labels.map { Array($0[rows]) } ?? [Int32](repeating: 0, count: rows.count)
            var batch = Batch(inputs: points.inputs.rows(rows), labels: labels)
            if network.loss == .meanSquaredError, points.labels != nil {
                batch.targets = Matrix(rows: rows.count, columns: network.outputs)
                for (row, label) in labels.enumerated() { batch.targets[row, Int(label)] = 1 }
            }
            body(batch, start)
        }
    }

    /// Adds norms and ranks of the weight matrices, a number for each layer.
    func addNorms(
        to metrics: inout Metrics, _ layers: [DenseLayer<Float>]
    ) throws(DataError) {
        guard asksFor(.spectralNorm, .frobeniusNorm, .stableRank, .numericalRank) else { return }
        let norms: WeightNorms
        do throws(FactorisationError) { norms = try WeightNorms(layers, tolerance: request.tolerance) } catch
        {
            let reason =
                error == .notFinite
                ? "has weights that are not finite, so that their matrices have no norms"
                : "has a weight matrix whose singular values LAPACK can't find"
            throw DataError(file: request.weights, problem: .graph(reason))
        }
        if asksFor(.spectralNorm) { metrics[.spectralNorm] = JSONValue(norms.spectral) }
        if asksFor(.frobeniusNorm) { metrics[.frobeniusNorm] = JSONValue(norms.frobenius) }
        if asksFor(.stableRank) { metrics[.stableRank] = JSONValue(norms.stableRank) }
        if asksFor(.numericalRank) { metrics[.numericalRank] = JSONValue(norms.numericalRank) }
    }
}
