import Testing

@testable import SimulatedCluster

/// Whole sweeps over an unreliable cluster. A failure prints its seed, for `ranksweep-simulate --seed`.
@Suite struct SimulationTests {
    /// The first ones, and those that found something when it was wrong.
    static let seeds = Array(UInt64(0)..<300) + found
    static let found: [UInt64] = [
        333, 379, 6194, 9218, 11_163, 13_272, 23_192, 24_421, 36_948, 37_074, 37_088, 49_293, 50_762, 53_335,
        60_073, 69_307, 72_126, 84_707, 86_102,
    ]

    @Test(arguments: seeds) func `A sweep finishes with one outcome a trial, whatever happens`(seed: UInt64) {
        var simulation = Simulation(seed: seed)
        guard let problem = simulation.run() else { return }
        Issue.record(
            "seed \(seed): \(problem), at \(simulation.milliseconds) ms, of\n\(simulation.options)")
    }

    @Test func `A seed always gives the same course of events`() {
        var first = Simulation(seed: 11, isLogged: true)
        var second = Simulation(seed: 11, isLogged: true)
        #expect(first.run() == second.run())
        #expect(first.log == second.log)
        #expect(!first.log.isEmpty)
        #expect(first.milliseconds == second.milliseconds)
    }

    @Test func `False records come, as failures and as second records, and none is kept`() {
        var conflicts = 0
        var failures = 0
        for seed in UInt64(0)..<60 {
            var simulation = Simulation(seed: seed)
            guard simulation.options.lies > 0 else { continue }
            #expect(simulation.run() == nil)
            conflicts += simulation.journal.conflicts
            failures += simulation.journal.failures.values.joined().count {
                $0.cause == "its record is false"
            }
        }
        #expect(conflicts > 0 && failures > 0)
    }

    @Test(arguments: Mutant.allCases) func `Each planted bug is found within 1000 seeds`(mutant: Mutant) {
        let seed = (UInt64(0)..<1000).first { seed in
            var simulation = Simulation(seed: seed, mutant: mutant)
            return Self.maySee(mutant, simulation.options) && simulation.run() != nil
        }
        #expect(seed != nil)
    }

    /// Whether a cluster can show the bug at all: the others need not be played.
    private static func maySee(_ mutant: Mutant, _ options: SimulationOptions) -> Bool {
        switch mutant {
        case .acknowledgeBeforeAppend, .noFence, .lostRetry, .duplicateExport, .forgottenSuspect: true
        case .deafPause, .hastyDrain: options.operatorEvery != nil
        case .lostRecall: options.operatorEvery != nil && options.isCalm
        case .ignoredEnd: options.lifetime != nil
        case .ownSilence: options.stopEvery != nil && options.longestStop > 15_000 && options.isCalm
        case .believedRecord, .lastRecordWins: options.lies > 0
        case .endlessFailure: options.isHopeless
        }
    }

    @Test func `Seeds draw every kind of fault`() {
        let options = (UInt64(0)..<300).map { Simulation(seed: $0).options }
        #expect(options.contains { $0.isCalm })
        #expect(options.contains { $0.poison > 0 && $0.isCalm })
        #expect(options.contains { $0.hasBadHost })
        #expect(options.contains { $0.fullDisk > 0 && $0.waitsForSpace })
        #expect(options.contains { $0.fullDisk > 0 && !$0.waitsForSpace })
        #expect(options.contains { $0.clockJump > 0 })
        #expect(options.contains { $0.crash > 0 })
        #expect(options.contains { !$0.isLikeZeroMQ })
        #expect(options.contains { $0.files.count == 2 })
        #expect(options.contains { $0.lifetime != nil && $0.isCalm })
        #expect(options.contains { $0.operatorEvery != nil && $0.isCalm })
        #expect(options.contains { $0.stopEvery != nil && $0.longestStop > 15_000 && $0.isCalm })
        #expect(options.contains { $0.lies > 0 && !$0.files.isEmpty })
        #expect(options.contains { $0.isHopeless && $0.trials > 10 && $0.isCalm })
        #expect(options.contains { $0.clockJump > 15 * 60_000 })
    }
}
