import Sweep
import Text

/// The text of `figures/NAME.gp` for a plane: one number against another, along training. There is a panel
/// for each value of the figure's `panels` axis, with a path for each curve. A point's colour is its step,
/// and its shape its curve. As GIF it is an animation, with a frame for each step.
struct PlaneScript {
    private let table: Table
    private let columns: Table.Columns
    private let blocks: [Table.Block]
    private let labels: [FigureData.Label]
    let layout: FigureLayout
    private let xLabel, yLabel: String
    /// The marks of the colour scale.
    private let colours: AxisMarks
    private let x: FigureRange?
    private let y: FigureRange?
    /// Ascending.
    private let steps: [Double]
    private var data: FigureData { table.data }
    private var figure: FigureSpec { data.figure }

    init(_ table: Table, isLaTeX: Bool = false) {
        self.table = table
        let data = table.data
        columns = table.columns
        blocks = table.blocks
        labels = data.drawnLabels
        let points = data.panels.flatMap(\.curves).flatMap(\.points).filter { point in
            point.samples.allSatisfy { $0.mean != nil }
        }
        steps = Set(points.map(\.x)).sorted()
        var content = FigureLayout.Content(
            xLabel: data.figure.style.xlabel.map(enhancedLiteral)
                ?? data.figure.y[0].label(squaredLoss: table.squaredLoss),
            yLabels: [
                data.figure.style.ylabel(0).map(enhancedLiteral)
                    ?? data.figure.y[1].label(squaredLoss: table.squaredLoss)
            ],
            panels: data.panels.map(\.title), keys: labels.prefix(40).map { data.keyText($0) },
            title: data.figure.title ?? table.sweepName,
            notes: FigureSubtitle(data: data).parts(
                sweepName: data.figure.title == nil ? nil : table.sweepName))
        (xLabel, yLabel) = (content.xLabel, content.yLabels[0])
        let last = max(steps.last ?? 1, 10)
        content.scale = ("training step", 2.6)
        var layout = FigureLayout(content, data.figure.style, isLaTeX: isLaTeX)
        var (x, y) = (FigureRange?.none, FigureRange?.none)
        var colours = AxisMarks(1, last, isLog: true, room: layout.downRoom)
        for _ in 0..<2 {
            func range(_ row: Int, _ limits: FigureStyle.Limits?, _ room: AxisMarks.Room) -> FigureRange? {
                FigureRange(
                    means: points.compactMap { $0.samples[row].mean }, intervals: [], isLog: false,
                    isCount: false,
                    room: room)?.limited(to: limits, room: room)
            }
            x = range(0, data.figure.style.xlim, layout.acrossRoom)
            y = range(1, data.figure.style.ylim(0), layout.downRoom)
            colours = AxisMarks(1, last, isLog: true, room: layout.downRoom)
            content.xMarks = x?.markPlan ?? []
            content.yMark = y?.markWidth ?? 0
            content.scale = (
                "training step", AxisMarks.labels(of: colours.major).map(AxisMarks.width).max() ?? 0
            )
            layout = FigureLayout(content, data.figure.style, isLaTeX: isLaTeX)
        }
        (self.x, self.y, self.layout, self.colours) = (x, y, layout, colours)
    }

    var drawsSomething: Bool { x != nil && y != nil }

    var text: String {
        guard let x, let y else { return layout.canvas.emptyScript(table) }
        var lines = layout.canvas.header(table) + preamble + ["", "do for [format in formats] {"]
        lines += terminals.map { "    " + $0 }
        lines.append("    do for [frame = (format eq \"gif\" ? 1 : words(steps)) : words(steps)] {")
        var body = ["step = real(word(steps, frame))", "set multiplot"] + frame
        for column in data.panels.indices { body += panel(column, x, y) }
        lines += (body + ["unset multiplot"]).map { $0.isEmpty ? "" : "        " + $0 }
        lines += ["    }", "    unset output", "}"]
        return lines.joined(separator: "\n") + "\n"
    }

    static let palette =
        "set palette defined (0 \"#440154\", 0.25 \"#3b528b\", 0.5 \"#21918c\", 0.75 \"#5ec962\", 1 \"#fde725\")"

    private var preamble: [String] {
        var lines =
            layout.canvas.settings(of: figure.name) + [
                "set grid lt 1 lc rgb \"#e6e6e6\" lw 0.6",
                "# Viridis: even steps of lightness, also for colour-blind readers.",
                PlaneScript.palette,
                "steps = \"\(steps.map(JSONValue.text).joined(separator: " "))\"",
                "# Step 0 has no place on a logarithmic scale: it has the colour of step 1.",
                "coloured(s) = s < 1 ? 1 : s",
                "until(s, value) = s <= step ? value : NaN",
            ]
        for index in labels.indices {
            lines.append(
                "set style line \(index + 1) lc rgb \"#555555\" pt \(PlaneScript.shape(index)) ps 0.9 lw 0.8"
                    + " # \(comment(labels[index].text))")
        }
        return lines
    }

    /// Filled shapes, open ones, and crosses.
    private static func shape(_ index: Int) -> Int {
        let shapes = [7, 5, 9, 11, 13, 15, 6, 4, 8, 10, 12, 14, 1, 2, 3]
        return shapes[index % shapes.count]
    }

    private var terminals: [String] {
        layout.canvas.terminals(of: figure.name, width: layout.width, height: layout.height)
            + layout.canvas.animationTerminal(width: layout.width, height: layout.height)
            + [layout.canvas.output]
    }

    /// Title, key and the colour scale.
    private var frame: [String] {
        let entries = labels.indices.prefix(40).map {
            (look: "points ls \($0 + 1)", text: data.keyText(labels[$0]))
        }
        return ["# Title and key"] + layout.titleLabels + layout.scaleLabel + [
            FigureLayout.Frame.canvas,
            "unset border; unset tics; unset title; unset xlabel; unset ylabel; unset logscale; unset colorbox",
        ] + layout.keyPlots(entries) + [
            "unset label; unset key; set border 31 lw 0.8; set tics scale 0.7",
            "set logscale cb; set cbrange [1:\(JSONValue.text(of: max(steps.last ?? 1, 10)))]",
            "set cbtics nomirror \(colours.script(showsNumbers: true, on: layout.canvas))",
        ] + layout.colourScale
    }

    private func panel(_ column: Int, _ x: FigureRange, _ y: FigureRange) -> [String] {
        let frame = layout.frame(row: 0, panel: column)
        let name = data.panels[column].title
        var lines = ["", "# \(comment(name ?? "all trials"))"]
        lines.append(frame.margins)
        lines.append(name.map { layout.panelTitle($0) + " offset 0,-0.4" } ?? "unset title")
        lines.append(frame.isLowest ? layout.xLabel(xLabel) : "unset xlabel")
        lines.append(frame.isLeftmost ? layout.yLabel(yLabel) : "unset ylabel")
        lines += x.script("x", showsNumbers: frame.isLowest, on: layout.canvas)
        lines += y.script("y", showsNumbers: frame.isLeftmost, on: layout.canvas)
        let elements = paths(column)
        lines.append(
            "plot "
                + (elements.isEmpty ? ["NaN notitle"] : elements).joined(separator: ", \\\n                "))
        lines.append("unset colorbox")
        return lines
    }

    /// Thin lines below, and the coloured points on them.
    private func paths(_ column: Int) -> [String] {
        var (below, above) = ([String](), [String]())
        let (first, second) = (columns.means[0], columns.means[1])
        for (index, block) in blocks.enumerated() where block.panelIndex == column {
            guard let style = labels.firstIndex(of: block.curve.label), block.curve.hasMeans else { continue }
            let table = "table index \(index) using"
            let due = block.curve.trialsAtAPoint
            let isFewer = block.curve.points.contains { point in
                point.samples.contains { (1..<due).contains($0.count) }
            }
            func path(_ condition: String?) -> String {
                let x = "until($1, $\(first))"
                return "\(table) (\(condition.map { "\($0) ? \(x) : NaN" } ?? x)):\(second)"
            }
            func points(_ condition: String?, _ size: String) -> String {
                "\(path(condition)):(coloured($1)) with points pt \(PlaneScript.shape(style)) ps \(size) lc palette notitle"
            }
            let lines = "with lines lc rgb \"#bbbbbb\" lw"
            guard isFewer else {
                below.append("\(path(nil)) \(lines) 0.8 notitle")
                above.append(points(nil, "0.75"))
                continue
            }
            let isWhole = "$\(first + 4) == \(due) && $\(second + 4) == \(due)"
            below += ["\(path(nil)) \(lines) 0.6 dt 3 notitle", "\(path(isWhole)) \(lines) 0.8 notitle"]
            above += [points("!(\(isWhole))", "0.4"), points(isWhole, "0.75")]
        }
        return below + above
    }
}
