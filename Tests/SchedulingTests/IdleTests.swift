import Sweep
import Testing
import Wire

@testable import Scheduling

/// Why a slot has nothing to do.
@Suite struct IdleTests {
    private func idle(_ cluster: TestCoordinator, _ worker: UInt64) throws -> (free: Int, why: IdleReason?) {
        let facts = cluster.dispatcher.workerStatuses(at: cluster.now)
        let fact = try #require(facts.first { $0.id == WorkerID(worker) })
        return (fact.freeSlots, fact.idle)
    }

    @Test func `A busy worker has no reason; one with nothing to do tells which`() throws {
        var cluster = TestCoordinator(trials: 3)
        _ = try cluster.join(1, slots: 2)
        _ = try cluster.join(2, slots: 4)
        #expect(try idle(cluster, 1) == (0, nil))
        #expect(try idle(cluster, 2) == (3, .nothingWaits))
        _ = cluster.handle(.pause)
        #expect(try idle(cluster, 2) == (3, .paused))
        _ = cluster.handle(.drain)
        #expect(try idle(cluster, 2) == (3, .draining))
        _ = cluster.handle(.unpause)
        _ = try cluster.pass(milliseconds: 5000, heartbeats: [1])
        #expect(try idle(cluster, 2).why == .silent)
    }

    @Test func `Too little time left is reported with the time that a trial may take`() throws {
        var cluster = TestCoordinator(trials: 100)
        _ = try cluster.join(9)
        _ = try cluster.hear(.report(report(0, lease: 1, seconds: 10)), from: 9)
        var message = hello(1)
        message.remainingMilliseconds = 60_000
        _ = try cluster.hear(.hello(message), from: 1)
        _ = try cluster.pass(milliseconds: 45_000, heartbeats: [1, 9])
        while let held = cluster.dispatcher.workers[WorkerID(1)]?.held.min(by: { $0.key < $1.key }) {
            let done = try report(UInt64(held.key), lease: held.value.id.value, seconds: 10)
            _ = try cluster.hear(.report(done), from: 1)
        }
        #expect(
            try idle(cluster, 1) == (
                1, .tooLittleTime(leftMilliseconds: 15_000, expectedMilliseconds: 20_000)
            ))
    }

    @Test func `A worker that fails again and again tells when it gets a trial`() throws {
        var cluster = TestCoordinator(trials: 100)
        _ = try cluster.join(2)
        _ = try cluster.hear(.report(report(0, lease: 1)), from: 2)
        _ = try cluster.join(1)
        while let held = cluster.dispatcher.workers[WorkerID(1)]?.held.min(by: { $0.key < $1.key }) {
            let one = failure(UInt64(held.key), lease: held.value.id.value, attempt: held.value.attempt)
            _ = try cluster.hear(.failure(one), from: 1)
        }
        let (free, why) = try idle(cluster, 1)
        guard free == 1, case .backsOff(let milliseconds)? = why else {
            Issue.record("\(free) free: \(String(describing: why))")
            return
        }
        #expect((1...2000).contains(milliseconds))
    }

    @Test func `A trial that brought down two workers runs with nothing beside it`() throws {
        var cluster = TestCoordinator(trials: 1)
        for worker: UInt64 in [1, 2] {
            _ = try cluster.join(worker)
            _ = cluster.handle(.lost(WorkerID(worker)))
        }
        _ = try cluster.join(3, slots: 4)
        #expect(try idle(cluster, 3) == (3, .runsAlone(trial: 0)))
    }
}
