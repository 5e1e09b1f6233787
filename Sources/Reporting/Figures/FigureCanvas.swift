import Sweep
import Text

/// The size of a figure's canvas and text, and its gnuplot terminals.
struct FigureCanvas {
    /// The size of ordinary text at the printed size, in points.
    let em: Double
    /// In ems; nil: what the panels need.
    let width, height: Double?
    /// The height that a figure without a height of its own should not exceed, in ems.
    let tallest: Double?
    let hasTitle, hasNotes: Bool
    private let family: String?
    /// Whether LaTeX sets the texts.
    let isLaTeX: Bool

    private static let inch = 72.0

    init(_ style: FigureStyle, isLaTeX: Bool = false) {
        self.isLaTeX = isLaTeX
        var (width, height, tallest, size): (Double?, Double?, Double?, Double) = (nil, nil, nil, 8)
        switch style.size ?? .screen {
        case .screen: size = 11
        case .column: (width, tallest) = (3.4, 9)
        case .page: (width, tallest) = (7, 9)
        case .slide: (width, tallest, size) = (10, 5.625, 16)
        case .inches(let across, let down): (width, height) = (across, down)
        }
        let em = style.fontSize ?? size
        func ems(_ inches: Double?) -> Double? { inches.map { $0 * FigureCanvas.inch / em } }
        (self.width, self.height, self.tallest, self.em) = (ems(width), ems(height), ems(tallest), em)
        let header = style.header ?? .all
        (hasTitle, hasNotes) = (
            [.all, .title].contains(header), [.all, .notes].contains(header)
        )
        family = style.font
    }

    /// The smallest text, in ems.
    var least: Double { FigureStyle.leastFontSize / em }
    /// The size of the lines below the title, in ems.
    var noteSize: Double { max(least, 0.85) }

    /// A size of text as scripts write it: its points, never rounded below the smallest.
    func font(_ ems: Double) -> String {
        "," + JSONValue.text(of: max(FigureStyle.leastFontSize, (ems * em * 100).rounded() / 100))
    }

    /// Lines as a script writes them.
    ///
    /// - Parameters:
    ///   - size: in ems.
    ///   - isEnhanced: whether they are gnuplot's enhanced text.
    func script(_ lines: [String], size: Double = 1, isEnhanced: Bool = true, isBold: Bool = false) -> String
    {
        guard isLaTeX else {
            if isBold { return quotedInBold(lines.joined(separator: " ")) }
            return quoted(lines: isEnhanced ? lines.map(readable) : lines)
        }
        // LaTeX has no default size for a figure, so each line sets its own.
        let points = max(FigureStyle.leastFontSize, (size * em * 100).rounded() / 100)
        let (font, pitch) = (JSONValue.text(of: points), rounded(1.2 * points))
        let style = "\\fontsize{\(font)}{\(pitch)}\\selectfont\(isBold ? "\\bfseries" : "") "
        return quoted(
            lines: lines.map { style + (isEnhanced ? LaTeXText.enhanced($0) : LaTeXText.plain($0)) })
    }

    /// A number on an axis. gnuplot puts names beside the longest number, counting each character of LaTeX's commands, so
    /// a number doesn't set its size.
    func mark(_ label: String) -> String {
        isLaTeX ? quoted(LaTeXText.enhanced(label)) : script([label])
    }

    /// Enhanced text whose exponents and indices, which gnuplot draws in 0.8 of a text's size, are no smaller than the
    /// smallest text.
    private func readable(_ text: String) -> String {
        guard 0.8 * 0.85 * em < FigureStyle.leastFontSize else { return text }
        let size = "{/=\(JSONValue.text(of: FigureStyle.leastFontSize)) "
        var (result, rest) = ("", Substring(text))
        while let next = rest.popFirst() {
            result.append(next)
            if next == "\\", let shown = rest.popFirst() {
                result.append(shown)
            } else if next == "_" || next == "^", let first = rest.popFirst() {
                result += first == "{" ? size : "\(size)\(first)}"
            }
        }
        return result
    }

    /// The requested and the drawn size as text; nil unless the drawn one is larger.
    func exceeded(width drawn: Double, height drawnHeight: Double) -> String? {
        func inches(_ ems: Double) -> String {
            JSONValue.text(of: (ems * em / FigureCanvas.inch * 100).rounded() / 100)
        }
        let isWider = width.map { drawn > $0 + 0.01 } ?? false
        let isTaller = (height ?? tallest).map { drawnHeight > $0 + 0.01 } ?? false
        guard isWider || isTaller else { return nil }
        let asked =
            height == nil && !isWider
            ? "\(inches(tallest ?? 0)) in high"
            : "\(inches(width ?? 0)) × \(inches(height ?? tallest ?? 0)) in"
        return "\(asked) can't hold all its texts: it is \(inches(drawn)) × \(inches(drawnHeight)) in"
    }

    /// gnuplot's terminal for each format that a run draws, chosen by the script's variable `format`. An SVG has 96
    /// pixels an inch, as pages count them, and a PNG 300.
    /// A LaTeX figure is a PDF without texts, and a file of the texts.
    func terminals(of figure: String, width: Double, height: Double) -> [String] {
        func text(_ number: Double) -> String { rounded(number) }
        func pixels(_ em: Double) -> String {
            "\(Int((width * em).rounded())),\(Int((height * em).rounded()))"
        }
        let line = "linewidth \(text(0.16 * em)) pointscale \(text(0.0917 * em))"
        let inches = [width, height].map { rounded($0 * em / FigureCanvas.inch, digits: 5) + "in" }
        let dots = em * 300 / FigureCanvas.inch
        let size = JSONValue.text(of: em)
        let sans = "font \"\(family ?? "Sans"),\(size)\""
        if isLaTeX {
            return [
                "set terminal cairolatex pdf input size \(inches.joined(separator: ",")) font \",\(size)\""
                    + " fontscale 0.75 \(line)"
            ]
        }
        // gnuplot takes a point for 4/3 of a pixel in a PNG and of a point in a PDF, and for a pixel in an SVG, where
        // lines keep their distance whatever the scale of fonts is: no other scale would do.
        return [
            "if (format eq \"svg\") {",
            "    set terminal svg size \(pixels(em * 96 / FigureCanvas.inch)) font \"\(family ?? "Arial"),\(size)\" fontscale "
                + "1.3333 linewidth \(text(0.107 * em)) background \"white\" name \"\(svgIdentifier(figure))\"",
            "}",
            "if (format eq \"png\") {",
            "    set terminal pngcairo size \(pixels(dots)) \(sans) fontscale \(text(300 / 96))"
                + " linewidth \(text(0.08 * dots)) pointscale \(text(0.068 * dots))", "}",
            "if (format eq \"pdf\") {",
            "    set terminal pdfcairo size \(inches.joined(separator: ",")) \(sans) fontscale 0.75"
                + " \(line)",
            "}",
        ]
    }

    /// The comment at the top of a figure's script.
    func header(_ table: Table) -> [String] {
        let figure = table.data.figure.name
        let script = figure + (isLaTeX ? "-latex" : "")
        let lines = [
            "# Figure \(figure) of the sweep \(comment(table.sweepName)), digest \(table.sweepDigest).",
            "# In this folder, `gnuplot \(script).gp` draws it from ../tables/\(figure).dat\(isLaTeX ? "." : ";")",
        ]
        if isLaTeX { return lines }
        return lines + [
            table.data.isPlane
                ? "# `gnuplot -e \"formats='gif'\" \(figure).gp` draws the animation, a frame for each measured step."
                : "# `gnuplot -e \"formats='pdf'\" \(figure).gp` in one format only."
        ]
    }

    /// The script of a figure without any number.
    func emptyScript(_ table: Table) -> String {
        let note = quoted("\(table.data.figure.name): nothing is measured yet")
        return (header(table) + ["print \(note)", ""]).joined(separator: "\n")
    }

    /// The script's first lines: what `gnuplot -e` may set, and the table.
    func settings(of figure: String) -> [String] {
        [
            "if (!exists(\"formats\")) formats = \"\(formats)\"",
            "if (!exists(\"stem\")) stem = \(quoted(figure))",
            "table = \(quoted("../tables/\(figure).dat"))", "", "set encoding utf8",
        ]
    }

    /// The formats that a script draws by itself.
    private var formats: String { isLaTeX ? "latex" : "svg png pdf" }
    /// The script's line that names the picture's file.
    var output: String { "set output stem . " + (isLaTeX ? "\"-latex.tex\"" : "\".\" . format") }

    /// gnuplot's terminal for animations.
    func animationTerminal(width: Double, height: Double) -> [String] {
        let size = [width, height].map { "\(Int(($0 * 15).rounded()))" }.joined(separator: ",")
        return [
            "if (format eq \"gif\") {",
            "    set terminal gif animate delay 12 loop 0 optimize size \(size)"
                + " font \"\(family ?? "Sans"),\(JSONValue.text(of: em))\" fontscale \(rounded(11 / em))",
            "}",
        ]
    }
}
