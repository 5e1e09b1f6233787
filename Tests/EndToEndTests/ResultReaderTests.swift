import Foundation
import Testing

/// The examples of docs/python.md, on the run of the sweep that the page shows.
@Suite(.serialized) struct ResultReaderTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/python.md")

    /// Python with the packages; RANKSWEEP_PYTHON names another than that on PATH.
    private static let python = ProcessInfo.processInfo.environment["RANKSWEEP_PYTHON"] ?? "python3"

    /// A program that runs examples.
    struct Reader: Sendable {
        /// The language of the code blocks.
        let language: String
        /// A word that only its blocks have.
        var word = ""
        /// Succeeds where the program and its packages are installed.
        let probe: String
        /// Runs the file `example`.
        let command: String
        /// The files that the examples write.
        var writes: [String] = []

        var isInstalled: Bool { (try? Workspace().shell(probe).code) == 0 }
    }

    private static let pandas = Reader(
        language: "python", word: "pandas as pd", probe: probe("pandas"), command: run, writes: ["means.tex"])
    private static let polars = Reader(
        language: "python", word: "polars", probe: probe("polars"), command: run)
    private static let seaborn = Reader(
        language: "python", word: "seaborn", probe: probe("pandas, seaborn"), command: run,
        writes: ["loss.pdf", "ranks.pdf"])
    private static let r = Reader(
        language: "r", probe: "command -v Rscript", command: "Rscript example", writes: ["loss-r.pdf"])
    private static let gnuplot = Reader(
        language: "gnuplot", probe: "command -v gnuplot", command: "gnuplot example",
        writes: ["loss-gnuplot.pdf", "trials-gnuplot.pdf"])
    private static let latex = Reader(
        language: "latex", probe: "kpsewhich pgfplotstable.sty",
        command: "pdflatex -interaction=nonstopmode -halt-on-error example", writes: ["example.pdf"])
    private static let readers = [pandas, polars, seaborn, r, gnuplot, latex]

    private static var run: String { "MPLBACKEND=agg \(python) example" }
    private static func probe(_ packages: String) -> String { "\(python) -c 'import \(packages)'" }

    /// The code blocks of the page in a language.
    private static func blocks(_ language: String) throws -> [String] {
        let parts = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```")
        // Text and blocks alternate.
        return stride(from: 1, to: parts.count, by: 2).map { parts[$0] }
            .filter { $0.hasPrefix(language + "\n") }.map { String($0.dropFirst(language.count + 1)) }
    }

    @Test func `Every example belongs to a reader that is tried where it is installed`() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let opened = text.components(separatedBy: "\n```").count / 2
        let tried = try Self.readers.reduce(0) { sum, reader in
            try sum + Self.blocks(reader.language).count { Self.belongs($0, to: reader) }
        }
        #expect(try tried + Self.blocks("yaml").count == opened)
        #expect(tried >= 9)
    }

    /// seaborn's examples read with pandas, too.
    private static func belongs(_ block: String, to reader: Reader) -> Bool {
        (reader.word.isEmpty || block.contains(reader.word))
            && !(reader.word == "pandas as pd" && block.contains("seaborn"))
    }

    @Test(.enabled(if: pandas.isInstalled, "Python has no pandas")) func `Pandas reads tables`() throws {
        try perform(Self.pandas)
    }

    @Test(.enabled(if: polars.isInstalled, "Python has no polars")) func `Polars reads tables`() throws {
        try perform(Self.polars)
    }

    @Test(.enabled(if: seaborn.isInstalled, "Python has no seaborn")) func `Seaborn draws traces`() throws {
        try perform(Self.seaborn)
    }

    @Test(.enabled(if: r.isInstalled, "R is not installed (Debian: r-base-core)"))
    func `R reads tables`() throws { try perform(Self.r) }

    @Test(.enabled(if: gnuplot.isInstalled, "gnuplot is not installed"))
    func `gnuplot reads tables`() throws { try perform(Self.gnuplot) }

    @Test(.enabled(if: latex.isInstalled, "pgfplotstable is not installed (Debian: texlive-pictures)"))
    func `LaTeX typesets tables`() throws { try perform(Self.latex) }

    private func perform(_ reader: Reader) throws {
        let work = try Workspace()
        try work.write(try #require(Self.blocks("yaml").first), to: "s.yaml")
        let end = try work.run("run", "s.yaml", "--out", "run", "--workers", "1")
        #expect(end.code == 0, "\(end.all)")
        let blocks = try Self.blocks(reader.language).filter { Self.belongs($0, to: reader) }
        #expect(!blocks.isEmpty)
        for block in blocks {
            try work.write(block.replacingOccurrences(of: "DIR/", with: "run/"), to: "example")
            let result = try work.shell(reader.command)
            #expect(result.code == 0, "\(block)\n\(result.all)")
            // gnuplot warns and goes on where a column is missing.
            #expect(reader.language != "gnuplot" || result.errors.isEmpty, "\(block)\n\(result.errors)")
        }
        for name in reader.writes {
            let start = name.hasSuffix(".pdf") ? "%PDF" : "\\begin{tabular}"
            #expect(try work.bytes(name).starts(with: Data(start.utf8)), "\(name)")
        }
    }
}
