import Experiments
import Learning
import Model
import Sweep
import Text

/// Steps of a trial of `sweeps/gaussian-vib.yaml` with an encoder of one layer, 5 inputs, 5 latent variables
/// and 5 targets. This is the trial's own training, including drawing its batches, timed from step to step.
/// Its loss and KL are those of the trial's record at β = 0.1 after all steps.
///
/// With `--batch N` that trial is batched with N − 1 others of different β, and seconds are one
/// trial's share.
func measureGaussianVIB(_ options: Options) throws(BenchError) -> Measurement {
    let (points, steps, d) = (256, options.steps ?? 1000, 5)
    let lead = TrialSettings(
        model: .vib(beta: 0.1, bottleneck: d, sigmaShift: 0),
        dataset: Dataset(GaussianData(correlations: [0.4, 0.5, 0.9, 0.92, 0.95], testPoints: 65_536)),
        network: .init(hidden: [], activation: .linear),
        training: .init(
            optimizer: OptimizerSettings(
                method: .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), learningRate: 1e-2),
            batchSize: points, duration: .steps(steps * (options.repeats + 1)),
            loss: .gaussianNLL),
        measures: .init(localRank: nil, traceAt: .end, samples: 1), seed: 0)
    let group = (0..<options.batch).map { index in
        var settings = lead
        let beta = 0.1 + 0.8 * Double(index) / Double(options.batch)
        settings.model = .vib(beta: beta, bottleneck: d, sigmaShift: 0)
        return settings
    }
    // Two further products draw the batch.
    let all =
        [Product](repeating: Product(m: points, k: 2 * d, n: d, transposeB: true), count: 2)
        + group.flatMap { _ in
            products(
                training: StackShape(units: [d, 2 * d], activation: .linear), points: points)
                + products(
                    training: StackShape(units: [d, d], activation: .linear), points: points,
                    inputGradient: true)
        }
    var times = Times(products: all, steps: steps)
    var runner = TrialRunner(data: DataDirectory(data: ".", cache: nil))
    times.begin()
    do throws(ExperimentError) {
        let results = try runner.run(batch: group, keeping: .none) { done, of, _ in
            guard done % steps == 0 else { return }
            times.end()
            if done < of { times.begin() }
        }
        let metrics = results.first?.body["metrics"]
        return Measurement(
            times, trainings: group.count,
            details: [
                "loss": metrics?[Metric.testLoss.key] ?? .null, "kl": metrics?[Metric.klNats.key] ?? .null,
                "together": JSONValue(group.count),
            ])
    } catch { throw .experiment(error) }
}
