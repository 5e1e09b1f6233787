import Console

let drainCommand = Command(
    "drain", "ends a running sweep after the trials that are running",
    operands: ["DIR"],
    details: """
        The command waits until the run has ended, with exit code 3; Ctrl-C ends the waiting, not the
        draining. 'ranksweep unpause DIR' undoes the draining: this command then says so, and exits with
        code 3. 'ranksweep resume DIR' continues the run later. Workers started elsewhere keep running, and
        wait.
        """,
    examples: ["ranksweep drain runs/demo"],
    run: runDrain)

private func runDrain(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    try end(.drain, arguments)
}
