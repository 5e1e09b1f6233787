import Text

/// The positions of a figure's parts on its canvas, in hundredths of an inch (the SVG's pixels) from the top
/// left.
struct FigureLayout {
    let width: Int
    let height: Int
    private let title: WrappedText
    private let subtitle: [String]
    private let left: Double
    private let top: Double
    private let gap: (across: Double, down: Double)
    private let panelWidth: Double
    private let panelHeight: Double
    /// Space below the lowest panels, for numbers and the axis's name.
    private let bottom: Double
    private let panels: Int
    /// Number of panels side by side.
    private let across: Int
    /// Width of the key, which stands beside the panels so that it hides nothing.
    private let keyWidth: Double

    /// - Parameters:
    ///   - yLabels: the axis name of each quantity, as enhanced text.
    ///   - panels: titles of the panels in a quantity's row.
    ///   - subtitle: parts that stay together where a line has room for them.
    ///   - markLength: characters of the longest number on a y axis.
    ///   - hasAxisAbove: whether the topmost panels have numbers and a name above them.
    init(
        xLabel: String, yLabels: [String], panels: [String?], keys: [String], title: String,
        subtitle: [String], markLength: Int, hasAxisAbove: Bool = false
    ) {
        let rows = yLabels.count
        self.panels = max(panels.count, 1)
        across = FigureLayout.across(rows: rows, panels: self.panels)
        let down = rows * ((self.panels + across - 1) / across)
        let panelWidth = FigureLayout.panelWidth(across: across)
        self.panelWidth = panelWidth
        let titles = panels.compactMap { $0 }.map { FigureLayout.panelTitle($0, in: panelWidth) }
        let titleExtra = titles.map(\.extra).max() ?? 0
        gap = (across: 20, down: !titles.isEmpty && down > rows ? 42 + titleExtra : 20)
        keyWidth = keys.isEmpty ? 25 : 62 + FigureLayout.width(of: keys, size: 11)
        let least = down > 1 ? 240 : across == 1 ? 320.0 : 300
        // A key of many lines needs this height.
        let keyHeight = Double(keys.count) * 20 + 10
        let height = max(least, (keyHeight - Double(down - 1) * gap.down) / Double(down)).rounded(.up)
        panelHeight = height
        let nameExtra = yLabels.map { FigureLayout.axisName($0, in: height).extra }.max() ?? 0
        left = 85 + 9 * Double(max(0, markLength - 4)) + nameExtra
        bottom = 62 + FigureLayout.axisName(xLabel, in: panelWidth).extra
        let breadth = left + Double(across) * panelWidth + Double(across - 1) * gap.across + keyWidth
        self.title = WrappedText(title, in: breadth - 30, sizes: 12...14, character: WrappedText.bold)
        self.subtitle = FigureLayout.lines(of: subtitle, in: breadth - 30)
        top =
            (titles.isEmpty ? 70 : 92) + titleExtra + (hasAxisAbove ? 40 : 0) + self.title.extra
            + 18 * Double(max(0, self.subtitle.count - 1))
        width = Int(breadth)
        self.height = Int(top + Double(down) * panelHeight + Double(down - 1) * gap.down + bottom)
    }

    /// Where a panel is drawn.
    struct Frame {
        /// Fractions of the canvas, from the bottom left.
        let left, right, bottom, top: Double
        /// Whether its axes have numbers and names: it is the leftmost, or the lowest.
        let isLeftmost, isLowest: Bool
        /// Whether no panel is above it.
        let isTop: Bool
    }

    /// Where a quantity's panel is drawn.
    func frame(row: Int, panel: Int) -> Frame {
        let across = panel % self.across
        let down = row * ((panels + self.across - 1) / self.across) + panel / self.across
        let x = left + Double(across) * (panelWidth + gap.across)
        let y = top + Double(down) * (panelHeight + gap.down)
        let isLast = y + panelHeight + bottom + 8 > Double(height)
        return Frame(
            left: x / Double(width), right: (x + panelWidth) / Double(width),
            bottom: 1 - (y + panelHeight) / Double(height), top: 1 - y / Double(height),
            isLeftmost: across == 0,
            isLowest: isLast || (self.across < panels && panel + self.across >= panels), isTop: down == 0)
    }

    private func y(_ pixels: Double) -> String { fraction(1 - pixels / Double(height)) }

    /// The title in bold, and the lines below it.
    var titleLabels: [String] {
        let step = WrappedText.lineHeight(title.size)
        let titles = title.lines.enumerated().map { index, line in
            "set label \(index + 1) \(quotedInBold(line)) at screen 0.5,\(y(24 + step * Double(index)))"
                + " center font \",\(title.size)\""
        }
        return titles
            + subtitle.enumerated().map { index, line in
                "set label \(index + 1 + titles.count) \(quoted(line)) at screen "
                    + "0.5,\(y(48 + title.extra + 18 * Double(index)))"
                    + " center noenhanced font \",10\" textcolor rgb \"#555555\""
            }
    }

    /// The y axis's name, on as many lines as the panel's height requires.
    func yLabel(_ label: String) -> String {
        let name = FigureLayout.axisName(label, in: panelHeight)
        return "set ylabel \(quoted(lines: name.lines)) font \",\(name.size)\""
    }

    /// The x axis's name, on as many lines as the panel's width requires.
    func xLabel(_ label: String) -> String {
        "set xlabel " + FigureLayout.script(FigureLayout.axisName(label, in: panelWidth))
    }

    func panelTitle(_ title: String) -> String {
        "set title " + FigureLayout.script(FigureLayout.panelTitle(title, in: panelWidth))
    }

    private static func axisName(_ label: String, in room: Double) -> WrappedText {
        WrappedText(label, in: room, sizes: 9...11, isEnhanced: true)
    }

    private static func panelTitle(_ title: String, in room: Double) -> WrappedText {
        WrappedText(title, in: room, sizes: 9...11)
    }

    /// The size is written only where it differs from the default, 11.
    private static func script(_ text: WrappedText) -> String {
        quoted(lines: text.lines) + (text.size == 11 ? "" : " font \",\(text.size)\"")
    }

    /// The number of panels side by side. Each quantity has a row; only the panels of a single quantity take
    /// several rows.
    private static func across(rows: Int, panels: Int) -> Int { rows == 1 && panels > 4 ? 3 : panels }

    private static func panelWidth(across: Int) -> Double { across == 1 ? 500 : across <= 3 ? 380 : 280 }

    /// The room for labels on an x axis.
    static func room(rows: Int, panels: Int) -> AxisMarks.Room {
        let width = panelWidth(across: across(rows: rows, panels: max(panels, 1)))
        return AxisMarks.Room(length: width, isAcross: true)
    }

    /// Parts joined by dots, on as many lines as they need.
    private static func lines(of parts: [String], in room: Double) -> [String] {
        var lines: [String] = []
        for part in parts {
            if let last = lines.last, width(of: [last + " · " + part], size: 10) <= room {
                lines[lines.count - 1] = last + " · " + part
            } else {
                lines += WrappedText.lines(of: part, in: room / 8, breaksWords: true)
            }
        }
        return lines
    }

    var keyX: Double { 1 - (keyWidth - 8) / Double(width) }
    var keyY: Double { 1 - top / Double(height) }

    /// An upper estimate, since fonts differ.
    private static func width(of texts: [String], size: Double) -> Double {
        (texts.map { WrappedText.width($0) }.max() ?? 0) * size * 0.8
    }
}

extension FigureLayout {
    /// gnuplot's terminal for each format that a run draws, chosen by the script's variable `format`.
    func terminals(of figure: String) -> [String] {
        let identifier = svgIdentifier(figure)
        let inches = [width, height].map { JSONValue.text(of: Double($0) / 100) + "in" }.joined(
            separator: ",")
        return [
            "if (format eq \"svg\") {",
            "    set terminal svg size \(width),\(height) font \"Arial,11\" fontscale 1.36 linewidth 1.2"
                + " background \"white\" name \"\(identifier)\"", "}",
            "if (format eq \"png\") {",
            "    set terminal pngcairo size \(2 * width),\(2 * height) font \"Sans,11\" fontscale 2"
                + " linewidth 2.4 pointscale 2", "}",
            "if (format eq \"pdf\") {",
            "    set terminal pdfcairo size \(inches) font \"Sans,11\" fontscale 0.75"
                + " linewidth 1.2 pointscale 0.75",
            "}",
        ]
    }
}

/// A fraction of the canvas as scripts write it.
func fraction(_ number: Double) -> String { JSONValue.text(of: (number * 10000).rounded() / 10000) }

/// A number to four digits, which suffice for the end of a range. A number too small or too large for such
/// digits is unchanged; a number that isn't finite is gnuplot's "NaN".
func rounded(_ number: Double, digits: Int = 4) -> String {
    guard number.isFinite else { return "NaN" }
    return JSONValue.text(of: number.rounded(toDigits: digits))
}
