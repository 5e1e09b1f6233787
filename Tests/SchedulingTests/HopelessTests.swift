import Sweep
import Testing
import Wire

@testable import Scheduling

/// Runs in which every attempt fails.
@Suite struct HopelessTests {
    private func cluster(trials: Int, mayGrow: Bool = false) -> TestCoordinator {
        var settings = DispatchSettings()
        settings.mayGrow = mayGrow
        return TestCoordinator(trials: trials, settings: settings)
    }

    /// Answers assignments at once until none comes: with a record where `cause` gives none for the trial and the
    /// worker. Nothing is answered after the run was called hopeless.
    private func answer(
        _ effects: [DispatchEffect], in cluster: inout TestCoordinator,
        _ cause: (_ trial: UInt64, _ worker: UInt64) -> String? = { _, _ in "a label is 10" }
    ) throws -> [DispatchEffect] {
        var pending = effects
        var seen: [DispatchEffect] = []
        while !pending.isEmpty {
            let effect = pending.removeFirst()
            seen.append(effect)
            guard case .send(.assign(let assignment), let worker) = effect, verdict(seen) == nil else {
                continue
            }
            for trial in assignment.trials {
                guard let cause = cause(trial, worker.value) else {
                    pending += try cluster.hear(
                        .report(report(trial, lease: assignment.lease.value, attempt: assignment.attempt)),
                        from: worker.value)
                    continue
                }
                let failure = WorkerMessage.Failure(
                    lease: assignment.lease, trial: trial, attempt: assignment.attempt, cause: cause,
                    provenance: provenance(seconds: 0.01))
                pending += try cluster.hear(.failure(failure), from: worker.value)
            }
        }
        return seen
    }

    /// The same each second for so long, or until the run is called hopeless.
    private func pass(
        seconds: Int, in cluster: inout TestCoordinator, heartbeats: [UInt64] = [1],
        _ cause: (UInt64, UInt64) -> String? = { _, _ in "a label is 10" }
    ) throws -> [DispatchEffect] {
        var seen: [DispatchEffect] = []
        for _ in 0..<seconds where verdict(seen) == nil {
            seen += try answer(cluster.pass(milliseconds: 1000, heartbeats: heartbeats), in: &cluster, cause)
        }
        return seen
    }

    private func verdict(_ effects: [DispatchEffect]) -> DispatchEffect? {
        effects.first { if case .hopeless = $0 { true } else { false } }
    }

    private func failures(_ effects: [DispatchEffect]) -> Int {
        effects.count { if case .appendFailure = $0 { true } else { false } }
    }

    @Test(arguments: [12, 1000])
    func `Where all fails alike a run on this machine is hopeless in ten seconds`(trials: Int) throws {
        var cluster = cluster(trials: trials)
        var effects = try answer(cluster.join(1, slots: 2), in: &cluster)
        effects += try pass(seconds: 10, in: &cluster)
        #expect(verdict(effects) == .hopeless(cause: "a label is 10", trials: 10, hosts: 1))
        #expect(failures(effects) == 10)
        #expect(cluster.dispatcher.progress.quarantined == 0, "each has attempts left")
        #expect(verdict(try cluster.pass(milliseconds: 5000, heartbeats: [1])) == nil, "it is said once")
    }

    @Test func `A run of few trials ends by itself, with all its attempts`() throws {
        var cluster = cluster(trials: 3)
        let effects = try answer(cluster.join(1), in: &cluster)
        #expect(failures(effects) == 9)
        #expect(effects.contains(.finished) && verdict(effects) == nil)
    }

    @Test func `Where others may come a run waits half a minute for one`() throws {
        var cluster = cluster(trials: 1000, mayGrow: true)
        var effects: [DispatchEffect] = []
        for worker: UInt64 in [1, 2, 3] { effects += try answer(cluster.join(worker), in: &cluster) }
        #expect(failures(effects) == 12)
        effects += try pass(seconds: 29, in: &cluster, heartbeats: [1, 2, 3])
        #expect(verdict(effects) == nil)
        effects = try pass(seconds: 2, in: &cluster, heartbeats: [1, 2, 3])
        guard case .hopeless("a label is 10", _, hosts: 3)? = verdict(effects) else {
            Issue.record("\(effects)")
            return
        }
    }

    @Test func `One trial that succeeds is enough, ever`() throws {
        var cluster = cluster(trials: 1000)
        var effects = try answer(cluster.join(1), in: &cluster) { trial, _ in trial == 1 ? nil : "no" }
        effects += try pass(seconds: 300, in: &cluster) { _, _ in "no" }
        #expect(verdict(effects) == nil && failures(effects) > 5)

        var resumed = TestCoordinator(trials: 1000, restored: [(trial: 900, outcome: .complete)])
        effects = try answer(resumed.join(1), in: &resumed) + pass(seconds: 300, in: &resumed)
        #expect(verdict(effects) == nil)
    }

    @Test(arguments: [2, 5, 20, 100])
    func `Trials far apart are tried, so that a part of the sweep that fails is not taken for all`(block: Int)
        throws
    {
        // Each second block of neighbours is bad: the first is.
        var cluster = cluster(trials: 200)
        func cause(_ trial: UInt64, _: UInt64) -> String? { Int(trial) / block % 2 == 0 ? "no" : nil }
        var effects = try answer(cluster.join(1), in: &cluster, cause)
        effects += try pass(seconds: 60, in: &cluster, cause)
        #expect(verdict(effects) == nil)
        #expect(cluster.dispatcher.progress.complete > 0)
    }

    @Test
    func `A host where nothing failed yet, and an attempt that has got further, keep the hope`() throws {
        var cluster = cluster(trials: 1000)
        // Worker 2 is at its first trial for long.
        _ = try cluster.join(2)
        _ = try answer(cluster.join(1), in: &cluster)
        #expect(verdict(try pass(seconds: 30, in: &cluster, heartbeats: [1, 2])) == nil)
        // It fails, and with another message; the same on host 1 would be.
        let held = try #require(cluster.dispatcher.workers[WorkerID(2)]?.held.first)
        let other = WorkerMessage.Failure(
            lease: held.value.id, trial: UInt64(held.key), attempt: 1, cause: "no memory",
            provenance: provenance(seconds: 20))
        #expect(
            verdict(
                try answer(cluster.hear(.failure(other), from: 2), in: &cluster) { _, worker in
                    worker == 2 ? "no memory" : "a label is 10"
                }) == nil)

        // On one host, with an attempt that runs for longer than any that failed.
        var one = self.cluster(trials: 1000)
        let first = try one.join(1, slots: 2)
        let long = try #require(first.assignments().first?.trials.first)
        func answered(_ effects: [DispatchEffect]) throws -> [DispatchEffect] {
            let rest = effects.map { effect -> DispatchEffect in
                guard case .send(.assign(var assignment), let worker) = effect else { return effect }
                assignment.trials.removeAll { $0 == long }
                return .send(.assign(assignment), to: worker)
            }
            return try answer(rest, in: &one)
        }
        var effects = try answered(first)
        for _ in 0..<60 { effects += try answered(one.pass(milliseconds: 1000, heartbeats: [1])) }
        #expect(verdict(effects) == nil)
    }

    @Test func `Messages that differ are no evidence`() throws {
        var cluster = cluster(trials: 1000)
        let cause: (UInt64, UInt64) -> String? = { trial, _ in "loss of trial \(trial)" }
        let effects =
            try answer(cluster.join(1), in: &cluster, cause) + pass(seconds: 300, in: &cluster, cause)
        #expect(verdict(effects) == nil)
    }

    @Test
    func `Failures of attempts from before this coordinator are no evidence: their cause may be mended`()
        throws
    {
        var settings = DispatchSettings()
        settings.mayGrow = false
        var resumed = TestCoordinator(trials: 1000, settings: settings, firstLease: 1 << 32)
        let claims = (0..<20).map { held(UInt64($0), lease: UInt64(1 + $0), .reported) }
        var effects = try resumed.join(1, held: claims)
        for trial in UInt64(0)..<20 {
            let late = WorkerMessage.Failure(
                lease: LeaseID(trial + 1), trial: trial, attempt: 1, cause: "a label is 10",
                provenance: provenance(seconds: 0.01))
            effects += try resumed.hear(.failure(late), from: 1)
        }
        effects = try answer(effects, in: &resumed) { _, _ in nil }
        #expect(failures(effects) == 20 && verdict(effects) == nil)
    }
}
