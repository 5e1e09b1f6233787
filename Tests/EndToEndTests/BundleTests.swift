import Foundation
import Testing

/// The product of `make bundle`, where it was made from the same sources as this build.
enum WorkerBundle {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let file = root.appending(path: ".build/bundle/ranksweep-worker-bundle.tar.gz")

    /// Why there is none; nil where there is.
    static let obstacle: String? = {
        do {
            guard FileManager.default.fileExists(atPath: file.path) else {
                return "no bundle: run 'make bundle'"
            }
            let work = try Workspace()
            let version = try work.start("/bin/tar", ["-xzOf", file.path, "VERSION"]).wait().output
            let own = try work.start("ranksweep-worker", ["--version"]).wait().output
            guard let line = own.split(separator: "\n").first, version.hasPrefix(line + ",") else {
                return "the bundle is of other sources: run 'make bundle'"
            }
            return nil
        } catch { return "\(error)" }
    }()

    /// Why it cannot be tried on a bare machine; nil where it can.
    static let bareObstacle: String? = {
        if let obstacle { return obstacle }
        do {
            let work = try Workspace()
            let end = try work.start(bare, [work.folder.path, "/bin/sh", "-c", "exit 0"]).wait()
            return end.code == 0 ? nil : end.errors
        } catch { return "\(error)" }
    }()

    static let bare = root.appending(path: "cluster/testbed/bare.sh").path

    static func unpack(into folder: String, _ work: Workspace) throws {
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: folder), withIntermediateDirectories: true)
        #expect(try work.start("/bin/tar", ["-xzf", file.path, "-C", folder]).wait().code == 0)
    }
}

@Suite(.serialized) struct BundleTests {
    @Test(.enabled(if: WorkerBundle.bareObstacle == nil, Comment(rawValue: WorkerBundle.bareObstacle ?? "")))
    func `On a machine with neither Swift nor a library but glibc's, the bundle works: the same bytes`()
        throws
    {
        let work = try Workspace()
        try WorkerBundle.unpack(into: "bare/a b", work)
        let program = "a b/ranksweep-worker"
        let bare = work.folder.appending(path: "bare").path
        // The machine is bare: what links its libraries in the usual way does not start there.
        let plain = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        try FileManager.default.copyItem(
            at: URL(filePath: plain).deletingLastPathComponent().appending(path: "ranksweep-worker"),
            to: work.folder.appending(path: "bare/plain"))
        let loaded = try work.start(WorkerBundle.bare, [bare, "./plain", "--version"]).wait()
        #expect(loaded.code == 127 && loaded.errors.contains("cannot open shared object file"))

        let version = try work.start(WorkerBundle.bare, [bare, "./\(program)", "--version"]).wait()
        #expect(version.code == 0, "\(version.all)")
        // The bare machine has no OPENBLAS_CORETYPE, which the version would name.
        let own = URL(filePath: plain).deletingLastPathComponent().appending(path: "ranksweep-worker").path
        let here = try work.start("/usr/bin/env", ["-u", "OPENBLAS_CORETYPE", own, "--version"]).wait()
        #expect(version.output == here.output)

        try work.write(smallSweep(steps: 200), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        #expect(try work.run("keys", "new", "keys").code == 0)
        #expect(try work.run("keys", "add", "keys", "bare").code == 0)
        try FileManager.default.moveItem(
            at: work.folder.appending(path: "keys/hosts/bare"), to: work.folder.appending(path: "bare/keys"))
        let coordinator = try work.start(
            "ranksweep",
            ["run", "s.yaml", "--out", "far", "--listen", "tcp://127.0.0.1:*", "--keys", "keys"])
        let address = try coordinator.listeningAddress()
        let worker = try work.start(
            WorkerBundle.bare,
            [
                bare, "./\(program)", "--connect", address,
                "--keys", "keys", "--slots", "2",
            ])
        let end = try coordinator.wait()
        #expect(end.code == 0, "\(end.all)\n\(worker.errors)")
        #expect(try worker.wait().code == 0, "\(worker.errors)")
        #expect(try work.bytes("far/records.ndjson") == work.bytes("calm/records.ndjson"))
    }

    @Test(.enabled(if: WorkerBundle.obstacle == nil, Comment(rawValue: WorkerBundle.obstacle ?? "")))
    func `The bundle's worker runs through links, from any folder, with any library path`() throws {
        let work = try Workspace()
        try WorkerBundle.unpack(into: "a b", work)
        try FileManager.default.createSymbolicLink(
            atPath: work.folder.appending(path: "link").path, withDestinationPath: "a b/ranksweep-worker")
        // As after `scp -r`, which copies what a link leads to.
        try WorkerBundle.unpack(into: "followed", work)
        let top = work.folder.appending(path: "followed/ranksweep-worker")
        try FileManager.default.removeItem(at: top)
        try FileManager.default.copyItem(
            at: work.folder.appending(path: "followed/bin/ranksweep-worker"), to: top)
        let paths = [
            ("a b/ranksweep-worker", "a b"), ("link", "a b"), ("followed/ranksweep-worker", "followed"),
        ]
        for (path, folder) in paths {
            let worker = try work.start(
                work.folder.appending(path: path).path,
                ["--connect", "tcp://127.0.0.1:1", "--slots", "1"],
                environment: ["LD_LIBRARY_PATH": "/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu"])
            try eventually("it has a slot: \(worker.errors)") {
                try processes(with: "--slot", "--parent \(worker.pid) ").count == 1
            }
            for process in try processes(with: "--slot", "--parent \(worker.pid) ") + [worker.pid] {
                // Foundation reads only the beginning of this file.
                let maps = { try work.start("/bin/cat", ["/proc/\(process)/maps"]).wait().output }
                for library in ["libopenblas.so", "libzmq.so", "libstdc++.so"] {
                    try eventually("\(library) is loaded") { try maps().contains(library) }
                    let lines = try maps().split(separator: "\n").filter { $0.contains(library) }
                    #expect(lines.allSatisfy { $0.contains("/\(folder)/lib/") }, "\(lines.first ?? "")")
                }
            }
            worker.signal(SIGTERM)
            #expect(try worker.wait().code == 3)
        }
    }
}
