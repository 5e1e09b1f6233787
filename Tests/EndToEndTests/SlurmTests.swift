import Console
import Foundation
import Glibc
import Testing
import Text
import Transport

@testable import CoordinatorService

/// A real Slurm of three nodes on this machine. Skipped, with the reason, where it cannot run.
@Suite("Slurm", .serialized) struct SlurmTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "cluster/testbed/slurm.sh").path

    private static func run(_ program: String, _ arguments: [String], _ environment: [String: String] = [:])
        throws -> (code: Int32, text: String)
    {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        // Daemons keep what they inherit open.
        let errors = FileManager.default.temporaryDirectory.appending(path: "slurm-\(UUID().uuidString)")
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        let output = pipe.fileHandleForReading
        _ = fcntl(output.fileDescriptor, F_SETFL, O_NONBLOCK)
        let text = String(decoding: output.availableData, as: UTF8.self)
        return (process.terminationStatus, text + ((try? String(contentsOf: errors, encoding: .utf8)) ?? ""))
    }

    /// A bed, and what a test does with it.
    private final class Bed {
        let folder: String
        let nodes: Int

        init?(_ folder: String, nodes: Int) throws {
            self.folder = folder
            self.nodes = nodes
            let up = try SlurmTests.run(SlurmTests.script, ["up", String(nodes), folder], ["CPUS": "1"])
            if up.code == 77 {
                print("skipped: \(up.text)")
                return nil
            }
            try #require(up.code == 0, "\(up.text)")
            setenv("SLURM_CONF", "\(folder)/slurm.conf", 1)
        }

        func call(_ arguments: String...) throws {
            let call = try SlurmTests.run(SlurmTests.script, arguments + [folder])
            #expect(call.code == 0, "\(call.text)")
        }

        /// Running jobs: identifier and node.
        func running() throws -> [(id: String, node: String)] {
            let list = try SlurmTests.run("/usr/bin/squeue", ["-h", "-r", "-t", "R", "-o", "%i %N"])
            return list.text.split(separator: "\n").map { line in
                let words = line.split(separator: " ")
                return (String(words[0]), words.count > 1 ? String(words[1]) : "")
            }
        }

        deinit {
            _ = try? SlurmTests.run(SlurmTests.script, ["down", folder])
            unsetenv("SLURM_CONF")
        }
    }

    private func settings(_ work: Workspace) throws -> SlurmJobSettings {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let worker = URL(filePath: own).deletingLastPathComponent().appending(path: "ranksweep-worker").path
        var settings = SlurmJobSettings(folder: work.folder.appending(path: "shared").path, worker: worker)
        settings.maximum = 3
        settings.minimum = 3
        // Slurm's shortest: 15 s of work, 45 s of margin.
        settings.time = "1"
        settings.data = work.folder.appending(path: "no-data").path
        return settings
    }

    @Test(
        "Jobs run a sweep to the same bytes, though one is cancelled, a node dies, and all reach their time limit")
    func sweep() throws {
        let work = try Workspace()
        guard let bed = try Bed(work.folder.appending(path: "bed").path, nodes: 3) else { return }
        try work.write(smallSweep(steps: 30_000), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        #expect(try work.run("keys", "new", "keys").code == 0)
        let coordinator = try work.start(
            "ranksweep", ["run", "s.yaml", "--out", "many", "--listen", "tcp://127.0.0.1:*", "--keys", "keys"])
        try eventually("the coordinator listens") { coordinator.errors.contains("listening at tcp://") }
        let line = try #require(coordinator.errors.split(separator: "\n").first { $0.hasPrefix("listening at") })
        let address = String(line.split(separator: " ")[2].dropLast())
        var jobs = try SlurmJobs(
            settings(work), connect: address,
            keys: CoordinatorKeyFolder(reading: work.folder.appending(path: "keys").path),
            run: work.folder.appending(path: "many").path, listMilliseconds: 1000)
        var lines: [String] = []
        func follow(_ what: String, seconds: Int = 120, until: () throws -> Bool) throws {
            let demand = WorkerDemand(trialsLeft: 40, rate: nil, workers: 0, slots: 0, isEnding: false)
            for _ in 0..<10 * seconds {
                lines += try jobs.poll(at: monotonicMilliseconds(), demand).lines
                if try until() { return }
                usleep(100_000)
            }
            Issue.record("in vain: \(what); \(lines) \(coordinator.errors)")
        }
        try follow("three jobs") { try bed.running().count == 3 }
        try follow("three workers") { coordinator.errors.components(separatedBy: "worker on ").count > 3 }
        let victim = try #require(try bed.running().first { $0.node == "n1" })
        _ = try Self.run("/usr/bin/scancel", [victim.id])
        try follow("another in its place") {
            try bed.running().contains { $0.node == "n1" && $0.id != victim.id }
        }
        try bed.call("kill-node", "n2")
        try follow("the sweep is done", seconds: 240) { !coordinator.isRunning }
        let end = try coordinator.wait()
        #expect(end.code == 0, "\(end.all)")
        jobs.stop(ask: false)
        #expect(try bed.running().allSatisfy { $0.node == "n2" })

        #expect(try work.bytes("many/records.ndjson") == work.bytes("calm/records.ndjson"))
        // One record a trial, and no attempt that failed: what was interrupted is nobody's fault.
        let attempts = try work.text("many/provenance.ndjson").split(separator: "\n").map {
            try JSONValue(parsing: $0.utf8)
        }
        #expect(attempts.count == 40)
        #expect(attempts.allSatisfy { $0["outcome"]?.string == "measured" }, "\(attempts)")
        #expect(Set(attempts.compactMap { $0["trial"]?.string }).count == 40)
        let logs = try FileManager.default.subpathsOfDirectory(atPath: work.folder.appending(path: "shared").path)
            .filter { $0.hasSuffix(".log") }.map { try work.text("shared/\($0)") }
        #expect(logs.contains { $0.contains("its time is up") }, "\(logs)")
        #expect(logs.contains { $0.contains("stopped; its unfinished trials go to other workers") }, "\(logs)")
        #expect(try work.run("keys", "list", "keys").all.contains("ranksweep-") == false)
        try bed.call("down")
        #expect(try processes(with: work.folder.path).isEmpty)
    }
}
