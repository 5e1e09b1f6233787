import Foundation
import Testing
import Text

/// How runs end, and what is said of it, through real programs.
@Suite(.serialized) struct RunEndTests {
    @Test func `When a run is done its many workers end, and none of them counts as lost or failed`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20), to: "s.yaml")
        // Ends were counted since the last record, so one run in a few failed.
        for name in ["a", "b"] {
            let run = try work.run("run", "s.yaml", "--workers", "8", "--slots", "8", "--out", name)
            #expect(run.code == 0, "\(run.all)")
            for word in ["lost", "starting another", "is silent"] {
                #expect(!run.errors.contains(word), "\(run.all)")
            }
            // A slow run tells how much time is left.
            #expect(run.errors.firstMatch(of: /a worker on \S+ left/) == nil, "\(run.all)")
            #expect(try work.text("\(name)/records.ndjson").split(separator: "\n").count == 40)
        }
    }

    /// MNIST's four files, in small.
    private func writeImages(_ work: Workspace, label: UInt8) throws {
        func number(_ value: UInt32) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
        }
        let folder = work.folder.appending(path: "data/mnist")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, count) in [("train", UInt32(40)), ("t10k", UInt32(20))] {
            let images =
                number(0x803) + number(count) + number(28) + number(28)
                + [UInt8](repeating: 7, count: 784 * Int(count))
            var labels = number(0x801) + number(count) + (0..<count).map { UInt8($0 % 10) }
            if name == "train" { labels[8] = label }
            try Data(images).write(to: folder.appending(path: "\(name)-images-idx3-ubyte"))
            try Data(labels).write(to: folder.appending(path: "\(name)-labels-idx1-ubyte"))
        }
    }

    @Test
    func `A run in which everything fails alike stops, says why, and goes on when that is mended`() throws {
        let work = try Workspace()
        try work.write(
            """
            name: bad
            model: mlp
            dataset: {name: mnist, train_points: 20, test_points: 10}
            axes: {seed: {range: [0, 60]}}
            width: 4
            training: {batch_size: 10, steps: 2}
            measures: {local_rank: {points: 2}}
            """, to: "s.yaml")
        try writeImages(work, label: 10)
        let run = try work.run("run", "s.yaml", "--data", "data", "--out", "a", "--slots", "2")
        #expect(run.code == 1, "\(run.all)")
        let words = "has the label 10 at 0; labels are 0 to 9"
        #expect(
            run.errors.contains("stopped: all of the first 10 trials failed, on the only host"), "\(run.all)")
        #expect(run.errors.split(separator: "\n").suffix(2).first?.contains(words) == true, "\(run.all)")
        #expect(run.errors.contains("ranksweep resume a --retry failed,quarantined"))
        let status = try work.run("status", "a")
        #expect(
            status.output.contains("10 failed attempts: ") && status.output.contains("ranksweep resume a"))

        let attempts = try work.run("logs", "a", "0").output
        #expect(
            attempts.contains("attempt 1: failed on ") && attempts.contains(words)
                && attempts.contains(" warning: trial 0 failed on "), "\(attempts)")

        try writeImages(work, label: 3)
        let resumed = try work.run("resume", "a", "--retry", "failed,quarantined")
        #expect(resumed.code == 0, "\(resumed.all)")
        let calm = try work.run("run", "s.yaml", "--data", "data", "--out", "calm", "--slots", "2")
        #expect(calm.code == 0, "\(calm.all)")
        #expect(try work.bytes("a/records.ndjson") == work.bytes("calm/records.ndjson"))
    }

    @Test
    func `A shard in which everything fails alike stops, too, and goes on by the same command`() throws {
        let work = try Workspace()
        try work.write(
            """
            name: bad
            model: mlp
            dataset: {name: mnist, train_points: 20, test_points: 10}
            axes: {seed: {range: [0, 40]}}
            width: 4
            training: {batch_size: 10, steps: 2}
            measures: {local_rank: {points: 2}}
            """, to: "s.yaml")
        try writeImages(work, label: 200)
        let command = ["shard", "s.yaml", "--index", "0", "--count", "2", "--out", "s0", "--data", "data"]
        let shard = try work.start("ranksweep", command).wait()
        #expect(
            shard.code == 1 && shard.errors.contains("stopped: all of the first 10 trials fail"),
            "\(shard.all)")
        try writeImages(work, label: 3)
        let again = try work.start("ranksweep", command).wait()
        #expect(again.code == 0, "\(again.all)")
    }

    /// A phrase with a number in it, whatever the number: "2 slots" and "1 slot" are alike.
    private func outline(_ phrase: some StringProtocol) -> String {
        phrase.split(separator: " ").map { word in
            word.allSatisfy(\.isNumber) ? "N" : word.hasSuffix("s") ? String(word.dropLast()) : String(word)
        }.joined(separator: " ")
    }

    /// Phrases with numbers that the table in docs/commands.md explains.
    private func explainedNumbers() throws -> Set<String> {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/commands.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let table = try #require(text.components(separatedBy: "What the numbers are:").dropFirst().first)
        let rows = table.split(separator: "\n").prefix { $0.hasPrefix("|") }
        return Set(rows.compactMap { $0.firstMatch(of: /^\| `([^`]*)`/)?.1 }.map(outline))
    }

    @Test
    func `A worker with a free slot says why in status, and the docs explain each number of its line`() throws
    {
        let work = try Workspace()
        let sweep = """
            name: long
            model: vib
            dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 1000}
            beta: 0.1
            training: {steps: 5000000, batch_size: 64}
            """
        try work.write(sweep, to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a", "--slots", "2"])
        func worker() throws -> JSONValue? {
            guard work.exists("a/control.sock") else { return nil }
            let status = try JSONValue(parsing: work.run("status", "a", "--json").output.utf8)
            return status["live"]?["workers"]?.array?.first
        }
        try eventually("the worker has a trial", of: run) { try worker()?["trials"] == .number(1) }
        let facts = try #require(try worker())
        #expect(facts["free_slots"] == .number(1))
        #expect(facts["idle"] == .object(["reason": .string("nothing_waits")]))
        let status = try work.run("status", "a").output
        #expect(status.contains("; 1 free slot: no trial is waiting"))
        let explained = try explainedNumbers()
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("  worker on ") })
        // "  worker on HOST, process 4711: 2 slots, holds 1 trial, …"
        let numbers = line.split(separator: ",").dropFirst().joined(separator: ":").split {
            ",:;".contains($0)
        }
        .filter { $0.contains(" ") && $0.contains(where: \.isNumber) && !$0.hasPrefix(" BLAS") }.map(outline)
        #expect(numbers.count == 5, "\(line)")
        for number in numbers { #expect(explained.contains(number), "'\(number)' in \(line)") }
        #expect(status.contains("(0 %)") && explained.contains("N %"))
        _ = try work.run("pause", "a")
        #expect(try work.run("status", "a").output.contains("; 1 free slot: the run is paused"))
        #expect(try work.run("cancel", "a").code == 0)
        #expect(try run.wait().code == 3)
    }
}
