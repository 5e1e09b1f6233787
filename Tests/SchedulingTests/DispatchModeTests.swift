import Sweep
import Testing
import Wire

@testable import Scheduling

@Suite struct DispatchModeTests {
    private let recalled = DispatchEffect.send(.recall, to: WorkerID(1))

    @Test func `A paused run leases nothing, keeps what runs, and goes on where it was`() throws {
        var cluster = TestCoordinator(trials: 4)
        #expect(try cluster.join(1).trials() == [0, 1])
        #expect(cluster.handle(.pause) == [recalled])
        #expect(cluster.dispatcher.mode == .paused)
        // It had begun the first only.
        let hello = hello(1, held: [held(0, lease: 1)])
        #expect(try cluster.hear(.hello(hello), from: 1).assignments().isEmpty)
        #expect(cluster.dispatcher.leasedCount == 1)
        #expect(try cluster.hear(.report(report(0, lease: 1)), from: 1).assignments().isEmpty)
        #expect(try cluster.join(2).assignments().isEmpty)
        #expect(try cluster.pass(milliseconds: 5000, heartbeats: [1, 2]).acts.isEmpty)
        #expect(cluster.dispatcher.progress.complete == 1)
        let again = cluster.handle(.unpause)
        #expect(again.trials() == [1, 2])
        #expect(again.assignments().first { $0.trials == [1] }?.attempt == 2)
        #expect(cluster.handle(.unpause) == [])
    }

    @Test func `A drained run ends with the last that runs, once, and tells no worker to leave`() throws {
        var cluster = TestCoordinator(trials: 5)
        _ = try cluster.join(1, slots: 2)
        #expect(cluster.handle(.drain) == [recalled])
        // A pause is less than that.
        #expect(cluster.handle(.pause) == [])
        let hello = hello(1, slots: 2, held: [held(0, lease: 1), held(1, lease: 1)])
        #expect(try !cluster.hear(.hello(hello), from: 1).contains(.drained))
        #expect(try !cluster.hear(.report(report(0, lease: 1)), from: 1).contains(.drained))
        let last = try cluster.hear(.failure(failure(1, lease: 1)), from: 1)
        #expect(last.acts.suffix(2) == [.send(.revoke(LeaseID(1), [1]), to: WorkerID(1)), .drained])
        #expect(!last.contains(.send(.finish, to: WorkerID(1))))
        #expect(cluster.handle(.tick) == [])
    }

    @Test
    func `A worker that did not hear of the pause gets it again when it says which trials wait`() throws {
        var cluster = TestCoordinator(trials: 4)
        _ = try cluster.join(1)
        _ = cluster.handle(.pause)
        let claims = [held(0, lease: 1, .running), held(1, lease: 2)]
        #expect(try cluster.hear(.hello(hello(1, held: claims)), from: 1).contains(recalled))
        let rest = [held(0, lease: 1, .running)]
        #expect(try !cluster.hear(.hello(hello(1, held: rest)), from: 1).contains(recalled))
    }

    @Test func `A drain can be taken back, and where nothing runs it ends at once`() throws {
        var cluster = TestCoordinator(trials: 3)
        _ = try cluster.join(1)
        _ = cluster.handle(.drain)
        #expect(cluster.handle(.unpause) == [])
        #expect(cluster.dispatcher.mode == .open)
        _ = try cluster.hear(.report(report(0, lease: 1)), from: 1)
        #expect(try cluster.hear(.report(report(1, lease: 2)), from: 1).trials() == [2])

        var idle = TestCoordinator(trials: 3)
        #expect(idle.handle(.drain) == [.drained])
        #expect(try idle.join(1).acts == [.send(welcomed, to: WorkerID(1))])
    }

    @Test func `A drain ends, too, when the worker with the last trial is lost`() throws {
        var cluster = TestCoordinator(trials: 2)
        _ = try cluster.join(1)
        _ = cluster.handle(.drain)
        #expect(try cluster.pass(milliseconds: 20_000).contains(.drained))
        #expect(cluster.dispatcher.progress.complete == 0)
    }

    @Test func `The last record after a drain finishes the sweep`() throws {
        var cluster = TestCoordinator(trials: 1)
        _ = try cluster.join(1)
        _ = cluster.handle(.drain)
        let end = try cluster.hear(.report(report(0, lease: 1)), from: 1)
        #expect(end.contains(.finished) && !end.contains(.drained))
    }

    @Test func `Fractions count while a trial runs, and only for who holds it`() throws {
        var cluster = TestCoordinator(trials: 2)
        _ = try cluster.join(1)
        _ = try cluster.join(2)
        func tell(_ trial: UInt64, _ permille: UInt16, from: UInt16 = 0, by worker: UInt64) throws {
            _ = try cluster.hear(
                .progress([TrialProgress(trial: trial, permille: permille, from: from)]), from: worker)
        }
        try tell(0, 250, by: 1)
        try tell(1, 900, by: 1)
        try tell(77, 500, by: 1)
        #expect(abs(cluster.dispatcher.runningFraction - 0.25) < 1e-12)
        #expect(abs(cluster.dispatcher.work - 0.25) < 1e-12)
        // Another went on from a checkpoint: what that saved is no work of now.
        try tell(1, 510, from: 500, by: 2)
        #expect(abs(cluster.dispatcher.runningFraction - 0.76) < 1e-12)
        #expect(abs(cluster.dispatcher.work - 0.26) < 1e-12)
        // More than all is none of ours.
        try tell(0, 65_000, by: 1)
        #expect(abs(cluster.dispatcher.runningFraction - 1.51) < 1e-12)
        _ = try cluster.hear(.report(report(1, lease: 2)), from: 2)
        #expect(abs(cluster.dispatcher.work - 1.5) < 1e-12)
        _ = try cluster.hear(.failure(failure(0, lease: 1)), from: 1)
        #expect(abs(cluster.dispatcher.work - 0.5) < 1e-12)
        #expect(cluster.dispatcher.runningFraction == 0)
    }

    @Test func `A trial that a worker brings along counts as work from its first word on`() throws {
        var cluster = TestCoordinator(trials: 1)
        _ = try cluster.join(1, held: [held(0, lease: 9)])
        for permille: UInt16 in [600, 700] {
            _ = try cluster.hear(.progress([TrialProgress(trial: 0, permille: permille)]), from: 1)
        }
        #expect(abs(cluster.dispatcher.runningFraction - 0.7) < 1e-12)
        #expect(abs(cluster.dispatcher.work - 0.1) < 1e-12)
    }

    @Test func `Facts of workers tell who is silent and who rests`() throws {
        var cluster = TestCoordinator(trials: 10)
        _ = try cluster.join(1)
        _ = try cluster.join(2)
        _ = try cluster.pass(milliseconds: 6000, heartbeats: [2])
        let facts = cluster.dispatcher.workerStatuses(at: cluster.now)
        #expect(facts.map(\.host) == ["host1", "host2"])
        #expect(facts.map(\.isUnresponsive) == [true, false])
        #expect(facts.map(\.silentMilliseconds) == [6000, 0])
        #expect(facts.map(\.process) == [1, 2])
        #expect(
            facts.allSatisfy { $0.kernel == "Haswell" && $0.commit == "abc" && $0.backOffMilliseconds == nil }
        )
    }
}
