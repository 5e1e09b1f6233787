import Foundation
import TestSupport
import Testing
import Text

/// Shards without a coordinator, and what `merge` makes of them.
@Suite(.serialized) struct ShardTests {
    private func shard(
        _ work: Workspace, _ index: Int, of count: Int, _ more: [String] = [], out: String? = nil
    ) throws -> Program.Result {
        try work.start(
            "ranksweep",
            [
                "shard", "s.yaml", "--index", "\(index)", "--count", "\(count)", "--out",
                out ?? "parts/\(index).ndjson",
            ]
                + more
        ).wait()
    }

    private func merge(_ work: Workspace, _ words: String...) throws -> Program.Result {
        try work.start("ranksweep", ["merge"] + words).wait()
    }

    private func remove(_ work: Workspace, _ name: String) throws {
        try FileManager.default.removeItem(at: work.folder.appending(path: name))
    }

    @Test
    func `Seven shards in any order are merged to the bytes of a run, and what is missing or wrong is named`()
        throws
    {
        let work = try Workspace()
        try work.write(smallSweep(steps: 100), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "ref").code == 0)
        for index in [3, 0, 6, 1, 5, 2, 4] {
            let end = try shard(work, index, of: 7)
            #expect(end.code == 0, "\(end.all)")
            #expect(
                !work.exists("parts/\(index).ndjson.work") && !work.exists("parts/\(index).ndjson.weights"))
        }
        let again = try shard(work, 3, of: 7)
        #expect(again.code == 0 && again.output.contains("nothing to do"), "\(again.all)")
        let all = [5, 2, 6, 0, 3, 1, 4].map { "parts/\($0).ndjson" }
        let whole = try work.start("ranksweep", ["merge"] + all + ["--out", "m"]).wait()
        #expect(whole.code == 0, "\(whole.all)")
        #expect(try work.bytes("m/records.ndjson") == work.bytes("ref/records.ndjson"))
        #expect(try work.bytes("m/sweep.json") == work.bytes("ref/sweep.json"))
        #expect(try work.bytes("m/tables/kl.dat") == work.bytes("ref/tables/kl.dat"))
        #expect(
            work.exists("m/report.html") && !work.exists("m.merging") && !work.exists("m/merge.unfinished"))
        let check = try work.run("check", "m")
        #expect(check.code == 0, "\(check.all)")
        #expect(try work.run("resume", "m").output.contains("nothing to resume"))
        #expect(try merge(work, "parts/0.ndjson", "--out", "m").code == 2)

        // Missing ones: a whole directory, and the commands that finish it.
        let partial = try merge(work, "parts/0.ndjson", "parts/2.ndjson", "ref", "--out", "equal")
        #expect(
            partial.code == 0 && partial.output.contains("12 records came more than once"), "\(partial.all)")
        let missing = try work.start(
            "ranksweep", ["merge"] + [0, 1, 3, 4, 6].map { "parts/\($0).ndjson" } + ["--out", "p"]
        ).wait()
        #expect(missing.code == 1, "\(missing.all)")
        for index in [2, 5] {
            let command =
                "ranksweep shard p/sweep.json --index \(index) --count 7 --out parts/\(index).ndjson"
            #expect(missing.output.contains("\n  \(command)\n"), "\(missing.all)")
            try remove(work, "parts/\(index).ndjson")
            let end = try work.start("ranksweep", command.split(separator: " ").dropFirst().map(String.init))
                .wait()
            #expect(end.code == 0, "\(end.all)")
        }
        #expect(try merge(work, "p", "parts/2.ndjson", "parts/5.ndjson", "--out", "p2").code == 0)
        #expect(try work.bytes("p2/records.ndjson") == work.bytes("ref/records.ndjson"))
        let resumed = try work.run("resume", "p")
        #expect(resumed.code == 0, "\(resumed.all)")
        #expect(try work.bytes("p/records.ndjson") == work.bytes("ref/records.ndjson"))

        // Torn, foreign, none: all named at once, and nothing written.
        let bytes = try work.bytes("parts/1.ndjson")
        try bytes.prefix(bytes.count / 2).write(to: work.folder.appending(path: "torn.ndjson"))
        #expect(try shard(work, 0, of: 3, ["--set", "training.steps=50"], out: "other.ndjson").code == 0)
        try work.write("", to: "zero.ndjson")
        let wrong = try merge(
            work, "parts/0.ndjson", "torn.ndjson", "s.yaml", "nope", "parts", "zero.ndjson", "/dev/zero",
            "other.ndjson", "--out", "w")
        #expect(wrong.errors.contains("no sweep.json; for the shards in it: parts/*.ndjson"))
        #expect(wrong.errors.contains("zero.ndjson: the file is empty: copy it again, or remove it"))
        #expect(wrong.errors.contains("/dev/zero: a pipe or a device"))
        #expect(wrong.errors.contains("other.ndjson: of another sweep ('small', digest "), "\(wrong.all)")
        #expect(wrong.code == 2 && wrong.errors.contains("torn.ndjson: torn: line"), "\(wrong.all)")
        #expect(
            wrong.errors.contains("s.yaml: not a shard's file") && wrong.errors.contains("nope: no such file")
        )
        let foreign = try merge(work, "parts/0.ndjson", "other.ndjson", "--out", "w")
        #expect(
            foreign.code == 2 && foreign.errors.contains("other.ndjson: of another sweep"), "\(foreign.all)")
        #expect(!work.exists("w") && !work.exists("w.merging"))
        for (index, more) in [(2, []), (1, ["--set", "seed=0"])] {
            let refused = try shard(work, index, of: 7, more, out: "parts/1.ndjson")
            #expect(refused.code == 2 && refused.errors.contains("is not overwritten"), "\(refused.all)")
        }
        let torn = try shard(work, 1, of: 7, out: "torn.ndjson")
        #expect(torn.code == 2 && torn.errors.contains("torn: line"), "\(torn.all)")
    }

    @Test func `A shard trains on copies of the user's files`() throws {
        let work = try Workspace()
        let points = ArrayBytes.npy([6, 2], (0..<12).map { Float($0) })
        try Data(points).write(to: work.folder.appending(path: "x.npy"))
        try Data(ArrayBytes.labels([0, 1, 0, 1, 0, 1])).write(to: work.folder.appending(path: "y.npy"))
        // Longer than the test looks at it.
        try work.write(
            """
            name: s
            model: mlp
            dataset: {inputs: x.npy, labels: y.npy, test_share: 0.4}
            training: {steps: 100000000, batch_size: 2}
            measures: {local_rank: false}

            """, to: "s.yaml")
        let words = ["shard", "s.yaml", "--index", "0", "--count", "1", "--out", "0.ndjson"]
        let program = try work.start("ranksweep", words)
        let copy = "0.ndjson.work/files/\(Digest(of: points).hexadecimal())/x.npy"
        try eventually("the copy is there") { work.exists(copy) || !program.isRunning }
        program.signal(SIGTERM)
        let end = try program.wait()
        #expect(end.code == 3, "\(end.all)")
        let path = work.folder.appending(path: copy).path
        let type = try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        #expect(type == .typeRegular)
        #expect(try Array(work.bytes(copy)) == points)
    }

    @Test func `Killed and stopped, a shard goes on where it was; its weights travel`() throws {
        let work = try Workspace()
        // Long enough that a shard doesn't end before it is seen to have begun.
        try work.write(smallSweep(steps: 20_000) + "\nweights: final\n", to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "ref").code == 0)
        let words = ["shard", "s.yaml", "--index", "0", "--count", "2", "--out", "0.ndjson"]
        func done() throws -> Double {
            guard work.exists("0.ndjson.work/journal.sqlite") else { return 0 }
            let status = try work.run("status", "0.ndjson.work", "--json").output
            return try JSONValue(parsing: status.utf8)["done"]?.number ?? 0
        }
        var before = 0.0
        for signal in [SIGKILL, SIGTERM] {
            let program = try work.start("ranksweep", words)
            try eventually("there are more records") { try done() > before || !program.isRunning }
            program.signal(signal)
            let end = try program.wait()
            #expect(end.code == (signal == SIGKILL ? 128 + SIGKILL : 3), "\(end.all)")
            before = try done()
            #expect(before > 0 && before < 20 && !work.exists("0.ndjson"))
        }
        let refused = try work.run("resume", "0.ndjson.work")
        #expect(refused.code == 2 && refused.errors.contains("work folder of shard 0 of 2"), "\(refused.all)")
        let other = try shard(work, 1, of: 2, out: "0.ndjson")
        #expect(other.code == 2 && other.errors.contains("work of shard 0 of 2"), "\(other.all)")
        // Finished parts can be merged before the others end.
        let early = try merge(work, "0.ndjson.work", "--out", "early")
        #expect(early.code == 1 && early.output.contains("ranksweep resume early"), "\(early.all)")
        let unfinished = try merge(work, "0.ndjson", "--out", "x")
        #expect(unfinished.code == 2 && unfinished.errors.contains("not finished"), "\(unfinished.all)")
        let end = try work.start("ranksweep", words).wait()
        #expect(end.code == 0 && end.errors.contains("are done"), "\(end.all)")
        #expect(try shard(work, 1, of: 2, out: "1.ndjson").code == 0)
        let whole = try merge(work, "1.ndjson", "0.ndjson", "--out", "m")
        #expect(whole.code == 0, "\(whole.all)")
        #expect(try work.bytes("m/records.ndjson") == work.bytes("ref/records.ndjson"))
        let names = try FileManager.default.contentsOfDirectory(
            atPath: work.folder.appending(path: "ref/weights").path)
        #expect(names.count == 40)
        for name in names {
            #expect(try work.bytes("m/weights/\(name)") == work.bytes("ref/weights/\(name)"))
        }
        let named = try merge(work, "1.ndjson", "1.ndjson.weights", "--out", "x")
        #expect(named.code == 2 && named.errors.contains("name only 1.ndjson"), "\(named.all)")
        // Weights that stayed behind: their records are left out, and run again.
        try remove(work, "0.ndjson.weights")
        let bare = try merge(work, "1.ndjson", "0.ndjson", "--out", "bare")
        #expect(bare.code == 1 && bare.output.contains("20 records left out: their weights"), "\(bare.all)")
        #expect(try work.run("resume", "bare").code == 0)
        #expect(try work.bytes("bare/records.ndjson") == work.bytes("ref/records.ndjson"))
    }

    @Test func `A shard and a run whose journal's creation was cut short go on by the same command`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20), to: "s.yaml")
        // One page of SQLite's, with no table on it.
        var page = [UInt8](repeating: 0, count: 4096)
        page.replaceSubrange(0..<16, with: Array("SQLite format 3".utf8) + [0])
        page.replaceSubrange(16..<24, with: [16, 0, 1, 1, 0, 64, 32, 32])
        (page[31], page[47], page[59], page[100], page[105]) = (1, 4, 1, 13, 16)
        #expect(try work.run("run", "s.yaml", "--out", "ref").code == 0)
        for folder in ["0.ndjson.work", "r"] {
            try FileManager.default.createDirectory(
                at: work.folder.appending(path: folder), withIntermediateDirectories: true)
            try Data(page).write(to: work.folder.appending(path: "\(folder)/journal.sqlite"))
            try work.bytes("ref/sweep.json").write(to: work.folder.appending(path: "\(folder)/sweep.json"))
        }
        let end = try shard(work, 0, of: 1, out: "0.ndjson")
        #expect(end.code == 0 && end.output.contains("40 measured"), "\(end.all)")
        let resumed = try work.run("resume", "r")
        #expect(resumed.code == 0, "\(resumed.all)")
        #expect(try work.bytes("r/records.ndjson") == work.bytes("ref/records.ndjson"))
    }

    @Test func `More shards than trials: some are empty, and all are merged`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20), to: "s.yaml")
        let set = ["--set", "beta=0.1", "--set", "seed=0,1"]
        for index in 0..<3 { #expect(try shard(work, index, of: 3, set).code == 0) }
        let end = try merge(work, "parts/0.ndjson", "parts/1.ndjson", "parts/2.ndjson", "--out", "m")
        #expect(end.code == 0 && end.output.contains("2 of 2 trials"), "\(end.all)")
        let empty = try merge(work, "parts/2.ndjson", "--out", "e")
        #expect(empty.code == 1 && empty.output.contains("2 shards missing"), "\(empty.all)")
        #expect(try work.run("resume", "e").code == 0)
        #expect(try work.bytes("e/records.ndjson") == work.bytes("m/records.ndjson"))
    }

    @Test
    func `Unfinished runs of sweeps that share trials are merged; a cut-short merge is begun anew`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 50), to: "s.yaml")
        let wide = ["--set", "seed={range: [0, 8]}"]
        #expect(try work.start("ranksweep", ["run", "s.yaml", "--out", "ref"] + wide).wait().code == 0)
        #expect(try work.run("run", "s.yaml", "--out", "a", "--set", "seed=0,1,2").code == 0)
        #expect(try work.run("run", "s.yaml", "--out", "b", "--set", "seed=2,9,5").code == 0)
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "m.merging"), withIntermediateDirectories: true)
        try work.write("", to: "m.merging/merge.unfinished")
        try work.write("garbage", to: "m.merging/journal.sqlite")
        let end = try work.start(
            "ranksweep", ["merge", "b", "a", "--sweep", "s.yaml"] + wide + ["--out", "m"]
        ).wait()
        #expect(end.code == 1 && end.output.contains("32 of 64 trials"), "\(end.all)")
        #expect(end.output.contains("8 records came more than once, with the same bytes"))
        #expect(end.output.contains("b: 8 records left out") && end.output.contains("ranksweep resume m"))
        #expect(try work.run("resume", "m").code == 0)
        #expect(try work.bytes("m/records.ndjson") == work.bytes("ref/records.ndjson"))
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "n.merging"), withIntermediateDirectories: true)
        try work.write("mine", to: "n.merging/thesis.tex")
        let refused = try merge(work, "a", "--out", "n")
        #expect(refused.code == 2 && work.exists("n.merging/thesis.tex"), "\(refused.all)")
    }

    /// Writes a shard's lines with the checksum that they have now.
    private func write(_ lines: [String], _ work: Workspace, to name: String) throws {
        let text = lines.dropLast().map { $0 + "\n" }.joined()
        let end = try JSONValue(parsing: try #require(lines.last).utf8)
        let counts = try #require(end["end"])
        let (attempts, records) = (counts["attempts"]?.number ?? 0, counts["records"]?.number ?? 0)
        try work.write(
            text + "{\"end\":{\"attempts\":\(Int(attempts)),\"records\":\(Int(records)),\"sha256\":\""
                + Digest(of: text).hexadecimal() + "\"}}\n", to: name)
    }

    @Test
    func `A strict sweep's shards by two BLAS kernels are refused; printed commands pin one, and are quoted`()
        throws
    {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20) + "\nreproducibility: strict\n", to: "s.yaml")
        for index in [0, 1] { #expect(try shard(work, index, of: 3, out: "a b/\(index).ndjson").code == 0) }
        let kernel = try Regex(#""blas_kernel":"([^"]*)""#)
        let lines = try work.text("a b/1.ndjson").split(separator: "\n").map(String.init)
        let found = try #require(lines.joined().firstMatch(of: kernel)?.output[1].substring.map(String.init))
        let others = lines.map { $0.replacing(kernel, with: "\"blas_kernel\":\"Elsewhere\"") }
        try write(others, work, to: "other.ndjson")
        let refused = try merge(work, "a b/0.ndjson", "other.ndjson", "--out", "m")
        #expect(refused.code == 2 && refused.errors.contains("by 2 BLAS kernels"), "\(refused.all)")
        #expect(refused.errors.contains("  Elsewhere: other.ndjson\n"), "\(refused.all)")
        #expect(refused.errors.contains("  \(found): a b/0.ndjson\n"), "\(refused.all)")
        #expect(!work.exists("m") && !work.exists("m.merging"))
        try work.write(smallSweep(steps: 20), to: "recorded.yaml")
        let recorded = try merge(
            work, "a b/0.ndjson", "other.ndjson", "--sweep", "recorded.yaml", "--out", "r")
        #expect(recorded.code == 1 && recorded.output.contains("27 of 40 trials"), "\(recorded.all)")
        let missing = try merge(work, "a b/0.ndjson", "a b/1.ndjson", "--out", "it's m")
        #expect(
            missing.output.contains(
                "\n  ranksweep shard 'it'\\''s m/sweep.json' --index 2 --count 3 --out 'a b/2.ndjson' "
                    + "--blas-kernel \(found)\n"), "\(missing.all)")
        #expect(missing.output.contains("ranksweep resume 'it'\\''s m'\n"), "\(missing.all)")
    }

    @Test func `Unequal records of one trial are named with who made them, exit code 1`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20), to: "s.yaml")
        #expect(try shard(work, 0, of: 8, out: "a.ndjson").code == 0)
        // Another machine's, as it were, with its own checksum right.
        var lines = try work.text("a.ndjson").split(separator: "\n").map(String.init)
        let number = try Regex(#""kl_nats":[0-9.e-]+"#)
        #expect(lines[1].contains(number))
        lines[1] = lines[1].replacing(number, with: "\"kl_nats\":77", maxReplacements: 1)
        let host = try Regex(#""host":"[^"]*""#)
        lines = lines.map { $0.replacing(host, with: "\"host\":\"elsewhere\"") }
        try write(lines, work, to: "b.ndjson")
        let merged = try merge(work, "a.ndjson", "b.ndjson", "--out", "m")
        #expect(
            merged.code == 1 && merged.output.contains("two unequal records: kept that of a.ndjson"),
            "\(merged.all)")
        #expect(merged.output.contains("refused that of b.ndjson (elsewhere, "), "\(merged.all)")
        #expect(merged.errors.contains("b.ndjson is shard 0 of 8, as is a.ndjson"))
        #expect(merged.output.contains("4 records came more than once"), "\(merged.all)")
        let check = try work.run("check", "m")
        #expect(check.code == 1 && check.output.contains("differed from the first"), "\(check.all)")
    }
}
