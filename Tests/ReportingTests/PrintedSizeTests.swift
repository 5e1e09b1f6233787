import Foundation
import Sweep
import Testing

@testable import Reporting

/// A text in an SVG of gnuplot's: its box in pixels and the sizes of its fonts.
struct DrawnText {
    let text: String
    let sizes: [Double]
    let box: (left: Double, right: Double, top: Double, bottom: Double)

    func overlaps(_ other: DrawnText) -> Bool {
        // A pixel is the width of a line.
        box.left + 1 < other.box.right && other.box.left + 1 < box.right && box.top + 1 < other.box.bottom
            && other.box.top + 1 < box.bottom
    }
}

/// Expects texts of at least 6 points, within the picture, and none over another.
func expectReadableTexts(_ svg: String) throws {
    let size = try #require(svg.firstMatch(of: #/width="([\d.]+)" height="([\d.]+)"/#))
    let width = try #require(Double(size.output.1)), height = try #require(Double(size.output.2))
    let found = try texts(of: svg)
    #expect(found.count > 8)
    for (index, text) in found.enumerated() {
        // gnuplot rounds sizes to a hundredth, or within a text to a tenth of a pixel; 96 are an inch.
        #expect((text.sizes.min() ?? 0) * 72 / 96 >= 5.95, "\(text.text) \(text.sizes)")
        let isInside =
            text.box.left >= -1 && text.box.top >= -1 && text.box.right <= width + 1
            && text.box.bottom <= height + 1
        #expect(isInside, "\(text.text) \(text.box) of \(width) × \(height)")
        for other in found[..<index] where other.text != text.text {
            #expect(!text.overlaps(other), "\(text.text) \(text.box) over \(other.text) \(other.box)")
        }
    }
}

func texts(of svg: String) throws -> [DrawnText] {
    let position =
        #/translate\((-?[\d.]+),(-?[\d.]+)\)( rotate\((-?\d+)\))?"[^>]*font-size="([\d.]+)"\s+text-anchor="(\w+)">\s*<text>(.*?)<\/text>/#
    return try svg.matches(of: position.dotMatchesNewlines()).compactMap { match in
        let markup = String(match.output.7)
        var text = markup.replacing(#/<[^>]*>/#, with: "")
        for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), ("&#160;", " ")] {
            text = text.replacing(entity, with: character)
        }
        text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else { return nil }
        let size = try #require(Double(match.output.5))
        let parts = markup.matches(of: #/font-size="([\d.]+)"/#).compactMap { Double($0.output.1) }
        let x = try #require(Double(match.output.1)), y = try #require(Double(match.output.2))
        // Arial is narrower than DejaVu Sans, whose widths these are.
        let width = 0.9 * size * WrappedText.width(text)
        let before: Double = match.output.6 == "middle" ? width / 2 : match.output.6 == "end" ? width : 0
        let (ascent, descent) = (0.72 * size, 0.2 * size)
        // Turned texts are read from below.
        let isTurned = match.output.3 != nil
        let box =
            isTurned
            ? (x - ascent, x + descent, y - width + before, y + before)
            : (x - before, x - before + width, y - ascent, y + descent)
        return DrawnText(text: text, sizes: [size] + parts, box: box)
    }
}

private let figures = [
    "{name: f, x: beta, y: [kl_nats, informative_directions], curves: depth, xscale: log, theory: true}",
    "{name: f, x: beta, y: {metric: local_rank, threshold: 0.1}, panels: depth}",
    "{name: f, x: beta, y: [kl_nats, i_zy_nats, train_loss, test_loss], panels: depth, yscale: log}",
    "{name: f, title: \"A title that is much longer than a column is wide, and so has several lines\", x: step, "
        + "y: [train_loss, {metric: local_rank, threshold: 0.1, layer: each}], panels: depth, xscale: log}",
    "{name: f, x: depth, y: kl_nats, curves: beta, style: bars}",
    "{name: f, x: depth, y: kl_nats, curves: beta, style: box, ylabel: \"a long name of an axis that has many words\"}",
    "{name: f, x: beta, y: depth, color: kl_nats}",
    "{name: f, x: i_zy_nats, points: beta, y: kl_nats, curves: depth, fit: line}",
]

@Suite(.needsGnuplot)
struct PrintedSizeTests {
    @Test(
        arguments: figures,
        [
            "size: column", "size: page", "size: slide", "size: [3, 3.5], font_size: 6",
            "size: [5, 4], font_size: 12", "size: screen",
        ])
    func `No text is below 6 points, cut, or over another, at any size`(figure: String, style: String) throws
    {
        try withFolder { folder in
            let spec = try SweepSpec.small(
                figures: figure, more: "measures: {trace_at: log}\nstyle: {\(style)}", depths: "[1, 2, 3]")
            let outcome = try report(SyntheticRecords(spec: spec), in: folder, formats: [.svg])
            #expect(outcome.drawing == .drawn)
            let svg = try #require(outcome.svgs["f"])
            try expectReadableTexts(svg)
        }
    }

    @Test func `A PDF has the size that was asked for, and a too small one is named`() throws {
        try withFolder { folder in
            func box(_ style: String) throws -> (width: Double, height: Double, warnings: [String]) {
                let spec = try SweepSpec.small(figures: figures[0], more: "style: {\(style)}")
                let outcome = try report(SyntheticRecords(spec: spec), in: folder, formats: [.pdf])
                let pdf = String(
                    decoding: try Data(contentsOf: URL(filePath: folder + "/figures/f.pdf")), as: UTF8.self)
                let match = try #require(pdf.firstMatch(of: #/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]/#))
                return (
                    try #require(Double(match.output.1)), try #require(Double(match.output.2)),
                    outcome.warnings
                )
            }
            let column = try box("size: column")
            #expect(abs(column.width - 3.4 * 72) < 1 && column.height < 9 * 72 && column.warnings == [])
            let exact = try box("size: [5, 6]")
            #expect(abs(exact.width - 360) < 1 && abs(exact.height - 432) < 1 && exact.warnings == [])
            let small = try box("size: [3, 1]")
            #expect(small.height > 72)
            #expect(
                small.warnings.count == 1 && small.warnings[0].hasPrefix("figure f: 3 × 1 in can't hold all"))
        }
    }

    @Test func `LaTeX gets a file of texts in its own fonts, and a picture that the file names`() throws {
        try withFolder { folder in
            let spec = try SweepSpec.small(figures: figures[0], more: "style: {size: column}")
            let outcome = try report(SyntheticRecords(spec: spec), in: folder, formats: [.latex])
            #expect(outcome.drawing == .drawn)
            #expect(outcome.pictures == ["figures/f-latex.tex", "figures/f-latex.pdf"])
            let tex = try text(of: folder + "/figures/f-latex.tex")
            #expect(tex.contains("]{f-latex}}") && !tex.contains("partial"))
            #expect(tex.contains("$\\beta$$_{\\mathrm{I}\\mathrm{B}}$ = 1/$\\beta$"))
            #expect(tex.contains("\\fontsize{8}{9.6}\\selectfont closed form"))
            #expect(
                tex.contains("\\selectfont KL(q(z$|$x) $\\|$ r(z)) (nats)") && tex.contains("strut{}0.1}"))
        }
    }
}

@Suite struct LaTeXTextTests {
    @Test(arguments: [
        (#"rate $\eta$"#, #"rate $\eta$"#), (#"$\hat{y}_1^{2}$ ~ $x$"#, #"$\hat{y}_1^{2}$ ~ $x$"#),
        (#"50 % & $"#, #"50 \% \& \$"#), (#"a_b \c"#, #"a\_b \textbackslash{}c"#),
    ])
    func `A name with formulas is LaTeX as it is, and another is shown as it is`(name: String, tex: String) {
        #expect(LaTeXText.enhanced(enhancedLiteral(name)) == tex)
        #expect(LaTeXText.plain(name) == tex)
    }

    @Test func `Formulas of axis names and titles stay on one line`() {
        func lines(_ text: String, isEnhanced: Bool, isLaTeX: Bool) -> [String] {
            WrappedText(text, in: 3, sizes: 1...1, isEnhanced: isEnhanced, isLaTeX: isLaTeX).lines
        }
        for isEnhanced in [true, false] {
            #expect(
                lines("share of $a + b$ end", isEnhanced: isEnhanced, isLaTeX: true)
                    == ["share", "of", "$a + b$", "end"])
        }
        #expect(lines("from $1 to $2", isEnhanced: true, isLaTeX: false) == ["from", "$1 to", "$2"])
        #expect(lines("share $", isEnhanced: true, isLaTeX: true) == ["share", "$"])
    }
}

@Suite struct FigureKindTests {
    private func script(_ look: String) throws -> (script: String, table: String, folder: [String]) {
        try withFolder { folder in
            let spec = try SweepSpec.small(figures: "{name: f, x: beta, y: kl_nats, curves: depth, \(look)}")
            let outcome = try report(
                SyntheticRecords(spec: spec), in: folder, formats: hasGnuplot ? [.svg] : [])
            #expect(outcome.warnings == [])
            return (
                try text(of: folder + "/figures/f.gp"), try text(of: folder + "/tables/f.dat"), outcome.tables
            )
        }
    }

    @Test func `Bars are of the interval that is asked for, and the notes say which`() throws {
        let standard = try script("interval: stderr").script
        #expect(
            standard.contains(":($3 - $4):($3 + $4) with yerrorbars")
                && standard.contains("bars: standard error"))
        let (range, table, _) = try script("interval: range")
        let names = try columns(of: table)
        let low = 1 + (try #require(names.firstIndex(of: "kl_nats:min")))
        #expect(range.contains(":\(low):\(low + 1) with yerrorbars"))
        #expect(names.suffix(2) == ["kl_nats:min", "kl_nats:max"])
        // Least and greatest of three seeds are the mean's bounds.
        for row in rows(of: table) {
            let cells = row.compactMap(Double.init)
            let last = cells.suffix(2)
            #expect(last.first ?? 0 <= cells[2] && cells[2] <= last.last ?? 0)
        }
        let none = try script("interval: none").script
        #expect(!none.contains("yerrorbars") && !none.contains("95 %") && none.contains("mean of 3 seeds"))
    }

    @Test func `Single seeds have a table of their own, a row for each`() throws {
        try withFolder { folder in
            let spec = try SweepSpec.small(
                figures: "{name: f, x: beta, y: kl_nats, curves: depth, interval: seeds}")
            let outcome = try report(SyntheticRecords(spec: spec), in: folder)
            #expect(outcome.tables.prefix(3) == ["tables/trials.csv", "tables/f.dat", "tables/f-seeds.dat"])
            let table = try text(of: folder + "/tables/f-seeds.dat")
            #expect(rows(of: table).count == 12)
            let first = rows(of: try text(of: folder + "/tables/f.dat"))[0].compactMap(Double.init)
            let own = rows(of: table).compactMap { row in row.compactMap(Double.init) }.prefix(6).filter {
                $0[0] == 0.1
            }
            #expect(own.map { $0[1] } == [0, 1, 2])
            #expect(abs(own.map { $0[2] }.reduce(0, +) / 3 - first[2]) < 1e-9)
            #expect(try text(of: folder + "/figures/f.gp").contains("seeds index 0 using"))
        }
    }

    @Test func `Bars begin at 0, and each x has a position`() throws {
        let bars = try script("style: bars").script
        #expect(bars.contains("at(x) = x <= 0.1 ? 0 : 1") && bars.contains("set xrange [-0.6:1.6]"))
        #expect(bars.contains("set xtics nomirror ('0.1' 0, '0.5' 1)"))
        #expect(
            bars.contains(
                "(at($1) - 0.2):3:(at($1) - 0.2 - 0.18):(at($1) - 0.2 + 0.18):(0):3 with boxxyerror"))
    }

    @Test func `Bars of single seeds have a dot for each`() throws {
        let bars = try script("style: bars, interval: seeds").script
        #expect(bars.contains("seeds = '../tables/f-seeds.dat'") && bars.contains("dots: each seed"))
        #expect(bars.contains("seeds index 0 using (at($1) - 0.2):3 with points ls 1 "))
        #expect(bars.contains("seeds index 1 using (at($1) + 0.2):3 with points ls 2 "))
        // The quartiles are in the table itself.
        #expect(try !script("style: box, interval: seeds").script.contains("-seeds.dat"))
    }

    @Test func `A style that a figure cannot have does not change it`() throws {
        try withFolder { folder in
            let figures = """
                {name: m, x: {metric: kl_nats}, points: beta, y: test_loss},
                  {name: h, x: beta, y: depth, color: kl_nats}, {name: p, x: kl_nats, y: test_loss}
                """
            func files(_ style: String) throws -> [String] {
                let spec = try SweepSpec.small(
                    figures: figures, more: "measures: {trace_at: log}\nstyle: {\(style)}")
                let outcome = try report(SyntheticRecords(spec: spec), in: folder)
                return try (outcome.tables + outcome.scripts).map { try text(of: folder + "/" + $0) }
            }
            let plain = try files("size: screen")
            for kind in ["line", "bars", "box"] {
                for interval in ["ci95", "range", "seeds"] {
                    #expect(try files("style: \(kind), interval: \(interval)") == plain)
                }
            }
        }
    }

    @Test func `Boxes have quartiles, interpolated between neighbours`() throws {
        let (script, table, _) = try script("style: box")
        #expect(script.contains("with candlesticks"))
        #expect(
            try columns(of: table).suffix(5)
                == ["min", "q25", "median", "q75", "max"].map { "kl_nats:\($0)" })
        #expect(quantile(0.25, ofSorted: [1, 2, 4, 8, 16]) == 2)
        #expect(quantile(0.5, ofSorted: [1, 2, 4, 8]) == 3 && quantile(0.75, ofSorted: [3]) == 3)
        #expect(quantile(0.5, ofSorted: []) == nil)
    }

    @Test func `Ends, names and the key are as asked`() throws {
        let text = try script(
            "xlim: [0.05, auto], ylim: [0, 20], xlabel: \"a_b\", ylabel: kept, legend: none, header: title"
        ).script
        #expect(text.contains("set yrange [0:20]") && text.contains("set xrange [0.05:"))
        #expect(text.contains(#"set xlabel "a\\_b""#) && text.contains("set ylabel 'kept'"))
        #expect(!text.contains("keyentry") && !text.contains("mean of 3 seeds"))
    }
}
