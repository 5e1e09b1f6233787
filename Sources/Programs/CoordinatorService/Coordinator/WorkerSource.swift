import Text
import Transport

/// Where a run gets workers from: processes here, hosts reached by ssh, a batch engine. The coordinator's
/// loop waits for what it names, polls it each turn, and stops it at the end. It never waits by itself,
/// except in `stop`.
protocol WorkerSource {
    /// Readable when there is something to poll for, also when closed.
    var readable: [Int32] { get }
    /// Waited for until they can be written.
    var writable: [Int32] { get }
    /// When it wants to be polled at the latest, in milliseconds of the monotonic clock.
    var nextDeadline: Int64? { get }
    /// Reads what has come, and starts what is missing; nothing any more once the run is ending.
    mutating func poll(at now: Int64, _ demand: WorkerDemand) throws(CommandFailure) -> WorkerNews
    /// A record came.
    mutating func noteSuccess()
    /// How its hosts do, for `status`: see docs/commands.md.
    func hosts(at now: Int64) -> [JSONValue]
    /// Hosts that were to have a worker of which none has joined.
    ///
    /// - Parameter hasJoined: whether a process has ever said hello to the coordinator.
    func absentHosts(at now: Int64, _ hasJoined: (WorkerProcess) -> Bool) -> [AbsentHost]
    /// SIGHUP came: false where it means the end, as to any program.
    mutating func hangUp() -> Bool
    /// Ends all that it started and waits for that, a few seconds at most.
    ///
    /// - Parameter ask: the workers have not heard of the end from the coordinator.
    mutating func stop(ask: Bool)
}

extension WorkerSource {
    var writable: [Int32] { [] }
    mutating func noteSuccess() {}
    func hosts(at now: Int64) -> [JSONValue] { [] }
    func absentHosts(at now: Int64, _ hasJoined: (WorkerProcess) -> Bool) -> [AbsentHost] { [] }
    mutating func hangUp() -> Bool { false }
}

/// What the run needs of its sources.
struct WorkerDemand {
    /// Trials without an outcome, those that run counted in part.
    var trialsLeft: Double
    /// Trials a second, of all workers; nil until there is an estimate.
    var rate: Double?
    /// Workers that are connected, and their slots.
    var workers: Int
    var slots: Int
    /// The sweep is done, or the user has had enough: nobody new is needed, and whoever ends now ends as it should.
    var isEnding: Bool
    /// How long the coordinator stood still since the last poll, milliseconds: what did not come in that time is not
    /// late.
    var gap: Int64 = 0
}

/// What a source has to tell.
struct WorkerNews {
    /// For a person.
    var lines: [String] = []
    /// Of these processes it is known that they are gone: their trials go to others at once.
    var ended: [WorkerProcess] = []
    /// The same of those that ended by themselves: they said goodbye, and no trial brought them down.
    var left: [WorkerProcess] = []

    mutating func note(_ process: WorkerProcess, _ end: ChildProgram.End) {
        // 255 is ssh's own: what became of the worker is not known; from 128 on a signal ended it.
        if case .exited(let code) = end, code < 128 { left.append(process) } else { ended.append(process) }
    }
}

/// A worker's process, by the names it says hello with.
struct WorkerProcess: Equatable {
    var host: String
    var process: UInt32
}
