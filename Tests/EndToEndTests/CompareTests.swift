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
        #expect(
            end.output.contains("nothing to compare: no point has a number of the same metric in both runs"),
            "\(end.all)"
        )
        #expect(!work.exists("runs/b/records.ndjson") && !work.exists("both/reading"))
        #expect(try work.text("both/tables/trials.csv").split(separator: "\n").count == 7)
        begun.signal(SIGINT)
        #expect(try begun.wait().code == 3)
    }

    @Test func `Three runs are compared, with and without a journal, and paths name those of the same name`()
        throws
    {
        let work = try finished(["a": Self.sweep("1e-5"), "b": Self.sweep("1e-2")])
        let other = work.folder.appending(path: "other/a")
        try FileManager.default.createDirectory(
            at: other.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: work.folder.appending(path: "runs/a"), to: other)
        for name in try FileManager.default.contentsOfDirectory(atPath: other.path)
        where name.hasPrefix("journal.") {
            try FileManager.default.removeItem(at: other.appending(path: name))
        }
        let end = try work.run("compare", "runs/a", "other/a", "runs/b", "--out", "all", "--format", "svg")
        #expect(end.code == 0, "\(end.all)")
        #expect(end.output.contains("sweeps   runs/a → other/a: the same sweep"), "\(end.all)")
        let differences = try work.text("all/tables/differences.csv").split(separator: "\n")
        for run in ["other/a", "runs/b"] {
            #expect(differences.contains { $0.hasPrefix("\(run),runs/a,4,train_loss,") }, "\(differences)")
        }
        #expect(differences.contains("other/a,runs/a,3,train_loss,0,0,0,0,paired,3,3"), "\(differences)")
        #expect(try work.text("all/tables/trials.csv").split(separator: "\n").count == 19)
        try FileManager.default.removeItem(at: other.appending(path: "records.ndjson"))
        let bare = try work.run("compare", "runs/a", "other/a", "--out", "none")
        #expect(
            bare.code == 2 && bare.errors.contains("other/a: it has neither a journal nor records"),
            "\(bare.all)")
        #expect(!work.exists("none") && !work.exists("none.merging"))
    }

    @Test func `What can't be compared is refused, and nothing is written`() throws {
        let work = try finished([
            "a": Self.sweep("1e-2"), "b": Self.sweep("1e-3"),
            "c": Self.sweep("1e-2").replacing("name: loss,", with: "name: loss-seeds,"),
        ])
        try FileManager.default.createSymbolicLink(
            atPath: work.folder.appending(path: "link").path, withDestinationPath: "runs/a")
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "mine.merging"), withIntermediateDirectories: true)
        try work.write("mine", to: "mine.merging/thesis.tex")
        try work.write("{\"name\": \"old\", \"version\": 3}", to: "old.json")
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "old"), withIntermediateDirectories: true)
        try FileManager.default.moveItem(
            at: work.folder.appending(path: "old.json"), to: work.folder.appending(path: "old/sweep.json"))
        for (arguments, words) in [
            (["runs/a", "--out", "c"], "DIR… is missing"),
            (["runs/a", "link", "--out", "c"], "link: the same directory as runs/a"),
            (["runs/a", "runs/none", "--out", "c"], "runs/none: no such run directory"),
            (
                ["runs/a", "runs/c", "--out", "c"],
                "runs/c: its figure 'loss-seeds' has the name of a file of the figure 'loss' of runs/a"
            ),
            (["runs/a", "old", "--out", "c"], "old was made by ranksweep 0.1 (format 3)"),
            (["runs/a", "runs/a"], "--out DIR is missing"),
            (["runs/a", "a.yaml", "--out", "c"], "not a run directory"),
            (
                ["runs/a", "runs/b", "--out", "runs/a"],
                "runs/a exists, and compare only writes to new directories"
            ),
            (
                ["runs/a", "runs/b", "--out", "mine"],
                "mine.merging is in the way, and is not an unfinished output of ranksweep"
            ),
            (["runs/a", "link", "--out", "c", "--format", "jpg"], "'jpg' must be one of"),
        ] {
            let end = try work.start("ranksweep", ["compare"] + arguments).wait()
            #expect(end.code == 2 && end.errors.contains(words), "\(arguments): \(end.all)")
            #expect(!work.exists("c") && !work.exists("c.merging"))
        }
    }
}
