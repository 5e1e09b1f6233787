import Records
import Testing
import Text

@testable import Experiments
@testable import Sweep

@Suite struct TrainingOptionTests {
    private static let networks = [
        "model: mlp\nhidden: [6]", "model: mlp\nhidden: [6]\nnormalisation: layer",
        "model: vib\nhidden: [6]\nbottleneck: 3\nbeta: 0.01", "model: cnn\nhidden: [2]\nnormalisation: none",
        "model: resnet\nwidth: 2\nnormalisation: none",
    ]

    /// The settings of a trial on 40 images.
    private static func settings(
        _ network: String, _ training: String, measures: String = "", adam: Bool = false
    ) throws -> TrialSettings {
        try SweepSpec(
            parsing: """
                name: s
                dataset: {name: mnist, train_points: 40, test_points: 20}
                training: {batch_size: 8, \(adam ? "" : "optimizer: sgd, learning_rate: 1, ")\(training)}
                measures: {local_rank: false\(measures)}
                \(network)

                """, file: "s.yaml"
        ).grid[0].settings
    }

    /// How far a training moves the parameters.
    private static func distance(_ network: String, _ training: String) throws -> Double {
        let folder = try DataFolder()
        var runner = TrialRunner(data: folder.directory)
        func values(_ training: String) throws -> [Float] {
            let result = try runner.run(settings(network, training), keeping: .final)
            return try #require(result.kept.first).values
        }
        let (before, after) = (try values("steps: 0"), try values(training))
        #expect(before.count == after.count)
        let squares = zip(before, after).map { (Double($0) - Double($1)) * (Double($0) - Double($1)) }
        return squares.reduce(0, +).squareRoot()
    }

    @Test(arguments: networks) func `A clipped step is as long as the rate times the norm`(network: String)
        throws
    {
        let step = try Self.distance(network, "steps: 1, clip_norm: 0.01")
        #expect(abs(step / 0.01 - 1) < 1e-3)
        // A warm-up of two steps takes half of the rate, then all of it; the steps needn't be parallel.
        let two = try Self.distance(network, "steps: 2, clip_norm: 0.01, warmup: 2")
        #expect(two > 0.005 && two < 1.501 * 0.01)
        let free = try Self.distance(network, "steps: 1")
        #expect(free > 0.02)
        #expect(try Self.distance(network, "steps: 1, clip_norm: 1000") == free)
    }

    @Test(arguments: networks) func `A smoothed label pulls less than the label alone`(network: String) throws
    {
        let alone = try Self.distance(network, "steps: 1")
        let smoothed = try Self.distance(network, "steps: 1, label_smoothing: 0.9")
        #expect(smoothed < 0.7 * alone && smoothed > 0)
        let folder = try DataFolder()
        var runner = TrialRunner(data: folder.directory)
        // An untrained network has one loss, whatever the labels that training would smooth.
        let plain = try runner.run(Self.settings(network, "steps: 0"))
        let same = try runner.run(Self.settings(network, "steps: 0, label_smoothing: 0.9"))
        #expect(plain["metrics"]?["train_loss"] == same["metrics"]?["train_loss"])
        #expect(plain["metrics"]?["train_loss"]?.number != nil)
    }

    @Test(arguments: networks)
    func `A training ends at the first step of the trace with the target's loss`(network: String) throws {
        let folder = try DataFolder()
        var runner = TrialRunner(data: folder.directory)
        func result(_ training: String, keeping: KeptWeights = .final) throws -> TrialResult {
            // Adam, so that every network's loss falls.
            try runner.run(
                Self.settings(
                    network, "steps: 12, \(training)", measures: ", trace_at: {linear: 7}", adam: true),
                keeping: keeping)
        }
        func fault(_ result: TrialResult, _ training: String) throws -> String? {
            let settings = try Self.settings(
                network, "steps: 12, \(training)", measures: ", trace_at: {linear: 7}", adam: true)
            return RecordForm(of: settings).fault(
                in: try #require(CanonicalObject(result.body.canonicalBytes)))
        }
        let whole = try result("warmup: 0")
        let trace = try #require(whole.body["trace"]?.array)
        let losses = trace.compactMap { $0["train_loss"]?.number }
        #expect(losses.count == 7 && whole.body["metrics"]?["stopped_at_step"] == nil)
        let target = try #require(losses.dropLast(2).min())
        let index = try #require(losses.firstIndex { $0 <= target })
        let stopped = try result("stop_at_loss: \(target)")
        #expect(stopped.body["trace"]?.array == Array(trace.prefix(index + 1)))
        #expect(stopped.body["metrics"]?["stopped_at_step"] == .number(Double(2 * index)))
        #expect(stopped.body["metrics"]?["train_loss"] == .number(target))
        #expect(stopped.kept.map(\.step) == [2 * index])
        #expect(try fault(stopped, "stop_at_loss: \(target)") == nil)
        #expect(try fault(stopped, "warmup: 0") != nil)
        // One that never gets there has all its steps, and no such metric.
        let never = try result("stop_at_loss: 1e-9")
        #expect(never.body == whole.body && never.kept == whole.kept)
    }

    @Test func `A trace by epochs is measured at whole epochs and at the end`() throws {
        let folder = try DataFolder()
        var runner = TrialRunner(data: folder.directory)
        let network = Self.networks[0]
        let whole = try Self.settings(network, "epochs: 5", measures: ", trace_at: {epochs: 2}")
        let body = try runner.run(whole)
        #expect(try #require(body["trace"]?.array).compactMap { $0["step"]?.number } == [0, 10, 20, 25])
        #expect(RecordForm(of: whole).fault(in: try #require(CanonicalObject(body.canonicalBytes))) == nil)
        // Where only the files say how many points an epoch has, any steps are let in.
        let files = try SweepSpec(
            parsing: """
                name: s
                model: mlp
                hidden: [6]
                dataset: {name: mnist, test_points: 20}
                training: {batch_size: 8, steps: 13}
                measures: {local_rank: false, trace_at: {epochs: 1}}

                """, file: "s.yaml"
        ).grid[0].settings
        let small = try runner.run(files)
        #expect(try #require(small["trace"]?.array).count > 2)
        #expect(RecordForm(of: files).fault(in: try #require(CanonicalObject(small.canonicalBytes))) == nil)
        let cut = try Self.settings(network, "steps: 7", measures: ", trace_at: {epochs: 1}")
        #expect(
            try #require(runner.run(cut)["trace"]?.array).compactMap { $0["step"]?.number } == [0, 5, 7])
    }
}
