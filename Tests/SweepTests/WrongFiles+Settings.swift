extension WrongFiles {
    /// Settings of the wrong type, out of bounds, unknown, twice.
    static let settings: [Case] = [
        file(
            resnet + "depth: 10\n",
            "s.yaml:5:8: depth: no resnet has depth 10: it is 6n + 2, so 8, 14, 20, 26, 32, …"),
        file(
            resnet + "width: 6\nnormalisation: group\n",
            "s.yaml:6:16: normalisation: 4 groups do not divide 6 units or channels: give 'groups' that do"),
        file(
            resnet + "groups: 2\n",
            "s.yaml:5:9: groups: not used here: it needs normalisation to be group, and it is batch"),
        file(
            resnet + "activation: tanh\n",
            "s.yaml:5:13: activation: not used here: it needs model to be mlp, cnn, vit, "
                + "mixer or gmlp, and it is resnet"),
        tokens(
            "vit", "width: 10", "s.yaml:5:8: width: 4 heads do not divide a width of 10: give 'heads' that do"
        ),
        tokens(
            "vit", "heads: 3",
            "s.yaml:5:8: heads: 3 heads do not divide a width of 64: give 'heads' that do"),
        tokens(
            "mixer", "patch: 5",
            "s.yaml:5:8: patch: patches of 5 × 5 pixels do not cover images of 28 × 28: give a 'patch' that divides "
                + "both"),
        tokens(
            "gmlp", "patch: 0", "s.yaml:5:8: patch: 0 is out of bounds: it must be at least 1 and at most 64"),
        tokens("gmlp", "width: 4097", "s.yaml:5:8: width: 4097 channels; 4096 are the most"),
        tokens(
            "gmlp", "mlp_ratio: 0.03",
            "s.yaml:5:12: mlp_ratio: mlp_ratio times a width of 64 must be at least 2: give a larger one"),
        tokens(
            "mixer", "token_ratio: 0.01",
            "s.yaml:5:14: token_ratio: token_ratio times a width of 64 must be at least 1: give a larger one"),
        tokens(
            "mixer", "token_ratio: 0",
            "s.yaml:5:14: token_ratio: 0 is out of bounds: it must be above 0 and at most 64"),
        tokens(
            "vit", "mlp_ratio: 65",
            "s.yaml:5:12: mlp_ratio: 65 is out of bounds: it must be above 0 and at most 64"),
        tokens(
            "vit", "dropout: 1",
            "s.yaml:5:10: dropout: 1 is out of bounds: it must be at least 0 and at most 0.99"),
        tokens(
            "vit", "patch: 1\nwidth: 4096\ndepth: 1000\npool: mean",
            // After two blocks: (2 + 36) 784 · 4096 numbers, two of four softmaxes of 784 × 784, and the input.
            "s.yaml:2:8: model: this vit computes 126946064 numbers or more for a point; at most 67108864 fit: take a larger "
                + "'patch', or a smaller 'width' or 'depth'"),
        tokens(
            "vit", "dropout: 0.5\naxes: {training.batch_size: [1, 3000]}",
            // 447194 numbers for a point: 40000 of softmaxes, 80000 of noise, the others of values.
            "s.yaml:6:8: axes.training.batch_size: what the network computes of 3000 points is 5366328000 bytes; at most "
                + "4294967296 (4 GiB) fit: take a smaller batch or network (at training.batch_size=3000)"),
        tokens("vit", "pool: max", "s.yaml:5:7: pool: 'max' must be one of class or mean"),
        tokens(
            "mixer", "heads: 2",
            "s.yaml:5:8: heads: not used here: it needs model to be vit, and it is mixer"),
        tokens(
            "gmlp", "hidden: [4]",
            "s.yaml:5:9: hidden: not used here: it needs model to be mlp or cnn, and it is gmlp"),
        tokens(
            "vit", "token_ratio: 1",
            "s.yaml:5:14: token_ratio: not used here: it needs model to be mixer, and it is vit"),
        file(
            "name: s\nmodel: vit\ndataset: modular-addition\ntraining: {steps: 9}\n",
            "s.yaml:3:10: dataset: a vit needs images: mnist, fashion-mnist, cifar-10, cifar-100, generated-images or an array of images"
        ),
        file(
            "name: s\nmodel: vib\nbeta: 0.1\ndataset: mnist\ntraining: {steps: 9}\nmeasures: {neural_collapse: true}\n",
            "s.yaml:6:29: measures.neural_collapse: not used here: it needs model to be mlp, cnn, resnet, vit, mixer, "
                + "gmlp, layers or onnx, and it is vib"
        ),
        file(
            resnet + "shortcut: identity\n",
            "s.yaml:5:11: shortcut: 'identity' must be one of padded or projection"),
        file(
            resnet + "residual: true\n",
            "s.yaml:5:11: residual: not used here: it needs model to be mlp, and it is resnet"),
        images(
            "normalisation: bach",
            "s.yaml:5:16: normalisation: 'bach' must be one of none, layer, batch, instance, group or token (did "
                + "you mean 'batch'?)"),
        images(
            "normalisation: batch\nmeasures: {weight_product: true}",
            "s.yaml:6:28: measures.weight_product: this measure works for plain networks only: an mlp without "
                + "normalisation and residual connections, or a vib with such an encoder"),
        file(
            "name: s\nmodel: vib\nbeta: 0.1\ndataset: modular-addition\ntraining: {steps: 9}\n",
            "s.yaml:2:8: model: modular addition is for an mlp"),
        file(
            "name: s\nmodel: mlp\ndataset: {name: modular-addition, train_points: 9}\ntraining: {steps: 9}\n",
            "s.yaml:3:49: dataset.train_points: not used here: it needs dataset to be mnist, fashion-mnist, "
                + "cifar-10, cifar-100, generated-images, teacher, symmetric or array, and it is modular-addition"
        ),
        images(
            "measures: {local_rank: {patch: 8}}",
            "s.yaml:5:32: measures.local_rank.patch: not used here: it needs model to be cnn, resnet, vit, "
                + "mixer, gmlp, layers or onnx, and it is mlp"),
        file(
            "name: s\nmodel: cnn\ndataset: {name: teacher, inputs: 4, norm: 2}\ntraining: {steps: 9}\n",
            "s.yaml:3:17: dataset: a cnn needs images: mnist, fashion-mnist, cifar-10, cifar-100, generated-images or an array of images"
        ),
        file(
            "name: s\nmodel: cnn\ndataset: mnist\ndepth: 1\ntraining: {steps: 9}\n",
            "s.yaml:4:8: depth: a cnn needs a convolution before its dense layer: depth is 2 or more"),
        file(
            "name: s\nmodel: mlp\ndataset: {name: cifar-10, train_points: 50001}\ntraining: {steps: 9}\n",
            "s.yaml:3:41: dataset.train_points: 50001 training points, and the data set has 50000"),
        vib(
            "beta: 0.1\nweights: last",
            "s.yaml:6:10: weights: 'last' is called 'final' here"),
        vib(
            "beta: 0.1\nweights: {final: 1}",
            "s.yaml:6:10: weights: expected none, final, best or a list of steps, found a mapping"),
        vib(
            "beta: 0.1\nweights: [10, 5]",
            "s.yaml:6:15: weights: steps must increase, and 5 follows 10"),
        vib(
            "beta: 0.1\nweights: best",
            "s.yaml:6:10: weights: 'best' chooses among the trace's steps, and there is no trace: give measures.trace_at, or keep "
                + "'final'"),
        vib(
            "axes: {beta: [0.1, 0.2], weights: [final, best]}",
            "s.yaml:5:26: axes.weights: cannot be an axis: it applies to the whole sweep (several steps are one "
                + "list: [100, 200])"),
        vib(
            "beta: 0.1", set: ["weights=10,20"],
            "--set weights=10,20: weights: cannot be an axis: it applies to the whole sweep (several steps are one "
                + "list: [100, 200])"),
        vib(
            "beta: 0.1\nreproducibility: strickt",
            "s.yaml:6:18: reproducibility: 'strickt' must be one of recorded or strict (did you mean 'strict'?)"
        ),
        vib(
            "axes: {beta: [0.1, 0.2], reproducibility: [strict, recorded]}",
            "s.yaml:5:26: axes.reproducibility: cannot be an axis: it applies to the whole sweep"),
        vib(
            "beta: 0.1\nhidden: [8192, 8192]\nweights: final",
            "s.yaml:7:10: weights: a trial's kept weights are 268697648 bytes; at most 268435456 (256 MiB) can be kept"
        ),
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
            "s.yaml:5:7: beta: -1 is out of bounds: it must be at least 1e-30 and at most 1e+30 "
                + "(networks train in float32, which has room for no more)"),
        vib(
            "beta: 0",
            "s.yaml:5:7: beta: 0 is out of bounds: it must be at least 1e-30 and at most 1e+30 "
                + "(networks train in float32, which has room for no more)"),
        file(
            "name: s\nmodel: mlp\ndataset: mnist\ntraining: {epochs: 1, epsilon: 1e-37}\n",
            "s.yaml:4:32: training.epsilon: 1e-37 is out of bounds: it must be at least 1e-15 and at most 1e+30 "
                + "(networks train in float32, where small squared gradients vanish and only ε is left to divide by)"
        ),
        file(
            "name: s\nmodel: mlp\ndataset: mnist\ntraining: {epochs: 1, beta2: 0.99999999}\n",
            "s.yaml:4:30: training.beta2: 0.99999999 is out of bounds: it must be at least 0 and at most 0.9999999 "
                + "(networks train in float32, where an average that keeps more never moves)"),
        file(
            "name: s\nmodel: mlp\ndataset: mnist\ntraining: {epochs: 1, optimizer: sgd, momentum: 1}\n",
            "s.yaml:4:49: training.momentum: 1 is out of bounds: it must be at least 0 and at most 0.9999999 "
                + "(networks train in float32, where an average that keeps more never moves)"),
        file(
            "name: s\nmodel: mlp\ndataset: mnist\ntraining: {epochs: 1}\n"
                + "axes: {training.ema_decay: [0.9, 0.99999999]}\n",
            "s.yaml:5:34: axes.training.ema_decay: 0.99999999 is out of bounds: it must be above 0 and at most 0.999999 "
                + "(networks train in float32, where an average that keeps more stays at the drawn weights)"),
        file(
            "name: s\nmodel: mlp\ndataset: mnist\ntraining: {epochs: 1, learning_rate: 1e-60, weight_decay: 1e39}\n",
            """
            s.yaml:4:38: training.learning_rate: 1e-60 is out of bounds: it must be at least 1e-30 and at most 1e+30 \
            (networks train in float32, which has room for no more)
            s.yaml:4:59: training.weight_decay: 1e+39 is out of bounds: it must be at least 0 and at most 1e+30 \
            (networks train in float32, which has room for no more)
            """),
        vib(
            "beta: '0.1'",
            "s.yaml:5:7: beta: expected a number, found the quoted text '0.1'"),
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
            "s.yaml:5:6: beta: a value is missing: expected a number"),
        vib(
            "beta: [0.1, 0.2]",
            "s.yaml:5:7: beta: expected one value; several make an axis, under 'axes'"),
        vib(
            "beta: {log: [1e-3, 1], count: 4}",
            "s.yaml:5:7: beta: expected one value; several make an axis, under 'axes'"),
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
            "s.yaml:5:7: beta: not used here: it needs model to be vib, and it is mlp"),
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
            "measures: {local_rank: {tresholds: [0.1]}, trace_at: sometimes}",
            """
            s.yaml:5:25: measures.local_rank.tresholds: no such setting (did you mean 'thresholds'?)
            s.yaml:5:54: measures.trace_at: expected end, log, {linear: n}, {log: n}, {epochs: n} or a list of steps, found 'sometimes'
            """),
        images(
            "measures: {local_rank: {thresholds: []}, trace_at: [5, 3]}",
            """
            s.yaml:5:37: measures.local_rank.thresholds: an empty list
            s.yaml:5:56: measures.trace_at: steps must increase, and 3 follows 5
            """),
        images(
            "measures: {local_rank: {thresholds: [0.1, 0.1], every: log}}",
            """
            s.yaml:5:43: measures.local_rank.thresholds: the value 0.1 is given twice, first at 5:38
            s.yaml:5:49: measures.local_rank.every: 'every' is now 'measures.trace_at'
            """),
        images(
            "measures: {local_rank: {points: 20000}}",
            """
            s.yaml:5:33: measures.local_rank.points: 20000 points, and the data set has 10000 test points
            """),
        images(
            "measures: {local_rank: no}",
            "s.yaml:5:24: measures.local_rank: expected true or false, found 'no'"),
        images(
            "width: {a: 1}",
            "s.yaml:5:8: width: expected a number, found a mapping"),
        images(
            "training: {epochs: 1}",
            "s.yaml:5:1: training: given twice, first at 4:1"),
        vib(
            "beta: 0.1\nmeasures: {trace_at: [10, 100, 101, 500]}",
            """
            s.yaml:6:22: measures.trace_at: no trial reaches step 101: training ends with step 100 (where quick or --set shortens it, give measures.trace_at there too)
            """),
        vib(
            "beta: 0.1\nmeasures: {trace_at: [10, 100]}\nquick: {training.steps: 50}", quick: true,
            """
            s.yaml:6:22: measures.trace_at: no trial reaches step 100: training ends with step 50 (where quick or --set shortens it, give measures.trace_at there too)
            """),
        vib(
            "beta: 0.1\nweights: [100, 101]",
            """
            s.yaml:6:10: weights: no trial reaches step 101: training ends with step 100 (where quick or --set shortens it, give weights there too)
            """),
        vib(
            "beta: 0.1\nweights: [31]\nquick: {training.steps: 30}", quick: true,
            """
            s.yaml:6:10: weights: no trial reaches step 31: training ends with step 30 (where quick or --set shortens it, give weights there too)
            """),
        images(
            "measures: {trace_at: [468, 469]}",
            """
            s.yaml:5:22: measures.trace_at: no trial reaches step 469: training ends with step 468 (where quick or --set shortens it, give measures.trace_at there too)
            """),
    ]
}
