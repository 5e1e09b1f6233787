import Console
import Foundation
import Testing

@testable import SimulatedCluster

@Suite struct CommandTests {
    private func options(_ words: String...) throws -> SimulateOptions {
        try SimulateOptions(try Arguments(words, for: simulateCommand))
    }

    @Test func `docs/simulation.md says what --help says, and names every mutant`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/simulation.md"), encoding: .utf8)
        #expect(page.contains("```text\n\(simulateCommand.help(width: 80))\n```"))
        for mutant in Mutant.allCases { #expect(page.contains("| `\(mutant.rawValue)` |")) }
    }

    @Test func `Seeds are read as they are documented`() throws {
        #expect(try options().seeds == 0...999)
        #expect(try options("--seeds", "5..7").seeds == 5...7)
        #expect(try options("--seed", "8").seeds == 8...8)
        #expect(try options("--seed", "8").isLogged)
        #expect(try options("--minutes", "2").milliseconds == 120_000)
        #expect(try options("--mutant", "no-fence").mutant == .noFence)
    }

    @Test(arguments: ["7", "7..", "7..5", "a..b", "1...2", "-1..2", ".."])
    func `Seeds that are none are refused`(text: String) {
        #expect(throws: UsageError("--seeds must be two whole numbers like 0..999, not '\(text)'")) {
            try options("--seeds", text)
        }
    }

    @Test func `A mutant's name that is nearly right is suggested`() {
        #expect(throws: UsageError("no mutant 'no-fense'; did you mean 'no-fence'?")) {
            try options("--mutant", "no-fense")
        }
    }

    @Test(arguments: ["5", "0,1", "1,0", "a,b", "1,2,3", "100000001,1"])
    func `Scales that are none are refused`(text: String) {
        #expect(throws: UsageError.self) { try ScaleRun(parsing: text) }
    }

    @Test(arguments: ["1,1", "7,3", "1000,10", "500,100"]) func `A scale run does every trial`(text: String)
        throws
    {
        let line = try ScaleRun(parsing: text).run()
        let counts = text.split(separator: ",").compactMap { Int($0) }
        let found = try #require(line.firstMatch(of: #/^(\d+) trials, (\d+) workers: (\d+) events in /#))
        #expect(found.1 == "\(counts[0])" && found.2 == "\(counts[1])")
        // A hello for each worker, and a report for each trial.
        #expect(try #require(Int(found.3)) >= counts[0] + counts[1])
    }
}
