import Records
import Foundation
import Sweep
import Testing
import Text
import Transport
import Wire

/// Workers and records of other sources than the coordinator's.
@Suite(.serialized) struct CommitTests {
    private func hello(_ commit: String) -> WorkerMessage {
        .hello(
            WorkerMessage.Hello(
                program: programVersion, host: "far", process: 7, slots: 1, cpu: "", kernel: "Haswell",
                held: [],
                commit: commit))
    }

    /// A coordinator with a worker that says this hello, and what it answers first.
    private func meet(_ work: Workspace, _ sweep: String, commit: String) throws -> (
        Program, CoordinatorMessage?, WorkerSocket
    ) {
        try work.write(sweep, to: "s.yaml")
        let coordinator = try work.start(
            "ranksweep", ["run", "s.yaml", "--out", "r", "--listen", "tcp://127.0.0.1:*"])
        let address = try coordinator.listeningAddress()
        let socket = try WorkerSocket(connectingTo: Endpoint(parsing: address), as: WorkerID(7))
        try eventually("it is connected") { socket.news().contains(.connected) }
        #expect(socket.send(hello(commit).encoded))
        var answer: CoordinatorMessage?
        try eventually("it is answered", of: coordinator) {
            answer = try socket.receive().map { try CoordinatorMessage(decoding: $0) }
            return answer != nil
        }
        // Twice: the user hears of a worker once.
        #expect(socket.send(hello(commit).encoded))
        try eventually("it is answered again", of: coordinator) { socket.receive() != nil }
        return (coordinator, answer, socket)
    }

    @Test func `A strict run refuses a worker of another commit, and says so to both`() throws {
        let work = try Workspace()
        let (coordinator, answer, socket) = try meet(
            work, smallSweep() + "\nreproducibility: strict\n", commit: "0123456789")
        let words = "it was built from commit 0123456789, the coordinator from "
        guard case .refuse(let reason)? = answer else {
            Issue.record("it was answered with \(String(describing: answer))")
            return
        }
        #expect(reason.hasPrefix(words) && reason.contains("'reproducibility: strict'"), "\(reason)")
        #expect(
            coordinator.errors.contains("warning: a worker was refused: \(words)"), "\(coordinator.errors)")
        // Nor a record that follows the refused hello.
        let spec = try SweepSpec(parsing: work.text("s.yaml"), file: "s.yaml")
        let report = WorkerMessage.Report(
            lease: LeaseID(1), trial: 0, id: spec.grid[0].id, attempt: 1, body: Array("{}".utf8),
            provenance: Provenance(
                host: "far", process: 7, slot: 0, cpu: "", kernel: "Haswell", startMilliseconds: 0,
                seconds: 1, peakMemoryBytes: 1, commit: "0123456789"))
        #expect(socket.send(WorkerMessage.report(report).encoded))
        try eventually("the record is refused", of: coordinator) {
            guard let bytes = socket.receive() else { return false }
            guard case .refuse(let reason) = try CoordinatorMessage(decoding: bytes) else { return false }
            return reason.hasPrefix(words)
        }
        coordinator.signal(SIGTERM)
        #expect(try coordinator.wait().code == 3)
    }

    @Test func `A recorded run takes it, warns once a worker, and status counts it`() throws {
        let work = try Workspace()
        let (coordinator, answer, _) = try meet(work, smallSweep(), commit: "0123456789")
        guard case .welcome? = answer else {
            Issue.record("it was answered with \(String(describing: answer))")
            return
        }
        let words = "warning: the worker on far was built from commit 0123456789, the coordinator from "
        #expect(coordinator.errors.components(separatedBy: words).count == 2, "\(coordinator.errors)")
        #expect(
            try work.run("status", "r").output.contains("1 worker is of another commit than the coordinator"))
        let live = try JSONValue(parsing: work.run("status", "r", "--json").output.utf8)["live"]
        #expect(live?["commit"] == .string(programCommit))
        #expect(live?["workers"]?.array?.first?["commit"] == .string("0123456789"))
        coordinator.signal(SIGTERM)
        #expect(try coordinator.wait().code == 3)
    }

    @Test
    func `Records name their commit through shards and merge; a strict sweep accepts one commit`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 5), to: "s.yaml")
        try work.write(smallSweep(steps: 5) + "\nreproducibility: strict\n", to: "strict.yaml")
        for index in [0, 1] {
            let end = try work.run(
                "shard", "s.yaml", "--index", "\(index)", "--count", "2", "--out", "\(index).ndjson")
            #expect(end.code == 0, "\(end.all)")
        }
        let own = "\"commit\":\"\(programCommit)\""
        #expect(try work.text("0.ndjson").components(separatedBy: own).count > 20)
        try foreign(work, "1.ndjson", to: "far.ndjson")

        let both = try work.run("merge", "0.ndjson", "far.ndjson", "--out", "m")
        #expect(both.code == 0, "\(both.all)")
        // In the order of their names.
        let words = ["0123456789", programCommit].sorted().map { "20 by commit \($0)" }
            .joined(separator: ", ").replacing("20 by", with: "20 records by", maxReplacements: 1)
        let status = try work.run("status", "m").output
        #expect(status.contains(words), "\(status)")
        let check = try work.run("check", "m")
        #expect(
            check.code == 0 && check.output.contains("note  provenance: ") && check.output.contains(words),
            "\(check.all)")
        #expect(try work.text("m/provenance.ndjson").contains("\"commit\":\"0123456789\""))
        let json = try JSONValue(parsing: work.run("status", "m", "--json").output.utf8)
        #expect(json["commits"]?.array?.count == 2)

        let refused = try work.run("merge", "0.ndjson", "far.ndjson", "--sweep", "strict.yaml", "--out", "n")
        #expect(refused.code == 2 && refused.errors.contains("by 2 commits:"), "\(refused.all)")
        #expect(
            refused.errors.contains("  commit 0123456789: far.ndjson\n") && !work.exists("n"),
            "\(refused.all)")
        // All by another: that is one, but this program cannot go on with it.
        let far = try work.run("merge", "far.ndjson", "--sweep", "strict.yaml", "--out", "f")
        #expect(far.code == 1, "\(far.all)")
        let resumed = try work.run("resume", "f")
        #expect(
            resumed.code == 2
                && resumed.errors.contains("by commit 0123456789, this program was built from "),
            "\(resumed.all)")
        let checked = try work.run("check", "f").output
        #expect(checked.contains("ok    provenance: every record is by commit 0123456789"), "\(checked)")
    }

    @Test func `A bundle of other or unknown sources is refused before anything is sent`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        let hosts = try PretendedHosts(work)
        try hosts.cluster("[one]")
        func message(version: String?) throws -> String {
            if let version {
                try work.write(version, to: "bundle/VERSION")
            } else {
                try FileManager.default.removeItem(at: work.folder.appending(path: "bundle/VERSION"))
            }
            let pack = ["-czf", "other.tar.gz", "-C", "bundle", "."]
            #expect(try work.start("/bin/tar", pack).wait().code == 0)
            let end = try hosts.launch("s.yaml", "--bundle", "other.tar.gz").wait()
            #expect(end.code == 2, "\(end.all)")
            return end.errors
        }
        let foreign = try message(
            version: "ranksweep-worker 0.1.0, commit 0123456789, for x86_64 with glibc 2.36 or newer\n")
        #expect(
            foreign.contains(
                "other.tar.gz: its worker was built from commit 0123456789, this program from commit \(programCommit)"
            ))
        #expect(foreign.contains("nothing was sent"))
        #expect(try message(version: nil).contains("it does not say which sources its worker was built from"))
        #expect(!work.exists("runs") && !work.exists("homes/calls"))
    }

    @Test
    func `A recorded run names the other commit of a worker at its end, and a strict run refuses it`() throws
    {
        let work = try Workspace()
        try work.write(smallSweep(steps: 5), to: "s.yaml")
        try work.write(smallSweep(steps: 5) + "\nreproducibility: strict\n", to: "strict.yaml")
        let other = String(programCommit.dropLast()) + (programCommit.hasSuffix("x") ? "y" : "x")
        let program = try work.worker(of: other)
        let version = try work.start(program, ["--version"]).wait().output
        #expect(version.contains(", commit \(other)\n"), "\(version)")
        func begin(_ sweep: String) throws -> (Program, Program) {
            let coordinator = try work.start(
                "ranksweep", ["run", sweep, "--out", "\(sweep).run", "--listen", "tcp://127.0.0.1:*"])
            let address = try coordinator.listeningAddress()
            return (coordinator, try work.start(program, ["--connect", address, "--slots", "1"]))
        }
        let (recorded, its) = try begin("s.yaml")
        let end = try recorded.wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(
            end.output.contains("every record is by commit \(other), but this program was built from "),
            "\(end.output)")
        #expect(
            end.errors.components(separatedBy: " was built from commit \(other), the coordinator from ").count
                == 2)
        #expect(try its.wait().code == 0)
        let (strict, refused) = try begin("strict.yaml")
        let worker = try refused.wait()
        #expect(worker.code == 2)
        #expect(
            worker.errors.contains(
                "error: the coordinator refused this worker: it was built from commit \(other), the "),
            "\(worker.errors)")
        #expect(
            strict.errors.contains("warning: a worker was refused: it was built from commit \(other), the "))
        strict.signal(SIGTERM)
        #expect(try strict.wait().code == 3)
    }

    /// A shard's file as a program of another commit would write it, with its own checksum right.
    private func foreign(_ work: Workspace, _ name: String, to other: String) throws {
        let lines = try work.text(name).split(separator: "\n").map(String.init).map {
            $0.replacingOccurrences(of: "\"commit\":\"\(programCommit)\"", with: "\"commit\":\"0123456789\"")
        }
        let text = lines.dropLast().map { $0 + "\n" }.joined()
        let end = try #require(try JSONValue(parsing: (lines.last ?? "").utf8)["end"])
        let counts = try ["attempts", "records"].map { try #require(end[$0]?.number.map { Int($0) }) }
        try work.write(
            text + "{\"end\":{\"attempts\":\(counts[0]),\"records\":\(counts[1]),\"sha256\":\""
                + Digest(of: text).hexadecimal() + "\"}}\n", to: other)
    }
}

extension Workspace {
    /// A copy of this build's worker that says it is of another commit, as long as the true one.
    fileprivate func worker(of commit: String) throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var bytes = try Data(
            contentsOf: URL(filePath: own).deletingLastPathComponent().appending(path: "ranksweep-worker"))
        let found = Data(programCommit.utf8)
        while let position = bytes.range(of: found) {
            bytes.replaceSubrange(position, with: Data(commit.utf8))
        }
        let path = folder.appending(path: "other-worker").path
        try bytes.write(to: URL(filePath: path))
        chmod(path, 0o755)
        return path
    }
}
