import Sweep
import Testing
import Wire

@testable import Scheduling

/// The last trials of a sweep, and the second copies of those that are late.
@Suite struct TailTests {
    /// Two workers of a slot each; worker 2 has done its trial (a second), worker 1 has trial 0 and is late.
    private func late() throws -> (TestCoordinator, [DispatchEffect]) {
        var cluster = TestCoordinator(trials: 2)
        #expect(try cluster.join(1).trials() == [0])
        #expect(try cluster.join(2).trials() == [1])
        _ = try cluster.hear(.report(report(1, lease: 2)), from: 2)
        #expect(try cluster.pass(milliseconds: 4000, heartbeats: [1, 2]).trials().isEmpty)
        let effects = try cluster.pass(milliseconds: 3000, heartbeats: [1, 2])
        return (cluster, effects)
    }

    @Test func `A late trial is begun a second time by an idle worker, and only once`() throws {
        var (cluster, effects) = try late()
        #expect(effects.acts == [assign([0], lease: 3, attempt: 2, to: 2)])
        _ = try cluster.join(3)
        #expect(try cluster.pass(milliseconds: 60_000, heartbeats: [1, 2, 3]).acts.isEmpty)
    }

    @Test func `The first record counts, its twin is called off, and a second record is compared`() throws {
        var (cluster, _) = try late()
        let copy = try report(0, lease: 3, attempt: 2)
        var effects = try cluster.hear(.report(copy), from: 2)
        #expect(
            effects.prefix(3) == [
                .append(valid(copy)), .send(.revoke(LeaseID(1), [0]), to: WorkerID(1)),
                .send(.accepted([0]), to: WorkerID(2)),
            ])
        #expect(effects.last == .finished)
        let first = try report(0, lease: 1)
        effects = try cluster.hear(.report(first), from: 1)
        #expect(effects.acts == [.check(valid(first)), .send(.accepted([0]), to: WorkerID(1))])
    }

    @Test func `A copy's failure does not count against the trial, and it is not copied again`() throws {
        var (cluster, _) = try late()
        let effects = try cluster.hear(.failure(failure(0, lease: 3, attempt: 2)), from: 2)
        #expect(effects.acts == [.send(.revoke(LeaseID(3), [0]), to: WorkerID(2))])
        #expect(cluster.dispatcher.progress.failures == 0)
        #expect(try cluster.pass(milliseconds: 30_000, heartbeats: [1, 2]).acts.isEmpty)
        let record = try report(0, lease: 1)
        #expect(try cluster.hear(.report(record), from: 1).last == .finished)
    }

    @Test func `When the first fails its copy goes on, and is the one that counts from then on`() throws {
        var (cluster, _) = try late()
        var effects = try cluster.hear(.failure(failure(0, lease: 1)), from: 1)
        #expect(
            effects.acts == [
                .appendFailure(failure(0, lease: 1), quarantined: false),
                .send(.revoke(LeaseID(1), [0]), to: WorkerID(1)),
            ])
        let second = failure(0, lease: 3, attempt: 2)
        effects = try cluster.hear(.failure(second), from: 2)
        #expect(effects.acts.first == .appendFailure(second, quarantined: false))
        #expect(effects.assignments().map(\.attempt) == [3])
    }

    @Test func `When the first one's worker is lost its copy goes on`() throws {
        var (cluster, _) = try late()
        let effects = cluster.handle(.lost(WorkerID(1)))
        #expect(effects.acts.isEmpty)
        let record = try report(0, lease: 3, attempt: 2)
        #expect(try cluster.hear(.report(record), from: 2).last == .finished)
    }

    @Test func `The trials of a silent worker are copied at the end before it is given up`() throws {
        var cluster = TestCoordinator(trials: 2)
        _ = try cluster.join(1)
        _ = try cluster.join(2)
        _ = try cluster.pass(milliseconds: 1000, heartbeats: [2])
        _ = try cluster.hear(.report(report(1, lease: 2, seconds: 10)), from: 2)
        #expect(try cluster.pass(milliseconds: 4000, heartbeats: [2]).trials(to: 2) == [0])
    }

    @Test func `Nothing is copied while trials wait, nor a suspect, nor to the worker that is late`() throws {
        var cluster = TestCoordinator(trials: 1)
        _ = try cluster.join(1, slots: 4)
        #expect(try cluster.pass(milliseconds: 60_000, heartbeats: [1]).acts.isEmpty)
        _ = cluster.handle(.lost(WorkerID(1)))
        #expect(try cluster.join(2, slots: 2).trials() == [0])
        _ = try cluster.join(3, slots: 2)
        cluster.dispatcher.meanMilliseconds = 10
        #expect(try cluster.pass(milliseconds: 60_000, heartbeats: [2, 3]).acts.isEmpty)
    }
}
