import Sweep
import Text

/// The text of `figures/NAME.gp`, which draws a table. It needs only gnuplot 5.4 and the figure's tables.
///
/// Each quantity has a row of panels, and each value of the figure's `panels` axis a column. Measured curves
/// are points with bars (along training: lines with bands); closed forms are lines. The colours are those of
/// Okabe and Ito (2008), which colour-blind readers can distinguish; shapes differ as well.
struct FigureScript {
    let table: Table
    let layout: FigureLayout
    let columns: Table.Columns
    let blocks: [Table.Block]
    /// The labels of the drawn curves, one per look.
    let styles: [FigureData.Label]
    let looks: [CurveStyle]
    /// Indices in `styles`, by the label's key.
    let styleIndices: [String: Int]
    /// Empty where the figure asks for no fits.
    let fits: [FigureFit]
    private let fitTexts: [String]
    let x: FigureRange?
    let y: [FigureRange?]
    let dodge: Dodge?
    /// The values of x in the order of their positions; empty where x is an axis of numbers.
    let positions: [Double]

    var data: FigureData { table.data }
    var figure: FigureSpec { data.figure }

    init(_ table: Table, isLaTeX: Bool = false) {
        self.table = table
        columns = table.columns
        blocks = table.blocks
        let data = table.data
        positions = data.figure.isOrdinal ? data.positions : []
        styles = data.drawnLabels
        looks = FigureScript.looks(of: styles, data)
        styleIndices = Dictionary(
            uniqueKeysWithValues: styles.enumerated().map { ($0.element.key, $0.offset) })
        let named = FigureScript.fitTexts(table)
        fits = named.map(\.fit)
        fitTexts = named.map(\.text)
        let marksFalls = table.blocks.contains { block in
            data.figure.y.indices.contains { block.curve.fall($0)?.isCertain ?? false }
        }
        var content = FigureLayout.Content(
            xLabel: data.figure.xLabel(squaredLoss: table.squaredLoss), yLabels: table.yLabels,
            panels: data.panels.map(\.title),
            keys: FigureScript.keys(data, styles).map(\.text) + fitTexts.prefix(20),
            title: data.figure.title ?? table.sweepName, hasAxisAbove: data.figure.inverseLabel != nil)
        var layout = FigureLayout(content, data.figure.style, isLaTeX: isLaTeX)
        var (x, y, dodge) = (FigureRange?.none, [FigureRange?](), Dodge?.none)
        // The numbers on the axes depend on the panels' sizes, which depend on the numbers' widths.
        for _ in 0..<2 {
            x = data.xRange(layout.acrossRoom)
            y = data.figure.y.indices.map { data.yRange($0, layout.downRoom) }
            dodge = Dodge(data, x, curves: styles.count, width: layout.panelWidth)
            let subtitle = FigureSubtitle(
                data: data, hidden: FigureScript.hidden(data, x, y),
                hiddenTheory: FigureScript.hiddenTheory(data, y), cut: FigureScript.cut(data, x, y),
                linearAxes: data.linearAxes(x, y), isDodged: dodge?.isOfOrdered ?? false,
                marksFalls: marksFalls)
            content.notes = subtitle.parts(sweepName: data.figure.title == nil ? nil : table.sweepName)
            content.xMarks = x?.markPlan ?? []
            content.yMark = y.compactMap { $0?.markWidth }.max() ?? 0
            layout = FigureLayout(content, data.figure.style, isLaTeX: isLaTeX)
        }
        (self.x, self.y, self.dodge, self.layout) = (x, y, dodge, layout)
    }

    var drawsSomething: Bool { x != nil && y.contains { $0 != nil } }

    var text: String {
        guard let x, drawsSomething else { return layout.canvas.emptyScript(table) }
        var lines = layout.canvas.header(table) + preamble + ["", "do for [format in formats] {"]
        var body = terminals + frame
        for row in figure.y.indices {
            for column in data.panels.indices { body += panel(row, column, x) }
        }
        body += ["unset multiplot", "unset output"]
        lines += body.map { $0.isEmpty ? "" : "    " + $0 } + ["}"]
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Parts

    private var preamble: [String] {
        var lines =
            layout.canvas.settings(of: figure.name) + [
                "set bars 0.6",
                "set grid lt 1 lc rgb \"#e6e6e6\" lw 0.6",
                "set style line 100 lc rgb \"black\" pt 1 ps 1.2 lw 1.3",
                "set style line 101 lc rgb \"#777777\" lw 0.7 dt 2",
            ]
        for index in styles.indices {
            let style = looks[index]
            let dash = style.dash > 1 ? " dt \(style.dash)" : ""
            lines.append(
                "set style line \(index + 1) lc rgb \"\(style.colour)\" pt \(style.shape)"
                    + " ps \(JSONValue.text(of: style.size)) lw 1.2\(dash) # \(comment(styles[index].text))")
        }
        if needsClipping {
            lines.append("within(number, low, high) = number < low ? low : number > high ? high : number")
        }
        if figure.isOrdinal {
            lines += [
                "# Each value of x has a position.", "at(x) = \(FigureScript.positionTable(positions))",
            ]
            lines.append("set boxwidth \(rounded(0.9 * (dodge?.step ?? 0.8))) absolute")
        }
        if data.interval == .seeds, figure.style.kind != .box {
            lines.append("seeds = \(quoted("../tables/\(figure.name)-seeds.dat"))")
        }
        if data.hasBounds { lines.append("set style line 102 lc rgb \"#999999\" lw 1.6") }
        if figure.theory, !data.hasBounds, figure.y.contains(where: \.isStaircase) {
            lines += [
                "# A closed form's stairs rise halfway between two values of x.",
                "last = NaN",
                (x?.isLog ?? false)
                    ? "half(x) = (rise = last == last ? sqrt(last * x) : x, last = x, rise)"
                    : "half(x) = (rise = last == last ? (last + x) / 2 : x, last = x, rise)",
            ]
        }
        return lines
    }

    /// A point's x as it is drawn: its position, beside those of the other curves.
    func drawn(_ x: Double, style: Int) -> Double {
        let position = positions.firstIndex(of: x).map(Double.init) ?? x
        return dodge?.shift(of: style, among: styles.count)?.moved(position) ?? position
    }

    /// The position of x, as the script writes it.
    static func positionTable(_ values: [Double]) -> String {
        values.enumerated().map { position, value in
            position + 1 < values.count ? "x <= \(JSONValue.text(of: value)) ? \(position) : " : "\(position)"
        }.joined()
    }

    private var terminals: [String] {
        layout.canvas.terminals(of: figure.name, width: layout.width, height: layout.height)
            + [layout.canvas.output, "set multiplot", ""]
    }

    /// Plots without axes, as large as the canvas: the title, and the columns of the key.
    private var frame: [String] {
        ["# Title and key"] + layout.titleLabels + [
            FigureLayout.Frame.canvas,
            "unset border; unset tics; unset title; unset xlabel; unset ylabel; unset x2label; unset logscale",
        ] + layout.keyPlots(keyEntries + fitKeys) + [
            "unset label; unset key; set border 31 lw 0.8; set tics scale 0.7"
        ]
    }

    /// The key's lines for the first 20 fits.
    private var fitKeys: [FigureLayout.KeyEntry] {
        zip(fits, fitTexts).prefix(20).map { fit, text in
            let style = (styleIndices[blocks[fit.block].curve.label.key] ?? 99) + 1
            return (look: "lines ls \(style) lw 1 dt 2", text: text)
        }
    }

    private func panel(_ row: Int, _ column: Int, _ x: FigureRange) -> [String] {
        let frame = layout.frame(row: row, panel: column)
        var lines = ["", "# \(comment(panelName(row, column)))"]
        lines.append(frame.margins)
        let title = frame.hasTitle ? data.panels[column].title : nil
        let lift = frame.isTop && figure.inverseLabel != nil ? "0.2" : "-0.4"
        lines.append(
            title.map { layout.panelTitle($0) + " offset 0,\(lift)" } ?? "unset title")
        lines.append(
            frame.isLowest
                ? layout.xLabel(figure.xLabel(squaredLoss: table.squaredLoss)) : "unset xlabel")
        lines.append(
            frame.isLeftmost
                ? layout.yLabel(table.yLabels[row])
                : "unset ylabel")
        lines += axis("x", x, showsNumbers: frame.isLowest)
        lines += axis("y", y[row], showsNumbers: frame.isLeftmost)
        lines += inverseAxis(frame)
        let elements =
            figure.isOrdinal
            ? curves(row, column) + closedForms(row, column)
            : closedForms(row, column) + fitLines(row, column) + curves(row, column)
        let marks =
            (figure.isOrdinal ? [] : fallMarks(row, column) + criticalLines(column)) + lostMarks(row, column)
        lines += marks
        lines.append(
            "plot " + (elements.isEmpty ? ["NaN notitle"] : elements).joined(separator: ", \\\n            "))
        return marks.isEmpty ? lines : lines + ["unset label; unset arrow"]
    }

    private func panelName(_ row: Int, _ column: Int) -> String {
        [figure.y[row].columnName, data.panels[column].label?.panelText].compactMap { $0 }.joined(
            separator: ", ")
    }

    /// An axis's range, scale and marks. Inner panels have marks without numbers.
    private func axis(_ name: String, _ range: FigureRange?, showsNumbers: Bool) -> [String] {
        range?.script(name, showsNumbers: showsNumbers, on: layout.canvas)
            ?? ["unset logscale \(name)", "set \(name)range [0:1]", "unset \(name)tics"]
    }
}
