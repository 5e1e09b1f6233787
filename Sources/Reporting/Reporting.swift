// Reporting: what a reader sees of records: tables, gnuplot scripts, drawn figures, a page.
// Imports Records, Sweep, Fitting, Files, Text and Glibc (gnuplot as a child process).
// Leaves out: which trials to run, where records are kept safe, how quantities are measured.
// All that decides bytes is pure; files and processes are in Reports and GnuplotProcess.

import Files
import Records

/// What stops a report.
public enum ReportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The records cannot be read.
    case records(RecordFileError)
    case file(FileError)

    /// One sentence for a person.
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
