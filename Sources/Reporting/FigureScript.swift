import Sweep
import Text

/// The text of `figures/NAME.gp`, which draws a table. It stands alone: it needs the table and gnuplot 5.4.
///
/// A row of panels for each quantity, a column for each value of the figure's `panels` axis. Measured curves are
/// points with bars (along training: lines with bands), closed forms are lines. Colours are those of Okabe and
/// Ito (2008), which colour-blind readers tell apart; shapes differ as well.
struct FigureScript {
    let table: Table
    let layout: FigureLayout
    let columns: Table.Columns
    let blocks: [Table.Block]
    let styles: [FigureData.Label]
    let x: FigureRange?
    let y: [FigureRange?]

    var data: FigureData { table.data }
    var figure: FigureSpec { data.figure }

    init(_ table: Table) {
        self.table = table
        columns = table.columns
        blocks = table.blocks
        let data = table.data
        styles = data.curveLabels.filter { label in
            data.panels.contains { $0.curves.contains { $0.label == label && $0.hasMeans } }
        }
        x = FigureRange(
            x: data.panels.flatMap(\.curves).flatMap(\.points).filter(\.hasMeans).map(\.x),
            isLog: data.figure.xscale.map { $0 == .log })
        y = data.figure.y.indices.map { data.yRange($0) }
        layout = FigureLayout(
            rows: data.figure.y.count, panels: data.panels.map { $0.label?.text },
            keys: FigureScript.keys(data, styles).map(\.text), title: data.figure.title ?? table.sweepName,
            subtitle: data.subtitle(sweepName: table.sweepName))
    }

    var drawsSomething: Bool { x != nil && y.contains { $0 != nil } }

    var text: String {
        var lines = [
            "# Figure \(figure.name) of the sweep \(table.sweepName), digest \(table.sweepDigest).",
            "# In this folder, `gnuplot \(figure.name).gp` draws it from ../tables/\(figure.name).dat;",
            "# `gnuplot -e \"formats='pdf'\" \(figure.name).gp` in one format only.",
        ]
        guard let x, drawsSomething else {
            return (lines + ["print \"\(figure.name): nothing is measured yet\""]).joined(separator: "\n") + "\n"
        }
        lines += preamble + ["", "do for [format in formats] {"]
        var body = terminals
        for row in figure.y.indices {
            for column in data.panels.indices { body += panel(row, column, x) }
        }
        body += ["unset multiplot", "unset output"]
        lines += body.map { $0.isEmpty ? "" : "    " + $0 } + ["}"]
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Parts

    private var preamble: [String] {
        var lines = [
            "if (!exists(\"formats\")) formats = \"svg png pdf\"",
            "if (!exists(\"stem\")) stem = \"\(figure.name)\"",
            "table = \"../tables/\(figure.name).dat\"", "",
            "set encoding utf8", "set datafile missing \"nan\"", "set bars 0.6",
            "set border lw 0.8", "set tics scale 0.7 nomirror", "set grid lt 1 lc rgb \"#e6e6e6\" lw 0.6",
            "set style line 100 lc rgb \"black\" lw 1.3",
        ]
        for index in styles.indices {
            let style = CurveStyle(index, filled: isConnected)
            lines.append(
                "set style line \(index + 1) lc rgb \"\(style.colour)\" pt \(style.shape)"
                    + " ps \(JSONValue.text(of: style.size)) lw 1.2 # \(comment(styles[index].text))")
        }
        if figure.theory, figure.y.contains(where: \.isStaircase) {
            lines += [
                "# A closed form's stairs rise halfway between two values of x.",
                "last = NaN",
                (x?.isLog ?? false)
                    ? "half(x) = (before = (last == last ? last : x), last = x, sqrt(before * x))"
                    : "half(x) = (before = (last == last ? last : x), last = x, (before + x) / 2)",
            ]
        }
        return lines
    }

    private var terminals: [String] {
        let (width, height) = (layout.width, layout.height)
        let identifier = String(figure.name.map { $0 == "-" ? "_" : $0 })
        let inches = [width, height].map { JSONValue.text(of: Double($0) / 100) + "in" }.joined(separator: ",")
        return [
            "if (format eq \"svg\") {",
            "    set terminal svg size \(width),\(height) font \"Arial,15\" linewidth 1.2"
                + " background \"white\" name \"\(identifier)\"", "}",
            "if (format eq \"png\") {",
            "    set terminal pngcairo size \(2 * width),\(2 * height) font \"Sans,11\" fontscale 2"
                + " linewidth 2.4 pointscale 2", "}",
            "if (format eq \"pdf\") {",
            "    set terminal pdfcairo size \(inches) font \"Sans,11\" fontscale 1 linewidth 1.8", "}",
            "set output stem . \".\" . format",
            "set multiplot layout \(figure.y.count),\(max(data.panels.count, 1)) margins"
                + " \(layout.margins.map(fraction).joined(separator: ",")) spacing"
                + " \(layout.spacing.map(fraction).joined(separator: ","))",
        ]
    }

    private func panel(_ row: Int, _ column: Int, _ x: FigureRange) -> [String] {
        let isFirst = row == 0 && column == 0
        let isBottom = row == figure.y.count - 1
        var lines = ["", "# \(comment(panelName(row, column)))"]
        if isFirst {
            lines += [
                "set label 1 \(quoted(layout.title)) at screen 0.5,\(fraction(layout.titleY)) center noenhanced"
                    + " font \":Bold,\(layout.titleSize)\"",
                "set label 2 \(quoted(layout.subtitle)) at screen 0.5,\(fraction(layout.subtitleY)) center"
                    + " noenhanced font \",\(layout.subtitleSize)\" tc rgb \"#555555\"",
                layout.keys.isEmpty
                    ? "unset key"
                    : "set key at screen \(fraction(layout.keyX)),\(fraction(layout.keyY)) left top reverse"
                        + " Left noenhanced samplen 2.2 spacing 1.15",
            ]
        } else {
            lines += ["unset label", "unset key"]
        }
        let title = row == 0 ? data.panels[column].label?.text : nil
        lines.append(title.map { "set title \(quoted($0)) noenhanced offset 0,-0.4" } ?? "unset title")
        lines.append(isBottom ? "set xlabel \(quoted(figure.xLabel))" : "unset xlabel")
        lines.append(
            column == 0
                ? "set ylabel \(quoted(figure.y[row].label(squaredLoss: table.squaredLoss)))"
                : "unset ylabel")
        lines += axis("x", x, showsNumbers: isBottom)
        lines += axis("y", y[row], showsNumbers: column == 0)
        var elements = closedForms(row, column) + curves(row, column)
        if elements.isEmpty { elements = ["NaN notitle"] }
        if isFirst { elements += keyEntries }
        return lines + ["plot " + elements.joined(separator: ", \\\n            ")]
    }

    private func panelName(_ row: Int, _ column: Int) -> String {
        [figure.y[row].columnName, data.panels[column].label?.text].compactMap { $0 }.joined(separator: ", ")
    }

    /// An axis's range, scale and marks. Panels beside or above others have marks without numbers.
    private func axis(_ name: String, _ range: FigureRange?, showsNumbers: Bool) -> [String] {
        guard let range else { return ["unset logscale \(name)", "set \(name)range [0:1]"] }
        let format = !showsNumbers ? "" : range.hasPowers ? "10^{%T}" : "%g"
        let marks = range.marks.map { marks in
            "(" + marks.map { JSONValue.text(of: $0) }.joined(separator: ", ") + ")"
        }
        return [
            "\(range.isLog ? "set" : "unset") logscale \(name)",
            "set \(name)range [\(rounded(range.low)):\(rounded(range.high))]",
            "set format \(name) \"\(format)\"", "set \(name)tics \(marks ?? "autofreq")",
        ]
    }
}
