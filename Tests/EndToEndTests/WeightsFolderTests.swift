import Foundation
import Testing
import Text

/// Kept weights through real programs.
@Suite(.serialized) struct WeightsFolderTests {
    private func files(_ work: Workspace, _ run: String) throws -> [String: Data] {
        let folder = work.folder.appending(path: "\(run)/weights").path
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            files[name] = try work.bytes("\(run)/weights/\(name)")
        }
        return files
    }

    @Test func `Weights are in the run directory, and the records are those of a run without`() throws {
        let work = try Workspace()
        // More than one piece a file: 2·600 + 600 + 2·(600·600 + 600) numbers and so on.
        let text = smallSweep(steps: 20) + "\nhidden: [600, 600]\n"
        try work.write(text, to: "without.yaml")
        try work.write(text + "weights: [10, 20]\n", to: "with.yaml")
        let set = ["--set", "beta=0.1", "--set", "seed=0,1,2"]
        let plan = try work.start("ranksweep", ["plan", "with.yaml"] + set).wait()
        #expect(
            plan.output.contains("weights  after the steps listed: 6 files, 8.76 MB in all"), "\(plan.all)")
        for name in ["without", "with"] {
            let end = try work.start("ranksweep", ["run", "\(name).yaml", "--out", name] + set).wait()
            #expect(end.code == 0, "\(end.all)")
        }
        #expect(try work.bytes("with/records.ndjson") == work.bytes("without/records.ndjson"))
        #expect(!work.exists("without/weights"))
        let trials = try work.text("with/records.ndjson").split(separator: "\n").map {
            try #require(try JSONValue(parsing: $0.utf8)["trial"]?.string)
        }
        let kept = try files(work, "with")
        #expect(
            kept.keys.sorted()
                == trials.sorted().flatMap { ["\($0)-step-10.safetensors", "\($0)-step-20.safetensors"] })
        for (name, bytes) in kept {
            let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let header = try JSONValue(parsing: Array(bytes[8..<8 + length]))
            #expect(name.hasPrefix(header["__metadata__"]?["trial"]?.string ?? "none"))
            #expect(bytes.count == 8 + length + 4 * (3 * 600 + 601 * 600 + 601 * 4 + 2 * 3 + 2))
        }
        // Nothing is left on the worker's side.
        #expect(work.exists("no-data") && !work.exists("no-data/outbox"))
    }

    /// A run that has its directory and no record.
    private func beginWithoutWorkers(_ work: Workspace, _ path: String, _ more: String...) throws {
        let run = try work.start(
            "ranksweep", ["run", "s.yaml", "--out", path, "--listen", "tcp://127.0.0.1:*"] + more)
        try eventually("it listens", of: run) { run.errors.contains("; on each host: ") }
        run.signal(SIGTERM)
        #expect(try run.wait().code == 3)
    }

    @Test
    func `A file where the folder of weights should be ends the run with exit code 4, and it can be resumed`()
        throws
    {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20) + "\nweights: final\n", to: "s.yaml")
        try beginWithoutWorkers(work, "run", "--set", "beta=0.1", "--set", "seed=0,1")
        try work.write("", to: "run/weights")
        let end = try work.start("ranksweep", ["resume", "run", "--workers", "1"]).wait()
        #expect(end.code == 4 && end.all.contains("Not a directory"), "\(end.all)")
        try FileManager.default.removeItem(at: work.folder.appending(path: "run/weights"))
        let resumed = try work.run("resume", "run", "--workers", "1")
        #expect(resumed.code == 0, "\(resumed.all)")
        #expect(try files(work, "run").count == 2)
    }

    @Test
    func `Killed and resumed, a run has the weights of every acknowledged record, and no half file`() throws {
        let work = try Workspace()
        let text = smallSweep(steps: 1500) + "\nhidden: [200]\nweights: final\n"
        try work.write(text, to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "storm"])
        try eventually("there are records") {
            guard work.exists("storm/journal.sqlite") else { return false }
            let status = try work.run("status", "storm", "--json")
            return (try JSONValue(parsing: status.output.utf8)["done"]?.number ?? 0) > 5
        }
        run.signal(SIGKILL)
        _ = try run.wait()
        let status = try JSONValue(parsing: work.run("status", "storm", "--json").output.utf8)
        let done = Int(try #require(status["done"]?.number))
        let whole = try files(work, "storm").keys.filter { $0.hasSuffix(".safetensors") }
        #expect(done > 5 && whole.count >= done)
        try Data([1]).write(to: work.folder.appending(path: "storm/weights/x.safetensors.partial"))
        let end = try work.run("resume", "storm")
        #expect(end.code == 0, "\(end.all)")
        #expect(try files(work, "storm") == files(work, "calm"))
        #expect(try work.bytes("storm/records.ndjson") == work.bytes("calm/records.ndjson"))
    }

    @Test func `Weights that cannot be written end the run before their record is acknowledged`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20) + "\nweights: final\n", to: "s.yaml")
        try beginWithoutWorkers(work, "a")
        try work.write("in the way", to: "a/weights")
        let end = try work.run("resume", "a", "--workers", "1")
        #expect(end.code != 0 && end.errors.contains("a/weights"), "\(end.all)")
        try FileManager.default.removeItem(at: work.folder.appending(path: "a/weights"))
        let again = try work.run("resume", "a", "--workers", "1")
        #expect(again.code == 0 && again.output.contains("40 measured"), "\(again.all)")
        #expect(try files(work, "a").count == 40)
    }
}
