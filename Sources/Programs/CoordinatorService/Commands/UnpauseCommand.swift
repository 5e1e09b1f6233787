import Console

let unpauseCommand = Command(
    "unpause", "lets a paused sweep start trials again; also undoes 'drain'",
    operands: ["DIR"], examples: ["ranksweep unpause runs/demo"],
    run: runUnpause)

private func runUnpause(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    printOut(try ask(servedPath(arguments), .unpause).1)
    return .done
}
