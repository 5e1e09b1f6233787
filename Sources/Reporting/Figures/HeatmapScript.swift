import Sweep
import Text

/// The text of `figures/NAME.gp` for a heatmap: a cell for each pair of values of two axes, whose colour is the mean of
/// a metric. There is a panel for each value of the figure's `panels` axis.
struct HeatmapScript {
    private let table: Table
    private let tableColumns: Table.Columns
    private let blocks: [Table.Block]
    private let xValues: [Double]
    private let rows: [Double]
    private let x, y: FigureRange
    private let colours: FigureRange?
    let layout: FigureLayout
    private var data: FigureData { table.data }
    private var figure: FigureSpec { data.figure }

    init(_ table: Table, isLaTeX: Bool = false) {
        self.table = table
        let data = table.data
        tableColumns = table.columns
        blocks = table.blocks
        xValues = data.positions
        rows = Set(data.panels.flatMap(\.curves).compactMap { HeatmapScript.row($0, data) }).sorted()
        let path = data.figure.curves ?? ""
        let means = data.panels.flatMap(\.curves).flatMap(\.points).compactMap { $0.samples[0].mean }
        let quantity = data.figure.y[0].label(squaredLoss: table.squaredLoss)
        var content = FigureLayout.Content(
            xLabel: data.figure.xLabel(squaredLoss: table.squaredLoss),
            yLabels: [data.figure.style.ylabel(0).map(enhancedLiteral) ?? FigureSpec.axisLabel(path)],
            panels: data.panels.map(\.title), title: data.figure.title ?? table.sweepName,
            notes: FigureSubtitle(data: data).parts(
                sweepName: data.figure.title == nil ? nil : table.sweepName))
        content.scale = (quantity, 2.6)
        var layout = FigureLayout(content, data.figure.style, isLaTeX: isLaTeX)
        var (x, y) = (
            FigureRange(positions: xValues, room: layout.acrossRoom),
            FigureRange(positions: rows, room: layout.downRoom)
        )
        var colours: FigureRange?
        for _ in 0..<2 {
            x = FigureRange(positions: xValues, room: layout.acrossRoom)
            y = FigureRange(positions: rows, room: layout.downRoom)
            colours = FigureRange(
                means: means, intervals: [], isLog: false, isCount: false, room: layout.downRoom)
            content.xMarks = x.markPlan
            content.yMark = y.markWidth
            content.scale = (quantity, colours?.markWidth ?? 0)
            layout = FigureLayout(content, data.figure.style, isLaTeX: isLaTeX)
        }
        (self.x, self.y, self.colours, self.layout) = (x, y, colours, layout)
    }

    private static func row(_ curve: FigureData.Curve, _ data: FigureData) -> Double? {
        curve.label.parts.first { $0.path == data.figure.curves }?.value.number
    }

    var drawsSomething: Bool { colours != nil }

    var text: String {
        guard let colours else { return layout.canvas.emptyScript(table) }
        let lines =
            layout.canvas.header(table) + layout.canvas.settings(of: figure.name) + [
                "# Viridis: even steps of lightness, also for colour-blind readers.",
                PlaneScript.palette, "# Each value of x has a position.",
                "at(x) = \(FigureScript.positionTable(xValues))",
                "# Numbers in dark cells are white.",
                "dark(value) = value < \(rounded((colours.low + colours.high) / 2))",
                "", "do for [format in formats] {",
            ]
        var body = layout.canvas.terminals(of: figure.name, width: layout.width, height: layout.height)
        body += [layout.canvas.output, "set multiplot", "", "# Title"] + layout.titleLabels
        body +=
            layout.scaleLabel + [
                FigureLayout.Frame.canvas,
                "unset border; unset tics; unset title; unset xlabel; unset ylabel; unset colorbox",
            ]
        body +=
            layout.keyPlots([]) + [
                "unset label; unset key; set border 31 lw 0.8; set tics scale 0",
                "set cbrange [\(colours.ends)]",
                "set cbtics nomirror scale 0.7 \(colours.division.script(showsNumbers: true, on: layout.canvas))",
            ]
        body += layout.colourScale
        let numbered = holdsNumbers
        for column in data.panels.indices { body += panel(column, isNumbered: numbered) }
        body += ["unset multiplot", "unset output"]
        return (lines + body.map { $0.isEmpty ? "" : "    " + $0 } + ["}"]).joined(separator: "\n") + "\n"
    }

    private func panel(_ column: Int, isNumbered: Bool) -> [String] {
        let frame = layout.frame(row: 0, panel: column)
        let title = data.panels[column].title
        var lines = ["", "# \(comment(title ?? "all trials"))"]
        lines.append(frame.margins)
        lines.append(title.map { layout.panelTitle($0) + " offset 0,-0.4" } ?? "unset title")
        lines.append(
            frame.isLowest ? layout.xLabel(figure.xLabel(squaredLoss: table.squaredLoss)) : "unset xlabel")
        let path = figure.curves ?? ""
        lines.append(
            frame.isLeftmost
                ? layout.yLabel(figure.style.ylabel(0).map(enhancedLiteral) ?? FigureSpec.axisLabel(path))
                : "unset ylabel")
        lines += x.script("x", showsNumbers: frame.isLowest, on: layout.canvas)
        lines += y.script("y", showsNumbers: frame.isLeftmost, on: layout.canvas)
        var marks: [String] = []
        var (cells, numbers) = ([String](), [String]())
        let (mean, at) = (tableColumns.means[0], "at($\(tableColumns.x))")
        for (index, block) in blocks.enumerated() where block.panelIndex == column {
            guard let value = HeatmapScript.row(block.curve, data), let position = rows.firstIndex(of: value)
            else {
                continue
            }
            for point in block.curve.sorted where point.isLost {
                guard let across = xValues.firstIndex(of: point.x) else { continue }
                marks.append(
                    "set label \"\" at \(across),\(position) point pt 2 ps 0.9 lc rgb \"#555555\" front")
            }
            guard block.curve.hasMeans else { continue }
            cells.append(
                "table index \(index) using (\(at)):(\(position)):(\(at) - 0.5):"
                    + "(\(at) + 0.5):(\(position) - 0.5):(\(position) + 0.5):\(mean)"
                    + " with boxxyerror fs solid noborder lc palette notitle")
            if isNumbered {
                for (test, colour) in [("dark", "white"), ("!dark", "black")] {
                    numbers.append(
                        "table index \(index) using (\(test)($\(mean)) ? \(at) : NaN):(\(position)):"
                            + "(sprintf(\"%.3g\", $\(mean))) with labels font \"\(layout.canvas.font(numberSize))\""
                            + " tc rgb \"\(colour)\" notitle")
                }
            }
        }
        let elements = cells + numbers
        lines += marks
        lines.append(
            "plot " + (elements.isEmpty ? ["NaN notitle"] : elements).joined(separator: ", \\\n            "))
        return lines + ["unset colorbox"] + (marks.isEmpty ? [] : ["unset label"])
    }

    /// The size of the numbers in cells, in ems.
    private var numberSize: Double { min(1, max(layout.canvas.least, 0.85)) }

    /// Whether a cell has room for its number.
    private var holdsNumbers: Bool {
        let means = data.panels.flatMap(\.curves).flatMap(\.points).compactMap { $0.samples[0].mean }
        let widest = means.map { WrappedText.width(rounded($0, digits: 3)) }.max() ?? 0
        // LaTeX would use its own size.
        return !layout.canvas.isLaTeX && layout.panelWidth / (x.high - x.low) > widest * numberSize + 0.4
            && layout.panelHeight / (y.high - y.low) > 1.3 * numberSize
    }
}
