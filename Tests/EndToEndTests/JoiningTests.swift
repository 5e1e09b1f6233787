import Foundation
import Glibc
import Testing
import Transport

/// How coordinator and workers find each other: names, ports, kernels.
@Suite(.serialized) struct JoiningTests {
    @Test func `A run listens at a name, and workers here and elsewhere find it by that`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 5), to: "s.yaml")
        let own = try work.run(
            "run", "s.yaml", "--out", "own", "--listen", "tcp://localhost:\(fixedPort())", "--workers", "1",
            "--slots", "1")
        #expect(own.code == 0, "\(own.all)")
        let coordinator = try work.start(
            "ranksweep", ["run", "s.yaml", "--out", "far", "--listen", "tcp://localhost:*"])
        let address = try coordinator.listeningAddress()
        #expect(address.hasPrefix("tcp://localhost:"))
        let worker = try work.start("ranksweep-worker", ["--connect", address, "--slots", "1"])
        #expect(try coordinator.wait().code == 0, "\(coordinator.errors)")
        #expect(try worker.wait().code == 0)
        #expect(try work.bytes("far/records.ndjson") == work.bytes("own/records.ndjson"))
    }

    @Test func `An unknown host name is an error at once, on both sides, and nothing is begun`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        let address = "tcp://no-such-machine.invalid:5555"
        let worker = try work.start("ranksweep-worker", ["--connect", address]).wait()
        #expect(worker.code == 2)
        #expect(
            worker.errors.contains("--connect: the name 'no-such-machine.invalid' is not known here ("),
            "\(worker.all)")
        let run = try work.run("run", "s.yaml", "--listen", address)
        #expect(
            run.code == 2 && run.errors.contains("the name 'no-such-machine.invalid' is not known here ("),
            "\(run.all)")
        let elsewhere = try work.run("run", "s.yaml", "--listen", "tcp://192.0.2.1:5555", "--insecure")
        #expect(
            elsewhere.code == 2 && elsewhere.errors.contains("that is no address of this machine"),
            "\(elsewhere.all)")
        #expect(!work.exists("runs"))
        let cluster = try PretendedHosts(work)
        try cluster.cluster("[one]", more: "listen: \(address)")
        let launch = try cluster.launch("s.yaml").wait()
        #expect(launch.code == 2 && launch.errors.contains("is not known here ("), "\(launch.all)")
        #expect(!work.exists("runs") && !work.exists("homes/calls"))
    }

    @Test(.enabled(if: geteuid() == 0, "needs root, for another /etc/hosts"))
    func `A name for an address that others reach needs keys, even if it changed later`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 350_000), to: "s.yaml")
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(filePath: own).deletingLastPathComponent().appending(path: "ranksweep").path
        func start(_ meaning: String, _ arguments: String...) throws -> Program {
            try work.write("127.0.0.1 localhost\n\(meaning) head\n", to: "hosts")
            return try work.start(
                "/usr/bin/unshare",
                ["-m", "sh", "-c", "mount --bind hosts /etc/hosts && exec \"$@\"", "sh", program] + arguments)
        }
        let outside = try start("10.98.76.54", "run", "s.yaml", "--out", "r", "--listen", "tcp://head:*")
            .wait()
        #expect(outside.code == 2 && !work.exists("r"))
        #expect(
            outside.errors.contains(
                "--listen tcp://head:* (10.98.76.54): other machines can reach this address"),
            "\(outside.all)")
        let inside = try start("127.0.1.1", "run", "s.yaml", "--out", "r", "--listen", "tcp://head:*")
        _ = try inside.listeningAddress()
        inside.signal(SIGTERM)
        #expect(try inside.wait().code == 3)
        let later = try start("10.98.76.54", "resume", "r").wait()
        #expect(
            later.code == 2 && later.errors.contains("(10.98.76.54): other machines can reach"),
            "\(later.all)")
        // A cluster's hosts would look for this machine in vain.
        let cluster = try PretendedHosts(work)
        try cluster.cluster("[one]", more: "listen: tcp://head:*")
        let launch = try start("127.0.1.1", "launch", "lab.yaml", "s.yaml", "--out", "far").wait()
        #expect(
            launch.code == 2
                && launch.errors.contains("listen: 'head' is 127.0.1.1 on this machine, which only programs"),
            "\(launch.all)")
    }

    @Test
    func `A coordinator that is started again takes the port that it had, unless somebody else has it`()
        throws
    {
        let work = try Workspace()
        try work.write(smallSweep(steps: 350_000), to: "s.yaml")
        let first = try work.start(
            "ranksweep", ["run", "s.yaml", "--out", "r", "--listen", "tcp://127.0.0.1:*"])
        let address = try first.listeningAddress()
        first.signal(SIGKILL)
        _ = try first.wait()
        let second = try work.start("ranksweep", ["resume", "r"])
        #expect(try second.listeningAddress() == address)
        second.signal(SIGTERM)
        #expect(try second.wait().code == 3)
        let taken = try CoordinatorSocket(listeningAt: Endpoint(parsing: address))
        let third = try work.start("ranksweep", ["resume", "r"])
        #expect(try third.listeningAddress() != address)
        let port = try #require(address.split(separator: ":").last)
        #expect(
            third.errors.contains(
                "warning: another program now uses port \(port), where this run's workers look for it"),
            "\(third.errors)")
        third.signal(SIGTERM)
        #expect(try third.wait().code == 3)
        withExtendedLifetime(taken) {}
    }

    @Test
    func `A launch that goes on listens at the port that it had, though the file leaves it open`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 70_000), to: "s.yaml")
        let hosts = try PretendedHosts(work)
        try hosts.cluster("[off1]")
        func port(_ launch: Program) throws -> Substring {
            try eventually("it listens", of: launch) { launch.errors.contains("off1: cannot be reached") }
            return try #require(launch.errors.firstMatch(of: /listening at tcp:\/\/[^ ]*:(\d+)/)).1
        }
        let first = try hosts.launch("s.yaml", "--out", "far")
        let before = try port(first)
        first.signal(SIGKILL)
        _ = try first.wait()
        let second = try hosts.launch("far")
        #expect(try port(second) == before)
        second.signal(SIGTERM)
        #expect(try second.wait().code == 3)
    }

    @Test
    func `A worker whose CPU has not the kernel that was asked for joins no run, and so loses no trial`()
        throws
    {
        let work = try Workspace()
        try work.write(smallSweep(steps: 5), to: "s.yaml")
        let coordinator = try work.start(
            "ranksweep", ["run", "s.yaml", "--out", "r", "--listen", "tcp://127.0.0.1:*"])
        let address = try coordinator.listeningAddress()
        for _ in 0..<3 {
            let worker = try work.start(
                "ranksweep-worker", ["--connect", address, "--slots", "2", "--blas-kernel", "POWER9"]
            ).wait()
            #expect(worker.code == 2, "\(worker.all)")
            #expect(
                worker.errors.components(separatedBy: "OpenBLAS has no kernel 'POWER9' for this CPU").count
                    == 2)
        }
        let nonsense = try work.start("ranksweep-worker", ["--connect", address, "--blas-kernel", "Haswel"])
            .wait()
        #expect(nonsense.code == 2 && nonsense.errors.contains("no kernel 'Haswel'; did you mean 'Haswell'?"))
        let right = try work.start("ranksweep-worker", ["--connect", address, "--slots", "1"])
        #expect(try coordinator.wait().code == 0, "\(coordinator.errors)")
        #expect(try right.wait().code == 0)
        #expect(coordinator.errors.components(separatedBy: "worker on ").count == 2, "\(coordinator.errors)")
        #expect(!coordinator.errors.contains("lost"))
        let begun = try work.run("run", "s.yaml", "--out", "n", "--blas-kernel", "Nonsense")
        #expect(begun.code == 2 && !work.exists("n"), "\(begun.all)")
    }
}
