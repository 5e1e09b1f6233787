import Console
import Files
import Glibc
import Journal
import Reporting
import Sweep
import Text

/// Verifies a run directory without changing it, also while a coordinator is running there.
struct RunCheck {
    let path: String
    private(set) var findings: [Finding] = []
    private(set) var isRunning = false
    /// Whether no figure of the finished run is drawn because gnuplot is missing.
    private(set) var lacksPictures = false
    /// The paths of the intact copies of the sweep's files.
    private(set) var intactFiles: Set<String> = []
    /// Whether the journal covers more trials than the files beside it.
    private var isExtensionCut = false
    /// Whether this process holds the run's lock.
    private let isHolder: Bool
    /// The most findings of one kind that are reported one by one.
    private static let maxAlike = 20

    /// Throws where there is no run directory.
    ///
    /// - Parameter isHolder: whether this process has the run's lock.
    init(_ path: String, isHolder: Bool = false) throws(CommandFailure) {
        self.path = path
        self.isHolder = isHolder
        guard fileSize(path + "/sweep.json") == nil, fileSize(RunJournal.path(in: path)) == nil else {
            return
        }
        _ = try RunDirectory.open(path)
    }

    private var resume: String { "ranksweep resume \(shellPath(path))" }
    private var figures: String { "ranksweep figures \(shellPath(path))" }

    /// Throws where this user may not read the run, since nothing can be checked then.
    mutating func perform() throws(CommandFailure) {
        try RunDirectory.checkIsReadable(path)
        if let sweep = try? CoordinatorService.readSweep(path + "/sweep.json") {
            try RunDirectory.checkFormat(path, sweep)
        }
        if !isHolder, let holder = CoordinatorLock.holder(in: path) {
            isRunning = true
            note("coordinator.lock", "process \(holder.process) on \(holder.host) is running this sweep")
        }
        if let name = NetworkFileSystem.name(at: path) {
            note(
                ".", "the directory is on \(name), where SQLite's locks and syncs may not work",
                "keep it on a disk of the coordinator's machine")
        }
        guard let run = readSweep() else { return }
        checkFiles(run)
        if let journal = openJournal(run) {
            journal.snapshot { () throws(Never) in
                do throws(JournalError) { try check(run, journal) } catch { tell(error) }
            }
        }
        lookForLeftovers()
    }

    // MARK: - Findings

    private mutating func ok(_ what: String, _ text: String) {
        findings.append(Finding(level: .ok, what: what, text: text))
    }
    private mutating func note(
        _ what: String, _ text: String, _ remedy: String? = nil, resume: Finding.Resume = .tells
    ) {
        findings.append(Finding(level: .note, resume: resume, what: what, text: text, remedy: remedy))
    }
    private mutating func wrong(
        _ what: String, _ text: String, _ remedy: String, resume: Finding.Resume = .stops
    ) {
        findings.append(Finding(level: .wrong, resume: resume, what: what, text: text, remedy: remedy))
    }

    /// A line for each of the first few items, and one for all others.
    private mutating func wrong<Item>(
        each items: [Item], _ others: String, _ remedy: String, resume: Finding.Resume = .stops,
        _ words: (Item) -> (what: String, text: String)
    ) {
        for item in items.prefix(RunCheck.maxAlike) {
            let (what, text) = words(item)
            wrong(what, text, remedy, resume: resume)
        }
        let rest = items.count - RunCheck.maxAlike
        if rest > 0 { wrong("…", "\(groupedText(rest)) more \(others)", remedy, resume: resume) }
    }

    private mutating func tell(_ error: JournalError) {
        // The message begins with the file's path.
        let prefix = RunJournal.path(in: path) + ": "
        let text =
            error.message.hasPrefix(prefix) ? String(error.message.dropFirst(prefix.count)) : error.message
        findings.append(Finding(level: .wrong, what: "journal.sqlite", text: text))
    }

    // MARK: - Sweep and journal

    /// Compares the copies of the sweep's files with their digests. A merged run may have none.
    private mutating func checkFiles(_ run: RunDirectory) {
        var missing = 0
        for copy in run.spec.fileCopies {
            let found = fileDigest("\(path)/\(copy.path)")
            if found == copy.part.digest {
                intactFiles.insert(copy.path)
            } else if found != nil {
                wrong(
                    copy.path, "its bytes are not those of the sweep's file",
                    "\(quotedCommand(resume)) copies it again, if the folder of the sweep file still has it",
                    resume: .mends)
            } else {
                missing += 1
            }
        }
        if missing > 0 {
            note(
                "files", "\(countText(missing, "file")) of the sweep \(missing == 1 ? "is" : "are") not here",
                "\(quotedCommand(resume)) copies them again where trials are left")
        }
        if !intactFiles.isEmpty {
            ok("files", "\(countText(intactFiles.count, "file")) with the digests in sweep.json")
        }
    }

    private mutating func readSweep() -> RunDirectory? {
        let run: RunDirectory
        do throws(CommandFailure) { run = try RunDirectory.open(path) } catch {
            wrong(
                "sweep.json", error.message.split(separator: "\n").joined(separator: "; "),
                "restore the file that the run began with; without it nothing else can be checked")
            return nil
        }
        let due = RunDirectory.text(of: run.spec) + "\n"
        if firstBytes(due.utf8.count + 1, of: path + "/sweep.json") == Array(due.utf8) {
            ok("sweep.json", "\(countText(run.spec.grid.count, "trial")), digest \(run.spec.digest)")
        } else if let before = sweepBeforeExtension(run) {
            isExtensionCut = true
            note(
                "sweep.json",
                "an 'extend' was interrupted: the journal has \(countText(run.spec.grid.count, "trial")), "
                    + "the file still \(groupedText(before.grid.count))",
                "\(quotedCommand(resume)) completes it")
        } else {
            wrong(
                "sweep.json", "not the bytes that ranksweep wrote, though it is valid (\(run.spec.digest))",
                RunJournal.extendedSweep(in: path) == nil
                    ? "restore the file that the run began with"
                    : "\(quotedCommand(resume)) writes it from the journal",
                resume: .tells)
        }
        return run
    }

    /// The file's sweep, where it is whole and smaller than the journal's.
    private func sweepBeforeExtension(_ run: RunDirectory) -> SweepSpec? {
        let file = path + "/sweep.json"
        guard RunJournal.extendedSweep(in: path) != nil, let size = fileSize(file), size < 16 << 20 else {
            return nil
        }
        let bytes = firstBytes(size, of: file)
        guard let spec = try? SweepSpec(parsing: bytes, file: file), spec.grid.count < run.spec.grid.count,
            bytes == Array((RunDirectory.text(of: spec) + "\n").utf8)
        else { return nil }
        return spec
    }

    private mutating func openJournal(_ run: RunDirectory) -> RunJournal? {
        do throws(JournalError) {
            return try RunJournal.open(in: path, sweep: run.spec.digest, readOnly: true)
        } catch {
            switch error {
            case .missing, .empty:
                if fileSize(run.recordsPath) == nil {
                    note("journal.sqlite", "missing: no trial has run yet", resume)
                } else {
                    wrong(
                        "journal.sqlite", "it is missing, but records.ndjson exists",
                        "restore the journal; \(quotedCommand(figures)) still works")
                }
            default: tell(error)
            }
            return nil
        }
    }

    private mutating func check(_ run: RunDirectory, _ journal: RunJournal) throws(JournalError) {
        let faults = try journal.structuralFaults()
        wrong(
            each: faults, "faults",
            "restore a backup of journal.sqlite, or move journal.sqlite* and records.ndjson away and run the "
                + "sweep again"
        ) { ("journal.sqlite", $0) }
        let survey = try RecordSurvey(run, journal)
        tellRecords(survey)
        let stray = try journal.attempts(beyond: run.spec.grid.count)
        if !stray.isEmpty {
            wrong(
                "journal.sqlite", "it contains trial \(stray[0]), but the sweep has \(run.spec.grid.count)",
                "restore the sweep.json that the run began with")
        }
        if faults.isEmpty, survey.isWhole {
            ok(
                "journal.sqlite",
                "whole, format \(formatVersion), \(countText(survey.records, "record")) as they were appended"
            )
        }
        let summary = try journal.summary()
        if run.spec.isStrict, summary.kernels.count > 1 {
            wrong(
                "provenance",
                "attempts by the BLAS kernels \(summary.kernels.sorted().joined(separator: ", ")), "
                    + "and the sweep says 'reproducibility: strict'",
                "run it again in a new directory with --blas-kernel, or say 'recorded'", resume: .tells)
        }
        findings += run.spec.commitFinding(summary)
        let left = run.spec.grid.count - summary.complete - summary.quarantined
        tellProgress(run, summary, left: left)
        try checkExports(run, journal, survey, isComplete: left == 0)
        checkWeights(run, survey)
    }

    private mutating func tellProgress(_ run: RunDirectory, _ summary: RunSummary, left: Int) {
        if left > 0, !isRunning { note("journal.sqlite", "\(countText(left, "trial")) left to do", resume) }
        if summary.quarantined > 0 {
            note(
                "journal.sqlite", "\(countText(summary.quarantined, "trial")) quarantined",
                "\(resume) --retry quarantined")
        }
        if summary.conflicts > 0 {
            wrong(
                "journal.sqlite",
                "\(countText(summary.conflicts, "record")) differed from the first of its trial",
                "find the workers in provenance.ndjson (outcome conflict): a defective machine, or another "
                    + "version; the first is kept", resume: .tells)
        }
    }

    // MARK: - Records

    private mutating func tellRecords(_ survey: RecordSurvey) {
        wrong(
            each: survey.damaged, "damaged records",
            "\(quotedCommand(resume)) runs it again, to the same bytes",
            resume: .mends
        ) { ("journal.sqlite", "the record of trial \($0) is damaged: its checksum doesn't match") }
        wrong(
            each: survey.unfit, "such records",
            "\(quotedCommand(resume + " --retry unfit")) drops it and runs the trial again; provenance.ndjson says which worker sent it"
        ) {
            (
                "journal.sqlite",
                "the record of trial \($0.trial) can't come from this sweep: \($0.why)"
            )
        }
    }

    // MARK: - Files

    private mutating func checkExports(
        _ run: RunDirectory, _ journal: RunJournal, _ survey: RecordSurvey, isComplete: Bool
    ) throws(JournalError) {
        guard survey.isWhole else {
            note("records.ndjson", "not compared with a journal that has faults")
            return
        }
        let isDue = isComplete && !isRunning
        tell(try run.recordsState(journal), "records.ndjson", isDue: isDue)
        tell(try run.provenanceState(journal), "provenance.ndjson", isDue: isDue)
        guard isDue else { return }
        let (faults, lacksPictures) = DrawnReports.faults(of: run)
        self.lacksPictures = lacksPictures
        wrong(each: faults, "such files", figures, resume: .mends) { ($0.file, $0.why) }
        if faults.isEmpty {
            let what = lacksPictures ? "all tables and scripts" : "all tables and figures"
            ok("report.html", "it and \(what) are unchanged since they were drawn from these records")
        }
        guard lacksPictures else { return }
        if Reports.canDraw {
            note("figures", "not drawn: gnuplot was missing then", "\(figures) draws them", resume: .mends)
        } else {
            note("figures", "not drawn: \(DrawnReports.gnuplotAdvice)", "then \(figures) draws them")
        }
    }

    private mutating func tell(_ state: ExportState, _ file: String, isDue: Bool) {
        var text: String
        switch state {
        case .current: return ok(file, "matches the journal")
        case .missing: text = FileKind(at: "\(path)/\(file)")?.words ?? "not written yet"
        case .outdated(let lines): text = "out of date: \(countText(lines, "line")) of the journal not in it"
        case .foreign(let line):
            text = "line \(line) differs from the journal"
            // Lines of provenance change where a damaged trial ran again.
            if file == "records.ndjson", !isExtensionCut {
                return wrong(file, text, "\(figures) writes it again", resume: .mends)
            }
        }
        if isDue {
            wrong(file, text, figures, resume: .mends)
        } else {
            note(file, text, "written at the run's end, or by \(figures)")
        }
    }

    private mutating func checkWeights(_ run: RunDirectory, _ survey: RecordSurvey) {
        wrong(
            each: survey.bare, "such files",
            "\(quotedCommand(resume)) runs its trial again, to the same bytes",
            resume: .mends
        ) { ("weights/\($0.file)", $0.why) }
        if survey.bare.isEmpty, !survey.weightFiles.isEmpty {
            ok(
                "weights",
                "\(countText(survey.weightFiles.count, "file")), each complete and of the right trial")
        }
        let found = fileNames(in: run.weights.path).filter { $0.hasSuffix(".safetensors") }
        let extra = found.count { !survey.weightFiles.contains($0) }
        if extra > 0, !isRunning, survey.isWhole {
            note(
                "weights", "\(countText(extra, "file")) of trials without a record",
                "left by attempts that were not acknowledged; the next attempts at those trials replace them")
        }
    }

    private mutating func lookForLeftovers() {
        guard !isRunning else { return }
        for folder in ["", "weights/", "tables/", "figures/"] {
            for name in fileNames(in: "\(path)/\(folder)") where name.contains(".partial") {
                note("\(folder)\(name)", "an incomplete file left by a crash", "you may delete it")
            }
        }
    }
}

extension RunDirectory {
    /// Throws where this user may not read a file of a run: the file is neither missing nor wrong, and must
    /// not be repaired.
    static func checkIsReadable(_ path: String) throws(CommandFailure) {
        let files = [
            "sweep.json", "coordinator.lock", "journal.sqlite", "journal.sqlite-wal", "records.ndjson",
            "provenance.ndjson", DrawnReports.file, "report.html",
        ]
        let folders = ["tables", "figures", "weights"]
        let inside = folders.flatMap { folder in
            fileNames(in: "\(path)/\(folder)").map { "\(folder)/\($0)" }
        }
        for file in [path] + (files + folders + inside).map({ "\(path)/\($0)" }) {
            if let why = readRefusal(file) { throw .input("\(file): cannot be read: \(why)") }
        }
    }
}
