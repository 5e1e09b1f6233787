import Text
import Transport

/// A source of a run's workers: local processes, hosts reached by ssh, or a batch engine. The coordinator's
/// loop waits for the source's descriptors, polls it each turn, and stops it at the end. A source never
/// blocks, except in `stop`.
protocol WorkerSource {
    /// Descriptors that are readable when there is something to poll for, also when closed.
    var readable: [Int32] { get }
    /// Descriptors that the loop waits for until they are writable.
    var writable: [Int32] { get }
    /// When it must be polled at the latest, in milliseconds of the monotonic clock.
    var nextDeadline: Int64? { get }
    /// Reads what has arrived and starts missing workers. Starts nothing once the run is ending.
    mutating func poll(at now: Int64, _ demand: WorkerDemand) throws(CommandFailure) -> WorkerNews
    /// A record arrived.
    mutating func noteSuccess()
    /// The states of its hosts, for `status`: see docs/commands.md.
    func hosts(at now: Int64) -> [JSONValue]
    /// Hosts that were to have a worker and from which none has joined.
    ///
    /// - Parameter hasJoined: whether a process has ever said hello to the coordinator.
    func absentHosts(at now: Int64, _ hasJoined: (WorkerProcess) -> Bool) -> [AbsentHost]
    /// Handles SIGHUP; false where the signal ends the program, as it does by default.
    mutating func hangUp() -> Bool
    /// Ends everything that it started, and waits a few seconds at most for that.
    ///
    /// - Parameter ask: whether the workers still have to be told of the end, which the coordinator hasn't
    ///   done.
    mutating func stop(ask: Bool)
}

extension WorkerSource {
    var writable: [Int32] { [] }
    mutating func noteSuccess() {}
    func hosts(at now: Int64) -> [JSONValue] { [] }
    func absentHosts(at now: Int64, _ hasJoined: (WorkerProcess) -> Bool) -> [AbsentHost] { [] }
    mutating func hangUp() -> Bool { false }
}

/// The run's demand for workers, from which sources decide what to start.
struct WorkerDemand {
    /// Trials without an outcome; running ones count with the part that is left.
    var trialsLeft: Double
    /// Trials a second of all workers; nil until there is an estimate.
    var rate: Double?
    /// Connected workers, and their slots.
    var workers: Int
    var slots: Int
    /// The sweep is done or the user has interrupted it. No new worker is needed, and a worker that ends now
    /// has not failed.
    var isEnding: Bool
    /// How long the coordinator stood still since the last poll, in milliseconds. Nothing that failed to
    /// arrive in that time counts as late.
    var gap: Int64 = 0
}

/// A source's report after a poll.
struct WorkerNews {
    /// Lines for a person.
    var lines: [String] = []
    /// Processes that are known to be gone; their trials go to others at once.
    var ended: [WorkerProcess] = []
    /// Processes that are gone because they ended by themselves: they said goodbye, and no trial crashed
    /// them.
    var left: [WorkerProcess] = []

    mutating func note(_ process: WorkerProcess, _ end: ChildProgram.End) {
        // 255 is ssh's own code, which tells nothing about the worker. From 128 on, a signal ended it.
        if case .exited(let code) = end, code < 128 { left.append(process) } else { ended.append(process) }
    }
}

/// A worker's process, under the names in its hello.
struct WorkerProcess: Equatable {
    var host: String
    var process: UInt32
}
