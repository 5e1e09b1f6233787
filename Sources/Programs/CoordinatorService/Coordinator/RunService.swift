import Console
import Glibc
import Journal
import Launch
import Reporting
import Sweep
import Text
import Transport

/// Serves a run to its end and writes its results.
func serve(
    _ run: RunDirectory, _ journal: RunJournal, _ lock: CoordinatorLock, _ options: RunOptions,
    _ admission: consuming WorkerAdmission, _ signals: SignalDescriptor, _ launch: ClusterLaunch?,
    _ log: RunLog
) throws(CommandFailure) -> ExitCode {
    defer { withExtendedLifetime(lock) {} }
    let start = monotonicMilliseconds()
    if let name = NetworkFileSystem.name(at: run.path) {
        log.add(NetworkFileSystem.warning(directory: run.path, fileSystem: name))
    }
    // The socket ends with the loop. Its connections' descriptors are then free for files.
    let (end, workerLines) = try dispatch(run, journal, options, consume admission, signals, launch, log)
    do throws(CommandFailure) {
        return try finish(
            run, journal, options, end, workerLines, signals, log,
            seconds: Double(monotonicMilliseconds() - start) / 1000)
    } catch { throw error.afterBeginning }
}

/// Writes and prints the results of a run whose loop has ended.
private func finish(
    _ run: RunDirectory, _ journal: RunJournal, _ options: RunOptions, _ end: Coordinator.End,
    _ workerLines: [String], _ signals: SignalDescriptor, _ log: RunLog, seconds: Double
) throws(CommandFailure) -> ExitCode {
    // The loop that reads signals has ended. The files still to be written can be written again later.
    SignalDescriptor.exitFromNowOn(
        code: ExitCode.interrupted.rawValue,
        words:
            "\ninterrupted while writing files; every record is kept\nto continue: \(options.resumeCommand(run.path))\n"
    )
    do throws(CommandFailure) { try run.export(journal) } catch {
        guard end != .finished else { throw error.advising(figures: run, journal) }
        log.add(
            "warning: \(error.message)\nwarning: the journal has everything; \(quotedCommand(options.resumeCommand(run.path))) writes the files later"
        )
    }
    let summary = try journaled { () throws(JournalError) in try journal.summary() }
    if case .hopeless(let why) = end {
        for line in causes(summary, run) { log.add(line, .error) }
        log.add(
            "stopped: \(why)\nfix the cause, then: \(options.resumeCommand(run.path)) --retry failed,quarantined",
            .error)
        return .incomplete
    }
    if end == .interrupted {
        for line in workerLines { log.add(line, .warning) }
        log.add(
            "interrupted: \(groupedText(summary.complete)) of \(countText(run.spec.grid.count, "trial")) are done and "
                + "kept\nto continue: \(options.resumeCommand(run.path))", .warning)
        return .interrupted
    }
    let headline =
        "\(run.spec.name): \(countText(run.spec.grid.count, "trial")): \(words(summary)), in "
        + durationText(seconds: seconds)
    printOut(headline)
    log.note(headline)
    for line in causes(summary, run) { printOut(line) }
    if let words = summary.commitMessage ?? summary.otherCommitMessage { printOut("  \(words)") }
    let further = workerLines + [quarantineLine(summary, run)].compactMap(\.self) + slowestLines(run, journal)
    for line in further {
        printOut("  \(line)")
        log.note(line)
    }
    if summary.quarantined > 0 {
        printOut(
            "  to retry the quarantined trials: \(options.resumeCommand(run.path)) --retry quarantined"
        )
    }
    do throws(CommandFailure) { try writeReports(run, formats: FigureFormat.defaults) } catch {
        throw error.advising(figures: run, journal)
    }
    return summary.quarantined > 0 || summary.conflicts > 0 ? .incomplete : .done
}

private func dispatch(
    _ run: RunDirectory, _ journal: RunJournal, _ options: RunOptions, _ admission: consuming WorkerAdmission,
    _ signals: SignalDescriptor, _ launch: ClusterLaunch?, _ log: RunLog
) throws(CommandFailure) -> (end: Coordinator.End, workerLines: [String]) {
    let socket = admission.socket
    let before = try journaled { () throws(JournalError) in
        try journal.setSetting("options", options.listening(at: socket.endpoint).json.canonicalText)
        return try journal.summary().complete
    }
    announce(run, options, complete: before, endpoint: socket.endpoint, isLaunch: launch != nil, log)
    // Local workers reach a coordinator that listens on all addresses through loopback.
    let here = options.listen?.isEverywhere == true ? at("127.0.0.1", socket.endpoint) : socket.endpoint
    var sources: [any WorkerSource] = []
    if options.workers > 0 {
        sources.append(
            try LocalWorkers(
                options, endpoint: here, keys: admission.local, run: run.path, isVerbose: log.isVerbose))
    }
    if let launch {
        sources.append(try launch.source(options, endpoint: socket.endpoint, run: run.path, log))
    }
    var coordinator = try Coordinator(
        run, journal: journal, admission: consume admission, signals: signals,
        control: listenForOperator(run, log),
        sources: sources,
        trialLimitSeconds: options.trialLimitSeconds(costliestTrial: run.spec.grid.cost().maxSeconds),
        mayGrow: options.listen != nil || launch != nil, log: log)
    let end = try coordinator.serve()
    return (end, coordinator.workerLines)
}

/// Starts listening for operator commands. On failure the run continues, and other terminals can only read
/// its journal.
func listenForOperator(_ run: RunDirectory, _ log: RunLog) -> ControlListener? {
    do throws(ControlError) { return try ControlListener(in: run.path) } catch {
        log.add(
            "warning: \(run.path)/\(ControlListener.fileName): \(error.message): pause, drain and cancel from another "
                + "terminal won't work")
        return nil
    }
}

private func announce(
    _ run: RunDirectory, _ options: RunOptions, complete: Int, endpoint: String, isLaunch: Bool,
    _ log: RunLog
) {
    let total = run.spec.grid.count
    var line = "\(run.spec.name): \(countText(total, "trial")) → \(run.path)"
    if complete > 0 { line += " (\(groupedText(complete)) are done)" }
    if options.workers > 0, complete < total {
        let plan = Plan(run.spec, slots: options.slots)
        let left = plan.seconds * Double(total - complete) / Double(max(1, total))
        line += ", \(aboutText(seconds: left)) on \(countText(options.slots, "slot"))"
    }
    let program = "ranksweep \(programVersion), \(commitText(programCommit))"
    log.note("\(program), process \(getpid()) on \(hostName())")
    log.add(line)
    if let listen = options.listen, !isLaunch {
        let address = listen.isEverywhere ? at(hostName(), endpoint) : endpoint
        let keys =
            options.keys == nil ? "" : " --keys DIR, the folder that 'ranksweep keys add' made for that host"
        log.add("listening at \(endpoint); on each host: ranksweep-worker --connect \(address)\(keys)")
    }
}

/// The endpoint with another host.
private func at(_ host: String, _ endpoint: String) -> String {
    endpoint.lastIndex(of: ":").map { "tcp://\(host)\(endpoint[$0...])" } ?? endpoint
}
