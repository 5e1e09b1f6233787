import Foundation
import Glibc
import Testing

private let sweep = """
    name: small
    model: mlp
    dataset: {name: teacher, inputs: 4, norm: 10, train_points: 32, test_points: 32}
    axes:
      seed: [0, 1]
    width: 4
    training: {batch_size: 16, steps: 5}

    """

@Suite struct EditedSweepTests {
    private func begun() throws -> Workspace {
        let work = try Workspace()
        try work.write(sweep, to: "s.yaml")
        let first = try work.run("run", "s.yaml", "--out", "r", "--workers", "1", "--slots", "1")
        #expect(first.code == 0, "\(first.all)")
        return work
    }

    @Test func `More values: run and resume say which, and the command that adds them does`() throws {
        let work = try begun()
        let unedited = try work.run("resume", "r")
        #expect(unedited.code == 0 && !unedited.errors.contains("edited"))
        try work.write(sweep.replacing("[0, 1]", with: "{range: [0, 3]}"), to: "s.yaml")
        let again = try work.run("run", "s.yaml", "--out", "r")
        #expect(again.code == 2)
        for words in [
            "r already holds a run, of another sweep than s.yaml now describes",
            "seed: 0, 1 in the run, 0, 1, 2 in s.yaml",
            "ranksweep extend r --set seed=0,1,2", "ranksweep run s.yaml --out DIR", "ranksweep resume r",
        ] { #expect(again.errors.contains(words), "\(again.errors)") }
        let resumed = try work.run("resume", "r")
        #expect(resumed.code == 0 && resumed.output.contains("nothing to resume"))
        #expect(resumed.errors.contains("s.yaml was edited since this run began"))
        #expect(resumed.errors.contains("ranksweep extend r --set seed=0,1,2"))
        let extended = try work.run("extend", "r", "--set", "seed=0,1,2")
        #expect(extended.code == 0, "\(extended.errors)")
        let rest = try work.run("resume", "r", "--workers", "1", "--slots", "1")
        // The run now has what the file says.
        #expect(rest.code == 0 && !rest.errors.contains("edited"), "\(rest.errors)")
        #expect(try work.text("r/records.ndjson").split(separator: "\n").count == 3)
    }

    @Test func `Another setting: no extend is named, and what both have can begin another run`() throws {
        let work = try begun()
        try work.write(
            sweep.replacing("[0, 1]", with: "[0, 1, 7]") + "figures: [{name: f, x: step, y: train_loss}]\n"
                + "measures: {trace_at: log}\n", to: "s.yaml")
        let again = try work.run("run", "s.yaml", "--out", "r")
        #expect(again.code == 2)
        #expect(
            again.errors.contains("measures.trace_at: not given in the run, {\"log\":20} in s.yaml"),
            "\(again.errors)")
        #expect(again.errors.contains("figures: none in the run, f in s.yaml"))
        #expect(!again.errors.contains("ranksweep extend"))
        // Only how it is drawn, and one seed more: the trials are kept.
        try work.write(sweep.replacing("[0, 1]", with: "[0, 1, 7]"), to: "s.yaml")
        let merged = try work.run("merge", "r", "--sweep", "s.yaml", "--out", "m")
        #expect(merged.code == 1, "\(merged.all)")
        #expect(try work.run("resume", "m", "--workers", "1", "--slots", "1").code == 0)
        let records = try work.text("m/records.ndjson").split(separator: "\n")
        #expect(records.count == 3)
    }

    @Test func `The same values typed otherwise are no edit; a file that is gone is none`() throws {
        let work = try begun()
        try work.write(sweep.replacing("[0, 1]", with: "{range: [0, 2]}"), to: "s.yaml")
        let resumed = try work.run("resume", "r")
        #expect(resumed.code == 0 && !resumed.errors.contains("edited"), "\(resumed.errors)")
        let again = try work.run("run", "s.yaml", "--out", "r")
        #expect(
            again.code == 2 && again.errors.contains("'ranksweep resume r' continues it"),
            "\(again.errors)")
        try FileManager.default.removeItem(at: work.folder.appending(path: "s.yaml"))
        #expect(try work.run("resume", "r").code == 0)
        #expect(try !work.run("status", "r").output.contains("edited"))
    }

    @Test(arguments: [("name: [", "s.yaml:2:1: not YAML"), (sweep + "widht: 3\n", "did you mean 'width'?")])
    func `A file that is no valid sweep any more is named, and the run continues with its own`(
        text: String, why: String
    ) throws {
        let work = try begun()
        try work.write(text, to: "s.yaml")
        let words = "s.yaml was edited since this run began, and is no longer a valid sweep"
        let resumed = try work.run("resume", "r")
        #expect(resumed.code == 0 && resumed.output.contains("nothing to resume"), "\(resumed.all)")
        #expect(resumed.errors.contains(words) && resumed.errors.contains(why), "\(resumed.errors)")
        let status = try work.run("status", "r")
        #expect(status.code == 0 && status.output.contains(words), "\(status.all)")
        #expect(status.output.contains("with the sweep that it began with (r/sweep.json)"), "\(status.all)")
        #expect(try work.run("status", "r", "--json").output.contains(words))
    }
}

@Suite struct FailedStartTests {
    @Test(arguments: [
        (["run", "s.yaml", "--out", "a/b/r", "--blas-kernel", "Nonsense"], "no kernel 'Nonsense'"),
        (
            ["run", "s.yaml", "--out", "a/b/r", "--listen", "tcp://127.0.0.1:1", "--keys", "none"],
            "none: no such folder"
        ),
        (["run", "images.yaml", "--out", "a/b/r"], "the sweep needs mnist"),
        (
            [
                "shard", "s.yaml", "--index", "0", "--count", "2", "--out", "a/b/r", "--blas-kernel",
                "Nonsense",
            ], "Nonsense"
        ),
    ])
    func `Nothing is left of it`(arguments: [String], words: String) throws {
        let work = try Workspace()
        try work.write(sweep, to: "s.yaml")
        try work.write(
            sweep.replacing(
                "{name: teacher, inputs: 4, norm: 10, train_points: 32, test_points: 32}", with: "mnist"),
            to: "images.yaml")
        let end = try work.start("ranksweep", arguments).wait()
        #expect(end.code == 2 && end.errors.contains(words), "\(end.errors)")
        #expect(!work.exists("a"))
        // The same place takes the next start.
        let next = try work.run("run", "s.yaml", "--out", "a/b/r", "--workers", "1", "--slots", "1")
        #expect(next.code == 0, "\(next.errors)")
    }

    @Test func `A port in use, and a worker's program that is not there`() throws {
        let work = try Workspace()
        try work.write(sweep, to: "s.yaml")
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "here"), withIntermediateDirectories: true)
        let socket = try Listener()
        let taken = try work.run(
            "run", "s.yaml", "--listen", "tcp://127.0.0.1:\(socket.port)", "--out", "here/r")
        #expect(taken.code == 2 && taken.errors.contains("in use"), "\(taken.errors)")
        // The program alone, in a folder of its own.
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(filePath: own).deletingLastPathComponent().appending(path: "ranksweep")
        let copy = work.folder.appending(path: "bin-ranksweep")
        try FileManager.default.copyItem(at: program, to: copy)
        let end = try work.start(copy.path, ["run", "s.yaml", "--out", "here/r"]).wait()
        #expect(end.code != 0 && end.errors.contains("ranksweep-worker: not found"), "\(end.errors)")
        // The folder that was there stays, with nothing in it.
        #expect(try FileManager.default.contentsOfDirectory(atPath: work.folder.path + "/here").isEmpty)
    }

    /// A port that somebody listens at.
    private final class Listener {
        private let descriptor: Int32
        private(set) var port: UInt16 = 0

        init() throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isUp = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, size) == 0 && listen(descriptor, 1) == 0
                        && getsockname(descriptor, $0, &size) == 0
                }
            }
            try #require(isUp)
            port = UInt16(bigEndian: address.sin_port)
        }

        deinit { close(descriptor) }
    }
}

@Suite struct PipeTests {
    @Test func `No command waits for a pipe in a run directory`() throws {
        let work = try Workspace()
        try work.write(sweep, to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "r", "--workers", "1", "--slots", "1").code == 0)
        for (file, commands) in [
            ("records.ndjson", [("check", 1), ("status", 0)]),
            ("provenance.ndjson", [("check", 1), ("status", 0)]),
            ("sweep.json", [("check", 1), ("status", 2), ("figures", 2), ("resume", 2)]),
            ("journal.sqlite", [("check", 1), ("status", 2), ("resume", 2)]),
            ("coordinator.lock", [("status", 0), ("resume", 2)]),
        ] {
            let path = work.folder.appending(path: "r/\(file)").path
            try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
            #expect(mkfifo(path, 0o600) == 0)
            for (command, code) in commands {
                let end = try work.run(command, "r")
                #expect(end.code == code, "\(command), \(file): \(end.all)")
                if code > 0 {
                    #expect(end.all.contains("a pipe, not a file"), "\(command), \(file): \(end.all)")
                }
            }
            unlink(path)
            try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
        }
        // A pipe that is only to be overwritten is overwritten.
        let records = work.folder.appending(path: "r/records.ndjson").path
        let bytes = try work.bytes("r/records.ndjson")
        unlink(records)
        #expect(mkfifo(records, 0o600) == 0)
        #expect(try work.run("figures", "r").code == 0)
        #expect(try work.bytes("r/records.ndjson") == bytes)
    }

    @Test func `A sweep may come through a pipe, and a message says while it is awaited`() throws {
        let work = try Workspace()
        let path = work.folder.appending(path: "pipe.yaml").path
        #expect(mkfifo(path, 0o600) == 0)
        let plan = try work.start("ranksweep", ["plan", "pipe.yaml"])
        try eventually("it says that it waits", of: plan) { plan.errors.contains("is a pipe: waiting") }
        try sweep.write(toFile: path, atomically: false, encoding: .utf8)
        let end = try plan.wait()
        #expect(end.code == 0 && end.output.contains("trials   2"), "\(end.all)")
        let null = try work.run("plan", "/dev/null")
        #expect(null.code == 2 && null.errors.contains("/dev/null: a device, not a file"))
    }

    @Test func `Weights, arrays, data, keys and cluster files are regular files`() throws {
        let work = try Workspace()
        try work.write(sweep, to: "s.yaml")
        for name in ["w.safetensors", "x.npy", "c.yaml", "f.ndjson"] {
            #expect(mkfifo(work.folder.appending(path: name).path, 0o600) == 0)
        }
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "data/mnist"), withIntermediateDirectories: true)
        #expect(mkfifo(work.folder.appending(path: "data/mnist/train-images-idx3-ubyte").path, 0o600) == 0)
        for arguments in [
            ["measure", "w.safetensors", "--measures", "spectral_norm"], ["launch", "c.yaml", "s.yaml"],
            ["merge", "f.ndjson", "--out", "m"], ["data", "verify", "mnist", "--data", "data"],
        ] {
            let end = try work.start("ranksweep", arguments).wait()
            #expect(end.code == 2, "\(arguments): \(end.all)")
            #expect(end.all.contains("not a file"), "\(arguments): \(end.all)")
        }
    }
}
