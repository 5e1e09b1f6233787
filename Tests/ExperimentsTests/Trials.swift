import Experiments
import Glibc
import Model
import Sweep
import Text

/// Settings of small trials.
enum Trials {
    static func localRank(points: Int = 32) -> TrialSettings.LocalRank {
        TrialSettings.LocalRank(thresholds: [0.01, 0.1], relative: [0.01], noise: [1], points: points)
    }

    static func training(
        _ loss: Loss, _ duration: TrialSettings.Training.Duration, rate: Double = 1e-2,
        batch: Int = 256,
        optimizer: Optimizer = .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
        schedule: Schedule = .cosine
    ) -> TrialSettings.Training {
        TrialSettings.Training(
            optimizer: OptimizerSettings(method: optimizer, learningRate: rate, schedule: schedule),
            batchSize: batch, duration: duration, loss: loss)
    }

    /// The joint covariance of standard normal x and y with these correlations.
    static func covariance(_ correlations: [Double]) -> [[Double]] {
        let d = correlations.count
        return (0..<2 * d).map { i in
            (0..<2 * d).map { j in i == j ? 1 : (i % d == j % d ? correlations[i % d] : 0) }
        }
    }

    static func gaussian(
        _ model: TrialSettings.Model, covariance: [[Double]], inputs: Int, hidden: [Int] = [],
        training: TrialSettings.Training, every: TrialSettings.Measures.Times = .end, testPoints: Int = 65536,
        activation: Activation = .linear, seed: UInt64 = 0
    ) -> TrialSettings {
        TrialSettings(
            model: model,
            dataset: Dataset(GaussianData(covariance: covariance, inputs: inputs, testPoints: testPoints)),
            network: .init(hidden: hidden, activation: activation), training: training,
            measures: .init(localRank: localRank(), traceAt: every, samples: 12), seed: seed)
    }

    static func images(
        _ model: TrialSettings.Model, name: ImageSetDescription = .mnist,
        scale: InputScale = .unit, hidden: [Int], training: TrialSettings.Training,
        every: TrialSettings.Measures.Times = .end, points: Int? = nil, seed: UInt64 = 0
    ) -> TrialSettings {
        TrialSettings(
            model: model,
            dataset: Dataset(ImageData(name: name, scale: scale, trainPoints: points, testPoints: nil)),
            network: .init(hidden: hidden, activation: .relu), training: training,
            measures: .init(localRank: localRank(points: 8), traceAt: every, samples: 12), seed: seed)
    }
}
