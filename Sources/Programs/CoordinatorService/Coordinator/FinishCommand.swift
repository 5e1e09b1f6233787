import Console
import Files
import Glibc
import Journal
import Text
import Transport

/// The option with which a command is run when a run has ended.
let finishOption = OptionSpec(
    "--on-finish", "COMMAND",
    "run this by sh when the run has ended, however it ended; the counts and the directory are in its environment"
)

/// Performs a command that serves a run, and afterwards the one that `--on-finish` names, if any. By then the run
/// directory is free again.
func finishing(
    _ arguments: Arguments, _ body: (RunLog) throws(CommandFailure) -> ExitCode
) throws(CommandFailure) -> ExitCode {
    let log = try runLog(arguments)
    let began = monotonicMilliseconds()
    func finish(_ code: ExitCode) {
        guard let command = arguments["--on-finish"], let path = log.folder else { return }
        let seconds = Double(monotonicMilliseconds() - began) / 1000
        runFinishCommand(command, path: path, code: code, seconds: seconds, log)
    }
    do throws(CommandFailure) {
        let code = try body(log)
        finish(code)
        return code
    } catch {
        finish(error.code)
        throw error
    }
}

private func runFinishCommand(
    _ command: String, path: String, code: ExitCode, seconds: Double, _ log: RunLog
) {
    // Nothing was begun where there is no journal any more.
    guard let run = try? RunDirectory.open(path),
        let journal = try? RunJournal.open(in: path, sweep: run.spec.digest, readOnly: true),
        let summary = try? journal.summary()
    else { return }
    let own = finishEnvironment(run, summary, code: code, seconds: seconds)
    let names = own.map { "\($0.name)=" }
    let environment =
        environmentList().filter { entry in !names.contains { entry.hasPrefix($0) } }
        + own.map { "\($0.name)=\($0.value)" }
    SignalDescriptor.exitFromNowOn(
        code: code.rawValue, words: "\ninterrupted while --on-finish runs; the run itself has ended\n")
    log.add("running --on-finish: \(command)")
    // Its output isn't among the results.
    guard
        let child = ChildProgram.start(
            "/bin/sh", ["-c", command], environment: environment,
            descriptors: [(ours: STDERR_FILENO, theirs: STDOUT_FILENO)])
    else {
        log.add("warning: --on-finish: /bin/sh cannot be started: \(startMessage(errno))")
        return
    }
    let end = child.wait()
    if !end.isSuccess { log.add("warning: --on-finish: the command \(end.description)") }
}

/// The variables that the command is given.
func finishEnvironment(
    _ run: RunDirectory, _ summary: RunSummary, code: ExitCode, seconds: Double
) -> [(name: String, value: String)] {
    let state =
        switch code {
        case .done: "done"
        case .incomplete: "incomplete"
        case .interrupted: "interrupted"
        case .wrongUse, .internal: "failed"
        }
    return [
        ("RANKSWEEP_DIR", absolutePath(run.path)), ("RANKSWEEP_NAME", run.spec.name),
        ("RANKSWEEP_STATE", state), ("RANKSWEEP_EXIT_CODE", String(code.rawValue)),
        ("RANKSWEEP_TOTAL", String(run.spec.grid.count)),
        ("RANKSWEEP_MEASURED", String(summary.measured)), ("RANKSWEEP_DIVERGED", String(summary.diverged)),
        ("RANKSWEEP_QUARANTINED", String(summary.quarantined)),
        ("RANKSWEEP_FAILED_ATTEMPTS", String(summary.failures)),
        ("RANKSWEEP_SECONDS", String(Int(seconds.rounded()))),
    ]
}
