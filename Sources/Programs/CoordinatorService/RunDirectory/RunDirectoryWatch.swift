import Console
import Files
import Glibc
import Journal
import Text

/// Watches whether a run in progress is still where it began: whether its directory, journal, lock and sweep
/// were removed, moved or replaced. Anything written after that would be lost at the run's end, or the run
/// could not be resumed.
struct RunDirectoryWatch {
    private let folder: HeldFile?
    /// The database and SQLite's files beside it: without these, another program would read an old journal.
    private let journal: [HeldFile]
    private let lock: HeldFile?
    private var sweep: HeldFile?
    private let sweepBytes: [UInt8]
    private var nextLook: Int64 = 0
    private static let lookMilliseconds: Int64 = 1000

    init(_ run: RunDirectory) {
        folder = HeldFile(run.path)
        journal = ["", "-wal", "-shm"].compactMap { HeldFile(RunJournal.path(in: run.path) + $0) }
        lock = HeldFile(CoordinatorLock.path(in: run.path))
        sweep = HeldFile(run.sweepPath)
        sweepBytes = run.sweepBytes
    }

    enum Loss: Equatable {
        /// The directory has another path now; nil where it is unknown.
        case moved(to: String?)
        /// This path is gone. The journal is open and has all records.
        case removed(String)
        /// Another coordinator could begin here. The journal is in its place.
        case unlocked(String)
        /// No command could open the run any more. The journal is in its place.
        case withoutSweep
    }

    /// The loss, if any.
    var loss: Loss? {
        switch folder?.state ?? .present {
        case .present: break
        case .moved(let path): return .moved(to: path)
        case .removed: return .removed(folder?.path ?? "")
        }
        if let file = journal.first(where: { $0.state != .present }) { return .removed(file.path) }
        if let lock, lock.state != .present { return .unlocked(lock.path) }
        if let sweep, sweep.state != .present, firstBytes(sweepBytes.count + 1, of: sweep.path) != sweepBytes
        {
            return .withoutSweep
        }
        return nil
    }

    /// The same, checked once a second.
    mutating func loss(at now: Int64) -> Loss? {
        guard now >= nextLook else { return nil }
        nextLook = now + RunDirectoryWatch.lookMilliseconds
        defer { if let path = sweep?.path, sweep?.state != .present { sweep = HeldFile(path) ?? sweep } }
        return loss
    }
}

extension RunDirectory {
    /// The failure of a run that lost its directory, with what could be saved.
    func failure(_ loss: RunDirectoryWatch.Loss, _ journal: RunJournal) -> CommandFailure {
        let complete = (try? journal.summary())?.complete ?? 0
        let records = complete == 1 ? "its one record is" : "its \(groupedText(complete)) records are"
        switch loss {
        case .moved(let newPath):
            return .fault(
                "\(path) was moved during the run, so the run has stopped\n"
                    + (newPath.map { "\(records) safe in \($0); \(goOn(at: $0))" }
                        ?? "\(records) safe where it is now: \(goOn(at: "DIR"))"))
        case .unlocked(let file):
            return .fault(
                "\(file) was removed during the run, which would let another coordinator start beside this "
                    + "one, so the run has stopped\n\(records) safe in \(path); \(goOn(at: path))")
        case .withoutSweep:
            let reason =
                "\(sweepPath) was removed or replaced during the run, so the run has stopped"
            do throws(CommandFailure) {
                let restored = try restoreSweep()
                return .fault("\(reason)\n\(records) safe in \(path); \(restored); \(goOn(at: path))")
            } catch {
                return .fault(
                    "\(reason)\n\(records) safe in \(path), but the file cannot be rewritten: \(error.message)"
                )
            }
        case .removed(let file):
            let reason = "\(file) was removed or replaced during the run, so the run has stopped"
            guard complete > 0 else { return .fault("\(reason)\nnothing was lost: it had no record yet") }
            return .fault(reason + "\n" + rescued(journal, records))
        }
    }

    private func goOn(at directory: String) -> String {
        guard share != nil else { return "to continue: ranksweep resume \(shellPath(directory))" }
        return directory == path
            ? "to continue: run the same command again"
            : "to continue: move it back to \(path), and run the same command again"
    }

    /// Writes the sweep again. A file that another program put in its place is kept beside it.
    ///
    /// - Returns: what was done.
    private func restoreSweep() throws(CommandFailure) -> String {
        var status = stat()
        var said = "its sweep.json was rewritten"
        if lstat(sweepPath, &status) == 0 {
            let other = RunDirectory.freePath("\(sweepPath).replaced")
            guard rename(sweepPath, other) == 0 else {
                throw CommandFailure(FileError(path: other, doing: "rename a file to", code: errno))
            }
            said += " (the other file is now \(other))"
        }
        try writeSweep()
        return said
    }

    /// Saves the journal and its sweep beside the lost directory, or in the folder for temporary files.
    private func rescued(_ journal: RunJournal, _ records: String) -> String {
        var faults: [String] = []
        let name = path.split(separator: "/").last.map(String.init) ?? "run"
        let candidates = [path, (environmentValue("TMPDIR") ?? "/tmp") + "/" + name]
        for rescue in candidates.map({ RunDirectory.freePath("\($0).rescued") }) {
            do throws(CommandFailure) {
                try filed { () throws(FileError) in try makeFolder(rescue) }
                try RunDirectory(path: rescue, spec: spec).writeSweep()
                try journaled { () throws(JournalError) in try journal.copy(to: rescue) }
                let weights =
                    spec.weights == .none ? "" : "; kept weights are lost, so their trials run again"
                return "\(records) saved in \(rescue)\(weights); \(goOn(at: rescue))"
            } catch { faults.append(error.message) }
        }
        return "\(records) lost, since no copy could be written: \(faults.joined(separator: "; "))"
    }

    /// The path if it is free, otherwise the path with the first number that makes it free.
    private static func freePath(_ path: String) -> String {
        var number = 1
        var free = path
        while access(free, F_OK) == 0 {
            number += 1
            free = "\(path)-\(number)"
        }
        return free
    }
}

extension CommandFailure {
    /// Code 2 says that nothing was begun; this run was.
    var afterBeginning: CommandFailure { code == .wrongUse ? .fault(message) : self }

    /// The failure of a run of which nothing is left to resume. There, a process limit counts as wrong use.
    var beforeBeginning: CommandFailure {
        CommandFailure(code: limit == nil ? code : .wrongUse, message: message)
    }
}
