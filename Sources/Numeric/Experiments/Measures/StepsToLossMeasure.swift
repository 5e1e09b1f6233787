import Glibc
import Sweep
import Text

/// The step at which the loss first comes to a target. The loss is that of the trace, over many points: a
/// mini-batch's would come to the target by chance. Between two steps of the trace the loss is taken for a
/// power of the step, so the answer is as good as the trace is fine.
struct StepsToLossMeasure: Measure {
    static let name = "steps_to_loss"
    private let target: Double
    private let key: String

    init(_ settings: MeasureSettings) {
        target = settings.number("target")
        key = settings.word("loss") + "_loss"
    }

    func metrics(_ context: MeasureContext) -> [String: JSONValue] { [:] }

    /// No `steps_to_loss` where the target was not reached.
    func summary(_ training: MeasuredTraining) -> [String: JSONValue] {
        let along: [(step: Double, loss: Double)] = training.trace.compactMap { entry in
            guard let step = entry["step"]?.number, let loss = entry[key]?.number else { return nil }
            return (step, loss)
        }
        guard !along.isEmpty else { return [:] }
        guard let first = along.firstIndex(where: { $0.loss <= target }) else {
            return ["reached_loss": .number(0)]
        }
        let step = first == 0 ? along[0].step : crossing(along[first - 1], along[first])
        return ["reached_loss": .number(1), "steps_to_loss": .number(step)]
    }

    /// Between a step above the target and one not above it: on the line in ln step and ln loss, where both
    /// have logarithms, else in the numbers themselves.
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
