import Console
import Text
import Transport

/// A source of a run's workers: local processes, hosts reached by ssh, or a batch engine. The coordinator's
/// loop waits for the source's descriptors, polls it each turn, and stops it at the end. A source never
/// blocks, except in `stop`.
package protocol WorkerSource {
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
    /// - Returns: lines for a person.
    mutating func stop(ask: Bool) -> [String]
}

extension WorkerSource {
    package var writable: [Int32] { [] }
    package mutating func noteSuccess() {}
    package func hosts(at now: Int64) -> [JSONValue] { [] }
    package func absentHosts(at now: Int64, _ hasJoined: (WorkerProcess) -> Bool) -> [AbsentHost] { [] }
    package mutating func hangUp() -> Bool { false }
}

/// The run's demand for workers, from which sources decide what to start.
package struct WorkerDemand {
    /// Trials without an outcome; running ones count with the part that is left.
    package var trialsLeft: Double
    /// Trials a second of all workers; nil until there is an estimate.
    package var rate: Double?
    /// Connected workers, and their slots.
    package var workers: Int
    package var slots: Int
    /// The sweep is done or the user has interrupted it. No new worker is needed, and a worker that ends now
    /// has not failed.
    package var isEnding: Bool
    /// How long the coordinator stood still since the last poll, in milliseconds. Nothing that failed to
    /// arrive in that time counts as late.
    package var gap: Int64 = 0

    package init(trialsLeft: Double, rate: Double?, workers: Int, slots: Int, isEnding: Bool, gap: Int64 = 0)
    {
        self.trialsLeft = trialsLeft
        self.rate = rate
        self.workers = workers
        self.slots = slots
        self.isEnding = isEnding
        self.gap = gap
    }
}

/// A source's report after a poll.
package struct WorkerNews {
    /// Lines for a person.
    package var lines: [String] = []
    /// Processes that are known to be gone; their trials go to others at once.
    package var ended: [WorkerProcess] = []
    /// Processes that are gone because they ended by themselves: they said goodbye, and no trial crashed
    /// them.
    package var left: [WorkerProcess] = []

    package init(lines: [String] = []) { self.lines = lines }

    package mutating func note(_ process: WorkerProcess, _ end: ChildProgram.End) {
        // 255 is ssh's own code, which tells nothing about the worker. From 128 on, a signal ended it.
        if case .exited(let code) = end, code < 128 { left.append(process) } else { ended.append(process) }
    }
}

/// A worker's process, under the names in its hello.
package struct WorkerProcess: Equatable {
    package var host: String
    package var process: UInt32

    package init(host: String, process: UInt32) {
        self.host = host
        self.process = process
    }
}

/// A host that was to have a worker and from which none has ever joined.
package struct AbsentHost: Equatable {
    package var host: String
    /// The known reason, in words.
    package var why: String

    package var line: String { "never joined: host \(printable(host)): \(printable(why))" }
    package var json: JSONValue { .object(["host": .string(host), "why": .string(why)]) }

    package init(host: String, why: String) {
        self.host = host
        self.why = why
    }

    package init(_ json: JSONValue) {
        self.init(host: json["host"]?.string ?? "", why: json["why"]?.string ?? "")
    }
}
