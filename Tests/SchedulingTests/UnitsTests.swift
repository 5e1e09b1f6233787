import Sweep
import Testing
import Wire

@testable import Scheduling

/// The units that are said to come next, beside those that are leased then.
@Suite struct UnitsTests {
    private func grid(_ count: Int, latent: String = "") throws -> Grid {
        try SweepSpec(
            parsing: """
                name: s
                model: vib
                dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 100}
                axes: {beta: {linear: [0.1, 0.5], count: \(count)}, seed: [3, 4]}
                training: {batch_size: 2, steps: 100}
                """, file: "s.yaml"
        ).grid
    }

    @Test(arguments: [2, 20, 75, 140])
    func `Units that wait are those that the dispatcher leases then, in its order`(count: Int) throws {
        let grid = try grid(count)
        var cluster = TestCoordinator(trials: grid.count, order: TrialOrder(grid))
        #expect(cluster.dispatcher.pendingUnits(atMost: 1) == (grid.count > 1 ? nil : [[0]]))
        var given = try cluster.join(1, slots: 2).assignments()
        var hits = 0
        var all = 0
        while !given.isEmpty {
            let held = try #require(cluster.dispatcher.heldUnits(atMost: 10_000))
            #expect(held.allSatisfy { !$0.trials.isEmpty })
            #expect(held.count(where: \.isRunning) == min(2, held.count))
            let waiting = try #require(cluster.dispatcher.pendingUnits(atMost: 10_000))
            #expect(
                (held + []).flatMap(\.trials).count + waiting.joined().count
                    == grid.count - cluster.dispatcher.progress.complete)
            #expect(Set(waiting.joined()).count == waiting.joined().count)
            // One lease ends, and the next one begins.
            let lease = given.removeFirst()
            var next: [CoordinatorMessage.Assignment] = []
            for trial in lease.trials {
                let done = try report(
                    trial, lease: lease.lease.value, attempt: lease.attempt, seconds: 0.005)
                next += try cluster.hear(.report(done), from: 1).assignments()
            }
            if let first = next.first {
                all += 1
                if waiting.first.map({ $0.map(UInt64.init) }) == first.trials { hits += 1 }
            }
            given += next
        }
        #expect(cluster.dispatcher.progress.isFinished)
        // Shares change with what is pending, so that a unit may come out smaller.
        #expect(all == 0 || hits * 3 >= all, "\(hits) of \(all)")
    }

    @Test func `Progress, copies and queues are counted once`() throws {
        var cluster = TestCoordinator(trials: 6)
        _ = try cluster.join(1, slots: 2)
        _ = try cluster.hear(.progress([TrialProgress(trial: 0, permille: 400, from: 100)]), from: 1)
        let held = try #require(cluster.dispatcher.heldUnits(atMost: 100))
        #expect(held.first?.trials == [0] && held.first?.fraction == 0.4 && held.first?.before == 0.1)
        #expect(held.first?.isRunning == true)
        #expect(cluster.dispatcher.heldUnits(atMost: 1) == nil)
        let lease = try #require(held.first { !$0.trials.contains(0) })
        _ = lease
        // A worker that is lost gives its trials back: they wait before those that were never tried.
        _ = cluster.handle(.lost(WorkerID(1)))
        let waiting = try #require(cluster.dispatcher.pendingUnits(atMost: 100))
        #expect(waiting.joined().sorted() == Array(0..<6))
        #expect(cluster.dispatcher.heldUnits(atMost: 100) == [])
    }
}
