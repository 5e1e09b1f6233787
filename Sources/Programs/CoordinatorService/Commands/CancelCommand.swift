import Console

let cancelCommand = Command(
    "cancel", "ends a running sweep at once; keeps every record",
    operands: ["DIR"],
    details: """
        Like Ctrl-C in the run's own terminal: the run ends with exit code 3, and 'ranksweep resume DIR'
        continues it later; long trials continue from their checkpoints. Workers started elsewhere keep
        running, and wait.
        """,
    examples: ["ranksweep cancel runs/demo"],
    run: runCancel)

private func runCancel(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    try end(.cancel, arguments)
}
