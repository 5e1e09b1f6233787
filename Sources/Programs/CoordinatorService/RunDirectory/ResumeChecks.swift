import Console
import Journal
import Text

// Checks before a run resumes: what the disk has damaged, and whether anything is left to do.

/// Drops records that are damaged or whose weights are; their trials run again and give the same bytes.
///
/// - Parameter dropsUnfit: whether records that the sweep can't produce are dropped, too.
func mend(
    _ run: RunDirectory, _ journal: RunJournal, _ log: RunLog, dropsUnfit: Bool = false
) throws(CommandFailure) {
    try journaled { () throws(JournalError) in
        let survey = try RecordSurvey(run, journal)
        if !survey.damaged.isEmpty {
            log.add(
                "warning: \(trialsText(survey.damaged)) damaged on the disk: dropped, to be computed again with the same bytes"
            )
            try journal.drop(records: survey.damaged, cause: "its record was damaged on the disk")
        }
        if !survey.bare.isEmpty {
            for (trial, file, why) in survey.bare.prefix(10) {
                log.add("warning: weights/\(file): \(why): trial \(trial) runs again", trial: trial)
            }
            if survey.bare.count > 10 {
                log.add("warning: so do \(survey.bare.count - 10) others, for similar reasons")
            }
            try journal.drop(records: survey.bare.map(\.trial), cause: "its weights were damaged on the disk")
        }
        let known = (0..<run.spec.grid.count)
        let unfit = survey.unfit.filter { known.contains($0.trial) }
        if dropsUnfit, !unfit.isEmpty {
            for (trial, why) in unfit.prefix(10) {
                log.add(
                    "warning: the record of trial \(trial) can't come from this sweep: \(why): it runs again",
                    trial: trial
                )
            }
            if unfit.count > 10 {
                log.add("warning: so do \(unfit.count - 10) others, for similar reasons")
            }
            try journal.drop(records: unfit.map(\.trial), cause: "its record can't come from this sweep")
        }
    }
}

/// Ends the command where the run is complete and everything is written, or where `ranksweep check` finds a
/// fault that nothing here repairs. nil where there is something to do.
func endIfNothingCanBeDone(
    _ run: RunDirectory, _ journal: RunJournal, _ check: RunCheck, _ retry: [String]
) throws(CommandFailure) -> ExitCode? {
    let wrong = check.findings.filter { $0.level == .wrong }
    let stopping = wrong.filter { $0.resume == .stops }
    guard stopping.isEmpty else {
        for finding in stopping { printError(finding.line) }
        printError(
            "error: \(run.path): nothing was started: see \(quotedCommand("ranksweep check \(run.word)"))")
        return .incomplete
    }
    let summary = try journaled { () throws(JournalError) in try journal.summary() }
    let total = run.spec.grid.count
    guard summary.complete + summary.quarantined == total,
        !check.findings.contains(where: { $0.resume == .mends }),
        summary.quarantined == 0 || !retry.contains("quarantined")
    else { return nil }
    for finding in wrong { printError(finding.line) }
    printOut(
        "\(run.spec.name): all \(countText(total, "trial")) have an outcome (\(words(summary))), and records, "
            + "tables and \(check.lacksPictures ? "scripts" : "figures") are written: nothing to resume")
    printOut(
        check.lacksPictures
            ? "  figures were not drawn: \(DrawnReports.gnuplotAdvice); then: ranksweep figures \(run.word)"
            : "  to draw them again: ranksweep figures \(run.word)")
    if summary.quarantined > 0 {
        printOut(
            "  to retry the quarantined trials: ranksweep resume \(run.word) --retry quarantined")
    }
    return summary.quarantined > 0 || !wrong.isEmpty ? .incomplete : .done
}

extension CommandFailure {
    /// The advice at the end of a run whose records are safe but whose files could not be written.
    func advising(figures run: RunDirectory, _ journal: RunJournal) -> CommandFailure {
        // The error for damaged records already gives advice.
        guard code == .internal, (try? journal.damagedRecords())?.isEmpty == true else { return self }
        let path = run.path
        return CommandFailure(
            code: code,
            message: message
                + "\nevery record is safe in \(path)/journal.sqlite; fix the cause (free space, for example), then: "
                + "ranksweep figures \(run.word)")
    }
}
