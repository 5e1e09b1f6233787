import Glibc
import Sweep
import Text

/// The curves of a script, and its key.
extension FigureScript {
    /// A line of the key.
    struct Key {
        let text: String
        let sample: Sample

        enum Sample {
            case closedForm
            case bound
            case trivialBound
            case criticalBeta
            /// A curve's index among the styles.
            case style(Int)
            /// Marks an x at which no trial was measured.
            case lost
            /// Stands for curves that have no room in the key.
            case more
        }
    }

    /// Whether lines join the measured points. They don't where a closed form runs through the points.
    var isConnected: Bool {
        if let kind = figure.style.kind { return kind == .line && !data.isScatter && !data.isCategorical }
        return !data.isScatter && !data.isCategorical && (!FigureScript.drawsTheory(data) || data.hasBounds)
    }

    /// Whether curves are lines and bands.
    var isTrace: Bool { figure.hasLines }

    /// The looks of the curves. Along training, colours identify layers and dashes identify everything else
    /// that distinguishes curves. Where colours repeat, the dashes change, too.
    static func looks(of styles: [FigureData.Label], _ data: FigureData) -> [CurveStyle] {
        let filled = !drawsTheory(data) || data.hasBounds
        let isTrace = if case .step = data.figure.x { true } else { false }
        guard isTrace, styles.contains(where: { $0.layer != nil }) else {
            // Bars are not dashed.
            let hasLines = filled && !data.isScatter && !data.isCategorical
            return styles.indices.map { index in
                CurveStyle(index, filled: filled, dash: hasLines ? CurveStyle.round(index) : 0)
            }
        }
        var dashes: [String: Int] = [:]
        for label in styles where dashes[label.withoutLayer.key] == nil {
            dashes[label.withoutLayer.key] = dashes.count
        }
        return styles.map { label in
            let index = (label.layer ?? 0) - 1
            let dash = (dashes[label.withoutLayer.key] ?? 0) + CurveStyle.round(index) * dashes.count
            return CurveStyle(index, filled: filled, dash: dash)
        }
    }

    /// Marks at the maximum of each curve of the panel whose drop after it is certain.
    func fallMarks(_ row: Int, _ column: Int) -> [String] {
        blocks.filter { $0.panelIndex == column }.compactMap { block -> String? in
            guard let style = styleIndices[block.curve.label.key], let fall = block.curve.fall(row),
                fall.isCertain
            else { return nil }
            return "set label \"\" at \(rounded(fall.step)),\(rounded(fall.maximum)) point pt 11 ps 0.9"
                + " lc rgb \"\(looks[style].colour)\" front"
        }
    }

    /// Thin lines at the panel's critical β, behind everything else.
    func criticalLines(_ column: Int) -> [String] {
        guard let x else { return [] }
        return data.panels[column].shownBetas.map { figure.x == .betaIB ? 1 / $0 : $0 }
            .filter { x.low < $0 && $0 < x.high }
            .map { "set arrow from \(rounded($0)), graph 0 to \(rounded($0)), graph 1 nohead back ls 101" }
    }

    /// Crosses at the bottom of the panel where no trial of a curve was measured.
    func lostMarks(_ row: Int, _ column: Int) -> [String] {
        guard let x, data.figure.hasOwnX, !data.isScatter else { return [] }
        return blocks.filter { $0.panelIndex == column }.flatMap { block -> [String] in
            guard let style = styleIndices[block.curve.label.key] else { return [] }
            return block.curve.sorted.filter { $0.isLost && (!x.isLog || $0.x > 0) }.map { point in
                "set label \"\" at first \(JSONValue.text(of: drawn(point.x, style: style))), graph 0.04 point pt 2 ps 0.9"
                    + " lc rgb \"\(looks[style].colour)\" front"
            }
        }
    }

    var hasOnePoint: Bool { blocks.allSatisfy { $0.curve.points.count <= 1 } }

    static func drawsTheory(_ data: FigureData) -> Bool {
        data.figure.theory && data.hasTheory.contains(true)
    }

    static func keys(_ data: FigureData, _ styles: [FigureData.Label]) -> [Key] {
        var theory: [Key] = []
        for (quantity, hasTheory) in zip(data.figure.y, data.hasTheory) where data.figure.theory && hasTheory
        {
            let name = quantity.metric.theoryName
            if !theory.contains(where: { $0.text == name }) {
                theory.append(Key(text: name, sample: .closedForm))
            }
        }
        if data.hasBounds, !theory.isEmpty {
            theory = [Key(text: "bound", sample: .bound)]
            if data.hasTrivial.contains(true) {
                theory.append(Key(text: "by width alone", sample: .trivialBound))
            }
        }
        if !data.figure.isOrdinal, data.panels.contains(where: { !$0.shownBetas.isEmpty }) {
            theory.append(Key(text: "critical β", sample: .criticalBeta))
        }
        if data.panels.contains(where: { panel in
            panel.curves.contains { $0.points.contains(where: \.isLost) }
        }),
            data.figure.hasOwnX, !data.isScatter
        {
            theory.append(Key(text: "no trial measured", sample: .lost))
        }
        if styles.count == 1, styles[0].parts.isEmpty {
            return theory.isEmpty ? [] : theory + [Key(text: "measured", sample: .style(0))]
        }
        // A curve without a label, of a quantity without layers beside one with layers, is alone in its
        // panel.
        let named = styles.enumerated().filter { !$0.element.text.isEmpty }.map { index, label in
            Key(text: data.keyText(label), sample: .style(index))
        }
        let rest = named.count - 40
        return theory + named.prefix(40) + (rest > 0 ? [Key(text: "and \(rest) more", sample: .more)] : [])
    }

    var keyEntries: [FigureLayout.KeyEntry] {
        let hasBars = data.panels.contains {
            $0.curves.contains { $0.points.contains { $0.samples.contains { $0.count > 2 } } }
        }
        let drawing =
            figure.isOrdinal
            ? "boxes fs solid 0.6"
            : isTrace ? "lines" : isConnected ? "linespoints" : hasBars ? "yerrorbars" : "points"
        return FigureScript.keys(data, styles).map { key in
            let look =
                switch key.sample {
                case .closedForm: "\(hasOnePoint ? "points" : "lines") ls 100"
                case .bound: "\(hasOnePoint ? "points" : "lines") ls 100\(hasOnePoint ? "" : " dt 2")"
                case .trivialBound: "lines ls 102"
                case .criticalBeta: "lines ls 101"
                case .style(let style): "\(drawing) ls \(style + 1)"
                case .lost: "points pt 2 ps 0.9 lc rgb \"#555555\""
                case .more: "lines lw 0 lc rgb \"white\""
                }
            return (look, key.text)
        }
    }
}
