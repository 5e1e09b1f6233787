import Foundation
import Testing
import Text

/// Long trials that are interrupted, through real programs.
@Suite(.serialized) struct CheckpointRunTests {
    /// One trial of some seconds, with a trace and weights to keep.
    private static let long = """
        name: long
        model: vib
        dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 1000}
        beta: 0.1
        training: {steps: 200000, batch_size: 64, ema_decay: 0.99}
        measures: {trace_at: {linear: 20}, local_rank: {points: 16}}
        weights: best
        """

    private func checkpoints(_ work: Workspace) -> [String] {
        let folder = work.folder.appending(path: "no-data/checkpoints").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".checkpoint") }
    }

    private func continued(_ work: Workspace, _ run: String) throws -> [Double] {
        try work.text("\(run)/provenance.ndjson").split(separator: "\n").compactMap {
            try JSONValue(parsing: $0.utf8)["continued_from_step"]?.number
        }
    }

    private func expectSame(_ work: Workspace, _ run: String) throws {
        #expect(try work.bytes("\(run)/records.ndjson") == work.bytes("calm/records.ndjson"))
        let weights = try FileManager.default.contentsOfDirectory(
            atPath: work.folder.appending(path: "calm/weights").path)
        #expect(weights.count == 1)
        for name in weights {
            #expect(try work.bytes("\(run)/weights/\(name)") == work.bytes("calm/weights/\(name)"))
        }
        // The record is acknowledged: nobody needs its checkpoint.
        #expect(checkpoints(work).isEmpty)
    }

    @Test
    func `A slot is killed, then everything; each time the trial goes on, and ends with the same bytes`()
        throws
    {
        let work = try Workspace()
        try work.write(Self.long, to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm", "--checkpoint-every", "0").code == 0)
        #expect(!work.exists("no-data/checkpoints"))
        #expect(try continued(work, "calm").isEmpty)

        // Kills a slot.
        let hurt = try work.start("ranksweep", ["run", "s.yaml", "--out", "hurt", "--checkpoint-every", "1"])
        try eventually("there is a checkpoint") { !checkpoints(work).isEmpty }
        for slot in try processes(with: "--slot ", work.folder.path) { kill(slot, SIGKILL) }
        let end = try hurt.wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(try continued(work, "hurt").count == 1)
        try expectSame(work, "hurt")

        // Kills the coordinator, and everything else with it.
        let cut = try work.start("ranksweep", ["run", "s.yaml", "--out", "cut", "--checkpoint-every", "1"])
        try eventually("there is a checkpoint") { !checkpoints(work).isEmpty }
        cut.signal(SIGKILL)
        _ = try cut.wait()
        try eventually("nobody is left") { try processes(with: "ranksweep-worker", work.folder.path).isEmpty }
        #expect(!checkpoints(work).isEmpty)
        let resumed = try work.run("resume", "cut")
        #expect(resumed.code == 0, "\(resumed.all)")
        let steps = try continued(work, "cut")
        #expect(steps.count == 1 && steps.allSatisfy { (1...200_000).contains($0) })
        try expectSame(work, "cut")
    }

    @Test func `A worker that must end leaves the trial's state, and the next continues from it`() throws {
        let work = try Workspace()
        try work.write(Self.long.replacing("200000", with: "1200000"), to: "s.yaml")
        let run = try work.start(
            "ranksweep", ["run", "s.yaml", "--out", "far", "--listen", "tcp://127.0.0.1:\(fixedPort())"])
        try eventually("it listens") { run.errors.contains("listening at tcp://") }
        let address = String(try #require(run.errors.firstMatch(of: /listening at ([^;]*);/)).1)
        func worker(_ arguments: String...) throws -> Program {
            try work.start("ranksweep-worker", ["--connect", address, "--slots", "1"] + arguments)
        }
        // Nothing is written but at the end: by itself a state is left once a minute.
        let due = try worker(
            "--until", String(Int(Date().timeIntervalSince1970) + 6), "--shutdown-margin", "1")
        let first = try due.wait()
        #expect(first.code == 0 && first.errors.contains("its time is up"), "\(first.all)")
        #expect(checkpoints(work).count == 1)
        let file = work.folder.appending(path: "no-data/checkpoints/\(checkpoints(work).first ?? "")")
        let state = try Data(contentsOf: file)

        let ending = try worker()
        try eventually("it has trained for two seconds") {
            try processes(with: "--slot ", work.folder.path).contains { cpuTicks($0) >= 200 }
        }
        ending.signal(SIGTERM)
        let second = try ending.wait()
        #expect(second.code == 3 && second.errors.contains("stopped; its unfinished trials"), "\(second.all)")
        #expect(try Data(contentsOf: file) != state)

        // Held: what nobody holds is killed.
        let last = try worker()
        let end = try run.wait()
        #expect(try last.wait().code == 0)
        #expect(end.code == 0, "\(end.all)")
        let steps = try continued(work, "far")
        #expect(steps.count == 1 && steps.allSatisfy { (1...1_200_000).contains($0) })
        #expect(checkpoints(work).isEmpty)
    }

    @Test
    func `A damaged checkpoint is ignored with a message, and a read-only folder costs a warning`() throws {
        let work = try Workspace()
        try work.write(Self.long, to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        let record = try JSONValue(parsing: work.text("calm/records.ndjson").split(separator: "\n")[0].utf8)
        let id = try #require(record["trial"]?.string)
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "no-data/checkpoints"), withIntermediateDirectories: true)
        try work.write("not a checkpoint", to: "no-data/checkpoints/\(id).checkpoint")
        let damaged = try work.run("run", "s.yaml", "--out", "damaged", "--checkpoint-every", "1")
        #expect(damaged.code == 0 && damaged.errors.contains("is ignored: it is damaged"), "\(damaged.all)")
        #expect(try continued(work, "damaged").isEmpty)
        try expectSame(work, "damaged")

        // A folder where the file should go: nothing can be renamed to it.
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "no-data/checkpoints/\(id).checkpoint/x"),
            withIntermediateDirectories: true)
        let blocked = try work.run("run", "s.yaml", "--out", "blocked", "--checkpoint-every", "1")
        #expect(blocked.code == 0, "\(blocked.all)")
        #expect(blocked.errors.components(separatedBy: "a checkpoint cannot be written").count == 2)
        #expect(try work.bytes("blocked/records.ndjson") == work.bytes("calm/records.ndjson"))
    }
}
