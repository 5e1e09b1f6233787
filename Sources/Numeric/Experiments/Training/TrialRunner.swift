import Learning
import LinearAlgebra
import Measures
import Model
import Sweep
import Text

/// Why a trial gave no record.
public enum ExperimentError: Error, Equatable, CustomStringConvertible {
    case data(DataError)
    /// Settings that the sweep's checks should have refused.
    case settings(String)

    /// The message for the user.
    public var description: String {
        switch self {
        case .data(let error): error.description
        case .settings(let what): what
        }
    }
}

/// The result of a trial.
public struct TrialResult: Equatable, Sendable {
    /// The record's body: metrics, outcome, theory, trace. Every number in it is finite.
    public var body: JSONValue
    /// Weights to keep, ascending by step; none where the trial diverged.
    public var kept: [KeptNetwork]
    /// The step of the checkpoint from which the training resumed; nil where it ran from the beginning.
    public var continuedFrom: Int?
}

/// Runs trials one after another, and keeps data sets open between them. A slot has one.
public struct TrialRunner {
    private let images: ImageSets
    private let arrays: ArraySets
    private var graphs: GraphTrials

    /// Creates a runner. From here on this process uses one BLAS thread, since the bits of records depend on
    /// it.
    ///
    /// - Parameters:
    ///   - slots: the number of runners that share the memory, for messages.
    ///   - memory: returns the bytes of memory that a trial may take; nil: unknown.
    public init(
        data: DataDirectory, slots: Int = 1, memory: @escaping @Sendable () -> UInt64? = { nil }
    ) {
        BLAS.useOneThread()
        let files = ContentFiles(data)
        graphs = GraphTrials(files, slots: slots, memory: memory)
        arrays = ArraySets(files)
        images = ImageSets(in: data)
    }

    /// Trains and measures. Returns the record's body (metrics, outcome, theory, trace), a function of
    /// `settings`, the data set and the BLAS kernel alone. Every number in it is finite. docs/records.md
    /// names the fields.
    public mutating func run(_ settings: TrialSettings) throws(ExperimentError) -> JSONValue {
        try run(settings, keeping: .none).body
    }

    /// Trains and measures, and returns the weights to keep beside the record's body.
    ///
    /// - Parameters:
    ///   - checkpoints: hooks by which an interrupted training of the trial resumes; the record is the same.
    ///   - onProgress: called after each step.
    ///   - measuring: called before and after the network is measured.
    public mutating func run(
        _ settings: TrialSettings, keeping: KeptWeights, checkpoints: Checkpoints? = nil,
        onProgress: StepObserver? = nil, measuring: MeasureObserver? = nil
    ) throws(ExperimentError) -> TrialResult {
        try BLAS.withoutSubnormals { () throws(ExperimentError) in
            try trainAndMeasure([settings], keeping, checkpoints, measuring, onProgress)[0]
        }
    }

    /// Trains and measures small trials with one `BatchKey` together, in less time than one after another.
    /// Returns a result for each, in their order, equal to the byte to what `run` gives. An error may come
    /// from any of them.
    public mutating func run(
        batch group: [TrialSettings], keeping: KeptWeights, onProgress: StepObserver? = nil,
        measuring: MeasureObserver? = nil
    ) throws(ExperimentError) -> [TrialResult] {
        precondition(BatchKey.holds(all: group))
        return try BLAS.withoutSubnormals { () throws(ExperimentError) in
            try trainAndMeasure(group, keeping, nil, measuring, onProgress)
        }
    }

    private mutating func trainAndMeasure(
        _ group: [TrialSettings], _ keeping: KeptWeights, _ checkpoints: Checkpoints?,
        _ measuring: MeasureObserver?, _ onProgress: StepObserver?
    ) throws(ExperimentError) -> [TrialResult] {
        guard let lead = group.first else { return [] }
        if let graph = lead.graph {
            return [TrialResult(body: try measure(lead, graph, measuring), kept: [])]
        }
        for settings in group { try check(settings, keeping) }
        let streams = RandomStreams(seed: lead.seed)
        let theory = try theory(of: lead)
        let source = try BatchSource(
            TrialData(settings: lead, theory: theory, streams: streams, images: images, arrays: arrays))
        var plans: [TrainingPlan] = []
        for settings in group {
            plans.append(
                try TrainingPlan(
                    settings, source, keeping: keeping, checkpoints: checkpoints, measuring: measuring))
        }
        let members = Array(zip(group, plans))
        let histories: [TrainingResult]
        switch lead.model {
        case .mlp: histories = trainMLPs(members, source, streams, onProgress)
        case .vib: histories = try trainVIBs(members, source, theory, streams, onProgress)
        case .network(let architecture):
            // Such trials are never batched: `BatchKey` admits plain stacks only.
            histories = [try runNetwork(architecture, lead, plans[0], source, streams, onProgress)]
        case .onnx: return []
        }
        return zip(group, histories).map { settings, history in
            TrialResult(
                body: body(of: history, settings, theory), kept: history.kept,
                continuedFrom: history.continuedFrom)
        }
    }

    private mutating func measure(
        _ settings: TrialSettings, _ graph: TrialSettings.Graph, _ measuring: MeasureObserver?
    ) throws(ExperimentError) -> JSONValue {
        measuring?(true)
        defer { measuring?(false) }
        do throws(DataError) { return try graphs.body(of: settings, graph) } catch { throw .data(error) }
    }

    private func check(_ settings: TrialSettings, _ keeping: KeptWeights) throws(ExperimentError) {
        let bytes = settings.parameterBytes * keeping.maxFiles
        guard bytes <= KeptWeights.limit else {
            throw .settings("its kept weights are \(bytes) bytes; at most \(KeptWeights.limit) can be kept")
        }
        guard settings.historyBytes <= KeptWeights.limit else {
            throw .settings(
                "the weights of its measured steps are \(settings.historyBytes) bytes; at most "
                    + "\(KeptWeights.limit) can be kept")
        }
    }

    /// The closed form of a VIB on Gaussian data; nil for any other trial.
    private func theory(of settings: TrialSettings) throws(ExperimentError) -> GaussianIB? {
        guard let gaussian = settings.dataset.description as? GaussianData, case .vib = settings.model else {
            return nil
        }
        do {
            return try GaussianIB(covariance: gaussian.covariance, inputs: gaussian.inputs)
        } catch { throw .settings("the joint covariance is not positive definite") }
    }

    private func trainMLPs(
        _ members: [(TrialSettings, TrainingPlan)], _ source: BatchSource, _ streams: RandomStreams,
        _ onProgress: StepObserver?
    ) -> [TrainingResult] {
        var trainings: [Training<MLP<Float>>] = []
        var sets: [MeasureSet] = []
        var evaluated: MLP<Float>?
        for (settings, plan) in members {
            let shape = StackShape(
                units: [source.inputs] + settings.network.hidden + [source.outputs],
                activation: settings.network.activation, hasBiases: settings.network[Setting.biases])
            let model = MLP<Float>(
                shape, loss: plan.loss, points: plan.batch, logDet: settings.training.logDet,
                smoothing: settings.training[Setting.labelSmoothing],
                sharing: trainings.last?.trainer.model)
            model.initialise(streams, settings.network[Setting.initialisation])
            let measures = MeasureSet(settings, model, source, streams, lastUnits: source.outputs)
            let other = MLP(shape, loss: plan.loss, points: evaluationPoints, sharing: evaluated)
            let ranks = settings.measures.localRank.map { rank in
                var measure = LocalRank(rank, shape: shape, lastRows: source.outputs)
                let points = source.sample(JSONValue(rank.points)).inputs
                return { measure.measure(other.layers, inputs: points) }
            }
            let evaluation = NetworkEvaluation(
                model: other, source: source,
                measures: TrialMeasures(settings: settings.measures, ranks: ranks, set: measures))
            evaluated = other
            sets.append(measures)
            trainings.append(Training(plan, model, streams, measure: evaluation.metrics))
        }
        train(&trainings, source, streams, onProgress: onProgress)
        return histories(of: trainings, sets)
    }

    private func trainVIBs(
        _ members: [(TrialSettings, TrainingPlan)], _ source: BatchSource, _ theory: GaussianIB?,
        _ streams: RandomStreams, _ onProgress: StepObserver?
    ) throws(ExperimentError) -> [TrainingResult] {
        var trainings: [Training<VIB<Float>>] = []
        var sets: [MeasureSet] = []
        var evaluated: VIB<Float>?
        for (settings, plan) in members {
            let description = settings.networkDescription
            let (model, other): (VIB<Float>, VIB<Float>)
            do throws(ShapeFault) {
                model = try VIB(
                    description, points: plan.batch, logDet: settings.training.logDet,
                    smoothing: settings.training[Setting.labelSmoothing],
                    sharing: trainings.last?.trainer.model)
                other = try VIB(
                    description, points: description.evaluationPoints, sharing: evaluated)
            } catch { throw .settings(error.words) }
            model.initialise(streams, settings.network[Setting.initialisation])
            let measures = MeasureSet(settings, model, source, streams, lastUnits: model.bottleneck)
            let ranks = settings.measures.localRank.map { rank in
                let count = other.localRanks(rank, description)
                let points = source.sample(JSONValue(rank.points)).inputs
                return { count(points) }
            }
            let evaluation = VIBEvaluation(
                model: other, source: source,
                measures: TrialMeasures(settings: settings.measures, ranks: ranks, set: measures),
                targets: TargetEntropy(source, theory, plan.loss),
                samples: source.isClasses ? settings.measures.samples : 1, streams: streams)
            evaluated = other
            sets.append(measures)
            trainings.append(Training(plan, model, streams, measure: evaluation.metrics))
        }
        train(&trainings, source, streams, onProgress: onProgress)
        return histories(of: trainings, sets)
    }

    private func histories<M: TrainableNetwork>(of trainings: [Training<M>], _ sets: [MeasureSet])
        -> [TrainingResult]
    where M.Scalar == Float {
        zip(trainings, sets).map { training, measures in
            var history = training.history
            training.plan.measure {
                let model = training.trainer.model
                measures.addSummaries(
                    to: &history, steps: training.trainer.step, shaped: model.makeGradients(),
                    weights: model.weights)
            }
            return history
        }
    }

    private func body(of history: TrainingResult, _ settings: TrialSettings, _ theory: GaussianIB?)
        -> JSONValue
    {
        var body: [String: JSONValue] = [
            "metrics": .object(history.metrics.byKey),
            "outcome": .string(history.divergedAt == nil ? "measured" : "diverged"),
        ]
        if let step = history.divergedAt { body["diverged_at_step"] = JSONValue(step) }
        if !history.trace.isEmpty { body["trace"] = .array(history.trace.map(\.json)) }
        // A squared error has another optimum.
        if let theory, settings.training.loss == .gaussianNLL,
            case .vib(let beta, let latent, _, _) = settings.model
        {
            let narrowest = settings.network.hidden.min() ?? latent
            body["theory"] = theory.json(
                beta: beta, bottleneck: min(latent, narrowest),
                thresholds: settings.measures.localRank?.thresholds ?? [])
        }
        if history.divergedAt == nil, let products = productTheory(settings) {
            body["theory"] = .object(products.byKey)
        }
        // Plain networks only: the bounds do not cover what lies between the layers of others.
        if let teacher = settings.dataset.description as? TeacherData, case .mlp = settings.model,
            history.divergedAt == nil
        {
            body["theory"] = boundsJSON(teacher, settings, history.metrics)
        }
        if let promised = promisedRanks(settings, history.metrics) {
            body["theory"] = .object(
                (body["theory"]?.object ?? [:]).merging(promised.byKey) { _, new in new })
        }
        return .object(body)
    }
}

extension GaussianIB {
    /// The closed form that a record holds beside its metrics, under their names.
    func json(beta: Double, bottleneck: Int, thresholds: [Double]) -> JSONValue {
        let optimum = optimum(beta: beta, bottleneck: bottleneck)
        var ranks: [String: JSONValue] = [:]
        for threshold in thresholds {
            ranks[JSONValue.text(of: threshold)] = JSONValue(optimum.localRank(threshold))
        }
        return .object([
            TheoryKey.criticalBetas.rawValue: JSONValue(criticalBetas),
            Metric.izyNats.key: .number(optimum.information),
            Metric.informativeDirections.key: JSONValue(optimum.informativeDirections),
            Metric.klNats.key: .number(optimum.kl),
            Metric.localRank.key: .object(ranks),
            TheoryKey.rank.rawValue: JSONValue(optimum.rank),
        ])
    }
}
