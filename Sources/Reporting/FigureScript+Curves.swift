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
            /// A curve's place among the styles.
            case style(Int)
            /// Stands for curves that found no room.
            case more
        }
    }

    /// Whether lines join the measured points: where a closed form runs through them they do not.
    var isConnected: Bool { !data.isScatter && (!FigureScript.drawsTheory(data) || data.hasBounds) }

    /// Whether curves are lines and bands.
    private var isTrace: Bool { figure.hasLines }

    /// How the curves look. Along training, layers have the colours, the same whatever else tells curves
    /// apart: that has the dashes. Where colours come a second time lines are dashed otherwise, too.
    static func looks(of styles: [FigureData.Label], _ data: FigureData) -> [CurveStyle] {
        let filled = !drawsTheory(data) || data.hasBounds
        let isTrace = if case .step = data.figure.x { true } else { false }
        guard isTrace, styles.contains(where: { $0.layer != nil }) else {
            // Bars are not dashed.
            let hasLines = filled && !data.isScatter
            return styles.indices.map { place in
                CurveStyle(place, filled: filled, dash: hasLines ? CurveStyle.round(place) : 0)
            }
        }
        var dashes: [String: Int] = [:]
        for label in styles where dashes[label.withoutLayer.key] == nil {
            dashes[label.withoutLayer.key] = dashes.count
        }
        return styles.map { label in
            let place = (label.layer ?? 0) - 1
            let dash = (dashes[label.withoutLayer.key] ?? 0) + CurveStyle.round(place) * dashes.count
            return CurveStyle(place, filled: filled, dash: dash)
        }
    }

    /// A mark at the maximum of each curve of the panel that falls after it, beyond doubt.
    func fallMarks(_ row: Int, _ column: Int) -> [String] {
        blocks.filter { $0.panelIndex == column }.compactMap { block -> String? in
            guard let style = stylePlaces[block.curve.label.key], let fall = block.curve.fall(row),
                fall.isCertain
            else { return nil }
            return "set label \"\" at \(rounded(fall.step)),\(rounded(fall.maximum)) point pt 11 ps 0.9"
                + " lc rgb \"\(looks[style].colour)\" front"
        }
    }

    /// Thin lines at the panel's critical β, behind all else.
    func criticalLines(_ column: Int) -> [String] {
        guard let x else { return [] }
        return data.panels[column].shownBetas.map { figure.x == .betaIB ? 1 / $0 : $0 }
            .filter { x.low < $0 && $0 < x.high }
            .map { "set arrow from \(rounded($0)), graph 0 to \(rounded($0)), graph 1 nohead back ls 101" }
    }

    private var hasOnePoint: Bool { blocks.allSatisfy { $0.curve.points.count <= 1 } }

    private static func drawsTheory(_ data: FigureData) -> Bool {
        data.figure.theory && data.hasTheory.contains(true)
    }

    static func keys(_ data: FigureData, _ styles: [FigureData.Label]) -> [Key] {
        var theory = drawsTheory(data) ? [Key(text: "closed form", sample: .closedForm)] : []
        if data.hasBounds, !theory.isEmpty {
            theory = [Key(text: "bound", sample: .bound)]
            if data.hasTrivial.contains(true) {
                theory.append(Key(text: "by width alone", sample: .trivialBound))
            }
        }
        if data.panels.contains(where: { !$0.shownBetas.isEmpty }) {
            theory.append(Key(text: "critical β", sample: .criticalBeta))
        }
        if styles.count == 1, styles[0].parts.isEmpty {
            return theory.isEmpty ? [] : theory + [Key(text: "measured", sample: .style(0))]
        }
        // Of quantities without layers beside one with: what has no name is alone in its panel.
        let named = styles.enumerated().map { Key(text: $0.element.text, sample: .style($0.offset)) }
            .filter { !$0.text.isEmpty }
        let rest = named.count - 40
        return theory + named.prefix(40) + (rest > 0 ? [Key(text: "and \(rest) more", sample: .more)] : [])
    }

    var keyEntries: [String] {
        let hasBars = data.panels.contains {
            $0.curves.contains { $0.points.contains(where: \.hasIntervals) }
        }
        let drawing = isTrace ? "lines" : isConnected ? "linespoints" : hasBars ? "yerrorbars" : "points"
        return FigureScript.keys(data, styles).map { key in
            let look =
                switch key.sample {
                case .closedForm: "\(hasOnePoint ? "points" : "lines") ls 100"
                case .bound: "\(hasOnePoint ? "points" : "lines") ls 100\(hasOnePoint ? "" : " dt 2")"
                case .trivialBound: "lines ls 102"
                case .criticalBeta: "lines ls 101"
                case .style(let style): "\(drawing) ls \(style + 1)"
                case .more: "lines lw 0 lc rgb \"white\""
                }
            return "keyentry with \(look) title \(quoted(key.text))"
        }
    }

    /// Measured curves: bars or bands below, then points.
    func curves(_ row: Int, _ column: Int) -> [String] {
        var below: [String] = []
        var above: [String] = []
        let mean = columns.means[row]
        for (index, block) in blocks.enumerated() where block.panelIndex == column {
            guard let style = stylePlaces[block.curve.label.key],
                block.curve.points.contains(where: { $0.samples[row].mean != nil })
            else { continue }
            let look = "ls \(style + 1) notitle"
            if data.isScatter {
                above += scatter(index, block.curve, row, look: "ls \(style + 1)")
                continue
            }
            if data.showsIntervals,
                block.curve.points.contains(where: { $0.samples[row].confidenceInterval != nil })
            {
                let interval = "table index \(index) using \(columns.x)"
                below.append(
                    isTrace
                        ? "\(interval):\(mean + 2):\(mean + 3) with filledcurves"
                            + " fs transparent solid 0.18 noborder \(look)"
                        : "\(interval):\(mean):\(mean + 2):\(mean + 3) with yerrorbars"
                            + " ls \(style + 1) pt -1 notitle"
                )
            }
            let drawing =
                isTrace && block.curve.points.count > 1 ? "lines" : isConnected ? "linespoints" : "points"
            above.append("table index \(index) using \(columns.x):\(mean) with \(drawing) \(look)")
        }
        return below + above
    }

    /// Points with bars both ways, where there are, and the axis's values beside them.
    private func scatter(_ index: Int, _ curve: FigureData.Curve, _ row: Int, look: String) -> [String] {
        let (x, y) = (columns.x, columns.means[row])
        let hasBars = curve.points.contains {
            $0.samples[row].confidenceInterval != nil && $0.abscissa.confidenceInterval != nil
        }
        let bars =
            "table index \(index) using \(x):\(y):\(x + 2):\(x + 3):\(y + 2):\(y + 3) with xyerrorbars "
            + "\(look) pt -1 lw 0.8 notitle"
        return (hasBars ? [bars] : []) + [
            "table index \(index) using \(x):\(y) with points \(look) notitle",
            "table index \(index) using \(x):\(y):1 with labels left offset 0.8,0.6 font \",9\" "
                + "textcolor ls \(look.dropFirst(3)) notitle",
        ]
    }

    /// The closed form: one line where it says the same of all curves of the panel, else one a curve.
    func closedForms(_ row: Int, _ column: Int) -> [String] {
        guard figure.theory, let theory = columns.theory[row] else { return [] }
        let known = blocks.enumerated().filter { _, block in
            block.panelIndex == column && block.curve.points.contains { $0.theory[row] != nil }
        }
        guard let longest = known.max(by: { $0.element.curve.points.count < $1.element.curve.points.count })
        else { return [] }
        if data.hasBounds { return bounds(known.map { ($0.offset, $0.element) }, longest.offset, row) }
        if saysTheSame(known.map(\.element.curve), row) {
            return closedForm(longest.offset, theory, isStaircase: figure.y[row].isStaircase, look: "ls 100")
        }
        return known.flatMap { index, block in
            let style = stylePlaces[block.curve.label.key].map { "ls \($0 + 1)" } ?? "ls 100"
            return closedForm(index, theory, isStaircase: figure.y[row].isStaircase, look: style)
        }
    }

    /// Bounds, dashed, each in its curve's colour where they differ, and what the width alone says.
    private func bounds(_ known: [(Int, Table.Block)], _ longest: Int, _ row: Int) -> [String] {
        guard let theory = columns.theory[row] else { return [] }
        func line(_ index: Int, _ column: Int, _ look: String) -> String {
            let drawing = hasOnePoint ? "points \(look)" : "lines \(look) dt 2"
            return "table index \(index) using \(columns.x):\(column) with \(drawing) notitle"
        }
        let isOne = saysTheSame(known.map(\.1.curve), row)
        let lines =
            isOne
            ? [line(longest, theory, "ls 100")]
            : known.map { index, block in
                line(index, theory, "ls \((stylePlaces[block.curve.label.key] ?? 99) + 1)")
            }
        guard let trivial = columns.trivial[row], !hasOnePoint else { return lines }
        return [
            "table index \(longest) using \(columns.x):\(trivial) with lines ls 102 notitle"
        ] + lines
    }

    private func closedForm(_ index: Int, _ column: Int, isStaircase: Bool, look: String) -> [String] {
        let x = columns.x
        // A line needs two points.
        if hasOnePoint { return ["table index \(index) using \(x):\(column) with points ls 100 notitle"] }
        guard isStaircase, !isTrace else {
            return ["table index \(index) using \(x):\(column) with lines \(look) notitle"]
        }
        // Steps end where the last tread begins; vectors lay the treads' second halves.
        return [
            "last = NaN, table index \(index) using (half($\(x))):\(column) with steps \(look) notitle",
            "last = NaN, table index \(index) using (half($\(x))):\(column):($\(x) - rise):(0)"
                + " with vectors nohead \(look) notitle",
        ]
    }

    private func saysTheSame(_ curves: [FigureData.Curve], _ row: Int) -> Bool {
        var said: [Double: Double] = [:]
        for point in curves.flatMap(\.points) {
            guard let value = point.theory[row] else { continue }
            if let other = said[point.x], other != value { return false }
            said[point.x] = value
        }
        return true
    }
}

/// How a curve looks, by its place: colours and shapes repeat at different lengths.
struct CurveStyle {
    let colour: String
    let shape: Int
    let size: Double
    /// gnuplot's dash type.
    let dash: Int

    private static let colours = [
        "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#666666",
    ]

    /// How often the colours were used up before this place.
    static func round(_ index: Int) -> Int { max(0, index) / colours.count }

    /// - Parameters:
    ///   - index: −1: black, for what is of no curve in particular.
    ///   - dash: from 0, a line without gaps: gnuplot has five types.
    init(_ index: Int, filled: Bool, dash: Int = 0) {
        let colours = CurveStyle.colours
        // Circle, square, triangle up and down, diamond, pentagon. Open ones show what lies below; the first
        // are the largest, so that equal points are seen as one in another.
        let shapes = [6, 4, 8, 10, 12, 14]
        let sizes = [1.25, 0.85, 0.6]
        colour = index < 0 ? "#000000" : colours[index % colours.count]
        let index = max(index, 0)
        shape = shapes[index % shapes.count] + (filled ? 1 : 0)
        size = filled ? 0.75 : sizes[min(index, sizes.count - 1)]
        self.dash = dash % 5 + 1
    }
}

extension FigureData.Point {
    var hasMeans: Bool { samples.contains { $0.mean != nil } }
    var hasIntervals: Bool { samples.contains { $0.confidenceInterval != nil } }
}

extension FigureData.Panel {
    /// So many lines would hide what they are to show: then none.
    var shownBetas: [Double] { criticalBetas.count <= 12 ? criticalBetas.filter { $0 > 0 }.sorted() : [] }
}

extension FigureData.Label {
    /// The layer that a curve of `layer: each` stands for.
    var layer: Int? { parts.first { $0.path == "layer" }?.value.number.flatMap { Int(exactly: $0) } }
    var withoutLayer: FigureData.Label { FigureData.Label(parts: parts.filter { $0.path != "layer" }) }
}

extension FigureData.Curve {
    var hasMeans: Bool { points.contains(where: \.hasMeans) }
}

extension FigureData {
    /// Many bands, one over another, show nothing.
    var showsIntervals: Bool {
        guard figure.hasLines else { return true }
        return panels.allSatisfy { panel in
            figure.y.indices.allSatisfy { row in
                panel.curves.count { $0.points.contains { $0.samples[row].mean != nil } } <= 8
            }
        }
    }

    /// What all panels span along x; nil where nothing is measured.
    var xRange: FigureRange? {
        let points = panels.flatMap(\.curves).flatMap(\.points).filter(\.hasMeans)
        guard isScatter else {
            return FigureRange(x: points.map(\.x), isLog: figure.xscale.map { $0 == .log })
        }
        let means = points.compactMap(\.abscissa.mean)
        return FigureRange(
            means: means, intervals: points.compactMap(\.abscissa.confidenceInterval),
            isLog: figure.xscale == .log && means.contains { $0 > 0 }, isCount: false)
    }

    /// What the panels of a row span; nil where nothing is measured.
    func yRange(_ row: Int) -> FigureRange? {
        let points = panels.flatMap(\.curves).flatMap(\.points)
        let theory =
            figure.theory ? points.flatMap { [$0.theory[row], $0.trivial[row]] }.compactMap { $0 } : []
        let means = points.compactMap { $0.samples[row].mean }
        guard !means.isEmpty else { return nil }
        return FigureRange(
            means: means + theory,
            intervals: showsIntervals ? points.compactMap { $0.samples[row].confidenceInterval } : [],
            isLog: figure.yscale == .log && means.contains { $0 > 0 }, isCount: figure.y[row].isStaircase)
    }
}
