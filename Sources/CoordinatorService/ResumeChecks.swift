import Console
import Journal

// Before a run goes on: what the disk has spoiled, and whether anything is left to do.

/// Drops records that are damaged, or whose weights are: their trials run again, to the same bytes.
func dropDamaged(_ run: RunDirectory, _ journal: RunJournal) throws(CommandFailure) {
    try journaled { () throws(JournalError) in
        var damaged: [Int] = []
        var bare: [(trial: Int, file: String, why: String)] = []
        try journal.forEachStoredRecord { record in
            guard record.isWhole else {
                damaged.append(record.trial)
                return
            }
            guard run.spec.weights != .none, record.outcome == "measured", record.trial < run.spec.grid.count,
                let fault = run.weightsFault(of: run.spec.grid[record.trial])
            else { return }
            bare.append((record.trial, fault.file, fault.why))
        }
        if !damaged.isEmpty {
            printError(
                "warning: \(trialsText(damaged)) damaged on the disk: dropped, to be run again to the same bytes"
            )
            try journal.drop(records: damaged, cause: "its record was damaged on the disk")
        }
        if !bare.isEmpty {
            for (trial, file, why) in bare.prefix(10) {
                printError("warning: weights/\(file): \(why): trial \(trial) runs again")
            }
            if bare.count > 10 { printError("warning: so do \(bare.count - 10) others, for like reasons") }
            try journal.drop(records: bare.map(\.trial), cause: "its weights were damaged on the disk")
        }
    }
}

/// Says so where a run is complete and everything is written; nil where there is something to do.
func endIfNothingIsLeft(
    _ run: RunDirectory, _ journal: RunJournal, _ retry: [String]
) throws(CommandFailure) -> ExitCode? {
    let (summary, isWritten) = try journaled { () throws(JournalError) -> (RunSummary, Bool) in
        let summary = try journal.summary()
        let isWritten =
            summary.complete + summary.quarantined == run.spec.grid.count && run.missingReports.isEmpty
        return (summary, isWritten ? try run.exportsAreCurrent(journal) : false)
    }
    let total = run.spec.grid.count
    guard isWritten, summary.quarantined == 0 || !retry.contains("quarantined") else { return nil }
    printOut(
        "\(run.spec.name): every one of \(countText(total, "trial")) has its outcome (\(words(summary))), and records, "
            + "tables and figures are written: nothing to resume")
    printOut("  to draw them again: ranksweep figures \(run.path)")
    if summary.quarantined > 0 {
        printOut(
            "  to try those that were quarantined again: ranksweep resume \(run.path) --retry quarantined")
    }
    return summary.quarantined > 0 || summary.conflicts > 0 ? .incomplete : .done
}

extension CommandFailure {
    /// At the end of a run, where records are safe and only files could not be written.
    func advising(figures run: RunDirectory, _ journal: RunJournal) -> CommandFailure {
        // Damaged records have said what to do.
        guard code == .internal, (try? journal.damagedRecords())?.isEmpty == true else { return self }
        let path = run.path
        return CommandFailure(
            code: code,
            message: message
                + "\nevery record is safe in \(path)/journal.sqlite; when the cause is mended (free space, for one): "
                + "ranksweep figures \(path)")
    }
}
