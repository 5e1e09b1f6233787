import Records
import Sweep
import Testing
import Wire

@testable import Scheduling

/// A dispatcher with a clock in the test's hand. Messages go through their bytes, and the invariants are
/// stated after every event.
struct TestCoordinator {
    static let sweep = Array(#"{"name":"test"}"#.utf8)

    var dispatcher: Dispatcher
    var now = Instant(milliseconds: 0)

    init(
        trials: Int, settings: DispatchSettings = DispatchSettings(),
        restored: [(trial: Int, outcome: Dispatcher.Restored)] = [], firstLease: UInt64 = 1,
        order: TrialOrder? = nil
    ) {
        dispatcher = Dispatcher(
            trialCount: trials, sweep: Self.sweep, settings: settings, restored: restored,
            firstLease: firstLease, order: order)
    }

    mutating func handle(_ event: DispatchEvent, _ location: SourceLocation = #_sourceLocation)
        -> [DispatchEffect]
    {
        let effects = dispatcher.handle(event, at: now)
        #expect(dispatcher.brokenInvariant() == nil, sourceLocation: location)
        return effects
    }

    mutating func hear(
        _ message: WorkerMessage, from worker: UInt64, _ location: SourceLocation = #_sourceLocation
    ) throws -> [DispatchEffect] {
        let read = try WorkerMessage(decoding: message.encoded)
        #expect(read == message, sourceLocation: location)
        let id = WorkerID(worker)
        if case .report(let report) = read { return handle(.report(valid(report), from: id), location) }
        return handle(.message(read, from: id), location)
    }

    mutating func join(
        _ worker: UInt64, slots: UInt32 = 1, held: [WorkerMessage.HeldTrial] = [],
        _ location: SourceLocation = #_sourceLocation
    ) throws -> [DispatchEffect] {
        try hear(.hello(hello(worker, slots: slots, held: held)), from: worker, location)
    }

    /// Time passes; the dispatcher is woken at each of its deadlines, and each of `heartbeats` beats every
    /// second.
    mutating func pass(
        milliseconds: Int64, heartbeats: [UInt64] = [], _ location: SourceLocation = #_sourceLocation
    ) throws -> [DispatchEffect] {
        let end = now + milliseconds
        var effects: [DispatchEffect] = []
        while now < end {
            now = min(end, now + 1000)
            for worker in heartbeats { effects += try hear(.heartbeat, from: worker, location) }
            effects += handle(.tick, location)
            if let next = dispatcher.nextDeadline { #expect(next > now, sourceLocation: location) }
        }
        return effects
    }
}

func hello(_ worker: UInt64, slots: UInt32 = 1, held: [WorkerMessage.HeldTrial] = []) -> WorkerMessage.Hello {
    WorkerMessage.Hello(
        program: "test", host: "host\(worker)", process: UInt32(worker), slots: slots, cpu: "cpu",
        kernel: "Haswell", held: held, commit: "abc")
}

func held(
    _ trial: UInt64, lease: UInt64, attempt: UInt32 = 1, _ stage: WorkerMessage.HeldTrial.Stage = .waiting
) -> WorkerMessage.HeldTrial {
    WorkerMessage.HeldTrial(lease: LeaseID(lease), trial: trial, attempt: attempt, stage: stage)
}

/// The record that a trial always gives.
func body(of trial: UInt64) -> [UInt8] { Array(#"{"trial":\#(trial)}"#.utf8) }

func identifier(of trial: UInt64) throws -> TrialID {
    let digits = String(trial, radix: 16)
    return try #require(TrialID(String(repeating: "0", count: 32 - digits.count) + digits))
}

func provenance(_ host: String = "host", seconds: Double = 1) -> Provenance {
    Provenance(
        host: host, process: 1, slot: 0, cpu: "cpu", kernel: "Haswell", startMilliseconds: 0,
        seconds: seconds,
        peakMemoryBytes: 0)
}

func report(
    _ trial: UInt64, lease: UInt64, attempt: UInt32 = 1, seconds: Double = 1
) throws -> WorkerMessage.Report {
    WorkerMessage.Report(
        lease: LeaseID(lease), trial: trial, id: try identifier(of: trial), attempt: attempt,
        body: body(of: trial), provenance: provenance(seconds: seconds))
}

/// As its receiver makes it: every report of these tests is one.
func valid(_ report: WorkerMessage.Report) -> ValidatedReport {
    ValidatedReport(report, line: report.body, outcome: "measured")
}

func failure(_ trial: UInt64, lease: UInt64, attempt: UInt32 = 1) -> WorkerMessage.Failure {
    WorkerMessage.Failure(
        lease: LeaseID(lease), trial: trial, attempt: attempt, cause: "it broke", provenance: provenance())
}

func assign(_ trials: [UInt64], lease: UInt64, attempt: UInt32 = 1, to worker: UInt64) -> DispatchEffect {
    .send(
        .assign(CoordinatorMessage.Assignment(lease: LeaseID(lease), attempt: attempt, trials: trials)),
        to: WorkerID(worker))
}

extension [DispatchEffect] {
    /// Without what only a person reads.
    var acts: [DispatchEffect] {
        filter {
            switch $0 {
            case .note, .send(.heartbeat, _): false
            default: true
            }
        }
    }

    func assignments(to worker: UInt64? = nil) -> [CoordinatorMessage.Assignment] {
        compactMap {
            guard case .send(.assign(let assignment), let id) = $0 else { return nil }
            return worker == nil || id.value == worker ? assignment : nil
        }
    }

    func trials(to worker: UInt64? = nil) -> [UInt64] { assignments(to: worker).flatMap(\.trials) }

    var notes: [DispatchNote] {
        compactMap { if case .note(let note) = $0 { note } else { nil } }
    }
}

let welcomed = CoordinatorMessage.welcome(
    CoordinatorMessage.Welcome(sweep: TestCoordinator.sweep, heartbeatMilliseconds: 1000))
