import Sweep
import Testing
import Wire

@testable import Scheduling

/// The trials that are suspected after the loss of a worker, and their later course.
@Suite struct SuspectTests {
    private func losses(_ cluster: TestCoordinator) -> [Int: Int] {
        cluster.dispatcher.histories.mapValues(\.losses).filter { $0.value > 0 }
    }

    private func lose(_ worker: UInt64, _ cluster: inout TestCoordinator) -> [DispatchEffect] {
        cluster.handle(.lost(WorkerID(worker)))
    }

    @Test
    func `Only as many trials as the lost worker has slots are suspects: the first it was given`()
        throws
    {
        var cluster = TestCoordinator(trials: 40)
        let given = try cluster.join(1, slots: 2).trials()
        #expect(given.count > 2)
        _ = lose(1, &cluster)
        #expect(losses(cluster) == [0: 1, 1: 1])
    }

    @Test func `A trial that was reported is not blamed, and the next in the queue is`() throws {
        var cluster = TestCoordinator(trials: 40)
        let first = try #require(try cluster.join(1, slots: 2).assignments().first)
        _ = try cluster.hear(.report(report(0, lease: first.lease.value)), from: 1)
        _ = lose(1, &cluster)
        #expect(losses(cluster) == [1: 1, 2: 1])
    }

    @Test
    func `A trial that a hello calls running is blamed, and one that it calls reported is not`() throws {
        var cluster = TestCoordinator(trials: 40)
        let leases = try cluster.join(1, slots: 2).assignments()
        var claims = leases.flatMap { given in given.trials.map { held($0, lease: given.lease.value) } }
        claims[0].stage = .reported
        claims[2].stage = .running
        _ = try cluster.join(1, slots: 2, held: claims)
        _ = lose(1, &cluster)
        #expect(losses(cluster) == [1: 1, 2: 1])
    }

    @Test func `A worker that leaves is not lost, and no trial is blamed`() throws {
        var cluster = TestCoordinator(trials: 40)
        _ = try cluster.join(1, slots: 2)
        _ = try cluster.hear(.goodbye, from: 1)
        #expect(losses(cluster).isEmpty)
    }

    @Test func `No worker has two suspects at a time, and its other slots go on with the rest`() throws {
        var cluster = TestCoordinator(trials: 40)
        _ = try cluster.join(1, slots: 3)
        _ = lose(1, &cluster)
        #expect(losses(cluster).count == 3)
        let shards = try cluster.join(2, slots: 4).assignments()
        #expect(shards.first?.trials == [0])
        #expect(shards.flatMap(\.trials).filter { $0 < 3 } == [0])
        #expect(shards.flatMap(\.trials).count >= 4)
        var effects: [DispatchEffect] = []
        for shard in shards {
            for trial in shard.trials {
                let done = try report(trial, lease: shard.lease.value, attempt: shard.attempt)
                effects += try cluster.hear(.report(done), from: 2)
            }
        }
        #expect(effects.trials().filter { $0 < 3 } == [1])
    }

    @Test func `A trial that went down with two workers is run by a worker that runs nothing else`() throws {
        var cluster = TestCoordinator(trials: 6)
        #expect(try cluster.join(1).trials().first == 0)
        _ = lose(1, &cluster)
        #expect(try cluster.join(2).trials().first == 0)
        _ = lose(2, &cluster)
        #expect(losses(cluster)[0] == 2)
        var effects = try cluster.join(3, slots: 4)
        #expect(effects.assignments().map(\.trials) == [[0]])
        effects = try cluster.pass(milliseconds: 3000, heartbeats: [3])
        #expect(effects.trials().isEmpty)
        let lease = try #require(cluster.dispatcher.workers[WorkerID(3)]?.held[0])
        effects = try cluster.hear(
            .report(report(0, lease: lease.id.value, attempt: lease.attempt)), from: 3)
        #expect(effects.trials().count >= 4)
    }

    @Test
    func `One poisonous trial is quarantined, and no innocent beside it loses more than two attempts`()
        throws
    {
        var settings = DispatchSettings()
        settings.maximumLosses = 5
        var cluster = TestCoordinator(trials: 30, settings: settings)
        var most = 0
        for worker in UInt64(1)...40 where !cluster.dispatcher.progress.isFinished {
            var effects = try cluster.join(worker, slots: 4)
            // It runs what it is given, until it is given trial 5.
            while !cluster.dispatcher.progress.isFinished {
                let given = effects.assignments()
                if given.isEmpty || given.contains(where: { $0.trials.contains(5) }) { break }
                effects = []
                for lease in given {
                    for trial in lease.trials {
                        let done = try report(trial, lease: lease.lease.value, attempt: lease.attempt)
                        effects += try cluster.hear(.report(done), from: worker)
                    }
                }
            }
            _ = lose(worker, &cluster)
            most = max(most, losses(cluster).filter { $0.key != 5 }.values.max() ?? 0)
        }
        #expect(cluster.dispatcher.progress.quarantined == 1)
        #expect(cluster.dispatcher.progress.complete == 29)
        #expect((1...2).contains(most))
    }
}
