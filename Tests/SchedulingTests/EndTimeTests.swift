import Sweep
import Testing
import Wire

@testable import Scheduling

/// Workers that know when they must end.
@Suite struct EndTimeTests {
    /// Joins with so many milliseconds left.
    private func join(
        _ coordinator: inout TestCoordinator, _ worker: UInt64, left: UInt64?, slots: UInt32 = 1,
        checkpoint: UInt32 = 0, held: [WorkerMessage.HeldTrial] = []
    ) throws -> [DispatchEffect] {
        var message = hello(worker, slots: slots, held: held)
        message.remainingMilliseconds = left
        message.checkpointMilliseconds = checkpoint
        return try coordinator.hear(.hello(message), from: worker)
    }

    /// A run in which worker 9, who stays, did a trial of ten seconds.
    private func started(trials: Int = 20) throws -> TestCoordinator {
        var coordinator = TestCoordinator(trials: trials)
        _ = try coordinator.join(9)
        _ = try coordinator.hear(.report(report(0, lease: 1, seconds: 10)), from: 9)
        return coordinator
    }

    @Test func `A trial must have twice the mean, and as long as the longest`() {
        var time = TrialTime()
        #expect(time.expected == nil)
        #expect(time.mayBegin(left: 1, checkpoint: 0), "who knows?")
        #expect(!time.mayBegin(left: 0, checkpoint: 0))
        time.add(1000)
        #expect(time.expected == 2000)
        time.add(5000)
        #expect(time.expected == 5000, "the mean is 1400")
        #expect(time.mayBegin(left: 5000, checkpoint: 0) && !time.mayBegin(left: 4999, checkpoint: 0))
        #expect(time.mayBegin(left: 600, checkpoint: 600) && !time.mayBegin(left: 599, checkpoint: 600))
        #expect(time.count(within: 14_000) == 10)
        for _ in 0..<1000 { time.add(1000) }
        #expect(time.expected.map { (2000...2001).contains($0) } == true, "the long one is forgotten")
    }

    @Test func `Progress of an interrupted trial is kept within bounds, and soon forgotten`() {
        var time = TrialTime()
        time.note(unfinishedAfter: 60_000, fraction: 0.5)
        #expect(time.expected == 120_000)
        // Two per cent in a minute: not fifty minutes.
        time = TrialTime()
        time.note(unfinishedAfter: 60_000, fraction: 0.02)
        #expect(time.expected == 600_000)
        // Others ended after ten seconds: four times that is believed, and what it took in any case.
        time = TrialTime()
        time.add(10_000)
        time.note(unfinishedAfter: 30_000, fraction: 0.1)
        #expect(time.expected == 40_000)
        time.note(unfinishedAfter: 90_000, fraction: 0.1)
        #expect(time.expected == 90_000)
        for _ in 0..<3 { time.add(10_000) }
        #expect(time.expected == 20_000, "twice the mean again, after three trials")
        // A long trial that did end is forgotten in a few more.
        time.add(100_000)
        #expect(time.expected == 100_000)
        for _ in 0..<5 { time.add(10_000) }
        #expect(time.expected.map { $0 < 40_000 } == true)
        for bad in [-1, 0, .nan, .infinity] as [Double] {
            time = TrialTime()
            time.note(unfinishedAfter: bad, fraction: 0.5)
            time.note(unfinishedAfter: 5, fraction: bad == 0 ? 0 : -1)
            #expect(time.expected == nil)
        }
    }

    @Test func `A worker that dies early leaves the others at work`() throws {
        var coordinator = try started()
        // 10 min left each; worker 1 dies after 20 s, in which its trial did a fifth of itself.
        #expect(try !join(&coordinator, 1, left: 600_000).trials(to: 1).isEmpty)
        #expect(try !join(&coordinator, 2, left: 120_000).trials(to: 2).isEmpty)
        let lost = try #require(coordinator.dispatcher.workers[WorkerID(1)]?.held.keys.min())
        _ = try coordinator.pass(milliseconds: 20_000, heartbeats: [1, 2, 9])
        let reported = TrialProgress(trial: UInt64(lost), permille: 200)
        _ = try coordinator.hear(.progress([reported]), from: 1)
        // The fifteen seconds of its silence are no time of the trial.
        _ = try coordinator.pass(milliseconds: 16_000, heartbeats: [2, 9])
        #expect(coordinator.dispatcher.workers[WorkerID(1)] == nil)
        #expect(coordinator.dispatcher.trialTime.expected == 40_000, "not 36 s over a fifth: 180 s")
        // Worker 2 has 84 s left, and is given the next.
        let held = try #require(coordinator.dispatcher.workers[WorkerID(2)]?.held.first)
        let done = try report(UInt64(held.key), lease: held.value.id.value, seconds: 10)
        #expect(try !coordinator.hear(.report(done), from: 2).trials(to: 2).isEmpty)
    }

    /// Bounds would hide a longer time where the fraction is small.
    @Test func `A lost worker's silence is no time of its trial`() throws {
        var coordinator = try started()
        _ = try join(&coordinator, 1, left: 600_000)
        let lost = try #require(coordinator.dispatcher.workers[WorkerID(1)]?.held.keys.min())
        _ = try coordinator.pass(milliseconds: 20_000, heartbeats: [1, 9])
        let reported = TrialProgress(trial: UInt64(lost), permille: 800)
        _ = try coordinator.hear(.progress([reported]), from: 1)
        _ = try coordinator.pass(milliseconds: 16_000, heartbeats: [9])
        #expect(coordinator.dispatcher.workers[WorkerID(1)] == nil)
        #expect(coordinator.dispatcher.trialTime.expected == 25_000, "20 s over 0.8, not 36 s or 40 s")
    }

    @Test func `While nothing runs a trial is tried, however little time there is`() throws {
        var coordinator = try started()
        _ = try coordinator.hear(.goodbye, from: 9)
        for worker: UInt64 in [1, 2] {
            #expect(try !join(&coordinator, worker, left: 60_000).trials(to: worker).isEmpty)
        }
        _ = try coordinator.pass(milliseconds: 45_000, heartbeats: [1, 2])
        // 15 s are left, and a trial takes up to 20: worker 1 waits while worker 2 runs one.
        func end(_ worker: UInt64) throws -> [DispatchEffect] {
            var effects: [DispatchEffect] = []
            while let held = coordinator.dispatcher.workers[WorkerID(worker)]?.held.min(by: {
                $0.key < $1.key
            }),
                effects.trials(to: worker).isEmpty
            {
                let (trial, lease) = (UInt64(held.key), held.value.id.value)
                effects += try coordinator.hear(
                    .report(report(trial, lease: lease, attempt: held.value.attempt, seconds: 10)),
                    from: worker)
            }
            return effects
        }
        #expect(try end(1).trials().isEmpty)
        #expect(try end(2).trials().count == 1)
    }

    @Test func `A coordinator that was stopped knows that its workers' time went on`() throws {
        var coordinator = try started()
        _ = try join(&coordinator, 1, left: 60_000)
        coordinator.now = coordinator.now + 50_000
        _ = coordinator.handle(.tick)
        let facts = coordinator.dispatcher.workerStatuses(at: coordinator.now)
        #expect(facts.map(\.silentMilliseconds) == [1000, 1000], "until it was to wake")
        let worker = try #require(coordinator.dispatcher.workers[WorkerID(1)])
        let until = try #require(worker.until)
        #expect(coordinator.dispatcher.loopTime.clock(at: until) == Instant(milliseconds: 60_000))
        #expect(
            !coordinator.dispatcher.hasTime(worker, coordinator.dispatcher.loopTime.time(at: coordinator.now))
        )
    }

    @Test
    func `Nothing is given that cannot end; a worker that was given nothing yet is given one to try`()
        throws
    {
        var coordinator = try started()
        #expect(try !join(&coordinator, 1, left: 60_000).trials(to: 1).isEmpty)
        let trial = try #require(coordinator.dispatcher.workers[WorkerID(1)]?.held.first)
        _ = try coordinator.pass(milliseconds: 45_000, heartbeats: [1, 9])
        // 15 s are left, and a trial takes up to 20.
        let done = try report(UInt64(trial.key), lease: trial.value.id.value, seconds: 10)
        #expect(try coordinator.hear(.report(done), from: 1).trials(to: 1).isEmpty)
        #expect(try coordinator.pass(milliseconds: 5000, heartbeats: [1, 9]).trials(to: 1).isEmpty)
        // Its next hello says what is true by its own clock.
        // It is told again what it was given and does not hold, and given another.
        #expect(Set(try join(&coordinator, 1, left: 21_000).trials(to: 1)).count == 2)
        // New, and with too little: one is tried, with a word, once.
        let second = try join(&coordinator, 2, left: 15_000)
        #expect(second.trials(to: 2).count == 1)
        #expect(second.notes.contains(.tooLong(expectedMilliseconds: 20_000, leftMilliseconds: 15_000)))
        let third = try join(&coordinator, 3, left: 15_000)
        #expect(third.trials(to: 3).count == 1)
        #expect(third.notes.allSatisfy { if case .tooLong = $0 { false } else { true } })
        #expect(try join(&coordinator, 4, left: 0).trials(to: 4).isEmpty)
    }

    @Test func `Trials that leave their state begin where they cannot end`() throws {
        var coordinator = try started()
        #expect(try join(&coordinator, 1, left: 15_000, checkpoint: 10_000).trials(to: 1).count == 1)
        let held = try #require(coordinator.dispatcher.workers[WorkerID(1)]?.held.first)
        let done = try report(UInt64(held.key), lease: held.value.id.value, seconds: 4)
        _ = try coordinator.pass(milliseconds: 4000, heartbeats: [1, 9])
        let next = try coordinator.hear(.report(done), from: 1)
        #expect(next.trials(to: 1).count == 1)
        #expect(next.notes.isEmpty)
        let again = try #require(next.assignments(to: 1).first)
        _ = try coordinator.pass(milliseconds: 2000, heartbeats: [1, 9])
        let last = try report(again.trials[0], lease: again.lease.value, attempt: again.attempt, seconds: 2)
        #expect(try coordinator.hear(.report(last), from: 1).trials(to: 1).isEmpty, "9 s are left")
    }

    @Test func `A worker holds no more than ends in its time, and stays out of the tail`() throws {
        var settings = DispatchSettings()
        settings.shardMilliseconds = 1_000_000
        var coordinator = TestCoordinator(trials: 1000, settings: settings)
        _ = try coordinator.join(9)
        _ = try coordinator.hear(.report(report(0, lease: 1, seconds: 1)), from: 9)
        #expect(try join(&coordinator, 1, left: 10_000, slots: 2).trials(to: 1).count <= 20)
        #expect(try join(&coordinator, 2, left: nil, slots: 2).trials(to: 2).count > 20)
    }

    @Test func `A worker that leaves when its time is up, or is silent from then on, is not blamed`() throws {
        var coordinator = TestCoordinator(trials: 1)
        for round in 1...20 {
            let worker = UInt64(round)
            #expect(try join(&coordinator, worker, left: 30_000).trials(to: worker) == [0])
            _ = try coordinator.pass(milliseconds: 30_000, heartbeats: [worker])
            let effects =
                round % 2 == 0
                ? try coordinator.hear(.goodbye, from: worker)
                : try coordinator.pass(milliseconds: 16_000)
            #expect(effects.acts.isEmpty, "\(effects)")
        }
        #expect(
            coordinator.dispatcher.progress.failures == 0 && coordinator.dispatcher.progress.quarantined == 0)
        // One that dies in the middle is.
        for worker in UInt64(101)...105 {
            #expect(try join(&coordinator, worker, left: 3_600_000).trials(to: worker) == [0])
            _ = coordinator.handle(.lost(WorkerID(worker)))
        }
        #expect(coordinator.dispatcher.progress.quarantined == 1)
    }

    // MARK: - The worker

    private func session(until: Int64, checkpoint: UInt32 = 0) throws -> WorkerSession {
        var message = hello(1)
        message.checkpointMilliseconds = checkpoint
        var session = WorkerSession(
            hello: message, until: Instant(milliseconds: until), at: Instant(milliseconds: 0))
        let greeting = session.handle(.slotReady(0, kernel: "k"), at: Instant(milliseconds: 1000))
        guard case .send(.hello(let hello))? = greeting.first else {
            Issue.record("no hello: \(greeting)")
            return session
        }
        #expect(hello.remainingMilliseconds == UInt64(until - 1000))
        #expect(try WorkerMessage(decoding: WorkerMessage.hello(hello).encoded) == .hello(hello))
        _ = session.handle(.message(welcomed), at: Instant(milliseconds: 1000))
        return session
    }

    private func assign(_ session: inout WorkerSession, _ trial: UInt64, at time: Int64) {
        let assignment = CoordinatorMessage.Assignment(lease: LeaseID(trial), attempt: 1, trials: [trial])
        let effects = session.handle(.message(.assign(assignment)), at: Instant(milliseconds: time))
        #expect(effects == [.start(trials: [trial], slot: 0)])
    }

    private func finish(_ session: inout WorkerSession, _ trial: UInt64, seconds: Double, at time: Int64)
        throws
    {
        let reply = SlotReply.done(
            trial: trial, id: try identifier(of: trial), body: body(of: trial), seconds: seconds,
            peakMemoryBytes: 1)
        _ = session.handle(
            .slotReply(0, reply, unixMilliseconds: time), at: Instant(milliseconds: time))
    }

    private static let goodbye: [SessionEffect] = [.send(.goodbye), .exit(.timeUp)]

    @Test func `A worker says goodbye when its time is up, whatever runs`() throws {
        var session = try session(until: 9000)
        assign(&session, 1, at: 2000)
        #expect(session.runningSlots == [0])
        for time in stride(from: Int64(2500), to: 9000, by: 500) {
            _ = session.handle(.message(.heartbeat), at: Instant(milliseconds: time))
        }
        #expect(session.nextDeadline <= Instant(milliseconds: 9000))
        #expect(
            session.handle(.tick, at: Instant(milliseconds: 8999)).filter { $0 != .send(.heartbeat) }.isEmpty)
        let effects = session.handle(.tick, at: Instant(milliseconds: 9000))
        #expect(Array(effects.suffix(2)) == Self.goodbye)
        #expect(
            session.handle(.tick, at: Instant(milliseconds: 9001)).filter { $0 != .send(.heartbeat) }.isEmpty)

        // A slot that is free at that very moment begins nothing.
        var other = try self.session(until: 3000)
        assign(&other, 1, at: 2000)
        let more = CoordinatorMessage.Assignment(lease: LeaseID(2), attempt: 1, trials: [2])
        _ = other.handle(.message(.assign(more)), at: Instant(milliseconds: 2000))
        let reply = SlotReply.done(
            trial: 1, id: try identifier(of: 1), body: body(of: 1), seconds: 1, peakMemoryBytes: 1)
        let last = other.handle(.slotReply(0, reply, unixMilliseconds: 0), at: Instant(milliseconds: 3000))
        #expect(last.dropFirst() == Self.goodbye[...])
    }

    @Test
    func `A worker leaves early where nothing that it knows would end, but not before its report is kept`()
        throws
    {
        var session = try session(until: 20_000)
        assign(&session, 1, at: 2000)
        try finish(&session, 1, seconds: 10, at: 12_000)
        #expect(session.handle(.message(.heartbeat), at: Instant(milliseconds: 12_100)).isEmpty)
        let effects = session.handle(.message(.accepted([1])), at: Instant(milliseconds: 12_200))
        #expect(effects == Self.goodbye)

        // With checkpoints it is of use to the end.
        var other = try self.session(until: 20_000, checkpoint: 1000)
        assign(&other, 1, at: 2000)
        try finish(&other, 1, seconds: 10, at: 12_000)
        #expect(other.handle(.message(.accepted([1])), at: Instant(milliseconds: 12_200)).isEmpty)
    }
}
