import Foundation
import Testing
import Text

@Suite struct CompareTests {
    private static func sweep(_ rate: String, more: String = "") -> String {
        """
        name: rates
        model: mlp
        dataset: {name: teacher, inputs: 4, norm: 4, train_points: 24, test_points: 16}
        axes: {width: [3, 4], seed: {range: [0, 3]}}
        depth: 2
        training: {steps: 30, batch_size: 8, learning_rate: \(rate)}
        measures: {local_rank: false}
        figures: [{name: loss, x: width, y: test_loss}]
        \(more)
        """
    }

    private func finished(_ sweeps: [String: String]) throws -> Workspace {
        let work = try Workspace()
        for (name, text) in sweeps.sorted(by: { $0.key < $1.key }) {
            try work.write(text, to: "\(name).yaml")
            let end = try work.run("run", "\(name).yaml", "--out", "runs/\(name)", "--workers", "1")
            #expect(end.code == 0, "\(end.all)")
        }
        return work
    }

    @Test func `Two runs are one figure, with their differences and what differs in their sweeps`() throws {
        let work = try finished(["slow": Self.sweep("1e-5"), "fast": Self.sweep("1e-2")])
        let before = try work.names()
        let end = try work.run("compare", "runs/slow/", "runs/fast", "--out", "both", "--format", "svg")
        #expect(end.code == 0, "\(end.all)")
        #expect(
            end.output.contains("sweeps   slow → fast: training.learning_rate 1e-05 → 0.01"), "\(end.all)")
        #expect(end.output.contains("train_loss: higher at 0, lower at 2 of 2 points"), "\(end.all)")
        #expect(try work.names() == (before + ["both"]).sorted())
        let table = try work.text("both/tables/loss.dat")
        #expect(table.contains("# index 0: run = slow") && table.contains("# index 1: run = fast"))
        #expect(work.exists("both/figures/loss.svg") && !work.exists("both/coordinator.lock"))
        let differences = try work.text("both/tables/differences.csv").split(separator: "\n")
        #expect(differences.count { $0.hasPrefix("fast,slow,3,") && $0.hasSuffix(",paired,3,3") } >= 2)
        let trials = try work.text("both/tables/trials.csv").split(separator: "\n")
        #expect(trials.count == 13)
    }

    @Test func `A run that stopped early takes part with the records that it has`() throws {
        let work = try finished(["a": Self.sweep("1e-2")])
        try work.write(Self.sweep("1e-3"), to: "b.yaml")
        let begun = try work.start(
            "ranksweep", ["run", "b.yaml", "--out", "runs/b", "--listen", "tcp://127.0.0.1:0"])
        _ = try begun.listeningAddress()
        // No worker has come: the journal is there, and no record is.
        let end = try work.run("compare", "runs/a", "runs/b", "--out", "both", "--format", "svg")
        #expect(end.code == 0, "\(end.all)")
        #expect(end.output.contains("no point of the two runs"), "\(end.all)")
        #expect(!work.exists("runs/b/records.ndjson") && !work.exists("both/reading"))
        #expect(try work.text("both/tables/trials.csv").split(separator: "\n").count == 7)
        begun.signal(SIGINT)
        #expect(try begun.wait().code == 3)
    }

    @Test func `What can't be compared is refused, and nothing is written`() throws {
        let work = try finished(["a": Self.sweep("1e-2")])
        try FileManager.default.createSymbolicLink(
            atPath: work.folder.appending(path: "link").path, withDestinationPath: "runs/a")
        try work.write("{\"name\": \"old\", \"version\": 3}", to: "old.json")
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "old"), withIntermediateDirectories: true)
        try FileManager.default.moveItem(
            at: work.folder.appending(path: "old.json"), to: work.folder.appending(path: "old/sweep.json"))
        for (arguments, words) in [
            (["runs/a", "--out", "c"], "DIR… is missing"),
            (["runs/a", "link", "--out", "c"], "link: the same directory as runs/a"),
            (["runs/a", "runs/none", "--out", "c"], "runs/none: no such run directory"),
            (["runs/a", "old", "--out", "c"], "old"),
            (["runs/a", "runs/a"], "--out DIR is missing"),
            (["runs/a", "a.yaml", "--out", "c"], "not a run directory"),
            (["runs/a", "link", "--out", "runs/a"], "the same directory"),
            (["runs/a", "link", "--out", "c", "--format", "jpg"], "'jpg' must be one of"),
        ] {
            let end = try work.start("ranksweep", ["compare"] + arguments).wait()
            #expect(end.code == 2 && end.errors.contains(words), "\(arguments): \(end.all)")
            #expect(!work.exists("c") && !work.exists("c.merging"))
        }
    }
}
