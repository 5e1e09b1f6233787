import Console
import Files
import Glibc
import Journal
import Scheduling
import Wire

/// Why a turn of the coordinator's loop could not be made durable.
enum Unwritten: Error {
    case weights(FileError)
    case journal(JournalError)

    /// Whether the same steps may go well later: not where a file is as large as this process may make one. A file that the disk had taken and then could not keep
    /// (fsync) is not to be trusted any more, whatever a second fsync says: it is fetched again by a new
    /// coordinator.
    var mayPass: Bool {
        switch self {
        case .weights(let error):
            [ENOSPC, EDQUOT, EIO, EMFILE, ENFILE].contains(error.code) && error.doing != "sync"
        case .journal(let error): error.mayPass
        }
    }

    var what: String {
        switch self {
        case .weights: "a file of weights"
        case .journal: "the journal"
        }
    }

    var failure: CommandFailure {
        switch self {
        // Not a matter of wrong use, even in a wrong place: trials ran, and are done again.
        case .weights(let error): .fault(error.description)
        case .journal(let error): CommandFailure(error)
        }
    }

    /// Which file, why, and how much is free there.
    func reason(freeIn directory: String) -> String {
        let reason =
            switch self {
            case .weights(let error): error.description
            case .journal(let error): error.message
            }
        let free = freeBytes(at: directory).map { " (\(sizeText(Double($0))) free)" } ?? ""
        return reason + free
    }

    /// What a person should know who could make room.
    func warning(freeIn directory: String) -> String {
        "warning: \(reason(freeIn: directory)): no more trials are handed out, and finished ones stay with their workers, "
            + "until the disk takes writes again; every acknowledged record is kept; trying again every few "
            + "seconds, Ctrl-C stops"
    }
}

/// The time in which the disk takes nothing. The dispatcher rests; workers are answered, so that neither side
/// takes the other for dead. Pure: the caller brings the time.
struct DiskOutage {
    private let began: Int64
    /// Which file the disk did not take, and how much was free.
    let why: String
    /// When to try again, on the caller's clock.
    private(set) var nextTry: Int64
    private var delay = DiskOutage.firstDelay
    private var heardAt: [WorkerID: Int64] = [:]
    /// Who said goodbye, and whose process died.
    private var leavers: [DispatchEvent] = []
    /// An operator's.
    private var wishes: [DispatchEvent] = []

    static let firstDelay: Int64 = 2000
    static let longestDelay: Int64 = 30_000
    /// A worker heard so lately lives; others are for the dispatcher to judge.
    static let freshMilliseconds: Int64 = 4000
    /// Peers remembered: more than a coordinator can have connections.
    static let maxPeers = 100_000

    init(at now: Int64, why: String = "") {
        began = now
        self.why = why
        nextTry = now + delay
    }

    func failedAgain(at now: Int64) -> DiskOutage {
        var next = self
        next.delay = min(DiskOutage.longestDelay, delay * 2)
        next.nextTry = now + next.delay
        return next
    }

    /// Remembers who is there, and who went.
    ///
    /// - Returns: whether to answer.
    mutating func hear(_ message: WorkerMessage, from worker: WorkerID, at now: Int64) -> Bool {
        if message == .goodbye {
            left(worker, .message(.goodbye, from: worker))
            return false
        }
        guard heardAt[worker] != nil || heardAt.count < DiskOutage.maxPeers else { return false }
        heardAt[worker] = now
        return true
    }

    /// An event for the dispatcher, which rests.
    mutating func postpone(_ event: DispatchEvent, at now: Int64) {
        switch event {
        case .message(let message, let worker): _ = hear(message, from: worker, at: now)
        case .lost(let worker): left(worker, event)
        // It looks at the clock by itself when it wakes.
        case .tick: break
        case .pause, .unpause, .drain: if wishes.last != event, wishes.count < 1000 { wishes.append(event) }
        }
    }

    private mutating func left(_ worker: WorkerID, _ event: DispatchEvent) {
        heardAt[worker] = nil
        if leavers.count < DiskOutage.maxPeers, !leavers.contains(event) { leavers.append(event) }
    }

    /// What the dispatcher has to be told when it wakes: who lives, before it looks who was silent; and who
    /// left.
    func missed(at now: Int64) -> [DispatchEvent] {
        let alive = heardAt.filter { now - $0.value <= DiskOutage.freshMilliseconds }.keys
        return alive.sorted { $0.value < $1.value }.map { .message(.heartbeat, from: $0) }
            + wishes + leavers
    }

    func seconds(at now: Int64) -> Double { Double(now - began) / 1000 }
    func durationText(at now: Int64) -> String { Console.durationText(seconds: seconds(at: now)) }
}

/// Bytes that this user may still write on a folder's file system; nil where the system does not say.
func freeBytes(at path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return Int(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
}
