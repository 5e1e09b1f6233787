import LinearAlgebra
import Testing
import Text

@testable import Experiments
@testable import Sweep

struct GroupCase: CustomStringConvertible, Sendable {
    let description: String
    let text: String
    var keeping = KeptWeights.best
    /// How many of them diverge.
    var diverging = 0
    /// Whether some of them may have equal records: those that stop before they differ, or never stop.
    var sharing = false
}

private let gaussian = "dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 300}\n"
private let images = "dataset: {name: mnist, train_points: 40, test_points: 20}\n"
private let trace = "measures: {trace_at: {log: 5}, local_rank: {points: 8}}\n"
private let listed =
    "measures: {trace_at: {log: 5}, local_rank: {points: 8}, effective_rank: true, weight_displacement: true}\n"

private let cases: [GroupCase] = [
    GroupCase(
        description: "VIB, Gaussian data, Adam, cosine: values of beta",
        text: "model: vib\n" + gaussian + trace
            + "training: {steps: 40, batch_size: 32, schedule: cosine}\naxes: {beta: [0.01, 0.1, 0.3, 0.9]}\n"
    ),
    GroupCase(
        description: "VIB, SGD with momentum, decay, weight decay, averaged: shapes that differ",
        text: "model: vib\nbeta: 0.1\nwidth: 4\nbottleneck: 3\nactivation: tanh\n" + gaussian + trace
            + "training: {steps: 30, batch_size: 16, optimizer: sgd, momentum: 0.9, weight_decay: 0.01, "
            + "schedule: decay, decay_every: 4, ema_decay: 0.9}\naxes: {depth: [1, 3, 2], training.learning_rate: [0.01, 0.02]}\n",
        keeping: .steps([3, 11, 30])),
    GroupCase(
        description: "VIB, squared error: trainings of unequal length, measures of the table",
        text: "model: vib\nbeta: 0.1\n" + gaussian + listed
            + "training: {batch_size: 16, loss: mean_squared_error}\naxes: {training.steps: [7, 30, 1]}\n",
        keeping: .final),
    GroupCase(
        description: "MLP, Gaussian data, SGD: one of them diverges",
        text: "model: mlp\nhidden: [5]\n" + gaussian + trace
            + "training: {steps: 30, batch_size: 16, optimizer: sgd}\n"
            + "axes: {training.learning_rate: [0.01, 1.0e+30, 0.1]}\n", diverging: 1),
    GroupCase(
        description: "MLP, images, Adam: learning rates and lengths",
        text: "model: mlp\nhidden: [9]\n" + images + trace
            + "training: {batch_size: 8}\naxes: {training.learning_rate: [0.001, 0.01], training.epochs: [2, 5]}\n"
    ),
    GroupCase(
        description: "MLP, images: norms clipped, labels smoothed, warm-up, milestones, a trace by epochs",
        text: "model: mlp\nhidden: [9]\n" + images
            + "measures: {trace_at: {epochs: 2}, local_rank: {points: 8}}\n"
            + "training: {epochs: 5, batch_size: 8, schedule: decay, milestones: [2, 4], warmup: 7}\n"
            + "axes: {training.clip_norm: [off, 0.1], training.label_smoothing: [0, 0.2]}\n"),
    GroupCase(
        description: "MLP, images: trainings that stop at different steps",
        text: "model: mlp\nhidden: [9]\n" + images + listed
            + "training: {epochs: 8, batch_size: 8}\n"
            + "axes: {training.stop_at_loss: [off, 2, 1.5, 1], training.learning_rate: [0.001, 0.01]}\n",
        keeping: .final, sharing: true),
    GroupCase(
        description: "VIB, images: clipped and smoothed",
        text: "model: vib\nhidden: [9]\nbottleneck: 3\nbeta: 0.01\n" + images + trace
            + "training: {epochs: 4, batch_size: 8}\n"
            + "axes: {training.clip_norm: [off, 0.1], training.label_smoothing: [0, 0.2]}\n"),
    GroupCase(
        description: "VIB, images: values of beta, measures of the table",
        text: "model: vib\nhidden: [9]\nbottleneck: 3\n" + images + listed
            + "training: {epochs: 4, batch_size: 8}\naxes: {beta: [0.001, 0.1]}\n"),
    GroupCase(
        description: "MLP, a teacher's whole set in a batch, measures of the table",
        text: "model: mlp\ndataset: {name: teacher, inputs: 6, norm: 8, train_points: 40}\nhidden: [5]\n"
            + listed
            + "training: {steps: 30, batch_size: 40}\naxes: {training.learning_rate: [0.001, 0.01]}\n"),
]

private func trials(_ text: String) throws -> [TrialSettings] {
    let grid = try SweepSpec(parsing: "name: s\n" + text, file: "s.yaml").grid
    return (0..<grid.count).map { grid[$0].settings }
}

@Test(arguments: cases) func `Trials trained together have the bytes that each has alone`(_ kind: GroupCase)
    throws
{
    let folder = try DataFolder()
    var runner = TrialRunner(data: folder.directory)
    let group = try trials(kind.text)
    #expect(group.count > 1)
    let results = try runner.run(batch: group, keeping: kind.keeping)
    try #require(results.count == group.count)
    for (settings, result) in zip(group, results) {
        let alone = try runner.run(settings, keeping: kind.keeping)
        #expect(result.body.canonicalText == alone.body.canonicalText)
        #expect(result.kept == alone.kept)
        #expect(result.continuedFrom == nil)
    }
    let bodies = Set(results.map(\.body.canonicalText)).count
    #expect(kind.sharing ? bodies > 2 : bodies == Set(group).count)
    #expect(results.count { $0.body["outcome"] == .string("diverged") } == kind.diverging)
}

@Test func `A group reports each step of its longest training`() throws {
    let folder = try DataFolder()
    var runner = TrialRunner(data: folder.directory)
    let group = try trials(
        "model: mlp\n" + gaussian + "training: {batch_size: 16}\naxes: {training.steps: [2, 5, 3]}\n")
    var reported: [[Int]] = []
    _ = try runner.run(batch: group, keeping: .none) { reported.append([$0, $1, $2]) }
    #expect(reported == (1...5).map { [$0, 5, 0] })
    #expect(try runner.run(batch: [], keeping: .none).isEmpty)
}

struct BatchKeyTests {
    private let text = "model: vib\nbeta: 0.1\nwidth: 4\nbottleneck: 3\n" + gaussian

    private func lead() throws -> TrialSettings {
        try trials(text + "training: {batch_size: 16, steps: 9}\n")[0]
    }

    @Test func `A group may differ in what no draw depends on`() throws {
        let lead = try lead()
        var others = [TrialSettings](repeating: lead, count: 6)
        others[0].model = .vib(beta: 0.2, bottleneck: 3, sigmaShift: 1)
        others[1].network.hidden = [4, 4]
        others[2].network.activation = .relu
        others[3].training.optimizer.learningRate = 0.5
        others[4].training.duration = .steps(10)
        others[5].training.optimizer.method = .sgd(momentum: 0.5)
        for other in others {
            #expect(other != lead)
            #expect(BatchKey(lead)?.holds(other) == true)
        }
        #expect(BatchKey.holds(all: [lead] + others))
    }

    @Test func `A group shares seed, data set, batch, loss, kind and latent variables`() throws {
        let lead = try lead()
        #expect(BatchKey(lead)?.holds(lead) == true)
        var others = [TrialSettings](repeating: lead, count: 6)
        others[0].seed = 1
        others[1].dataset = Dataset(
            GaussianData(covariance: Trials.covariance([0.5]), inputs: 1, testPoints: 300))
        others[2].training.batchSize = 17
        others[3].training.loss = .meanSquaredError
        others[4].model = .mlp
        others[5].model = .vib(beta: 0.1, bottleneck: 4, sigmaShift: 0)
        for other in others {
            #expect(BatchKey(lead)?.holds(other) == false)
            #expect(!BatchKey.holds(all: [lead, other]))
        }
    }

    @Test func `A large network is trained alone`() throws {
        var large = try lead()
        large.network.hidden = [400]
        // 2 · 400 + 400, 400 · 6 + 6, 3 · 2 + 2 and 2 log-variances.
        #expect(large.parameterBytes / 4 == 3616)
        large.training.batchSize = BatchKey.limit / 3616
        #expect(BatchKey(large)?.holds(large) == true)
        large.training.batchSize += 1
        #expect(BatchKey(large) == nil)
        #expect(BatchKey.holds(all: [large]) && !BatchKey.holds(all: [large, large]))
    }
}
