import Console
import Journal
import Text
import Transport

let resumeCommand = Command(
    "resume", "continues a run that was interrupted or crashed",
    operands: ["DIR"],
    options: [
        OptionSpec(
            "--retry", "WHICH",
            "failed: give failed trials all their attempts again; quarantined: retry those, too; unfit: drop "
                + "records that can't come from this sweep, and rerun their trials; or several, separated by "
                + "commas")
    ] + workerOptions + LogSettings.options + [finishOption],
    details: """
        Options given here replace those that the run had before. Records and weights that are damaged on
        the disk are dropped with a message, and their trials run again; files that are missing or out of
        date are rewritten. Anything else that 'ranksweep check' calls wrong is reported. If nothing is left
        to do, the command says so.
        """,
    examples: ["ranksweep resume runs/demo", "ranksweep resume runs/demo --retry failed,quarantined"],
    run: runResume)

private func runResume(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    try finishing(arguments) { log throws(CommandFailure) in
        try resume(arguments.operands[0], arguments, nil, log)
    }
}

/// - Parameter launch: starts workers on other machines; nil for `resume`.
func resume(
    _ path: String, _ arguments: Arguments, _ launch: ClusterLaunch?, _ log: RunLog
) throws(CommandFailure) -> ExitCode {
    let signals = SignalDescriptor()
    let run = try RunDirectory.open(path)
    let retry = try retryKinds(arguments)
    try RunDirectory.checkIsReadable(path)
    let lock = try journaled { () throws(JournalError) in
        try CoordinatorLock(in: run.path, holder: .thisProcess())
    }
    log.keep(in: run.path)
    // An extension may have been cut short.
    if RunJournal.extendedSweep(in: run.path) != nil { try run.writeSweep() }
    let journal = try run.openOrCreateJournal()
    try RunShare.refuse(run, journal)
    try run.tellOfEdits(journal, log)
    var options = RunOptions(slots: coreCount(), data: absolutePath(dataDirectory(nil)))
    let kept = try journaled { () throws(JournalError) in try journal.setting("options") }
    if let kept, let json = try? JSONValue(parsing: kept.utf8) { options.restore(json) }
    launch?.adjust(&options)
    try options.apply(arguments)
    try mend(run, journal, log, dropsUnfit: retry.contains("unfit"))
    var check = try RunCheck(run.path, isHolder: true)
    try check.perform()
    if let end = try endIfNothingCanBeDone(run, journal, check, retry) { return end }
    try checkData(run.spec, options)
    try RunFiles(run.spec, in: run.path).complete(
        from: journaled { () throws(JournalError) in try SweepSource(rememberedIn: journal)?.folder },
        except: check.intactFiles)
    try checkCommits(run.spec, journal)
    let launch = try launch?.prepared(for: run.spec, options, log) { "\(run.path)/\($0.path)" }
    let admission = try WorkerAdmission(options, for: run.spec, log)
    lock.announce(address: admission.socket.endpoint)
    try journaled { () throws(JournalError) in
        try journal.forgive(failed: retry.contains("failed"), quarantined: retry.contains("quarantined"))
    }
    if launch == nil, options.cluster != nil, options.workers == 0 {
        log.add("to start its hosts, too: \(options.resumeCommand(run.path))")
    }
    do throws(CommandFailure) {
        return try serve(run, journal, lock, options, consume admission, signals, launch, log)
    } catch { throw log.reported(error) }
}

private func retryKinds(_ arguments: Arguments) throws(CommandFailure) -> [String] {
    let kinds = (arguments["--retry"] ?? "").split(separator: ",").map(String.init)
    let known = ["failed", "quarantined", "unfit"]
    for kind in kinds where !known.contains(kind) {
        let near = nearestSpelling(to: kind, among: known).map { "; did you mean '\($0)'?" }
        throw .input("--retry: '\(kind)' must be one of \(known.joined(separator: ", "))\(near ?? "")")
    }
    return kinds
}
