import Testing

@testable import Cluster

/// A fleet with a clock in the test's hand.
private struct TestJobs {
    var fleet: BatchFleet
    var now: Int64 = 0

    init(_ minimum: Int = 1, _ maximum: Int = 10, slots: Int = 2) {
        var settings = BatchFleetSettings()
        settings.minimum = minimum
        settings.maximum = maximum
        settings.slots = slots
        fleet = BatchFleet(settings)
    }

    mutating func demand(_ left: Int, each: Double? = nil, done: Int = 0) {
        let demand = BatchDemand(trialsLeft: left, millisecondsPerTrial: each, trialsDone: done)
        #expect(fleet.handle(.demand(demand), at: now).isEmpty)
    }

    mutating func list(after milliseconds: Int64 = 5000, _ jobs: [BatchListing]) -> [BatchEffect] {
        now += milliseconds
        return fleet.handle(.listed(jobs), at: now)
    }
}

private func jobs(_ range: Range<Int>, _ phase: BatchListing.Phase, _ reason: String = "")
    -> [BatchListing]
{
    range.map { BatchListing(id: "7_\($0)", phase: phase, reason: reason) }
}

private func ids(_ range: Range<Int>) -> [String] { range.map { "7_\($0)" } }

extension [BatchEffect] {
    fileprivate var submitted: Int? {
        compactMap { if case .submit(let count) = $0 { count } else { nil } }.first
    }
}

@Suite struct BatchFleetTests {
    @Test func `Nothing is submitted before Slurm has listed the existing jobs`() {
        var test = TestJobs()
        test.demand(100)
        #expect(test.fleet.submitting == nil)
        #expect(test.list([]) == [.note(.submitting(jobs: 10)), .submit(10)])
        #expect(test.list([]).isEmpty, "one submission at a time")
    }

    @Test(
        arguments: [
            // left, ms each, jobs: a slot a trial, then work worth a minute a slot, then the limits.
            (4, nil, 2), (5, nil, 3), (1000, nil, 10), (1, nil, 1), (0, nil, 0),
            (1000, 100.0, 1), (1000, 1000.0, 9), (1000, 60_000.0, 10), (5, 600_000.0, 3),
        ] as [(Int, Double?, Int)])
    func `There are as many jobs as the work that is left is worth`(left: Int, each: Double?, jobs: Int) {
        var test = TestJobs()
        test.demand(left, each: each)
        #expect(test.fleet.wanted == jobs)
    }

    @Test
    func `A job that sbatch rejects for good is not submitted again; the run gives up once no job is left`() {
        var test = TestJobs(1, 3)
        test.demand(100)
        #expect(test.list([]).submitted == 3)
        #expect(test.fleet.handle(.submitted(ids(0..<3)), at: test.now).isEmpty)
        #expect(test.list(jobs(0..<3, .running)).isEmpty)
        test.demand(90, done: 10)
        #expect(test.list(jobs(0..<2, .running)).submitted == 1)
        let refused = test.fleet.handle(.submissionFailed(why: "no", isFinal: true), at: test.now)
        #expect(refused == [.note(.refused(why: "no"))])
        for _ in 0..<500 { #expect(test.list(jobs(0..<2, .running)).isEmpty) }
        #expect(test.list([]).contains(.giveUp(why: "no")))
        // Without work nobody is missed.
        test.demand(0, done: 100)
        #expect(test.list([]).isEmpty)
    }

    @Test func `A first submission that will never be taken ends it at once`() {
        var test = TestJobs()
        test.demand(100)
        #expect(test.list([]).submitted == 10)
        let refused = test.fleet.handle(.submissionFailed(why: "no", isFinal: true), at: test.now)
        #expect(refused == [.note(.refused(why: "no")), .giveUp(why: "no")])
    }

    @Test func `A minimum is kept while there is work, and no longer`() {
        var test = TestJobs(3, 5)
        test.demand(1)
        #expect(test.list([]).submitted == 3)
        test.demand(0)
        #expect(test.fleet.wanted == 0)
    }

    @Test func `A job that worked and ended is replaced; one that is not needed is not`() {
        var test = TestJobs(1, 3)
        test.demand(100)
        #expect(test.list([]).submitted == 3)
        #expect(test.fleet.handle(.submitted(ids(0..<3)), at: test.now).isEmpty)
        #expect(test.list(jobs(0..<3, .running)).isEmpty)
        test.demand(90, done: 10)
        #expect(test.list(after: 1000, jobs(0..<2, .running)).submitted == 1)
        _ = test.fleet.handle(.submitted(["8_0"]), at: test.now)
        test.demand(2, done: 98)
        #expect(test.list(jobs(0..<2, .running)).isEmpty)
        #expect(test.list(jobs(0..<1, .running)).isEmpty)
    }

    @Test
    func `Jobs that are listed and unknown are adopted, and too many are cancelled, the youngest first`() {
        var test = TestJobs(1, 2)
        test.demand(100)
        let first = test.list(jobs(0..<2, .running) + jobs(2..<4, .pending))
        #expect(first == [.note(.adopted(ids(0..<4))), .cancel(ids(2..<4))])
        #expect(test.list(jobs(0..<2, .running)).isEmpty)
        #expect(test.fleet.ids == ids(0..<2))
    }

    @Test func `A job that Slurm requeues is waited for`() {
        var test = TestJobs(1, 1)
        test.demand(100)
        _ = test.list([])
        _ = test.fleet.handle(.submitted(ids(0..<1)), at: test.now)
        _ = test.list(jobs(0..<1, .running))
        #expect(test.list(jobs(0..<1, .pending)) == [.note(.requeued("7_0"))])
        #expect(test.list(after: 600_000, jobs(0..<1, .running)).isEmpty)
    }

    @Test func `After three deaths in a row it waits, then tries one, and waits longer`() {
        var test = TestJobs(1, 3)
        test.demand(100)
        _ = test.list([])
        _ = test.fleet.handle(.submitted(ids(0..<3)), at: test.now)
        _ = test.list(jobs(0..<3, .running))
        let effects = test.list([])
        #expect(
            effects == ids(0..<3).map { .note(.died($0)) } + [
                .note(.backsOff(deaths: 3, milliseconds: 15_000))
            ])
        #expect(test.list(after: 14_000, []).isEmpty)
        #expect(test.list(after: 1000, []).submitted == 1)
        _ = test.fleet.handle(.submitted(["8_0"]), at: test.now)
        _ = test.list([BatchListing(id: "8_0", phase: .running)])
        #expect(test.list([]) == [.note(.died("8_0")), .note(.backsOff(deaths: 4, milliseconds: 30_000))])
        #expect(test.list(after: 29_000, []).isEmpty)
        #expect(test.list(after: 1000, []).submitted == 1)
        _ = test.fleet.handle(.submitted(["9_0"]), at: test.now)
        _ = test.list([BatchListing(id: "9_0", phase: .running)])
        // A trial is done: nothing is wrong any more.
        test.demand(99, done: 1)
        #expect(test.list([BatchListing(id: "9_0", phase: .running)]).submitted == 2)
    }

    @Test func `A submission that fails is made again, later and later`() {
        var test = TestJobs(1, 1)
        test.demand(100)
        #expect(test.list([]).submitted == 1)
        let message = test.fleet.handle(.submissionFailed(why: "no"), at: test.now)
        #expect(message == [.note(.submissionFailed(why: "no", milliseconds: 15_000))])
        #expect(test.list(after: 14_000, []).isEmpty)
        #expect(test.list(after: 1000, []).submitted == 1)
        _ = test.fleet.handle(.submissionFailed(why: "no"), at: test.now)
        #expect(test.list(after: 29_000, []).isEmpty)
        #expect(test.list(after: 1000, []).submitted == 1)
    }

    @Test
    func `A held job is cancelled and counts as dead; the reason why others wait is reported once`() {
        var test = TestJobs(1, 2)
        test.demand(100)
        _ = test.list([])
        _ = test.fleet.handle(.submitted(ids(0..<2)), at: test.now)
        let list = jobs(0..<1, .held, "launch failed requeued held") + jobs(1..<2, .pending, "BadConstraints")
        #expect(
            test.list(list) == [
                .note(.held("7_0", reason: "launch failed requeued held")), .cancel(["7_0"]),
                .note(.waiting(jobs: 1, reason: "BadConstraints")),
            ])
        #expect(test.fleet.deathsInARow == 1)
        #expect(test.list(list).isEmpty, "told once, and not replaced before it is gone")
        #expect(test.list(jobs(1..<2, .pending)).submitted == 1)
    }

    @Test func `At the end all are cancelled, also those whose submission is under way`() {
        var test = TestJobs(1, 2)
        test.demand(100)
        _ = test.list(jobs(0..<1, .running))
        #expect(test.fleet.submitting == 1)
        #expect(test.fleet.handle(.end, at: test.now) == [.cancel(["7_0"])])
        #expect(test.fleet.handle(.submitted(["8_0"]), at: test.now) == [.cancel(["8_0"])])
        #expect(test.list(jobs(0..<1, .over)).isEmpty)
        #expect(test.list([]).isEmpty)
    }

    @Test func `A listing that waited while the coordinator was stopped does not lose a new job`() {
        for isStopped in [false, true] {
            var test = TestJobs()
            test.demand(100)
            _ = test.list([])
            _ = test.fleet.handle(.submitted(ids(0..<10)), at: test.now)
            test.now += 100_000
            if isStopped { _ = test.fleet.handle(.stoodStill(milliseconds: 100_000), at: test.now) }
            _ = test.list([])
            #expect(test.fleet.ids.isEmpty != isStopped)
        }
    }
}
