import Console
import Foundation
import Testing
import Text

/// The real programs, over real sockets, killed for real.
@Suite(.serialized) struct EndToEndTests {
    @Test
    func `Two workers, one killed, the coordinator killed, then resumed: the same bytes as undisturbed`()
        throws
    {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20_000), to: "s.yaml")
        let undisturbed = try work.run("run", "s.yaml", "--out", "calm")
        #expect(undisturbed.code == 0, "\(undisturbed.all)")

        let coordinator = try work.start(
            "ranksweep", ["run", "s.yaml", "--out", "storm", "--listen", "tcp://127.0.0.1:\(fixedPort())"])
        let address = try coordinator.listeningAddress()
        let workers = try (0..<2).map { _ in
            try work.start("ranksweep-worker", ["--connect", address, "--slots", "1"])
        }
        try eventually("both workers have records") {
            let status = try work.run("status", "storm", "--json")
            let json = try JSONValue(parsing: status.output.utf8)
            return json["workers"]?.array?.count == 2
        }
        workers[0].signal(SIGKILL)
        _ = try workers[0].wait()
        coordinator.signal(SIGKILL)
        #expect(try coordinator.wait().code == 128 + SIGKILL)

        let before = try JSONValue(parsing: work.run("status", "storm", "--json").output.utf8)
        let kept = try #require(before["measured"]?.number)
        #expect(before["state"] == .string("interrupted"))
        #expect(kept >= 2 && kept < 40)

        // The other worker finds the coordinator again at its address, and a third one joins.
        let again = try work.start("ranksweep", ["resume", "storm"])
        let third = try work.start("ranksweep-worker", ["--connect", address, "--slots", "1"])
        let end = try again.wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(try workers[1].wait().code == 0)
        #expect(try third.wait().code == 0)
        #expect(try work.bytes("storm/records.ndjson") == work.bytes("calm/records.ndjson"))
        #expect(try work.bytes("storm/tables/kl.dat") == work.bytes("calm/tables/kl.dat"))
        #expect(try work.bytes("storm/sweep.json") == work.bytes("calm/sweep.json"))
    }

    @Test func `Ctrl-C ends with code 3 and says how to continue; resume ends with the same bytes`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20_000), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "cut"])
        try eventually("there are records") {
            guard work.exists("cut/journal.sqlite") else { return false }
            let status = try work.run("status", "cut", "--json")
            return (try JSONValue(parsing: status.output.utf8)["done"]?.number ?? 0) > 2
        }
        run.signal(SIGINT)
        let end = try run.wait()
        #expect(end.code == 3)
        #expect(end.errors.contains("ranksweep resume cut"))
        #expect(try processes(with: "ranksweep-worker", work.folder.path).isEmpty)
        let resumed = try work.run("resume", "cut")
        #expect(resumed.code == 0, "\(resumed.all)")
        #expect(try work.bytes("cut/records.ndjson") == work.bytes("calm/records.ndjson"))
        let attempts = try work.text("cut/provenance.ndjson")
        #expect(try work.run("resume", "cut").code == 0)
        #expect(try work.text("cut/provenance.ndjson") == attempts)
    }

    @Test func `A local worker and a slot that are killed cost attempts, not records`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20_000), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "hurt"])
        func children(_ word: String) throws -> [pid_t] {
            try processes(with: "ranksweep-worker", word, work.folder.path)
        }
        func trains(_ slot: pid_t) -> Bool { cpuTicks(slot) >= 20 }
        var slot: pid_t?
        try eventually("a slot works", of: run) {
            slot = try children("--slot ").first(where: trains)
            return slot != nil
        }
        let killed = try #require(slot)
        kill(killed, SIGSEGV)
        try eventually("another slot took its place and works", of: run) {
            let slots = try children("--slot ")
            return !slots.contains(killed) && slots.count == coreCount()
                && slots.allSatisfy(trains)
        }
        for worker in try children("--quiet") { kill(worker, SIGKILL) }
        let end = try run.wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(try work.bytes("hurt/records.ndjson") == work.bytes("calm/records.ndjson"))
        #expect(try children("").isEmpty)
        // By name, at the end and afterwards.
        let lost = "lost: the worker on \(hostName()), process "
        #expect(end.output.contains(lost), "\(end.all)")
        let status = try work.run("status", "hurt").output
        #expect(status.contains(lost), "\(status)")
    }

    @Test func `When the coordinator is killed its local workers go with it`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 350_000), to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a"])
        try eventually("slots are up") { try processes(with: "--slot ", work.folder.path).count > 0 }
        run.signal(SIGKILL)
        _ = try run.wait()
        try eventually("nobody is left") { try processes(with: "ranksweep-worker", work.folder.path).isEmpty }
    }

    @Test func `A run under nohup outlives its terminal`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20_000), to: "s.yaml")
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(filePath: own).deletingLastPathComponent().appending(path: "ranksweep").path
        let run = Process()
        run.executableURL = URL(filePath: "/bin/sh")
        run.arguments = ["-c", "trap '' HUP; exec \(program) run s.yaml --out a > out 2> err"]
        run.currentDirectoryURL = work.folder
        try run.run()
        try eventually("it runs") { try work.exists("err") && work.text("err").contains("worker on") }
        kill(run.processIdentifier, SIGHUP)
        run.waitUntilExit()
        #expect(run.terminationStatus == 0)
        #expect(try work.text("out").contains("40 measured"))
    }

    @Test func `A slot that hangs costs an attempt, not the sweep`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20_000), to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a", "--trial-limit", "5"])
        try eventually("there are records") {
            guard work.exists("a/journal.sqlite") else { return false }
            let status = try work.run("status", "a", "--json")
            return (try JSONValue(parsing: status.output.utf8)["done"]?.number ?? 0) > 0
        }
        let slot = try #require(try processes(with: "--slot ", work.folder.path).first)
        kill(slot, SIGSTOP)
        let end = try run.wait()
        #expect(end.code == 0, "\(end.all)")
        // The cause of a trial, or of a slot with several, where no trial is blamed yet.
        #expect(end.all.contains("ran longer than the limit of 5 s"))
        #expect(try processes(with: "ranksweep-worker", work.folder.path).isEmpty)
    }

    @Test func `A second coordinator is refused, and the first is named`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 350_000), to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a"])
        try eventually("it runs") { run.errors.contains("worker on") }
        let second = try work.run("resume", "a")
        #expect(second.code == 2)
        #expect(second.errors.contains("process \(run.pid)"))
        let status = try work.run("status", "a")
        #expect(status.output.contains("running: process \(run.pid)"))
        run.signal(SIGTERM)
        #expect(try run.wait().code == 3)
    }

    @Test func `A trial that diverges is a record, and the sweep is done`() throws {
        let work = try Workspace()
        let sweep = smallSweep().replacingOccurrences(
            of: "learning_rate: 1e-2", with: "optimizer: sgd, learning_rate: 1e6")
        try work.write(sweep, to: "s.yaml")
        let end = try work.run("run", "s.yaml", "--out", "a", "--set", "seed=0")
        #expect(end.code == 0, "\(end.all)")
        #expect(end.output.contains("8 diverged"))
        for line in try work.text("a/records.ndjson").split(separator: "\n") {
            let record = try JSONValue(parsing: line.utf8)
            #expect(record["outcome"] == .string("diverged"))
            #expect((1...30).contains(try #require(record["diverged_at_step"]?.number)))
        }
    }

    @Test func `Without gnuplot the tables are written, and the message says what to install`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        let end = try work.run(
            "run", "s.yaml", "--out", "a", "--set", "seed=0", environment: ["PATH": work.folder.path])
        #expect(end.code == 0, "\(end.all)")
        #expect(end.output.contains("apt install gnuplot"))
        #expect(work.exists("a/tables/kl.dat") && work.exists("a/figures/kl.gp"))
        #expect(!work.exists("a/figures/kl.svg"))
        #expect(try work.text("a/report.html").contains("apt install gnuplot"))
    }

    @Test func `Figures are drawn again from the records`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "a", "--set", "seed=0").code == 0)
        let table = try work.bytes("a/tables/kl.dat")
        for name in ["tables", "figures", "records.ndjson"] {
            try FileManager.default.removeItem(at: work.folder.appending(path: "a/\(name)"))
        }
        let end = try work.run("figures", "a", "--format", "svg")
        #expect(end.code == 0, "\(end.all)")
        #expect(try work.bytes("a/tables/kl.dat") == table)
        #expect(work.exists("a/figures/kl.svg") && !work.exists("a/figures/kl.pdf"))
    }

    @Test func `A run leaves a page with its figures; without a journal the records suffice for it`() throws {
        let work = try Workspace()
        let more = "\n  - {name: rank, x: beta, y: {metric: local_rank, threshold: 0.1, layer: last}}\n"
        try work.write(smallSweep() + more, to: "s.yaml")
        let run = try work.run("run", "s.yaml", "--out", "a", "--set", "seed=0,1")
        #expect(run.code == 0, "\(run.all)")
        #expect(run.output.contains("report   a/report.html\n"))
        let page = try work.text("a/report.html")
        for name in ["kl", "rank"] { #expect(page.contains("<figure id=\"figure-\(name)\">")) }
        #expect(page.contains("16</b> measured") && page.contains("id=\"provenance\""))
        #expect(page.components(separatedBy: "<svg").count == (work.exists("a/figures/kl.svg") ? 3 : 1))

        // The same from a copy of its inputs; and what is not known is not told.
        #expect(try work.run("figures", "a").code == 0)
        #expect(try work.text("a/report.html") == page)
        for name in ["journal.sqlite", "provenance.ndjson", "report.html"] {
            try FileManager.default.removeItem(at: work.folder.appending(path: "a/\(name)"))
        }
        #expect(try work.run("figures", "a").code == 0)
        let bare = try work.text("a/report.html")
        #expect(bare.contains("16</b> measured") && !bare.contains("id=\"provenance\""))
    }
}
