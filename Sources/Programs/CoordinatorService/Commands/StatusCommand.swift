import Console
import Glibc
import Text
import Transport

let statusCommand = Command(
    "status", "shows how far a run is, while it runs or afterwards",
    operands: ["DIR"],
    options: [
        OptionSpec(
            flag: "--follow",
            "show it until the run ends: on a terminal a page that is redrawn every two seconds"),
        OptionSpec(
            "--metric", "NAME",
            "with --follow on a terminal: the traced metric whose curves are shown (default: the test loss)"),
        OptionSpec(flag: "--json", "print JSON, for programs; with --follow one line each time"),
    ],
    details: """
        The page of --follow shows progress, workers, failures, curves of the trials that finished last, and the
        log, as much as fits. Ctrl-C leaves it; the run goes on.
        """,
    examples: [
        "ranksweep status runs/demo", "ranksweep status runs/demo --follow --metric accuracy",
        "ranksweep status runs/demo --json | jq .done",
    ],
    run: runStatus)

private func runStatus(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    var run = try RunDirectory.open(arguments.operands[0])
    guard arguments.has("--follow") else {
        let status = try RunStatus(run)
        printOut(arguments.has("--json") ? status.json.canonicalText : status.text)
        return .done
    }
    if arguments.has("--json") {
        while true {
            let status = try RunStatus(run)
            guard printOut(status.json.canonicalText), status.holder != nil else { return .done }
            sleep(2)
            run = try RunDirectory.open(arguments.operands[0])
        }
    }
    var screen = TerminalScreen()
    defer { screen.end() }
    guard let end = try follow(run, arguments["--metric"], &screen) else { return .done }
    // This stays on the terminal.
    screen.end()
    printOut(end.text)
    return .done
}

/// Shows the run until it ends.
///
/// - Returns: its status at the end; nil where the user left before, or everything is printed.
private func follow(
    _ run: RunDirectory, _ metric: String?, _ screen: inout TerminalScreen
) throws(CommandFailure) -> RunStatus? {
    // Only on a page is there anything to restore when a signal comes.
    let signals = screen.isTerminal ? SignalDescriptor(also: [SIGWINCH]) : nil
    var run = run
    while true {
        let began = monotonicMilliseconds()
        let status = try RunStatus(run)
        let isOver = status.holder == nil
        if let signals {
            if isOver { return status }
            let page = try status.screen(metric: metric)
            func draw() -> Bool {
                let (columns, rows) = screen.size
                return screen.show(page.lines(columns: columns, rows: rows))
            }
            guard draw() else { return nil }
            // A status that takes long to read is read less often.
            let until = began + max(2000, 5 * (monotonicMilliseconds() - began))
            while case let rest = until - monotonicMilliseconds(), rest > 0 {
                guard let signal = signals.next(within: rest) else { continue }
                guard signal == SIGWINCH, draw() else { return nil }
            }
        } else {
            guard screen.show([status.text]), !isOver else { return nil }
            sleep(2)
        }
        run = try RunDirectory.open(run.path)
    }
}
