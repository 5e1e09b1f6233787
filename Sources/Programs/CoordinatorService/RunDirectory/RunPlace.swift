import Console
import Files
import Glibc
import Journal
import Text

/// Watches that a run that goes on is still where it began: that nobody has removed, moved or replaced its
/// directory, its journal or its lock. What is written after that would be lost when the run ends.
struct RunPlace {
    private let folder: HeldFile?
    private let journal: HeldFile?
    private let lock: HeldFile?
    private var nextLook: Int64 = 0
    private static let lookMilliseconds: Int64 = 1000

    init(_ run: RunDirectory) {
        folder = HeldFile(run.path)
        journal = HeldFile(RunJournal.path(in: run.path))
        lock = HeldFile(CoordinatorLock.path(in: run.path))
    }

    enum Loss: Equatable {
        /// The directory has another path now; nil where nobody says which.
        case moved(to: String?)
        /// What is gone, by its path. The journal is open, and has all records.
        case removed(String)
        /// Another coordinator could begin here. The journal is in its place.
        case unlocked(String)
    }

    /// What is wrong, if anything.
    var loss: Loss? {
        switch folder?.state ?? .inPlace {
        case .inPlace: break
        case .moved(let path): return .moved(to: path)
        case .removed: return .removed(folder?.path ?? "")
        }
        if let journal, journal.state != .inPlace { return .removed(journal.path) }
        if let lock, lock.state != .inPlace { return .unlocked(lock.path) }
        return nil
    }

    /// The same, looked for once a second.
    mutating func loss(at now: Int64) -> Loss? {
        guard now >= nextLook else { return nil }
        nextLook = now + RunPlace.lookMilliseconds
        return loss
    }
}

extension RunDirectory {
    /// Why a run whose place is lost has ended, with what could be saved of it.
    func failure(_ loss: RunPlace.Loss, _ journal: RunJournal) -> CommandFailure {
        let complete = (try? journal.summary())?.complete ?? 0
        let records = complete == 1 ? "its one record is" : "its \(groupedText(complete)) records are"
        switch loss {
        case .moved(let place):
            return .fault(
                "\(path) was moved while the run was going on, so the run has stopped\n"
                    + (place.map { "\(records) safe in \($0); \(goOn(at: $0))" }
                        ?? "\(records) safe where it is now: \(goOn(at: "DIR"))"))
        case .unlocked(let file):
            return .fault(
                "\(file) was removed while the run was going on, so that another coordinator could begin beside this "
                    + "one: the run has stopped\n\(records) safe in \(path); \(goOn(at: path))")
        case .removed(let file):
            let reason = "\(file) was removed or replaced while the run was going on, so the run has stopped"
            guard complete > 0 else { return .fault("\(reason)\nnothing was lost: it had no record yet") }
            return .fault(reason + "\n" + rescued(journal, records))
        }
    }

    private func goOn(at place: String) -> String {
        guard share != nil else { return "to go on: ranksweep resume \(shellQuoted(place))" }
        return "to go on: move it back to \(path), and give the same command again"
    }

    /// Saves the journal, with the sweep that it is of, beside the lost directory, or in the folder for temporary
    /// files.
    private func rescued(_ journal: RunJournal, _ records: String) -> String {
        var faults: [String] = []
        let name = path.split(separator: "/").last.map(String.init) ?? "run"
        let places = [path, (environmentValue("TMPDIR") ?? "/tmp") + "/" + name]
        for place in places.map({ RunDirectory.freePath("\($0).rescued") }) {
            do throws(CommandFailure) {
                try filed { () throws(FileError) in try makeFolder(place) }
                try RunDirectory(path: place, spec: spec).writeSweep()
                try journaled { () throws(JournalError) in try journal.copy(to: place) }
                let weights =
                    spec.weights == .none ? "" : "; kept weights are lost, so that their trials run again"
                return "\(records) saved in \(place)\(weights); \(goOn(at: place))"
            } catch { faults.append(error.message) }
        }
        return "\(records) lost, as no copy could be written: \(faults.joined(separator: "; "))"
    }

    /// The path, or with the first number that makes it a new one.
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

    /// Of a run of which nothing is left: there is nothing to go on with, and a limit of this process is wrong use.
    var beforeBeginning: CommandFailure {
        CommandFailure(code: limit == nil ? code : .wrongUse, message: message)
    }
}
