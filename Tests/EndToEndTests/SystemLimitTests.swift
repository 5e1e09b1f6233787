import Foundation
import Testing

/// Limits set by `ulimit`, through real programs.
@Suite(.serialized) struct SystemLimitTests {
    private let tiny = """
        name: tiny
        model: mlp
        dataset: {name: teacher, inputs: 8, norm: 10}
        axes: {seed: [0, 1]}
        training: {batch_size: 16, steps: 20}
        """

    @Test
    func `A limit on files' size ends a run with its name, not with a signal; the run goes on without it`()
        throws
    {
        let work = try Workspace()
        try work.write(tiny.replacing("[0, 1]", with: "{range: [0, 100]}"), to: "s.yaml")
        let end = try work.shell("ulimit -f 100; exec ranksweep run s.yaml --out a")
        #expect(end.code == 4, "\(end.code) \(end.all)")
        #expect(end.errors.contains("(ulimit -f) is 100 KiB: raise it there"), "\(end.all)")
        #expect(try work.run("resume", "a").code == 0)
    }

    @Test(arguments: [0, 1, 30])
    func `A limit on files' size that lets no run begin is wrong use, and leaves nothing`(kibibytes: Int)
        throws
    {
        let work = try Workspace()
        try work.write(tiny, to: "s.yaml")
        // Its output goes through a pipe, which has no such limit.
        let end = try work.shell(
            "set -o pipefail; (ulimit -f \(kibibytes); exec ranksweep run s.yaml --out a) 2>&1 | cat")
        #expect(end.code == 2, "\(end.code) \(end.all)")
        #expect(end.output.contains("(ulimit -f) is \(kibibytes) KiB: raise it there"), "\(end.all)")
        #expect(!end.output.contains("resume"), "\(end.all)")
        #expect(!work.exists("a"))
    }

    @Test(arguments: [0, 30]) func `A shard under a limit on files' size ends as a run does`(kibibytes: Int)
        throws
    {
        let work = try Workspace()
        try work.write(tiny, to: "s.yaml")
        let end = try work.shell(
            "set -o pipefail; (ulimit -f \(kibibytes); exec ranksweep shard s.yaml --index 0 --count 1 --out f) "
                + "2>&1 | cat")
        #expect(end.code == 2, "\(end.code) \(end.all)")
        #expect(end.output.contains("(ulimit -f) is \(kibibytes) KiB: raise it there"), "\(end.all)")
        #expect(try work.names() == ["s.yaml"])
    }

    @Test(arguments: [
        (
            "-s 64",
            "this program needs 512 KiB of stack: the limit on the stack (ulimit -s) is 64 KiB: raise"
        ),
        ("-v 60000", "at least 168 MiB of memory: the limit on address space (ulimit -v) is 60000 KiB"),
        ("-d 40000", "at least 168 MiB of memory: the limit on private memory (ulimit -d) is 40000 KiB"),
    ])
    func `A limit that would end a program without a word is named at the start`(limit: String, words: String)
        throws
    {
        let work = try Workspace()
        try work.write(tiny, to: "s.yaml")
        for command in [
            "run s.yaml --out a", "shard s.yaml --index 0 --count 1 --out f",
        ] {
            let end = try work.shell("ulimit \(limit); exec ranksweep \(command)")
            #expect(end.code == 2 && end.errors.contains(words), "\(command): \(end.code) \(end.all)")
        }
        #expect(try work.names() == ["s.yaml"])
        guard limit.hasPrefix("-s") else { return }
        let worker = try work.shell("ulimit \(limit); exec ranksweep-worker --version")
        #expect(worker.code == 2 && worker.errors.contains(words), "\(worker.code) \(worker.all)")
    }

    @Test
    func `A hard limit on processor time is reported at the start and with each process that it kills`()
        throws
    {
        let work = try Workspace()
        try work.write(
            tiny.replacing("[0, 1]", with: "[0]").replacing("steps: 20", with: "steps: 20000000"),
            to: "s.yaml")
        let end = try work.shell(
            "ulimit -t 1; exec ranksweep run s.yaml --out a --workers 1 --slots 1 --checkpoint-every 0")
        let name = "the limit on processor time (ulimit -t) is 1 s: raise it there"
        #expect(
            end.errors.contains("at 1 s of processor time the system kills this program")
                && end.errors.contains(name),
            "\(end.code) \(end.all)")
        #expect(
            end.errors.contains("its process was killed by SIGKILL, its processor time used up: \(name)"),
            "\(end.code) \(end.all)")
    }

    @Test func `Too few descriptors are an error before anything is begun`() throws {
        let work = try Workspace()
        try work.write(tiny, to: "s.yaml")
        let end = try work.shell("ulimit -n 24; exec ranksweep run s.yaml --out a")
        #expect(end.code == 2, "\(end.code) \(end.all)")
        #expect(
            end.errors.contains("the limit on open files (ulimit -n) is 24: raise it there"), "\(end.all)")
        #expect(!work.exists("a"))
        let worker = try work.shell(
            "ulimit -n 40; exec ranksweep-worker --connect tcp://127.0.0.1:9 --slots 8")
        #expect(worker.code == 2, "\(worker.code) \(worker.all)")
        #expect(worker.errors.contains("(ulimit -n) is 40") && worker.errors.contains("fewer --slots"))
    }

    @Test
    func `A limit on address space that leaves OpenBLAS no room is an error, not a program that spins`()
        throws
    {
        let work = try Workspace()
        try work.write(tiny, to: "s.yaml")
        for (option, name) in [("-v", "address space"), ("-d", "private memory")] {
            let end = try work.shell("ulimit \(option) 160000; exec ranksweep run s.yaml --out a\(option)")
            #expect(end.code == 2, "\(end.code) \(end.all)")
            #expect(end.errors.contains("the limit on \(name) (ulimit \(option)) is 156 MiB"), "\(end.all)")
            #expect(!end.errors.contains("error: error:"), "\(end.all)")
            let worker = try work.shell("ulimit \(option) 160000; exec ranksweep-worker --version")
            #expect(worker.code == 2 && worker.errors.contains("ulimit \(option)"), "\(worker.all)")
        }
    }
}
