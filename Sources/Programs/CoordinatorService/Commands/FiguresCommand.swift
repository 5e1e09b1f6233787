import Console
import Files
import Glibc
import Journal
import Records
import Reporting
import Sweep
import Text

let formatOption = OptionSpec(
    "--format", "LIST",
    "svg, png, pdf, separated by commas (default: all three); gif: animations of planes; latex: "
        + "NAME-latex.tex with the document's fonts")

let figuresCommand = Command(
    "figures", "rewrites a run's tables, figures and page from its records",
    operands: ["DIR"],
    options: [formatOption]
        + FigureStyle.keys.map { OptionSpec($0.option, $0.value, $0.help) },
    details:
        "Options of style override the sweep file's keys of the same names. They change pictures and their "
        + "scripts, but no records.",
    examples: [
        "ranksweep figures runs/demo --format pdf",
        "ranksweep figures runs/demo --size column --interval stderr --legend below",
    ],
    run: runFigures)

private func runFigures(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let formats = try figureFormats(arguments["--format"])
    let style = try orFail(CommandFailure.init(_:)) { () throws(SweepError) in
        try FigureStyle(
            options: FigureStyle.keys.compactMap { key in
                arguments[key.option].map { (key: key, text: $0) }
            })
    }
    let run = try RunDirectory.open(arguments.operands[0])
    guard access(run.path, W_OK) == 0 else {
        let why = systemMessage(errno)
        throw .input(
            "\(run.path): tables and figures cannot be written here (\(why)), and the existing ones stay "
                + "unchanged: \(quotedCommand("ranksweep merge \(run.word) --out DIR")) makes a copy of the run where you "
                + "may write")
    }
    // The journal is authoritative; records.ndjson may be older, or come from elsewhere without a journal.
    if run.hasJournal {
        do throws(CommandFailure) {
            let journal = try journaled { () throws(JournalError) in
                try RunJournal.open(in: run.path, sweep: run.spec.digest, readOnly: true)
            }
            try run.export(journal)
        } catch {
            guard access(run.recordsPath, R_OK) == 0 else { throw error }
            printError("warning: \(error.message)\nwarning: drawn from \(run.recordsPath) as it is")
        }
    }
    try writeReports(run, formats: formats, style: style)
    return .done
}

func figureFormats(_ list: String?) throws(CommandFailure) -> [FigureFormat] {
    guard let list else { return FigureFormat.defaults }
    var formats: [FigureFormat] = []
    for word in list.split(separator: ",").map(String.init) {
        guard let format = FigureFormat(rawValue: word) else {
            let names = FigureFormat.allCases.map(\.rawValue)
            let near = nearestSpelling(to: word, among: names).map { "; did you mean '\($0)'?" } ?? ""
            throw .input("--format: '\(word)' must be one of \(names.joined(separator: ", "))\(near)")
        }
        if !formats.contains(format) { formats.append(format) }
    }
    return formats
}

/// Writes tables, figures and their page, and prints which.
func writeReports(
    _ run: RunDirectory, formats: [FigureFormat], style: FigureStyle = FigureStyle()
) throws(CommandFailure) {
    var terminal = Terminal()
    let provenance = RunProvenance(readingAt: run.provenancePath)
    let outcome = try reported { () throws(ReportError) in
        try Reports.write(
            [run.source(provenance)], to: run.path, formats: formats, style: style,
            note: { terminal.setFoot($0) })
    }
    terminal.setFoot("")
    printOut("records  \(run.recordsPath) (\(countText(outcome.records, "record")))")
    printReports(outcome, in: run.path, again: "ranksweep figures \(run.word)")
    let report = run.path + "/report.html"
    let page = ReportPage(
        spec: run.spec, outcome: outcome, provenance: provenance, version: programVersion,
        commit: programCommit)
    try filed { () throws(FileError) in try page.write(to: report) }
    printOut("report   \(report)")
    if !outcome.claims.isEmpty { printOut(claimLines(outcome.claims)) }
    try DrawnReports.write(outcome, of: run)
    try checkDrawing(outcome)
}

/// Prints which tables and figures were written.
///
/// - Parameter again: the command that draws them once gnuplot is installed.
func printReports(_ outcome: ReportOutcome, in path: String, again: String) {
    for warning in outcome.warnings { printError("warning: \(warning)") }
    printOut("tables   \(path)/tables: \(outcome.tables.map(name).joined(separator: ", "))")
    switch outcome.drawing {
    case .drawn, .failed:
        if !outcome.pictures.isEmpty {
            printOut("figures  \(path)/figures: \(outcome.pictures.map(name).joined(separator: ", "))")
        }
        if !outcome.unmeasured.isEmpty {
            let names = outcome.unmeasured.joined(separator: ", ")
            printOut("         not drawn, since no record has a number for it: \(names)")
        }
    case .nothingToDraw:
        if !outcome.scripts.isEmpty {
            printOut("figures  none drawn: no record has a number for any of them")
        }
    case .gnuplotMissing:
        printOut(
            "figures  not drawn: \(DrawnReports.gnuplotAdvice); then: "
                + again)
    }
}

/// Throws where gnuplot failed for a figure.
func checkDrawing(_ outcome: ReportOutcome) throws(CommandFailure) {
    if case .failed(let failures) = outcome.drawing {
        let lines = failures.map { "figure \($0.figure) was not drawn: \($0.why)" }
        throw .fault(lines.joined(separator: "\n"))
    }
}

extension RunDirectory {
    /// The run as reports read it.
    ///
    /// - Parameter name: its name among several runs.
    func source(_ provenance: RunProvenance?, named name: String? = nil) -> ReportSource {
        ReportSource(
            spec: spec, recordsAt: recordsPath, provenance: provenance,
            provenanceAt: provenance == nil ? nil : provenancePath, run: name, fault: fileCheck(of: spec))
    }
}

/// A check of a records file's lines against a sweep. The file may come from anywhere. Lines in grid order
/// are matched without a table of all trials.
private func fileCheck(of spec: SweepSpec) -> ([UInt8]) -> String? {
    var records = SweepRecords(spec.grid)
    var trials = TrialFinder(spec.grid)
    let maxBytes = spec.maxRecordBytes + (1 << 20)
    return { line in
        guard let object = CanonicalObject(line), let value = object["trial"],
            let id = TrialID(String(decoding: value.dropFirst().dropLast(), as: UTF8.self))
        else {
            // The reader reports what kind of line it is; only its length is limited here.
            return line.count > maxBytes ? "it is longer than any record of this sweep" : nil
        }
        guard let trial = trials.index(of: id) else {
            return "its trial is not in the sweep" + (trials.needsOrder ? ", or not in grid order" : "")
        }
        return records.fault(inLine: line, trial: trial)
    }
}

private func name(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
}
