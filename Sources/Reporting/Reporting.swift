// Reporting: shows records to readers: tables, gnuplot scripts, figures and a page. Imports Records, Sweep,
// Fitting, Files, Text, and Glibc (gnuplot is a child process). Leaves out which trials to run, where records
// are stored safely, and how quantities are measured. Everything that decides bytes is pure; files and
// processes are in Reports, Drawing and GnuplotProcess.

import Files
import Records

/// An error that stops a report.
public enum ReportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The records can't be read.
    case records(RecordFileError)
    case file(FileError)

    /// The error in one line, for a person.
    public var description: String {
        switch self {
        case .records(let error): error.description
        case .file(let error): error.description
        }
    }
}

/// Performs `body`, which writes files; its errors become report errors.
@discardableResult
func filed<Result>(_ body: () throws(FileError) -> Result) throws(ReportError) -> Result {
    do throws(FileError) { return try body() } catch { throw .file(error) }
}
