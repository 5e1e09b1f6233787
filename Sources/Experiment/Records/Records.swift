// Records: what came of a trial: its record, the record's canonical bytes and what it must hold, and provenance.
// Imports Sweep, Files and Text: a record's form follows from a trial's settings, and metrics' keys are declared with
// their measures, which are Sweep's, so that a new measure is declared in one place.
// Leaves out: how quantities are measured (Experiments), where records are kept (Journal), what is drawn of them
// (Reporting).

import Files
import Sweep

/// What stops the reading of a file of records.
public enum RecordFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A line is no record.
    case malformedLine(file: String, line: Int, why: String)
    case file(FileError)
    /// A record belongs to another sweep.
    case otherSweep(file: String, line: Int, expected: String, found: String)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .malformedLine(let file, let line, let why): "\(file):\(line): not a record: \(why)"
        case .file(let error): error.description
        case .otherSweep(let file, let line, let expected, let found):
            "\(file):\(line): a record of the sweep \(found), not of \(expected)"
        }
    }
}

extension SweepSpec {
    /// More bytes than the body of any of its trials' records has: with headroom, as only the points that cover every
    /// pair of the axes' values are looked at.
    public var maxRecordBytes: Int {
        4 * coveringTrials.reduce(0) { max($0, RecordForm(of: $1.settings).maxBytes) }
    }
}
