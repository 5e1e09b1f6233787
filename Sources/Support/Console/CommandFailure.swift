import Files
import Glibc

/// Why a command ends without having done its work.
package struct CommandFailure: Error {
    package var code: ExitCode
    /// Sentences for a person; each line is an error of its own.
    package var message: String
    /// How to continue once the cause is fixed; nil where the message says so, or where nothing was begun.
    package var continuation: String?
    /// The process limit that stopped it.
    package var limit: ProcessLimit?
    /// Whether a run's log has said it.
    package var isReported = false

    package static func input(_ message: String) -> CommandFailure {
        CommandFailure(code: .wrongUse, message: message)
    }
    package static func fault(_ message: String) -> CommandFailure {
        CommandFailure(code: .internal, message: message)
    }

    package init(code: ExitCode, message: String) {
        self.code = code
        self.message = message
    }

    package init(_ error: UsageError) { self = .input(error.message) }

    package init(_ error: FileError) {
        // The user can correct a wrong path; a full or failing disk is a fault.
        let correctable = [ENOENT, ENOTDIR, EACCES, EPERM, EROFS, EISDIR, ELOOP, ENAMETOOLONG, EEXIST]
        self =
            error.kind != nil || correctable.contains(error.code)
            ? .input(error.description) : .fault(error.description)
        limit = ProcessLimit(behind: error.code)
    }
}

extension CommandFailure {
    /// The lines printed for a person. Lines that another program wrote already say what they are.
    package var lines: [String] {
        (message + (continuation.map { ": \($0)" } ?? "")).split(separator: "\n").map { line in
            ["(", "error: ", "warning: "].contains(where: line.hasPrefix) ? String(line) : "error: \(line)"
        }
    }
}

/// Performs `body` and converts its errors to command failures.
package func orFail<Result, Failure: Error>(
    _ convert: (Failure) -> CommandFailure, _ body: () throws(Failure) -> Result
) throws(CommandFailure) -> Result {
    do throws(Failure) { return try body() } catch { throw convert(error) }
}

/// Performs `body`, which reads or writes files; its errors become command failures.
@discardableResult
package func filed<Result>(_ body: () throws(FileError) -> Result) throws(CommandFailure) -> Result {
    try orFail(CommandFailure.init(_:), body)
}
