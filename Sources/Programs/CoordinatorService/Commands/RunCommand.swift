import Console
import Journal
import Sweep
import Transport

let runCommand = Command(
    "run", "runs a sweep, then writes tables and figures",
    operands: ["SWEEP"],
    options: [outOption] + overrideOptions + workerOptions + LogSettings.options + [finishOption],
    details: """
        Ctrl-C stops the run; 'ranksweep resume DIR' continues it, also after a crash. From another terminal
        'ranksweep status DIR' shows its progress, and pause, unpause, drain and cancel control it.
        """,
    examples: [
        "ranksweep run sweeps/demo.yaml",
        "ranksweep run sweeps/vib-images.yaml --quick --data ~/datasets",
        "ranksweep run sweeps/gaussian-vib.yaml --listen tcp://0.0.0.0:5555 --keys ~/ranksweep-keys",
    ],
    run: runRun)

private func runRun(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    try finishing(arguments) { log throws(CommandFailure) in
        try begin(sweep: arguments.operands[0], arguments, nil, log)
    }
}

/// - Parameter launch: starts workers on other machines; nil for `run`.
func begin(
    sweep: String, _ arguments: Arguments, _ launch: ClusterLaunch?, _ log: RunLog
) throws(CommandFailure) -> ExitCode {
    var options = RunOptions(slots: coreCount(), data: absolutePath(dataDirectory(nil)))
    launch?.adjust(&options)
    try options.apply(arguments)
    let source = SweepSource(sweep, arguments, log)
    let spec = try source.spec(mayBePipe: true)
    let path = arguments["--out"] ?? "runs/\(spec.name)"
    try RunDirectory.checkIsFree(path, for: spec, source)
    try checkData(spec, options)
    let launch = try launch?.prepared(for: spec, options, log) { $0.source(from: source.folder) }
    let signals = SignalDescriptor()
    let admission = try WorkerAdmission(options, for: spec, log)
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
    log.keep(in: run.path)
    do throws(CommandFailure) {
        return try serve(run, journal, lock, options, consume admission, signals, launch, log)
    } catch {
        // Nothing was begun, so the same command can be repeated once the cause is fixed.
        guard FreshRun.isUntouched(journal) else { throw log.reported(error) }
        fresh.discard()
        throw error.beforeBeginning
    }
}

private func create(
    _ fresh: FreshRun, _ spec: SweepSpec, _ source: SweepSource
) throws(CommandFailure) -> (RunDirectory, RunJournal) {
    do throws(CommandFailure) {
        // First, so that a run with a sweep.json can be resumed without the user's files.
        try RunFiles(spec, in: fresh.path).complete(from: source.folder)
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
