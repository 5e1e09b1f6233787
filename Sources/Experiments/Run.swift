import Learning
import LinearAlgebra
import Measures
import Sweep
import Text

/// Why a trial gave no record.
public enum ExperimentError: Error, Equatable, CustomStringConvertible {
    case data(DataError)
    /// Settings that the sweep's checks should have refused.
    case settings(String)

    public var description: String {
        switch self {
        case .data(let error): error.description
        case .settings(let what): what
        }
    }
}

/// Runs trials, one after another, keeping data sets open between them. One per slot.
public struct TrialRunner {
    private let directory: DataDirectory
    private var sets: [TrialSettings.Images.Name: ImageSet] = [:]

    /// Prepares this process (BLAS on one thread, subnormals flushed): the bits of records depend on it.
    public init(data: DataDirectory) {
        BLAS.prepareProcess()
        directory = data
    }

    /// Trains and measures: the record's body (metrics, outcome, theory, trace), a function of `settings`, the data
    /// set and the BLAS kernel alone. Every number in it is finite. docs/records.md names the fields.
    public mutating func run(_ settings: TrialSettings) throws(ExperimentError) -> JSONValue {
        let streams = RandomStreams(seed: settings.seed)
        let source = try makeSource(settings, streams)
        let training = try TrainingPlan(settings, source)
        let history: History
        switch settings.experiment {
        case .mlp:
            history = runMLP(settings, training, source, streams)
        case .vib(let beta, let bottleneck, let shift):
            history = try runVIB(
                settings, training, source, streams, beta: beta, bottleneck: bottleneck, shift: shift)
        }
        return try body(of: history, settings)
    }

    private mutating func makeSource(
        _ settings: TrialSettings, _ streams: RandomStreams
    ) throws(ExperimentError) -> BatchSource {
        switch settings.dataset {
        case .gaussian(let gaussian):
            do {
                let points = max(settings.training.batch, evaluationPoints)
                return BatchSource(kind: .gaussian(try GaussianSource(gaussian, streams: streams, points: points)))
            } catch { throw .settings("the joint covariance is not positive definite") }
        case .images(let images):
            do throws(DataError) {
                let set: ImageSet
                if let open = sets[images.name] {
                    set = open
                } else {
                    set = try ImageSet.open(images.name, in: directory)
                    sets[images.name] = set
                }
                return BatchSource(kind: .images(try ImageSource(images, set: set, streams: streams)))
            } catch { throw .data(error) }
        }
    }

    private func runMLP(
        _ settings: TrialSettings, _ training: TrainingPlan, _ source: BatchSource, _ streams: RandomStreams
    ) -> History {
        let shape = StackShape(
            units: [source.inputs] + settings.network.hidden + [source.outputs],
            activation: settings.network.activation.kernel)
        let model = MLP<Float>(shape, loss: training.loss, points: settings.training.batch)
        model.initialise(streams)
        var evaluation = MLPEvaluation(
            model: MLP(shape, loss: training.loss, points: evaluationPoints), source: source,
            ranks: settings.measures.localRank.map {
                RankMeasurement($0, shape: shape, lastRows: source.outputs)
            })
        return training.run(model, source, streams) { evaluation.metrics($0) }
    }

    private func runVIB(
        _ settings: TrialSettings, _ training: TrainingPlan, _ source: BatchSource, _ streams: RandomStreams,
        beta: Double, bottleneck: Int, shift: Double
    ) throws(ExperimentError) -> History {
        func make(points: Int) -> VIB<Float> {
            VIB(
                hidden: [source.inputs] + settings.network.hidden,
                activation: settings.network.activation.kernel, bottleneck: bottleneck,
                outputs: source.outputs, loss: training.loss, beta: beta, shift: shift, points: points)
        }
        let model = make(points: settings.training.batch)
        model.initialise(streams)
        var evaluation = VIBEvaluation(
            model: make(points: evaluationPoints), source: source,
            ranks: settings.measures.localRank.map {
                RankMeasurement($0, shape: model.encoderShape, lastRows: bottleneck)
            },
            targetEntropy: try targetEntropy(settings, source),
            samples: source.isClasses ? settings.measures.samples : 1, streams: streams)
        return training.run(model, source, streams) { evaluation.metrics($0) }
    }

    /// H(Y): of the test labels, or the differential entropy of Gaussian targets; nats.
    private func targetEntropy(
        _ settings: TrialSettings, _ source: BatchSource
    ) throws(ExperimentError) -> Double {
        switch (settings.dataset, source.kind) {
        case (.gaussian(let gaussian), _): return try bottleneck(gaussian).targetEntropy
        case (_, .images(let images)):
            return entropy(of: images.set.test.labels.prefix(images.testCount))
        default: return 0
        }
    }

    private func bottleneck(_ gaussian: TrialSettings.Gaussian) throws(ExperimentError) -> GaussianIB {
        do {
            return try GaussianIB(covariance: gaussian.covariance, inputs: gaussian.inputs)
        } catch { throw .settings("the joint covariance is not positive definite") }
    }

    private func body(of history: History, _ settings: TrialSettings) throws(ExperimentError) -> JSONValue {
        var body: [String: JSONValue] = [
            "metrics": .object(history.metrics),
            "outcome": .string(history.divergedAt == nil ? "measured" : "diverged"),
        ]
        if let step = history.divergedAt { body["diverged_at_step"] = JSONValue(step) }
        if !history.trace.isEmpty { body["trace"] = .array(history.trace.map(JSONValue.object)) }
        if case (.gaussian(let gaussian), .vib(let beta, let latent, _)) = (settings.dataset, settings.experiment) {
            let theory = try bottleneck(gaussian)
            body["theory"] = theory.json(
                beta: beta, bottleneck: latent, thresholds: settings.measures.localRank?.thresholds ?? [])
        }
        return .object(body)
    }
}

extension GaussianIB {
    /// The closed form beside a record's metrics, under their names.
    func json(beta: Double, bottleneck: Int, thresholds: [Double]) -> JSONValue {
        let optimum = optimum(beta: beta, bottleneck: bottleneck)
        var ranks: [String: JSONValue] = [:]
        for threshold in thresholds {
            ranks[JSONValue.text(of: threshold)] = JSONValue(optimum.localRank(threshold))
        }
        return .object([
            "critical_betas": JSONValue(criticalBetas),
            "i_zy_nats": .number(optimum.information),
            "informative_directions": JSONValue(optimum.informativeDirections),
            "kl_nats": .number(optimum.kl),
            "local_rank": .object(ranks),
            "rank": JSONValue(optimum.rank),
        ])
    }
}
