import Sweep
import Testing
import Wire

@testable import Scheduling

/// The harm that one bad host may do to a sweep.
@Suite struct FailingHostTests {
    /// Answers every assignment at once, worker 1 with failures, the others with records.
    private func answer(
        _ effects: [DispatchEffect], in cluster: inout TestCoordinator, failing: Set<UInt64> = [1]
    ) throws -> [DispatchEffect] {
        var pending = effects
        var seen: [DispatchEffect] = []
        while !pending.isEmpty {
            let effect = pending.removeFirst()
            seen.append(effect)
            guard case .send(.assign(let assignment), let worker) = effect else { continue }
            for trial in assignment.trials {
                let (lease, attempt) = (assignment.lease.value, assignment.attempt)
                let message: WorkerMessage =
                    failing.contains(worker.value)
                    ? .failure(failure(trial, lease: lease, attempt: attempt))
                    : .report(try report(trial, lease: lease, attempt: attempt))
                pending += try cluster.hear(message, from: worker.value)
            }
        }
        return seen
    }

    private func failures(_ effects: [DispatchEffect]) -> Int {
        effects.count { if case .appendFailure = $0 { true } else { false } }
    }

    @Test
    func `A host that fails everything slows down, and a good one that comes later saves the sweep`()
        throws
    {
        var cluster = TestCoordinator(trials: 200)
        var effects = try answer(try cluster.join(1), in: &cluster)
        // A fourth was under way already.
        #expect(failures(effects) == 4)
        #expect(effects.notes.contains(.backsOff(WorkerID(1), host: "host1", failures: 3)))
        for _ in 0..<29 {
            effects += try answer(try cluster.pass(milliseconds: 1000, heartbeats: [1]), in: &cluster)
        }
        // After rests of 2, 4 and 8 seconds; the next is due at 30.
        #expect(failures(effects) == 7)
        #expect(cluster.dispatcher.progress.quarantined == 0)
        effects = try answer(try cluster.join(2), in: &cluster)
        #expect(effects.contains(.finished))
        #expect(cluster.dispatcher.progress.complete == 200)
    }

    @Test func `A rest is a minute at most`() throws {
        var cluster = TestCoordinator(trials: 2000)
        var effects = try answer(try cluster.join(1), in: &cluster)
        for _ in 0..<3600 {
            effects += try answer(try cluster.pass(milliseconds: 1000, heartbeats: [1]), in: &cluster)
        }
        #expect((60...75).contains(failures(effects)))
    }

    @Test func `A record ends a host's probation`() throws {
        var cluster = TestCoordinator(trials: 50)
        _ = try answer(try cluster.join(1), in: &cluster)
        let effects = try answer(
            try cluster.pass(milliseconds: 2000, heartbeats: [1]), in: &cluster, failing: [])
        #expect(effects.contains(.finished))
    }

    @Test func `Where nothing untried is left, what failed is tried again at once`() throws {
        var cluster = TestCoordinator(trials: 2)
        let effects = try answer(try cluster.join(1), in: &cluster)
        #expect(failures(effects) == 6)
        #expect(effects.contains(.finished))
        #expect(cluster.dispatcher.progress.quarantined == 2)
    }
}
