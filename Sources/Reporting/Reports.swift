import Files
import Glibc
import Records
import Sweep

/// A file format of figures.
public enum FigureFormat: String, CaseIterable, Sendable {
    case svg, png, pdf
    /// An animation, only for planes.
    case gif
    /// A file that LaTeX reads, with texts in the document's fonts, and a PDF with the rest.
    case latex

    /// The ends of the names of a figure's files.
    var endings: [String] { self == .latex ? ["-latex.tex", "-latex.pdf"] : [".\(rawValue)"] }

    /// The formats that a run draws.
    public static let usual: [FigureFormat] = [.svg, .png, .pdf]
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
    /// Paths of pictures: `figures/NAME.FORMAT`.
    public let pictures: [String]
    /// How drawing ended.
    public let drawing: Drawing
    /// Each drawn figure as the text of an SVG file, even if no SVG file was requested.
    public let svgs: [String: String]
    /// The first 200 points, for a page.
    public let summary: SummaryTable
    /// Path of the table with all points: `tables/summary.dat`, unless a figure has this name.
    public var summaryPath: String { tables.last ?? "" }
    /// Figures without a number in any record, although there are records. They are not among the pictures.
    public internal(set) var unmeasured: [String] = []
    /// Warnings for readers of the figures: gnuplot's, and characters that no font has.
    public internal(set) var warnings: [String] = []
}

/// Writes reports: tables, scripts and pictures.
public enum Reports {
    /// Whether there is a program `gnuplot` on PATH.
    public static var canDraw: Bool {
        GnuplotProcess(program: "gnuplot", milliseconds: 10_000).run(["--version"]) != .missing
    }

    /// Writes the tables and figures of a sweep from the records so far.
    ///
    /// Reads the records once. Keeps the points of the figures, not the records.
    ///
    /// - Parameters:
    ///   - path: the path of `records.ndjson`.
    ///   - directory: the directory for `tables/NAME.dat` for each figure, `tables/NAME-fall.dat` for each
    ///     figure of ranks along training, `tables/NAME-phases.dat` for each information plane,
    ///     `tables/summary.dat`, `figures/NAME.gp` and, drawn by gnuplot, `figures/NAME.FORMAT`. Made where
    ///     it is missing.
    ///   - style: looks that go before the sweep's own.
    ///   - provenance: tells which trials failed and have no record; nil: unknown.
    ///   - gnuplot: the program, looked up on PATH.
    ///   - fault: why the sweep can't produce a line; called before the line is read.
    ///   - note: called with each figure before it is drawn.
    /// - Throws: `ReportError` for a line that isn't a record, or for a file that can't be read or written.
    ///   gnuplot's failures are in the outcome, not thrown.
    public static func write(
        spec: SweepSpec, recordsAt path: String, to directory: String,
        formats: [FigureFormat] = FigureFormat.usual, style: FigureStyle = FigureStyle(),
        provenance: RunProvenance? = nil,
        gnuplot: String = "gnuplot", fault: ([UInt8]) -> String? = { _ in nil },
        note: (String) -> Void = { _ in }
    ) throws(ReportError) -> ReportOutcome {
        let content = try ReportContent(
            spec: spec, recordsAt: path, failed: provenance?.failedTrials ?? [], style: style, fault: fault)
        for folder in ["tables", "figures"] {
            try filed { () throws(FileError) in try makeFolder(directory + "/" + folder) }
        }
        func write(_ text: String, _ name: String) throws(ReportError) {
            try filed { () throws(FileError) in try writeFile(text.utf8, to: "\(directory)/\(name)") }
        }
        var tables: [String] = []
        func writeTable(_ text: String, _ name: String) throws(ReportError) {
            tables.append("tables/\(name).dat")
            try write(text, "tables/\(name).dat")
        }
        var scripts: [String] = []
        var drawings: [FigureDrawing] = []
        for table in content.tables {
            let name = table.data.figure.name
            try writeTable(table.text, name)
            if table.data.figure.keepsSeeds { try writeTable(table.seedsText, name + "-seeds") }
            if table.data.hasFalls {
                try writeTable(PeakToFinalDropTable(table: table).text, free(name + "-fall", in: spec))
            }
            scripts.append("figures/\(name).gp")
            let drawing = FigureDrawing(table)
            try write(drawing.text, "figures/\(name).gp")
            drawings.append(drawing)
            if formats.contains(.latex) {
                scripts.append("figures/\(name)-latex.gp")
                try write(FigureDrawing(table, isLaTeX: true).text, "figures/\(name)-latex.gp")
            }
        }
        for phases in content.phases where !phases.isEmpty {
            try writeTable(phases.text, free(phases.figure + "-phases", in: spec))
        }
        let summary = free("summary", in: spec)
        tables.append("tables/\(summary).dat")
        try write(content.summary.text, "tables/\(summary).dat")

        let figures = drawings.filter(\.drawsSomething).map(\.figure)
        let drawable = Set(figures.map(\.name))
        let unmeasured = spec.figures.map(\.name).filter { content.records > 0 && !drawable.contains($0) }
        var drawn = Drawing(
            folder: directory + "/figures", formats: formats,
            gnuplot: GnuplotProcess(program: gnuplot, milliseconds: 120_000))
        try drawn.draw(figures, note)
        return ReportOutcome(
            records: content.records, diverged: content.diverged, tables: tables, scripts: scripts,
            pictures: drawn.pictures.map { "figures/" + $0 }, drawing: drawn.result, svgs: drawn.svgs,
            summary: content.summary.table(limit: 200, squaredLoss: content.squaredLoss),
            unmeasured: unmeasured, warnings: drawings.compactMap(\.warning) + drawn.warnings)
    }

    /// A free name for a table beside the figures' tables, since a figure may already have the name.
    private static func free(_ wish: String, in spec: SweepSpec) -> String {
        var name = wish
        while spec.figures.contains(where: { $0.name == name }) { name += "-all" }
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

    var figure: Drawing.Figure { Drawing.Figure(name: name, moves: moves, script: text) }
    /// A size that can't hold the texts.
    var warning: String? {
        drawsSomething ? layout.exceeded.map { "figure \(name): \($0)" } : nil
    }

    init(_ table: Table, isLaTeX: Bool = false) {
        (name, moves) = (table.data.figure.name, table.data.isPlane)
        if table.data.isPlane {
            let script = PlaneScript(table, isLaTeX: isLaTeX)
            (text, drawsSomething, layout) = (script.text, script.drawsSomething, script.layout)
        } else if table.data.figure.isHeatmap {
            let script = HeatmapScript(table, isLaTeX: isLaTeX)
            (text, drawsSomething, layout) = (script.text, script.drawsSomething, script.layout)
        } else {
            let script = FigureScript(table, isLaTeX: isLaTeX)
            (text, drawsSomething, layout) = (script.text, script.drawsSomething, script.layout)
        }
    }
}

/// Everything that a report shows, as values.
struct ReportContent {
    private(set) var records = 0
    private(set) var diverged = 0
    /// One for each figure.
    let tables: [Table]
    /// One for each plane of I(X;T).
    let phases: [PhaseTable]
    let summary: Summary
    /// Whether the task loss is a squared error.
    let squaredLoss: Bool

    /// - Parameters:
    ///   - failed: grid indices of trials that count as failed where they have no record.
    ///   - fault: why the sweep can't produce a line; called before the line is read.
    init(
        spec: SweepSpec, recordsAt path: String, failed: [Int] = [], style: FigureStyle = FigureStyle(),
        fault: ([UInt8]) -> String? = { _ in nil }
    ) throws(ReportError) {
        var figures = spec.figures.map { figure in
            var styled = figure
            styled.style = style.filled(from: figure.style).filled(from: spec.style)
            return FigureData(styled, of: spec)
        }
        var summary = Summary(of: spec)
        var phases = spec.figures.filter(\.isInformationPlane).map { PhaseTable($0.name, of: spec) }
        var (records, diverged) = (0, 0)
        var failed = Dictionary(
            failed.filter { (0..<spec.grid.count).contains($0) }.map { (spec.grid[$0].id.text, $0) },
            uniquingKeysWith: min)
        var ranges = figures.isEmpty ? nil : MetricRanges(spec.grid)
        do throws(RecordFileError) {
            try readRecords(at: path, fault: fault) { record in
                records += 1
                if !failed.isEmpty { failed[record.trial] = nil }
                if !record.isMeasured { diverged += 1 }
                summary.add(record)
                let trial = ranges?.ranges(of: record.axes)
                for index in figures.indices { figures[index].add(record, within: trial) }
                for index in phases.indices { phases[index].add(record) }
            }
        } catch { throw .records(error) }
        for trial in failed.values.sorted() {
            let axes = spec.grid[trial].axesObject.object ?? [:]
            summary.addFailed(axes)
            for index in figures.indices { figures[index].addFailed(axes) }
            for index in phases.indices { phases[index].addFailed(axes) }
        }
        for index in figures.indices { figures[index].settle() }
        let loss = spec.grid.count > 0 ? spec.grid[0].settings.training.loss : .crossEntropy
        let squaredLoss = loss == .meanSquaredError
        tables = figures.map {
            Table(sweepName: spec.name, sweepDigest: spec.digest, squaredLoss: squaredLoss, data: $0)
        }
        self.squaredLoss = squaredLoss
        self.phases = phases
        self.summary = summary
        self.records = records
        self.diverged = diverged
    }
}
