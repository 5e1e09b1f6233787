import Console
import Files
import Glibc
import Journal
import Launch
import Reporting
import Sweep
import Text
import Transport

func runRun(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    try begin(sweep: arguments.operands[0], arguments, nil)
}

func runResume(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    try resume(arguments.operands[0], arguments, nil)
}

/// - Parameter launch: starts workers on other machines; nil for `run`.
func begin(
    sweep: String, _ arguments: Arguments, _ launch: ClusterLaunch?
) throws(CommandFailure) -> ExitCode {
    var options = RunOptions(slots: coreCount(), data: absolutePath(dataDirectory(nil)))
    launch?.adjust(&options)
    try options.apply(arguments)
    let source = SweepSource(sweep, arguments)
    let spec = try source.spec(mayBePipe: true)
    let path = arguments["--out"] ?? "runs/\(spec.name)"
    try RunDirectory.checkIsFree(path, for: spec, source)
    try checkData(spec, options)
    let launch = try launch?.prepared(for: spec, options)
    let signals = SignalDescriptor()
    let admission = try WorkerAdmission(options, for: spec)
    let fresh = try FreshRun(path)
    let lock: CoordinatorLock
    do throws(JournalError) {
        lock = try CoordinatorLock(in: path, holder: .thisProcess(address: admission.socket.endpoint))
    } catch {
        fresh.discardFolders()
        throw CommandFailure(error)
    }
    // Another run may have begun and ended since the first check.
    try RunDirectory.checkIsFree(path, for: spec, source)
    let (run, journal) = try create(fresh, spec, source)
    do throws(CommandFailure) {
        return try serve(run, journal, lock, options, consume admission, signals, launch)
    } catch {
        // Nothing was begun, so the same command can be repeated once the cause is fixed.
        guard FreshRun.isUntouched(journal) else { throw error }
        fresh.discard()
        throw error.beforeBeginning
    }
}

private func create(
    _ fresh: FreshRun, _ spec: SweepSpec, _ source: SweepSource
) throws(CommandFailure) -> (RunDirectory, RunJournal) {
    do throws(CommandFailure) {
        let run = try RunDirectory.create(fresh.path, spec)
        let journal = try journaled { () throws(JournalError) in
            let journal = try RunJournal.create(in: fresh.path, sweep: spec.digest)
            try source.remember(in: journal, for: spec)
            return journal
        }
        return (run, journal)
    } catch {
        fresh.discard()
        throw error.beforeBeginning
    }
}

/// - Parameter launch: starts workers on other machines; nil for `resume`.
func resume(
    _ path: String, _ arguments: Arguments, _ launch: ClusterLaunch?
) throws(CommandFailure) -> ExitCode {
    let signals = SignalDescriptor()
    let run = try RunDirectory.open(path)
    let retry = try retryKinds(arguments)
    try RunDirectory.checkIsReadable(path)
    let lock = try journaled { () throws(JournalError) in
        try CoordinatorLock(in: run.path, holder: .thisProcess())
    }
    // An extension may have been cut short.
    if RunJournal.extendedSweep(in: run.path) != nil { try run.writeSweep() }
    let journal = try run.openOrCreateJournal()
    try RunShare.refuse(run, journal)
    try run.tellOfEdits(journal)
    var options = RunOptions(slots: coreCount(), data: absolutePath(dataDirectory(nil)))
    let kept = try journaled { () throws(JournalError) in try journal.setting("options") }
    if let kept, let json = try? JSONValue(parsing: kept.utf8) { options.restore(json) }
    launch?.adjust(&options)
    try options.apply(arguments)
    try mend(run, journal, dropsUnfit: retry.contains("unfit"))
    if let end = try endIfNothingCanBeDone(run, journal, retry) { return end }
    try checkData(run.spec, options)
    try checkCommits(run.spec, journal)
    let launch = try launch?.prepared(for: run.spec, options)
    let admission = try WorkerAdmission(options, for: run.spec)
    lock.announce(address: admission.socket.endpoint)
    try journaled { () throws(JournalError) in
        try journal.forgive(failed: retry.contains("failed"), quarantined: retry.contains("quarantined"))
    }
    if launch == nil, options.cluster != nil, options.workers == 0 {
        printError("to start its hosts, too: \(options.resumeCommand(run.path))")
    }
    return try serve(run, journal, lock, options, consume admission, signals, launch)
}

private func retryKinds(_ arguments: Arguments) throws(CommandFailure) -> [String] {
    let kinds = (arguments["--retry"] ?? "").split(separator: ",").map(String.init)
    let known = ["failed", "quarantined", "unfit"]
    for kind in kinds where !known.contains(kind) {
        let near = nearestSpelling(to: kind, among: known).map { "; did you mean '\($0)'?" }
        throw .input("--retry: '\(kind)' is none of \(known.joined(separator: ", "))\(near ?? "")")
    }
    return kinds
}

/// Checks, before any work, that the images the sweep names are here for local workers. Otherwise a thousand
/// trials would fail.
func checkData(_ spec: SweepSpec, _ options: RunOptions) throws(CommandFailure) {
    guard options.workers > 0 else { return }
    for name in spec.imageSets {
        let folder = options.data + "/" + name.rawValue
        if name == .generated { continue }
        if name == .cifar10 {
            let paths = name.files.map { BatchCheck.path($0, in: options.data) }
            guard let missing = paths.first(where: { access($0, R_OK) != 0 }) else { continue }
            throw .input(
                "the sweep needs cifar-10, but \(missing) cannot be read: \(cifarAdvice), and name DIR with "
                    + "--data or RANKSWEEP_DATA; or take generated images of its shape: "
                    + "--set dataset=generated-images")
        }
        let missing = TrialSettings.Images.fileNames.filter { file in
            access("\(folder)/\(file)", R_OK) != 0 && access("\(folder)/\(file).gz", R_OK) != 0
        }
        guard let first = missing.first else { continue }
        let place =
            options.data == absolutePath(dataDirectory(nil)) ? "" : " --data \(shellPath(options.data))"
        throw .input(
            "the sweep needs \(name.rawValue), but \(folder)/\(first)[.gz] cannot be read: to fetch the set, "
                + "\(quotedCommand("ranksweep data fetch \(name.rawValue)\(place)")); or name the folder above the one "
                + "that holds it with --data DIR or RANKSWEEP_DATA")
    }
}

/// Serves a run to its end and writes its results.
private func serve(
    _ run: RunDirectory, _ journal: RunJournal, _ lock: CoordinatorLock, _ options: RunOptions,
    _ admission: consuming WorkerAdmission, _ signals: SignalDescriptor, _ launch: ClusterLaunch?
) throws(CommandFailure) -> ExitCode {
    defer { withExtendedLifetime(lock) {} }
    let start = monotonicMilliseconds()
    if let name = NetworkFileSystem.name(at: run.path) {
        printError(NetworkFileSystem.warning(directory: run.path, fileSystem: name))
    }
    // The socket ends with the loop. Its connections' descriptors are then free for files.
    let (end, workerLines) = try dispatch(run, journal, options, consume admission, signals, launch)
    do throws(CommandFailure) {
        return try finish(
            run, journal, options, end, workerLines, signals,
            seconds: Double(monotonicMilliseconds() - start) / 1000)
    } catch { throw error.afterBeginning }
}

/// Writes and prints the results of a run whose loop has ended.
private func finish(
    _ run: RunDirectory, _ journal: RunJournal, _ options: RunOptions, _ end: Coordinator.End,
    _ workerLines: [String], _ signals: SignalDescriptor, seconds: Double
) throws(CommandFailure) -> ExitCode {
    // The loop that reads signals has ended. The files still to be written can be written again later.
    signals.exitFromNowOn(
        code: ExitCode.interrupted.rawValue,
        words:
            "\ninterrupted while writing files; every record is kept\nto go on: \(options.resumeCommand(run.path))\n"
    )
    do throws(CommandFailure) { try run.export(journal) } catch {
        guard end != .finished else { throw error.advising(figures: run, journal) }
        printError(
            "warning: \(error.message)\nwarning: the journal has it all; \(quotedCommand(options.resumeCommand(run.path))) writes it later"
        )
    }
    let summary = try journaled { () throws(JournalError) in try journal.summary() }
    if case .hopeless(let why) = end {
        for line in causes(summary, run) { printError(line) }
        printError(
            "stopped: \(why)\nwhen this is mended: \(options.resumeCommand(run.path)) --retry failed,quarantined"
        )
        return .incomplete
    }
    if end == .interrupted {
        for line in workerLines { printError(line) }
        printError(
            "interrupted: \(groupedText(summary.complete)) of \(countText(run.spec.grid.count, "trial")) are done and "
                + "kept\nto go on: \(options.resumeCommand(run.path))")
        return .interrupted
    }
    printOut(
        "\(run.spec.name): \(countText(run.spec.grid.count, "trial")): \(words(summary)), in "
            + durationText(seconds: seconds))
    for line in causes(summary, run) { printOut(line) }
    if let words = summary.commitMessage ?? summary.otherCommitMessage { printOut("  \(words)") }
    for line in workerLines { printOut("  \(line)") }
    if summary.quarantined > 0 {
        printOut(
            "  to try those that were quarantined again: \(options.resumeCommand(run.path)) --retry quarantined"
        )
    }
    do throws(CommandFailure) { try writeReports(run, formats: FigureFormat.usual) } catch {
        throw error.advising(figures: run, journal)
    }
    return summary.quarantined > 0 || summary.conflicts > 0 ? .incomplete : .done
}

private func dispatch(
    _ run: RunDirectory, _ journal: RunJournal, _ options: RunOptions, _ admission: consuming WorkerAdmission,
    _ signals: SignalDescriptor, _ launch: ClusterLaunch?
) throws(CommandFailure) -> (end: Coordinator.End, workerLines: [String]) {
    let socket = admission.socket
    let before = try journaled { () throws(JournalError) in
        try journal.setSetting("options", options.listening(at: socket.endpoint).json.canonicalText)
        return try journal.summary().complete
    }
    announce(run, options, complete: before, endpoint: socket.endpoint, isLaunch: launch != nil)
    // Local workers reach a coordinator that listens on all addresses through loopback.
    let here = options.listen?.isEverywhere == true ? at("127.0.0.1", socket.endpoint) : socket.endpoint
    var sources: [any WorkerSource] = []
    if options.workers > 0 {
        sources.append(try LocalWorkers(options, endpoint: here, keys: admission.local))
    }
    if let launch { sources.append(try launch.source(options, endpoint: socket.endpoint, run: run.path)) }
    var coordinator = try Coordinator(
        run, journal: journal, admission: consume admission, signals: signals,
        control: listenForOperator(run),
        sources: sources,
        trialLimitSeconds: options.trialLimitSeconds(dearestTrial: run.spec.grid.cost().maxSeconds),
        mayGrow: options.listen != nil || launch != nil)
    let end = try coordinator.serve()
    return (end, coordinator.workerLines)
}

/// Starts listening for operator commands. On failure the run continues, and other terminals can only read
/// its journal.
func listenForOperator(_ run: RunDirectory) -> ControlListener? {
    do throws(ControlError) { return try ControlListener(in: run.path) } catch {
        printError(
            "warning: \(run.path)/\(ControlListener.fileName): \(error.message): pause, drain and cancel from another "
                + "terminal will not work")
        return nil
    }
}

private func announce(
    _ run: RunDirectory, _ options: RunOptions, complete: Int, endpoint: String, isLaunch: Bool
) {
    let total = run.spec.grid.count
    var line = "\(run.spec.name): \(countText(total, "trial")) → \(run.path)"
    if complete > 0 { line += " (\(groupedText(complete)) are done)" }
    if options.workers > 0, complete < total {
        let plan = Plan(run.spec, slots: options.slots)
        let left = plan.seconds * Double(total - complete) / Double(max(1, total))
        line += ", \(aboutText(seconds: left)) on \(countText(options.slots, "slot"))"
    }
    printError(line)
    if let listen = options.listen, !isLaunch {
        let address = listen.isEverywhere ? at(hostName(), endpoint) : endpoint
        let keys = options.keys == nil ? "" : " --keys DIR, the folder that 'ranksweep keys add' made for it"
        printError("listening at \(endpoint); on each host: ranksweep-worker --connect \(address)\(keys)")
    }
}

/// The endpoint with another host.
private func at(_ host: String, _ endpoint: String) -> String {
    endpoint.lastIndex(of: ":").map { "tcp://\(host)\(endpoint[$0...])" } ?? endpoint
}

/// "700 measured, 3 diverged, 32 quarantined".
func words(_ summary: RunSummary) -> String {
    var parts = ["\(groupedText(summary.measured)) measured"]
    if summary.diverged > 0 { parts.append("\(groupedText(summary.diverged)) diverged") }
    if summary.quarantined > 0 { parts.append("\(groupedText(summary.quarantined)) quarantined") }
    if summary.conflicts > 0 { parts.append("\(countText(summary.conflicts, "unequal duplicate"))") }
    return parts.joined(separator: ", ")
}

/// Failed attempts by cause, the most frequent first. Each comes with an example: a trial's settings, the
/// host where it last failed for this cause, and what its slot reported.
func causes(_ summary: RunSummary, _ run: RunDirectory) -> [String] {
    var lines: [String] = []
    for cause in summary.causes.prefix(10) {
        let trial = cause.exampleTrial
        let axes = trial < run.spec.grid.count ? run.spec.grid[trial].axes : []
        let point = axes.map { "\($0.path) \($0.value.string ?? $0.value.canonicalText)" }
        lines.append("  \(countText(cause.count, "failed attempt")): \(printable(cause.text))")
        lines.append(
            "    for one trial \(trial) on \(printable(cause.exampleHost)): "
                + printable(point.joined(separator: ", ")))
        lines += cause.exampleLog.split(separator: "\n").suffix(5).map { "    | \(printable(String($0)))" }
    }
    let rest = summary.causes.count - min(10, summary.causes.count)
    return lines + (rest > 0 ? ["  … and \(countText(rest, "other cause"))"] : [])
}
