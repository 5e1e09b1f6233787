import Sweep
import Testing
import Wire

@testable import Scheduling

@Suite struct DispatcherTests {
    @Test
    func `A worker that joins is welcomed and gets work for each of its slots, and little more`() throws {
        var cluster = TestCoordinator(trials: 100)
        let effects = try cluster.join(1, slots: 4)
        #expect(effects.first == .note(.joined(WorkerID(1), host: "host1", slots: 4, kernel: "Haswell")))
        #expect(effects.acts.first == .send(welcomed, to: WorkerID(1)))
        #expect(effects.trials(to: 1) == Array(0..<UInt64(effects.trials().count)))
        #expect((5...8).contains(effects.trials().count))
        #expect(effects.assignments().allSatisfy { $0.attempt == 1 })
        #expect(cluster.dispatcher.progress.slots == 4)
    }

    @Test func `Leases are numbered upwards from the first one that was never used`() throws {
        var cluster = TestCoordinator(trials: 3, firstLease: 70)
        let first = try cluster.join(1).assignments() + cluster.join(2).assignments()
        #expect(first.map(\.lease.value) == Array(70..<70 + UInt64(first.count)))
    }

    @Test func `The last trials are spread over the slots rather than queued behind one`() throws {
        var cluster = TestCoordinator(trials: 4)
        #expect(try cluster.join(1, slots: 2).trials().count <= 3)
        var cluster2 = TestCoordinator(trials: 2)
        _ = try cluster2.join(1, slots: 1)
        #expect(try cluster2.join(2, slots: 1).trials(to: 2) == [1])
    }

    @Test func `Shards grow where trials are short and stay within their limit`() throws {
        var cluster = TestCoordinator(trials: 3000)
        var queue = try cluster.join(1, slots: 2).assignments()
        var sizes: [Int] = []
        for _ in 0..<12 {
            let lease = queue.removeFirst()
            sizes.append(lease.trials.count)
            for trial in lease.trials {
                let message = try report(trial, lease: lease.lease.value, seconds: 0.0001)
                queue += try cluster.hear(.report(message), from: 1).assignments()
            }
        }
        #expect(sizes.first == 2)
        #expect(sizes.max() == 256)
    }

    @Test func `A record is appended before its worker gets the acknowledgement`() throws {
        var cluster = TestCoordinator(trials: 2)
        _ = try cluster.join(1)
        let message = try report(0, lease: 1)
        let effects = try cluster.hear(.report(message), from: 1)
        #expect(effects.acts.prefix(2) == [.append(valid(message)), .send(.accepted([0]), to: WorkerID(1))])
        #expect(cluster.dispatcher.progress.complete == 1)
    }

    @Test func `The sweep finishes once, with the last outcome, and every worker gets the message`() throws {
        var cluster = TestCoordinator(trials: 2)
        _ = try cluster.join(1)
        _ = try cluster.join(2)
        let first = try cluster.hear(.report(report(0, lease: 1)), from: 1)
        #expect(!first.contains(.finished))
        let last = try cluster.hear(.report(report(1, lease: 2)), from: 2)
        #expect(
            last.suffix(3) == [.send(.finish, to: WorkerID(1)), .send(.finish, to: WorkerID(2)), .finished])
        #expect(try cluster.pass(milliseconds: 3000, heartbeats: [1, 2]).acts.isEmpty)
    }

    @Test(arguments: [0, 3]) func `With nothing left to do it finishes at the first event`(trials: Int) throws
    {
        var cluster = TestCoordinator(
            trials: trials, restored: (0..<trials).map { ($0, $0 == 1 ? .quarantined : .complete) })
        #expect(cluster.handle(.tick) == [.finished])
        #expect(cluster.handle(.tick) == [])
    }

    @Test func `Restored outcomes are never dispatched again`() throws {
        var cluster = TestCoordinator(
            trials: 6, restored: [(0, .complete), (2, .quarantined), (5, .complete), (9, .complete)])
        var effects = try cluster.join(1, slots: 8)
        #expect(effects.trials().sorted() == [1, 3, 4])
        for lease in effects.assignments() {
            for trial in lease.trials {
                effects = try cluster.hear(.report(report(trial, lease: lease.lease.value)), from: 1)
            }
        }
        #expect(effects.last == .finished)
        #expect(cluster.dispatcher.progress.complete == 5)
        #expect(cluster.dispatcher.progress.quarantined == 1)
    }

    @Test func `An outcome restored twice counts once, and a record outweighs a quarantine`() throws {
        let cluster = TestCoordinator(
            trials: 3,
            restored: [
                (0, .complete), (0, .complete), (1, .quarantined), (1, .quarantined), (2, .complete),
                (2, .quarantined), (2, .failed(times: 1)),
            ])
        #expect(cluster.dispatcher.brokenInvariant() == nil)
        #expect(cluster.dispatcher.progress.complete == 2)
        #expect(cluster.dispatcher.progress.quarantined == 1)
    }

    @Test func `A second report of a trial is held against the first and not appended`() throws {
        var cluster = TestCoordinator(trials: 5)
        _ = try cluster.join(1)
        let message = try report(0, lease: 1)
        _ = try cluster.hear(.report(message), from: 1)
        let again = try cluster.hear(.report(message), from: 1)
        #expect(again.acts == [.check(valid(message)), .send(.accepted([0]), to: WorkerID(1))])
        #expect(cluster.dispatcher.progress.complete == 1)
    }

    @Test func `Trials that do not exist are ignored, in reports, failures and hellos`() throws {
        var cluster = TestCoordinator(trials: 1)
        let effects = try cluster.join(1, held: [held(7, lease: 9), held(.max, lease: 9)])
        #expect(effects.acts == [.send(welcomed, to: WorkerID(1)), assign([0], lease: 1, to: 1)])
        #expect(try cluster.hear(.report(report(7, lease: 1)), from: 1).isEmpty)
        #expect(try cluster.hear(.failure(failure(.max, lease: 1)), from: 1).isEmpty)
    }

    @Test(arguments: [0, 4097, UInt32.max])
    func `A worker without slots, or with more than a host can have, is refused with a reason`(
        slots: UInt32
    ) throws {
        var cluster = TestCoordinator(trials: 1)
        let effects = try cluster.join(1, slots: slots)
        let reason = "a worker has from 1 to 4096 slots, not \(slots)"
        #expect(effects == [.send(.refuse(reason: reason), to: WorkerID(1))])
        #expect(cluster.dispatcher.progress.workers == 0)
    }

    @Test func `A worker that says goodbye leaves its trials to others at once, without blame`() throws {
        var cluster = TestCoordinator(trials: 2)
        let mine = try cluster.join(1).trials()
        _ = try cluster.join(2)
        let effects = try cluster.hear(.goodbye, from: 1)
        #expect(effects.notes == [.left(WorkerID(1), host: "host1", trials: mine.count)])
        #expect(cluster.dispatcher.progress.workers == 1)
        let lease = try #require(cluster.dispatcher.workers[WorkerID(2)]).held[1]?.id.value ?? 0
        let next = try cluster.hear(.report(report(1, lease: lease)), from: 2)
        #expect((effects + next).assignments(to: 2).map(\.trials) == [[0]])
        #expect((effects + next).assignments(to: 2).map(\.attempt) == [2])
    }

    @Test(arguments: [
        // Ten seconds each: a shard has one. Half a second on four slots: eight make a second.
        (1000, 1, 10.0, 1000), (1000, 4, 0.5, 125), (1001, 4, 0.5, 126), (7, 4, 0.5, 1), (0, 4, 0.5, 0),
        // Short ones: 256 at most.
        (1000, 8, 0.01, 4), (256, 64, 0.0001, 1), (257, 1, 0, 2), (100_000, 8, 0.01, 391),
    ])
    func `A planned shard takes all slots about a second, and has at most 256 trials`(
        trials: Int, slots: Int, seconds: Double, shards: Int
    ) {
        #expect(plannedShards(trials: trials, slots: slots, secondsPerTrial: seconds) == shards)
    }
}
