import Learning
import LinearAlgebra
import Measures
import Model
import Sweep
import Text

extension TrialSettings.Architecture {
    /// Number of points that are evaluated together: a constant for each kind of network, since bits depend
    /// on it. It is small for image networks, which have some hundred thousand activations a point.
    var evaluationPoints: Int { if case .mlp = self { Experiments.evaluationPoints } else { 64 } }
}

extension NetworkDescription {
    /// Number of a VIB's points that are evaluated together: small where its encoder reads images. Gaussian test points
    /// depend on it, too.
    var evaluationPoints: Int { isConvolutional ? 64 : Experiments.evaluationPoints }
}

extension ImageSize {
    /// The indices of the inputs in the central square of this side, ascending; nil where that is the whole
    /// image.
    func inputs(inPatch side: Int) -> [Int]? {
        guard side < height || side < width else { return nil }
        return NumericalRank.centralPatch(height: height, width: width, channels: channels, side: side)
    }
}

/// Trains and measures a network of any layers, a convolutional one or a ResNet.
func runNetwork(
    _ architecture: TrialSettings.Architecture, _ settings: TrialSettings, _ training: TrainingPlan,
    _ source: BatchSource, _ streams: RandomStreams, _ onProgress: StepObserver?
) throws(ExperimentError) -> TrainingResult {
    let shape: NetworkShape
    do {
        shape = try settings.networkDescription.shape(of: architecture)
    } catch { throw .settings(error.words) }
    let model = Network<Float>(
        shape, loss: training.loss, points: settings.training.batchSize, logDet: settings.training.logDet,
        smoothing: settings.training[Setting.labelSmoothing])
    model.initialise(streams, settings.network[Setting.initialisation])
    let measures = MeasureSet(settings, model, source, streams, lastUnits: source.outputs)
    let evaluated = Network<Float>(shape, loss: training.loss, points: architecture.evaluationPoints)
    let ranks = settings.measures.localRank.map { rank in
        var measure = NetworkLocalRank(
            rank, shape, image: settings.networkDescription.input,
            hasReLU: settings.hasActiveUnits)
        let points = source.sample(JSONValue(rank.points)).inputs
        return { measure.measure(evaluated, points: points) }
    }
    let evaluation = NetworkEvaluation(
        model: evaluated, source: source,
        measures: TrialMeasures(settings: settings.measures, ranks: ranks, set: measures))
    var trainings = [Training(training, model, streams, measure: evaluation.metrics)]
    train(&trainings, source, streams, onProgress: onProgress)
    var history = trainings[0].history
    training.measure {
        measures.addSummaries(
            to: &history, steps: trainings[0].trainer.step, shaped: model.makeGradients(),
            weights: model.weights)
    }
    return history
}

extension NetworkLocalRank {
    /// - Parameter image: the size of a point, of which the settings may choose a patch.
    init(_ settings: TrialSettings.LocalRank, _ shape: NetworkShape, image: ImageSize, hasReLU: Bool) {
        self.init(
            shape, inputs: settings.patch.flatMap { image.inputs(inPatch: $0) }, hasReLU: hasReLU,
            settings: LocalRankSettings(
                thresholds: settings.thresholds, relative: settings.relative, noise: settings.noise))
    }
}

extension LayerOutputs {
    /// The outputs of a network of any layers, in evaluation. p_l is the input of layer l's activation, after
    /// its normalisation; h_l is the next layer's input, with a block's input added. Images are rows of
    /// numbers.
    init(_ network: Network<Float>, at sample: PointSample) {
        var layers = network.layers
        let head = network.shape.features
        if let head, !layers.contains(where: { $0.value(.activation) == head.value(.activation) }) {
            layers.append(head)
        }
        var outputs = network.outputs(of: layers, at: sample.inputs)
        let known = outputs.first { $0.layer.value(.activation) == head?.value(.activation) }?.activation
        if layers.count > network.layers.count { outputs.removeLast() }
        inputs = sample.inputs
        preActivations = outputs.map(\.preActivation)
        activations = outputs.map(\.activation)
        features = known ?? (activations.count > 1 ? activations[activations.count - 2] : inputs)
        endsInOutput = network.shape.head == network.shape.plan.last
        (labels, classes) = (sample.labels, sample.classes)
    }
}
