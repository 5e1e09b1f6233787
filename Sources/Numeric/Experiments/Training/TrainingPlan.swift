import Glibc
import Learning
import LinearAlgebra
import Model
import Sweep
import Text

/// What a training left: the measures at its end and along it, or where it diverged.
struct TrainingResult {
    var metrics: Metrics = [:]
    var trace: [TraceEntry] = []
    var divergedAt: Int?
    /// Weights to keep; none of a training that diverged.
    var kept: [KeptNetwork] = []
    /// Of the one kept network, where the best is.
    var bestLoss = Double.infinity
    /// Weights at the trace's steps, where a measure wants them at the end.
    var measured: [KeptNetwork] = []
    /// The step of the checkpoint that this training went on from.
    var continuedFrom: Int?
}

/// What was measured after a step of a training.
struct TraceEntry: Equatable {
    let step: Int
    var metrics: Metrics

    init(step: Int, _ metrics: Metrics) {
        self.step = step
        self.metrics = metrics
    }

    private static let stepKey = "step"

    /// Reads what `json` wrote; nil where it is none.
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

    /// As records have it.
    var json: JSONValue {
        var members = metrics.byKey
        members[TraceEntry.stepKey] = JSONValue(step)
        return .object(members)
    }
}

/// Told after each step of a training: how many are done, of how many, and after how many it began. It brings its own
/// clock: there is none here.
public typealias StepObserver = (_ done: Int, _ of: Int, _ from: Int) -> Void

/// Told before a training is measured (true) and after (false): who has a clock can tell what measuring
/// costs.
public typealias MeasureObserver = (_ isMeasuring: Bool) -> Void

/// A network's parameters after a step, the averaged ones where an average is kept, in the order of
/// `TrialSettings.tensors`.
public struct KeptNetwork: Equatable, Sendable {
    public var step: Int
    public var values: [Float]
}

/// A trial's training in the terms of Learning: how many steps, with which optimiser, measured when.
struct TrainingPlan {
    let loss: Loss
    var steps: Int { length.steps }
    let optimizer: OptimizerSettings
    let length: TrainingLength
    /// Ascending; a number n means after n steps.
    let traceSteps: [Int]
    let batch: Int
    let keeping: KeptWeights
    let checkpoints: TrialCheckpoints?
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
        optimizer = training.optimizer
        length = TrainingLength(steps: steps, stepsPerEpoch: stepsPerEpoch)
        traceSteps = settings.measures.traceAt.steps(of: steps)
    }

    /// Performs what is measuring, and no training.
    func measure<Value>(_ body: () -> Value) -> Value {
        measuring?(true)
        defer { measuring?(false) }
        return body()
    }
}

extension JSONValue {
    /// Whether every number in it is.
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

/// The entropy of labels, nats.
func labelEntropy(_ labels: some Collection<Int32>) -> Double {
    var counts = [Int](repeating: 0, count: Int(labels.max() ?? 0) + 1)
    for label in labels { counts[Int(label)] += 1 }
    return counts.reduce(0.0) { sum, count in
        guard count > 0 else { return sum }
        let share = Double(count) / Double(labels.count)
        return sum - share * log(share)
    }
}
