import Testing
import Text

@testable import Experiments
@testable import Sweep

/// The checkpoints that a training leaves, and the one that it continues from.
private final class Store {
    var saved: [[UInt8]] = []
    var given: [UInt8]?
    var ignored: [String] = []
    /// Steps between checkpoints.
    private let every: Int
    private var steps = 0

    init(every: Int = 1, given: [UInt8]? = nil) {
        self.every = every
        self.given = given
    }

    func hooks(program: String = "test") -> Checkpoints {
        Checkpoints(
            program: program,
            isDue: {
                self.steps += 1
                return self.steps % self.every == 0
            }, load: { self.given }, save: { self.saved.append($0) }, ignore: { self.ignored.append($0) })
    }
}

struct Interrupted: CustomStringConvertible, Sendable {
    let description: String
    let text: String
    var keeping = KeptWeights.best
    var measures = trace
    /// The step at which the loss ends the training; nil: it has all its steps.
    var stopsAt: Int?
}

private let gaussian = "dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 300}\n"
private let images = "dataset: {name: mnist, train_points: 40, test_points: 20}\n"
private let trace = "measures: {trace_at: {log: 6}, local_rank: {points: 8}}\n"
private let listed =
    "measures: {trace_at: {log: 6}, local_rank: {points: 8}, effective_rank: true, weight_displacement: true}\n"

private let stopping = "measures: {trace_at: {linear: 12}, local_rank: false}\n"

private let convolutional =
    "measures: {trace_at: {log: 4}, local_rank: false, effective_rank: {points: 10}, weight_displacement: true}\n"

private let interrupted: [Interrupted] = [
    Interrupted(
        description: "MLP, Adam, cosine",
        text: "model: mlp\n" + gaussian
            + "training: {steps: 30, batch_size: 16, schedule: cosine}\nhidden: [5]\n"),
    Interrupted(
        description: "MLP, SGD with momentum, decay, weight decay",
        text: "model: mlp\n" + gaussian
            + "training: {steps: 30, batch_size: 16, optimizer: sgd, momentum: 0.9, "
            + "weight_decay: 0.01, schedule: decay, decay_every: 4}\nactivation: tanh\n",
        keeping: .steps([3, 11, 30])),
    Interrupted(
        description: "MLP, SGD alone, averaged",
        text: "model: mlp\n" + gaussian
            + "training: {steps: 30, batch_size: 16, optimizer: sgd, ema_decay: 0.9}\n",
        keeping: .final),
    Interrupted(
        description: "VIB, Gaussian data, averaged",
        text: "model: vib\nbeta: 0.1\n" + gaussian + "training: {steps: 30, batch_size: 16, ema_decay: 0.9}\n"
    ),
    Interrupted(
        description: "MLP, images",
        text: "model: mlp\n" + images + "training: {epochs: 5, batch_size: 8}\nhidden: [9]\n",
        keeping: .steps([1, 2, 20])),
    Interrupted(
        description: "VIB, images, averaged",
        text: "model: vib\nbeta: 0.01\n" + images
            + "training: {epochs: 5, batch_size: 8, ema_decay: 0.99}\nhidden: [9]\nbottleneck: 3\n"),
    Interrupted(
        description: "MLP, a teacher's whole set in a batch, measures of the catalogue's table",
        text: "model: mlp\ndataset: {name: teacher, inputs: 6, norm: 8, train_points: 40}\nhidden: [5]\n"
            + "training: {steps: 30, batch_size: 40}\n", measures: listed),
    Interrupted(
        description: "MLP, batch normalisation and skips, averaged",
        text: "model: mlp\n" + gaussian + "hidden: [5, 5]\nnormalisation: batch\nresidual: true\n"
            + "training: {steps: 30, batch_size: 16, ema_decay: 0.9}\n", measures: listed),
    Interrupted(
        description: "residual network, SGD with momentum and weight decay",
        text: "model: resnet\nwidth: 2\n"
            + "dataset: {name: generated-images, train_points: 40, test_points: 20}\n"
            + "training: {epochs: 5, batch_size: 8, optimizer: sgd, momentum: 0.9, weight_decay: 0.01}\n",
        measures: convolutional),
    Interrupted(
        description: "vision transformer with dropout",
        text: "model: vit\nwidth: 4\ndepth: 1\npatch: 8\ndropout: 0.3\n"
            + "dataset: {name: generated-images, train_points: 40, test_points: 20}\n"
            + "training: {epochs: 5, batch_size: 8}\n",
        measures: convolutional),
    Interrupted(
        description: "MLP, warm-up and clipping, stopped at a loss",
        text: "model: mlp\n" + gaussian
            + "training: {steps: 60, batch_size: 16, learning_rate: 0.01, clip_norm: 0.5, warmup: 20, "
            + "stop_at_loss: 0.5}\nhidden: [5]\n",
        measures: stopping, stopsAt: 38),
    Interrupted(
        description: "VIB, SGD with momentum, cosine, warm-up and clipping, averaged, stopped at a loss",
        text: "model: vib\nbeta: 0.01\nbottleneck: 3\nhidden: [9]\n"
            + "dataset: {name: generated-images, train_points: 40, test_points: 20}\n"
            + "training: {epochs: 12, batch_size: 8, optimizer: sgd, momentum: 0.9, learning_rate: 0.05, "
            + "ema_decay: 0.9, schedule: cosine, clip_norm: 0.5, warmup: 20, stop_at_loss: 1.2}\n",
        measures: stopping, stopsAt: 38),
    Interrupted(
        description: "VIB, a cnn with batch normalisation as encoder, averaged",
        text: "model: vib\nbeta: 0.01\nbottleneck: 3\nencoder: cnn\nhidden: [2, 3]\nnormalisation: batch\n"
            + "dataset: {name: generated-images, train_points: 40, test_points: 20}\n"
            + "training: {epochs: 5, batch_size: 8, ema_decay: 0.9}\n", measures: convolutional),
    Interrupted(
        description: "VIB, a mixer with dropout as encoder",
        text: "model: vib\nbeta: 0.01\nbottleneck: 3\nencoder: mixer\nwidth: 4\ndepth: 1\npatch: 8\n"
            + "dropout: 0.3\ndataset: {name: generated-images, train_points: 40, test_points: 20}\n"
            + "training: {epochs: 5, batch_size: 8}\n", measures: convolutional),
    Interrupted(
        description: "VIB, images, measures of the catalogue's table",
        text: "model: vib\nbeta: 0.01\n" + images
            + "training: {epochs: 5, batch_size: 8}\nhidden: [9]\nbottleneck: 3\n", measures: listed),
]

private func settings(_ text: String, _ measures: String = trace) throws -> TrialSettings {
    try SweepSpec(parsing: "name: s\n" + text + measures, file: "s.yaml").grid[0].settings
}

@Test(arguments: interrupted)
func `Interrupted after any step, a training goes on to the same record, weights and checkpoints`(
    _ kind: Interrupted
) throws {
    let folder = try DataFolder()
    var runner = TrialRunner(data: folder.directory)
    let trial = try settings(kind.text, kind.measures)
    let calm = try runner.run(trial, keeping: kind.keeping)
    #expect(!calm.kept.isEmpty && calm.continuedFrom == nil)
    #expect(calm.body["metrics"]?["stopped_at_step"]?.number == kind.stopsAt.map(Double.init))
    let first = Store()
    let watched = try runner.run(trial, keeping: kind.keeping, checkpoints: first.hooks())
    #expect(watched == calm)
    let steps = first.saved.count
    #expect(steps >= 25)
    for (index, checkpoint) in first.saved.enumerated() {
        let store = Store(given: checkpoint)
        // A process of its own, as after a crash.
        var other = TrialRunner(data: folder.directory)
        let again = try other.run(trial, keeping: kind.keeping, checkpoints: store.hooks())
        #expect(again.continuedFrom == index + 1)
        #expect(again.body.canonicalText == calm.body.canonicalText)
        #expect(again.kept == calm.kept)
        #expect(store.saved == Array(first.saved[(index + 1)...]))
        #expect(store.ignored.isEmpty)
    }
}

@Test func `A checkpoint that is damaged or foreign is ignored and the training begins anew`() throws {
    var runner = TrialRunner(data: DataDirectory(data: "/nowhere", cache: nil))
    let text = "model: mlp\n" + gaussian + "training: {steps: 9, batch_size: 16}\nhidden: [3]\n"
    let trial = try settings(text)
    let calm = try runner.run(trial, keeping: .best)
    let store = Store(every: 4)
    _ = try runner.run(trial, keeping: .best, checkpoints: store.hooks())
    let sound = try #require(store.saved.first)
    func expectIgnored(
        _ bytes: [UInt8], _ why: String, settings: TrialSettings? = nil, keeping: KeptWeights = .best,
        program: String = "test"
    ) throws {
        let store = Store(every: 100, given: bytes)
        let again = try runner.run(
            settings ?? trial, keeping: keeping, checkpoints: store.hooks(program: program))
        #expect(again.continuedFrom == nil && store.ignored.count == 1)
        #expect(store.ignored.first?.contains(why) == true)
        if settings == nil { #expect(again.body == calm.body) }
    }
    for index in stride(from: 0, to: sound.count, by: 37) {
        var damaged = sound
        damaged[index] ^= 1 << (index % 8)
        try expectIgnored(damaged, "damaged")
    }
    for count in [0, 1, 31, 32, 39, 40, 100, sound.count - 1] {
        try expectIgnored(Array(sound.prefix(count)), "damaged")
    }
    try expectIgnored(sound + [0], "damaged")
    // Whole, and its digest right, but not what it says.
    for cut in [4, 400] {
        let rest = Array(sound[32...].dropLast(cut))
        try expectIgnored(Digest(of: rest).bytes + rest, cut == 4 ? "another network" : "damaged")
    }
    let longer = Array(sound[32...]) + [0, 0, 0, 0]
    try expectIgnored(Digest(of: longer).bytes + longer, "another network")
    // Another program, other weights to keep, another trial.
    try expectIgnored(sound, "another version", program: "other")
    try expectIgnored(sound, "another version", keeping: .final)
    var other = trial
    other.seed = 1
    try expectIgnored(sound, "another", settings: other)
    let whole = Store(every: 100, given: sound)
    #expect(try runner.run(trial, keeping: .best, checkpoints: whole.hooks()).continuedFrom == 4)
}

@Test func `A training that diverges after a checkpoint diverges at the same step`() throws {
    var runner = TrialRunner(data: DataDirectory(data: "/nowhere", cache: nil))
    let trial = try settings(
        "model: mlp\n" + gaussian
            + "training: {steps: 300, batch_size: 16, optimizer: sgd, learning_rate: 50}\ndepth: 1\n")
    let first = Store()
    let calm = try runner.run(trial, keeping: .none, checkpoints: first.hooks())
    #expect(calm.body["outcome"] == .string("diverged") && first.saved.count > 3)
    let store = Store(given: first.saved[2])
    let again = try runner.run(trial, keeping: .none, checkpoints: store.hooks())
    #expect(again.continuedFrom == 3 && again.body == calm.body)
}
