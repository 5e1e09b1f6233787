import Foundation
import Testing
import Text

@testable import Journal

/// `resume` ignores nothing that `check` calls wrong: it repairs it, or says so and ends with another code than 0.
@Suite(.serialized) struct CheckAndResumeTests {
    private func finished(_ more: String = "", steps: Int = 20) throws -> Workspace {
        let work = try Workspace()
        try work.write(smallSweep(steps: steps) + more, to: "s.yaml")
        let end = try work.run("run", "s.yaml", "--out", "a", "--set", "seed=0", "--set", "beta=0.1,0.2,0.3")
        #expect(end.code == 0, "\(end.all)")
        return work
    }

    @Test func `A flipped bit in kept weights is found, and the trial runs again to the same bytes`() throws {
        let work = try finished("\nweights: [10, 20]\n")
        let folder = work.folder.appending(path: "a/weights")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names.count == 6)
        let whole = try work.bytes("a/weights/\(names[1])")
        var bytes = whole
        bytes[bytes.count - 5] ^= 1
        try bytes.write(to: folder.appending(path: names[1]))
        let found = try work.run("check", "a")
        #expect(found.code == 1)
        #expect(
            found.output.contains("wrong weights/\(names[1]): its bytes have changed since it was kept"),
            "\(found.all)")
        let merged = try work.run("merge", "a", "--out", "m")
        #expect(merged.code == 1 && merged.output.contains("its bytes have changed"), "\(merged.all)")
        let resumed = try work.run("resume", "a")
        #expect(resumed.code == 0 && resumed.errors.contains("runs again"), "\(resumed.all)")
        #expect(try work.bytes("a/weights/\(names[1])") == whole)
        #expect(try work.run("check", "a").code == 0)
        // The digests go where the weights go: into merged runs, those of shards, and extended ones.
        #expect(try work.run("merge", "a", "--out", "b").code == 0)
        #expect(try work.run("extend", "a", "--set", "seed=0,1").code == 0)
        #expect(try work.run("resume", "a").code == 0)
        for run in ["a", "b"] { #expect(try work.run("check", run).code == 0) }
        for run in ["a", "b"] {
            try bytes.write(to: work.folder.appending(path: "\(run)/weights/\(names[1])"))
            #expect(try work.run("check", run).output.contains("weights/\(names[1]): its bytes have changed"))
        }
    }

    @Test func `Digests go with a shard's file`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20) + "\nweights: final\n", to: "s.yaml")
        let set = ["--set", "seed=0", "--set", "beta=0.1,0.2"]
        let end = try work.start(
            "ranksweep", ["shard", "s.yaml", "--index", "0", "--count", "1", "--out", "f.ndjson"] + set
        ).wait()
        #expect(end.code == 0, "\(end.all)")
        let folder = work.folder.appending(path: "f.ndjson.weights")
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().first)
        #expect(try work.run("merge", "f.ndjson", "--out", "a").code == 0)
        #expect(try work.run("check", "a").code == 0)
        var bytes = try work.bytes("f.ndjson.weights/\(name)")
        bytes[bytes.count - 5] ^= 1
        try FileManager.default.removeItem(at: folder.appending(path: name))
        try bytes.write(to: folder.appending(path: name))
        let merged = try work.run("merge", "f.ndjson", "--out", "b")
        #expect(
            merged.code == 1 && merged.output.contains("\(name): its bytes have changed"), "\(merged.all)")
    }

    @Test func `Weights whose digests the journal has lost are made again`() throws {
        let work = try finished("\nweights: final\n")
        let journal = work.folder.appending(path: "a/journal.sqlite").path
        try Database(path: journal, access: .readWrite).execute("DROP TABLE weights")
        let found = try work.run("check", "a")
        #expect(
            found.code == 1
                && found.output.components(separatedBy: "the journal has no digest of it").count == 4,
            "\(found.all)")
        #expect(try work.run("resume", "a").code == 0)
        #expect(try work.run("check", "a").code == 0)
    }

    @Test(arguments: [
        ("tables/kl.dat", true), ("tables/summary.dat", false), ("figures/kl.gp", true),
        ("figures/kl.svg", true),
        ("figures/kl.svg", false), ("report.html", true),
    ])
    func `Missing, changed and outdated tables, scripts, pictures and pages are drawn again`(
        name: String, isRemoved: Bool
    ) throws {
        let work = try finished()
        let file = work.folder.appending(path: "a/\(name)")
        let whole = try work.bytes("a/\(name)")
        if isRemoved {
            try FileManager.default.removeItem(at: file)
        } else {
            try (whole + Data(" ".utf8)).write(to: file)
        }
        let found = try work.run("check", "a")
        let why = isRemoved ? "it is missing" : "it has changed since it was drawn"
        #expect(
            found.code == 1 && found.output.contains("wrong \(name): \(why): ranksweep figures a"),
            "\(found.all)")
        let resumed = try work.run("resume", "a")
        #expect(resumed.code == 0 && !resumed.output.contains("nothing to resume"), "\(resumed.all)")
        #expect(try work.run("check", "a").code == 0)
        #expect(try work.run("resume", "a").output.contains("nothing to resume"))
        if name.hasSuffix(".dat") { #expect(try work.bytes("a/\(name)") == whole) }
    }

    @Test func `Figures of other records are out of date`() throws {
        let work = try finished()
        let drawn = try work.bytes("a/drawn.json")
        #expect(try work.run("extend", "a", "--set", "seed=0,1").code == 0)
        #expect(try work.run("resume", "a").code == 0)
        #expect(try work.run("check", "a").code == 0)
        try drawn.write(to: work.folder.appending(path: "a/drawn.json"))
        let found = try work.run("check", "a")
        #expect(found.code == 1 && found.output.contains("are out of date: records.ndjson has changed"))
        #expect(try work.run("resume", "a").code == 0)
        #expect(try work.run("check", "a").code == 0)
    }

    @Test
    func `Figures that wait for gnuplot are noted, not called drawn; resume draws them when it is there`()
        throws
    {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20), to: "s.yaml")
        let bare = ["PATH": work.folder.path]
        let end = try work.run("run", "s.yaml", "--out", "a", "--set", "seed=0", environment: bare)
        #expect(end.code == 0 && !work.exists("a/figures/kl.svg"), "\(end.all)")
        let still = try work.run("check", "a", environment: bare)
        let note = "note  figures: not drawn: gnuplot is not installed"
        #expect(still.code == 0 && still.output.contains(note), "\(still.all)")
        #expect(!still.output.contains("figures are unchanged since they were drawn"), "\(still.all)")
        let waiting = try work.run("resume", "a", environment: bare)
        #expect(waiting.code == 0 && waiting.output.contains("nothing to resume"), "\(waiting.all)")
        #expect(waiting.output.contains("figures were not drawn: gnuplot is not installed"), "\(waiting.all)")
        let found = try work.run("check", "a")
        #expect(
            found.code == 0
                && found.output.contains(
                    "note  figures: not drawn: gnuplot was missing then: ranksweep figures a draws them"),
            "\(found.all)")
        let resumed = try work.run("resume", "a")
        #expect(resumed.code == 0 && !resumed.output.contains("nothing to resume"), "\(resumed.all)")
        #expect(work.exists("a/figures/kl.svg") && work.exists("a/figures/kl.pdf"))
        #expect(try !work.run("check", "a").output.contains("note"))
        #expect(try work.run("resume", "a").output.contains("nothing to resume"))
    }

    @Test func `Figures that gnuplot could not draw are wrong until it draws them`() throws {
        let work = try finished()
        try work.write("#!/bin/sh\necho no fonts at all\nexit 1\n", to: "gnuplot")
        chmod(work.folder.appending(path: "gnuplot").path, 0o755)
        let drawn = try work.run("figures", "a", environment: ["PATH": work.folder.path])
        #expect(drawn.code == 4, "\(drawn.all)")
        let found = try work.run("check", "a")
        #expect(
            found.code == 1
                && found.output.contains("wrong figures/kl: gnuplot did not draw it: no fonts at all"),
            "\(found.all)")
        #expect(try work.run("resume", "a").code == 0)
        #expect(try work.run("check", "a").code == 0)
    }

    private static let attempt = "INSERT INTO attempts SELECT NULL, "
    private static let rest = """
        host, process, slot, cpu, kernel, start_ms, seconds, peak_memory_bytes, continued_step, measuring_seconds, \
        program_commit \
        FROM attempts LIMIT 1
        """

    @Test(arguments: [
        ("\(attempt)1000, attempt, lease, outcome, cause, forgiven, \(rest)", "it contains trial 1000"),
        ("INSERT INTO quarantined VALUES (77)", "it contains trial 77"),
        ("\(attempt)0, 2, lease, 'conflict', 'x', 0, \(rest)", "1 record differed"),
        ("UPDATE records SET trial = 99 WHERE trial = 0", "damaged"),
        (
            "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'attempts_by_trial'",
            "is never used"
        ),
    ])
    func `Each damage of a journal that check calls wrong ends resume with the same code`(
        statement: String, words: String
    ) throws {
        let work = try finished()
        let path = work.folder.appending(path: "a/journal.sqlite").path
        try Database(path: path, access: .readWrite).execute(statement)
        // Files that are out of date are written anew, whatever else there is.
        if words.contains("differed") { #expect(try work.run("figures", "a").code == 0) }
        let found = try work.run("check", "a")
        #expect(found.code == 1 && found.output.contains(words), "\(found.all)")
        if words == "damaged" {
            // It can be run again.
            #expect(try work.run("resume", "a").code == 0)
            return
        }
        let resumed = try work.run("resume", "a")
        #expect(resumed.code == 1 && resumed.errors.contains(words), "\(resumed.all)")
    }

    @Test
    func `Every reader names a record that the sweep cannot give; resume drops it if asked to`() throws {
        let work = try finished()
        let folder = work.folder.appending(path: "a").path
        let records = try work.bytes("a/records.ndjson")
        let digest = try #require(
            try JSONValue(parsing: work.run("status", "a", "--json").output.utf8)["sweep"]?.string)
        let line = String(try work.text("a/records.ndjson").split(separator: "\n")[1])
        let absurd = line.replacing(
            "\"kl_nats\":", with: "\"junk\":[\(String(repeating: "1,", count: 8_000_000))1],\"kl_nats\":",
            maxReplacements: 1)
        do {
            let journal = try RunJournal.open(in: folder, sweep: digest)
            try journal.drop(records: [1], cause: "test")
            try journal.adding { () throws(JournalError) in
                try journal.add(record: Array(absurd.utf8), outcome: "measured", trial: 1)
            }
        }
        let words = "the record of trial 1 can't come from this sweep: it has 16"
        for command in [["check", "a"], ["resume", "a"], ["merge", "a", "--out", "m"]] {
            let end = try work.start("ranksweep", command).wait()
            #expect(
                end.code != 0 && end.all.contains(words) && end.all.contains("--retry unfit"),
                "\(command): \(end.all)")
        }
        // It is not drawn; what was written before is.
        let drawn = try work.run("figures", "a", "--format", "svg")
        #expect(drawn.errors.contains(words), "\(drawn.all)")
        let resumed = try work.run("resume", "a", "--retry", "unfit")
        #expect(resumed.code == 0, "\(resumed.all)")
        #expect(try work.bytes("a/records.ndjson") == records)
        #expect(try work.run("check", "a").code == 0)
        // A file of records without a journal: by its line.
        for name in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
        var lines = try work.text("a/records.ndjson").split(separator: "\n").map(String.init)
        lines[1] = lines[1].replacing("\"mean\":[", with: "\"mean\":[999,", maxReplacements: 1)
        try work.write(lines.joined(separator: "\n") + "\n", to: "a/records.ndjson")
        let alone = try work.run("figures", "a", "--format", "svg")
        #expect(alone.code == 2 && alone.errors.contains("a/records.ndjson:2: "), "\(alone.all)")
    }
}

/// A finished run that may only be read.
@Suite(.serialized) struct ReadOnlyTests {
    /// Runs `ranksweep` as a user who may read and not write: nobody, or, where the test's user is not root, this one in
    /// folders that it may not write to.
    private func asReader(_ work: Workspace, _ arguments: String...) throws -> Program.Result {
        try asReader(work, arguments)
    }

    private func asReader(_ work: Workspace, _ arguments: [String]) throws -> Program.Result {
        guard getuid() == 0 else { return try work.start("ranksweep", arguments).wait() }
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(filePath: own).deletingLastPathComponent().appending(path: "ranksweep").path
        return try work.start(
            "/usr/bin/setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", program] + arguments
        ).wait()
    }

    private func makeReadOnly(_ path: String, _ isReadOnly: Bool = true) throws {
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) + [""] {
            let file = "\(path)/\(name)"
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: file, isDirectory: &isFolder)
            chmod(file, isFolder.boolValue ? (isReadOnly ? 0o555 : 0o755) : (isReadOnly ? 0o444 : 0o644))
        }
    }

    @Test func `Status, check and merge read it, and figures says that it cannot write there`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "a ?%", "--set", "seed=0").code == 0)
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "open"), withIntermediateDirectories: true)
        chmod(work.folder.path, 0o755)
        chmod(work.folder.appending(path: "open").path, 0o777)
        let folder = work.folder.appending(path: "a ?%").path
        try makeReadOnly(folder)
        defer { try? makeReadOnly(folder, false) }
        let status = try asReader(work, "status", "a ?%")
        #expect(status.code == 0 && status.output.contains("8 of 8 trials"), "\(status.all)")
        let check = try asReader(work, "check", "a ?%")
        #expect(check.code == 0 && check.output.contains("nothing is wrong"), "\(check.all)")
        let merged = try asReader(work, "merge", "a ?%", "--out", "open/m")
        #expect(merged.code == 0, "\(merged.all)")
        #expect(try work.bytes("open/m/records.ndjson") == work.bytes("a ?%/records.ndjson"))
        let figures = try asReader(work, "figures", "a ?%")
        #expect(figures.code == 2 && figures.errors.contains("cannot be written here"), "\(figures.all)")
        #expect(figures.errors.contains("ranksweep merge"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.hasSuffix("-wal") })
    }

    @Test(arguments: ["/journal.sqlite", "/sweep.json", "/records.ndjson", ""])
    func `A missing right to read is named with its owner; an unread file is not called wrong`(name: String)
        throws
    {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "a", "--set", "seed=0").code == 0)
        chmod(work.folder.path, 0o755)
        let path = work.folder.appending(path: "a").path + name
        chmod(path, 0)
        defer { chmod(path, name.isEmpty ? 0o755 : 0o644) }
        let readers = name == "/records.ndjson" ? [["check", "a"]] : [["status", "a"], ["check", "a"]]
        for command in readers + (readers.count > 1 ? [["merge", "a", "--out", "m"]] : []) {
            let end = try asReader(work, command)
            #expect(end.code == 2, "\(command): \(end.all)")
            #expect(end.errors.contains("a\(name)"), "\(command): \(end.all)")
            #expect(end.errors.contains(": Permission denied for the user "), "\(command): \(end.all)")
            #expect(!end.all.contains("code 14") && !end.all.contains("wrong"), "\(command): \(end.all)")
        }
        chmod(path, name.isEmpty ? 0o755 : 0o644)
        #expect(try asReader(work, "status", "a").code == 0)
    }

    @Test func `A killed run is read with its write-ahead log, or the reason why not is given`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 3000), to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a"])
        try eventually("it has records", of: run) {
            let status = try? JSONValue(parsing: work.run("status", "a", "--json").output.utf8)
            return status?["done"]?.number ?? 0 > 2
        }
        chmod(work.folder.path, 0o755)
        // While it goes on.
        #expect(try asReader(work, "status", "a").output.contains("running"))
        run.signal(SIGKILL)
        _ = try run.wait()
        let folder = work.folder.appending(path: "a").path
        try makeReadOnly(folder)
        let status = try asReader(work, "status", "a")
        #expect(status.code == 0 && status.output.contains("not running"), "\(status.all)")
        #expect(try asReader(work, "check", "a").code == 0)
        try makeReadOnly(folder, false)
        try FileManager.default.removeItem(atPath: folder + "/journal.sqlite-shm")
        try makeReadOnly(folder)
        defer { try? makeReadOnly(folder, false) }
        let bare = try asReader(work, "status", "a")
        #expect(bare.code == 2 && bare.errors.contains("its write-ahead log is not merged"), "\(bare.all)")
    }
}
