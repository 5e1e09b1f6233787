import Text

/// Where things are on a figure's canvas, in hundredths of an inch (the SVG's pixels) from the top left.
struct FigureLayout {
    let width: Int
    let height: Int
    let titleSize: Int
    private let subtitle: [String]
    private let left: Double
    private let top: Double
    private let gap: (across: Double, down: Double)
    private let panelWidth: Double
    private let panelHeight: Double
    private let panels: Int
    /// Panels side by side.
    private let across: Int
    /// The key, beside the panels: it hides nothing.
    private let keyWidth: Double

    /// - Parameters:
    ///   - panels: titles of the panels of a quantity.
    ///   - subtitle: parts that stay together.
    ///   - markLength: characters of the longest number on a y axis.
    ///   - hasAxisAbove: whether the topmost panels have numbers and a name above them.
    init(
        rows: Int, panels: [String?], keys: [String], title: String, subtitle: [String], markLength: Int,
        hasAxisAbove: Bool = false
    ) {
        let hasTitles = panels.contains { $0 != nil }
        self.panels = max(panels.count, 1)
        across = FigureLayout.across(rows: rows, panels: self.panels)
        let down = rows * ((self.panels + across - 1) / across)
        left = 85 + 9 * Double(max(0, markLength - 4))
        gap = (across: 20, down: hasTitles && down > rows ? 42 : 20)
        panelWidth = FigureLayout.panelWidth(across: across)
        keyWidth = keys.isEmpty ? 25 : 62 + FigureLayout.width(of: keys, size: 11)
        let least = down > 1 ? 240 : across == 1 ? 320.0 : 300
        // A key of many lines needs the height.
        let keyHeight = Double(keys.count) * 20 + 10
        panelHeight = max(least, (keyHeight - Double(down - 1) * gap.down) / Double(down)).rounded(.up)
        let breadth = left + Double(across) * panelWidth + Double(across - 1) * gap.across + keyWidth
        self.subtitle = FigureLayout.lines(of: subtitle, in: breadth - 30)
        top =
            (hasTitles ? 92 : 70) + (hasAxisAbove ? 40 : 0) + 18 * Double(max(0, self.subtitle.count - 1))
        width = Int(breadth)
        height = Int(top + Double(down) * panelHeight + Double(down - 1) * gap.down + 62)
        titleSize = FigureLayout.size(of: title, upTo: 14, in: breadth - 30)
    }

    /// Where a panel is.
    struct Place {
        /// Parts of the canvas from the bottom left.
        let left, right, bottom, top: Double
        /// Whether its axes have numbers and names: no panel is beside it, or below it.
        let isLeftmost, isLowest: Bool
        /// Whether none is above it.
        let isTop: Bool
    }

    /// The place of a quantity's panel.
    func place(row: Int, panel: Int) -> Place {
        let across = panel % self.across
        let down = row * ((panels + self.across - 1) / self.across) + panel / self.across
        let x = left + Double(across) * (panelWidth + gap.across)
        let y = top + Double(down) * (panelHeight + gap.down)
        let isLast = y + panelHeight + 70 > Double(height)
        return Place(
            left: x / Double(width), right: (x + panelWidth) / Double(width),
            bottom: 1 - (y + panelHeight) / Double(height), top: 1 - y / Double(height),
            isLeftmost: across == 0,
            isLowest: isLast || (self.across < panels && panel + self.across >= panels), isTop: down == 0)
    }

    private func y(_ pixels: Double) -> String { fraction(1 - pixels / Double(height)) }

    /// The title, in bold, and the lines below it.
    func titleLabels(_ title: String) -> [String] {
        [
            "set label 1 \(quotedInBold(title)) at screen 0.5,\(y(24)) center font \",\(titleSize)\""
        ]
            + subtitle.enumerated().map { place, line in
                let size = FigureLayout.size(of: line, upTo: 10, in: Double(width) - 30)
                return "set label \(place + 2) \(quoted(line)) at screen 0.5,\(y(48 + 18 * Double(place)))"
                    + " center noenhanced font \",\(size)\" textcolor rgb \"#555555\""
            }
    }

    /// As large as the panel's height lets it be.
    func yLabel(_ label: String) -> String {
        let length = Double(AxisMarks.visibleLength(label))
        let size = max(7, min(11, Int(panelHeight / max(length * 0.68, 1))))
        return "set ylabel \(quoted(label))" + (size < 11 ? " font \",\(size)\"" : " font \",11\"")
    }

    /// Quantities have a row each; the panels of a single one may take several.
    private static func across(rows: Int, panels: Int) -> Int { rows == 1 && panels > 4 ? 3 : panels }

    private static func panelWidth(across: Int) -> Double { across == 1 ? 500 : across <= 3 ? 380 : 280 }

    /// The room that labels of an x axis have.
    static func room(rows: Int, panels: Int) -> AxisMarks.Room {
        let width = panelWidth(across: across(rows: rows, panels: max(panels, 1)))
        return AxisMarks.Room(length: width, isAcross: true)
    }

    /// Parts with dots between them, on as many lines as they need.
    private static func lines(of parts: [String], in room: Double) -> [String] {
        var lines: [String] = []
        for part in parts {
            if let last = lines.last, width(of: [last + " · " + part], size: 10) <= room {
                lines[lines.count - 1] = last + " · " + part
            } else {
                lines.append(part)
            }
        }
        return lines
    }

    var keyX: Double { 1 - (keyWidth - 8) / Double(width) }
    var keyY: Double { 1 - top / Double(height) }

    /// An upper estimate: fonts differ.
    private static func width(of texts: [String], size: Double) -> Double {
        Double(texts.map(\.count).max() ?? 0) * size * 0.8
    }

    private static func size(of text: String, upTo largest: Int, in room: Double) -> Int {
        max(6, min(largest, Int(room / max(width(of: [text], size: 1), 1))))
    }
}

extension FigureLayout {
    /// gnuplot's terminal for each format that a run draws, by the script's variable `format`.
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

/// A part of the canvas, as scripts write it.
func fraction(_ number: Double) -> String { JSONValue.text(of: (number * 10000).rounded() / 10000) }

/// To four digits: a range's end is a matter of room. As it is where a number has no such digits; what is
/// none is gnuplot's "NaN".
func rounded(_ number: Double, digits: Int = 4) -> String {
    guard number.isFinite else { return "NaN" }
    return JSONValue.text(of: number.rounded(toDigits: digits))
}
