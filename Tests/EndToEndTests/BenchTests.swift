import Foundation
import TestSupport
import Testing
import Text

/// `ranksweep-bench` on a step or two: that it runs and says what the documents promise, not how fast it is.
@Suite(.serialized) struct BenchTests {
    private func measure(_ work: Workspace, _ arguments: String...) throws -> JSONValue {
        let end = try work.start("ranksweep-bench", arguments + ["--json"]).wait()
        #expect(end.code == 0, "\(end.all)")
        let lines = end.output.split(separator: "\n")
        #expect(lines.count == 1)
        return try JSONValue(parsing: (lines.first ?? "").utf8)
    }

    /// Multiplications and additions of a step's products, the batch's own included.
    static let operations: [(workload: String, perStep: Int)] = [
        ("mlp", 2 * 128 * (2 * 784 * 200 + 3 * (2 * 200 * 200 + 200 * 10))),
        ("vib-small", 2 * 128 * (2 * 784 * 200 + 3 * (200 * 200 + 200 * 64 + 32 * 10))),
        ("vib-alemi", 2 * 100 * (2 * 784 * 1024 + 3 * (1024 * 1024 + 1024 * 512 + 256 * 10))),
        // Patches, then in each block layers of 16 patches and a class token, or of 64 channels; the head.
        (
            "vit",
            2 * 128 * (2 * 16 * 49 * 64 + 2 * 3 * 17 * (64 * 192 + 64 * 64 + 2 * 64 * 128) + 3 * 64 * 10)
        ),
        (
            "mixer",
            2 * 128 * (2 * 16 * 49 * 64 + 2 * 3 * (64 * 2 * 16 * 64 + 16 * 2 * 64 * 128) + 3 * 64 * 10)
        ),
        ("gaussian-vib", 2 * 256 * (2 * 10 * 5 + 2 * 5 * 10 + 3 * 5 * 5)),
    ]

    @Test(arguments: operations) func `Workloads that train say their times, products and loss`(
        workload: String, perStep: Int
    ) throws {
        let work = try Workspace()
        let line = try measure(work, workload, "--steps", "2", "--repeat", "2")
        #expect(line["workload"]?.string == workload)
        #expect(line["steps"]?.number == 2)
        let seconds = try #require(line["seconds"]?.array).compactMap(\.number)
        #expect(seconds.count == 2 && seconds.allSatisfy { $0 > 0 })
        let rate = try #require(line["gflops"]?.number)
        let operations = rate * 1e9 * (seconds[0] + seconds[1]) / 2
        #expect(abs(operations / Double(2 * perStep) - 1) < 1e-9, "\(operations)")
        for name in ["fraction_of_blas", "blas_gflops"] {
            #expect(try #require(line[name]?.number) > 0, "\(name)")
        }
        #expect(line["cpu_seconds"]?.array?.count == 2)
        let allocations = try #require(line["allocations_per_step"]?.number)
        // A step asks for no memory, but drawing an epoch's order does. Unoptimised code asks for it everywhere.
        if isOptimised { #expect((0...1).contains(allocations)) }
        #expect(try #require(line["peak_bytes"]?.number) > 1e6)
        #expect(try #require(line["loss"]?.number).isFinite)
        #expect(line["kernel"]?.string?.isEmpty == false)
        #expect(!work.exists("ranksweep-bench"))
    }

    @Test func `Local rank says what it counted, and what memory it had`() throws {
        let line = try measure(try Workspace(), "local-rank", "--repeat", "1")
        #expect(line["workload"]?.string == "local-rank")
        #expect(line["seconds"]?.array?.count == 1)
        // Two thresholds, four layers.
        #expect(line["absolute"]?.array?.map { $0.array?.count } == [4, 4])
        #expect(try #require(line["peak_bytes"]?.number) > 1e6)
    }

    @Test func `Dispatch says its rate, what its processes took, and its bytes a trial`() throws {
        let work = try Workspace()
        // Enough that no worker starts after the last trial, when there is no coordinator any more.
        let line = try measure(work, "dispatch", "--trials", "2000", "--repeat", "1", "--workers", "2")
        #expect(line["trials"]?.number == 2000 && line["workers"]?.number == 2 && line["slots"]?.number == 1)
        let seconds = try #require(line["seconds"]?.array?.first?.number)
        let rate = try #require(line["trials_per_second"]?.number)
        #expect(abs(rate * seconds / 2000 - 1) < 1e-9)
        for key in ["coordinator_cpu_seconds", "coordinator_thread_seconds", "worker_cpu_seconds"] {
            #expect(try #require(line[key]?.array?.first?.number) > 0, "\(key)")
        }
        // A report holds its record of 400 bytes.
        #expect(try #require(line["loopback_bytes_per_trial"]?.array?.first?.number) > 400)
        #expect(try #require(line["journal_bytes_per_trial"]?.array?.first?.number) > 400)
        let left = try FileManager.default.contentsOfDirectory(atPath: work.folder.path)
        #expect(left.allSatisfy { !$0.hasPrefix("ranksweep-bench-") })
    }

    @Test func `Start says how long a sweep takes to plan and to begin`() throws {
        let line = try measure(try Workspace(), "start", "--trials", "1000", "--repeat", "1")
        #expect(line["trials"]?.number == 1000)
        for key in [
            "seconds", "seconds_to_listening", "seconds_from_worker_to_first_trial", "coordinator_bytes",
        ] {
            #expect(try #require(line[key]?.array?.first?.number) > 0, "\(key)")
        }
    }

    @Test func `A word that is no workload, and an option that is none, are named`() throws {
        let work = try Workspace()
        let word = try work.start("ranksweep-bench", ["vib-smal"]).wait()
        #expect(word.code == 2 && word.errors.contains("no workload 'vib-smal'; one of: mlp, vib-small"))
        let option = try work.start("ranksweep-bench", ["mlp", "--stpes", "2"]).wait()
        #expect(option.code == 2 && option.errors.contains("no option '--stpes'"))
        let bare = try work.start("ranksweep-bench", ["sweep"]).wait()
        #expect(bare.code == 2 && bare.errors.contains("sweep trains on images: --data"))
        let none = try work.start("ranksweep-bench", ["mlp", "--steps", "none"]).wait()
        #expect(none.code == 2 && none.errors.contains("--steps needs a whole number"))
    }
}
