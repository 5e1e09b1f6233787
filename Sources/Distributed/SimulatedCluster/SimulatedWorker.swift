import Scheduling
import Wire

/// A worker's process and its slots'.
struct SimulatedWorker {
    struct Process {
        var number = 0
        var isUp = false
        var isLoaded = false
        var trials: [UInt64] = []
        var startedAt: Int64 = 0
    }

    let host: Int
    let until: Instant?
    var session: WorkerSession
    var processes: [Process]
    /// How far its clock is ahead.
    var ahead: Int64 = 0
    /// How often its clock jumped.
    var jumps: Int64 = 0
    /// When a message last came, by the time that all share.
    var lastHeard: Int64
    /// Trials of which its record is false; and whether it named another trial's.
    var lies: Set<UInt64> = []
    var namesOthers = false
    /// Trials whose weights lie on its disk.
    var files: Set<UInt64> = []
    /// Which connection this is; what was sent on another never arrives.
    var connection = 0
    var upAgain: Int64 = 0
    /// When the last message that was sent arrives, upwards and downwards.
    var lastUp: Int64 = 0
    var lastDown: Int64 = 0
    var nextWake: Int64?

    /// - Parameter until: when it must be gone, by its own clock.
    init(_ id: UInt64, host: Int, slots: UInt32, until: Instant?, at now: Instant) {
        self.host = host
        self.until = until
        lastHeard = now.milliseconds
        session = WorkerSession(
            hello: WorkerMessage.Hello(
                program: "simulated", host: "host\(host)", process: UInt32(truncatingIfNeeded: id),
                slots: slots,
                cpu: "simulated", kernel: "", held: []),
            until: until, at: now)
        processes = Array(repeating: Process(), count: Int(slots))
    }
}
