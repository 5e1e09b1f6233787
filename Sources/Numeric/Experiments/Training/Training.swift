import Learning
import LinearAlgebra
import Sweep
import Text

/// A trial's training in progress, measured at the trace's steps and at the end.
struct Training<M: TrainableNetwork> where M.Scalar == Float {
    let plan: TrainingPlan
    private(set) var trainer: Trainer<M>
    var history: TrainingResult
    /// Whether its steps are done, or it diverged.
    private(set) var isOver = false
    private var due: ArraySlice<Int>
    private let measure: (Matrix<Float>, Int) -> Metrics

    /// - Parameter measure: computes the metrics of the parameters given, after the step given.
    init(
        _ plan: TrainingPlan, _ model: M, _ streams: RandomStreams,
        measure: @escaping (Matrix<Float>, Int) -> Metrics
    ) {
        self.plan = plan
        self.measure = measure
        trainer = Trainer(
            model, settings: plan.optimizer, length: plan.length, streams: streams, points: plan.batch)
        history = plan.checkpoints?.restore(&trainer, steps: plan.steps) ?? TrainingResult()
        let first = trainer.step
        due = plan.traceSteps.drop { $0 < first }
    }

    /// Measures and keeps what is due after `step` steps. Returns whether another step follows.
    fileprivate mutating func begin(_ step: Int) -> Bool {
        guard !isOver else { return false }
        var isEnd = step == plan.steps
        if isEnd || due.first == step {
            let parameters = trainer.evaluated.parameters.flat
            // LAPACK may not return from a NaN.
            guard parameters.isFinite else {
                diverge(at: step)
                return false
            }
            var metrics = plan.measure { measure(parameters, step) }
            guard metrics.values.allSatisfy(\.isFinite) else {
                diverge(at: step)
                return false
            }
            if due.first == step {
                due.removeFirst()
                history.trace.append(TraceEntry(step: step, metrics))
                keepIfBest(metrics, step)
                if plan.keepsMeasured { history.measured.append(trainer.network(after: step)) }
                if let target = plan.stopLoss, let loss = metrics[.trainLoss]?.number, loss <= target {
                    isEnd = true
                    metrics[.stoppedAtStep] = JSONValue(step)
                }
            }
            if isEnd { history.metrics = metrics }
        }
        if isKept(step, isEnd: isEnd) { history.kept.append(trainer.network(after: step)) }
        isOver = isEnd
        return !isEnd
    }

    fileprivate mutating func train(_ batch: Batch<Float>, noise: Matrix<Float>, step: Int) {
        guard trainer.train(batch, noise: noise).total.isFinite else { return diverge(at: step) }
        plan.checkpoints?.saveIfDue(trainer, history)
    }

    private mutating func diverge(at step: Int) {
        isOver = true
        history.divergedAt = step
        history.kept = []
        history.measured = []
    }

    private func isKept(_ step: Int, isEnd: Bool) -> Bool {
        switch plan.keeping {
        case .none, .best: false
        case .final: isEnd
        case .steps(let listed): listed.contains(step)
        }
    }

    private mutating func keepIfBest(_ metrics: Metrics, _ step: Int) {
        guard plan.keeping == .best, let loss = metrics[.testLoss]?.number, loss < history.bestLoss else {
            return
        }
        history.bestLoss = loss
        history.kept = [trainer.network(after: step)]
    }
}

/// Trains one network, or several that draw the same batches and the same latent noise: each step's are drawn
/// once, and then each network performs its step. Every training has the same numbers as it has alone, made
/// by the same calls.
///
/// - Parameters:
///   - trainings: trainings that begin at the same step.
///   - onProgress: called after each step, with the steps of the longest training.
func train<M: TrainableNetwork>(
    _ trainings: inout [Training<M>], _ source: BatchSource, _ streams: RandomStreams,
    onProgress: StepObserver?
) where M.Scalar == Float {
    guard let lead = trainings.first else { return }
    let (first, from) = (lead.trainer.step, lead.history.continuedFrom ?? 0)
    let steps = trainings.reduce(0) { max($0, $1.plan.steps) }
    var batch = source.makeBatch(points: lead.plan.batch)
    let noise = Matrix<Float>(rows: lead.plan.batch, columns: lead.trainer.model.noisePerPoint)
    for step in first...steps {
        var isDrawn = false
        for index in trainings.indices where trainings[index].begin(step) {
            if !isDrawn {
                // After a checkpoint the batch is empty at the first step of this process.
                source.fill(&batch, step: step, anew: step == first)
                if noise.count > 0 { streams.fillNormals(noise, .latentNoise, index: step) }
                isDrawn = true
            }
            trainings[index].train(batch, noise: noise, step: step)
        }
        guard trainings.contains(where: { !$0.isOver }) else { return }
        onProgress?(step + 1, steps, from)
    }
}

extension Trainer {
    fileprivate func network(after step: Int) -> KeptNetwork {
        KeptNetwork(step: step, values: evaluated.parameters.flat.values)
    }
}
