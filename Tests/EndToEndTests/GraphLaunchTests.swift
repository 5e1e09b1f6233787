import Foundation
import Testing
import Text

/// Sweeps of networks from files on other machines.
@Suite(.serialized) struct GraphLaunchTests {
    private func reference(_ work: Workspace) throws {
        let end = try work.run("run", "s.yaml", "--out", "local", "--workers", "1", "--slots", "1")
        #expect(end.code == 0, "\(end.all)")
    }

    private func expectEqual(_ work: Workspace, _ run: String) throws {
        for name in ["records.ndjson", "sweep.json", "tables/ranks.dat"] {
            #expect(try work.bytes("\(run)/\(name)") == work.bytes("local/\(name)"), "\(name)")
        }
    }

    @Test func `Four hosts get the files once, and give the bytes of one worker, also after kill -9`() throws
    {
        let work = try Workspace()
        try GraphFiles.write(to: work, width: 500)
        try reference(work)
        let hosts = try PretendedHosts(work)
        try hosts.cluster("[one, two, three, four]", more: "defaults: {slots: 1}")
        let launch = try hosts.launch("s.yaml", "--out", "far")
        let names = ["one", "two", "three", "four"]
        func files(of host: String) -> [String] {
            let folder = work.folder.appending(path: "homes/\(host)/.cache/ranksweep-worker/data/files")
            let names = try? FileManager.default.subpathsOfDirectory(atPath: folder.path)
            return (names ?? []).filter { $0.contains("/") }
        }
        // No host is late because the others have done all trials.
        try eventually("it listens", of: launch) { work.exists("far/control.sock") }
        #expect(try work.run("pause", "far").code == 0)
        try eventually("all hosts have the files", of: launch) {
            names.allSatisfy { files(of: $0).count == 6 }
        }
        #expect(try work.run("unpause", "far").code == 0)
        try eventually("a trial is done", of: launch) {
            let words = try work.run("status", "far").output
            return words.contains(/: [1-9][0-9]* of 12 trials/)
        }
        launch.signal(SIGKILL)
        let killed = try launch.wait()
        #expect(killed.code == 128 + SIGKILL)
        for host in names {
            let told = killed.errors.split(separator: "\n").filter {
                $0.contains(" info: \(host): sending files (")
            }
            #expect(told.count == 1, "\(host): \(killed.errors)")
        }
        try eventually("nothing is left") { try hosts.left.isEmpty }
        // The run directory has the files.
        try FileManager.default.removeItem(at: work.folder.appending(path: "nets"))
        let end = try hosts.launch("far").wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(!end.errors.contains("sending files"), "\(end.errors)")
        try expectEqual(work, "far")
        for host in names {
            let folder = "homes/\(host)/.cache/ranksweep-worker/data/files"
            let digests = try FileManager.default.contentsOfDirectory(
                atPath: work.folder.appending(path: folder).path)
            #expect(digests.count == 5)
            for digest in digests {
                for name in try FileManager.default.contentsOfDirectory(
                    atPath: work.folder.appending(path: "\(folder)/\(digest)").path)
                {
                    #expect(
                        try work.bytes("\(folder)/\(digest)/\(name)")
                            == work.bytes("far/files/\(digest)/\(name)"))
                }
            }
        }
    }

    @Test func `Equal files are sent once, and a host that lost one file gets that one alone`() throws {
        let work = try Workspace()
        try GraphFiles.writeTwins(to: work)
        try reference(work)
        let hosts = try PretendedHosts(work)
        try hosts.cluster("[one]", more: "defaults: {slots: 1}")
        let first = try hosts.launch("s.yaml", "--out", "far").wait()
        #expect(first.code == 0, "\(first.all)")
        #expect(!first.errors.contains("other bytes"), "\(first.errors)")
        try expectEqual(work, "far")
        let folder = work.folder.appending(path: "homes/one/.cache/ranksweep-worker/data/files")
        let copies = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        let lost = folder.appending(path: try #require(copies.first { $0.hasSuffix("/a.onnx") }))
        let size = try Data(contentsOf: lost).count
        try FileManager.default.removeItem(at: lost)
        let second = try hosts.launch("s.yaml", "--out", "again").wait()
        #expect(second.code == 0, "\(second.all)")
        #expect(second.errors.contains("one: sending files (\(size) bytes)"), "\(second.errors)")
        try expectEqual(work, "again")

        // Networks that are trained get their data in the same way.
        try work.write(
            """
            name: t
            model: mlp
            dataset: {inputs: x.npy, labels: nets/y.npy, test_inputs: twins/points.npy, test_labels: twins/y.npy}
            training: {steps: 9, batch_size: 2}
            """, to: "t.yaml")
        let own = try work.run("run", "t.yaml", "--out", "own", "--workers", "1", "--slots", "1")
        #expect(own.code == 0, "\(own.all)")
        try FileManager.default.removeItem(at: folder)
        let trained = try hosts.launch("t.yaml", "--out", "trained").wait()
        #expect(trained.code == 0, "\(trained.all)")
        #expect(trained.errors.contains("one: sending files ("), "\(trained.errors)")
        for name in ["records.ndjson", "sweep.json"] {
            #expect(try work.bytes("trained/\(name)") == work.bytes("own/\(name)"), "\(name)")
        }
    }

    @Test func `A worker elsewhere says which file it lacks, and where to put it`() throws {
        let work = try Workspace()
        try GraphFiles.write(to: work)
        let run = try work.start(
            "ranksweep",
            ["run", "s.yaml", "--out", "r", "--listen", "tcp://127.0.0.1:0", "--set", "dataset.point=0"])
        try eventually("it listens", of: run) { run.errors.contains("tcp://127.0.0.1:") }
        let address = try #require(run.errors.firstMatch(of: /tcp:\/\/127\.0\.0\.1:[0-9]+/)).output
        let worker = try work.start(
            "ranksweep-worker", ["--connect", String(address), "--slots", "1", "--data", "elsewhere"])
        let end = try run.wait()
        #expect(end.code == 1, "\(end.all)")
        #expect(
            end.all.contains("is not on this machine: put the file whose SHA-256 is "), "\(end.all)")
        #expect(end.all.contains("into the folder elsewhere/files/"))
        _ = try worker.wait()
    }
}

/// The same on hosts with a network and ssh of their own.
@Suite(.serialized, .enabled(if: HostBed.obstacle == nil, Comment(rawValue: HostBed.obstacle ?? "")))
struct GraphLaunchOnBedTests {
    @Test func `Four hosts over ssh give the bytes of one worker`() throws {
        let work = try Workspace()
        try GraphFiles.write(to: work)
        let local = try work.run("run", "s.yaml", "--out", "local", "--workers", "1", "--slots", "1")
        #expect(local.code == 0, "\(local.all)")
        try PretendedHosts.makeBundle(work, whole: true)
        let bed = try HostBed(4, in: work)
        try work.write(
            """
            name: lab
            address: hub
            keys: keys
            bundle: bundle.tar.gz
            defaults: {slots: 1, ssh: [-F, \(bed.folder)/ssh_config]}
            hosts: [host1, host2, host3, host4]
            """, to: "lab.yaml")
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(filePath: own).deletingLastPathComponent().appending(path: "ranksweep").path
        let end = try work.start(
            HostBed.script, bed.inHub([program, "launch", "lab.yaml", "s.yaml", "--out", "far"])
        ).wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(end.errors.contains(": sending files ("), "\(end.errors)")
        #expect(try work.bytes("far/records.ndjson") == work.bytes("local/records.ndjson"))
    }
}

/// The same as jobs of Slurm, whose nodes share a folder.
@Suite(.serialized, .enabled(if: SlurmBed.obstacle == nil, Comment(rawValue: SlurmBed.obstacle ?? "")))
struct GraphLaunchSlurmTests {
    @Test func `Jobs find the files in the folder that nodes share`() throws {
        let work = try Workspace()
        let bed = try SlurmBed(2, in: work)
        try GraphFiles.write(to: work)
        let local = try work.run("run", "s.yaml", "--out", "local", "--workers", "1", "--slots", "1")
        #expect(local.code == 0, "\(local.all)")
        try PretendedHosts.makeBundle(work)
        try work.write(
            """
            name: lab
            listen: tcp://127.0.0.1:*
            address: 127.0.0.1
            keys: keys
            bundle: bundle.tar.gz
            slurm: {folder: \(work.folder.path)/shared, slots: 1, min_jobs: 2, max_jobs: 2}
            """, to: "lab.yaml")
        let end = try work.start(
            "ranksweep", ["launch", "lab.yaml", "s.yaml", "--out", "far"], environment: bed.environment
        ).wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(try work.bytes("far/records.ndjson") == work.bytes("local/records.ndjson"))
        let folder = work.folder.appending(path: "shared/data/files").path
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 5)
        try bed.act("down")
    }
}
