import Console
import Text

let pauseCommand = Command(
    "pause", "keeps a running sweep from starting trials until 'unpause'",
    operands: ["DIR"],
    details: """
        Running trials continue to their end, and are kept. Use the command on the coordinator's machine, as
        the same user. 'ranksweep unpause DIR' starts trials again. A restarted coordinator isn't paused.
        """,
    examples: ["ranksweep pause runs/demo"],
    run: runPause)

private func runPause(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let path = try servedPath(arguments)
    printOut(try ask(path, .pause).1)
    printOut("to continue: ranksweep unpause \(shellPath(path))")
    return .done
}
