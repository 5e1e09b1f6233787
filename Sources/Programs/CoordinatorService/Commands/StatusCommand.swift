import Console
import Glibc
import Text

let statusCommand = Command(
    "status", "shows how far a run is, while it runs or afterwards",
    operands: ["DIR"],
    options: [
        OptionSpec(flag: "--follow", "print it again every two seconds until the run ends"),
        OptionSpec(flag: "--json", "print JSON, for programs; with --follow one line each time"),
    ],
    examples: ["ranksweep status runs/demo", "ranksweep status runs/demo --json | jq .done"],
    run: runStatus)

private func runStatus(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    var run = try RunDirectory.open(arguments.operands[0])
    var page = TerminalPage()
    while true {
        let status = try RunStatus(run)
        if arguments.has("--json") {
            guard printOut(status.json.canonicalText) else { return .done }
        } else if arguments.has("--follow") {
            guard page.show(status.text) else { return .done }
        } else {
            printOut(status.text)
        }
        guard arguments.has("--follow"), status.holder != nil else { return .done }
        sleep(2)
        run = try RunDirectory.open(arguments.operands[0])
    }
}
