import Glibc
import Learning
import LinearAlgebra
import Model
import Sweep
import Text

/// The result of a training: the metrics at its end and along it, or the step where it diverged.
struct TrainingResult {
    var metrics: Metrics = [:]
    var trace: [TraceEntry] = []
    var divergedAt: Int?
    /// Weights to keep; none where the training diverged.
    var kept: [KeptNetwork] = []
    /// Test loss of the kept network, where the best one is kept.
    var bestLoss = Double.infinity
    /// Weights at the trace's steps, where a measure needs them at the end.
    var measured: [KeptNetwork] = []
    /// The step of the checkpoint from which this training resumed.
    var continuedFrom: Int?
}

/// The metrics measured after a step of a training.
struct TraceEntry: Equatable {
    let step: Int
    var metrics: Metrics

    init(step: Int, _ metrics: Metrics) {
        self.step = step
        self.metrics = metrics
    }

    private static let stepKey = "step"

    /// Reads what `json` wrote; nil where it is something else.
    init?(_ json: JSONValue) {
        guard var members = json.object,
            let step = members.removeValue(forKey: TraceEntry.stepKey)?.number.flatMap({ Int(exactly: $0) })
        else { return nil }
        var metrics: Metrics = [:]
        for (key, value) in members {
            guard let metric = Metric(key: key) else { return nil }
            metrics[metric] = value
        }
        self.init(step: step, metrics)
    }

    /// The entry as a record's `trace` holds it.
    var json: JSONValue {
        var members = metrics.byKey
        members[TraceEntry.stepKey] = JSONValue(step)
        return .object(members)
    }
}

/// Called after each step of a training: with the number of steps done, the number of all steps, and the
/// number of steps after which this process began. It may read a clock of its own: there is none here.
public typealias StepObserver = (_ done: Int, _ of: Int, _ from: Int) -> Void

/// Called before a training is measured (true) and after (false), so that a caller with a clock can time the
/// measuring.
public typealias MeasureObserver = (_ isMeasuring: Bool) -> Void

/// A network's parameters after a step, or the averaged ones where an average is kept, in the order of
/// `TrialSettings.tensors`.
public struct KeptNetwork: Equatable, Sendable {
    /// Number of steps done.
    public var step: Int
    /// The parameters, tensor after tensor.
    public var values: [Float]
}

/// A trial's training in the terms of Learning: the number of steps, the optimiser, the steps at which it is
/// measured.
struct TrainingPlan {
    let loss: Loss
    var steps: Int { length.steps }
    let optimizer: OptimizerSettings
    let length: TrainingLength
    /// The steps after which the trace is measured, ascending.
    let traceSteps: [Int]
    let batch: Int
    let keeping: KeptWeights
    let checkpoints: TrialCheckpoints?
    /// The training loss at which the training ends, at a step of the trace; nil: none.
    let stopLoss: Double?
    /// Whether weights at the trace's steps stay in memory.
    var keepsMeasured: Bool
    private let measuring: MeasureObserver?

    init(
        _ settings: TrialSettings, _ source: BatchSource, keeping: KeptWeights = .none,
        checkpoints: Checkpoints? = nil, measuring: MeasureObserver? = nil
    ) throws(ExperimentError) {
        self.keeping = keeping
        self.measuring = measuring
        keepsMeasured = settings.measures.need(.weightHistory)
        self.checkpoints = checkpoints.map { TrialCheckpoints($0, settings, keeping) }
        let training = settings.training
        batch = training.batchSize
        loss = training.loss
        guard source.points.losses.contains(loss) else {
            throw .settings("the loss \(loss.rawValue) does not fit the data set's targets")
        }
        var stepsPerEpoch = 1
        if let count = source.points.trainCount {
            stepsPerEpoch = count / batch
            guard stepsPerEpoch > 0 else {
                throw .settings("a batch of \(batch) is more than the \(count) training points")
            }
        }
        let steps =
            switch training.duration {
            case .steps(let count): count
            case .epochs(let count): count * stepsPerEpoch
            }
        stopLoss = training[Setting.stopAtLoss]
        var optimizer = training.optimizer
        optimizer.clipNorm = training[Setting.clipNorm]
        optimizer.warmup = training[Setting.warmup]
        self.optimizer = optimizer
        length = TrainingLength(steps: steps, stepsPerEpoch: stepsPerEpoch)
        traceSteps = settings.measures.traceAt.steps(of: length)
    }

    /// Runs `body` as measuring, not training: `measuring` is called before and after.
    func measure<Value>(_ body: () -> Value) -> Value {
        measuring?(true)
        defer { measuring?(false) }
        return body()
    }
}

extension JSONValue {
    /// Whether every number in the value is finite.
    var isFinite: Bool {
        switch self {
        case .number(let number): number.isFinite
        case .array(let elements): elements.allSatisfy(\.isFinite)
        case .object(let members): members.values.allSatisfy(\.isFinite)
        default: true
        }
    }
}

/// ln x.
func naturalLogarithm(_ x: Double) -> Double { log(x) }

/// The entropy of the labels' frequencies, nats.
func labelEntropy(_ labels: some Collection<Int32>) -> Double {
    var counts = [Int](repeating: 0, count: Int(labels.max() ?? 0) + 1)
    for label in labels { counts[Int(label)] += 1 }
    return counts.reduce(0.0) { sum, count in
        guard count > 0 else { return sum }
        let share = Double(count) / Double(labels.count)
        return sum - share * log(share)
    }
}
