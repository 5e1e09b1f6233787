import Files
import Foundation
import Journal
import Scheduling
import Testing
import Text
import Wire

@testable import CoordinatorService

/// `ranksweep check` finds damage, and `resume` repairs it.
@Suite(.serialized) struct CheckTests {
    private func check(_ work: Workspace, _ run: String) throws -> (code: Int32, lines: [String]) {
        let end = try work.run("check", run)
        return (end.code, end.output.split(separator: "\n").map(String.init))
    }

    /// Changes a byte of the first place where the words are.
    private func spoil(_ work: Workspace, _ name: String, after words: String) throws {
        var bytes = try work.bytes(name)
        let index = try #require(bytes.firstRange(of: Data(words.utf8))).upperBound
        bytes[index] ^= 1
        try bytes.write(to: work.folder.appending(path: name))
    }

    @Test func `A damaged record is named, not exported, and run again to the same bytes`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 100), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "a").code == 0)
        var found = try check(work, "a")
        #expect(found.code == 0 && found.lines.last == "a: nothing is wrong", "\(found.lines)")
        #expect(found.lines.dropLast().allSatisfy { $0.hasPrefix("ok ") })
        let records = try work.bytes("a/records.ndjson")
        let before = try work.bytes("a/journal.sqlite")
        #expect(try work.run("check", "a", "--json").code == 0)
        // Nothing is changed by looking.
        #expect(try work.bytes("a/journal.sqlite") == before)

        try spoil(work, "a/journal.sqlite", after: "\"kl_nats\":")
        found = try check(work, "a")
        #expect(found.code == 1)
        #expect(
            found.lines.contains { $0.hasPrefix("wrong journal.sqlite: the record of trial ") },
            "\(found.lines)")
        let json = try JSONValue(parsing: work.run("check", "a", "--json").output.utf8)
        #expect(json["wrong"] == .number(1))
        let drawn = try work.run("figures", "a", "--format", "svg")
        #expect(drawn.errors.contains("damaged on the disk") && drawn.errors.contains("ranksweep resume a"))
        #expect(try work.bytes("a/records.ndjson") == records)

        let resumed = try work.run("resume", "a")
        #expect(resumed.code == 0 && resumed.errors.contains("to be computed again"), "\(resumed.all)")
        #expect(try work.bytes("a/records.ndjson") == records)
        #expect(try work.text("a/provenance.ndjson").contains("its record was damaged on the disk"))
        #expect(try check(work, "a").code == 0)
        let again = try work.run("resume", "a")
        #expect(again.code == 0 && again.output.contains("nothing to resume"), "\(again.all)")
        #expect(again.errors.isEmpty)
    }

    @Test func `Damaged weights are named, and their trials run again to the same bytes`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20) + "\nweights: [10, 20]\n", to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "a", "--set", "seed=0").code == 0)
        let folder = work.folder.appending(path: "a/weights").path
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(names.count == 16)
        let files = try names.map { try work.bytes("a/weights/\($0)") }
        try FileManager.default.removeItem(atPath: "\(folder)/\(names[0])")
        try files[3].dropLast().write(to: URL(filePath: "\(folder)/\(names[3])"))
        try files[6].write(to: URL(filePath: "\(folder)/\(names[4])"))
        let found = try check(work, "a")
        #expect(found.code == 1)
        for (index, why) in [(0, "it is missing"), (3, "bytes"), (4, "its header is not that of this trial")]
        {
            #expect(
                found.lines.contains { $0.hasPrefix("wrong weights/\(names[index]): ") && $0.contains(why) },
                "\(found.lines)")
        }
        #expect(try work.run("resume", "a").code == 0)
        #expect(try names.map { try work.bytes("a/weights/\($0)") } == files)
        #expect(try check(work, "a").code == 0)
    }

    @Test
    func `Each thing that may be wrong with the other files is a finding that says what to do`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "a", "--set", "seed=0").code == 0)
        func change(_ name: String, _ edit: (String) -> String?, finds line: String, code: Int32 = 1) throws {
            let file = work.folder.appending(path: "a/\(name)")
            let before = try? Data(contentsOf: file)
            let text = before.map { String(decoding: $0, as: UTF8.self) } ?? ""
            if let new = edit(text) {
                try Data(new.utf8).write(to: file)
            } else {
                try FileManager.default.removeItem(at: file)
            }
            let found = try check(work, "a")
            #expect(found.code == code, "\(name): \(found.lines)")
            #expect(found.lines.contains { $0.hasPrefix(line) }, "\(name): \(found.lines)")
            try FileManager.default.removeItem(at: file)
            try before?.write(to: file)
        }
        func firstLine(_ text: String) -> String { text.split(separator: "\n").prefix(1).joined() + "\n" }
        try change("records.ndjson", firstLine, finds: "wrong records.ndjson: out of date: 7 lines")
        try change(
            "records.ndjson", { $0 + "{}\n" }, finds: "wrong records.ndjson: line 9 differs from the journal")
        try change(
            "provenance.ndjson", { "x" + $0 },
            finds: "wrong provenance.ndjson: line 1 differs from the journal")
        try change("weights-note", { _ in "x" }, finds: "ok    report.html", code: 0)
        try change("sweep.json", { $0 + "\n" }, finds: "wrong sweep.json: not the bytes")
        try change("sweep.json", { _ in "{" }, finds: "wrong sweep.json: ")
        try change(
            "tables/x.dat.partial", { _ in "x" }, finds: "note  tables/x.dat.partial: an incomplete file",
            code: 0)
        for name in ["records.ndjson", "tables/kl.dat", "report.html"] {
            let file = work.folder.appending(path: "a/\(name)")
            let bytes = try Data(contentsOf: file)
            try FileManager.default.removeItem(at: file)
            let found = try check(work, "a")
            #expect(
                found.code == 1 && found.lines.contains { $0.hasPrefix("wrong \(name): ") }, "\(found.lines)")
            #expect(found.lines.contains { $0.contains("ranksweep figures a") })
            try bytes.write(to: file)
        }
        #expect(try check(work, "a").code == 0)
        try work.write(String(repeating: "garbage", count: 2000), to: "a/journal.sqlite")
        #expect(try check(work, "a").lines.contains { $0.hasPrefix("wrong journal.sqlite: not a journal") })
        #expect(try work.run("check", "nowhere").code == 2)
    }

    @Test func `A run that is going on can be checked, and so can one that was cut short`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 70_000), to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a"])
        try eventually("it runs") { run.errors.contains("worker on") }
        var found = try check(work, "a")
        #expect(found.code == 0, "\(found.lines)")
        #expect(found.lines.contains { $0.contains("process \(run.pid)") })
        run.signal(SIGKILL)
        _ = try run.wait()
        found = try check(work, "a")
        #expect(found.code == 0 && found.lines.contains { $0.contains("left to do: ranksweep resume a") })
    }
}

/// A file system of 10 MB, mounted at `disk` in a test's folder.
private struct SmallDisk {
    let folder: URL

    /// Why there can be none here; nil where there can.
    static let obstacle: String? = {
        do {
            let work = try Workspace()
            try SmallDisk(in: work).unmount()
            return nil
        } catch { return "needs root, to mount a file system" }
    }()

    init(in work: Workspace) throws {
        folder = work.folder.appending(path: "disk")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let options = ["-t", "tmpfs", "-o", "size=\(SmallDisk.size)", "tmpfs", folder.path]
        guard try work.start("/bin/mount", options).wait().code == 0 else { throw POSIXError(.EPERM) }
    }

    /// Bytes. A finished run of 320 trials takes 3 MB; its write-ahead log takes up to 5 MB more.
    private static let size = 10_000_000

    /// Bytes that a run can start in but not end in: the journal of 320 trials takes 360 kB, and no page of it reaches
    /// the journal before the write-ahead log has held it.
    static let tooLittle = 450_000

    func unmount() { umount2(folder.path, Int32(MNT_DETACH)) }

    /// Takes all its space but this much.
    func fill(leaving bytes: Int) throws {
        try Data(count: SmallDisk.size - bytes).write(to: folder.appending(path: "filler"))
    }

    /// Gives the space back.
    func clear() throws { try FileManager.default.removeItem(at: folder.appending(path: "filler")) }
}

@Suite(
    .serialized,
    .enabled(if: SmallDisk.obstacle == nil, Comment(rawValue: SmallDisk.obstacle ?? "")))
struct FullDiskTests {
    @Test(arguments: ["none", "final"])
    func `The disk fills: dispatch stops and says so; space returns: the run goes on to the same bytes`(
        weights: String
    ) throws {
        let work = try Workspace()
        let disk = try SmallDisk(in: work)
        defer { disk.unmount() }
        try work.write(
            smallSweep(steps: 300, seeds: 40) + "\nhidden: [30, 30]\nweights: \(weights)\n", to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        try disk.fill(leaving: SmallDisk.tooLittle)
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "disk/a"])
        try eventually("the disk is full") { run.errors.contains("no more trials are handed out") }
        #expect(run.errors.lowercased().contains("no space left"))
        func measured() throws -> Double? {
            try JSONValue(parsing: work.run("status", "disk/a", "--json").output.utf8)["measured"]?.number
        }
        // No rate and no promise while nothing goes on, but why.
        let outage = try JSONValue(parsing: work.run("status", "disk/a", "--json").output.utf8)
        #expect(outage["state"] == .string("waiting for the disk"))
        #expect(outage["eta_seconds"] == nil && outage["trials_per_second"] == nil)
        #expect(outage["live"]?["outage"]?["why"]?.string?.lowercased().contains("no space left") == true)
        let words = try work.run("status", "disk/a").output
        #expect(words.contains("the disk has accepted no writes for "), "\(words)")
        #expect(!words.contains("rate: "), "\(words)")
        #expect(!words.split(separator: "\n").contains { $0.hasSuffix(" left") }, "\(words)")
        let kept = try #require(try measured())
        #expect(kept < 320 && run.isRunning)
        #expect(try work.run("check", "disk/a").code == 0)
        try disk.clear()
        let end = try run.wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(end.errors.contains("the disk accepts writes again"))
        #expect(!end.errors.contains("is lost") && !end.errors.contains("starting another"), "\(end.errors)")
        #expect(try work.bytes("disk/a/records.ndjson") == work.bytes("calm/records.ndjson"))
        #expect(try work.run("check", "disk/a").code == 0)
    }

    @Test func `Ctrl-C while the disk is full ends the run with code 3, and it can be resumed`() throws {
        let work = try Workspace()
        let disk = try SmallDisk(in: work)
        defer { disk.unmount() }
        try work.write(smallSweep(steps: 300, seeds: 40), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        try disk.fill(leaving: SmallDisk.tooLittle)
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "disk/a"])
        try eventually("the disk is full") { run.errors.contains("no more trials are handed out") }
        run.signal(SIGINT)
        let end = try run.wait()
        #expect(end.code == 3 && end.errors.contains("to continue: ranksweep resume disk/a"), "\(end.all)")
        try disk.clear()
        #expect(try work.run("resume", "disk/a").code == 0)
        #expect(try work.bytes("disk/a/records.ndjson") == work.bytes("calm/records.ndjson"))
    }
}
