import Scheduling
import Wire

/// A worker's process, with those of its slots.
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
    /// Milliseconds by which its clock is ahead.
    var ahead: Int64 = 0
    /// Number of times that its clock jumped.
    var jumps: Int64 = 0
    /// When it last received a message, by the time that all share.
    var lastHeard: Int64
    /// Trials for which it sent a false record.
    var lies: Set<UInt64> = []
    /// Whether it named another trial in a report.
    var namesOthers = false
    /// Trials whose weights are on its disk.
    var files: Set<UInt64> = []
    /// Number of its connection. Messages that were sent over another one never arrive.
    var connection = 0
    var upAgain: Int64 = 0
    /// Arrival of the last message that it sent.
    var lastUp: Int64 = 0
    /// Arrival of the last message that was sent to it.
    var lastDown: Int64 = 0
    var nextTick: Int64?

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
