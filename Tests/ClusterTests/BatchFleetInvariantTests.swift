import TestSupport
import Testing

@testable import Cluster

/// A Slurm that is played, second by second.
private struct PlayedSlurm {
    struct Job {
        var startsAt: Int64
        var endsAt: Int64
    }

    var draws: Draws
    var fleet: BatchFleet
    let maximum: Int
    let minimum: Int
    /// Probabilities that a job dies as it begins, and that a submission fails, or seems to.
    let death: Double
    let failure: Double
    var faultsEnd: Int64
    var now: Int64 = 0
    var jobs: [String: Job] = [:]
    var arrays = 0
    var submissions: [Int64] = []
    var done = 0.0

    init(seed: UInt64) {
        var draws = Draws(seed)
        minimum = 1 + Int(draws.next() % 3)
        maximum = minimum + Int(draws.next() % 10)
        death = [0, 0.3, 1][Int(draws.next() % 3)]
        failure = [0, 0.3, 1][Int(draws.next() % 3)]
        faultsEnd = 3_600_000
        var settings = BatchFleetSettings()
        settings.minimum = minimum
        settings.maximum = maximum
        fleet = BatchFleet(settings)
        self.draws = draws
    }

    var isFaulty: Bool { now < faultsEnd }
    private mutating func hits(_ chance: Double) -> Bool { isFaulty && draws.uniform(0...1) < chance }

    mutating func second() {
        now += 1000
        for id in jobs.keys.sorted() {
            guard let job = jobs[id] else { continue }
            if now >= job.endsAt { jobs[id] = nil } else if now >= job.startsAt + 3000 { done += 0.1 }
        }
        let demand = BatchDemand(trialsLeft: 1_000_000, millisecondsPerTrial: nil, trialsDone: Int(done))
        perform(fleet.handle(.demand(demand), at: now))
        guard now % 5000 == 0 else { return }
        let list = jobs.keys.sorted().map { id in
            BatchListing(id: id, phase: jobs[id].map { $0.startsAt <= now } ?? false ? .running : .pending)
        }
        perform(fleet.handle(.listed(list), at: now))
    }

    private mutating func perform(_ effects: [BatchEffect]) {
        for effect in effects {
            switch effect {
            case .note: break
            case .giveUp(let why): Issue.record("it gives up: \(why)")
            case .cancel(let ids): for id in ids { jobs[id] = nil }
            case .submit(let count):
                submissions.append(now)
                if hits(failure) {
                    // Slurm may have taken it all the same.
                    if hits(0.3) { _ = accept(count) }
                    perform(fleet.handle(.submissionFailed(why: "played"), at: now))
                } else {
                    let ids = accept(count)
                    perform(fleet.handle(.submitted(ids), at: now))
                }
            }
        }
    }

    private mutating func accept(_ count: Int) -> [String] {
        arrays += 1
        return (0..<count).map { index in
            let start = now + Int64(draws.next() % 20_000)
            let life = hits(death) ? 1000 : 100_000 + Int64(draws.next() % 500_000)
            jobs["\(arrays)_\(index)"] = Job(startsAt: start, endsAt: start + life)
            return "\(arrays)_\(index)"
        }
    }
}

@Suite struct BatchFleetInvariantTests {
    @Test(arguments: UInt64(0)..<60)
    func `Never more jobs than allowed, no storm of submissions, and as many as wanted once all is well`(
        seed: UInt64
    ) {
        var slurm = PlayedSlurm(seed: seed)
        var surplusSince: Int64?
        while slurm.isFaulty {
            slurm.second()
            // Only a submission that seemed to fail makes too many, until the next listing.
            if slurm.jobs.count > slurm.maximum {
                #expect(slurm.failure > 0, "seed \(seed) at \(slurm.now)")
                #expect(slurm.now - (surplusSince ?? slurm.now) <= 5000, "seed \(seed) at \(slurm.now)")
                surplusSince = surplusSince ?? slurm.now
            } else {
                surplusSince = nil
            }
        }
        for (a, b) in zip(slurm.submissions, slurm.submissions.dropFirst()) {
            #expect(b - a >= 5000, "seed \(seed)")
        }
        // 15 s, 30 s, … 600 s: in an hour ten or eleven, for deaths and for failures, and those before the third.
        if slurm.death == 1 || slurm.failure == 1 { #expect(slurm.submissions.count <= 28, "seed \(seed)") }
        let rest = slurm.now + 700_000
        while slurm.now < rest { slurm.second() }
        var fewest = Int.max
        while slurm.now < rest + 300_000 {
            slurm.second()
            fewest = min(fewest, slurm.fleet.ids.count)
        }
        #expect(slurm.fleet.ids.count >= slurm.minimum && slurm.jobs.count <= slurm.maximum, "seed \(seed)")
        #expect(fewest >= slurm.maximum / 2, "seed \(seed): at times only \(fewest) of \(slurm.maximum)")
    }
}
