import Sweep
import Testing
import Wire

@testable import Scheduling

/// Small trials of one seed that a slot trains at once: who leases them, and who is blamed.
@Suite struct BatchDispatchTests {
    /// So many trials of each of two seeds, which alternate in the grid; a trial takes `milliseconds`, as estimated.
    private func cluster(
        each count: Int, milliseconds: Double = 5, settings: DispatchSettings = DispatchSettings(),
        restored: [(trial: Int, outcome: Dispatcher.Restored)] = []
    ) throws -> TestCoordinator {
        let text = """
            name: s
            model: vib
            dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 100}
            axes: {beta: {linear: [0.1, 0.5], count: \(count)}, seed: [3, 4]}
            training: {batch_size: 2, steps: \(Int(milliseconds / 0.0355))}
            """
        let grid = try SweepSpec(parsing: text, file: "s.yaml").grid
        let seconds = CostEstimate(of: grid[0].settings).seconds()
        #expect((0.9...1.3).contains(seconds * 1000 / (milliseconds + 0.6)))
        return TestCoordinator(
            trials: grid.count, settings: settings, restored: restored, order: TrialOrder(grid))
    }

    private func finish(_ given: [CoordinatorMessage.Assignment], _ cluster: inout TestCoordinator) throws
        -> [DispatchEffect]
    {
        var effects: [DispatchEffect] = []
        for lease in given {
            for trial in lease.trials {
                let done = try report(trial, lease: lease.lease.value, attempt: lease.attempt, seconds: 0.005)
                effects += try cluster.hear(.report(done), from: 1)
            }
        }
        return effects
    }

    @Test func `Each slot gets a group of one seed's trials, and the worker one more`() throws {
        var cluster = try cluster(each: 100)
        let given = try cluster.join(1, slots: 2).assignments()
        #expect(given.count == 3)
        #expect(given.allSatisfy { $0.isBatched && $0.trials.count == BatchKey.maxTrials })
        #expect(given.flatMap(\.trials) == (0..<48).map { UInt64(2 * $0) })
    }

    @Test
    func `All trials are leased once, and towards the end groups become small and then single trials`()
        throws
    {
        var cluster = try cluster(each: 75)
        var given = try cluster.join(1, slots: 2).assignments()
        var all: [CoordinatorMessage.Assignment] = []
        while !given.isEmpty {
            all += given
            given = try finish(given, &cluster).assignments()
        }
        #expect(cluster.dispatcher.progress.isFinished)
        #expect(all.flatMap(\.trials).sorted() == (0..<150).map { UInt64($0) })
        #expect(all.allSatisfy { $0.isBatched == ($0.trials.count > 1) })
        #expect(all.allSatisfy { Set($0.trials.map { $0 % 2 }).count == 1 })
        #expect(all.count < 40)
        #expect(all.last?.trials.count == 1)
    }

    @Test func `A rest of a seed is shared out, not left over`() throws {
        var cluster = try cluster(each: 20)
        // Another eighty trials would allow sixteen: 40 pending, one slot.
        let given = try cluster.join(1).assignments()
        #expect(given.first?.trials.count == 10)
    }

    @Test func `With as many slots as trials each trial goes alone`() throws {
        var cluster = try cluster(each: 8)
        #expect(try cluster.join(1, slots: 16).assignments().allSatisfy { !$0.isBatched })
    }

    @Test func `A group leaves no checkpoint, so it is short beside the time between two`() throws {
        // Ten of a second each are half of the twenty that a group may take.
        var settings = DispatchSettings()
        var free = try cluster(each: 100, milliseconds: 2000, settings: settings)
        #expect((7...10).contains(try free.join(1).assignments().first?.trials.count ?? 0))
        var often = try cluster(each: 100, milliseconds: 2000)
        var message = hello(1)
        message.checkpointMilliseconds = 15_000
        #expect(try often.hear(.hello(message), from: 1).assignments().first?.trials.count == 2)
        settings.trialLimitSeconds = 6
        var limited = try cluster(each: 100, milliseconds: 2000, settings: settings)
        #expect(try limited.join(1).assignments().first?.isBatched == false)
    }

    @Test func `A trial that was tried before goes alone, and a finished one is left out`() throws {
        let done = [0, 2, 6].map { ($0, Dispatcher.Restored.complete) }
        var cluster = try cluster(each: 20, restored: done + [(10, .failed(times: 1))])
        var given = try cluster.join(1).assignments()
        #expect(given.map(\.trials) == [[4, 8], [10]])
        #expect(given.map(\.isBatched) == [true, false])
        #expect(given.map(\.attempt) == [1, 2])
        given = try finish(given, &cluster).assignments()
        #expect(given.first?.isBatched == true)
        #expect(given.first?.trials.first == 12)
    }

    @Test func `A failed member is tried again alone, and the others count`() throws {
        var cluster = try cluster(each: 20)
        let lease = try #require(try cluster.join(1).assignments().first)
        var effects: [DispatchEffect] = []
        for trial in lease.trials {
            effects +=
                trial == 4
                ? try cluster.hear(.failure(failure(trial, lease: lease.lease.value)), from: 1)
                : try cluster.hear(.report(report(trial, lease: lease.lease.value)), from: 1)
        }
        #expect(cluster.dispatcher.progress.complete == lease.trials.count - 1)
        let again = try #require(effects.assignments().first { $0.trials.contains(4) })
        #expect(again.trials == [4] && again.attempt == 2 && !again.isBatched)
    }

    @Test
    func `All of the groups that slots were at are suspects when a worker is lost, and they go alone`()
        throws
    {
        var cluster = try cluster(each: 100)
        let given = try cluster.join(1, slots: 2).assignments()
        _ = try cluster.hear(
            .report(report(given[0].trials[3], lease: given[0].lease.value)), from: 1)
        _ = cluster.handle(.lost(WorkerID(1)))
        let blamed = cluster.dispatcher.histories.filter { $0.value.losses > 0 }.keys.sorted()
        let ran = (given[0].trials + given[1].trials).filter { $0 != given[0].trials[3] }
        #expect(blamed == ran.map { Int($0) }.sorted())
        let shards = try cluster.join(2, slots: 2).assignments()
        let suspects = shards.filter { shard in shard.trials.contains { ran.contains($0) } }
        #expect(suspects.map(\.trials.count) == [1])
    }

    @Test func `A coordinator that starts anew learns from a hello what runs together`() throws {
        var cluster = try cluster(each: 100)
        let claims = [2, 4, 6].map { trial in
            WorkerMessage.HeldTrial(
                lease: LeaseID(9), trial: trial, attempt: 1, stage: .running, isBatched: true)
        }
        let waits = held(8, lease: 10)
        _ = try cluster.join(1, slots: 2, held: claims + [waits, held(1, lease: 10), held(3, lease: 11)])
        #expect(cluster.dispatcher.workers[WorkerID(1)]?.units == 4)
        _ = cluster.handle(.lost(WorkerID(1)))
        #expect(cluster.dispatcher.histories.filter { $0.value.losses > 0 }.keys.sorted() == [1, 2, 4, 6])
    }

    @Test func `The part of a group that a worker missed is sent again as one`() throws {
        var cluster = try cluster(each: 100)
        let given = try cluster.join(1, slots: 2).assignments()
        let again = try cluster.join(1, slots: 2).assignments()
        #expect(
            again
                == given.map { lease in
                    var lease = lease
                    lease.trials.sort()
                    return lease
                })
    }

    @Test func `A group is late when sixteen trials would be`() throws {
        var cluster = try cluster(each: 4)
        let given = try cluster.join(1).assignments()
        #expect(given.first?.isBatched == true)
        _ = try cluster.join(2, slots: 1)
        cluster.dispatcher.meanMilliseconds = 10
        // Everything but the first group is done.
        for (trial, holder) in cluster.dispatcher.holders
        where given.first?.trials.contains(UInt64(trial)) == false {
            _ = try cluster.hear(.report(report(UInt64(trial), lease: 1)), from: holder.worker.value)
        }
        while let trial = cluster.dispatcher.holders.keys.sorted().first(where: {
            given.first?.trials.contains(UInt64($0)) == false
        }), let holder = cluster.dispatcher.holders[trial] {
            _ = try cluster.hear(.report(report(UInt64(trial), lease: 1)), from: holder.worker.value)
        }
        #expect(try cluster.pass(milliseconds: 60_000, heartbeats: [1, 2]).trials().isEmpty)
        #expect(!(try cluster.pass(milliseconds: 40_000, heartbeats: [1, 2]).trials(to: 2).isEmpty))
    }
}
