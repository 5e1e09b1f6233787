extension WrongFiles {
    /// Whole files, overrides, quick and figures.
    static let others: [Case] = [
        file(
            """
            name: s
            model: vae
            dataset: mnist
            training: {steps: 1}
            """,
            "s.yaml:2:8: model: 'vae' must be one of mlp, vib, cnn, resnet, vit, mixer, gmlp, layers or onnx"),
        file(
            """
            name: s
            model: mlp
            dataset: mnits
            training: {steps: 1}
            """,
            """
            s.yaml:3:10: dataset: 'mnits' must be one of gaussian, mnist, fashion-mnist, cifar-10, cifar-100, generated-images, teacher, symmetric, modular-addition or array (did you mean 'mnist'?)
            """),
        file(
            """
            name: s
            model: mlp
            dataset: {name: mnist, correlations: [0.1]}
            training: {steps: 1}
            """,
            """
            s.yaml:3:38: dataset.correlations: not used here: it needs dataset to be gaussian, and it is mnist
            """),
        file(
            """
            name: s
            model: mlp
            dataset: {name: gaussian, correlations: [1.0]}
            training: {steps: 1}
            """,
            """
            s.yaml:3:42: dataset.correlations: 1 is out of bounds: it must be above -1 and below 1
            """),
        file(
            """
            name: s
            model: mlp
            dataset: {name: gaussian}
            training: {steps: 1}
            """,
            """
            s.yaml:3:17: dataset: gaussian data need 'correlations', or 'covariance' with 'inputs'
            """),
        file(
            """
            name: s
            model: mlp
            dataset: {name: gaussian, covariance: [[1, 2], [2, 1]], inputs: 1}
            training: {steps: 1}
            """,
            "s.yaml:3:39: dataset.covariance: not positive definite, so not a covariance"),
        file(
            """
            name: s
            model: mlp
            dataset: {name: gaussian, covariance: [[1, 0.5], [0.4, 1]], inputs: 1}
            training: {steps: 1}
            """,
            "s.yaml:3:51: dataset.covariance: not symmetric at row 2, column 1"),
        file(
            """
            name: s
            model: mlp
            dataset: {name: gaussian, covariance: [[1, 0.5], [0.5, 1]], inputs: 2}
            training: {steps: 1}
            """,
            """
            s.yaml:3:69: dataset.inputs: 2 inputs of a covariance of 2 variables leave no target
            """),
        file(
            """
            name: s
            model: mlp
            dataset: {name: gaussian, covariance: [[1, 0.5], [0.5, 1]]}
            training: {steps: 1}
            """,
            """
            s.yaml:3:39: dataset.covariance: a covariance needs 'inputs', the number of its variables that are x
            """),
        file(
            """
            name: s
            model: mlp
            dataset: {name: gaussian, correlations: [0.5], covariance: [[1, 0.5], [0.5, 1]], inputs: 1}
            training: {steps: 1}
            """,
            """
            s.yaml:3:60: dataset.covariance: cannot be given together with dataset.correlations
            """),
        file(
            """
            name: s
            model: mlp
            dataset: {name: gaussian, correlations: [0.5, 0.4, 0.3], inputs: 9, targets: 2}
            training: {steps: 1}
            """,
            """
            s.yaml:3:41: dataset.correlations: 3 correlations, and the smaller of inputs and targets is 2
            """),
        file(
            """
            name: s
            model: mlp
            dataset: {name: gaussian, correlations: [0.5], directions_seed: 7}
            training: {steps: 1}
            """,
            """
            s.yaml:3:65: dataset.directions_seed: random directions need 'inputs' and 'targets', the numbers of x's \
            and y's components
            """),
        file(
            """
            name: s
            model: mlp
            dataset: {name: gaussian, covariance: [[1, 0.5], [0.5, 1]], inputs: 1, targets: 1}
            training: {steps: 1}
            """,
            "s.yaml:3:81: dataset.targets: cannot be given together with dataset.covariance"),
        file(
            """
            model: mlp
            dataset: mnist
            training: {steps: 1}
            """,
            "s.yaml:1:1: missing: name is required"),
        file(
            "name: s",
            """
            s.yaml:1:1: missing: model is required
            s.yaml:1:1: missing: dataset is required
            """),
        file(
            "a list",
            "s.yaml:1:1: expected a mapping, found 'a list'"),
        file(
            """
            name: "my sweep/1"
            model: mlp
            dataset: mnist
            training: {steps: 1}
            """,
            """
            s.yaml:1:7: name: 'my sweep/1' is not a name: letters, digits, '.', '_' and '-', at most 100, the first no '.' or '-'
            """),
        file(
            """
            name: -x
            model: mlp
            dataset: mnist
            training: {steps: 1}
            """,
            """
            s.yaml:1:7: name: '-x' is not a name: letters, digits, '.', '_' and '-', at most 100, the first no '.' or '-'
            """),
        images(
            "figures: [{name: --out, x: seed, y: accuracy}]\naxes: {seed: [0, 1]}",
            """
            s.yaml:5:18: figures.name: '--out' is not a name: letters, digits, '.', '_' and '-', at most 100, the first no '.' or '-'
            """),
        file(
            """
            name: s
            model: mlp
            dataset: mnist
            training: {epochs: 1, steps: 2}
            """,
            "s.yaml:4:20: training.epochs: cannot be given together with training.steps"),
        file(
            """
            name: s
            model: mlp
            dataset: mnist
            training: {learning_rate: 1e-3}
            """,
            "s.yaml:4:1: missing: training.steps or training.epochs is required"),
        file(
            """
            # a comment

            name: s
            model: mlp
            dataset: mnist
            """,
            "s.yaml:3:1: missing: training.steps or training.epochs is required"),
        file(
            """
            name: s
            model: vib
            beta: 0.1
            dataset: {name: gaussian, correlations: [0.1]}
            training: {epochs: 2}
            """,
            """
            s.yaml:5:20: training.epochs: not used here: it needs dataset to be mnist, fashion-mnist, cifar-10, cifar-100, generated-images, teacher, symmetric, modular-addition or array, and it is gaussian
            """),
        file(
            """
            name: s
            model: mlp
            dataset: mnist
            training: {epochs: 1, momentum: 0.9}
            """,
            """
            s.yaml:4:33: training.momentum: not used here: it needs training.optimizer to be sgd, and it is adam
            """),
        file(
            """
            name: s
            model: mlp
            dataset: mnist
            training: {epochs: 1, leraningRate: 0.9}
            """,
            """
            s.yaml:4:23: training.leraningRate: no such setting (did you mean 'learning_rate'?)
            """),
        file(
            """
            name: s
            model: mlp
            dataset: {name: mnist, train_points: 100}
            training: {epochs: 1}
            """,
            """
            s.yaml:3:38: dataset.train_points: a batch of 128 is larger than the 100 training points
            """),
        file(
            """
            name: s
            model: mlp
            dataset: mnist
            training: {epochs: 1, loss: gaussian_nll}
            """,
            """
            s.yaml:4:29: training.loss: gaussian_nll does not fit an mlp on mnist: take cross_entropy or mean_squared_error
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
            --set training=1: training: not a setting but several: training.optimizer, training.learning_rate, training.beta1, training.beta2, training.epsilon, training.momentum, training.weight_decay, training.schedule, training.decay_factor, training.decay_every, training.milestones, training.warmup, training.clip_norm, training.ema_decay, training.batch_size, training.steps, training.epochs, training.stop_at_loss, training.loss and training.label_smoothing
            """),
        vib(
            "beta: 0.1", set: ["model=vib,mlp"],
            """
            --set model=vib,mlp: model: cannot be an axis: a sweep has one model
            """),
        vib(
            "beta: 0.1", quick: true,
            "s.yaml:1:1: --quick needs a 'quick' section, and there is none"),
        vib(
            """
            axes: {beta: [0.1, 0.2]}
            figures:
              - {name: a, x: bta, y: kl_nats}
              - {name: b, x: beta, y: kl_nat}
              - {name: c, x: beta, y: {metric: local_rank, threshold: 0.5}}
              - {name: c, x: beta, y: local_rank, watermark: red}
              - {name: d, x: beta, y: accuracy}
              - {name: e, x: beta, y: kl_nats, curves: beta}
              - {name: f, x: seed, y: kl_nats}
              - {name: g, x: beta, y: {metric: local_rank, threshold: 0.1, layer: 5}}
            """,
            """
            s.yaml:7:18: figures.x 'bta': no such axis (did you mean 'beta'?)
            s.yaml:8:27: figures.y: 'kl_nat' is no metric (did you mean 'kl_nats'?)
            s.yaml:9:59: figures.y.threshold: the threshold 0.5 is not measured; measured are 0.01 and 0.1
            s.yaml:10:39: figures.watermark: no such key; there are name, title, x, y, color, classes, points, curves, panels, xscale, yscale, theory, fit, size, font, font_size, xlabel, ylabel, xlim, ylim, legend, interval, style, columns and header
            s.yaml:10:27: figures.y: expected a threshold: one of 0.01 or 0.1
            s.yaml:10:5: figures: two figures are named 'c'
            s.yaml:11:27: figures.y 'accuracy': not used here: it needs dataset to be mnist, fashion-mnist, cifar-10, cifar-100, generated-images, teacher, symmetric, modular-addition or array, and it is gaussian
            s.yaml:12:5: figures.e: beta is used twice in the figure
            s.yaml:13:18: figures.x: seed cannot be used here: figures average over it
            s.yaml:14:71: figures.y.layer: no layer 5: the deepest network has 2
            """),
        vib(
            """
            axes: {beta: [0.1, 0.2]}
            figures:
              - {name: a, x: beta, y: kl_nats}
              - {name: a-latex, x: beta, y: kl_nats}
              - {name: b-seeds, x: beta, y: kl_nats}
              - {name: b, x: beta, y: kl_nats}
              - {name: b-fall, x: beta, y: kl_nats}
            """,
            """
            s.yaml:8:5: figures: 'a-latex' is the name of a file of the figure 'a': rename one of them
            s.yaml:10:5: figures: 'b-seeds' is the name of a file of the figure 'b': rename one of them
            """),
        images(
            """
            figures:
              - {name: a, x: step, y: train_loss, theory: true}
            measures: {trace_at: log}
            """,
            """
            s.yaml:6:47: figures.theory: there is theory for a vib on gaussian data, for an mlp on a teacher's, and for products of normal weights, only
            """),
        file(
            """
            name: s
            model: mlp
            training: {epochs: 1}
            axes: {dataset: [mnist, {name: gaussian, correlations: [0.5]}]}
            """,
            """
            s.yaml:3:20: training.epochs: gaussian data have no epochs: training.steps is required (at dataset=gaussian)
            """),
        images(
            "figures: [{name: a, x: step, y: test_loss}]",
            "s.yaml:5:24: figures.x: nothing is measured along training: set measures.trace_at"),
        images(
            "figures: [{name: a, x: step}]\nmeasures: {trace_at: log}",
            "s.yaml:5:11: figures: missing: y is required"),
        images(
            "figures: [{name: a, x: step, y: test_loss, xscale: lin}]\nmeasures: {trace_at: log}",
            "s.yaml:5:52: figures.xscale: 'lin' must be one of linear or log"),
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
            measures: {trace_at: [1, 2]}
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
        file(
            """
            name: s
            model: vib
            beta: 0.1
            dataset: {correlations: [0.5]}
            training: {steps: 100}
            """,
            "s.yaml:4:25: missing: dataset.name is required"),
        file(
            "name: null\nmodel: mlp\ndataset: mnist\ntraining: {epochs: 1}",
            "s.yaml:1:7: name: a value is missing: expected a text"),
        images(
            "axes: {training.steps: [~]}",
            "s.yaml:5:25: axes.training.steps: a value is missing: expected a number"),
    ]
}
