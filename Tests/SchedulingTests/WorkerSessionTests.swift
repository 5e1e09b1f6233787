import Sweep
import Testing
import Wire

@testable import Scheduling

/// A session with a clock in the test's hand; its messages go through their bytes.
private struct TestWorker {
    var session: WorkerSession
    var now = Instant(milliseconds: 0)

    init(slots: UInt32 = 1) { session = WorkerSession(hello: hello(1, slots: slots), at: now) }

    /// A worker whose slots are ready and that was welcomed.
    init(joinedWith slots: UInt32) throws {
        self.init(slots: slots)
        for slot in 0..<Int(slots) { _ = try handle(.slotReady(slot, kernel: "Haswell")) }
        _ = try handle(.message(welcomed))
    }

    mutating func handle(_ event: SessionEvent) throws -> [SessionEffect] {
        var event = event
        if case .message(let message) = event {
            event = .message(try CoordinatorMessage(decoding: message.encoded))
        }
        let effects = session.handle(event, at: now)
        for case .send(let message) in effects {
            #expect(try WorkerMessage(decoding: message.encoded) == message)
        }
        return effects
    }

    mutating func assign(
        _ trials: [UInt64], lease: UInt64, attempt: UInt32 = 1
    ) throws -> [SessionEffect] {
        try handle(
            .message(
                .assign(
                    CoordinatorMessage.Assignment(lease: LeaseID(lease), attempt: attempt, trials: trials))))
    }

    mutating func done(_ trial: UInt64, slot: Int = 0) throws -> [SessionEffect] {
        try handle(
            .slotReply(
                slot,
                .done(
                    trial: trial, id: identifier(of: trial), body: body(of: trial), seconds: 1,
                    peakMemoryBytes: 9), unixMilliseconds: 5000))
    }

    /// Wakes at every deadline until time is up; `heartbeats`: the coordinator beats.
    mutating func pass(milliseconds: Int64, heartbeats: Bool = false) throws -> [SessionEffect] {
        let end = now + milliseconds
        var effects: [SessionEffect] = []
        while now < end {
            now = min(end, now + 500)
            if heartbeats { effects += try handle(.message(.heartbeat)) }
            effects += try handle(.tick)
            #expect(session.nextDeadline > now)
        }
        return effects
    }
}

extension [SessionEffect] {
    fileprivate var sent: [WorkerMessage] {
        compactMap { if case .send(let message) = $0 { message } else { nil } }
    }

    fileprivate var hellos: [WorkerMessage.Hello] {
        sent.compactMap { if case .hello(let hello) = $0 { hello } else { nil } }
    }

    fileprivate var reports: [WorkerMessage.Report] {
        sent.compactMap { if case .report(let report) = $0 { report } else { nil } }
    }

    fileprivate var failures: [WorkerMessage.Failure] {
        sent.compactMap { if case .failure(let failure) = $0 { failure } else { nil } }
    }
}

@Suite struct WorkerSessionTests {
    // MARK: Joining

    @Test func `A worker says hello once its first slot is up, and until it is welcomed`() throws {
        var worker = TestWorker(slots: 2)
        #expect(try worker.pass(milliseconds: 2000) == [])
        #expect(try worker.handle(.slotReady(1, kernel: "Haswell")) == [.send(.hello(hello(1, slots: 2)))])
        #expect(try worker.pass(milliseconds: 3000).hellos.count == 3)
        #expect(
            try worker.handle(.message(welcomed))
                == [.load(sweep: TestCoordinator.sweep, slot: 1), .note(.joined)])
        #expect(
            try worker.handle(.slotReady(0, kernel: "Haswell"))
                == [.load(sweep: TestCoordinator.sweep, slot: 0)])
    }

    @Test func `A refusal ends the worker with its reason`() throws {
        var worker = TestWorker()
        #expect(
            try worker.handle(.message(.refuse(reason: "no"))) == [.exit(.refused(reason: "no"))])
    }

    @Test func `An assignment before the welcome is not taken: its indices mean nothing yet`() throws {
        var worker = TestWorker()
        _ = try worker.handle(.slotReady(0, kernel: "Haswell"))
        #expect(try worker.assign([3], lease: 1) == [])
        #expect(worker.session.held.isEmpty)
    }

    // MARK: Working

    @Test func `Trials start on free slots and the others wait in the order they came`() throws {
        var worker = try TestWorker(joinedWith: 2)
        #expect(
            try worker.assign([7, 3, 5], lease: 1)
                == [.start(trials: [7], slot: 0), .start(trials: [3], slot: 1)])
        #expect(try worker.assign([4], lease: 2) == [])
        let effects = try worker.done(3, slot: 1)
        #expect(effects.last == .start(trials: [5], slot: 1))
        #expect(effects.reports.map(\.lease) == [LeaseID(1)])
        #expect(effects.reports.first?.provenance.startMilliseconds == 4000)
        #expect(try worker.done(7).last == .start(trials: [4], slot: 0))
    }

    @Test
    func `A slot's death costs its trial's attempt and nothing else, and the slot starts anew`() throws {
        var worker = try TestWorker(joinedWith: 2)
        _ = try worker.assign([0, 1, 2], lease: 1)
        _ = try worker.pass(milliseconds: 3000)
        let effects = try worker.handle(.slotDied(0, cause: "killed", unixMilliseconds: 9000))
        #expect(effects.failures.map(\.trial) == [0])
        #expect(effects.failures.first?.provenance.seconds == 3)
        #expect(effects.last == .restart(slot: 0))
        #expect(
            try worker.handle(.slotReady(0, kernel: "Haswell")).last == .start(trials: [2], slot: 0))
        let run = WorkerSession.Run(trials: [1], isBatched: false, since: Instant(milliseconds: 0))
        #expect(worker.session.slots[1] == .running(run))
    }

    @Test func `A slot's error is the trial's failure, and the slot goes on`() throws {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([0, 1], lease: 1)
        let effects = try worker.handle(
            .slotReply(
                0, .failed(trial: 0, cause: "no data", seconds: 2, peakMemoryBytes: 1), unixMilliseconds: 0))
        #expect(effects.failures.map(\.cause) == ["no data"])
        #expect(effects.last == .start(trials: [1], slot: 0))
    }

    @Test func `An answer for another trial fails the one that was asked for`() throws {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([0], lease: 1)
        #expect(try worker.done(8).failures.map(\.trial) == [0])
    }

    @Test func `A slot that says ready while it works keeps its trial`() throws {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([0, 1], lease: 1)
        #expect(try worker.handle(.slotReady(0, kernel: "Haswell")) == [])
        #expect(try worker.handle(.slotReply(0, .ready(kernel: "Haswell"), unixMilliseconds: 0)) == [])
        #expect(try worker.done(0).reports.map(\.trial) == [0])
    }

    @Test func `A slot that only dies ends the worker, which says goodbye`() throws {
        var worker = try TestWorker(joinedWith: 1)
        for _ in 0..<2 {
            #expect(
                try worker.handle(.slotDied(0, cause: "killed", unixMilliseconds: 0)) == [.restart(slot: 0)])
            _ = try worker.handle(.slotReady(0, kernel: "Haswell"))
        }
        #expect(
            try worker.handle(.slotDied(0, cause: "killed", unixMilliseconds: 0))
                == [.send(.goodbye), .exit(.slotsBroken(cause: "killed"))])
    }

    @Test
    func `A revoked trial is stopped, forgotten, and its slot starts anew; by another lease it stays`()
        throws
    {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([0, 1], lease: 4)
        #expect(try worker.handle(.message(.revoke(LeaseID(3), [0, 1]))) == [])
        #expect(try worker.handle(.message(.revoke(LeaseID(4), [0, 1]))) == [.restart(slot: 0)])
        #expect(worker.session.held.isEmpty)
        #expect(try worker.done(0) == [])
    }

    // MARK: Reports

    @Test func `A report is kept until it is accepted, and sent again after each welcome`() throws {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([0], lease: 1)
        let sent = try worker.done(0).reports
        #expect(try worker.handle(.message(welcomed)).reports == sent)
        _ = try worker.handle(.message(.accepted([0])))
        #expect(try worker.handle(.message(welcomed)) == [])
    }

    @Test func `An acknowledgement does not end what is still running`() throws {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([0], lease: 1)
        _ = try worker.handle(.message(.accepted([0])))
        #expect(try worker.done(0).reports.map(\.trial) == [0])
    }

    @Test func `A late answer to a failure leaves the record of the retry alone`() throws {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([0], lease: 1)
        _ = try worker.handle(.slotDied(0, cause: "killed", unixMilliseconds: 0))
        _ = try worker.handle(.slotReady(0, kernel: "Haswell"))
        #expect(try worker.assign([0], lease: 2, attempt: 2) == [.start(trials: [0], slot: 0)])
        let sent = try worker.done(0).reports
        // The coordinator's answers to a failure, even to a late or repeated one.
        var coordinator = TestCoordinator(trials: 1)
        _ = try coordinator.join(1)
        let answers = try coordinator.hear(.failure(failure(0, lease: 1)), from: 1)
        for case .send(let answer, _) in answers.acts {
            if case .assign = answer { continue }
            #expect(try worker.handle(.message(answer)) == [])
        }
        #expect(worker.session.record(of: 0)?.lease == LeaseID(2))
        #expect(try worker.handle(.message(welcomed)).reports == sent)
    }

    @Test func `An assignment made twice is one assignment`() throws {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([0, 1], lease: 1)
        #expect(try worker.assign([0, 1], lease: 1) == [])
        let sent = try worker.done(0).sent
        #expect(try worker.assign([0, 1], lease: 1).sent == sent)
        let failed = try worker.handle(.slotDied(0, cause: "killed", unixMilliseconds: 0)).sent
        #expect(try worker.assign([1], lease: 1).sent == failed)
        _ = try worker.handle(.slotReady(0, kernel: "Haswell"))
        #expect(try worker.assign([1], lease: 2, attempt: 2) == [.start(trials: [1], slot: 0)])
    }

    // MARK: The coordinator comes and goes

    @Test func `A worker beats while its slots work, and now and then says what it holds`() throws {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([0], lease: 1)
        let sent = try worker.pass(milliseconds: 30_000, heartbeats: true).sent
        #expect(sent.count == 30)
        #expect(sent.filter { $0 == .heartbeat }.count == 27)
        #expect(
            try worker.pass(milliseconds: 10_000, heartbeats: true).hellos.map(\.held) == [
                [held(0, lease: 1, .running)]
            ])
    }

    @Test func `A trial that runs too long is ended and has failed, and its slot starts anew`() throws {
        var worker = TestWorker(slots: 2)
        for slot in 0..<2 { _ = try worker.handle(.slotReady(slot, kernel: "Haswell")) }
        let welcome = CoordinatorMessage.Welcome(
            sweep: TestCoordinator.sweep, heartbeatMilliseconds: 1000, trialLimitSeconds: 60)
        _ = try worker.handle(.message(.welcome(welcome)))
        _ = try worker.assign([4], lease: 9)
        #expect(try worker.pass(milliseconds: 59_500, heartbeats: true).allSatisfy { $0.isEnd == false })
        worker.now = worker.now + 500
        let effects = try worker.handle(.tick)
        let cause = "ran longer than the limit of 60 s"
        #expect(effects.contains(.end(slot: 0, cause: cause)))
        let after = try worker.handle(.slotDied(0, cause: cause, unixMilliseconds: 60_000))
        #expect(after.contains(.restart(slot: 0)))
        guard case .failure(let failure)? = after.sent.first else {
            Issue.record("\(after)")
            return
        }
        #expect(failure.trial == 4 && failure.cause == cause)
    }

    @Test func `A new connection is greeted at once, with all that is held`() throws {
        var worker = TestWorker()
        #expect(try worker.handle(.connected).isEmpty)
        _ = try worker.handle(.slotReady(0, kernel: "Haswell"))
        _ = try worker.handle(.message(welcomed))
        _ = try worker.assign([4, 5], lease: 9)
        let effects = try worker.handle(.connected)
        guard case .send(.hello(let hello))? = effects.first, effects.count == 1 else {
            Issue.record("\(effects)")
            return
        }
        #expect(hello.held.map(\.trial) == [4, 5])
        #expect(worker.session.link == .helloSent)
    }

    @Test func `A silent coordinator is greeted again, and work goes on meanwhile`() throws {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([0, 1], lease: 1)
        let effects = try worker.pass(milliseconds: 8000)
        #expect(effects.contains(.note(.coordinatorSilent)))
        #expect(effects.hellos.last?.held == [held(0, lease: 1, .running), held(1, lease: 1)])
        #expect(try worker.done(0) == [.start(trials: [1], slot: 0)])
        let welcome = try worker.handle(.message(welcomed))
        #expect(welcome.reports.map(\.trial) == [0])
        #expect(welcome.first == .note(.joined))
    }

    @Test func `A worker that hears nothing for long gives up`() throws {
        var worker = try TestWorker(joinedWith: 1)
        let silence = try worker.pass(milliseconds: 15 * 60 * 1000 - 500)
        #expect(!silence.contains(.exit(.silent)))
        #expect(try worker.pass(milliseconds: 500) == [.exit(.silent)])
    }

    @Test
    func `Another sweep's welcome ends the old one's trials, and the claim to them is taken back`()
        throws
    {
        var worker = try TestWorker(joinedWith: 2)
        _ = try worker.assign([0], lease: 1)
        let other = CoordinatorMessage.Welcome(sweep: [1, 2], heartbeatMilliseconds: 1000)
        #expect(
            try worker.handle(.message(.welcome(other))) == [
                .restart(slot: 0), .load(sweep: [1, 2], slot: 1), .send(.hello(hello(1, slots: 2))),
            ])
        #expect(try worker.handle(.slotReady(0, kernel: "Haswell")) == [.load(sweep: [1, 2], slot: 0)])
    }

    @Test func `A worker that must stop says goodbye and exits`() throws {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([0], lease: 1)
        #expect(try worker.handle(.stop) == [.send(.goodbye), .exit(.stopped)])
    }

    @Test func `A worker exits when all is done`() throws {
        var worker = try TestWorker(joinedWith: 1)
        #expect(try worker.handle(.message(.finish)) == [.send(.goodbye), .exit(.finished)])
    }

    // MARK: The operator

    @Test func `A recall gives back what waits, keeps what runs, and says so`() throws {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([4, 5, 6], lease: 1)
        let effects = try worker.handle(.message(.recall))
        #expect(effects.hellos.map(\.held) == [[held(4, lease: 1, .running)]])
        #expect(effects.count == 1)
        #expect(try worker.done(4).count == 1)
        #expect(try worker.assign([5], lease: 2, attempt: 2) == [.start(trials: [5], slot: 0)])
    }

    @Test func `The progress of all slots is sent once a heartbeat, in one message`() throws {
        var worker = try TestWorker(joinedWith: 2)
        _ = try worker.assign([0, 1], lease: 1)
        func say(_ permille: UInt16, of trial: UInt64, slot: Int) throws -> [WorkerMessage] {
            let progress = TrialProgress(trial: trial, permille: permille)
            return try worker.handle(.slotReply(slot, .progress(progress), unixMilliseconds: 0)).sent
        }
        worker.now = worker.now + 400
        #expect(try say(100, of: 0, slot: 0) == [])
        worker.now = worker.now + 700
        let both = [TrialProgress(trial: 0, permille: 100), TrialProgress(trial: 1, permille: 200)]
        #expect(try say(200, of: 1, slot: 1) == [.progress(both)])
        worker.now = worker.now + 999
        #expect(try say(300, of: 0, slot: 0) == [])
        // A report on a trial that the slot does not run.
        worker.now = worker.now + 1
        #expect(try say(900, of: 1, slot: 0) == [])
        _ = try worker.done(1, slot: 1)
        #expect(try say(400, of: 0, slot: 0) == [.progress([TrialProgress(trial: 0, permille: 400)])])
    }

    @Test func `A failure tells what its slot last wrote and how much memory it had`() throws {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([0], lease: 1)
        let failed = try worker.handle(
            .slotDied(0, cause: "killed", unixMilliseconds: 0, peakMemoryBytes: 77, log: "a\nb")
        ).failures
        #expect(failed.map(\.log) == ["a\nb"])
        #expect(failed.map(\.provenance.peakMemoryBytes) == [77])
    }

    // MARK: What it says it holds

    @Test
    func `A hello says what runs, what is reported, and what waits in the order in which it will run`()
        throws
    {
        var worker = try TestWorker(joinedWith: 1)
        _ = try worker.assign([9, 4, 7], lease: 3)
        _ = try worker.assign([2], lease: 4)
        _ = try worker.done(9)
        let claims = try worker.handle(.connected).hellos.flatMap(\.held)
        #expect(claims.map(\.trial) == [4, 9, 7, 2])
        #expect(claims.map(\.stage) == [.running, .reported, .waiting, .waiting])
    }
}

extension SessionEffect {
    fileprivate var isEnd: Bool { if case .end = self { true } else { false } }
}
