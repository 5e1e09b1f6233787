// Journal: the coordinator's durable state, one SQLite file in a run directory, and the lock that keeps a
// second coordinator out. Imports Scheduling, Wire, Sweep, Files, Text, SQLite. Leaves out what a record means and
// how it is exported (Reporting), and when to append (Scheduling decides, CoordinatorService performs).

import CSQLite
import Files
import Text

/// Why a journal cannot be opened, read or written.
public enum JournalError: Error, Equatable, Sendable {
    case missing(path: String)
    /// `create` where a journal is already.
    case exists(path: String)
    /// Its creation was cut short: it holds nothing.
    case empty(path: String)
    case notAJournal(path: String)
    /// A pipe, a device or a folder stands where the journal or one of its files should.
    case notAFile(path: String, FileKind)
    case otherFormat(directory: String, found: Int)
    case otherSweep(path: String, found: String, expected: String)
    /// Another coordinator serves the run directory; nil where it has not said who it is.
    case locked(directory: String, by: CoordinatorLock.Holder?)
    /// The directory's lock file cannot be opened.
    case unwritable(path: String, detail: String)
    /// This user has no right to read the journal or one of its files.
    case unreadable(path: String, detail: String)
    case diskFull(path: String)
    /// Its next bytes are more than a file may have: by a limit of this process, or of the file system.
    case tooLarge(path: String)
    case corrupt(path: String, detail: String)
    /// Records that are not what was appended; the journal as such can be read.
    case damagedRecords(path: String, trials: [Int])
    /// A record that the sweep cannot give, whole as it is.
    case unfitRecord(path: String, trial: Int, why: String)
    /// Its write-ahead log holds what is not in it yet, and may not be read with it here.
    case unreadableLog(path: String, code: Int32)
    /// The operating system refused; `code` is SQLite's extended result code or, of a lock file, errno.
    case system(path: String, code: Int32, detail: String)

    /// One sentence for a person.
    public var message: String {
        switch self {
        case .missing(let path): "\(path): no such journal: the directory holds no run"
        case .exists(let path): "\(path): the directory holds a run already: resume it, or choose another"
        case .empty(let path):
            "\(path): the journal is empty, its creation was interrupted: start the run again"
        case .notAJournal(let path): "\(path): not a journal of ranksweep"
        case .notAFile(let path, let kind): "\(path): \(kind.words)"
        case .otherFormat(let directory, let found): formatRefusal(directory, found: found)
        case .otherSweep(let path, let found, let expected):
            "\(path): the journal is of another sweep (\(found), not \(expected))"
        case .locked(let directory, let holder?):
            "\(directory): process \(holder.process) on \(holder.host) is running this sweep"
                + (holder.address.isEmpty ? "" : ", at \(holder.address)")
                + ": \(JournalError.command("status", directory)) tells how far it is, 'ranksweep drain' or 'cancel' ends it"
        case .locked(let directory, nil): "\(directory): another coordinator is running this sweep"
        case .unwritable(let path, let detail): "\(path): cannot be written: \(detail)"
        case .unreadable(let path, let detail): "\(path): cannot be read: \(detail)"
        case .diskFull(let path): "\(path): no space left on the disk"
        case .tooLarge(let path):
            "\(path): cannot grow: \(ProcessLimit.fileSize.advice ?? "its file system takes no larger file")"
        case .corrupt(let path, let detail):
            "\(path): the journal is damaged (\(detail)): put a backup of it back, or move journal.sqlite* and "
                + "records.ndjson away and run the sweep again with the same --out"
        case .damagedRecords(let path, let trials):
            "\(path): \(trialsText(trials)) damaged on the disk: \(JournalError.command("resume", journal: path)) runs "
                + "them again, to the same bytes"
        case .unfitRecord(let path, let trial, let why):
            "\(path): the record of trial \(trial) is none that the sweep can give: \(why): "
                + "\(JournalError.command("resume", journal: path, " --retry unfit")) drops such records and runs their "
                + "trials"
        case .unreadableLog(let path, let code):
            "\(path): its write-ahead log is not merged, and cannot be read where the folder may not be written "
                + "to (code \(code)): let its owner say \(JournalError.command("status", journal: path)) once, or copy the folder with all three journal.sqlite* to where you may write"
        case .system(let path, let code, let detail): "\(path): \(detail) (code \(code))"
        }
    }
}

extension JournalError {
    /// A command to type, of a run directory or of the one that a journal is in.
    private static func command(_ word: String, _ directory: String, _ options: String = "") -> String {
        quotedCommand("ranksweep \(word) \(shellPath(directory))\(options)")
    }
    private static func command(_ word: String, journal path: String, _ options: String = "") -> String {
        command(word, String(path.dropLast("/journal.sqlite".count)), options)
    }

    /// How to go on once its cause is mended, where something was begun; nil where the message says it.
    public var continuation: String? {
        let again = "then go on with 'ranksweep resume' of a run, with the same command of a shard or a merge"
        return switch self {
        case .diskFull: "free some space, " + again
        case .tooLarge: again
        default: nil
        }
    }

    /// Whether the same may go well later: the disk is full or failing, or another program keeps the journal
    /// locked.
    public var mayPass: Bool {
        switch self {
        case .diskFull: true
        case .system(_, let code, _): [SQLITE_IOERR, SQLITE_BUSY].contains(code & 0xff)
        default: false
        }
    }
}

/// "the records of trials 3, 17 and 5 others are", "the record of trial 3 is".
public func trialsText(_ trials: [Int]) -> String {
    guard trials.count != 1 else { return "the record of trial \(trials[0]) is" }
    let shown = trials.prefix(10).map { String($0) }.joined(separator: ", ")
    let rest = trials.count - 10
    return "the records of trials \(shown)\(rest > 0 ? " and \(rest) others" : "") are"
}
