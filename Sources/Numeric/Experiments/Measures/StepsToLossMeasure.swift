import Glibc
import Sweep
import Text

/// The step at which the loss first reaches the target. The loss is the trace's, over many points: a
/// mini-batch's would reach the target by chance. Between two steps of the trace the loss is interpolated as
/// a power of the step, so the result is as precise as the trace is fine.
struct StepsToLossMeasure: Measure {
    static let declaration = MeasureDeclaration.stepsToLoss
    private let target: Double
    private let loss: Metric

    init(_ settings: MeasureSettings) {
        target = settings.number("target")
        loss = settings.word("loss") == "train" ? .trainLoss : .testLoss
    }

    func metrics(_ context: MeasureContext) -> Metrics { [:] }

    /// Without `steps_to_loss` where the target was not reached.
    func summary(_ training: MeasuredTraining) -> Metrics {
        let along: [(step: Double, loss: Double)] = training.trace.compactMap { entry in
            entry.metrics[loss]?.number.map { (Double(entry.step), $0) }
        }
        guard !along.isEmpty else { return [:] }
        guard let first = along.firstIndex(where: { $0.loss <= target }) else {
            return [.reachedLoss: .number(0)]
        }
        let step = first == 0 ? along[0].step : crossing(along[first - 1], along[first])
        return [.reachedLoss: .number(1), .stepsToLoss: .number(step)]
    }

    /// Interpolates between a step above the target and one not above it: linearly in ln step and ln loss
    /// where both have logarithms, else in the numbers themselves.
    private func crossing(
        _ above: (step: Double, loss: Double), _ below: (step: Double, loss: Double)
    ) -> Double {
        guard above.step > 0, below.loss > 0 else {
            return above.step
                + (below.step - above.step) * (above.loss - target) / (above.loss - below.loss)
        }
        let share = log(above.loss / target) / log(above.loss / below.loss)
        return above.step * pow(below.step / above.step, share)
    }
}
