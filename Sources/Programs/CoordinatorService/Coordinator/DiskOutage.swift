import Console
import Files
import Glibc
import Journal
import Scheduling
import Text
import Wire

/// Why a turn of the coordinator's loop could not be made durable.
enum Unwritten: Error {
    case weights(FileError)
    case journal(JournalError)

    /// Whether the same steps may succeed later. They can't where a file has reached the largest size that
    /// this process may write. A file that the disk accepted and then failed to keep (fsync) can't be trusted
    /// any more, whatever a second fsync says. A new coordinator fetches it again.
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
        // Not wrong use, even with a wrong path: trials ran and have to be run again.
        case .weights(let error): .fault(error.description)
        case .journal(let error): CommandFailure(error)
        }
    }

    /// Which file failed, why, and how much space is free there.
    func reason(freeIn directory: String) -> String {
        let reason =
            switch self {
            case .weights(let error): error.description
            case .journal(let error): error.message
            }
        let free = freeBytes(at: directory).map { " (\(sizeText(decimal: Double($0))) free)" } ?? ""
        return reason + free
    }

    /// A warning for someone who could free space.
    func warning(freeIn directory: String) -> String {
        "warning: \(reason(freeIn: directory)): until the disk accepts writes again, no more trials are handed out, and "
            + "finished ones stay with their workers; every acknowledged record is kept; trying again every few "
            + "seconds; Ctrl-C stops the run"
    }
}

/// A period in which the disk accepts no writes. The dispatcher is paused; workers are answered, so that
/// neither side takes the other for dead. Pure: the caller supplies the time.
struct DiskOutage {
    private let began: Int64
    /// Which file the disk didn't accept, and how much space was free.
    let why: String
    /// When to try again, on the caller's clock.
    private(set) var nextTry: Int64
    private var delay = DiskOutage.firstDelay
    private var heardAt: [WorkerID: Int64] = [:]
    /// Workers that said goodbye, and workers whose process died.
    private var leavers: [DispatchEvent] = []
    /// An operator's requests.
    private var requests: [DispatchEvent] = []

    static let firstDelay: Int64 = 2000
    static let longestDelay: Int64 = 30_000
    /// A worker heard from this recently is alive. The dispatcher judges the others.
    static let freshMilliseconds: Int64 = 4000
    /// Peers remembered; more than a coordinator can have connections.
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

    /// Records which worker is there and which has left.
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

    /// Keeps an event for the dispatcher, which is paused.
    mutating func postpone(_ event: DispatchEvent, at now: Int64) {
        switch event {
        case .message(let message, let worker): _ = hear(message, from: worker, at: now)
        case .report(_, let worker): _ = hear(.heartbeat, from: worker, at: now)
        case .lost(let worker): left(worker, event)
        // The dispatcher reads the clock itself when it continues.
        case .tick: break
        case .pause, .unpause, .drain:
            if requests.last != event, requests.count < 1000 { requests.append(event) }
        }
    }

    private mutating func left(_ worker: WorkerID, _ event: DispatchEvent) {
        heardAt[worker] = nil
        if leavers.count < DiskOutage.maxPeers, !leavers.contains(event) { leavers.append(event) }
    }

    /// Events for the dispatcher when it continues: first the workers that are alive, before it looks for
    /// silent ones, and then those that left.
    func missed(at now: Int64) -> [DispatchEvent] {
        let alive = heardAt.filter { now - $0.value <= DiskOutage.freshMilliseconds }.keys
        return alive.sorted { $0.value < $1.value }.map { .message(.heartbeat, from: $0) }
            + requests + leavers
    }

    func seconds(at now: Int64) -> Double { Double(now - began) / 1000 }
    func durationText(at now: Int64) -> String { Console.durationText(seconds: seconds(at: now)) }
}
