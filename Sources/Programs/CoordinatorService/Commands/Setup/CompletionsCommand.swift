import Console
import Model
import Sweep

let completionsCommand = Command(
    "completions", "prints a shell's completion script",
    operands: [Shell.allCases.map(\.rawValue).joined(separator: "|")],
    details: """
        The script completes commands, options, recipes, settings after --set, and files, for ranksweep and
        ranksweep-worker. It asks the programs, so it fits every version. An installed ranksweep has its
        scripts where the shells look for them.
        """,
    examples: [
        "source <(ranksweep completions bash)",
        "ranksweep completions zsh > ~/.zfunc/_ranksweep",
        "ranksweep completions fish > ~/.config/fish/completions/ranksweep.fish",
    ],
    run: runCompletions)

private func runCompletions(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let word = arguments.operands[0]
    guard let shell = Shell(rawValue: word) else {
        throw .input("no shell '\(word)'\(nearHint(word, Shell.allCases.map(\.rawValue)))")
    }
    printOut(shell.completionScript(for: ["ranksweep", "ranksweep-worker"]))
    return .done
}

/// The words that may replace the last one; they follow the program's name.
func completion(of words: [String]) -> Completion {
    guard words.count > 1 else {
        let general = ["--help", "--version"].map { Completion.Candidate($0) }
        let all = commands.map { Completion.Candidate($0.word, $0.spec.summary) }
        let partial = words.last ?? ""
        return Completion(partial.hasPrefix("-") ? general : all).beginning(with: partial)
    }
    guard let command = commands.first(where: { $0.word == words[0] }) else { return Completion() }
    return command.spec.completion(of: Array(words.dropFirst())) { known($0, command) }
}

/// The words that a placeholder stands for.
private func known(_ placeholder: String, _ command: Command) -> [Completion.Candidate] {
    switch placeholder {
    case "SWEEP": Recipes.names.map { Completion.Candidate($0, "recipe") }
    case "PATH=V1,V2,": Setting.all.map { Completion.Candidate($0.path + "=", $0.meaning) }
    case "COMMAND": commands.map { Completion.Candidate($0.word, $0.spec.summary) }
    case "MODEL",
        "NAME" where command.word == "init":
        SweepTemplate.all.map { Completion.Candidate($0.model, $0.summary) }
    case "NAME" where command.word == "data":
        (ImageSetDescription.allCases.filter { !$0.files.isEmpty }.map(\.rawValue) + ["all"])
            .map { Completion.Candidate($0) }
    default: []
    }
}
