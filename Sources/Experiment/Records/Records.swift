// Records: a trial's record, its canonical bytes and the form that it must have, and a run's provenance.
// Imports Sweep, Model, Files and Text. A record's form follows from a trial's settings; metrics' keys are
// declared with their measures in Sweep, so that a new measure is declared in one place.
// Leaves out how quantities are measured (Experiments), where records are kept (Journal) and how they are
// drawn (Reporting).

import Files
import Sweep

/// Why a file of records can't be read.
public enum RecordFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A line isn't a record.
    case malformedLine(file: String, line: Int, why: String)
    case file(FileError)
    /// A record belongs to another sweep.
    case otherSweep(file: String, line: Int, expected: String, found: String)

    /// The error as one sentence for a person.
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
    /// An upper bound on the size of a record body in the sweep, in bytes. It includes a factor of four as
    /// headroom, because only trials that cover every pair of axis values are examined.
    public var maxRecordBytes: Int {
        4 * coveringTrials.reduce(0) { max($0, RecordForm(of: $1.settings).maxBytes) }
    }
}
