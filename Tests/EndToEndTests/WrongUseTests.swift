import Foundation
import Testing
import Text

/// Mistakes of a new user: one clear message, exit code 2, and nothing done.
@Suite struct WrongUseTests {
    @Test(arguments: [
        ([], "usage: ranksweep"),
        (["rum", "s.yaml"], "no command 'rum'; did you mean 'run'?"),
        (["--quick", "run"], "no option '--quick' before a command"),
        (["run"], "SWEEP is missing"),
        (["run", "s.yaml", "t.yaml"], "'t.yaml' is one argument too many"),
        (["run", "s.yaml", "--worker", "2"], "no option '--worker'; did you mean '--workers'?"),
        (
            ["run", "s.yaml", "--workers", "two"],
            "--workers must be a whole number from 0 to 1024, not 'two'"
        ),
        (["run", "s.yaml", "--workers", "0"], "--workers 0 starts no workers"),
        (["run", "s.yaml", "--out"], "--out needs a value"),
        (["run", "s.yaml", "--workers", "3", "--slots", "2"], "--workers 3 need a slot each"),
        (["run", "s.yaml", "--out", "s.yaml"], "s.yaml"),
        (["run", "s.yml"], "s.yml: no such file; did you mean 's.yaml'?"),
        (["run", "."], ".: a folder, not a sweep file"),
        (["run", "s.yaml", "--listen", "5555"], "'5555' is no address"),
        (["run", "s.yaml", "--listen", "tcp://0.0.0.0:5555"], "add --insecure"),
        (["run", "s.yaml", "--set", "bta=1"], "did you mean 'beta'?"),
        (["run", "s.yaml", "--set", "beta"], "--set"),
        (["run", "images.yaml"], "the sweep needs mnist"),
        (["resume", "s.yaml"], "to start a sweep: ranksweep run s.yaml"),
        (["resume", "nowhere"], "nowhere: no such run directory"),
        (["status", "."], "not a run directory"),
        (["figures", "nowhere", "--format", "jpg"], "'jpg' must be one of svg, png, pdf"),
        (["plan", "broken.yaml"], "broken.yaml:2:"),
        (["completions", "fissh"], "no shell 'fissh'; did you mean 'fish'?"),
        (["completions", "powershell"], "no shell 'powershell'; choose from bash, zsh or fish"),
        (["man", "run", "--out", "m"], "--out writes the pages of all commands: leave out 'run'"),
        (["new"], "ranksweep init"),
        (["run", "images.yaml"], "'ranksweep data fetch mnist'"),
        (["data", "fetch"], "NAME is missing"),
        (["data", "fech", "mnist"], "did you mean 'fetch'?"),
        (["data", "fetch", "minst"], "no data set 'minst'; did you mean 'mnist'?"),
        (["data", "verify", "cifar"], "'cifar' is called 'cifar-10' here"),
        (["data", "fetch", "all", "--mirror", "http://localhost"], "name that set in place of 'all'"),
        (["data", "fetch", "mnist", "--mirror", "-o/x"], "does not begin with http://"),
        (["data", "verify", "mnist", "--mirror", "http://localhost"], "'verify' fetches nothing"),
        (
            ["shard", "s.yaml", "--index", "7", "--count", "7", "--out", "x"],
            "counted from 0, the last is 6"
        ),
        (["shard", "s.yaml", "--index", "-1", "--count", "7", "--out", "x"], "from 0 to 6, not '-1'"),
        (["shard", "s.yaml", "--count", "7", "--out", "x"], "--index I is missing"),
        (["shard", "s.yaml", "--index", "0", "--out", "x"], "--count N is missing"),
        (["shard", "s.yaml", "--index", "0", "--count", "7"], "--out FILE is missing"),
        (["shard", "s.yaml", "--index", "0", "--count", "7", "--out", "."], "a folder"),
        (["shard", "s.yaml", "--indx", "0"], "did you mean '--index'?"),
        (["merge"], "FILE|DIR… is missing"),
        (["merge", "s.yaml"], "--out DIR is missing"),
        (["merge", "s.yaml", "--out", "m"], "s.yaml: not a shard's file"),
        (["merge", ".", "--out", "m"], ".: not a run directory"),
        (["merge", "s.yaml", "--out", "m", "--set", "seed=0"], "go with --sweep"),
    ])
    func `A wrong command line is an error that says why`(arguments: [String], message: String) throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        try work.write("name: x\nexperimint: vib\n", to: "broken.yaml")
        try work.write(
            "name: i\nmodel: mlp\ndataset: mnist\ntraining: {epochs: 1}\n", to: "images.yaml")
        let end = try work.start("ranksweep", arguments).wait()
        #expect(end.code == 2)
        #expect(end.errors.contains(message), "\(end.errors)")
        #expect(end.output.isEmpty)
        // Without a command the answer is the list of commands, a line each.
        #expect(end.errors.split(separator: "\n").count <= (arguments.isEmpty ? 35 : 25))
        #expect(!end.errors.contains("Fatal") && !end.errors.contains(".swift:"))
        #expect(!work.exists("runs"))
    }

    @Test(arguments: [
        ([], "--connect tcp://HOST:PORT is missing"),
        (["--connect", "localhost"], "'localhost' is no address"),
        (
            ["--connect", "tcp://127.0.0.1:1", "--slots", "0"],
            "--slots must be a whole number from 1 to 1024"
        ),
        (["--conect", "x"], "did you mean '--connect'?"),
        (["tcp://127.0.0.1:1"], "one argument too many"),
    ])
    func `A wrong worker's line is, too`(arguments: [String], message: String) throws {
        let work = try Workspace()
        let end = try work.start("ranksweep-worker", arguments).wait()
        #expect(end.code == 2)
        #expect(end.errors.contains(message), "\(end.errors)")
    }

    @Test func `A run directory is not run into twice`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--set", "seed=0").code == 0)
        let records = try work.bytes("runs/small/records.ndjson")
        let second = try work.run("run", "s.yaml", "--set", "seed=1")
        #expect(second.code == 2)
        #expect(second.errors.contains("ranksweep resume runs/small"))
        #expect(try work.bytes("runs/small/records.ndjson") == records)
    }

    @Test func `Damaged files of a run are named`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "a", "--set", "seed=0").code == 0)
        try work.write(String(repeating: "garbage", count: 2000), to: "a/journal.sqlite")
        for command in ["resume", "status"] {
            let end = try work.run(command, "a")
            #expect(end.code == 2)
            #expect(end.errors.contains("a/journal.sqlite: not a journal"), "\(end.errors)")
        }
        try work.write("{", to: "a/sweep.json")
        let end = try work.run("status", "a")
        #expect(end.code == 2)
        #expect(end.errors.contains("a/sweep.json:"), "\(end.errors)")
    }

    @Test(arguments: [
        ["--help"], ["help", "run"], ["run", "--help"], ["plan", "-h"], ["--version"],
    ])
    func `Help and versions are on standard output, with code 0`(arguments: [String]) throws {
        let work = try Workspace()
        let end = try work.start("ranksweep", arguments).wait()
        #expect(end.code == 0)
        #expect(end.output.contains("ranksweep") && end.errors.isEmpty)
    }

    @Test
    func `A run that could not begin leaves nothing behind; a resume that could not changes nothing`() throws
    {
        let work = try Workspace()
        try work.write(smallSweep(steps: 70_000), to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a"])
        try eventually("it runs") { run.errors.contains("worker on") }
        let status = try JSONValue(parsing: work.run("status", "a", "--json").output.utf8)
        let taken = try #require(status["coordinator"]?["address"]?.string)
        let refused = try work.run("run", "s.yaml", "--out", "b", "--listen", taken)
        #expect(refused.code == 2)
        #expect(refused.errors.contains("Address already in use"))
        #expect(!work.exists("b"))
        let other = try work.start("ranksweep", ["run", "s.yaml", "--out", "c"])
        try eventually("it runs") { other.errors.contains("worker on") }
        other.signal(SIGINT)
        #expect(try other.wait().code == 3)
        #expect(try work.run("resume", "c", "--listen", taken).code == 2)
        run.signal(SIGKILL)
        _ = try run.wait()
        // With the workers it had before, not waiting for others.
        let again = try work.start("ranksweep", ["resume", "c"])
        try eventually("its own worker comes") { again.errors.contains("worker on") }
        again.signal(SIGTERM)
        #expect(try again.wait().code == 3)
    }

    @Test func `Records whose journal is gone are not overwritten, and can still be drawn`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "a", "--set", "seed=0").code == 0)
        let records = try work.bytes("a/records.ndjson")
        try FileManager.default.removeItem(at: work.folder.appending(path: "a/journal.sqlite"))
        for words in [["run", "s.yaml", "--out", "a"], ["resume", "a"], ["status", "a"]] {
            let end = try work.start("ranksweep", words).wait()
            #expect(end.code == 2, "\(end.all)")
            #expect(try work.bytes("a/records.ndjson") == records)
        }
        #expect(try work.run("figures", "a", "--format", "svg").code == 0)
        try work.write("garbage", to: "a/journal.sqlite")
        let drawn = try work.run("figures", "a", "--format", "svg")
        #expect(drawn.code == 0)
        #expect(drawn.errors.contains("drawn from a/records.ndjson as it is"))
    }

    @Test func `One of several runs started at once into one directory wins, whole`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        let runs = try (1...4).map { number in
            try work.start("ranksweep", ["run", "s.yaml", "--out", "a", "--set", "beta=0.\(number)"])
        }
        let codes = try runs.map { try $0.wait().code }
        #expect(codes.sorted() == [0, 2, 2, 2])
        let status = try JSONValue(parsing: work.run("status", "a", "--json").output.utf8)
        #expect(status["state"] == .string("done") && status["done"] == .number(5))
    }

    @Test func `A kernel that OpenBLAS does not have is refused, not replaced`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        let end = try work.run("run", "s.yaml", "--blas-kernel", "Foo")
        #expect(end.code == 2)
        #expect(end.errors.contains("no kernel 'Foo'"), "\(end.errors)")
    }

    @Test func `A strict sweep is by one kernel, that of its first records, and says so to others`() throws {
        let work = try Workspace()
        try work.write(smallSweep() + "\nreproducibility: strict\n", to: "s.yaml")
        let first = try work.run("run", "s.yaml", "--out", "a", "--blas-kernel", "Nehalem")
        #expect(first.code == 0, "\(first.all)")
        let more = try work.run("extend", "a", "--set", "seed=0,1,2,3,4,5")
        #expect(more.code == 0, "\(more.all)")
        let other = try work.run("resume", "a", "--blas-kernel", "Sandybridge")
        #expect(other.code == 2)
        #expect(
            other.errors.contains(
                "its OpenBLAS kernel is Sandybridge, the run's is Nehalem, and the sweep says "
                    + "'reproducibility: strict': start it with --blas-kernel Nehalem"), "\(other.errors)")
        let same = try work.run("resume", "a", "--blas-kernel", "Nehalem")
        #expect(same.code == 0 && same.output.contains("48 measured"), "\(same.all)")
        #expect(try work.run("check", "a").code == 0)
        // The sweep's settings for its workers are no part of its identity.
        try work.write(smallSweep(), to: "t.yaml")
        let plans = try ["s.yaml", "t.yaml"].map { file in
            try JSONValue(parsing: work.run("plan", file, "--json").output.utf8)["digest"]
        }
        #expect(plans[0] != nil && plans[0] == plans[1])
    }

    /// With RANKSWEEP_UPDATE_SNAPSHOTS=1 the helps are written into the page instead.
    @Test func `docs/commands.md says what --help says`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "docs/commands.md")
        var page = try String(contentsOf: file, encoding: .utf8)
        let work = try Workspace()
        let plain = ["COLUMNS": ""]
        let overview = try work.run("--help", environment: plain).output
        let list = overview.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
        let commands = list.compactMap { $0.split(separator: " ").first.map { ["ranksweep", String($0)] } }
        #expect(commands.count > 15, "\(overview)")
        for words in [["ranksweep"]] + commands + [["ranksweep-worker"]] {
            let help = try work.start(words[0], words.dropFirst() + ["--help"], environment: plain).wait()
                .output
            let head = "## \(words.joined(separator: " "))\n\n```text\n"
            let start = try #require(page.firstRange(of: head)?.upperBound, "no section \(words)")
            let end = try #require(page[start...].firstRange(of: "```")?.lowerBound)
            if ProcessInfo.processInfo.environment["RANKSWEEP_UPDATE_SNAPSHOTS"] == "1" {
                page.replaceSubrange(start..<end, with: help)
            } else {
                #expect(page[start..<end] == help, "\(words)")
            }
        }
        if ProcessInfo.processInfo.environment["RANKSWEEP_UPDATE_SNAPSHOTS"] == "1" {
            try page.write(to: file, atomically: true, encoding: .utf8)
        }
    }

    @Test func `A plan is JSON that says how much there is to do`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        let end = try work.run("plan", "s.yaml", "--json")
        #expect(end.code == 0)
        let json = try JSONValue(parsing: end.output.utf8)
        #expect(json["trials"] == .number(40) && json["points"] == .number(8) && json["seeds"] == .number(5))
        #expect((json["cost"]?["core_hours"]?.number ?? 0) > 0)
    }

    @Test func `Ten million trials are planned without being made`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        let end = try work.run("plan", "s.yaml", "--set", "seed={range: [0, 1250000]}")
        #expect(end.code == 0)
        #expect(end.output.contains("10 000 000"))
        let refused = try work.run("plan", "s.yaml", "--set", "seed={range: [0, 1000000000000]}")
        #expect(refused.code == 2)
    }
}
