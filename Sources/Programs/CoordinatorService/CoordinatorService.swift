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

/// Why a command ends without having done its work.
struct CommandFailure: Error {
    var code: ExitCode
    /// Sentences for a person; each line is an error of its own.
    var message: String
    /// How to continue once the cause is fixed; nil where the message says so, or where nothing was begun.
    var continuation: String?
    /// The process limit that stopped it.
    var limit: ProcessLimit?

    static func input(_ message: String) -> CommandFailure {
        CommandFailure(code: .wrongUse, message: message)
    }
    static func fault(_ message: String) -> CommandFailure {
        CommandFailure(code: .internal, message: message)
    }

    init(code: ExitCode, message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: UsageError) { self = .input(error.message) }
    init(_ error: SweepError) { self = .input(error.message) }
    init(_ error: TransportError) { self = .input(error.message) }

    init(_ error: FileError) {
        // The user can correct a wrong place; a full or failing disk is a fault.
        let places = [ENOENT, ENOTDIR, EACCES, EPERM, EROFS, EISDIR, ELOOP, ENAMETOOLONG, EEXIST]
        self =
            error.kind != nil || places.contains(error.code)
            ? .input(error.description) : .fault(error.description)
        limit = ProcessLimit(behind: error.code)
    }

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

extension CommandFailure {
    /// The lines printed for a person. Lines that another program wrote already say what they are.
    var lines: [String] {
        (message + (continuation.map { ": \($0)" } ?? "")).split(separator: "\n").map { line in
            ["(", "error: ", "warning: "].contains(where: line.hasPrefix) ? String(line) : "error: \(line)"
        }
    }
}

/// Performs `body` and converts its errors to command failures.
func orFail<Result, Failure: Error>(
    _ convert: (Failure) -> CommandFailure, _ body: () throws(Failure) -> Result
) throws(CommandFailure) -> Result {
    do throws(Failure) { return try body() } catch { throw convert(error) }
}

/// Performs journal operations; their errors become command failures.
func journaled<Result>(_ body: () throws(JournalError) -> Result) throws(CommandFailure) -> Result {
    try orFail(CommandFailure.init(_:), body)
}

/// Performs `body`, which reads or writes files; its errors become command failures.
@discardableResult
func filed<Result>(_ body: () throws(FileError) -> Result) throws(CommandFailure) -> Result {
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
        for line in error.lines { printError(line) }
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
    default: break
    }
    guard let command = commands.first(where: { $0.word == first }) else {
        if first.hasPrefix("-") {
            throw .input("no option '\(first)' before a command; see 'ranksweep --help'")
        }
        let near = nearestSpelling(to: first, among: commands.map(\.word)).map { "; did you mean '\($0)'?" }
        throw .input("no command '\(first)'\(near ?? "; see 'ranksweep --help'")")
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

private var versionText: String {
    """
    ranksweep \(programVersion), commit \(programCommit)
    ZeroMQ \(transportVersion), SQLite \(journalLibraryVersion)
    """
}
