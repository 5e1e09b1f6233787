import Console
import Files
import Text

let manCommand = Command(
    "man", "prints a manual page, or writes all of them to a folder",
    operands: ["[COMMAND]"],
    options: [OptionSpec("--out", "DIR", "write the pages of all commands to this folder instead")],
    details: """
        The pages hold what --help says, in the language of man(1). An installed ranksweep has its pages where
        'man' looks for them: man ranksweep, man ranksweep-run.
        """,
    examples: ["ranksweep man run | man -l -", "ranksweep man --out ~/.local/share/man/man1"],
    run: runMan)

private func runMan(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    if let folder = arguments["--out"] {
        if let word = arguments.operands.first {
            throw .input("--out writes the pages of all commands: leave out '\(word)'")
        }
        try filed { () throws(FileError) in try makeFolder(folder) }
        try write(overviewPage, "ranksweep", folder)
        for command in commands { try write(page(of: command), "ranksweep-\(command.word)", folder) }
        return .done
    }
    guard let word = arguments.operands.first else {
        printOut(overviewPage)
        return .done
    }
    guard let command = commands.first(where: { $0.word == word }) else {
        throw .input("no command '\(word)'\(nearHint(word, commands.map(\.word)))")
    }
    printOut(page(of: command))
    return .done
}

private func write(_ page: String, _ name: String, _ folder: String) throws(CommandFailure) {
    try filed { () throws(FileError) in try writeFile("\(page)\n".utf8, to: "\(folder)/\(name).1") }
}

private func page(of command: Command) -> String {
    command.spec.manPage(version: manVersion, related: ["ranksweep"])
}

private var overviewPage: String {
    CommandSpec(
        "ranksweep", programSummary, operands: ["COMMAND", "…"],
        details: "\(overviewDetails)\n\n\(environmentText)", examples: ["ranksweep run demo"]
    ).manPage(
        version: manVersion, commands: commands.map { ($0.word, $0.spec.summary) },
        related: commands.map { "ranksweep-\($0.word)" } + ["ranksweep-worker"])
}

private let environmentText = """
    environment: RANKSWEEP_DATA is the folder of the data sets (default: ~/.cache/ranksweep); COLUMNS is the
    width of help texts, and narrows the progress line; output has no colours, so NO_COLOR has no effect.
    """

private let manVersion = "ranksweep \(programVersion)"
