import Console
import Sweep
import Testing
import Text

@testable import CoordinatorService
@testable import Journal

@Suite struct SummaryMessagesTests {
    private func run() throws -> RunDirectory {
        let text = """
            {name: s, model: mlp, dataset: {name: gaussian, correlations: [0.5]},
             axes: {activation: [tanh, relu], width: [4, 8]}, training: {steps: 1}}
            """
        return RunDirectory(path: "a", spec: try SweepSpec(parsing: text, file: "s.yaml"))
    }

    @Test func `Outcomes that no trial has are left out`() {
        var summary = RunSummary()
        #expect(words(summary) == "0 measured")
        summary.measured = 12_345
        summary.quarantined = 2
        #expect(words(summary) == "12 345 measured, 2 quarantined")
        summary.diverged = 3
        summary.conflicts = 1
        #expect(words(summary) == "12 345 measured, 3 diverged, 2 quarantined, 1 unequal duplicate")
    }

    @Test func `A cause has an example with its axes, its host and the last lines of its slot`() throws {
        var summary = RunSummary()
        summary.causes = [
            RunSummary.Cause(
                text: "killed\u{1b}", count: 1, exampleTrial: 1, exampleHost: "node7",
                exampleLog: "1\n2\n3\n4\n5\n6")
        ]
        let lines = try causes(summary, run())
        #expect(lines[0] == "  1 failed attempt: killed·")
        #expect(lines[1].hasPrefix("    for one trial 1 on node7: "), "\(lines[1])")
        #expect(lines[1].contains("activation tanh") && lines[1].contains("width 8"), "\(lines[1])")
        #expect(lines[2...] == ["    | 2", "    | 3", "    | 4", "    | 5", "    | 6"])
        // A trial beyond the grid, as in a damaged journal, has no axes.
        summary.causes[0].exampleTrial = 4
        #expect(try causes(summary, run())[1] == "    for one trial 4 on node7: ")
    }

    @Test func `Ten causes are shown, and the others are counted`() throws {
        var summary = RunSummary()
        summary.causes = (0..<12).map {
            RunSummary.Cause(text: "\($0)", count: 2, exampleTrial: 0, exampleHost: "h", exampleLog: "")
        }
        let lines = try causes(summary, run())
        #expect(
            lines.count == 21 && lines[18] == "  2 failed attempts: 9"
                && lines[20] == "  … and 2 other causes")
    }

    @Test func `Commits are named only where there are two`() {
        var summary = RunSummary()
        #expect(summary.commitMessage == nil && summary.otherCommitMessage == nil)
        summary.commits = [RunSummary.Commit(name: "0123456789", records: 4)]
        #expect(summary.commitMessage == nil)
        #expect(
            summary.otherCommitMessage
                == "every record is by commit 0123456789, but this program was built from \(commitText(programCommit))"
        )
        summary.commits = (0..<11).map { RunSummary.Commit(name: "c\($0)", records: 1 + $0) }
        let message = summary.commitMessage
        #expect(message?.hasPrefix("1 record by commit c0, 2 by commit c1, ") == true)
        #expect(message?.hasSuffix(", 10 by commit c9, …") == true)
    }
}
