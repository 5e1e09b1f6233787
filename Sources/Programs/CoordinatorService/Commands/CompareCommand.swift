import Console
import Files
import Glibc
import Journal
import Records
import Reporting
import Sweep
import Text
import Transport

let compareCommand = Command(
    "compare", "draws several runs in one set of figures and tables, with their differences",
    operands: ["DIR", "DIR…"],
    options: [OptionSpec("--out", "DIR", "the new directory for tables and figures"), formatOption],
    details: """
        Runs may be unfinished or still running. Each figure of their sweeps gets a curve for each run, or a
        panel if its curves belong to another axis. tables/differences.csv has the difference of each run from
        the first one in each metric, with its 95 % interval, at each point that both have: seed by seed where
        they share seeds, otherwise between their means. The command prints the differences between the
        sweeps, and writes them to tables/sweeps.csv. It doesn't change the runs.
        """,
    examples: [
        "ranksweep compare runs/adam runs/sgd --out runs/optimizers",
        "ranksweep compare runs/monday runs/tuesday --out both --format pdf",
    ],
    run: runCompare)

private func runCompare(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    guard var out = arguments["--out"] else {
        throw .input("--out DIR is missing: where should the tables and figures go?")
    }
    while out.hasSuffix("/"), out != "/" { out.removeLast() }
    let formats = try figureFormats(arguments["--format"])
    let runs = try openRuns(arguments.operands)
    try checkIsFree(out, for: "compare")
    _ = SignalDescriptor()
    SignalDescriptor.exitFromNowOn(
        code: ExitCode.interrupted.rawValue,
        words: "\(UnfinishedFolder.interrupted)\n")
    let building = try UnfinishedFolder(for: out)
    let outcome: ReportOutcome
    do throws(CommandFailure) {
        outcome = try compare(runs, in: building.path, formats)
    } catch {
        building.discard()
        throw error
    }
    try building.finish()
    unlink("\(out)/coordinator.lock")
    printSweeps(runs)
    printReports(outcome, in: out, again: "gnuplot NAME.gp in \(out)/figures")
    printDifferences(outcome, runs)
    try checkDrawing(outcome)
    return .done
}

/// A run and its name in figures and tables.
private struct ComparedRun {
    let run: RunDirectory
    let name: String
}

/// Opens the runs, or throws everything that is wrong with them.
private func openRuns(_ operands: [String]) throws(CommandFailure) -> [ComparedRun] {
    var paths: [String] = []
    var runs: [RunDirectory] = []
    var faults: [String] = []
    for operand in operands {
        var path = operand
        while path.hasSuffix("/"), path != "/" { path.removeLast() }
        if let twin = paths.first(where: { RunDirectory.isSame($0, path) }) {
            faults.append("\(path): the same directory as \(twin): name each run once")
            continue
        }
        paths.append(path)
        do throws(CommandFailure) { runs.append(try RunDirectory.open(path)) } catch {
            faults.append(error.message)
        }
    }
    faults += sharedFiles(runs)
    guard faults.isEmpty else {
        throw .input((faults + ["nothing was compared, and nothing written"]).joined(separator: "\n"))
    }
    let last = paths.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    // Paths distinguish directories of the same name.
    let names = Set(last).count == last.count ? last : paths
    return zip(runs, names).map { ComparedRun(run: $0, name: $1) }
}

/// The faults of figures whose names are those of files of another run's figures.
private func sharedFiles(_ runs: [RunDirectory]) -> [String] {
    runs.flatMap { run in
        run.spec.figures.flatMap { figure in
            runs.flatMap { other in
                other.spec.figures.filter { FigureSpec.isFile(figure.name, ofFigure: $0.name) }.map {
                    "\(run.path): its figure '\(figure.name)' has the name of a file of the figure '\($0.name)' of "
                        + "\(other.path): leave one of the runs out"
                }
            }
        }
    }
}

private func compare(
    _ runs: [ComparedRun], in folder: String, _ formats: [FigureFormat]
) throws(CommandFailure) -> ReportOutcome {
    let scratch = folder + "/reading"
    var sources: [ReportSource] = []
    for (index, compared) in runs.enumerated() {
        let run = try readable(compared.run, copiedTo: "\(scratch)/\(index)")
        sources.append(run.source(RunProvenance(readingAt: run.provenancePath), named: compared.name))
    }
    var terminal = Terminal()
    let outcome = try reported { () throws(ReportError) in
        try Reports.write(
            sources, to: folder, formats: formats, hasPage: false, note: { terminal.setFoot($0) })
    }
    terminal.setFoot("")
    removeTree(scratch)
    return outcome
}

/// The run with record files that match its journal: its own, or copies if its own are out of date.
private func readable(_ run: RunDirectory, copiedTo path: String) throws(CommandFailure) -> RunDirectory {
    guard run.hasJournal else {
        guard access(run.recordsPath, R_OK) == 0 else {
            throw .input("\(run.path): it has neither a journal nor records.ndjson: nothing to compare")
        }
        return run
    }
    let journal = try journaled { () throws(JournalError) in
        try RunJournal.open(in: run.path, sweep: run.spec.digest, readOnly: true)
    }
    let isCurrent = try journaled { () throws(JournalError) in
        let states = [try run.recordsState(journal), try run.provenanceState(journal)]
        return states.allSatisfy { $0 == .current }
    }
    guard !isCurrent else { return run }
    let copy = RunDirectory(path: path, spec: run.spec)
    try filed { () throws(FileError) in try makeFolder(path) }
    try copy.export(journal)
    return copy
}

/// Prints what differs between the sweep of each run and that of the first one.
private func printSweeps(_ runs: [ComparedRun]) {
    for compared in runs.dropFirst() {
        let items = SweepDifference(from: runs[0].run.spec, to: compared.run.spec)?.items ?? []
        let texts = items.map { "\($0.path) \(printable($0.before)) → \(printable($0.after))" }
        let what = texts.isEmpty ? "the same sweep" : texts.joined(separator: "; ")
        printOut("sweeps   \(printable(runs[0].name)) → \(printable(compared.name)): \(what)")
    }
}

/// Prints in which metrics each run differs from the first one.
private func printDifferences(_ outcome: ReportOutcome, _ runs: [ComparedRun]) {
    let most = 12
    for compared in runs.dropFirst() {
        let all = outcome.differences.filter { $0.run == compared.name }
        let head = "\(printable(compared.name)) minus \(printable(runs[0].name))"
        guard !all.isEmpty else {
            printOut(
                "differ   \(head): nothing to compare: no point has a number of the same metric in both runs")
            continue
        }
        let clear = all.filter { $0.higher + $0.lower > 0 }
        guard !clear.isEmpty else {
            printOut("differ   \(head): every 95 % interval contains 0, or has too few seeds")
            continue
        }
        printOut("differ   \(head), where the 95 % interval excludes 0:")
        for found in clear.prefix(most) {
            printOut(
                "         \(found.metric): higher at \(found.higher), lower at \(found.lower) of "
                    + countText(found.points, "point"))
        }
        if clear.count > most {
            printOut("         and \(countText(clear.count - most, "metric")) more")
        }
    }
}
