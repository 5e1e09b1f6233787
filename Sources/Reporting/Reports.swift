import Files
import Glibc
import Records
import Sweep
import Text

/// A file format of figures.
public enum FigureFormat: String, CaseIterable, Sendable {
    case svg, png, pdf
    /// An animation, only for planes.
    case gif
    /// A file that LaTeX reads, with texts in the document's fonts, and a PDF with the rest.
    case latex

    /// The suffixes of the names of a figure's files.
    var endings: [String] { self == .latex ? ["-latex.tex", "-latex.pdf"] : [".\(rawValue)"] }

    /// The formats that a run draws.
    public static let defaults: [FigureFormat] = [.svg, .png, .pdf]
}

/// The outcome of a report: the files written, and a summary of the points.
public struct ReportOutcome: Equatable, Sendable {
    /// How drawing the figures ended.
    public enum Drawing: Equatable, Sendable {
        case drawn
        /// No format was asked for, or no figure has anything to show.
        case nothingToDraw
        /// Scripts and tables are written, but there is no program `gnuplot` on PATH.
        case gnuplotMissing
        /// gnuplot failed for these figures; the others are drawn.
        case failed([Failure])
    }

    /// A figure that gnuplot could not draw.
    public struct Failure: Equatable, Sendable {
        /// The figure's name.
        public let figure: String
        /// gnuplot's message.
        public let why: String
    }

    /// Number of records read.
    public let records: Int
    /// Number of diverged trials among the records.
    public let diverged: Int
    /// Paths relative to the report's directory: tables as `tables/NAME.dat`.
    public let tables: [String]
    /// Paths of gnuplot scripts: `figures/NAME.gp`.
    public let scripts: [String]
    /// Paths of pictures: `figures/NAME.FORMAT`, for LaTeX `figures/NAME-latex.tex` and `.pdf`.
    public let pictures: [String]
    /// How drawing ended.
    public let drawing: Drawing
    /// For a page, each drawn figure as the text of an SVG file, even if no SVG file was requested.
    public let svgs: [String: String]
    /// The numbers of each drawn figure, for a page; planes, heatmaps and stars have none.
    public let figureData: [String: JSONValue]
    /// The first 200 points, for a page.
    public let summary: SummaryTable
    /// Trials, for a page.
    public let trials: PageTrials
    /// Path of the table with all points: `tables/summary.dat`, unless a figure has this name.
    public var summaryPath: String { tables.last ?? "" }
    /// Figures without a number in any record, although there are records. They are not among the pictures.
    public internal(set) var unmeasured: [String] = []
    /// Warnings for readers of the figures: gnuplot's, and characters that no font has.
    public internal(set) var warnings: [String] = []
    /// The differences of runs from the first run; empty for a single run.
    public internal(set) var differences: [Difference] = []
    /// The verdicts on the sweep's claims.
    public internal(set) var claims: [ClaimOutcome] = []

    /// The differences of one run from the first one in one metric, counted over points.
    public struct Difference: Equatable, Sendable {
        /// The run's name.
        public let run: String
        /// The metric's column.
        public let metric: String
        /// Number of points at which both runs have the metric.
        public internal(set) var points = 0
        /// Number of points at which the 95 % interval is above 0.
        public internal(set) var higher = 0
        /// Number of points at which it is below 0.
        public internal(set) var lower = 0
    }
}

/// Writes reports: tables, scripts and pictures.
public enum Reports {
    /// Whether there is a program `gnuplot` on PATH.
    public static var canDraw: Bool {
        GnuplotProcess(program: "gnuplot", milliseconds: 10_000).run(["--version"]) != .missing
    }

    /// Writes the tables and figures of a single run's sweep; see `write(_:to:)`.
    public static func write(
        spec: SweepSpec, recordsAt path: String, to directory: String,
        formats: [FigureFormat] = FigureFormat.defaults, provenance: RunProvenance? = nil,
        gnuplot: String = "gnuplot", fault: @escaping ([UInt8]) -> String? = { _ in nil },
        note: (String) -> Void = { _ in }
    ) throws(ReportError) -> ReportOutcome {
        let source = ReportSource(spec: spec, recordsAt: path, provenance: provenance, fault: fault)
        return try write([source], to: directory, formats: formats, gnuplot: gnuplot, note: note)
    }

    /// Writes the tables and figures of a run, or of several with the run as one more axis, from the records
    /// so far.
    ///
    /// Reads the records once. Keeps the points of the figures and up to 4096 trials for the page, not the records.
    ///
    /// - Parameters:
    ///   - sources: the runs, at least one.
    ///   - directory: the directory for the tables of trials (`TrialTables`), `tables/NAME.dat` for each
    ///     figure, `tables/NAME-seeds.dat` for each figure of single seeds or boxes, `tables/NAME-fall.dat`
    ///     for each figure of ranks along training, `tables/NAME-phases.dat` for each information plane,
    ///     `tables/summary.dat`, `figures/NAME.gp` (for LaTeX `figures/NAME-latex.gp`) and, drawn by gnuplot,
    ///     `figures/NAME.FORMAT`. Made where it is missing.
    ///   - style: a style that overrides the sweeps' own.
    ///   - hasPage: whether the outcome has what only a page shows.
    ///   - gnuplot: the program, looked up on PATH.
    ///   - note: called with each figure before it is drawn.
    /// - Throws: `ReportError` for a line that isn't a record, or for a file that can't be read or written.
    ///   gnuplot's failures are in the outcome, not thrown.
    public static func write(
        _ sources: [ReportSource], to directory: String, formats: [FigureFormat] = FigureFormat.defaults,
        style: FigureStyle = FigureStyle(), hasPage: Bool = true, gnuplot: String = "gnuplot",
        note: (String) -> Void = { _ in }
    ) throws(ReportError) -> ReportOutcome {
        for folder in ["tables", "figures"] {
            try filed { () throws(FileError) in try makeFolder(directory + "/" + folder) }
        }
        let scope = ReportScope.of(sources, style: style)
        var trials = try filed { () throws(FileError) in
            try TrialTables(sources, of: scope, in: directory + "/tables")
        }
        var differences = scope.hasRuns ? DifferenceTable(sources, of: scope) : nil
        let content = try ReportContent(sources, scope, hasPage: hasPage, &trials, &differences)
        var tables = try filed { () throws(FileError) in
            try trials.commit()
            let hasAttempts = try AttemptTable.write(sources, in: directory + "/tables")
            return (trials.names + (hasAttempts ? [AttemptTable.name] : [])).map { "tables/" + $0 }
        }
        if !content.claims.isEmpty {
            try filed { () throws(FileError) in
                try ClaimTable.write(content.claims, in: directory + "/tables")
            }
            tables += ClaimTable.names.map { "tables/" + $0 }
        }
        var counts: [ReportOutcome.Difference] = []
        if let differences {
            counts = try filed { () throws(FileError) in
                try DifferenceTable.writeSweeps(sources, to: directory + "/tables")
                return try differences.write(to: directory + "/tables")
            }
            tables += [DifferenceTable.name, DifferenceTable.sweeps].map { "tables/" + $0 }
        }
        let (scripts, drawings) = try write(
            content, scope, to: directory, hasLaTeX: formats.contains(.latex), &tables)
        let figures = drawings.map { Drawing.Figure(name: $0.name, moves: $0.moves, script: $0.text) }
        let drawable = Set(figures.map(\.name))
        let unmeasured = scope.figures.map(\.name).filter { content.records > 0 && !drawable.contains($0) }
        var drawn = Drawing(
            folder: directory + "/figures", formats: formats, hasPage: hasPage,
            gnuplot: GnuplotProcess(program: gnuplot, milliseconds: 120_000))
        try drawn.draw(figures, note)
        let exceeded = drawings.compactMap { drawing in
            drawing.layout.exceeded.map { "figure \(drawing.name): \($0)" }
        }
        return ReportOutcome(
            records: content.records, diverged: content.diverged, tables: tables, scripts: scripts,
            pictures: drawn.pictures.map { "figures/" + $0 }, drawing: drawn.result, svgs: drawn.svgs,
            figureData: pageData(drawings.filter { drawn.svgs[$0.name] != nil }),
            summary: content.summary.table(limit: hasPage ? 200 : 0, squaredLoss: content.squaredLoss),
            trials: content.trials.trials(squaredLoss: content.squaredLoss),
            unmeasured: unmeasured, warnings: exceeded + drawn.warnings, differences: counts,
            claims: content.claims)
    }

    /// The verdicts of a run's records on its sweep's claims. Writes nothing.
    public static func claims(of source: ReportSource) throws(ReportError) -> [ClaimOutcome] {
        var collector = ClaimCollector([source.spec])
        do throws(RecordFileError) {
            try readRecords(at: source.recordsPath, fault: source.fault) { collector.add($0) }
        } catch { throw .records(error) }
        return collector.outcomes
    }

    /// Writes the tables and scripts of figures, and the summary.
    ///
    /// - Parameter tables: the names of the tables are added.
    /// - Returns: the names of the scripts, and the drawings that show something.
    private static func write(
        _ content: ReportContent, _ scope: ReportScope, to directory: String, hasLaTeX: Bool,
        _ tables: inout [String]
    ) throws(ReportError) -> (scripts: [String], drawings: [FigureDrawing]) {
        func write(_ text: String, _ name: String) throws(ReportError) {
            try filed { () throws(FileError) in try writeFile(text.utf8, to: "\(directory)/\(name)") }
        }
        var (scripts, drawings): ([String], [FigureDrawing]) = ([], [])
        for table in content.tables {
            let name = table.data.figure.name
            tables.append("tables/\(name).dat")
            try write(table.text, "tables/\(name).dat")
            if table.data.figure.keepsSeeds {
                tables.append("tables/\(name)-seeds.dat")
                try write(table.seedsText, "tables/\(name)-seeds.dat")
            }
            if table.data.hasFalls {
                let fall = free(name + "-fall", in: scope)
                tables.append("tables/\(fall).dat")
                try write(PeakToFinalDropTable(table: table).text, "tables/\(fall).dat")
            }
            scripts.append("figures/\(name).gp")
            let drawing = FigureDrawing(table)
            try write(drawing.text, "figures/\(name).gp")
            if drawing.drawsSomething { drawings.append(drawing) }
            if hasLaTeX {
                scripts.append("figures/\(name)-latex.gp")
                try write(FigureDrawing(table, isLaTeX: true).text, "figures/\(name)-latex.gp")
            }
        }
        for phases in content.phases where !phases.isEmpty {
            let name = free(phases.figure + "-phases", in: scope)
            tables.append("tables/\(name).dat")
            try write(phases.text, "tables/\(name).dat")
        }
        let summary = free("summary", in: scope)
        tables.append("tables/\(summary).dat")
        try write(content.summary.text, "tables/\(summary).dat")
        return (scripts, drawings)
    }

    private static func pageData(_ drawings: [FigureDrawing]) -> [String: JSONValue] {
        var data: [String: JSONValue] = [:]
        for drawing in drawings { data[drawing.name] = drawing.curves?.pageData(of: drawing.text) }
        return data
    }

    /// A free name for a table beside the figures' tables, since a figure may already have the name.
    private static func free(_ first: String, in scope: ReportScope) -> String {
        var name = first
        while scope.figures.contains(where: { $0.name == name }) { name += "-all" }
        return name
    }
}

/// A table's script of the right kind.
private struct FigureDrawing {
    let name: String
    /// Whether it may be an animation.
    let moves: Bool
    let text: String
    let drawsSomething: Bool
    let layout: FigureLayout
    /// The script; nil for planes, heatmaps and stars.
    var curves: FigureScript?

    init(_ table: Table, isLaTeX: Bool = false) {
        (name, moves) = (table.data.figure.name, table.data.isPlane)
        if table.data.isPlane {
            let script = PlaneScript(table, isLaTeX: isLaTeX)
            (text, drawsSomething, layout) = (script.text, script.drawsSomething, script.layout)
        } else if table.data.figure.isHeatmap {
            let script = HeatmapScript(table, isLaTeX: isLaTeX)
            (text, drawsSomething, layout) = (script.text, script.drawsSomething, script.layout)
        } else if table.data.figure.hasStars {
            let script = StarScript(table, isLaTeX: isLaTeX)
            (text, drawsSomething, layout) = (script.text, script.drawsSomething, script.layout)
        } else {
            let script = FigureScript(table, isLaTeX: isLaTeX)
            curves = script
            (text, drawsSomething, layout) = (script.text, script.drawsSomething, script.layout)
        }
    }
}
