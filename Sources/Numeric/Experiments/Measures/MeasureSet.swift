import Learning
import LinearAlgebra
import Model
import Sweep
import Text

/// The measures that a trial or a command asks for, with the points they are taken at.
struct MeasureSet {
    private struct Entry {
        let measure: any Measure
        let declaration: MeasureDeclaration
        /// Index in `samples`; nil where the measure needs no points.
        let sample: Int?
    }

    private var entries: [Entry] = []
    private var samples: [(points: JSONValue, sample: PointSample)] = []
    private let activation: Activation
    private let lastUnits: Int
    private let streams: RandomStreams
    private var initialWeights: [Matrix<Float>] = []
    private var gradients: WeightGradients?
    private var trainCount: Int?

    /// - Parameters:
    ///   - lastUnits: number of the last layer's outputs that are the representation.
    ///   - sample: returns the points that a value of the setting `points` means. Called once for each value.
    init(
        _ requested: [RequestedMeasure], activation: Activation, lastUnits: Int, streams: RandomStreams,
        sample: (JSONValue) -> PointSample
    ) {
        self.activation = activation
        self.lastUnits = lastUnits
        self.streams = streams
        for request in requested {
            guard let declaration = request.declaration,
                let type = measureTable.first(where: { $0.declaration.name == request.name })
            else { preconditionFailure("no measure \(request.name)") }
            var index: Int?
            if let points = request.settings["points"] {
                index = samples.firstIndex { $0.points == points }
                if index == nil {
                    index = samples.count
                    samples.append((points, sample(points)))
                }
            }
            let measure = type.init(MeasureSettings(values: request.settings))
            entries.append(Entry(measure: measure, declaration: declaration, sample: index))
        }
    }

    /// The measures of a training, created before its first step.
    init<M: TrainableNetwork>(
        _ settings: TrialSettings, _ model: M, _ source: BatchSource, _ streams: RandomStreams,
        lastUnits: Int
    ) where M.Scalar == Float {
        let measures = settings.measures
        self.init(
            measures.requested, activation: settings.network.activation, lastUnits: lastUnits,
            streams: streams, sample: source.sample)
        trainCount = source.points.trainCount
        if measures.need(.initialWeights) {
            initialWeights = model.weights(of: model.parameters).map(\.duplicate)
        }
        if measures.need(.gradients) {
            gradients = WeightGradients(model, source, streams, points: settings.training.batchSize)
        }
    }

    /// Adds the metrics of a network with these layers.
    ///
    /// - Parameters:
    ///   - parameters: all parameters, for gradients.
    ///   - network: the network that `layers` belong to, where it is not a stack of dense layers.
    ///   - isHead: whether the points are the features that the last of `layers` reads; the layers below are
    ///     unknown.
    func add(
        to metrics: inout Metrics, _ layers: [DenseLayer<Float>], parameters: Matrix<Float>,
        step: Int, network: Network<Float>? = nil, isHead: Bool = false
    ) {
        guard !entries.isEmpty else { return }
        // LAPACK may not return from a NaN; the caller sees the NaN here and records a divergence.
        guard layers.allSatisfy({ $0.weight.isFinite && $0.bias.isFinite }) else {
            return markNotFinite(&metrics)
        }
        let empty = LayerOutputs([], activation, at: .none, lastUnits: 0)
        let outputs = samples.map { (_, sample) in
            if isHead { return LayerOutputs(ofFeatures: sample, head: layers[layers.count - 1]) }
            return network.map { LayerOutputs($0, at: sample) }
                ?? LayerOutputs(layers, activation, at: sample, lastUnits: lastUnits)
        }
        guard outputs.allSatisfy(\.isFinite) else { return markNotFinite(&metrics) }
        for entry in entries {
            let context = MeasureContext(
                layers: layers, network: network, activation: activation,
                outputs: entry.sample.map { outputs[$0] } ?? empty,
                initialWeights: initialWeights, gradients: gradients?.at(parameters, step: step),
                streams: streams, step: step, trainCount: trainCount)
            do throws(FactorisationError) {
                metrics.merge(try entry.measure.metrics(context)) { _, new in new }
            } catch {
                markNotFinite(&metrics)
            }
        }
    }

    private func markNotFinite(_ metrics: inout Metrics) {
        for entry in entries {
            if let first = entry.declaration.metrics.first { metrics[first] = .number(.nan) }
        }
    }

    /// Adds the metrics of the whole training to those of its end, and metrics in hindsight to the trace.
    ///
    /// - Parameters:
    ///   - shaped: parameters of the network's shape, into which flat ones are copied.
    ///   - matrices: returns W_1 … W_L among such parameters.
    func addSummaries(
        to history: inout TrainingResult, steps: Int, shaped: Parameters<Float>,
        weights matrices: (Parameters<Float>) -> [Matrix<Float>]
    ) {
        guard !entries.isEmpty, history.divergedAt == nil else { return }
        let weights = history.measured.map { network in
            shaped.flat.assign(network.values)
            return (step: network.step, layers: matrices(shaped).map(\.duplicate))
        }
        for entry in entries {
            func training() -> MeasuredTraining {
                MeasuredTraining(
                    trace: history.trace, metrics: history.metrics, weights: weights, steps: steps)
            }
            let hindsight = entry.measure.hindsight(training())
            for (network, added) in zip(weights, hindsight) where added.values.allSatisfy(\.isFinite) {
                let index = history.trace.firstIndex { $0.step == network.step }
                if let index { history.trace[index].metrics.merge(added) { _, new in new } }
            }
            let summary = entry.measure.summary(training())
            guard summary.values.allSatisfy(\.isFinite) else { continue }
            history.metrics.merge(summary) { _, new in new }
        }
    }
}

extension Matrix {
    /// A copy with memory of its own.
    fileprivate var duplicate: Matrix {
        let copy = Matrix(rows: rows, columns: columns)
        copy.assign(self)
        return copy
    }
}
