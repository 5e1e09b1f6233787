// CoordinatorService: the commands of `ranksweep`. The coordinator is one poll loop between its workers and
// its journal. Scheduling's dispatcher decides what to do; this target gives it a clock, sockets and a disk.

import Console
import Files
import Glibc
import Journal
import Records
import Reporting
import Sweep
import Text
import Transport

extension CommandFailure {
    init(_ error: SweepError) { self = .input(error.message) }

    init(_ error: ReportError) {
        switch error {
        case .file(let error), .records(.file(let error)): self.init(error)
        case .records(let error): self = .input(error.description)
        }
    }

    init(_ error: JournalError) {
        switch error {
        case .diskFull, .tooLarge, .corrupt, .damagedRecords, .unfitRecord, .system:
            self = .fault(error.message)
        default: self = .input(error.message)
        }
        continuation = error.continuation
        if case .tooLarge = error { limit = .fileSize }
    }
}

/// Performs journal operations; their errors become command failures.
func journaled<Result>(_ body: () throws(JournalError) -> Result) throws(CommandFailure) -> Result {
    try orFail(CommandFailure.init(_:), body)
}

/// Performs Reporting's operations; their errors become command failures.
func reported<Result>(_ body: () throws(ReportError) -> Result) throws(CommandFailure) -> Result {
    try orFail(CommandFailure.init(_:), body)
}

/// Runs the command that the words name. Never returns.
public func runCoordinatorCommand(_ words: [String]) -> Never {
    beginProgram()
    do throws(CommandFailure) {
        endProgram(try perform(words))
    } catch {
        if !error.isReported { for line in error.lines { printError(line) } }
        endProgram(error.code)
    }
}

private func perform(_ words: [String]) throws(CommandFailure) -> ExitCode {
    guard let first = words.first else {
        printError(overview)
        return .wrongUse
    }
    switch first {
    case "--help", "-h", "help":
        if words.count > 1, let command = commands.first(where: { $0.word == words[1] }) {
            printOut(command.spec.help)
        } else {
            printOut(overview)
        }
        return .done
    case "--version", "version":
        printOut(versionText)
        return .done
    case completionWord:
        printOut(completion(of: Array(words.dropFirst())).text)
        return .done
    default: break
    }
    guard let command = commands.first(where: { $0.word == first }) else {
        throw .input(unknownCommand(first))
    }
    let arguments: Arguments
    do throws(UsageError) { arguments = try Arguments(Array(words.dropFirst()), for: command.spec) } catch {
        throw .input("\(error.message)\n(see '\(command.spec.name) --help')")
    }
    if arguments.wantsHelp {
        printOut(command.spec.help)
        return .done
    }
    return try command.run(arguments)
}

/// The message about a first word that is no command.
func unknownCommand(_ word: String) -> String {
    if let answer = Alias.answer(to: word, isKnown: { $0.hasPrefix("ranksweep") }) {
        return answer.message(for: word)
    }
    if word.hasSuffix(".yaml") || word.hasSuffix(".yml") {
        return "no command '\(word)'; to run a sweep: ranksweep run \(shellPath(word))"
    }
    if word.hasPrefix("-") { return "no option '\(word)' before a command; see 'ranksweep --help'" }
    let near = nearestSpelling(to: word, among: commands.map(\.word)).map { "; did you mean '\($0)'?" }
    return "no command '\(word)'\(near ?? "; see 'ranksweep --help'")"
}

private var versionText: String {
    """
    ranksweep \(programVersion), commit \(programCommit)
    ZeroMQ \(transportVersion), SQLite \(journalLibraryVersion)
    """
}
