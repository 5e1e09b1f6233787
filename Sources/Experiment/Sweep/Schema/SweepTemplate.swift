import Text

/// A sweep file to begin with, one for each model. It runs without data to fetch, and its comments come from
/// the declarations of the settings.
public struct SweepTemplate: Sendable {
    /// The model's name.
    public let model: String
    /// A description of the file's sweep, in one line.
    public let summary: String
    /// The data set, which with the model determines the settings that apply.
    private let dataset: String
    /// The lines from `dataset` on. A line that gives one setting gets a comment.
    private let body: String

    /// The templates, one for each model.
    public static let all: [SweepTemplate] = [
        SweepTemplate(
            model: "mlp", summary: "accuracy and local rank of MLPs of several depths, along training",
            dataset: "generated-images", body: mlpBody),
        SweepTemplate(
            model: "vib", summary: "what a variational information bottleneck keeps, against beta",
            dataset: "gaussian", body: vibBody),
        SweepTemplate(
            model: "cnn", summary: "accuracy and local rank of a small convolutional network, along training",
            dataset: "generated-images", body: cnnBody),
        SweepTemplate(
            model: "resnet",
            summary: "accuracy of a residual network at several learning rates, along training",
            dataset: "generated-images", body: resnetBody),
        SweepTemplate(
            model: "vit",
            summary: "accuracy and local rank of a vision transformer, along training",
            dataset: "generated-images", body: tokensBody),
        SweepTemplate(
            model: "mixer", summary: "accuracy and local rank of an MLP-Mixer, along training",
            dataset: "generated-images", body: tokensBody),
        SweepTemplate(
            model: "gmlp", summary: "accuracy and local rank of a gMLP, along training",
            dataset: "generated-images", body: tokensBody),
        SweepTemplate(
            model: "layers",
            summary: "accuracy and local rank of LeNet-5, listed layer by layer, along training",
            dataset: "generated-images", body: layersBody),
    ]

    /// The file's text.
    ///
    /// - Parameters:
    ///   - name: the sweep's name.
    ///   - schema: the path of the JSON Schema; nil if it will be made beside the file.
    public func text(name: String, schema: String?) -> String {
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false).flatMap { commented($0) }
        return """
            # yaml-language-server: $schema=\(schema ?? "sweep.schema.json")
            # \(summary.prefix(1).uppercased() + summary.dropFirst()).
            # 'ranksweep plan FILE' checks this file, 'ranksweep run FILE' runs it: figures and tables are then in
            # runs/\(name). 'ranksweep schema > sweep.schema.json' writes the schema that editors use.
            name: \(name)
            model: \(model)

            \(lines.joined(separator: "\n"))

            # Everything else that this model takes, with its default. Any of these may also be an axis.
            \(others.joined(separator: "\n"))

            """
    }

    /// The line, below the meaning of its setting if it gives only one: "  batch_size: 64".
    private func commented(_ line: Substring) -> [String] {
        let indent = line.prefix { $0 == " " }
        let key = line.dropFirst(indent.count).prefix { $0 != ":" }
        let paths = indent.isEmpty ? [String(key)] : ["training.\(key)", "measures.\(key)", String(key)]
        guard let setting = paths.lazy.compactMap({ Setting[path: $0] }).first else { return [String(line)] }
        return comment(setting.meaning, indent: String(indent)) + [String(line)]
    }

    private func comment(_ text: String, indent: String) -> [String] {
        var lines: [String] = []
        var line = indent + "#"
        for word in text.split(separator: " ") {
            if line.count + 1 + word.count > 100, line.count > indent.count + 1 {
                lines.append(line)
                line = indent + "#"
            }
            line += " " + word
        }
        return lines + [line]
    }

    /// Comments about the settings that the body doesn't give. A measure has only its switch.
    private var others: [String] {
        var lines: [String] = []
        for setting in Setting.all where applies(setting) && !body.contains(setting.key + ":") {
            let isOfMeasure =
                setting.path.split(separator: ".").count > 2 && setting.path.hasPrefix("measures")
            if isOfMeasure || ["model", "dataset", "seed"].contains(setting.path) { continue }
            lines += comment("\(setting.path): \(setting.defaultText)", indent: "")
            lines += comment(setting.meaning, indent: "").map { "#    " + $0.dropFirst() }
        }
        return lines
    }

    private func applies(_ setting: Setting) -> Bool {
        setting.uses.allSatisfy { use in
            switch use.path {
            case "model": use.words.contains(model)
            case Setting.Use.networkPath: use.words.contains(model == "vib" ? "mlp" : model)
            case "dataset": use.words.contains(dataset)
            default: true
            }
        }
    }
}

private let mlpBody = """
    # Computed images of CIFAR-10's shape: nothing to fetch. Others: mnist and fashion-mnist ('ranksweep data
    # fetch mnist' brings them), cifar-10, gaussian, teacher, symmetric, modular-addition.
    dataset: {name: generated-images, train_points: 2000, test_points: 500}

    # The grid is the product of the axes; means and intervals in figures are over the seeds.
    # Also: {log: [1e-4, 1e-1], count: 4}, {linear: [0, 1], count: 5}, {range: [0, 5]}; or drawn numbers:
    # {log_uniform: [1e-4, 1e-1], count: 20}, {uniform: [0, 1], count: 20}.
    axes:
      depth: [2, 3, 4]
      training.learning_rate: [1e-3, 1e-2]
      seed: {range: [0, 2]}

    width: 64
    activation: relu
    training:
      optimizer: adam
      batch_size: 64
      epochs: 5

    measures:
      local_rank: {thresholds: [0.1], relative: [0.01], points: 2}
      trace_at: {log: 10}

    # What --quick applies: a smaller sweep of the same shape.
    quick: {seed: [0], training.epochs: 2}

    # Each figure has a row of panels for each metric in y. x: step is along training.
    figures:
      - {name: accuracy, x: depth, y: accuracy, curves: training.learning_rate}
      - name: training
        x: step
        y: [train_loss, {metric: local_rank_relative, threshold: 0.01, layer: last}]
        curves: depth
        panels: training.learning_rate
        xscale: log
    """

private let vibBody = """
    # x and y are Gaussian, correlated pair by pair: the closed form is known. Others: mnist and fashion-mnist
    # ('ranksweep data fetch mnist' brings them), cifar-10, generated-images, symmetric.
    dataset: {name: gaussian, correlations: [0.4, 0.7, 0.9], test_points: 4096}

    # The grid is the product of the axes; means and intervals in figures are over the seeds.
    # Also: {linear: [0, 1], count: 5}, {range: [0, 5]}, or a list.
    axes:
      beta: {log: [1e-2, 1], count: 8}
      depth: [1, 2]
      seed: {range: [0, 2]}

    activation: linear
    training:
      optimizer: adam
      learning_rate: 3e-2
      schedule: cosine
      batch_size: 256
      steps: 2000

    measures:
      local_rank: {thresholds: [0.1], points: 64}

    # What --quick applies: a smaller sweep of the same shape.
    quick: {seed: [0], training.steps: 500}

    # Each figure has a row of panels for each metric in y. theory: true draws the closed form beside them.
    figures:
      - name: information
        x: beta
        y: [kl_nats, i_zy_nats, {metric: local_rank, threshold: 0.1, layer: last}]
        curves: depth
        xscale: log
        theory: true
    """

private let tokensBody = """
    # Computed images of CIFAR-10's shape: nothing to fetch. Others: mnist and fashion-mnist ('ranksweep data
    # fetch mnist' brings them), cifar-10.
    dataset: {name: generated-images, train_points: 2000, test_points: 500}

    # The grid is the product of the axes; means and intervals in figures are over the seeds.
    # Also: {log: [1e-4, 1e-1], count: 4}, {linear: [0, 1], count: 5}, {range: [0, 5]}.
    axes:
      activation: [gelu, relu]
      seed: {range: [0, 2]}

    depth: 2
    width: 16
    patch: 8
    training:
      optimizer: adam
      learning_rate: 3e-3
      batch_size: 64
      epochs: 4

    # Of the tokens, after each block, and of the outputs. patch: Jacobians are taken in this number of pixels a side
    # in the middle; larger costs much more.
    measures:
      local_rank: {thresholds: [0.1], relative: [0.01], points: 1, patch: 4}
      trace_at: {log: 6}

    # What --quick applies: a smaller sweep of the same shape.
    quick: {seed: [0], training.epochs: 1}

    # Each figure has a row of panels for each metric in y. x: step is along training.
    figures:
      - name: training
        x: step
        y: [accuracy, {metric: local_rank_relative, threshold: 0.01, layer: last}]
        curves: activation
        xscale: log
    """

private let layersBody = """
    # Computed images of CIFAR-10's shape: nothing to fetch. Others: mnist and fashion-mnist ('ranksweep data
    # fetch mnist' brings them), cifar-10.
    dataset: {name: generated-images, train_points: 2000, test_points: 500}

    # The grid is the product of the axes; means and intervals in figures are over the seeds. A list in place of a
    # number in the network is an axis, too: network.3.conv.
    axes:
      seed: {range: [0, 2]}

    network:
      - {conv: 6, kernel: 5}
      - tanh
      - {pool: 2}
      - {conv: [8, 16], kernel: 5}
      - tanh
      - {pool: 2}
      - flatten
      - {dense: 120}
      - tanh
      - {dense: 84}
      - tanh
      - {dense: 10}

    training:
      optimizer: adam
      learning_rate: 3e-3
      batch_size: 64
      epochs: 6

    # patch: Jacobians are taken in this number of pixels a side in the middle; larger costs much more.
    measures:
      local_rank: {thresholds: [0.1], relative: [0.01], points: 1, patch: 4}
      trace_at: {log: 8}

    # What --quick applies: a smaller sweep of the same shape.
    quick: {seed: [0], training.epochs: 2}

    # Each figure has a row of panels for each metric in y. x: step is along training.
    figures:
      - name: training
        x: step
        y: [accuracy, train_loss, {metric: local_rank_relative, threshold: 0.01, layer: each}]
        panels: network.3.conv
        xscale: log
    """

private let cnnBody = """
    # Computed images of CIFAR-10's shape: nothing to fetch. Others: mnist and fashion-mnist ('ranksweep data
    # fetch mnist' brings them), cifar-10.
    dataset: {name: generated-images, train_points: 3000, test_points: 500}

    # The grid is the product of the axes; means and intervals in figures are over the seeds.
    # Also: {log: [1e-4, 1e-1], count: 4}, {linear: [0, 1], count: 5}, {range: [0, 5]}; or drawn numbers:
    # {log_uniform: [1e-4, 1e-1], count: 20}, {uniform: [0, 1], count: 20}.
    axes:
      normalisation: [none, batch]
      seed: {range: [0, 2]}

    depth: 3
    width: 8
    training:
      optimizer: adam
      learning_rate: 1e-2
      batch_size: 64
      epochs: 6

    # patch: Jacobians are taken in this number of pixels a side in the middle; larger costs much more.
    measures:
      local_rank: {thresholds: [0.1], relative: [0.01], points: 1, patch: 4}
      trace_at: {log: 8}

    # What --quick applies: a smaller sweep of the same shape.
    quick: {seed: [0], training.epochs: 2}

    # Each figure has a row of panels for each metric in y. x: step is along training.
    figures:
      - name: training
        x: step
        y: [accuracy, train_loss, {metric: local_rank_relative, threshold: 0.01, layer: each}]
        panels: normalisation
        xscale: log
    """

private let resnetBody = """
    # Computed images of CIFAR-10's shape: nothing to fetch. Others: cifar-10, mnist and fashion-mnist
    # ('ranksweep data fetch mnist' brings them).
    dataset: {name: generated-images, train_points: 3000, test_points: 500}

    # The grid is the product of the axes; means and intervals in figures are over the seeds.
    # Also: {log: [1e-4, 1e-1], count: 4}, {linear: [0, 1], count: 5}, {range: [0, 5]}; or drawn numbers:
    # {log_uniform: [1e-4, 1e-1], count: 20}, {uniform: [0, 1], count: 20}.
    axes:
      training.learning_rate: [0.01, 0.05]
      seed: {range: [0, 2]}

    depth: 8
    width: 4
    training:
      optimizer: sgd
      momentum: 0.9
      weight_decay: 1e-4
      schedule: cosine
      batch_size: 64
      epochs: 5

    # Local rank is on by default; for a residual network it is expensive.
    measures:
      local_rank: false
      trace_at: {log: 8}

    # What --quick applies: a smaller sweep of the same shape.
    quick: {seed: [0], training.epochs: 1}

    # Each figure has a row of panels for each metric in y. x: step is along training.
    figures:
      - name: training
        x: step
        y: [accuracy, train_loss]
        curves: training.learning_rate
        xscale: log
    """
