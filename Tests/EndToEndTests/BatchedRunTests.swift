import Foundation
import Testing
import Text

/// Small trials that a slot trains at once, through real programs.
@Suite(.serialized) struct BatchedRunTests {
    /// 32 trials of two seeds, half of which diverge.
    private static let sweep = """
        name: together
        model: vib
        dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 500}
        axes:
          beta: {log: [0.01, 0.9], count: 8}
          training.learning_rate: [1.0e-2, 1.0e+30]
          seed: [0, 7]
        training: {optimizer: sgd, steps: 300, batch_size: 32}
        measures: {trace_at: {log: 4}, local_rank: {points: 8}}
        weights: final
        """

    /// How many attempts of each lease took the same time to the last digit: shares of what a slot took for all.
    private func groups(_ work: Workspace, _ run: String) throws -> [Int] {
        var counts: [String: Int] = [:]
        for line in try work.text("\(run)/provenance.ndjson").split(separator: "\n") {
            let attempt = try JSONValue(parsing: line.utf8)
            let key = "\(attempt["lease"]?.string ?? "") \(attempt["seconds"]?.number ?? 0)"
            counts[key, default: 0] += 1
        }
        return counts.values.sorted(by: >)
    }

    @Test
    func `One slot that trains together gives the bytes that many give, each a trial at a time`() throws {
        let work = try Workspace()
        try work.write(Self.sweep, to: "s.yaml")
        // Half of a slot's share of the trials at a time: one, and sixteen.
        let alone = try work.run("run", "s.yaml", "--out", "alone", "--slots", "16")
        #expect(alone.code == 0, "\(alone.all)")
        let together = try work.run("run", "s.yaml", "--out", "together", "--slots", "1")
        #expect(together.code == 0, "\(together.all)")
        #expect(try groups(work, "together")[0] == 16)
        let records = try work.text("together/records.ndjson")
        #expect(records == (try work.text("alone/records.ndjson")))
        let outcomes = try records.split(separator: "\n").map {
            try JSONValue(parsing: $0.utf8)["outcome"]?.string
        }
        #expect(outcomes.count == 32 && outcomes.count { $0 == "diverged" } == 16)
        let weights = try FileManager.default.contentsOfDirectory(
            atPath: work.folder.appending(path: "alone/weights").path)
        #expect(weights.count == 16)
        for name in weights {
            #expect(try work.bytes("together/weights/\(name)") == work.bytes("alone/weights/\(name)"))
        }
    }

    @Test
    func `A slot that is killed with a group costs no attempt: each is tried alone, to the same bytes`()
        throws
    {
        let work = try Workspace()
        let long = Self.sweep.replacing(", 1.0e+30", with: "").replacing("steps: 300", with: "steps: 20000")
        try work.write(long, to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm", "--slots", "1").code == 0)
        #expect(try groups(work, "calm")[0] == 8)
        let hurt = try work.start("ranksweep", ["run", "s.yaml", "--out", "hurt", "--slots", "1"])
        var slots: [pid_t] = []
        try eventually("a slot runs") {
            slots = try processes(with: "--slot ", work.folder.path)
            return slots.contains { cpuTicks($0) >= 20 }
        }
        for slot in slots { kill(slot, SIGKILL) }
        let end = try hurt.wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(end.errors.contains("a batch of 8 trials ended; each is retried alone"), "\(end.all)")
        #expect(try work.bytes("hurt/records.ndjson") == work.bytes("calm/records.ndjson"))
        let attempts = try work.text("hurt/provenance.ndjson").split(separator: "\n").map {
            try JSONValue(parsing: $0.utf8)["attempt"]?.number
        }
        #expect(attempts == [Double?](repeating: 1, count: 16))
    }
}

/// Processor time of a process, in hundredths of a second; 0 once it has ended.
func cpuTicks(_ process: pid_t) -> Int {
    let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    // After the name, which may have spaces: state, 10 others, user time.
    let words = text?.split(separator: ")").last?.split(separator: " ") ?? []
    return words.count > 11 ? Int(words[11]) ?? 0 : 0
}
