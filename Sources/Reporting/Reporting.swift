// Reporting: records as lines of JSON, and what readers see of them: tables, gnuplot scripts, figures and a
// page.
// Imports Sweep, Fitting, Files, Text, and Glibc (gnuplot is a child process).
// Leaves out: which trials to run, where records are kept safe, how quantities are measured.
// Everything that decides bytes is pure; files and processes are in RecordFile, Reports and GnuplotProcess.

import Files
import Records

/// An error that stops a report.
public enum ReportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The records cannot be read.
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

/// Performs what writes files, its errors a report's.
@discardableResult
func filed<Result>(_ body: () throws(FileError) -> Result) throws(ReportError) -> Result {
    do throws(FileError) { return try body() } catch { throw .file(error) }
}
