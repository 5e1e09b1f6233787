import Console
import Files
import Glibc
import Journal
import Reporting
import Sweep
import Text

/// Verifies a run directory, changing nothing in it. Also while a coordinator is at work there.
struct RunCheck {
    let path: String
    private(set) var findings: [Finding] = []
    private(set) var isRunning = false
    /// The journal is of more trials than the files beside it.
    private var isExtensionCut = false
    /// Of one kind no more are told one by one.
    private static let mostAlike = 20

    /// Throws where there is no run directory.
    init(_ path: String) throws(CommandFailure) {
        self.path = path
        guard fileSize(path + "/sweep.json") == nil, fileSize(RunJournal.path(in: path)) == nil else {
            return
        }
        _ = try RunDirectory.open(path)
    }

    private var resume: String { "ranksweep resume \(path)" }
    private var figures: String { "ranksweep figures \(path)" }

    mutating func perform() {
        if let holder = CoordinatorLock.holder(in: path) {
            isRunning = true
            note("coordinator.lock", "process \(holder.process) on \(holder.host) is running this sweep")
        }
        if let name = NetworkFileSystem.name(at: path) {
            note(
                ".", "the directory is on \(name), where SQLite's locks and syncs may not hold",
                "keep it on a disk of the coordinator's machine")
        }
        guard let run = readSweep() else { return }
        if let journal = openJournal(run) {
            journal.snapshot { () throws(Never) in
                do throws(JournalError) { try check(run, journal) } catch { tell(error) }
            }
        }
        lookForLeftovers()
    }

    // MARK: - Telling

    private mutating func ok(_ what: String, _ text: String) {
        findings.append(Finding(level: .ok, what: what, text: text))
    }
    private mutating func note(_ what: String, _ text: String, _ remedy: String? = nil) {
        findings.append(Finding(level: .note, what: what, text: text, remedy: remedy))
    }
    private mutating func wrong(_ what: String, _ text: String, _ remedy: String) {
        findings.append(Finding(level: .wrong, what: what, text: text, remedy: remedy))
    }

    /// A line for each of the first few, and one for all others.
    private mutating func wrong<Item>(
        each items: [Item], _ others: String, _ remedy: String,
        _ words: (Item) -> (what: String, text: String)
    ) {
        for item in items.prefix(RunCheck.mostAlike) {
            let (what, text) = words(item)
            wrong(what, text, remedy)
        }
        let rest = items.count - RunCheck.mostAlike
        if rest > 0 { wrong("…", "\(groupedText(rest)) more \(others)", remedy) }
    }

    private mutating func tell(_ error: JournalError) {
        // It begins with the file's path.
        let prefix = RunJournal.path(in: path) + ": "
        let text =
            error.message.hasPrefix(prefix) ? String(error.message.dropFirst(prefix.count)) : error.message
        findings.append(Finding(level: .wrong, what: "journal.sqlite", text: text))
    }

    // MARK: - Sweep and journal

    private mutating func readSweep() -> RunDirectory? {
        let run: RunDirectory
        do throws(CommandFailure) { run = try RunDirectory.open(path) } catch {
            wrong(
                "sweep.json", error.message.split(separator: "\n").joined(separator: "; "),
                "put the file back that the run began with; nothing else can be checked without it")
            return nil
        }
        let due = run.spec.canonicalJSON.canonicalText + "\n"
        if firstBytes(due.utf8.count + 1, of: path + "/sweep.json") == Array(due.utf8) {
            ok("sweep.json", "\(countText(run.spec.grid.count, "trial")), digest \(run.spec.digest)")
        } else if let before = sweepBeforeExtension(run) {
            isExtensionCut = true
            note(
                "sweep.json",
                "an 'extend' was interrupted: the journal has \(countText(run.spec.grid.count, "trial")), "
                    + "the file still \(groupedText(before.grid.count))", "'\(resume)' completes it")
        } else {
            wrong(
                "sweep.json", "not the bytes that ranksweep wrote, though it reads well (\(run.spec.digest))",
                RunJournal.extendedSweep(in: path) == nil
                    ? "put the file back that the run began with" : "'\(resume)' writes it from the journal")
        }
        return run
    }

    /// The file's sweep, where it is whole and a smaller one than the journal's.
    private func sweepBeforeExtension(_ run: RunDirectory) -> SweepSpec? {
        let file = path + "/sweep.json"
        guard RunJournal.extendedSweep(in: path) != nil, let size = fileSize(file), size < 16 << 20 else {
            return nil
        }
        let bytes = firstBytes(size, of: file)
        guard let spec = try? SweepSpec(parsing: bytes, file: file), spec.grid.count < run.spec.grid.count,
            bytes == Array((spec.canonicalJSON.canonicalText + "\n").utf8)
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
                    note("journal.sqlite", "not there yet: nothing of the run is done", resume)
                } else {
                    wrong(
                        "journal.sqlite", "it is gone, but records.ndjson is there",
                        "put the journal back; '\(figures)' still draws")
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
            "put a backup of journal.sqlite back, or move journal.sqlite* and records.ndjson away and run the "
                + "sweep again"
        ) { ("journal.sqlite", $0) }
        let tally = try checkRecords(run, journal)
        let stray = try journal.attempts(beyond: run.spec.grid.count)
        if !stray.isEmpty {
            wrong(
                "journal.sqlite", "it tells of trial \(stray[0]), and the sweep has \(run.spec.grid.count)",
                "put the sweep.json back that the run began with")
        }
        let version = journal.schemaVersion
        if version < RunJournal.version {
            note(
                "journal.sqlite",
                "of version \(version), "
                    + (!journal.hasChecksums
                        ? "whose records have no checksums"
                        : version < 4
                            ? "which does not say how long trials were measured"
                            : "which does not say which commit records are by"),
                "\(resume) brings it to version \(RunJournal.version)")
        }
        if faults.isEmpty, tally.isWhole {
            ok(
                "journal.sqlite",
                "whole, version \(version), \(countText(tally.records, "record")) as they were appended")
        }
        let summary = try journal.summary()
        if run.spec.isStrict, summary.kernels.count > 1 {
            wrong(
                "provenance",
                "attempts by the BLAS kernels \(summary.kernels.sorted().joined(separator: ", ")), "
                    + "and the sweep says 'reproducibility: strict'",
                "run it again in a new directory with --blas-kernel, or say 'recorded'")
        }
        findings += run.spec.commitFinding(summary)
        let left = run.spec.grid.count - summary.complete - summary.quarantined
        tellProgress(run, summary, left: left)
        try checkExports(run, journal, tally, isComplete: left == 0)
        checkWeights(run, tally)
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
                    + "version; the first is kept")
        }
    }

    // MARK: - Records

    private struct Tally {
        var records = 0
        var isWhole = true
        var weightFaults: [(file: String, why: String)] = []
        var weightFiles: Set<String> = []
    }

    private mutating func checkRecords(
        _ run: RunDirectory, _ journal: RunJournal
    ) throws(JournalError) -> Tally {
        var tally = Tally()
        var damaged: [Int] = []
        var odd: [(trial: Int, why: String)] = []
        let digest = run.spec.digest
        try journal.forEachStoredRecord { record in
            tally.records += 1
            if !record.isWhole {
                damaged.append(record.trial)
            } else if let why = RunCheck.fault(of: record, run.spec, digest) {
                odd.append((record.trial, why))
            } else if run.spec.weights != .none, record.outcome == "measured" {
                let trial = run.spec.grid[record.trial]
                if let fault = run.weightsFault(of: trial) { tally.weightFaults.append(fault) }
                tally.weightFiles.formUnion(run.weightNames(of: trial))
            }
        }
        tally.isWhole = damaged.isEmpty && odd.isEmpty
        wrong(each: damaged, "damaged records", "'\(resume)' runs it again, to the same bytes") {
            ("journal.sqlite", "the record of trial \($0) is damaged: its checksum is not its own")
        }
        wrong(
            each: odd, "such records",
            "the journal was written by another program or changed by hand: put a "
                + "backup of it back"
        ) { ("journal.sqlite", "the record of trial \($0.trial): \($0.why)") }
        return tally
    }

    /// What is wrong with a record whose bytes are those that were appended.
    private static func fault(of record: StoredRecord, _ spec: SweepSpec, _ digest: String) -> String? {
        guard (0..<spec.grid.count).contains(record.trial) else {
            return "the sweep has \(countText(spec.grid.count, "trial"))"
        }
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: record.line) } catch {
            return error.description
        }
        guard value["outcome"]?.string == record.outcome, value["metrics"]?.object != nil else {
            return "it has no outcome or no metrics"
        }
        let trial = spec.grid[record.trial]
        guard value["trial"]?.string == trial.id.text else { return "it is of another trial" }
        let due = recordLine(trial: trial, sweepDigest: digest, body: value)
        return due.utf8.elementsEqual(record.line) ? nil : "it is not as this version writes it"
    }

    // MARK: - Files

    private mutating func checkExports(
        _ run: RunDirectory, _ journal: RunJournal, _ tally: Tally, isComplete: Bool
    ) throws(JournalError) {
        guard tally.isWhole else {
            note("records.ndjson", "not compared with a journal that has faults")
            return
        }
        let isDue = isComplete && !isRunning
        tell(try run.recordsState(journal), "records.ndjson", isDue: isDue)
        tell(try run.provenanceState(journal), "provenance.ndjson", isDue: isDue)
        guard isDue else { return }
        let missing = run.missingReports
        wrong(each: missing, "such files", figures) { ($0, "it is missing") }
        if missing.isEmpty { ok("report.html", "there, and so are all tables and figures' scripts") }
    }

    private mutating func tell(_ state: ExportState, _ file: String, isDue: Bool) {
        var text: String
        switch state {
        case .current: return ok(file, "what the journal says")
        case .missing: text = "not written yet"
        case .outdated(let lines): text = "out of date: \(countText(lines, "line")) of the journal not in it"
        case .foreign(let line):
            text = "line \(line) is not what the journal says"
            // Lines of provenance change where a damaged trial ran again.
            if file == "records.ndjson", !isExtensionCut {
                return wrong(file, text, "\(figures) writes it again")
            }
        }
        if isDue {
            wrong(file, text, figures)
        } else {
            note(file, text, "a run's end writes it, or \(figures)")
        }
    }

    private mutating func checkWeights(_ run: RunDirectory, _ tally: Tally) {
        wrong(each: tally.weightFaults, "such files", "'\(resume)' runs its trial again, to the same bytes") {
            ("weights/\($0.file)", $0.why)
        }
        if tally.weightFaults.isEmpty, !tally.weightFiles.isEmpty {
            ok("weights", "\(countText(tally.weightFiles.count, "file")), each whole and of its trial")
        }
        let found = fileNames(in: run.weights.path).filter { $0.hasSuffix(".safetensors") }
        let extra = found.count { !tally.weightFiles.contains($0) }
        if extra > 0, !isRunning, tally.isWhole {
            note(
                "weights", "\(countText(extra, "file")) of trials without a record",
                "left by attempts that were not acknowledged; those trials' next attempts replace them")
        }
    }

    private mutating func lookForLeftovers() {
        guard !isRunning else { return }
        for folder in ["", "weights/", "tables/", "figures/"] {
            for name in fileNames(in: "\(path)/\(folder)") where name.contains(".partial") {
                note("\(folder)\(name)", "a half file that a crash left", "it may be deleted")
            }
        }
    }
}
