// Reporting: records as lines of JSON, and what readers see of them: tables, gnuplot scripts, figures and a
// page.
// Imports Sweep, Fitting, Files, Text, and Glibc (gnuplot is a child process).
// Leaves out: which trials to run, where records are kept safe, how quantities are measured.
// Everything that decides bytes is pure; files and processes are in RecordFile, Reports and GnuplotProcess.

import Files

/// An error that stops a report.
public enum ReportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A line of a records file isn't a record.
    case malformedLine(file: String, line: Int, why: String)
    case file(FileError)
    /// A record belongs to another sweep.
    case otherSweep(file: String, line: Int, expected: String, found: String)

    /// The error in one line, for a person.
    public var description: String {
        switch self {
        case .malformedLine(let file, let line, let why): "\(file):\(line): not a record: \(why)"
        case .file(let error): error.description
        case .otherSweep(let file, let line, let expected, let found):
            "\(file):\(line): a record of the sweep \(found), not of \(expected)"
        }
    }
}

/// Performs file operations; their errors become report errors.
func filed<Result>(_ body: () throws(FileError) -> Result) throws(ReportError) -> Result {
    do throws(FileError) { return try body() } catch { throw .file(error) }
}
