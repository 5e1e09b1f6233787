import Console
import Foundation
import Testing
import Text
import Wire

@testable import CoordinatorService
@testable import Launch

/// Disturbances by a run's surroundings, through real programs.
@Suite(.serialized) struct OperationTests {
    private let tiny = """
        name: tiny
        model: mlp
        dataset: {name: teacher, inputs: 8, norm: 10}
        axes: {seed: [0, 1]}
        training: {batch_size: 16, steps: 20}
        """

    /// Long enough for somebody to come in between.
    private var long: String { smallSweep(steps: 3000) }

    // MARK: - The run directory

    @Test
    func `Removed while it goes on: the run stops with code 4, and its records are saved to be resumed`()
        throws
    {
        let work = try Workspace()
        try work.write(long, to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "runs/a"])
        try work.waitForRecords("runs/a", moreThan: 2)
        try FileManager.default.removeItem(at: work.folder.appending(path: "runs/a"))
        let end = try run.wait()
        #expect(end.code == 4, "\(end.all)")
        #expect(
            end.errors.contains("error: runs/a was removed or replaced during the run"),
            "\(end.all)")
        #expect(
            end.errors.contains("saved in runs/a.rescued; to continue: ranksweep resume runs/a.rescued"),
            "\(end.all)")
        #expect(!work.exists("runs/a"))
        let kept = try JSONValue(parsing: work.run("status", "runs/a.rescued", "--json").output.utf8)
        #expect(try #require(kept["done"]?.number) > 2)
        let resumed = try work.run("resume", "runs/a.rescued")
        #expect(resumed.code == 0, "\(resumed.all)")
        #expect(try work.bytes("runs/a.rescued/records.ndjson") == work.bytes("calm/records.ndjson"))
    }

    @Test
    func `Moved while it goes on: the run stops with code 4, says where its records are, and goes on there`()
        throws
    {
        let work = try Workspace()
        try work.write(long, to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a"])
        try work.waitForRecords("a", moreThan: 2)
        let (from, to) = (work.folder.appending(path: "a"), work.folder.appending(path: "b"))
        try FileManager.default.moveItem(at: from, to: to)
        let end = try run.wait()
        #expect(end.code == 4, "\(end.all)")
        #expect(end.errors.contains("a was moved during the run"), "\(end.all)")
        #expect(
            end.errors.contains("safe in \(to.path)") && end.errors.contains("ranksweep resume"), "\(end.all)"
        )
        #expect(try work.names() == ["b", "s.yaml"])
        let kept = try work.run("status", "b", "--json")
        #expect(try #require(JSONValue(parsing: kept.output.utf8)["done"]?.number) > 2)
    }

    @Test
    func `Without its lock another coordinator could begin: the run stops and keeps all records`() throws {
        let work = try Workspace()
        try work.write(long, to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a"])
        try work.waitForRecords("a", moreThan: 2)
        try FileManager.default.removeItem(at: work.folder.appending(path: "a/coordinator.lock"))
        let end = try run.wait()
        #expect(end.code == 4 && end.errors.contains("coordinator.lock was removed"), "\(end.all)")
        #expect(try work.run("check", "a").output.contains("records.ndjson"))
    }

    @Test(arguments: [nil, "name: mine"])
    func `A run without its sweep stops, the sweep is written again, and the run continues`(
        replacement: String?
    ) throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20_000), to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a"])
        try work.waitForRecords("a", moreThan: 2)
        let sweep = try work.text("a/sweep.json")
        if let replacement {
            try work.write(replacement, to: "a/sweep.json")
        } else {
            try FileManager.default.removeItem(at: work.folder.appending(path: "a/sweep.json"))
        }
        let end = try run.wait()
        #expect(end.code == 4, "\(end.all)")
        for words in [
            "error: a/sweep.json was removed or replaced during the run, so the run has stopped",
            "safe in a; its sweep.json was rewritten", "to continue: ranksweep resume a",
        ] { #expect(end.errors.contains(words), "\(end.all)") }
        #expect(try work.text("a/sweep.json") == sweep)
        #expect(work.exists("a/sweep.json.replaced") == (replacement != nil))
        if replacement != nil { #expect(try work.text("a/sweep.json.replaced") == replacement) }
        let kept = try work.run("status", "a", "--json")
        #expect(try #require(JSONValue(parsing: kept.output.utf8)["done"]?.number) > 2)
        #expect(try work.run("check", "a").code == 0)
    }

    @Test(arguments: ["journal.sqlite-wal", "journal.sqlite-shm"])
    func `Without what SQLite keeps beside it the journal would be an old one: it is saved whole`(
        file: String
    ) throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20_000), to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a"])
        try work.waitForRecords("a", moreThan: 2)
        try FileManager.default.removeItem(at: work.folder.appending(path: "a/\(file)"))
        let end = try run.wait()
        #expect(end.code == 4 && end.errors.contains("a/\(file) was removed or replaced"), "\(end.all)")
        #expect(
            end.errors.contains("saved in a.rescued; to continue: ranksweep resume a.rescued"), "\(end.all)")
        let kept = try work.run("status", "a.rescued", "--json")
        #expect(try #require(JSONValue(parsing: kept.output.utf8)["done"]?.number) > 2)
    }

    @Test func `Absurd places for a run are refused, and nothing is made there`() throws {
        let work = try Workspace()
        try work.write(tiny, to: "s.yaml")
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "home"), withIntermediateDirectories: true)
        let home = ["HOME": work.folder.appending(path: "home").path]
        for (out, words) in [
            ("/", "that is the root of the file system"),
            ("home/../..//../../../../../../..", "that is the root of the file system"),
            ("a\nb", "--out 'a·b': the name contains a line break or another control character"),
            ("\u{7}", "--out '·': the name contains a line break"),
            ("  ", "the name is empty or only spaces"),
            ("home", "that is your home directory"),
            (".", "is not empty, and is not a run directory: it holds '"),
        ] {
            for command in [["run", "s.yaml"], ["merge", "s.yaml"]] where command[0] == "run" || out != "." {
                let end = try work.start("ranksweep", command + ["--out", out], environment: home).wait()
                #expect(end.code == 2 && end.errors.contains(words), "\(command) \(out): \(end.all)")
            }
        }
        for arguments in [
            ["shard", "s.yaml", "--index", "0", "--count", "1", "--out", "a\nb"], ["keys", "new", "a\nb"],
            ["data", "fetch", "mnist", "--data", "a\nb"],
        ] {
            let end = try work.start("ranksweep", arguments).wait()
            #expect(end.code == 2 && end.errors.contains("another control character"), "\(end.all)")
        }
        #expect(try work.names() == ["home", "s.yaml"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: work.folder.path + "/home").isEmpty)
    }

    // MARK: - The system

    @Test func `A run takes as many slots as it may use processors`() throws {
        let work = try Workspace()
        try work.write(tiny, to: "s.yaml")
        let plan = try work.shell(
            "taskset -c $(taskset -cp $$ | sed 's/.*: //; s/[,-].*//') ranksweep plan s.yaml --json")
        #expect(plan.code == 0, "\(plan.all)")
        #expect(try JSONValue(parsing: plan.output.utf8)["slots"] == .number(1), "\(plan.all)")
        let all = try work.run("plan", "s.yaml", "--json")
        #expect(try JSONValue(parsing: all.output.utf8)["slots"] == .number(Double(coreCount())))
    }

    @Test
    func `Without HOME the system's word for it counts; a folder for temporary files is not needed`() throws {
        let work = try Workspace()
        try work.write(tiny, to: "s.yaml")
        let end = try work.shell(
            "exec env -u HOME -u RANKSWEEP_DATA TMPDIR=/nowhere ranksweep run s.yaml --out a")
        #expect(end.code == 0, "\(end.all)")
        #expect(try work.names() == ["a", "s.yaml"])
    }

    // MARK: - Output

    @Test
    func `Standard output on a full disk: every command says so and ends with code 4, its work done`() throws
    {
        let work = try Workspace()
        try work.write(tiny, to: "s.yaml")
        for command in [
            "ranksweep run s.yaml --out a", "ranksweep plan s.yaml", "ranksweep plan s.yaml --json",
            "ranksweep status a",
            "ranksweep status a --json", "ranksweep check a", "ranksweep figures a", "ranksweep resume a",
            "ranksweep --help",
            "ranksweep run --help", "ranksweep --version", "ranksweep-worker --help",
            "ranksweep-worker --version",
        ] {
            let end = try work.shell("exec \(command) >/dev/full")
            #expect(end.code == 4, "\(command): \(end.all)")
            let words = "error: can't write to standard output: No space left on device;"
            #expect(end.errors.components(separatedBy: words).count == 2, "\(command): \(end.all)")
        }
        #expect(work.exists("a/report.html"))
        #expect(try work.run("check", "a").code == 0)
        let closed = try work.shell("exec ranksweep plan s.yaml >&-")
        #expect(closed.code == 4 && closed.errors.contains("Bad file descriptor"), "\(closed.all)")
    }

    @Test func `A reader that closes its pipe early is no error`() throws {
        let work = try Workspace()
        try work.write(tiny, to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "a").code == 0)
        for command in ["plan s.yaml", "status a", "check a", "figures a", "--help"] {
            let end = try work.shell("ranksweep \(command) | true; exit ${PIPESTATUS[0]}")
            #expect(end.code == 0 && end.errors.isEmpty, "\(command): \(end.all)")
        }
    }

    @Test func `Names that are not UTF-8 are refused before anything is made`() throws {
        let work = try Workspace()
        try work.write(tiny, to: "s.yaml")
        for line in [
            "ranksweep run s.yaml --out $'bad\\xffutf8'", "ranksweep plan $'bad\\xffutf8'",
            "RANKSWEEP_DATA=$'bad\\xffutf8' ranksweep run s.yaml --out a",
            "ranksweep-worker --connect tcp://127.0.0.1:9 --data $'bad\\xffutf8'",
        ] {
            let end = try work.shell(line)
            #expect(end.code == 2, "\(line): \(end.all)")
            #expect(end.errors.contains("is not UTF-8: 'bad\\xffutf8'"), "\(line): \(end.all)")
        }
        #expect(try work.names() == ["s.yaml"])
    }
}
