import Testing

@testable import Cluster

/// A fleet with a clock in the test's hand.
private struct TestJobs {
    var fleet: SlurmFleet
    var now: Int64 = 0

    init(_ minimum: Int = 1, _ maximum: Int = 10, slots: Int = 2) {
        var settings = SlurmFleetSettings()
        settings.minimum = minimum
        settings.maximum = maximum
        settings.slots = slots
        fleet = SlurmFleet(settings)
    }

    mutating func demand(_ left: Int, each: Double? = nil, done: Int = 0) {
        let demand = SlurmDemand(trialsLeft: left, millisecondsPerTrial: each, trialsDone: done)
        #expect(fleet.handle(.demand(demand), at: now).isEmpty)
    }

    mutating func list(after milliseconds: Int64 = 5000, _ jobs: [SlurmListing]) -> [SlurmEffect] {
        now += milliseconds
        return fleet.handle(.listed(jobs), at: now)
    }
}

private func jobs(_ range: Range<Int>, _ phase: SlurmListing.Phase, _ reason: String = "None")
    -> [SlurmListing]
{
    range.map { SlurmListing(id: "7_\($0)", phase: phase, reason: reason) }
}

private func ids(_ range: Range<Int>) -> [String] { range.map { "7_\($0)" } }

extension [SlurmEffect] {
    fileprivate var submitted: Int? {
        compactMap { if case .submit(let count) = $0 { count } else { nil } }.first
    }
}

@Suite struct SlurmFleetTests {
    @Test func `nothing is submitted before Slurm has said what there is already`() {
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
    func `there are as many jobs as the work that is left is worth`(left: Int, each: Double?, jobs: Int) {
        var test = TestJobs()
        test.demand(left, each: each)
        #expect(test.fleet.wanted == jobs)
    }

    @Test func `what sbatch will never take is not asked for again; the run gives up once no job is left`() {
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

    @Test func `a first submission that will never be taken ends it at once`() {
        var test = TestJobs()
        test.demand(100)
        #expect(test.list([]).submitted == 10)
        let refused = test.fleet.handle(.submissionFailed(why: "no", isFinal: true), at: test.now)
        #expect(refused == [.note(.refused(why: "no")), .giveUp(why: "no")])
    }

    @Test(
        arguments: [
            ("sbatch: error: invalid partition specified: mian", true, false),
            ("sbatch: error: Memory specification can not be satisfied", true, false),
            (
                "sbatch: error: Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)",
                true, false
            ),
            (
                "sbatch: unrecognized option '--memm=4G'\nTry \"sbatch --help\" for more information", true,
                false
            ),
            ("allocation failure: Requested node configuration is not available", true, true),
            (
                "sbatch: error: Batch job submission failed: Requested node configuration is not available",
                true, true
            ),
            ("allocation failure: Unable to contact slurm controller (connect failure)", false, false),
            (
                "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation", false,
                false
            ),
            ("allocation failure: Required node not available (down, drained or reserved)", false, false),
            (
                "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
                false, false
            ),
            ("", false, false),
        ] as [(String, Bool, Bool)])
    func `what sbatch says is told apart by whether it may pass`(
        text: String, isFinal: Bool, dependsOnNodes: Bool
    ) {
        let refusal = SlurmRefusal(text)
        #expect(refusal.isFinal == isFinal && refusal.dependsOnNodes == dependsOnNodes)
        if isFinal { #expect(refusal.text == text.split(separator: "\n").first.map(String.init)) }
    }

    @Test func `a node that is not up may be the one that is asked for`() {
        #expect(!hasAbsentNodes("idle\nallocated\nmixed\n"))
        for state in ["down", "idle*", "drained", "DRAINING", "maint", "unknown", "powering_up"] {
            #expect(hasAbsentNodes("idle\n\(state)\n"), "\(state)")
        }
    }

    @Test func `a minimum is kept while there is work, and no longer`() {
        var test = TestJobs(3, 5)
        test.demand(1)
        #expect(test.list([]).submitted == 3)
        test.demand(0)
        #expect(test.fleet.wanted == 0)
    }

    @Test func `a job that worked and ended is replaced; one that is not needed is not`() {
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
    func `jobs that are listed and unknown are adopted, and too many are cancelled, the youngest first`() {
        var test = TestJobs(1, 2)
        test.demand(100)
        let first = test.list(jobs(0..<2, .running) + jobs(2..<4, .pending))
        #expect(first == [.note(.adopted(ids(0..<4))), .cancel(ids(2..<4))])
        #expect(test.list(jobs(0..<2, .running)).isEmpty)
        #expect(test.fleet.ids == ids(0..<2))
    }

    @Test func `a job that Slurm requeues is waited for`() {
        var test = TestJobs(1, 1)
        test.demand(100)
        _ = test.list([])
        _ = test.fleet.handle(.submitted(ids(0..<1)), at: test.now)
        _ = test.list(jobs(0..<1, .running))
        #expect(test.list(jobs(0..<1, .pending, "BeginTime")) == [.note(.requeued("7_0"))])
        #expect(test.list(after: 600_000, jobs(0..<1, .running)).isEmpty)
    }

    @Test func `after three deaths in a row it waits, then tries one, and waits longer`() {
        var test = TestJobs(1, 3)
        test.demand(100)
        _ = test.list([])
        _ = test.fleet.handle(.submitted(ids(0..<3)), at: test.now)
        _ = test.list(jobs(0..<3, .running))
        let effects = test.list([])
        #expect(
            effects == ids(0..<3).map { .note(.died($0)) } + [
                .note(.resting(deaths: 3, milliseconds: 15_000))
            ])
        #expect(test.list(after: 14_000, []).isEmpty)
        #expect(test.list(after: 1000, []).submitted == 1)
        _ = test.fleet.handle(.submitted(["8_0"]), at: test.now)
        _ = test.list([SlurmListing(id: "8_0", phase: .running)])
        #expect(test.list([]) == [.note(.died("8_0")), .note(.resting(deaths: 4, milliseconds: 30_000))])
        #expect(test.list(after: 29_000, []).isEmpty)
        #expect(test.list(after: 1000, []).submitted == 1)
        _ = test.fleet.handle(.submitted(["9_0"]), at: test.now)
        _ = test.list([SlurmListing(id: "9_0", phase: .running)])
        // A trial is done: nothing is wrong any more.
        test.demand(99, done: 1)
        #expect(test.list([SlurmListing(id: "9_0", phase: .running)]).submitted == 2)
    }

    @Test func `a submission that fails is made again, later and later`() {
        var test = TestJobs(1, 1)
        test.demand(100)
        #expect(test.list([]).submitted == 1)
        let told = test.fleet.handle(.submissionFailed(why: "no"), at: test.now)
        #expect(told == [.note(.submissionFailed(why: "no", milliseconds: 15_000))])
        #expect(test.list(after: 14_000, []).isEmpty)
        #expect(test.list(after: 1000, []).submitted == 1)
        _ = test.fleet.handle(.submissionFailed(why: "no"), at: test.now)
        #expect(test.list(after: 29_000, []).isEmpty)
        #expect(test.list(after: 1000, []).submitted == 1)
    }

    @Test func `a held job is cancelled and counts as dead; why others wait is told once`() {
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
        #expect(test.list(jobs(1..<2, .pending, "Priority")).submitted == 1)
    }

    @Test func `at the end all are cancelled, also those whose submission is under way`() {
        var test = TestJobs(1, 2)
        test.demand(100)
        _ = test.list(jobs(0..<1, .running))
        #expect(test.fleet.submitting == 1)
        #expect(test.fleet.handle(.end, at: test.now) == [.cancel(["7_0"])])
        #expect(test.fleet.handle(.submitted(["8_0"]), at: test.now) == [.cancel(["8_0"])])
        #expect(test.list(jobs(0..<1, .over)).isEmpty)
        #expect(test.list([]).isEmpty)
    }
}

@Suite struct SlurmTextTests {
    @Test func `what squeue lists is read, and what is none of it refused`() throws {
        let text = """
            12_0|RUNNING|None|tcp://head:5555
            12_1|PENDING|Resources|tcp://head:5555
            13|PENDING|launch failed requeued held|(null)
            14_2|COMPLETING|None|a|b
            15_0|PENDING|JobHeldUser|

            """
        let list = try #require(SlurmListing.list(text))
        #expect(list.map(\.listing.id) == ["12_0", "12_1", "13", "14_2", "15_0"])
        #expect(list.map(\.listing.phase) == [.running, .pending, .held, .over, .held])
        #expect(list.map(\.comment) == ["tcp://head:5555", "tcp://head:5555", "(null)", "a|b", ""])
        #expect(SlurmListing.list("")?.isEmpty == true)
        for wrong in ["slurm_load_jobs error: x", "12_[0-3]|PENDING|None|", "-n|RUNNING|None|", "12|RUNNING"]
        {
            #expect(SlurmListing.list(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `an array's jobs are named from what sbatch prints`() {
        #expect(slurmArray("12\n", count: 2) == ["12_0", "12_1"])
        #expect(slurmArray("sbatch: a warning\n12;cluster\n", count: 1) == ["12_0"])
        #expect(slurmArray("", count: 1) == nil)
        #expect(slurmArray("Submitted batch job 12", count: 1) == nil)
    }

    @Test func `a listing that waited while the coordinator was stopped does not lose a new job`() {
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
