import Console
import Model
import Testing
import Text

@testable import CoordinatorService
@testable import Sweep

/// A foreign or wrong word, where a newcomer writes it, and what the answer must name.
struct ForeignWord: Sendable {
    /// Where the word is written.
    enum Position: Sendable {
        /// A line of the sweep file.
        case line
        /// A value of an axis.
        case axis
        /// A part of a figure.
        case figure
        /// The argument of `--set`.
        case set
        /// A word in place of a command.
        case command
        /// Words that follow `ranksweep run s.yaml`.
        case run
    }

    let position: Position
    let text: String
    /// nil: the answer names nothing like it, but lists what there is.
    let names: String?

    init(_ position: Position, _ text: String, _ names: String?) {
        self.position = position
        self.text = text
        self.names = names
    }
}

@Suite struct VocabularyTests {
    static let words: [ForeignWord] = [
        // PyTorch.
        .init(.line, "training: {lr: 0.1}", "'lr' is called 'learning_rate' here"),
        .init(.line, "lr: 0.1", "'training.learning_rate'"),
        .init(.line, "learning_rate: 0.1", "'training.learning_rate'"),
        .init(.line, "epochs: 3", "'training.epochs'"),
        .init(.line, "training: {wd: 0.1}", "'weight_decay'"),
        .init(.line, "hidden_size: 100", "'width'"),
        .init(.line, "num_layers: 3", "'depth'"),
        .init(.line, "num_hidden_layers: 3", "'depth'"),
        .init(.line, "bs: 32", "'training.batch_size'"),
        .init(.line, "batch: 32", "'training.batch_size'"),
        .init(.line, "training: {batchSize: 32}", "'batch_size'"),
        .init(.line, "training: {batch-size: 32}", "'batch_size'"),
        .init(.line, "dropout_rate: 0.5", "'training.weight_decay'"),
        .init(.line, "training: {betas: [0.9, 0.999]}", "'training.beta1'"),
        .init(.line, "training: {eps: 1e-6}", "'epsilon'"),
        .init(.line, "training: {scheduler: cosine}", "'schedule'"),
        .init(.line, "training: {schedule: CosineAnnealingLR}", "'cosine'"),
        .init(.line, "training: {schedule: StepLR}", "'decay'"),
        .init(.line, "training: {criterion: mse}", "'loss'"),
        .init(.line, "training: {loss: CrossEntropyLoss}", "'cross_entropy'"),
        .init(.line, "training: {optimizer: AdamW}", "'adamw'"),
        .init(.line, "training: {optimizer: SGD}", "'sgd'"),
        .init(.line, "training: {optimizer: torch.optim.Adam}", "'adam'"),
        .init(.line, "training: {optimizer: rmsprop}", "one of adam, adamw"),
        .init(.line, "training: {gradient_clip_val: 1}", "'clip_norm'"),
        .init(.line, "training: {warmup_steps: 10}", "'warmup'"),
        .init(.line, "training: {warmup_ratio: 0.1}", "'training.warmup'"),
        .init(.line, "training: {label_smoothing_factor: 0.1}", "'label_smoothing'"),
        .init(.line, "activation: nn.ReLU", "'relu'"),
        .init(.line, "activation: mish", "one of linear, relu"),
        .init(.line, "initialisation: kaiming_normal", "'he_glorot'"),
        .init(.line, "batch_norm: true", "'normalisation'"),
        .init(.line, "normalisation: BatchNorm1d", "'batch'"),
        .init(.line, "random_seed: 1", "'seed'"),
        .init(.line, "seeds: 5", "'seed: {range: [0, 5]}'"),
        .init(.line, "device: cuda", "'ranksweep measure'"),
        .init(.set, "model=MLP", "'mlp'"),
        .init(.set, "model=resnet18", "'model: resnet'"),
        .init(.set, "model=transformer", "one of mlp, vib"),
        .init(.set, "dataset=MNIST", "'mnist'"),
        .init(.set, "dataset=cifar", "'cifar-10'"),
        .init(.set, "dataset=cifar100", "'cifar-100'"),
        .init(.set, "dataset=imagenet", "one of gaussian, mnist"),
        // Lightning.
        .init(.line, "trainer: {max_epochs: 3}", "'training'"),
        .init(.set, "trainer.max_epochs=3", "'training.epochs'"),
        .init(.line, "limit_train_batches: 10", "'dataset.train_points'"),
        .init(.line, "early_stopping: true", "'training.steps'"),
        .init(.run, "--fast_dev_run", "'--quick'"),
        .init(.run, "--accelerator gpu", "'ranksweep measure'"),
        // Hydra.
        .init(.run, "-m", "'ranksweep run SWEEP'"),
        .init(.run, "training.lr=0.1", "--set training.learning_rate=0.1"),
        .init(.run, "+optimizer.lr=0.1,0.2", "--set training.learning_rate=0.1,0.2"),
        .init(.run, "--set training.lr 0.1", "--set training.learning_rate=0.1"),
        .init(.set, "lr=1e-3", "'training.learning_rate'"),
        .init(.line, "defaults: [_self_]", "'quick'"),
        .init(.line, "grid: {depth: [1, 2]}", "'axes'"),
        // W&B.
        .init(.line, "parameters: {depth: {values: [1, 2]}}", "'axes'"),
        .init(.axis, "{values: [0.1, 0.2]}", "[a, b, c]"),
        .init(.axis, "{min: 0.1, max: 1}", "{log: [a, b], count: n}"),
        .init(
            .axis, "{distribution: log_uniform_values, min: 0.1, max: 1}", "{log_uniform: [a, b], count: n}"),
        .init(.axis, "{distribution: uniform, min: 0.1, max: 1}", "{uniform: [a, b], count: n}"),
        .init(.line, "method: bayes", "Optuna"),
        .init(.line, "metric: {name: val_loss, goal: minimize}", "'figures'"),
        .init(.line, "early_terminate: {type: hyperband}", "'measures.trace_at'"),
        .init(.line, "program: train.py", "'model'"),
        .init(.line, "project: mine", "'name'"),
        .init(.command, "sweep", "'ranksweep run SWEEP'"),
        .init(.command, "agent", "'ranksweep-worker --connect tcp://HOST:PORT'"),
        // Optuna and Ray Tune.
        .init(.line, "n_trials: 100", "'axes'"),
        .init(.line, "num_samples: 5", "'axes'"),
        .init(.line, "search_space: {depth: [1, 2]}", "'axes'"),
        .init(.line, "storage: s3://bucket", "'ranksweep merge'"),
        .init(.axis, "{grid_search: [0.1, 0.2]}", "[a, b, c]"),
        .init(.axis, "{loguniform: [0.1, 1]}", "{log_uniform: [a, b], count: n}"),
        .init(.axis, "{log: [0.1, 1], num: 3}", "'count'"),
        .init(.command, "optimize", "'ranksweep run SWEEP'"),
        .init(.command, "tune", "'ranksweep run SWEEP'"),
        // GNU parallel, xargs and make.
        .init(.run, "-j 4", "'--slots'"),
        .init(.run, "-P 4", "'--slots'"),
        .init(.run, "-d data", "'--data'"),
        .init(.run, "--jobs 4", "'--slots'"),
        .init(.run, "-n", "'ranksweep plan SWEEP'"),
        .init(.run, "--dry-run", "'ranksweep plan SWEEP'"),
        .init(.run, "::: 1 2 3", "--set seed=0,1,2"),
        .init(.run, "--resume", "'ranksweep resume DIR'"),
        .init(.run, "--joblog log", "provenance.ndjson"),
        // Slurm.
        .init(.command, "sbatch", "'ranksweep launch CLUSTER SWEEP'"),
        .init(.command, "squeue", "'ranksweep status DIR'"),
        .init(.command, "scancel", "'ranksweep cancel DIR'"),
        .init(.run, "--array 0-9", "'ranksweep shard SWEEP --index I --count N --out FILE'"),
        .init(.run, "--cpus-per-task=4", "'--slots'"),
        .init(.run, "--mem 4G", "'--memory-limit'"),
        .init(.run, "--time 10", "'--trial-limit'"),
        // argparse, and guesses.
        .init(.run, "--lr 0.1", "--set training.learning_rate=0.1"),
        .init(.run, "--batch-size=64", "--set training.batch_size=64"),
        .init(.run, "--seed 3", "--set seed=3"),
        .init(.run, "-o x", "'--out'"),
        .init(.run, "--output-dir x", "'--out'"),
        .init(.run, "--gpu 0", "'ranksweep measure'"),
        .init(.run, "--config s.yaml", "ranksweep run SWEEP"),
        .init(.run, "--force", "--out"),
        .init(.run, "-v", "'ranksweep status DIR'"),
        .init(.run, "--set seed=1 2", "--set PATH=V1,V2"),
        .init(.command, "-V", "'ranksweep --version'"),
        .init(.command, "train", "'ranksweep run SWEEP'"),
        .init(.command, "start", "'ranksweep run SWEEP'"),
        .init(.command, "stat", "'ranksweep status DIR'"),
        .init(.command, "ls", "'ranksweep status DIR'"),
        .init(.command, "stop", "'ranksweep cancel DIR'"),
        .init(.command, "plot", "'ranksweep figures DIR'"),
        .init(.command, "dashboard", "DIR/report.html"),
        .init(.command, "mine.yaml", "ranksweep run mine.yaml"),
        // Figures and metrics.
        .init(.figure, "x: epoch, y: accuracy", "'step'"),
        .init(.figure, "x: depth, y: loss", "'train_loss' or 'test_loss'"),
        .init(.figure, "x: depth, y: acc", "'accuracy'"),
        .init(.figure, "x: depth, y: val_loss", "'test_loss'"),
        .init(.figure, "x: depth, y: test_accuracy", "'accuracy'"),
        .init(.figure, "x: depth, y: f1", "'accuracy'"),
        .init(.figure, "x: depth, y: accuracy, hue: seed", "'curves'"),
        .init(.figure, "x: depth, y: accuracy, col: seed", "'panels'"),
        // Nothing here is like these.
        .init(.line, "callbacks: []", nil), .init(.run, "--frobnicate", nil), .init(.command, "xyzzy", nil),
    ]

    private static let base = "name: s\nmodel: mlp\ndataset: mnist\n"

    /// All that the program says about the word.
    private func answer(to word: ForeignWord) -> String? {
        let training = "training: {epochs: 1}\n"
        switch word.position {
        case .line:
            return faults(
                Self.base + (word.text.hasPrefix("training") ? "" : training) + word.text + "\n", [])
        case .axis: return faults(Self.base + training + "axes: {training.momentum: \(word.text)}\n", [])
        case .figure:
            let figure = "figures: [{name: f, \(word.text)}]\n"
            return faults(Self.base + training + "axes: {depth: [1, 2], seed: [0, 1]}\n" + figure, [])
        case .set: return faults(Self.base + training, [word.text])
        case .command: return unknownCommand(word.text)
        case .run:
            let words = ["s.yaml"] + word.text.split(separator: " ").map(String.init)
            let error = #expect(throws: UsageError.self) { try Arguments(words, for: runCommand.spec) }
            return error?.message
        }
    }

    private func faults(_ text: String, _ overrides: [String]) -> String? {
        let error = #expect(throws: SweepError.self) {
            try SweepSpec(parsing: text, file: "s.yaml", overrides: overrides.map { Override($0) })
        }
        return error?.message
    }

    @Test(arguments: words)
    func `The answer to a foreign word names the right thing, in one sentence`(word: ForeignWord) throws {
        let answer = try #require(self.answer(to: word))
        #expect(!answer.contains("did you mean"), "\(answer)")
        #expect(answer.split(separator: "\n").count == 1, "\(answer)")
        switch word.position {
        case .line, .axis, .figure: #expect(answer.hasPrefix("s.yaml:"), "\(answer)")
        case .set: #expect(answer.hasPrefix("--set \(word.text): "), "\(answer)")
        case .command, .run: break
        }
        guard let names = word.names else { return #expect(!answer.contains("is called"), "\(answer)") }
        #expect(answer.contains(names), "\(answer)")
    }

    @Test func `At least 55 of at least sixty words are answered by the right name`() {
        #expect(Self.words.count >= 60)
        #expect(Self.words.count { $0.names != nil } >= 55)
    }

    @Test func `Each name that answers a word is one that some reader knows`() throws {
        let names = Alias.sections.flatMap { $0.aliases }
        #expect(names.count > 100)
        for alias in names { #expect(isKnown(alias.name), "\(alias.name)") }
    }

    /// Whether some reader of names accepts the name.
    private func isKnown(_ name: String) -> Bool {
        let words = name.split(separator: " ").map(String.init)
        if words[0] == "ranksweep-worker" { return true }
        if words[0] == "ranksweep" {
            return words[1].hasPrefix("--") || commands.contains { $0.word == words[1] }
        }
        if name.hasPrefix("--") {
            let worker = ["--connect"]
            return worker.contains(name)
                || commands.contains { $0.spec.options.contains { $0.name == name } }
        }
        return Self.names.contains(name)
    }

    /// All names of sweep files: keys, settings, values, metrics, and the rules of axes.
    private static let names: Set<String> = {
        var names = Setting.all.map(\.path) + Setting.groups + Draft.keys + FigureReader.keys
        names += Metric.all.map(\.key) + Dataset.names + FigureSpec.Scale.allCases.map(\.rawValue)
        names += FigureSpec.Fit.allCases.map(\.rawValue) + ["final", "range", "count", "step"]
        names += LayerWord.words + LayerWord.settings.keys
        for case .word(let words) in Setting.all.map(\.kind) { names += words }
        return Set(names)
    }()

    @Test func `No word is answered by itself, and none is in a section twice`() {
        for section in Alias.sections {
            var seen: [String: String] = [:]
            for alias in section.aliases {
                for word in alias.words {
                    #expect(word != alias.name)
                    // A word may have several names, of which a reader knows one.
                    #expect(seen[word] != alias.name, "\(section.title): \(word)")
                    seen[word] = alias.name
                }
            }
        }
    }
}
