import Sweep
import Testing
import Wire

@testable import Scheduling

@Suite struct DispatcherFaultTests {
    // MARK: Silence

    @Test func `A silent worker is suspected, given nothing new, and then its trials go to another`() throws {
        var cluster = TestCoordinator(trials: 2)
        #expect(try cluster.join(1).trials() == [0])
        #expect(try cluster.join(2).trials() == [1])
        var effects = try cluster.pass(milliseconds: 4000, heartbeats: [2])
        #expect(effects.notes == [.suspect(WorkerID(1), host: "host1")])
        effects = try cluster.pass(milliseconds: 10_000, heartbeats: [2])
        #expect(effects.acts == [])
        effects = try cluster.pass(milliseconds: 1000, heartbeats: [2])
        #expect(effects.notes == [.lost(WorkerID(1), host: "host1", trials: 1)])
        effects = try cluster.hear(.report(report(1, lease: 2)), from: 2)
        #expect(effects.acts.last == assign([0], lease: 3, attempt: 2, to: 2))
    }

    @Test func `A worker that is heard again in time keeps its trials`() throws {
        var cluster = TestCoordinator(trials: 2)
        _ = try cluster.join(1)
        _ = try cluster.pass(milliseconds: 14_000)
        _ = try cluster.hear(.heartbeat, from: 1)
        #expect(try cluster.pass(milliseconds: 3000).acts == [])
        #expect(cluster.dispatcher.workers[WorkerID(1)]?.held.isEmpty == false)
    }

    @Test func `A late record is kept, and the newer attempt is called off`() throws {
        var cluster = TestCoordinator(trials: 2)
        _ = try cluster.join(1)
        _ = try cluster.join(2)
        _ = try cluster.hear(.report(report(1, lease: 2)), from: 2)
        #expect(try cluster.pass(milliseconds: 15_000, heartbeats: [2]).trials(to: 2) == [0])
        let late = try report(0, lease: 1)
        let effects = try cluster.hear(.report(late), from: 1)
        #expect(
            effects.prefix(3) == [
                .append(valid(late)), .send(.revoke(LeaseID(3), [0]), to: WorkerID(2)),
                .send(.accepted([0]), to: WorkerID(1)),
            ])
        #expect(effects.last == .finished)
        let second = try report(0, lease: 3, attempt: 2)
        #expect(
            try cluster.hear(.report(second), from: 2).acts
                == [.check(valid(second)), .send(.accepted([0]), to: WorkerID(2))])
    }

    @Test func `A late failure is not held against the newer attempt`() throws {
        var cluster = TestCoordinator(trials: 1)
        _ = try cluster.join(1)
        _ = try cluster.join(2)
        #expect(try cluster.pass(milliseconds: 15_000, heartbeats: [2]).trials(to: 2) == [0])
        let effects = try cluster.hear(.failure(failure(0, lease: 1)), from: 1)
        // Not accepted: that could pass for the answer to a record that the worker has of the trial by now.
        #expect(effects.acts == [.send(.revoke(LeaseID(1), [0]), to: WorkerID(1))])
        #expect(cluster.dispatcher.progress.failures == 0)
    }

    @Test
    func `A trial that gets further through checkpoints is not the cause of the losses it outlives`()
        throws
    {
        var cluster = TestCoordinator(trials: 1)
        var effects: [DispatchEffect] = []
        func run(_ worker: UInt64, from: UInt16, to permille: UInt16) throws {
            #expect(try cluster.join(worker).trials() == [0])
            _ = try cluster.hear(
                .progress([TrialProgress(trial: 0, permille: permille, from: from)]), from: worker)
            effects = try cluster.pass(milliseconds: 15_000)
        }
        for worker in UInt64(1)...20 {
            try run(worker, from: UInt16(worker - 1) * 40, to: UInt16(worker) * 40)
            #expect(cluster.dispatcher.progress.quarantined == 0)
        }
        // From there on it comes no further, wherever it dies: four more, and it is out.
        for worker in UInt64(21)...23 { try run(worker, from: 764, to: 764 + UInt16(worker)) }
        #expect(cluster.dispatcher.progress.quarantined == 0)
        try run(24, from: 764, to: 900)
        #expect(cluster.dispatcher.progress.quarantined == 1 && effects.last == .finished)
    }

    @Test
    func `A trial that goes down with too many workers is quarantined, and a late record still counts`()
        throws
    {
        var cluster = TestCoordinator(trials: 1)
        var effects: [DispatchEffect] = []
        for worker in UInt64(1)...5 {
            #expect(try cluster.join(worker).trials() == [0])
            effects = try cluster.pass(milliseconds: 15_000)
        }
        guard case .appendFailure(let failure, quarantined: true) = effects.acts.first else {
            Issue.record("\(effects.acts)")
            return
        }
        #expect(failure.cause == "its worker was lost, 5 times over")
        #expect(effects.last == .finished)
        let late = try report(0, lease: 2, attempt: 2)
        #expect(try cluster.hear(.report(late), from: 2).acts.first == .append(valid(late)))
        #expect(cluster.dispatcher.progress.complete == 1)
        #expect(cluster.dispatcher.progress.quarantined == 0)
    }

    // MARK: Failures

    @Test func `A failed trial is tried by another worker first, and quarantined at the limit`() throws {
        var cluster = TestCoordinator(trials: 1)
        _ = try cluster.join(1)
        _ = try cluster.join(2)
        var effects = try cluster.hear(.failure(failure(0, lease: 1)), from: 1)
        #expect(
            effects.acts == [
                .appendFailure(failure(0, lease: 1), quarantined: false),
                .send(.revoke(LeaseID(1), [0]), to: WorkerID(1)), assign([0], lease: 2, attempt: 2, to: 2),
            ])
        effects = try cluster.hear(.failure(failure(0, lease: 2, attempt: 2)), from: 2)
        #expect(effects.acts.last == assign([0], lease: 3, attempt: 3, to: 1))
        let last = failure(0, lease: 3, attempt: 3)
        effects = try cluster.hear(.failure(last), from: 1)
        #expect(effects.acts.first == .appendFailure(last, quarantined: true))
        #expect(effects.last == .finished)
        #expect(cluster.dispatcher.progress.quarantined == 1)
    }

    @Test
    func `A failed trial waits for the other worker's slot, but not for a worker that is gone`() throws {
        var cluster = TestCoordinator(trials: 2)
        _ = try cluster.join(1)
        _ = try cluster.join(2)
        #expect(try cluster.hear(.failure(failure(0, lease: 1)), from: 1).trials() == [])
        #expect(try cluster.hear(.goodbye, from: 2).trials(to: 1) == [0])
    }

    @Test func `A worker alone gets its failed trial again`() throws {
        var cluster = TestCoordinator(trials: 1)
        _ = try cluster.join(1)
        #expect(
            try cluster.hear(.failure(failure(0, lease: 1)), from: 1).acts.last
                == assign([0], lease: 2, attempt: 2, to: 1))
    }

    @Test func `Failures from before a restart count`() throws {
        var cluster = TestCoordinator(trials: 1, restored: [(0, .failed(times: 2))], firstLease: 5)
        #expect(try cluster.join(1).acts.last == assign([0], lease: 5, attempt: 3, to: 1))
        let last = failure(0, lease: 5, attempt: 3)
        #expect(
            try cluster.hear(.failure(last), from: 1).acts.first == .appendFailure(last, quarantined: true))
    }

    @Test
    func `A failure reported twice counts once, and is not acknowledged in place of the retry`() throws {
        var cluster = TestCoordinator(trials: 1)
        _ = try cluster.join(1)
        _ = try cluster.hear(.failure(failure(0, lease: 1)), from: 1)
        #expect(
            try cluster.hear(.failure(failure(0, lease: 1)), from: 1)
                == [.send(.revoke(LeaseID(1), [0]), to: WorkerID(1))])
        #expect(cluster.dispatcher.progress.failures == 1)
        #expect(
            try cluster.join(1, held: [held(0, lease: 1)]).acts
                == [.send(welcomed, to: WorkerID(1)), assign([0], lease: 2, attempt: 2, to: 1)])
    }

    @Test func `A failure reported before the coordinator's restart is not counted again`() throws {
        var cluster = TestCoordinator(trials: 1, restored: [(0, .failed(times: 1))], firstLease: 5)
        let effects = try cluster.join(1, held: [held(0, lease: 1, .reported)])
        #expect(
            effects.acts == [.send(welcomed, to: WorkerID(1)), assign([0], lease: 5, attempt: 2, to: 1)])
        _ = try cluster.hear(.failure(failure(0, lease: 1)), from: 1)
        #expect(cluster.dispatcher.progress.failures == 0)
    }

    @Test
    func `A trial that runs since an earlier coordinator is kept, though an attempt of that number failed`()
        throws
    {
        var cluster = TestCoordinator(trials: 1, firstLease: 5)
        _ = try cluster.join(2)
        _ = cluster.handle(.pause)
        _ = try cluster.hear(.failure(failure(0, lease: 5)), from: 2)
        let effects = try cluster.join(1, held: [held(0, lease: 1, .running)])
        #expect(effects.acts == [.send(welcomed, to: WorkerID(1))])
        // It fails as well, which is another failure; a hello from before that comes late and changes nothing.
        let second = failure(0, lease: 1)
        #expect(
            try cluster.hear(.failure(second), from: 1).acts == [
                .appendFailure(second, quarantined: false),
                .send(.revoke(LeaseID(1), [0]), to: WorkerID(1)),
            ])
        #expect(
            try cluster.join(1, held: [held(0, lease: 1, .running)]).acts == [
                .send(welcomed, to: WorkerID(1)), .send(.revoke(LeaseID(1), [0]), to: WorkerID(1)),
            ])
        #expect(cluster.dispatcher.progress.failures == 2)
        _ = cluster.handle(.unpause)
        #expect(cluster.handle(.tick).assignments().allSatisfy { $0.attempt == 2 })
    }

    // MARK: Lost connections and coordinators

    @Test func `An assignment that was lost is made again, by the same lease`() throws {
        var cluster = TestCoordinator(trials: 20)
        let given = try cluster.join(1, slots: 2).assignments()
        let effects = try cluster.join(1, slots: 2, held: [held(1, lease: given[0].lease.value)])
        #expect(Set(effects.trials()) == Set(given.flatMap(\.trials)).subtracting([1]))
        #expect(effects.assignments().allSatisfy { again in given.contains { $0.lease == again.lease } })
    }

    @Test func `A returning worker keeps what has no outcome yet, and is rid of the rest`() throws {
        var cluster = TestCoordinator(
            trials: 4, restored: [(0, .complete), (1, .quarantined)], firstLease: 50)
        #expect(try cluster.join(2).trials() == [2])
        let claims = (0..<4).map { held($0, lease: 7, attempt: 2) }
        let effects = try cluster.join(1, slots: 4, held: claims)
        #expect(
            effects.acts == [.send(welcomed, to: WorkerID(1))]
                + (0..<2).map { .send(.revoke(LeaseID(7), [$0]), to: WorkerID(1)) })
        let late = try report(3, lease: 7, attempt: 2)
        #expect(try cluster.hear(.report(late), from: 1).acts.first == .append(valid(late)))
        #expect(try cluster.hear(.report(report(2, lease: 50)), from: 2).last == .finished)
    }

    @Test func `Trials that are somebody else's are never leased and count nowhere`() throws {
        let other: [(trial: Int, outcome: Dispatcher.Restored)] = [0, 2, 2, 4].map { ($0, .excluded) }
        var cluster = TestCoordinator(trials: 5, restored: [(2, .complete)] + other, firstLease: 50)
        #expect(cluster.dispatcher.progress.total == 3 && cluster.dispatcher.progress.complete == 1)
        #expect(try cluster.join(1, slots: 4).trials() == [1, 3])
        _ = try cluster.hear(.report(report(3, lease: 50)), from: 1)
        #expect(try cluster.hear(.report(report(1, lease: 50)), from: 1).last == .finished)
        #expect(cluster.dispatcher.progress.complete == 3)
    }

    @Test
    func `A trial that runs through a restart is not called off because another was quicker to ask`()
        throws
    {
        var cluster = TestCoordinator(trials: 1, firstLease: 50)
        #expect(try cluster.join(2).trials() == [0])
        #expect(try cluster.join(1, held: [held(0, lease: 7)]).acts == [.send(welcomed, to: WorkerID(1))])
        let record = try report(0, lease: 7)
        let effects = try cluster.hear(.report(record), from: 1)
        #expect(
            effects.prefix(2) == [.append(valid(record)), .send(.revoke(LeaseID(50), [0]), to: WorkerID(2))])
    }

    @Test func `The slower of two attempts is called off when its worker next says what it holds`() throws {
        var cluster = TestCoordinator(trials: 2, firstLease: 50)
        #expect(try cluster.join(2).trials() == [0])
        _ = try cluster.join(1, held: [held(0, lease: 7)])
        _ = try cluster.hear(.report(report(0, lease: 50)), from: 2)
        let effects = try cluster.join(1, held: [held(0, lease: 7)])
        #expect(effects.acts.contains(.send(.revoke(LeaseID(7), [0]), to: WorkerID(1))))
    }

    @Test func `A returning worker's trials go to others when it is lost for good`() throws {
        var cluster = TestCoordinator(trials: 3, firstLease: 50)
        _ = try cluster.join(1, held: (0..<3).map { held($0, lease: 7) })
        #expect(try cluster.join(2, slots: 3).trials() == [])
        #expect(try cluster.pass(milliseconds: 15_000, heartbeats: [2]).trials(to: 2) == [0, 1, 2])
    }

    @Test func `A worker that finds the sweep finished gets the message for it`() throws {
        var cluster = TestCoordinator(trials: 1, restored: [(0, .complete)])
        _ = cluster.handle(.tick)
        #expect(
            try cluster.join(1).acts == [.send(welcomed, to: WorkerID(1)), .send(.finish, to: WorkerID(1))])
    }

    @Test func `A stranger's heartbeat is no reason to give it work`() throws {
        var cluster = TestCoordinator(trials: 1)
        #expect(try cluster.hear(.heartbeat, from: 9).isEmpty)
        #expect(try cluster.hear(.goodbye, from: 9).isEmpty)
        let message = try report(0, lease: 3)
        #expect(try cluster.hear(.report(message), from: 9).acts.first == .append(valid(message)))
    }
}
