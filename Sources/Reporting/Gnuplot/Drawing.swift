import Files
import Glibc
import Records

/// Draws scripts as pictures.
struct Drawing {
    struct Figure {
        let name: String
        /// Whether the figure may be an animation.
        let moves: Bool
        let script: String
    }

    let folder: String
    let formats: [FigureFormat]
    /// Whether `svgs` are drawn, even if the folder is to have none.
    let hasPage: Bool
    let gnuplot: GnuplotProcess
    /// Names of files in the folder.
    private(set) var pictures: [String] = []
    private(set) var svgs: [String: String] = [:]
    private(set) var warnings: [String] = []
    private(set) var result = ReportOutcome.Drawing.nothingToDraw
    private var failures: [ReportOutcome.Failure] = []
    private var glyphs = Glyphs()

    init(folder: String, formats: [FigureFormat], hasPage: Bool, gnuplot: GnuplotProcess) {
        self.folder = folder
        self.formats = formats
        self.hasPage = hasPage
        self.gnuplot = gnuplot
    }

    mutating func draw(_ figures: [Figure], _ note: (String) -> Void) throws(ReportError) {
        guard !figures.isEmpty, !formats.isEmpty else { return }
        for figure in figures {
            note("drawing \(figure.name)")
            guard try draw(figure) else {
                result = .gnuplotMissing
                return
            }
        }
        result = failures.isEmpty ? .drawn : .failed(failures)
    }

    /// Draws under a temporary name first, so that a picture is always the whole old one or the whole new
    /// one.
    ///
    /// - Returns: false where there is no gnuplot.
    private mutating func draw(_ figure: Figure) throws(ReportError) -> Bool {
        let made = (formats.contains(.svg) || !hasPage ? formats : [.svg] + formats)
            .filter { figure.moves || $0 != .gif }
        let partial = ".\(figure.name).partial"
        defer {
            for ending in made.flatMap(\.endings) + [".gp"] { unlink("\(folder)/\(partial)\(ending)") }
        }
        // A format that fails leaves the others.
        var (drawn, failure): ([FigureFormat], String?) = ([], nil)
        for (script, formats) in try scripts(figure, made, partial) where !formats.isEmpty {
            let list = formats.map(\.rawValue).joined(separator: " ")
            switch gnuplot.run(
                script: script, setting: "formats = \(quoted(list)); stem = \(quoted(partial))", in: folder)
            {
            case .missing: return false
            case .failed(let why):
                failure = failure ?? why
            case .done(let said):
                drawn += formats
                if !said.isEmpty { warnings.append("figure \(figure.name): gnuplot says: \(said)") }
            }
        }
        if let failure { failures.append(ReportOutcome.Failure(figure: figure.name, why: failure)) }
        if hasPage, drawn.contains(.svg) { svgs[figure.name] = try contents("\(folder)/\(partial).svg") }
        if drawn.contains(.latex) {
            // The texts name the picture below them.
            let tex = try contents("\(folder)/\(partial)-latex.tex")
            try filed { () throws(FileError) in
                try writeFile(
                    tex.replacing("\(partial)-latex", with: "\(figure.name)-latex").utf8,
                    to: "\(folder)/\(partial)-latex.tex")
            }
        }
        for ending in formats.filter(drawn.contains).flatMap(\.endings) {
            try filed { () throws(FileError) in
                try adoptFile("\(folder)/\(partial)\(ending)", as: "\(folder)/\(figure.name)\(ending)")
            }
            pictures.append(figure.name + ending)
        }
        return true
    }

    private func contents(_ path: String) throws(ReportError) -> String {
        var bytes: [UInt8] = []
        do throws(RecordFileError) { try readLines(at: path) { bytes += $0 } } catch { throw .records(error) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The scripts, each with the formats that it draws. Where no font has a character, gnuplot's bitmaps
    /// would show it as large as the picture, so they have a question mark instead. An SVG is shown with the
    /// reader's fonts.
    private mutating func scripts(
        _ figure: Figure, _ formats: [FigureFormat], _ partial: String
    ) throws(ReportError) -> [(script: String, formats: [FigureFormat])] {
        let latex = formats.contains(.latex) ? [("\(figure.name)-latex.gp", [FigureFormat.latex])] : []
        let formats = formats.filter { $0 != .latex }
        let missing = formats.allSatisfy { $0 == .svg } ? [] : glyphs.missing(in: figure.script)
        guard !missing.isEmpty else { return [("\(figure.name).gp", formats)] + latex }
        let others = formats.filter { $0 != .svg }
        let names = others.map { $0.rawValue.uppercased() }.joined(separator: ", ")
        warnings.append(
            "figure \(figure.name): no installed font has \(missing.map(Glyphs.text).joined(separator: ", ")): "
                + "in \(names) '?' stands in their place; install a font that has them (Debian: apt install "
                + "fonts-noto-core fonts-noto-cjk), then: ranksweep figures DIR")
        try filed { () throws(FileError) in
            try writeFile(figure.script.replacing(missing, with: "?").utf8, to: "\(folder)/\(partial).gp")
        }
        return [("\(figure.name).gp", [.svg]), ("\(partial).gp", others)] + latex
    }
}
