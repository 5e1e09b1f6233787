import Sweep
import Text

/// The text of `tables/NAME.dat`: a block for each panel and curve, in the order of gnuplot's `index`.
struct Table {
    let sweepName: String
    let sweepDigest: String
    let squaredLoss: Bool
    let data: FigureData

    /// Columns: x, then five for each quantity, followed by theory and the trivial bound where they exist,
    /// the axes that distinguish panels and curves, then n, diverged and failed. Counted from 1.
    struct Columns {
        /// The column that is drawn as x.
        let x: Int
        /// Each quantity's mean; stderr, ci95_low, ci95_high and n follow it.
        let means: [Int]
        /// Each quantity's closed form, where there is one.
        let theory: [Int?]
        /// Each quantity's trivial bound, where there is one.
        let trivial: [Int?]
        /// The first of each quantity's columns of what its figure draws around means: min and max, or for boxes min,
        /// q25, median, q75 and max. They are the last columns.
        let spread: [Int]
        let names: [String]
    }

    var columns: Columns {
        var names: [String]
        var x = 1
        switch data.figure.x {
        case .axis("beta"): names = ["beta", "beta_ib"]
        case .betaIB: (names, x) = (["beta", "beta_ib"], 2)
        case .axis(let path): names = [path]
        case .step, .metric: names = ["step"]
        case .hiddenLayers: names = ["hidden_layers"]
        case .summary(let quantity, let points):
            let name = "x:" + quantity.columnName
            names = [points] + ["mean", "stderr", "ci95_low", "ci95_high", "n"].map { "\(name):\($0)" }
            x = 2
        case .entry: names = ["entry"]
        case .layer: names = ["layer"]
        }
        var means: [Int] = []
        var theory: [Int?] = []
        var trivial: [Int?] = []
        for (index, quantity) in data.figure.y.enumerated() {
            means.append(names.count + 1)
            let name = quantity.columnName
            names += ["mean", "stderr", "ci95_low", "ci95_high", "n"].map { "\(name):\($0)" }
            if data.hasTheory[index] {
                names.append("\(name):theory")
                theory.append(names.count)
            } else {
                theory.append(nil)
            }
            trivial.append(data.hasTrivial[index] ? names.count + 1 : nil)
            if data.hasTrivial[index] { names.append("\(name):trivial") }
        }
        names += paths + ["n", "diverged", "failed"]
        var spread: [Int] = []
        for quantity in data.figure.y where !spreadNames.isEmpty {
            spread.append(names.count + 1)
            names += spreadNames.map { "\(quantity.columnName):\($0)" }
        }
        return Columns(x: x, means: means, theory: theory, trivial: trivial, spread: spread, names: names)
    }

    private var spreadNames: [String] {
        if data.figure.style.kind == .box { return ["min", "q25", "median", "q75", "max"] }
        return data.interval == .range ? ["min", "max"] : []
    }

    private func spread(_ point: FigureData.DataPoint, _ row: Int) -> [Double?] {
        if data.figure.style.kind == .box {
            let values = point.seeds.compactMap { $0.values[row] }.sorted()
            return [0, 0.25, 0.5, 0.75, 1].map { quantile($0, ofSorted: values) }
        }
        let range = point.samples[row].range
        return data.interval == .range ? [range?.lowerBound, range?.upperBound] : []
    }

    /// The text of `tables/NAME-seeds.dat`: the blocks of this table with a row for each seed and x. An empty line
    /// separates seeds, so that gnuplot joins no two of them.
    var seedsText: String {
        let names = ["x", "seed"] + data.figure.y.map(\.columnName)
        var text = "# Single seeds of the figure \(data.figure.name) of the sweep \(sweepName)\n# Columns: "
        text += names.enumerated().map { "\($0.offset + 1):\($0.element)" }.joined(separator: " ") + "\n"
        for (index, block) in blocks.enumerated() {
            if index > 0 { text += "\n\n" }
            text += "# index \(index): \(block.title)\n"
            var rows: [Double: String] = [:]
            for point in block.curve.sorted {
                for own in point.seeds {
                    rows[own.seed, default: ""] +=
                        ([point.x, own.seed] + own.values).map(cellText).joined(separator: " ") + "\n"
                }
            }
            let runs = rows.sorted { $0.key < $1.key }.map(\.value)
            let none = names.map { _ in "nan" }.joined(separator: " ") + "\n"
            text += runs.isEmpty ? none : runs.joined(separator: "\n")
        }
        return text
    }

    /// The axes that distinguish panels and curves, and `layer` where curves are layers, in order of
    /// appearance.
    var paths: [String] {
        var paths: [String] = []
        for part in blocks.flatMap(\.parts) where !paths.contains(part.path) { paths.append(part.path) }
        return paths
    }

    /// The blocks, panel by panel, with each panel's curves.
    var text: String {
        var text = header
        let (paths, width) = (paths, columns.names.count)
        for (index, block) in blocks.enumerated() {
            if index > 0 { text += "\n\n" }
            text += "# index \(index): \(block.title)\n"
            let axes = paths.map { Summary.axisText(block.value($0)) }
            func add(_ numbers: [Double?], _ trials: TrialCount, _ after: [Double?]) {
                let cells = numbers.map(cellText) + axes + (counts(trials) + after).map(cellText)
                text += cells.joined(separator: " ") + "\n"
            }
            for point in block.curve.sorted {
                add(numbers(of: point), point.trials, point.samples.indices.flatMap { spread(point, $0) })
            }
            // A block without rows would shift gnuplot's index.
            if block.curve.points.isEmpty {
                let after = spreadNames.count * data.figure.y.count
                let none = [Double?](repeating: nil, count: width - axes.count - 3 - after)
                add(none, block.curve.trials, [Double?](repeating: nil, count: after))
            }
        }
        return text
    }

    struct Block {
        let panel: FigureData.Panel
        /// The panel's index in the figure.
        let panelIndex: Int
        let curve: FigureData.Curve
        var parts: [FigureData.Label.Part] { (panel.label?.parts ?? []) + curve.label.parts }
        func value(_ path: String) -> JSONValue { parts.first { $0.path == path }?.value ?? .null }
        var title: String {
            let texts = [panel.label?.panelText, curve.label.text].compactMap { $0 }.filter { !$0.isEmpty }
            return texts.isEmpty ? "all trials" : onOneLine(texts.joined(separator: "; "))
        }
    }

    var blocks: [Block] {
        data.panels.enumerated().flatMap { index, panel in
            panel.curves.map { Block(panel: panel, panelIndex: index, curve: $0) }
        }
    }

    static let statisticsNote =
        "Over seeds: mean, standard error, 95 % interval by Student's t; Q:n seeds in the mean of Q, n trials "
        + "measured; diverged and failed ones are in no mean. nan: no value"

    private var header: String {
        let figure = data.figure
        var lines = [
            "# Figure \(figure.name) of the sweep \(sweepName)", "# Sweep digest \(sweepDigest)",
            "# \(Table.statisticsNote)",
        ]
        let units = figure.y.map { "\($0.columnName) [\($0.metric.unit(squaredLoss: squaredLoss))]" }
        lines += fitLines
        lines.append("# Units: \((xUnits + units).joined(separator: ", "))")
        let numbered = columns.names.enumerated().map { "\($0.offset + 1):\($0.element)" }
        lines.append("# Columns: \(numbered.joined(separator: " "))")
        return lines.joined(separator: "\n") + "\n"
    }

    private var xUnits: [String] {
        switch data.figure.x {
        case .axis("beta"), .betaIB: ["beta [1]", "beta_ib = 1/beta [1]"]
        case .axis(let path): ["\(path) [1]"]
        case .step, .metric: ["step [training steps]"]
        case .hiddenLayers: ["hidden_layers [1]"]
        case .summary(let quantity, let points):
            ["\(points) [1]", "x:\(quantity.columnName) [\(quantity.metric.unit(squaredLoss: squaredLoss))]"]
        case .entry: ["entry [\(data.figure.y.first?.metric.list?.of ?? "1")]"]
        case .layer: ["layer [1]"]
        }
    }

    private func numbers(of point: FigureData.DataPoint) -> [Double?] {
        var cells: [Double?]
        switch data.figure.x {
        case .axis("beta"): cells = [point.x, point.x == 0 ? nil : 1 / point.x]
        case .betaIB: cells = [1 / point.x, point.x]
        case .summary:
            let interval = point.abscissa.confidenceInterval
            cells = [
                point.x, point.abscissa.mean, point.abscissa.standardError, interval?.low, interval?.high,
                Double(point.abscissa.count),
            ]
        default: cells = [point.x]
        }
        for (index, sample) in point.samples.enumerated() {
            let interval = sample.confidenceInterval
            cells += [
                sample.mean, sample.standardError, interval?.low, interval?.high, Double(sample.count),
            ]
            if data.hasTheory[index] { cells.append(point.theory[index]) }
            if data.hasTrivial[index] { cells.append(point.trivial[index]) }
        }
        return cells
    }

    private func counts(_ trials: TrialCount) -> [Double?] {
        [Double(trials.measured), Double(trials.diverged), Double(trials.failed)]
    }
}

/// A number as tables write it; `nan` where there is none.
func cellText(_ number: Double?) -> String {
    guard let number, number.isFinite else { return "nan" }
    return JSONValue.text(of: number)
}
