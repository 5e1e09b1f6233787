import Sweep
import Testing
import Wire

@testable import Scheduling

/// A worker's slot with several trials at once.
@Suite struct GroupSessionTests {
    private struct Worker {
        var session: WorkerSession
        var now = Instant(milliseconds: 0)

        init(slots: UInt32 = 1, limit: UInt32 = 0) {
            session = WorkerSession(hello: hello(1, slots: slots), at: now)
            for slot in 0..<Int(slots) { _ = handle(.slotReady(slot, kernel: "Haswell")) }
            let welcome = CoordinatorMessage.Welcome(
                sweep: TestCoordinator.sweep, heartbeatMilliseconds: 1000, trialLimitSeconds: limit)
            _ = handle(.message(.welcome(welcome)))
        }

        mutating func handle(_ event: SessionEvent) -> [SessionEffect] { session.handle(event, at: now) }

        /// Wakes each second.
        mutating func pass(seconds: Int) -> [SessionEffect] {
            (0..<seconds).flatMap { _ in
                now = now + 1000
                return handle(.tick)
            }
        }

        mutating func assign(
            _ trials: [UInt64], lease: UInt64, together: Bool = true, attempt: UInt32 = 1
        ) -> [SessionEffect] {
            handle(
                .message(
                    .assign(
                        CoordinatorMessage.Assignment(
                            lease: LeaseID(lease), attempt: attempt, trials: trials, isBatched: together))))
        }

        mutating func done(_ trial: UInt64, slot: Int = 0) throws -> [SessionEffect] {
            handle(
                .slotReply(
                    slot,
                    .done(
                        trial: trial, id: try identifier(of: trial), body: body(of: trial), seconds: 1,
                        peakMemoryBytes: 9), unixMilliseconds: 5000))
        }

        mutating func dies(_ slot: Int = 0) -> [SessionEffect] {
            handle(.slotDied(slot, cause: "killed", unixMilliseconds: 0))
        }

        mutating func ready(_ slot: Int = 0) -> [SessionEffect] {
            handle(.slotReady(slot, kernel: "Haswell"))
        }

        var held: [WorkerMessage.HeldTrial] { session.claims }
    }

    private func reported(_ effects: [SessionEffect]) -> [UInt64] {
        effects.compactMap { if case .send(.report(let report)) = $0 { report.trial } else { nil } }
    }

    private func failed(_ effects: [SessionEffect]) -> [UInt64] {
        effects.compactMap { if case .send(.failure(let failure)) = $0 { failure.trial } else { nil } }
    }

    private func started(_ effects: [SessionEffect]) -> [[UInt64]] {
        effects.compactMap { if case .start(let trials, _) = $0 { trials } else { nil } }
    }

    @Test func `A slot is given all of a group, answers for each, and is free after the last`() throws {
        var worker = Worker(slots: 2)
        #expect(started(worker.assign([3, 5, 7], lease: 1)) == [[3, 5, 7]])
        #expect(started(worker.assign([4, 6], lease: 2)) == [[4, 6]])
        #expect(started(worker.assign([8, 9], lease: 3, together: false)).isEmpty)
        #expect(worker.held.filter(\.isBatched).map(\.trial) == [3, 4, 5, 6, 7])
        #expect(worker.held.filter { $0.stage == .running }.map(\.trial) == [3, 4, 5, 6, 7])
        for trial in [UInt64(5), 3] {
            let effects = try worker.done(trial)
            #expect(reported(effects) == [trial] && started(effects).isEmpty)
        }
        #expect(started(try worker.done(7)) == [[8]])
    }

    @Test func `A member's error is its failure alone`() throws {
        var worker = Worker()
        _ = worker.assign([3, 5], lease: 1)
        let reply = SlotReply.failed(trial: 3, cause: "no data", seconds: 1, peakMemoryBytes: 0)
        let effects = worker.handle(.slotReply(0, reply, unixMilliseconds: 0))
        #expect(failed(effects) == [3])
        #expect(reported(try worker.done(5)) == [5])
    }

    @Test
    func `When the slot dies nothing has failed: each that did not answer is tried alone, before all others`()
        throws
    {
        var worker = Worker()
        _ = worker.assign([3, 5, 7], lease: 1)
        _ = worker.assign([4, 6], lease: 2)
        _ = try worker.done(5)
        let death = worker.dies()
        #expect(failed(death).isEmpty)
        #expect(death.contains(.note(.apart(trials: 2, cause: "killed"))))
        #expect(death.contains(.restart(slot: 0)))
        #expect(started(worker.ready()) == [[3]])
        // It was trial 3: alone, it takes nobody with it.
        #expect(failed(worker.dies()) == [3])
        #expect(started(worker.ready()) == [[7]])
        #expect(started(try worker.done(7)) == [[4, 6]])
    }

    @Test func `Groups that die one after another do not pass for a slot that does not start`() throws {
        var worker = Worker()
        for lease in UInt64(1)...5 {
            let trials = [10 * lease, 10 * lease + 1]
            #expect(started(worker.assign(trials, lease: lease)) == [trials])
            let death = worker.dies()
            #expect(!death.contains { if case .exit = $0 { true } else { false } })
            #expect(started(worker.ready()) == [[trials[0]]])
            #expect(started(try worker.done(trials[0])) == [[trials[1]]])
            _ = try worker.done(trials[1])
        }
    }

    @Test func `A group beyond a trial's limit is taken apart, and each has the limit for itself`() throws {
        var worker = Worker(limit: 60)
        _ = worker.assign([3, 5], lease: 1)
        let cause = "ran longer than the limit of 60 s"
        #expect(!worker.pass(seconds: 59).contains(.end(slot: 0, cause: cause)))
        #expect(worker.pass(seconds: 1).contains(.end(slot: 0, cause: cause)))
        #expect(failed(worker.dies()).isEmpty)
        #expect(started(worker.ready()) == [[3]])
        #expect(!worker.pass(seconds: 59).contains(.end(slot: 0, cause: cause)))
    }

    @Test func `A revoked member does not stop the others, and its answer is not reported`()
        throws
    {
        var worker = Worker()
        _ = worker.assign([3, 5, 7], lease: 1)
        #expect(worker.handle(.message(.revoke(LeaseID(1), [5]))) == [])
        #expect(worker.held.map(\.trial) == [3, 7])
        // Wanted again, by another lease: it waits, whatever the slot says of it.
        #expect(worker.assign([5], lease: 2, together: false, attempt: 2) == [])
        #expect(reported(try worker.done(5)).isEmpty)
        #expect(reported(try worker.done(3)) == [3])
        #expect(started(try worker.done(7)) == [[5]])
        #expect(reported(try worker.done(5)) == [5])
    }

    @Test func `A slot whose work nobody needs starts anew`() throws {
        var worker = Worker()
        _ = worker.assign([3, 5, 7], lease: 1)
        _ = try worker.done(3)
        #expect(worker.handle(.message(.revoke(LeaseID(1), [5]))) == [])
        #expect(worker.handle(.message(.revoke(LeaseID(1), [7]))) == [.restart(slot: 0)])
        #expect(worker.held.map(\.trial) == [3])
        _ = worker.assign([8, 9], lease: 2)
        #expect(started(worker.ready()) == [[8, 9]])
    }

    @Test func `A recall gives back a group that waits and keeps one that runs`() throws {
        var worker = Worker()
        _ = worker.assign([3, 5], lease: 1)
        _ = worker.assign([7, 9], lease: 2)
        _ = worker.handle(.message(.recall))
        #expect(worker.held.map(\.trial) == [3, 5])
        _ = try worker.done(3)
        #expect(started(try worker.done(5)).isEmpty)
    }

    @Test func `A slot that answers for a trial it was not given is not believed, and starts anew`() throws {
        var worker = Worker()
        _ = worker.assign([3, 5], lease: 1)
        let effects = try worker.done(4)
        #expect(reported(effects).isEmpty && failed(effects).isEmpty)
        #expect(effects.contains(.restart(slot: 0)))
        #expect(started(worker.ready()) == [[3]])
    }

    @Test func `The progress of each member is reported`() throws {
        var worker = Worker()
        _ = worker.assign([3, 5], lease: 1)
        worker.now = worker.now + 500
        let first = TrialProgress(trial: 5, permille: 100)
        _ = worker.handle(.slotReply(0, .progress(first), unixMilliseconds: 0))
        worker.now = worker.now + 1000
        let second = TrialProgress(trial: 3, permille: 200)
        let effects = worker.handle(.slotReply(0, .progress(second), unixMilliseconds: 0))
        #expect(effects == [.send(.progress([second, first]))])
    }
}
