import CSQLite
import Files
import Text

/// Why a journal cannot be opened, read or written.
public enum JournalError: Error, Equatable, Sendable {
    case missing(path: String)
    /// `create` found a journal that is already there.
    case exists(path: String)
    /// Its creation was cut short, so it holds nothing.
    case empty(path: String)
    case notAJournal(path: String)
    /// A pipe, a device or a folder stands where the journal or one of its files should.
    case notAFile(path: String, FileKind)
    case otherFormat(directory: String, found: Int)
    case otherSweep(path: String, found: String, expected: String)
    /// Another coordinator serves the run directory; nil if it hasn't said which one it is.
    case locked(directory: String, by: CoordinatorLock.Holder?)
    /// The directory's lock file can't be opened.
    case unwritable(path: String, detail: String)
    /// This user isn't allowed to read the journal or one of its files.
    case unreadable(path: String, detail: String)
    case diskFull(path: String)
    /// It can't grow: a limit of this process or of the file system bounds its size.
    case tooLarge(path: String)
    case corrupt(path: String, detail: String)
    /// Records that differ from what was appended. The journal itself can be read.
    case damagedRecords(path: String, trials: [Int])
    /// An undamaged record that the sweep can't give.
    case unfitRecord(path: String, trial: Int, why: String)
    /// Its write-ahead log holds changes that the file lacks, and can't be read here.
    case unreadableLog(path: String, code: Int32)
    /// The operating system refused. `code` is SQLite's extended result code or, for a lock file, `errno`.
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
            "\(path): the journal belongs to another sweep (\(found), not \(expected))"
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
            "\(path): the record of trial \(trial) can't come from this sweep: \(why): "
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

    /// Whether the same may succeed later: the disk is full or failing, or another program keeps the journal
    /// locked.
    public var mayPass: Bool {
        switch self {
        case .diskFull: true
        case .system(_, let code, _): [SQLITE_IOERR, SQLITE_BUSY].contains(code & 0xff)
        default: false
        }
    }
}

/// Subject and verb of a message: "the records of trials 3, 17 and 5 others are", "the record of trial 3 is".
public func trialsText(_ trials: [Int]) -> String {
    guard trials.count != 1 else { return "the record of trial \(trials[0]) is" }
    let shown = trials.prefix(10).map { String($0) }.joined(separator: ", ")
    let rest = trials.count - 10
    return "the records of trials \(shown)\(rest > 0 ? " and \(rest) others" : "") are"
}
