import Sweep
import Testing
import Wire

@testable import Scheduling

/// A coordinator or a worker that was itself stopped: a gap in its own loop says nothing about its peers.
@Suite struct StoppedLoopTests {
    private func instant(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }

    @Test func `A loop's time stands still while it does`() {
        var time = LoopTime()
        #expect(time.read(instant(5000), due: nil) == (instant(5000), 0))
        #expect(time.read(instant(6000), due: instant(5000)) == (instant(6000), 0), "late, as loops are")
        #expect(time.read(instant(66_001), due: instant(7000)) == (instant(7000), 59_001))
        #expect(time.read(instant(66_501), due: instant(8000)) == (instant(7500), 0))
        #expect(time.missing == 59_001)
        #expect(time.clock(at: instant(8000)) == instant(67_001))
    }

    @Test(arguments: [false, true])
    func `A coordinator that was stopped loses no worker, and sees later who is silent`(hearsFirst: Bool)
        throws
    {
        var cluster = TestCoordinator(trials: 4)
        _ = try cluster.join(1)
        _ = try cluster.join(2)
        _ = try cluster.pass(milliseconds: 3000, heartbeats: [1, 2])
        cluster.now = cluster.now + 3_600_000
        var effects: [DispatchEffect] = []
        // Messages that came meanwhile are read after the stop, before or after the tick that was due.
        if hearsFirst { effects += try cluster.hear(.heartbeat, from: 1) }
        effects += cluster.handle(.tick)
        #expect(effects.notes.isEmpty && effects.assignments().isEmpty, "\(effects)")
        #expect(cluster.dispatcher.liveWorkers == 2)
        #expect(try #require(cluster.dispatcher.nextDeadline) > cluster.now)
        // Worker 2 went while nobody looked.
        #expect(
            try cluster.pass(milliseconds: 12_000, heartbeats: [1]).notes == [
                .suspect(WorkerID(2), host: "host2")
            ])
        #expect(
            try cluster.pass(milliseconds: 4000, heartbeats: [1]).notes
                == [.lost(WorkerID(2), host: "host2", trials: 1)])
    }

    @Test
    func `A trial that is late because the coordinator was stopped is not begun a second time`() throws {
        var cluster = TestCoordinator(trials: 2)
        _ = try cluster.join(1)
        _ = try cluster.join(2)
        _ = try cluster.hear(.report(report(1, lease: 2)), from: 2)
        cluster.now = cluster.now + 60_000
        #expect(cluster.handle(.tick).assignments().isEmpty)
        #expect(try cluster.hear(.report(report(0, lease: 1)), from: 1).contains(.finished))
    }

    private func worker(until: Instant? = nil) -> WorkerSession {
        var session = WorkerSession(hello: hello(1), until: until, at: instant(0))
        _ = session.handle(.slotReady(0, kernel: "Haswell"), at: instant(0))
        var welcome = CoordinatorMessage.Welcome(sweep: TestCoordinator.sweep, heartbeatMilliseconds: 1000)
        welcome.trialLimitSeconds = 30
        _ = session.handle(.message(.welcome(welcome)), at: instant(0))
        let assignment = CoordinatorMessage.Assignment(lease: LeaseID(1), attempt: 1, trials: [5])
        #expect(
            session.handle(.message(.assign(assignment)), at: instant(0)).contains(
                .start(trials: [5], slot: 0)))
        return session
    }

    @Test func `A worker that was stopped neither gives up nor ends its trial for that time`() {
        var session = worker()
        let effects = session.handle(.tick, at: instant(3_600_000))
        #expect(effects == [.send(.heartbeat)], "\(effects)")
        #expect(session.nextDeadline > instant(3_600_000))
        // From then on silence and the trial's limit count.
        var later: [SessionEffect] = []
        var time: Int64 = 3_600_000
        while time < 3_600_000 + 16 * 60_000 {
            time += 500
            let effects = session.handle(.tick, at: instant(time))
            later += effects
            guard effects.contains(where: { if case .end = $0 { true } else { false } }) else { continue }
            #expect(time >= 3_600_000 + 29_000)
            let died = SessionEvent.slotDied(0, cause: "", unixMilliseconds: 0)
            _ = session.handle(died, at: instant(time))
        }
        #expect(later.contains(.note(.coordinatorSilent)))
        #expect(later.contains(.end(slot: 0, cause: "ran longer than the limit of 30 s")))
        #expect(later.last == .exit(.silent))
    }

    @Test func `A worker that was stopped leaves at the end that it was given`() {
        var session = worker(until: instant(60_000))
        _ = session.handle(.message(.heartbeat), at: instant(500))
        #expect(session.handle(.tick, at: instant(50_000)) == [.send(.heartbeat)])
        #expect(session.nextDeadline <= instant(60_000))
        #expect(session.handle(.tick, at: instant(70_000)).suffix(2) == [.send(.goodbye), .exit(.timeUp)])
    }

    @Test func `A worker whose slots take long to start was not silent to anybody`() {
        var session = WorkerSession(hello: hello(1), at: instant(0))
        _ = session.handle(.tick, at: instant(1000))
        #expect(session.handle(.tick, at: instant(3_600_000)).isEmpty)
    }

    // MARK: Ends that are no failures

    @Test func `Once a worker has reported its end, nothing that follows is news`() {
        var session = worker()
        #expect(session.handle(.stop, at: instant(100)) == [.send(.goodbye), .exit(.stopped)])
        // Its slots end with it.
        for _ in 0..<4 {
            let died = SessionEvent.slotDied(0, cause: "its process was killed", unixMilliseconds: 0)
            #expect(session.handle(died, at: instant(200)).isEmpty)
        }
        #expect(session.handle(.tick, at: instant(5000)).isEmpty)
    }

    @Test func `A worker that ends after the sweep did is not lost`() throws {
        var cluster = TestCoordinator(trials: 1)
        _ = try cluster.join(1)
        _ = try cluster.join(2)
        #expect(try cluster.hear(.report(report(0, lease: 1)), from: 1).contains(.finished))
        #expect(cluster.handle(.lost(WorkerID(1))).notes == [.left(WorkerID(1), host: "host1", trials: 0)])
        #expect(
            try cluster.pass(milliseconds: 20_000).notes
                == [.suspect(WorkerID(2), host: "host2"), .left(WorkerID(2), host: "host2", trials: 0)])
        #expect(cluster.dispatcher.liveWorkers == 0)
    }
}
