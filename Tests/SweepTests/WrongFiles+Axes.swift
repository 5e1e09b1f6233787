extension WrongFiles {
    /// Axes, zips and conditions.
    static let axes: [Case] = [
        vib(
            """
            axes:
              beta: [0.1, 0.2]
              widht: [1, 2]
            """,
            "s.yaml:7:3: axes.widht: no such setting (did you mean 'width'?)"),
        vib(
            "axes: {beta: [0.1], learning_rate: [1e-3]}",
            """
            s.yaml:5:21: axes.learning_rate: 'learning_rate' is called 'training.learning_rate' here
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
            "s.yaml:6:15: axes.beta.log: expected two numbers in a list: [first, last]"),
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
            s.yaml:6:9: axes.beta: expected a list of values, or {log: [a, b], count: n}, {linear: [a, b], count: n}, {range: [a, b]}, {uniform: [a, b], count: n}, {log_uniform: [a, b], count: n}, found '0.1'
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
            axes: {seed: {range: [0, 1000000]}, training.batch_size: {range: [1, 1000001]}}
            """,
            """
            s.yaml:6:8: axes: the grid has 1000000 × 1000000 trials; at most 100000000 are allowed
            """),
        vib(
            """
            beta: 0.1
            axes: {seed: {range: [0, 10000000000]}, training.batch_size: {range: [1, 1000001]}, width: {range: [1, 60000]}}
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
            "axes: {beta: [0.1, 0.2], model: [mlp, vib]}",
            "s.yaml:5:26: axes.model: cannot be an axis: a sweep has one model"),
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
            s.yaml:6:33: where: expected a comparison (< <= > >= == !=), found '='
            s.yaml:6:48: where: expected an axis, a number or a text, found the end
            s.yaml:6:62: where: expected ')', found the end
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
            axes: {depth: [2, 3], width: [4, 8, 16], seed: [1, 2, 3, 4], training.batch_size: [8]}
            zip: [[depth, width, seed, training.batch_size]]
            """,
            """
            s.yaml:6:7: zip: axes that advance together need equally many values: depth has 2, width 3, seed 4, training.batch_size 1
            """),
        images(
            """
            axes: {depth: [2, 3], width: [64, 128]}
            zip: [depth, width, [seed]]
            """,
            "s.yaml:6:7: zip: expected a list, found 'depth'"),
        images(
            """
            axes: {depth: [2, 3], width: [64, 128, 256]}
            zip: [[depth]]
            """,
            "s.yaml:6:7: zip: two axes at least advance together"),
        images(
            "axes: {dataset.train_points: [100, 1000], training.batch_size: [64, 128]}",
            """
            s.yaml:5:43: axes.training.batch_size: a batch of 128 is larger than the 100 training points (at dataset.train_points=100, training.batch_size=128)
            """),
        images(
            """
            axes: {training.learning_rate: {log: [1e-4, 1], count: 3000}, training.weight_decay: {linear: [0, 1], count: 3000}}
            where: training.learning_rate > training.weight_decay
            """,
            """
            s.yaml:6:8: where: the axes named together (training.learning_rate and training.weight_decay) have 9000000 combinations; at most 4194304 can be tested
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
            s.yaml:5:17: axes.hidden: expected a list, found '100'
            s.yaml:5:22: axes.hidden: expected a list, found '200'
            """),
        images(
            "where: {depth: 1}",
            "s.yaml:5:8: where: expected a list, found a mapping"),
        images(
            "where: depth > 1",
            "s.yaml:5:8: where: 'depth' is a setting but no axis of this sweep"),
        images(
            "axes: *a",
            "s.yaml:5:7: an alias (*) is not part of a sweep file: write the value out"),
        images(
            "axes: {dataset: [mnist, {name: mnist, scale: unit}]}",
            "s.yaml:5:8: axes.dataset: given twice, first at 3:10"),
        // Sections may have any order: the later one is wrong.
        file(
            """
            name: s
            axes:
              depth: [2, 3]
              dataset: [mnist, {name: fashion-mnist, train_points: 100}]
            model: mlp
            depth: 4
            dataset: {train_points: 1000}
            training: {epochs: 1}
            """,
            """
            s.yaml:6:8: depth: given twice, first at 3:3
            s.yaml:7:25: dataset.train_points: given twice, first at 4:3
            """),
    ]
}
