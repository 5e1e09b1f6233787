import Model
import Testing
import Text

@testable import Sweep

private func spec(_ rest: String, dataset: String = "mnist") throws(SweepError) -> SweepSpec {
    try SweepSpec(
        parsing: "name: s\nmodel: mlp\ndataset: \(dataset)\n" + rest, file: "s.yaml")
}

private func training(_ members: String) throws(SweepError) -> Trial {
    try spec("training: {epochs: 5, \(members)}").grid[0]
}

@Suite struct TrainingOptionSettingsTests {
    @Test func `Options at their defaults change no trial`() throws {
        let plain = try training("batch_size: 128")
        for members in ["clip_norm: off", "warmup: 0", "label_smoothing: 0", "stop_at_loss: off"] {
            let trial = try training(members)
            #expect(trial.settings == plain.settings && trial.id == plain.id, "\(members)")
        }
        let keys = try #require(plain.settings.json["training"]?.object).keys.sorted()
        #expect(
            keys == [
                "batch_size", "duration", "ema_decay", "learning_rate", "loss", "optimizer", "schedule",
                "weight_decay",
            ])
    }

    @Test func `Options are in the trial's settings and identifier, and may be axes`() throws {
        let sweep = try spec(
            """
            training: {epochs: 5, warmup: 30}
            axes: {training.clip_norm: [off, 0.5, 2], training.label_smoothing: [0, 0.1]}
            """)
        #expect(Set((0..<6).map { sweep.grid[$0].id }).count == 6)
        let (first, last) = (sweep.grid[0].settings.training, sweep.grid[5].settings.training)
        #expect(first[Setting.clipNorm] == nil && first[Setting.labelSmoothing] == 0)
        #expect(last[Setting.clipNorm] == 2 && last[Setting.labelSmoothing] == 0.1)
        #expect(first[Setting.warmup] == 30 && first.json["warmup"] == .number(30))
        #expect(first.json["clip_norm"] == nil && last.json["clip_norm"] == .number(2))
        #expect(sweep.grid[5].axesObject["training.clip_norm"] == .number(2))
        #expect(sweep.grid[0].axesObject["training.clip_norm"] == .string("off"))
        #expect(try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "sweep.json") == sweep)
    }

    @Test func `Milestones replace the interval of decays`() throws {
        let usual = try training("schedule: decay, milestones: [2, 4]").settings.training
        #expect(usual.optimizer.schedule == .milestones([2, 4], factor: 0.1))
        #expect(usual.json["schedule"]?.canonicalText == #"{"factor":0.1,"milestones":[2,4]}"#)
        let other = try training("schedule: decay, milestones: [3], decay_factor: 0.5").settings.training
        #expect(other.optimizer.schedule == .milestones([3], factor: 0.5))
        // On data without epochs they are steps, and no interval is missing.
        let gaussian = try spec(
            "training: {steps: 9, schedule: decay, milestones: [3]}",
            dataset: "{name: gaussian, correlations: [0.5]}")
        #expect(
            gaussian.grid[0].settings.training.optimizer.schedule == .milestones([3], factor: 0.1))
    }

    @Test func `A trace by epochs has the untrained network, each n-th epoch and the end`() throws {
        let text = "training: {epochs: 5}\nmeasures: {trace_at: {epochs: 2}}"
        let settings = try spec(text).grid[0].settings
        #expect(settings.measures.traceAt == .epochs(2))
        #expect(settings.json["measures"]?["trace_at"]?.canonicalText == #"{"epochs":2}"#)
        // 60 000 points in batches of 128.
        let length = TrainingLength(steps: 5 * 468, stepsPerEpoch: 468)
        #expect(settings.measures.traceAt.steps(of: length) == [0, 936, 1872, 2340])
        #expect(settings.maxTraceEntries == 4)
        let times = TrialSettings.Measures.Times.epochs(1)
        #expect(times.steps(of: TrainingLength(steps: 20, stepsPerEpoch: 10)) == [0, 10, 20])
        #expect(times.steps(of: TrainingLength(steps: 7, stepsPerEpoch: 10)) == [0, 7])
        #expect(times.steps(of: TrainingLength(steps: 0, stepsPerEpoch: 10)) == [0])
    }

    @Test(arguments: [
        (
            "training: {epochs: 1, clip_norm: 0}",
            "4:34: training.clip_norm: 0 is out of bounds: it must be at least 1e-30 and at most 1e+30 (networks train "
                + "in float32, which has room for no more)"
        ),
        ("training: {epochs: 1, clip_norm: none}", "4:34: training.clip_norm: 'none' is not a number"),
        (
            "training: {epochs: 1, label_smoothing: 1}",
            "4:40: training.label_smoothing: 1 is out of bounds: it must be at least 0 and below 1"
        ),
        (
            "training: {epochs: 1, label_smoothing: 0.1, loss: mean_squared_error}",
            "4:40: training.label_smoothing: smooths the labels of cross_entropy, and the loss is mean_squared_error"
        ),
        (
            "training: {epochs: 1, warmup: 469}",
            "4:31: training.warmup: a warm-up of 469 steps is longer than the training of 468 (where quick or --set "
                + "shortens it, give training.warmup there too)"
        ),
        (
            "training: {epochs: 1, stop_at_loss: 0.1}",
            "4:37: training.stop_at_loss: a training stops at a step of the trace, and there is none: give "
                + "measures.trace_at"
        ),
        (
            "training: {epochs: 1, stop_at_loss: 0.1}\nmeasures: {trace_at: log}\nweights: [1, 5]",
            "6:10: weights: training.stop_at_loss may end a training before these steps: keep 'final' or 'best'"
        ),
        (
            "training: {epochs: 1}\nmeasures: {trace_at: log}\nfigures: [{name: f, x: depth, y: stopped_at_step}]\n"
                + "axes: {depth: [1, 2]}",
            "6:34: figures.y: stopped_at_step is not measured: set training.stop_at_loss"
        ),
        ("training: {epochs: 1, warmup: 2.5}", "4:31: training.warmup: 2.5 is not a whole number"),
        (
            "training: {epochs: 9, schedule: decay, milestones: [4, 4]}",
            "4:52: training.milestones: milestones must increase, and 4 follows 4"
        ),
        (
            "training: {epochs: 9, milestones: [4]}",
            "4:35: training.milestones: not used here: it needs training.schedule to be decay, and it is constant"
        ),
        (
            "training: {epochs: 9, schedule: decay, milestones: [4], decay_every: 2}",
            "4:70: training.decay_every: cannot be given together with training.milestones"
        ),
        (
            "training: {epochs: 1000, batch_size: 1}\nmeasures: {trace_at: {epochs: 0}}",
            "5:31: measures.trace_at: 0 is out of bounds: it must be at least 1 and at most 100000"
        ),
        (
            "training: {epochs: 1000000, batch_size: 100}\nmeasures: {trace_at: {epochs: 2}}",
            "5:22: measures.trace_at: a trace of 500000 entries; at most 100000 are allowed"
        ),
    ])
    func `Wrong options are refused with their location`(rest: String, due: String) {
        do throws(SweepError) {
            _ = try spec(rest)
            Issue.record("accepted: \(rest)")
        } catch { #expect(error.message == "s.yaml:" + due) }
    }

    @Test func `A sweep whose trainings may stop costs at most its estimate, and may draw where`() throws {
        let text = "training: {epochs: 1, stop_at_loss: LOSS}\nmeasures: {trace_at: log}\n"
        let sweep = try spec(
            text.replacing("LOSS", with: "0.5")
                + "axes: {depth: [1, 2]}\nfigures: [{name: f, x: depth, y: stopped_at_step}]")
        #expect(
            sweep.mayStopEarly && sweep.grid[0].settings.json["training"]?["stop_at_loss"] == .number(0.5))
        #expect(try !spec(text.replacing("LOSS", with: "off")).mayStopEarly)
    }

    @Test func `Gaussian data have no epochs to trace, and no labels to smooth`() {
        do throws(SweepError) {
            _ = try spec(
                "training: {steps: 9, label_smoothing: 0.1}\nmeasures: {trace_at: {epochs: 1}}",
                dataset: "{name: gaussian, correlations: [0.5]}")
            Issue.record("accepted")
        } catch {
            #expect(
                error.message == """
                    s.yaml:4:39: training.label_smoothing: smooths the labels of cross_entropy, and the loss is mean_squared_error
                    s.yaml:5:22: measures.trace_at: gaussian data have no epochs: give {linear: n}, {log: n} or steps
                    """)
        }
    }
}
