import Sweep
import Text

/// The positions of a figure's parts on its canvas. The unit is the em, the size of the figure's ordinary text, so that
/// a layout holds for any size of text; positions are counted from the top left.
struct FigureLayout {
    let canvas: FigureCanvas
    /// The printed size, in ems.
    let width, height: Double
    /// The requested size if it is too small for the texts, as "3.4 × 1.5 in"; otherwise nil.
    let exceeded: String?
    private let title: WrappedText
    private let notes: [String]
    private let grid: PanelGrid
    private let left: Double
    private let top: Double
    private let gap: (across: Double, down: Double)
    let panelWidth: Double
    let panelHeight: Double
    let key: FigureKey
    private let scale: (name: String, mark: Double)?

    /// The texts that need room.
    struct Content {
        /// The axis names, as enhanced text.
        var xLabel = ""
        var yLabels: [String] = []
        /// Titles of the panels in a quantity's row.
        var panels: [String?] = [nil]
        var keys: [String] = []
        var title = ""
        /// Parts that stay together if a line has room for them.
        var notes: [String] = []
        /// The positions of the numbers on the x axis, as fractions of it, and their widths.
        var xMarks: [(position: Double, width: Double)] = []
        /// The width of the widest number on a y axis.
        var yMark = 2.6
        /// Whether panels have axes, with numbers and names. Without, they are as high as wide.
        var hasAxes = true
        fileprivate var below: Double { hasAxes ? 3.8 : 0.8 }
        /// Whether the topmost panels have numbers and a name above them.
        var hasAxisAbove = false
        /// The name of the colour scale, as enhanced text, and the width of the widest number beside it; nil:
        /// there is no scale.
        var scale: (name: String, mark: Double)?
    }

    init(_ content: Content, _ style: FigureStyle, isLaTeX: Bool = false) {
        let canvas = FigureCanvas(style, isLaTeX: isLaTeX)
        let least = canvas.least
        grid = PanelGrid(
            quantities: max(content.yLabels.count, 1), panels: max(content.panels.count, 1), canvas,
            requested: style.columns, areSquare: !content.hasAxes)
        var (nameExtra, panelWidth, panelHeight) = (0.0, grid.naturalWidth, grid.naturalHeight)
        var key = FigureKey(content.keys, style.legend, canvas, hasScale: content.scale != nil)
        var (left, across, right, extent) = (0.0, 0.0, 0.0, 0.0)
        var (above, below, down, panelsHeight) = (0.0, 0.0, 0.0, 0.0)
        var (heading, notes) = (WrappedText("", in: 1, sizes: 1...1), [String]())
        // The lines of a name depend on the panel's size, which depends on the lines.
        for _ in 0..<3 {
            left = content.hasAxes ? 3.3 + content.yMark + nameExtra : 0.8
            let scale = FigureLayout.width(ofScale: content.scale, panelHeight, canvas)
            let edges = FigureLayout.overhang(content.xMarks, panelWidth)
            across = max(1.3, edges.left + edges.right + 0.5) + (grid.isByQuantity ? left - 1 : 0)
            right = max(0.8, edges.right + 0.3) + key.widthBeside + scale
            if let asked = canvas.width {
                panelWidth = max(
                    grid.least,
                    (asked - left - right - Double(grid.across - 1) * across) / Double(grid.across))
            }
            extent = left + grid.width(of: panelWidth, gap: across) + right
            key.fit(in: extent)
            let titleHeight = FigureLayout.height(ofTitles: content.panels, in: panelWidth, least)
            heading = WrappedText(
                canvas.hasTitle ? content.title : "", in: extent - 2, sizes: max(least, 1)...1.2,
                character: WrappedText.bold, isLaTeX: isLaTeX)
            notes =
                canvas.hasNotes
                ? FigureLayout.lines(of: content.notes, in: (extent - 2) / canvas.noteSize) : []
            above =
                (canvas.hasTitle ? 1.9 + heading.extra : 0.4)
                + Double(notes.count) * canvas.noteSize * WrappedText.pitch + 0.5
                + titleHeight + (content.hasAxisAbove ? 3.8 : 0)
            below = content.below + FigureLayout.axisName(content.xLabel, in: panelWidth, canvas).extra
            down = grid.repeatsTitles && titleHeight > 0 ? 1.5 + titleHeight : 1.4
            if grid.isByQuantity, content.hasAxes { down = 1.6 }
            let fixed = above + below + key.heightBelow + Double(grid.down - 1) * down
            panelHeight = grid.height(
                panelWidth: panelWidth, asked: canvas.height.map { $0 - fixed },
                max: canvas.tallest.map { $0 - fixed }, key: key.heightBeside - Double(grid.down - 1) * down)
            nameExtra =
                content.yLabels.map { FigureLayout.axisName($0, in: panelHeight, canvas).extra }.max() ?? 0
            panelsHeight = Double(grid.down) * panelHeight + Double(grid.down - 1) * down
            if key.heightBeside > panelsHeight + 0.1 { key.moveBelow(in: extent) }
        }
        (self.panelWidth, self.panelHeight, self.left, self.top, gap) = (
            panelWidth, panelHeight, left, above, (across, down)
        )
        (title, self.notes, width) = (heading, notes, extent)
        height = above + panelsHeight + below + key.heightBelow
        key.put(
            beside: extent - key.widthBeside + 0.4, top: above, bottom: above + panelsHeight + below,
            panels: (left, grid.width(of: panelWidth, gap: across)), panel: (panelWidth, panelHeight),
            width: extent)
        (self.canvas, self.key, self.scale) = (canvas, key, content.scale)
        exceeded = canvas.exceeded(width: width, height: height)
    }

    private static func width(
        ofScale scale: (name: String, mark: Double)?, _ panelHeight: Double, _ canvas: FigureCanvas
    ) -> Double {
        scale.map { 5 + $0.mark + axisName($0.name, in: panelHeight, canvas).extra } ?? 0
    }

    private static func height(ofTitles titles: [String?], in width: Double, _ least: Double) -> Double {
        titles.compactMap { $0 }.map { panelTitle($0, in: width, least).extra + 1.5 }.max() ?? 0
    }

    /// How far the outermost numbers stick out of a panel.
    private static func overhang(
        _ marks: [(position: Double, width: Double)], _ panel: Double
    ) -> (left: Double, right: Double) {
        let left = marks.map { $0.width / 2 - $0.position * panel }.max() ?? 0
        let right = marks.map { $0.width / 2 - (1 - $0.position) * panel }.max() ?? 0
        return (max(left, 0), max(right, 0))
    }

    /// Where a panel is drawn.
    struct Frame {
        /// Fractions of the canvas, from the bottom left.
        let left, right, bottom, top: Double
        /// Whether its axes have numbers and names.
        let isLeftmost, isLowest: Bool
        /// Whether no panel is above it.
        let isTop: Bool
        /// Whether it has the title of its value.
        let hasTitle: Bool

        /// The script's line that puts a plot there.
        var margins: String { Frame.margins(left, right, bottom, top) }
        /// The line for a plot as large as the canvas.
        static let canvas = margins(0, 1, 0, 1)

        private static func margins(_ left: Double, _ right: Double, _ bottom: Double, _ top: Double)
            -> String
        {
            [("l", left), ("r", right), ("b", bottom), ("t", top)]
                .map { "set \($0.0)margin at screen \(fraction($0.1))" }.joined(separator: "; ")
        }
    }

    /// Where a quantity's panel is drawn.
    func frame(row: Int, panel: Int) -> Frame {
        let cell = grid.cell(row: row, panel: panel)
        let x = left + Double(cell.across) * (panelWidth + gap.across)
        let y = top + Double(cell.down) * (panelHeight + gap.down)
        return Frame(
            left: x / width, right: (x + panelWidth) / width, bottom: 1 - (y + panelHeight) / height,
            top: 1 - y / height, isLeftmost: grid.isByQuantity || cell.across == 0,
            isLowest: !grid.isTaken(across: cell.across, down: cell.down + 1), isTop: cell.down == 0,
            hasTitle: row == 0 || grid.repeatsTitles)
    }

    func x(_ ems: Double) -> String { fraction(ems / width) }
    func y(_ ems: Double) -> String { fraction(1 - ems / height) }

    /// The name of the colour scale. gnuplot would write its own over long numbers.
    var scaleLabel: [String] {
        guard let scale else { return [] }
        let right = left + grid.width(of: panelWidth, gap: gap.across) + 3.6 + scale.mark
        return [
            "set label 99 " + script(FigureLayout.axisName(scale.name, in: panelHeight, canvas))
                + " at screen \(x(right)),\(y(top + panelHeight / 2)) center rotate by 90"
        ]
    }

    /// The script's lines for a colour scale beside the topmost panels.
    var colourScale: [String] {
        let right = left + grid.width(of: panelWidth, gap: gap.across)
        return [
            "set colorbox vertical user origin screen \(x(right + 1.2)),\(y(top + panelHeight))"
                + " size screen \(fraction(1 / width)),\(fraction(panelHeight / height))"
        ]
    }

    /// The title in bold, and the lines below it.
    var titleLabels: [String] {
        let step = WrappedText.pitch * title.size
        func bold(_ line: String) -> String {
            canvas.script([line], size: title.size, isEnhanced: false, isBold: true)
        }
        func note(_ line: String) -> String {
            canvas.script([line], size: canvas.noteSize, isEnhanced: false)
        }
        let titles =
            canvas.hasTitle
            ? title.lines.enumerated().map { index, line in
                "set label \(index + 1) \(bold(line)) at screen 0.5,\(y(1.2 + step * Double(index)))"
                    + " center font \"\(canvas.font(title.size))\""
            } : []
        let start = (canvas.hasTitle ? 1.9 + title.extra : 0.4) + canvas.noteSize * WrappedText.pitch / 2
        return titles
            + notes.enumerated().map { index, line in
                "set label \(index + 1 + titles.count) \(note(line)) at screen "
                    + "0.5,\(y(start + canvas.noteSize * WrappedText.pitch * Double(index)))"
                    + " center noenhanced font \"\(canvas.font(canvas.noteSize))\" textcolor rgb \"#555555\""
            }
    }

    /// How a script draws an entry of the key, and its text.
    typealias KeyEntry = (look: String, text: String)

    /// Plots that draw the title, and a column of the key each.
    func keyPlots(_ entries: [KeyEntry]) -> [String] {
        guard !key.columns.isEmpty else { return ["unset key", "plot [0:1] [0:1] NaN notitle"] }
        return key.columns.enumerated().flatMap { index, column in
            let lines = column.lines.map { line in
                let look = line.entry.map { entries[$0].look } ?? "lines lw 0 lc rgb \"white\""
                return "keyentry with \(look) title \(canvas.script([line.text], isEnhanced: false))"
            }
            return [
                "set key at screen \(x(column.x)),\(y(column.y)) left top"
                    + " reverse Left noenhanced samplen 2.2 spacing 1.15",
                "plot [0:1] [0:1] " + (["NaN notitle"] + lines).joined(separator: ", \\\n            "),
            ] + (index == 0 ? ["unset label"] : [])
        }
    }

    /// The y axis's name, on as many lines as the panel's height requires.
    func yLabel(_ label: String) -> String {
        let name = FigureLayout.axisName(label, in: panelHeight, canvas)
        // gnuplot puts the first line where a single one would be, and the others towards the numbers.
        return "set ylabel \(script(name)) offset screen \(fraction(0 - name.extra / width)),0"
    }

    /// The x axis's name, on as many lines as the panel's width requires.
    func xLabel(_ label: String) -> String {
        "set xlabel " + script(FigureLayout.axisName(label, in: panelWidth, canvas))
    }

    func panelTitle(_ title: String) -> String {
        let text = FigureLayout.panelTitle(title, in: panelWidth, canvas.least)
        return "set title \(canvas.script(text.lines, size: text.size, isEnhanced: false)) noenhanced"
            + " font \"\(canvas.font(text.size))\""
    }

    /// The room for numbers beside and below a panel.
    var acrossRoom: AxisMarks.Room { AxisMarks.Room(length: panelWidth, isAcross: true) }
    var downRoom: AxisMarks.Room { AxisMarks.Room(length: panelHeight, isAcross: false) }

    private static func axisName(_ label: String, in room: Double, _ canvas: FigureCanvas) -> WrappedText {
        WrappedText(
            label, in: room, sizes: min(1, max(canvas.least, 0.85))...1, isEnhanced: true,
            isLaTeX: canvas.isLaTeX)
    }

    private static func panelTitle(_ title: String, in room: Double, _ least: Double) -> WrappedText {
        WrappedText(title, in: room, sizes: min(1, max(least, 0.85))...1)
    }

    /// A label keeps the size of the one before, so each says its own.
    private func script(_ text: WrappedText, isEnhanced: Bool = true) -> String {
        canvas.script(text.lines, size: text.size, isEnhanced: isEnhanced)
            + " font \"\(canvas.font(text.size))\""
    }

    /// Parts joined by dots, on as many lines as they need.
    private static func lines(of parts: [String], in room: Double) -> [String] {
        var lines: [String] = []
        for part in parts {
            if let last = lines.last, WrappedText.width(last + " · " + part) <= room {
                lines[lines.count - 1] = last + " · " + part
            } else {
                lines += WrappedText.lines(of: part, in: room, breaksWords: true)
            }
        }
        return lines
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
