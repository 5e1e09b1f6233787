/// Wrong sweep files, each with its exact message: how the program talks to somebody who mistyped.
///
/// Most add one wrong thing to a small right file.
enum WrongFiles {
    struct Case: Sendable {
        var overrides: [String] = []
        var quick = false
        let text: String
        let message: String
    }

    /// A right file of a VIB on Gaussian data, but for its beta.
    static let vib = """
        name: s
        experiment: vib
        dataset: {name: gaussian, correlations: [0.5, 0.9]}
        training: {steps: 100}

        """

    /// A right file of an MLP on images.
    static let images = """
        name: s
        experiment: mlp
        dataset: mnist
        training: {epochs: 1}

        """

    private static func vib(
        _ rest: String, set overrides: [String] = [], quick: Bool = false, _ message: String
    ) -> Case {
        Case(overrides: overrides, quick: quick, text: vib + rest, message: message)
    }

    private static func images(_ rest: String, _ message: String) -> Case {
        Case(text: images + rest, message: message)
    }

    private static func file(_ text: String, _ message: String) -> Case { Case(text: text, message: message) }

    static let all = settings + axes + others

    private static let settings: [Case] = [
        vib(
            """
            beta: 0.1
            wdith: 3
            """,
            "s.yaml:6:1: wdith: no such key (did you mean 'width'?)"),
        vib(
            """
            beta: 0.1
            seed: 1.5
            """,
            "s.yaml:6:7: seed: 1.5 is not a whole number"),
        vib(
            "beta: -1",
            "s.yaml:5:7: beta: -1 is out of bounds: it must be above 0"),
        vib(
            "beta: 0",
            "s.yaml:5:7: beta: 0 is out of bounds: it must be above 0"),
        vib(
            "beta: '0.1'",
            "s.yaml:5:7: beta: '0.1' is a text in quotes where a number is due"),
        vib(
            "beta: .inf",
            "s.yaml:5:7: beta: '.inf' is not a finite number"),
        vib(
            "beta: 1e999",
            "s.yaml:5:7: beta: '1e999' is not a finite number"),
        vib(
            "beta: 0x10",
            "s.yaml:5:7: beta: '0x10' is not a decimal number"),
        vib(
            """
            beta: 0.1
            depth: 010
            """,
            """
            s.yaml:6:8: depth: '010' has a leading zero: write it without (numbers are decimal)
            """),
        vib(
            "beta: yes",
            "s.yaml:5:7: beta: 'yes' is not a number"),
        vib(
            "beta:",
            "s.yaml:5:6: beta: a value is missing: a number is due"),
        vib(
            "beta: [0.1, 0.2]",
            "s.yaml:5:7: beta: one value is due here; several make an axis, under 'axes'"),
        vib(
            "beta: {log: [1e-3, 1], count: 4}",
            "s.yaml:5:7: beta: one value is due here; several make an axis, under 'axes'"),
        vib(
            """
            beta: 0.1
            beta: 0.2
            """,
            "s.yaml:6:1: beta: given twice, first at 5:1"),
        vib(
            "beta: &b 0.1",
            "s.yaml:5:7: an anchor (&) is not part of a sweep file: write the value out"),
        vib(
            "beta: !!float 0.1",
            "s.yaml:5:7: a tag (!) is not part of a sweep file: write the value out"),
        vib(
            """
            beta: 0.1
            ---
            name: two
            """,
            "s.yaml:6:1: a second document: a sweep file has one"),
        images(
            "beta: 0.1",
            "s.yaml:5:7: beta: not used here: it needs experiment to be vib, and it is mlp"),
        images(
            """
            hidden: [500, 250]
            width: 100
            """,
            "s.yaml:6:8: width: cannot be given together with hidden"),
        vib(
            """
            beta: 0.1
            quick: {sede: [1]}
            """,
            "s.yaml:6:9: quick.sede: no such setting (did you mean 'seed'?)"),
        images(
            "measures: {localRank: {tresholds: [0.1]}, every: sometimes}",
            """
            s.yaml:5:24: measures.localRank.tresholds: no such setting (did you mean 'thresholds'?)
            s.yaml:5:50: measures.every: 'sometimes' where end, log, {linear: n}, {log: n} or a list of steps is due
            """),
        images(
            "measures: {localRank: {thresholds: []}, every: [5, 3]}",
            """
            s.yaml:5:36: measures.localRank.thresholds: an empty list
            s.yaml:5:52: measures.every: steps must increase, and 3 follows 5
            """),
        images(
            "measures: {localRank: {thresholds: [0.1, 0.1], every: log}, every: end}",
            """
            s.yaml:5:42: measures.localRank.thresholds: the value 0.1 is given twice, first at 5:37
            s.yaml:5:61: measures.every: given twice, first at 5:55
            """),
        images(
            "measures: {localRank: {points: 20000}}",
            """
            s.yaml:5:32: measures.localRank.points: 20000 points, and the data set has 10000 test points
            """),
        images(
            "measures: {localRank: no}",
            "s.yaml:5:23: measures.localRank: 'no' where true or false is due"),
        images(
            "width: {a: 1}",
            "s.yaml:5:8: width: a mapping where a number is due"),
        images(
            "training: {epochs: 1}",
            "s.yaml:5:1: training: given twice, first at 4:1"),
    ]

    private static let axes: [Case] = [
        vib(
            """
            axes:
              beta: [0.1, 0.2]
              widht: [1, 2]
            """,
            "s.yaml:7:3: axes.widht: no such setting (did you mean 'width'?)"),
        vib(
            "axes: {beta: [0.1], learningRate: [1e-3]}",
            """
            s.yaml:5:21: axes.learningRate: no such setting (did you mean 'training.learningRate'?)
            """),
        vib(
            """
            axes:
              beta: {log: [0, 1], count: 4}
            """,
            "s.yaml:6:16: axes.beta.log: 0 has no logarithm: 'log' needs ends above 0"),
        vib(
            """
            axes:
              beta: {log: [1e-3, 1]}
            """,
            "s.yaml:6:9: axes.beta: missing: count is required"),
        vib(
            """
            axes:
              beta: {log: [1e-3], count: 3}
            """,
            "s.yaml:6:15: axes.beta.log: two numbers in a list are due: [first, last]"),
        vib(
            """
            axes:
              beta: {lgo: [1e-3, 1], count: 3}
            """,
            "s.yaml:6:10: axes.beta.lgo: no such key (did you mean 'log'?)"),
        vib(
            """
            axes:
              beta: {linear: [1e-3, 1], cuont: 3}
            """,
            "s.yaml:6:29: axes.beta.cuont: no such key (did you mean 'count'?)"),
        vib(
            """
            axes:
              beta: {linear: [0.5, 0.5], count: 3}
            """,
            "s.yaml:6:18: axes.beta.linear: both ends are 0.5"),
        vib(
            """
            axes:
              beta: []
            """,
            "s.yaml:6:9: axes.beta: an empty list"),
        vib(
            """
            axes:
              beta: [0.1, 1, 1e-1]
            """,
            "s.yaml:6:18: axes.beta: the value 0.1 is given twice, first at 6:10"),
        vib(
            """
            axes:
              beta: 0.1
            """,
            """
            s.yaml:6:9: axes.beta: '0.1' where a list of values, or {log: [a, b], count: n}, {linear: [a, b], count: n}, {range: [a, b]} is due
            """),
        vib(
            """
            beta: 0.1
            axes: {seed: {range: [5, 5]}}
            """,
            """
            s.yaml:6:22: axes.seed.range: the range [5, 5] is empty: its end is not part of it
            """),
        vib(
            """
            beta: 0.1
            axes: {width: {log: [1, 4], count: 8}}
            """,
            """
            s.yaml:6:36: axes.width.count: so many values repeat themselves: 1 comes twice; take a smaller count
            """),
        vib(
            """
            beta: 0.1
            axes: {seed: {range: [0, 1000000]}, training.batch: {range: [1, 1000001]}}
            """,
            """
            s.yaml:6:8: axes: the grid has 1000000 × 1000000 trials; at most 100000000 are allowed
            """),
        vib(
            """
            beta: 0.1
            axes: {seed: {range: [0, 10000000000]}, training.batch: {range: [1, 1000001]}, width: {range: [1, 60000]}}
            """,
            """
            s.yaml:6:8: axes: the grid has 10000000000 × 1000000 × 59999 trials; at most 100000000 are allowed
            """),
        vib(
            """
            beta: 0.1
            axes: {beta: [0.1, 0.2]}
            """,
            "s.yaml:6:8: axes.beta: given twice, first at 5:7"),
        vib(
            """
            beta: 0.1
            axes: {depth: [1, 2
            """,
            "s.yaml:7:1: not YAML: did not find expected ',' or ']'"),
        vib(
            """
            beta: 0.1
            axes:
            \tdepth: [1]
            """,
            """
            s.yaml:7:1: not YAML: found character that cannot start any token (a tab: indent with spaces)
            """),
        vib(
            "axes: {beta: [0.1, 0.2], experiment: [mlp, vib]}",
            "s.yaml:5:26: axes.experiment: cannot be an axis: a sweep has one experiment"),
        images(
            "axes: {depth: [1, 2], width: [64, 128]}",
            """
            s.yaml:5:23: axes.width: depth=1, width=64 and depth=1, width=128 are the same trial, as width makes no difference there: drop one of them with 'where'
            """),
        images(
            """
            axes: {depth: [1, 2], width: [64, 128]}
            where: [dpeth > 1]
            """,
            "s.yaml:6:9: where: 'dpeth' is no axis of this sweep (did you mean 'depth'?)"),
        images(
            """
            axes: {depth: [1, 2], width: [64, 128]}
            where: [depth > 2]
            """,
            "s.yaml:6:9: where: no point is left: 'where' drops all of them"),
        images(
            """
            axes: {depth: [1, 2], width: [64, 128]}
            where: ["1 < depth < 3", "depth = 2", "depth > ", "(depth > 1", "seed > 1"]
            """,
            """
            s.yaml:6:20: where: comparisons do not chain: write 'a < b and b < c'
            s.yaml:6:33: where: '=' where a comparison (< <= > >= == !=) is due
            s.yaml:6:48: where: the end where an axis, a number or a text is due
            s.yaml:6:62: where: the end where ')' is due
            s.yaml:6:66: where: 'seed' is a setting but no axis of this sweep
            """),
        images(
            """
            axes: {depth: [2, 3], width: [64, 128], activation: [relu, tanh]}
            where: ["activation > relu", "activation == rleu", "activation == 3", "3 > 2"]
            """,
            """
            s.yaml:6:10: where: activation has texts: compare them with == or !=
            s.yaml:6:45: where: 'rleu' is no value of activation (did you mean 'relu'?)
            s.yaml:6:53: where: activation and 3 cannot be compared: a number and a text
            s.yaml:6:72: where: a comparison without an axis
            """),
        images(
            """
            axes: {depth: [2, 3], width: [64, 128]}
            zip: [[depth, widht]]
            """,
            "s.yaml:6:7: zip.widht: no such axis (did you mean 'width'?)"),
        images(
            """
            axes: {depth: [2, 3], width: [64, 128, 256]}
            zip: [[depth, width]]
            """,
            """
            s.yaml:6:7: zip: axes that advance together need equally many values: depth has 2, width 3
            """),
        images(
            """
            axes: {depth: [2, 3], width: [64, 128, 256]}
            zip: [[depth]]
            """,
            "s.yaml:6:7: zip: two axes at least advance together"),
        images(
            "axes: {dataset.trainPoints: [100, 1000], training.batch: [64, 128]}",
            """
            s.yaml:5:42: axes.training.batch: a batch of 128 is larger than the 100 training images (at dataset.trainPoints=100, training.batch=128)
            """),
        images(
            """
            axes: {training.learningRate: {log: [1e-4, 1], count: 3000}, training.weightDecay: {linear: [0, 1], count: 3000}}
            where: training.learningRate > training.weightDecay
            """,
            """
            s.yaml:6:8: where: the axes named together (training.learningRate and training.weightDecay) have 9000000 combinations; at most 4194304 can be tested
            """),
        images(
            "axes: {depth: [2, 3], width: {range: [0, 3]}}",
            """
            s.yaml:5:39: axes.width.range: 0 is out of bounds: it must be at least 1 and at most 65536
            """),
        images(
            "axes: {activation: {range: [0, 3]}}",
            """
            s.yaml:5:20: axes.activation: 'range' makes numbers, and this setting has none: list its values
            """),
        images(
            "axes: {hidden: [100, 200]}",
            """
            s.yaml:5:17: axes.hidden: '100' where a list is due
            s.yaml:5:22: axes.hidden: '200' where a list is due
            """),
        images(
            "where: {depth: 1}",
            "s.yaml:5:8: where: a mapping where a list is due"),
        images(
            "where: depth > 1",
            "s.yaml:5:8: where: 'depth' is a setting but no axis of this sweep"),
        images(
            "axes: *a",
            "s.yaml:5:7: an alias (*) is not part of a sweep file: write the value out"),
        images(
            "axes: {dataset: [mnist, {name: mnist, scale: unit}]}",
            "s.yaml:5:8: axes.dataset: given twice, first at 3:10"),
    ]

    private static let others: [Case] = [
        file(
            """
            name: s
            experiment: vae
            dataset: mnist
            training: {steps: 1}
            """,
            "s.yaml:2:13: experiment: 'vae' is none of mlp and vib"),
        file(
            """
            name: s
            experiment: mlp
            dataset: mnits
            training: {steps: 1}
            """,
            """
            s.yaml:3:10: dataset: 'mnits' is none of gaussian, mnist and fashion-mnist (did you mean 'mnist'?)
            """),
        file(
            """
            name: s
            experiment: mlp
            dataset: {name: mnist, correlations: [0.1]}
            training: {steps: 1}
            """,
            """
            s.yaml:3:38: dataset.correlations: not used here: it needs dataset to be gaussian, and it is mnist
            """),
        file(
            """
            name: s
            experiment: mlp
            dataset: {name: gaussian, correlations: [1.0]}
            training: {steps: 1}
            """,
            """
            s.yaml:3:42: dataset.correlations: 1 is out of bounds: it must be above -1 and below 1
            """),
        file(
            """
            name: s
            experiment: mlp
            dataset: {name: gaussian}
            training: {steps: 1}
            """,
            """
            s.yaml:3:17: dataset: gaussian data need 'correlations', or 'covariance' with 'inputs'
            """),
        file(
            """
            name: s
            experiment: mlp
            dataset: {name: gaussian, covariance: [[1, 2], [2, 1]], inputs: 1}
            training: {steps: 1}
            """,
            "s.yaml:3:39: dataset.covariance: not positive definite, so not a covariance"),
        file(
            """
            name: s
            experiment: mlp
            dataset: {name: gaussian, covariance: [[1, 0.5], [0.4, 1]], inputs: 1}
            training: {steps: 1}
            """,
            "s.yaml:3:51: dataset.covariance: not symmetric at row 2, column 1"),
        file(
            """
            name: s
            experiment: mlp
            dataset: {name: gaussian, covariance: [[1, 0.5], [0.5, 1]], inputs: 2}
            training: {steps: 1}
            """,
            """
            s.yaml:3:69: dataset.inputs: 2 inputs of a covariance of 2 variables leave no target
            """),
        file(
            """
            name: s
            experiment: mlp
            dataset: {name: gaussian, covariance: [[1, 0.5], [0.5, 1]]}
            training: {steps: 1}
            """,
            """
            s.yaml:3:39: dataset.covariance: a covariance needs 'inputs', the number of its variables that are x
            """),
        file(
            """
            name: s
            experiment: mlp
            dataset: {name: gaussian, correlations: [0.5], covariance: [[1, 0.5], [0.5, 1]], inputs: 1}
            training: {steps: 1}
            """,
            """
            s.yaml:3:60: dataset.covariance: cannot be given together with dataset.correlations
            """),
        file(
            """
            experiment: mlp
            dataset: mnist
            training: {steps: 1}
            """,
            "s.yaml: missing: name is required"),
        file(
            "name: s",
            """
            s.yaml: missing: experiment is required
            s.yaml: missing: dataset is required
            """),
        file(
            "a list",
            "s.yaml:1:1: 'a list' where a mapping is due"),
        file(
            """
            name: "my sweep/1"
            experiment: mlp
            dataset: mnist
            training: {steps: 1}
            """,
            """
            s.yaml:1:7: name: 'my sweep/1' is not a name: letters, digits, '.', '_' and '-', at most 100
            """),
        file(
            """
            name: s
            experiment: mlp
            dataset: mnist
            training: {epochs: 1, steps: 2}
            """,
            "s.yaml:4:20: training.epochs: cannot be given together with training.steps"),
        file(
            """
            name: s
            experiment: mlp
            dataset: mnist
            training: {learningRate: 1e-3}
            """,
            "s.yaml: missing: training.steps or training.epochs is required"),
        file(
            """
            name: s
            experiment: vib
            beta: 0.1
            dataset: {name: gaussian, correlations: [0.1]}
            training: {epochs: 2}
            """,
            """
            s.yaml:5:20: training.epochs: not used here: it needs dataset to be mnist or fashion-mnist, and it is gaussian
            """),
        file(
            """
            name: s
            experiment: mlp
            dataset: mnist
            training: {epochs: 1, momentum: 0.9}
            """,
            """
            s.yaml:4:33: training.momentum: not used here: it needs training.optimizer to be sgd, and it is adam
            """),
        file(
            """
            name: s
            experiment: mlp
            dataset: mnist
            training: {epochs: 1, leraningRate: 0.9}
            """,
            """
            s.yaml:4:23: training.leraningRate: no such setting (did you mean 'learningRate'?)
            """),
        file(
            """
            name: s
            experiment: mlp
            dataset: {name: mnist, trainPoints: 100}
            training: {epochs: 1}
            """,
            """
            s.yaml:3:37: dataset.trainPoints: a batch of 128 is larger than the 100 training images
            """),
        file(
            """
            name: s
            experiment: mlp
            dataset: mnist
            training: {epochs: 1, loss: gaussianNLL}
            """,
            """
            s.yaml:4:29: training.loss: gaussianNLL does not fit an mlp on mnist: take crossEntropy or meanSquaredError
            """),
        vib(
            "beta: 0.1", set: ["bta=1"],
            "--set bta=1: bta: no such setting (did you mean 'beta'?)"),
        vib(
            "beta: 0.1", set: ["beta=foo"],
            "--set beta=foo: beta: 'foo' is not a number"),
        vib(
            "beta: 0.1", set: ["beta"],
            "--set beta: write --set PATH=VALUE or --set PATH=VALUE,VALUE,…"),
        vib(
            "beta: 0.1", set: ["beta="],
            "--set beta=: beta: write --set PATH=VALUE or --set PATH=VALUE,VALUE,…"),
        vib(
            "beta: 0.1", set: ["beta=1], [2"],
            "--set beta=1], [2: beta: not YAML: did not find expected <document start>"),
        vib(
            "beta: 0.1", set: ["training=1"],
            """
            --set training=1: training: not a setting but several: training.optimizer, training.learningRate, training.beta1, training.beta2, training.epsilon, training.momentum, training.weightDecay, training.schedule, training.decayFactor, training.decayEvery, training.average, training.batch, training.steps, training.epochs and training.loss
            """),
        vib(
            "beta: 0.1", set: ["experiment=vib,mlp"],
            """
            --set experiment=vib,mlp: experiment: cannot be an axis: a sweep has one experiment
            """),
        vib(
            "beta: 0.1", quick: true,
            "s.yaml: --quick needs a 'quick' section, and there is none"),
        vib(
            """
            axes: {beta: [0.1, 0.2]}
            figures:
              - {name: a, x: bta, y: kl_nats}
              - {name: b, x: beta, y: kl_nat}
              - {name: c, x: beta, y: {metric: local_rank, threshold: 0.5}}
              - {name: c, x: beta, y: local_rank, colour: red}
              - {name: d, x: beta, y: accuracy}
              - {name: e, x: beta, y: kl_nats, curves: beta}
              - {name: f, x: seed, y: kl_nats}
              - {name: g, x: beta, y: {metric: local_rank, threshold: 0.1, layer: 5}}
            """,
            """
            s.yaml:7:18: figures.x 'bta': no such axis (did you mean 'beta'?)
            s.yaml:8:27: figures.y: 'kl_nat' is no metric (did you mean 'kl_nats'?)
            s.yaml:9:59: figures.y.threshold: the threshold 0.5 is not measured; measured are 0.01 and 0.1
            s.yaml:10:39: figures.colour: no such key; there are name, title, x, y, curves, panels, xscale, yscale and theory
            s.yaml:10:27: figures.y: a threshold is due: one of 0.01 or 0.1
            s.yaml:10:5: figures: two figures are named 'c'
            s.yaml:11:27: figures.y 'accuracy': not used here: it needs dataset to be mnist or fashion-mnist, and it is gaussian
            s.yaml:12:5: figures.e: beta is used twice in the figure
            s.yaml:13:18: figures.x: seed cannot be used here: figures average over it
            s.yaml:14:71: figures.y.layer: no layer 5: the deepest network has 2
            """),
        images(
            """
            figures:
              - {name: a, x: step, y: train_loss, theory: true}
            """,
            """
            s.yaml:6:47: figures.theory: the closed form exists for a vib on gaussian data only
            """),
        file(
            """
            name: s
            experiment: mlp
            training: {epochs: 1}
            axes: {dataset: [mnist, {name: gaussian, correlations: [0.5]}]}
            """,
            """
            s.yaml:3:20: training.epochs: gaussian data have no epochs: training.steps is required (at dataset=gaussian)
            """),
        images(
            "figures: [{name: a, x: step}]",
            "s.yaml:5:11: figures: missing: y is required"),
        images(
            "figures: [{name: a, x: step, y: test_loss, xscale: lin}]",
            "s.yaml:5:52: figures.xscale: 'lin' is none of linear and log"),
        images(
            """
            axes: {activation: [relu, tanh]}
            figures: [{name: a, x: activation, y: test_loss}]
            """,
            "s.yaml:6:24: figures.x: the values of activation are not numbers"),
        images(
            """
            axes: {activation: [relu, tanh]}
            figures: [{name: a, x: step, y: {metric: local_rank, threshold: 0.1, layer: each}, curves: activation}]
            """,
            """
            s.yaml:6:11: figures.a: 'layer: each' makes the curves itself: use 'panels' for the axis
            """),
        file(
            """
            {"name": "s", "name": "t"}
            """,
            "s.yaml:1:15: name: given twice, first at 1:2"),
        file(
            """
            ? [a]
            : b
            """,
            "s.yaml:1:3: a key must be a text"),
    ]
}
