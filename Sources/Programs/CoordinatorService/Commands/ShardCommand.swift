import Console
import Files
import Glibc
import Journal
import Scheduling
import Sweep
import Text
import Transport

let shardCommand = Command(
    "shard", "runs one of N shards of a sweep by itself, for any batch engine",
    operands: ["SWEEP"],
    options: [
        OptionSpec("--index", "I", "which shard: from 0 to N-1, as Slurm arrays and Kubernetes count"),
        OptionSpec("--count", "N", "the number of shards: the same for all of them"),
        OptionSpec(
            "--out", "FILE", "the file for the shard's records; until it is complete, the folder FILE.work"),
    ] + overrideOptions + [
        OptionSpec("--slots", "N", "trials at a time (default: one per core that it may use)"),
        dataOption,
    ] + trialOptions + [kernelOption] + LogSettings.options,
    details: """
        A shard needs no network and no other shard; each trial is in one shard, and shards cost about the
        same. The same command again continues where it stopped: after Ctrl-C (exit code 3), kill -9 or a
        crash, also on another host that has the folder of FILE. A complete FILE is left as it is. Exit code
        1: trials failed. Kept weights go to the folder FILE.weights. 'ranksweep merge' joins the files.
        """,
    examples: [
        "ranksweep shard sweeps/demo.yaml --index 0 --count 7 --out parts/0.ndjson",
        "ranksweep shard sweeps/demo.yaml --index $SLURM_ARRAY_TASK_ID --count 7 "
            + "--out parts/$SLURM_ARRAY_TASK_ID.ndjson --slots $SLURM_CPUS_PER_TASK",
    ],
    run: runShard)

private func runShard(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    var options = RunOptions(slots: coreCount(), data: absolutePath(dataDirectory(nil)))
    try options.apply(arguments)
    let log = try runLog(arguments)
    let source = SweepSource(arguments.operands[0], arguments, log)
    let spec = try source.spec(mayBePipe: true)
    let (index, count, path) = try shardOperands(arguments)
    let share = RunShare(index: index, count: count, of: spec, file: path)
    let trials = share.trials
    let header = ShardHeader(spec: spec, index: index, count: count, trials: trials.count)
    if let end = try endIfWhole(header, share) { return end }
    if !trials.isEmpty { try checkData(spec, options) }
    let signals = SignalDescriptor()
    let fresh = try FreshRun(share.workPath)
    let lock = try journaled { () throws(JournalError) in
        try CoordinatorLock(in: share.workPath, holder: .thisProcess())
    }
    defer { withExtendedLifetime(lock) {} }
    // Another process may have finished the shard since the first check.
    if let end = try endIfWhole(header, share) {
        removeTree(share.workPath)
        return end
    }
    let run = RunDirectory(path: share.workPath, spec: spec, share: share)
    let hadJournal = run.hasJournal
    let journal: RunJournal
    do throws(CommandFailure) {
        journal = try openWork(run, share, log)
        try RunFiles(spec, in: share.workPath).complete(from: source.folder)
    } catch {
        guard !hadJournal else { throw error }
        fresh.discard()
        throw error.beforeBeginning
    }
    log.keep(in: run.path)
    let end: Coordinator.End
    do throws(CommandFailure) { end = try work(run, journal, share, options, signals, log) } catch {
        // Nothing was begun, so the same command can be repeated once the cause is fixed.
        guard FreshRun.isUntouched(journal) else { throw log.reported(error) }
        removeTree(share.workPath)
        fresh.discardFolders()
        throw error.beforeBeginning
    }
    do throws(CommandFailure) {
        return try finish(end, header, run, journal, share, signals, log)
    } catch { throw log.reported(error.afterBeginning) }
}

/// Writes and prints the results of a shard whose loop has ended.
private func finish(
    _ end: Coordinator.End, _ header: ShardHeader, _ run: RunDirectory, _ journal: RunJournal,
    _ share: RunShare, _ signals: SignalDescriptor, _ log: RunLog
) throws(CommandFailure) -> ExitCode {
    let (spec, trials, path) = (run.spec, share.trials, share.file)
    SignalDescriptor.exitFromNowOn(
        code: ExitCode.interrupted.rawValue,
        words: "\ninterrupted while writing \(path); every record is kept: the same command continues\n")
    let summary = try journaled { () throws(JournalError) in try journal.summary() }
    if case .hopeless(let why) = end {
        for line in causes(summary, run) { log.add(line, .error) }
        log.add("stopped: \(why)\nfix the cause, then run the same command again", .error)
        return .incomplete
    }
    if end == .interrupted {
        log.add(
            "interrupted: \(groupedText(summary.complete)) of \(countText(trials.count, "trial")) are done and kept in "
                + "\(share.workPath)\nto continue: run the same command again", .warning)
        return .interrupted
    }
    try writeShard(header, run, journal, to: path)
    printOut(
        "\(spec.name), \(header.text): \(countText(trials.count, "trial")): \(words(summary)) → \(path)")
    for line in causes(summary, run) { printOut(line) }
    removeTree(share.workPath)
    return outcome(missing: trials.count - summary.complete, conflicts: summary.conflicts)
}

private func outcome(missing: Int, conflicts: Int = 0) -> ExitCode {
    if missing > 0 {
        printOut(
            "  its file is complete, without the \(countText(missing, "trial")) that failed: after 'ranksweep merge', "
                + "'ranksweep resume DIR --retry quarantined' retries them")
    }
    return missing > 0 || conflicts > 0 ? .incomplete : .done
}

/// The shard's index, the number of shards, and the output file.
private func shardOperands(
    _ arguments: Arguments
) throws(CommandFailure) -> (index: Int, count: Int, file: String) {
    let operands: (index: Int, count: Int, file: String)
    do throws(UsageError) {
        guard let count = try arguments.integer("--count", in: 1...GridShards.limit) else {
            throw UsageError("--count N is missing: how many shards does the sweep have?")
        }
        guard let text = arguments["--index"] else {
            throw UsageError("--index I is missing: which of the \(count) shards, counted from 0?")
        }
        guard let index = Int(text), (0..<count).contains(index) else {
            let hint = Int(text) == count ? ": shards are counted from 0, the last is \(count - 1)" : ""
            throw UsageError("--index must be a whole number from 0 to \(count - 1), not '\(text)'\(hint)")
        }
        guard var file = arguments["--out"] else {
            throw UsageError("--out FILE is missing: where should the shard's records go?")
        }
        while file.hasSuffix("/"), file != "/" { file.removeLast() }
        operands = (index, count, file)
    } catch { throw CommandFailure(error) }
    try checkNewPath(operands.file, "--out")
    return operands
}

/// Handles an existing output file: the command is done, or the file is in the way (an error). nil where
/// there is none.
private func endIfWhole(_ header: ShardHeader, _ share: RunShare) throws(CommandFailure) -> ExitCode? {
    var status = stat()
    guard lstat(share.file, &status) == 0 else { return nil }
    let advice = ": it is not overwritten; remove it, or choose another --out FILE"
    var records = 0
    let found: ShardHeader
    do throws(ShardFault) {
        let reader = try ShardReader(share.file)
        found = reader.header
        while let line = try reader.next() { if case .record = line { records += 1 } }
    } catch {
        throw .input("\(share.file) exists and is not a complete shard: \(error.message)\(advice)")
    }
    guard found.spec.canonicalJSON == header.spec.canonicalJSON else {
        throw .input(
            "\(share.file) exists and belongs to another sweep: '\(printable(found.spec.name))', digest "
                + "\(found.spec.digest), not \(header.spec.digest)\(advice)")
    }
    guard found == header else {
        throw .input("\(share.file) exists: it is \(found.text), not \(header.text)\(advice)")
    }
    printOut(
        "\(share.file) is complete: \(header.text), \(countText(records, "record")) of "
            + "\(countText(header.trials, "trial")): nothing to do")
    // It belongs to a process that was killed just before its end.
    let isOwn = fileSize(share.workPath + "/coordinator.lock") != nil
    if isOwn, CoordinatorLock.holder(in: share.workPath) == nil { removeTree(share.workPath) }
    return outcome(missing: header.trials - records)
}

/// The journal of the work folder, which may be from before a crash.
private func openWork(
    _ run: RunDirectory, _ share: RunShare, _ log: RunLog
) throws(CommandFailure) -> RunJournal {
    let advice = ": remove it, or choose another --out FILE"
    guard run.hasJournal else {
        try run.writeSweep()
        let journal = try journaled { () throws(JournalError) in
            try RunJournal.create(in: run.path, sweep: run.spec.digest)
        }
        try journaled { () throws(JournalError) in try journal.setSetting(RunShare.setting, share.text) }
        return journal
    }
    let found = try RunDirectory.open(run.path)
    guard found.spec.canonicalJSON == run.spec.canonicalJSON else {
        throw .input(
            "\(run.path) holds the work of another sweep ('\(printable(found.spec.name))', \(found.spec.digest), "
                + "not \(run.spec.digest))\(advice)")
    }
    let journal = try run.openOrCreateJournal()
    let text = try journaled { () throws(JournalError) in
        // The process was killed before it set the share, so nothing was done.
        if try journal.setting(RunShare.setting) == nil, try journal.knownTrials().isEmpty {
            try journal.setSetting(RunShare.setting, share.text)
        }
        return try journal.setting(RunShare.setting)
    }
    guard text == share.text else {
        throw .input(
            "\(run.path) holds the work of \(text.map { "shard \($0)" } ?? "a run"), not of \(share.text)\(advice)"
        )
    }
    try mend(run, journal, log)
    try checkCommits(run.spec, journal)
    return journal
}

/// Runs the share's trials that have no outcome.
private func work(
    _ run: RunDirectory, _ journal: RunJournal, _ share: RunShare, _ options: RunOptions,
    _ signals: SignalDescriptor, _ log: RunLog
) throws(CommandFailure) -> Coordinator.End {
    if let name = NetworkFileSystem.name(at: run.path) {
        log.add(NetworkFileSystem.warning(directory: run.path, fileSystem: name))
    }
    let settled = try journaled { () throws(JournalError) in
        let summary = try journal.summary()
        return summary.complete + summary.quarantined
    }
    log.add(
        "\(run.spec.name), shard \(share.index) of \(share.count): \(groupedText(share.trials.count)) of "
            + "\(countText(run.spec.grid.count, "trial"))\(settled > 0 ? " (\(groupedText(settled)) are done)" : "")"
            + " on \(countText(options.slots, "slot")) → \(share.file)")
    guard settled < share.trials.count else { return .finished }
    let admission = try WorkerAdmission(options, for: run.spec, log)
    let local = try LocalWorkers(
        options, endpoint: admission.socket.endpoint, keys: admission.local, run: run.path,
        isVerbose: log.isVerbose)
    var coordinator = try Coordinator(
        run, journal: journal, admission: consume admission, signals: signals,
        control: listenForOperator(run, log),
        sources: [local],
        trialLimitSeconds: options.trialLimitSeconds(costliestTrial: run.spec.grid.cost().maxSeconds),
        mayGrow: false, log: log)
    return try coordinator.serve()
}
