import Foundation
import Sweep
import Testing
import Text

/// An operator's commands from another terminal, through real programs.
@Suite(.serialized) struct OperatorCommandTests {
    @Test
    func `A run is paused and goes on, is drained with code 3, and is resumed to the same bytes`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20_000), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        // Longer than the address of a socket may be.
        let name = "run-" + String(repeating: "x", count: 120)
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", name])
        try work.waitForRecords(name)

        let pause = try work.run("pause", name)
        #expect(pause.code == 0 && pause.output.contains("paused: no new trials start"), "\(pause.all)")
        #expect(pause.output.contains("ranksweep unpause \(name)"))
        try eventually("no trial is running") { try work.status(name)["live"]?["leased"] == .number(0) }
        let paused = try work.status(name)
        #expect(paused["state"] == .string("paused"))
        #expect(try #require(paused["done"]?.number) < 40)
        #expect(try work.run("pause", name).output.contains("is already paused"))
        #expect(try work.run("status", name).output.contains("paused: process \(run.pid)"))
        #expect(run.isRunning)
        let extend = try work.run("extend", name, "--set", "seed={range: [0, 9]}")
        #expect(
            extend.code == 2 && extend.errors.contains("'ranksweep drain' or 'cancel' ends it"),
            "\(extend.all)")

        // One that is stopped hears later; whoever asked is told so meanwhile.
        kill(run.pid, SIGSTOP)
        let asked = try work.start("ranksweep", ["pause", name])
        try eventually("the command says what it waits for") { asked.errors.contains("does not answer") }
        #expect(asked.isRunning)
        kill(run.pid, SIGCONT)
        #expect(try asked.wait().code == 0)

        #expect(try work.run("unpause", name).output.contains("trials start again"))
        try eventually("more is done") {
            (try work.status(name)["done"]?.number ?? 0) > (paused["done"]?.number ?? 40)
        }
        let drain = try work.run("drain", name)
        #expect(drain.code == 0 && drain.output.contains("ranksweep resume \(name)"), "\(drain.all)")
        let end = try run.wait()
        #expect(end.code == 3, "\(end.all)")
        #expect(end.errors.contains("ranksweep resume \(name)"))
        // Running trials were allowed to end: there is no attempt without its record.
        #expect(try !work.text("\(name)/provenance.ndjson").contains("failed"))
        #expect(try processes(with: "ranksweep-worker", work.folder.path).isEmpty)
        #expect(!work.exists("\(name)/control.sock"))
        #expect(try work.run("resume", name).code == 0)
        #expect(try work.bytes("\(name)/records.ndjson") == work.bytes("calm/records.ndjson"))

        for command in ["pause", "drain", "cancel"] {
            let late = try work.run(command, name)
            #expect(late.code == 2 && late.errors.contains("no coordinator is running on \(name)"))
        }
    }

    @Test
    func `A run with a broken sweep.json can be steered, and drain reports that unpause undid it`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 2_000_000), to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a", "--slots", "1"])
        // Before, no trial is running, and a drained run ends at once.
        try eventually("a trial runs") { run.errors.contains("worker on ") }
        // In its place: a file that is replaced ends the run.
        try "{".write(
            to: work.folder.appending(path: "a/sweep.json"), atomically: false, encoding: .utf8)
        let drain = try work.start("ranksweep", ["drain", "a"])
        try eventually("it drains") { run.errors.contains("draining: no new trials start") }
        let off = try work.run("unpause", "a")
        #expect(off.code == 0 && off.output.contains("trials start again"), "\(off.all)")
        let message = try drain.wait()
        #expect(message.code == 3, "\(message.all)")
        #expect(message.errors.contains("'ranksweep unpause a' undid the drain"), "\(message.all)")
        #expect(run.isRunning)
        let pause = try work.run("pause", "a")
        #expect(pause.code == 0 && pause.output.contains("paused"), "\(pause.all)")
        let cancel = try work.run("cancel", "a")
        #expect(cancel.code == 0 && cancel.output.contains("ranksweep check a"), "\(cancel.all)")
        #expect(try run.wait().code == 3)
        #expect(try work.run("pause", "a").code == 2)
    }

    @Test
    func `A long trial tells how far it is; cancelled, its run ends with code 3 and goes on later`() throws {
        let work = try Workspace()
        let sweep = """
            name: long
            model: vib
            dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 1000}
            beta: 0.1
            training: {steps: 5000000, batch_size: 64}
            """
        try work.write(sweep, to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a"])
        try eventually("the trial tells how far it is") {
            guard work.exists("a/control.sock") else { return false }
            return (try work.status("a")["live"]?["running_fraction"]?.number ?? 0) > 0
        }
        let facts = try work.status("a")
        #expect(facts["state"] == .string("running") && facts["done"] == .number(0))
        #expect(facts["live"]?["workers"]?.array?.count == 1)
        let mode =
            try FileManager.default.attributesOfItem(
                atPath: work.folder.appending(path: "a/control.sock").path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let cancel = try work.run("cancel", "a")
        #expect(cancel.code == 0, "\(cancel.all)")
        #expect(cancel.output.contains("0 of 1 trial") && cancel.output.contains("ranksweep resume a"))
        #expect(try run.wait().code == 3)
        #expect(try processes(with: "ranksweep-worker", work.folder.path).isEmpty)
    }

    @Test
    func `An extended run ends with the whole sweep's bytes, wherever the extension was cut short`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        let seeds = "seed={range: [0, 4]}"
        #expect(
            try work.run("run", "s.yaml", "--out", "calm", "--set", seeds, "--set", "depth=2,1").code == 0)
        #expect(try work.run("run", "s.yaml", "--out", "a", "--set", "seed=2,1").code == 0)
        let before = try work.bytes("a/sweep.json")
        let files = try ["records.ndjson", "provenance.ndjson"].map { ($0, try work.bytes("a/\($0)")) }

        let less = try work.run("extend", "a", "--set", "seed=2,3")
        #expect(less.code == 2 && less.errors.contains("seed: 1 would be removed"), "\(less.all)")
        let other = try work.run("extend", "a", "--set", "training.batch_size=32")
        #expect(other.code == 2 && other.errors.contains("changes the settings of trials"), "\(other.all)")
        #expect(try work.bytes("a/sweep.json") == before)
        #expect(try work.run("extend", "a", "--set", "seed=2,1").output.contains("nothing to add"))

        let more = try work.run("extend", "a", "--set", seeds, "--set", "depth=2,1")
        #expect(more.code == 0, "\(more.all)")
        #expect(more.output.contains("48 new trials, 64 trials in all, 16 of them done"), "\(more.all)")
        // As it is where a crash came between the journal and the file.
        try before.write(to: work.folder.appending(path: "a/sweep.json"))
        for (file, bytes) in files { try bytes.write(to: work.folder.appending(path: "a/\(file)")) }
        let check = try work.run("check", "a")
        #expect(check.code == 0, "\(check.all)")
        #expect(
            check.output.contains(
                "sweep.json: an 'extend' was interrupted: the journal has 64 trials, the file still 16: "
                    + "'ranksweep resume a' completes it"), "\(check.all)")
        #expect(try work.status("a")["total"] == .number(64))
        let end = try work.run("resume", "a")
        #expect(end.code == 0, "\(end.all)")
        for file in ["records.ndjson", "sweep.json", "tables/kl.dat"] {
            #expect(try work.bytes("a/\(file)") == work.bytes("calm/\(file)"), "\(file)")
        }
        // Nothing was done twice.
        #expect(try work.text("a/provenance.ndjson").split(separator: "\n").count == 64)
    }

    @Test
    func `A trial that takes too much memory fails alone, and is reported with its machine and peak`() throws
    {
        let work = try Workspace()
        let sweep = """
            name: big
            model: mlp
            dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 1000}
            depth: 3
            axes: {width: [8, 4000]}
            training: {optimizer: adam, steps: 300, batch_size: 64}
            """
        try work.write(sweep, to: "s.yaml")
        let run = try work.run("run", "s.yaml", "--out", "a", "--memory-limit", "120M")
        #expect(run.code == 1, "\(run.all)")
        let facts = try work.status("a")
        #expect(facts["measured"] == .number(1) && facts["quarantined_trials"] == .array([.number(1)]))
        let cause = try #require(facts["causes"]?.array?.first)
        #expect(cause["cause"]?.string == "used more than 120 MiB of memory, the limit (--memory-limit)")
        #expect(cause["example_axes"]?["width"] == .number(4000))
        let attempts = try work.text("a/provenance.ndjson").split(separator: "\n").map {
            try JSONValue(parsing: $0.utf8)
        }
        for attempt in attempts where attempt["outcome"] != .string("measured") {
            #expect(try #require(attempt["peak_memory_bytes"]?.number) > 120 * 0x1p20)
        }
        for program in [["ranksweep", "run", "s.yaml", "--out", "b"], ["ranksweep-worker", "--slot"]] {
            let small = try work.start(program[0], program.dropFirst() + ["--memory-limit", "1K"]).wait()
            #expect(small.code == 2, "\(small.all)")
            #expect(small.errors.contains("--memory-limit 1K: no trial fits in that; 16 MiB is the least"))
        }
        let wrong = try work.run("run", "s.yaml", "--out", "b", "--memory-limit", "lots")
        #expect(wrong.code == 2 && wrong.errors.contains("--memory-limit must be a size such as 500M"))
    }

    @Test
    func `A slot that is killed leaves its signal's name and its last words, in status and on the page`()
        throws
    {
        let work = try Workspace()
        let sweep = """
            name: long
            model: vib
            dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 1000}
            beta: 0.1
            training: {steps: 200000, batch_size: 64}
            """
        try work.write(sweep, to: "s.yaml")
        let id = try SweepSpec(parsing: sweep, file: "s.yaml").grid[0].id.text
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "no-data/checkpoints"), withIntermediateDirectories: true)
        try work.write("not a checkpoint", to: "no-data/checkpoints/\(id).checkpoint")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a", "--slots", "1"])
        try eventually("the slot has said something") {
            run.errors.contains("the checkpoint of trial \(id) is ignored")
        }
        for slot in try processes(with: "--slot ", work.folder.path) { kill(slot, SIGSEGV) }
        let end = try run.wait()
        #expect(end.code == 0, "\(end.all)")
        let status = try work.run("status", "a").output
        #expect(status.contains("1 failed attempt: its process was killed by SIGSEGV"), "\(status)")
        #expect(status.contains("    | the checkpoint of trial \(id) is ignored"), "\(status)")
        #expect(status.contains("beta 0.1"))
        #expect(try work.text("a/provenance.ndjson").contains(#""log":["the checkpoint of trial"#))
        #expect(try work.text("a/report.html").contains("the checkpoint of trial \(id) is ignored"))
    }
}
