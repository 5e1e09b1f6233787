import Records
import Foundation
import Scheduling
import Sweep
import Testing
import Text
import Transport
import Wire

@testable import CoordinatorService

/// Keys and those without them, with the real programs over TCP.
@Suite(.serialized) struct SecurityTests {
    private func refused(_ work: Workspace, _ run: String, _ kind: String) throws -> Double {
        try #require(try work.status(run)["refused"]?[kind]?.number)
    }

    private func makeKeys(_ work: Workspace, _ names: String...) throws {
        #expect(try work.run("keys", "new", "keys").code == 0)
        for name in names { #expect(try work.run("keys", "add", "keys", name).code == 0) }
    }

    /// The secrets among the key files, as text.
    private func secrets(_ work: Workspace) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: work.folder.path)
            .filter { $0.hasSuffix(".secret") }
            .compactMap { try work.text($0).split(separator: "\n").last.map(String.init) }
    }

    @Test
    func `With keys, over TCP, through a storm of garbage: the same bytes, and no secret anywhere`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20_000), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        try makeKeys(work, "a")
        let secrets = try secrets(work)
        #expect(secrets.count == 2 && secrets.allSatisfy { $0.count == 40 })
        let coordinator = try work.start(
            "ranksweep",
            [
                "run", "s.yaml", "--out", "safe", "--listen", "tcp://0.0.0.0:\(fixedPort())", "--keys",
                "keys",
                "--workers", "1",
                "--slots", "1",
            ])
        let address = try coordinator.listeningAddress().replacingOccurrences(
            of: "//0.0.0.0:", with: "//127.0.0.1:")
        let worker = try work.start(
            "ranksweep-worker", ["--connect", address, "--keys", "keys/hosts/a", "--slots", "1"])
        let bare = try work.start("ranksweep-worker", ["--connect", address, "--slots", "1"])
        try storm(port: try #require(UInt16(address.split(separator: ":").last ?? "")), connections: 1000)
        try eventually("workers of both kinds have records") {
            try work.status("safe")["workers"]?.array?.count == 2
        }
        try expectNowhere(secrets, work, [coordinator, worker])
        let end = try coordinator.wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(try worker.wait().code == 0)
        #expect(try work.bytes("safe/records.ndjson") == work.bytes("calm/records.ndjson"))
        #expect(try refused(work, "safe", "stranger_connections") >= 1000)
        #expect(try work.run("status", "safe").output.contains(" connections not from a worker"))
        try eventually("the worker without keys says why") { bare.errors.contains("only workers with keys") }
        bare.signal(SIGTERM)
        #expect(try bare.wait().code == 3)
        for text in secrets {
            for output in [end.all, worker.errors, bare.errors] { #expect(!output.contains(text)) }
        }
        try expectNowhere(secrets, work, [])
    }

    @Test
    func `Ten thousand connections of strangers, then a worker: it is served, and they are counted`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 200), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        try makeKeys(work, "a")
        let coordinator = try work.start(
            "ranksweep",
            ["run", "s.yaml", "--out", "t", "--listen", "tcp://127.0.0.1:*", "--keys", "keys"])
        let address = try coordinator.listeningAddress()
        let port = try #require(UInt16(address.split(separator: ":").last ?? ""))
        try storm(port: port, connections: 10_000)
        #expect(try work.status("t")["done"]?.number == 0)
        // Some stay, and say nothing.
        let silent = (0..<200).map { _ in connect(port, []) }
        defer { for descriptor in silent { close(descriptor) } }
        let worker = try work.start(
            "ranksweep-worker", ["--connect", address, "--keys", "keys/hosts/a", "--slots", "1"])
        #expect(try coordinator.wait().code == 0, "\(coordinator.errors)")
        #expect(try worker.wait().code == 0)
        #expect(try work.bytes("t/records.ndjson") == work.bytes("calm/records.ndjson"))
        #expect(try refused(work, "t", "stranger_connections") >= 10_000)
    }

    /// Connections that say what no worker says, some of them at the same time.
    private func storm(port: UInt16, connections: Int) throws {
        let greetings: [[UInt8]] = [
            Array("GET / HTTP/1.1\r\n\r\n".utf8), [UInt8](repeating: 255, count: 100), [], [1],
            [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1] + Array("CURVE".utf8),
        ]
        var open: [Int32] = []
        for number in 0..<connections {
            let descriptor = connect(port, greetings[number % greetings.count])
            #expect(descriptor >= 0)
            open.append(descriptor)
            if open.count == 100 {
                for descriptor in open { close(descriptor) }
                open = []
            }
        }
    }

    private func connect(_ port: UInt16, _ greeting: [UInt8]) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { return -1 }
        if !greeting.isEmpty { _ = send(descriptor, greeting, greeting.count, Int32(MSG_NOSIGNAL)) }
        return descriptor
    }

    /// Neither files but the key files, nor what others may see of the processes.
    private func expectNowhere(_ secrets: [String], _ work: Workspace, _ programs: [Program]) throws {
        for name in try FileManager.default.subpathsOfDirectory(atPath: work.folder.path)
        where !name.hasSuffix(".secret") {
            guard let bytes = FileManager.default.contents(atPath: work.folder.appending(path: name).path)
            else { continue }
            for secret in secrets { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)") }
        }
        let pids = try programs.map(\.pid) + (programs.isEmpty ? [] : processes(with: work.folder.path))
        for pid in pids {
            for file in ["cmdline", "environ"] {
                let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") ?? Data()
                for secret in secrets { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(pid) \(file)") }
            }
        }
    }

    @Test
    func `A revoked worker learns that it is out, an added one gets in, and the bytes are the same`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20_000), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        try makeKeys(work, "a", "b")
        // A copy, as on another machine: what is revoked is deleted here.
        for name in ["a", "b"] {
            try FileManager.default.copyItem(
                at: work.folder.appending(path: "keys/hosts/\(name)"), to: work.folder.appending(path: name))
        }
        #expect(try work.run("keys", "revoke", "keys", "b").code == 0)
        let coordinator = try work.start(
            "ranksweep", ["run", "s.yaml", "--out", "r", "--listen", "tcp://127.0.0.1:*", "--keys", "keys"])
        let address = try coordinator.listeningAddress()
        let a = try work.start("ranksweep-worker", ["--connect", address, "--keys", "a", "--slots", "1"])
        let b = try work.start("ranksweep-worker", ["--connect", address, "--keys", "b", "--slots", "1"])
        try eventually("b says why it is refused") { b.errors.contains("does not know this worker's key") }
        try eventually("a has records") { (try work.status("r")["done"]?.number ?? 0) >= 2 }
        #expect(try work.run("keys", "revoke", "keys", "a").code == 0)
        let end = try a.wait()
        #expect(end.code == 2)
        #expect(end.errors.contains("refused this worker: its key was revoked"), "\(end.errors)")
        let done = try #require(try work.status("r")["done"]?.number)
        #expect(done < 40)
        #expect(try refused(work, "r", "revoked_key_connections") >= 1)
        // On the list again, by hand: b, which waits, gets in without being started anew.
        let keys = work.folder.appending(path: "keys")
        try FileManager.default.moveItem(
            at: keys.appending(path: "revoked/b.public"), to: keys.appending(path: "workers/b.public"))
        #expect(try coordinator.wait().code == 0, "\(coordinator.errors)")
        #expect(try b.wait().code == 0)
        #expect(b.errors.components(separatedBy: "does not know this worker's key").count == 2)
        #expect(try work.bytes("r/records.ndjson") == work.bytes("calm/records.ndjson"))
        #expect(coordinator.errors.contains("keys: a may no longer join"))
        #expect(try work.run("status", "r").output.contains("with a revoked key"))
    }

    @Test
    func `A worker with a key that talks nonsense gets no trial, does no harm, and is counted`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 10_000), to: "s.yaml")
        try makeKeys(work, "a")
        let coordinator = try work.start(
            "ranksweep",
            [
                "run", "s.yaml", "--out", "m", "--listen", "tcp://127.0.0.1:*", "--keys", "keys", "--workers",
                "1",
            ])
        let endpoint = try Endpoint(parsing: coordinator.listeningAddress())
        let keys = try WorkerKeys(reading: work.folder.appending(path: "keys/hosts/a").path)
        func connected(_ id: UInt64) throws -> WorkerSocket {
            let socket = try WorkerSocket(connectingTo: endpoint, as: WorkerID(id), keys: keys)
            try eventually("the key is let in") { socket.news().contains(.connected) }
            return socket
        }
        // Seeded: the same nonsense each time. Half of it begins as a message does.
        var state: UInt64 = 7
        func byte() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        let sockets = try (0..<5).map { try connected($0) }
        var sent = 0
        for round in 0..<400 {
            var bytes = (0..<Int(byte())).map { _ in byte() }
            if round % 2 == 0 { bytes = [wireVersion, byte() % 8] + bytes }
            if sockets[round % sockets.count].send(bytes) { sent += 1 }
        }
        #expect(sent == 400)
        // Well-formed, of a worker that never said hello.
        let report = WorkerMessage.Report(
            lease: LeaseID(1), trial: 0, id: try #require(TrialID(String(repeating: "0", count: 32))),
            attempt: 1, body: Array("{}".utf8),
            provenance: Provenance(
                host: "x", process: 1, slot: 0, cpu: "", kernel: "", startMilliseconds: 0, seconds: 0,
                peakMemoryBytes: 0))
        #expect(sockets[0].send(WorkerMessage.report(report).encoded))
        try eventually("they are counted") { try refused(work, "m", "malformed_messages") >= 200 }
        let end = try coordinator.wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(end.output.contains("40 measured"))
        for socket in sockets {
            while let bytes = socket.receive() {
                switch try CoordinatorMessage(decoding: bytes) {
                case .refuse, .heartbeat, .finish: break
                case let other: Issue.record("nonsense was answered with \(other)")
                }
            }
        }
    }

    @Test func `A run without --listen lets in only the workers it started`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 350_000), to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a"])
        try eventually("it runs") { run.errors.contains("worker on") }
        let address = try #require(try work.status("a")["coordinator"]?["address"]?.string)
        let other = try work.start("ranksweep-worker", ["--connect", address, "--slots", "1"])
        try eventually("the other is counted") { try refused(work, "a", "stranger_connections") > 0 }
        run.signal(SIGTERM)
        #expect(try run.wait().code == 3)
        #expect(!other.errors.contains("connected to"))
    }

    @Test func `Keys that others can read are refused at once, on both sides; resume has its keys`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        try makeKeys(work, "a")
        func chmodded(_ name: String, _ mode: mode_t) { chmod(work.folder.appending(path: name).path, mode) }
        let listen = ["--listen", "tcp://127.0.0.1:*", "--workers", "1"]
        chmodded("keys/coordinator.secret", 0o644)
        var end = try work.start("ranksweep", ["run", "s.yaml", "--keys", "keys"] + listen).wait()
        #expect(end.code == 2)
        #expect(end.errors.contains("keys/coordinator.secret: others can read this secret"), "\(end.errors)")
        #expect(!work.exists("runs"))
        chmodded("keys/coordinator.secret", 0o600)
        chmodded("keys/hosts/a/worker.secret", 0o640)
        end = try work.start(
            "ranksweep-worker", ["--connect", "tcp://127.0.0.1:1", "--keys", "keys/hosts/a"]
        ).wait()
        #expect(end.code == 2)
        #expect(end.errors.contains("keys/hosts/a/worker.secret: others can read this secret"))
        end = try work.start("ranksweep", ["run", "s.yaml", "--out", "a", "--keys", "keys"] + listen).wait()
        #expect(end.code == 0, "\(end.all)")
        // The run continues as it was begun: with keys, or not at all.
        try FileManager.default.removeItem(at: work.folder.appending(path: "a/report.html"))
        chmodded("keys/coordinator.secret", 0o644)
        #expect(try work.run("resume", "a").errors.contains("others can read this secret"))
    }

    @Test(arguments: [
        (["keys"], "new|add|install|renew|revoke|unrevoke|list is missing"),
        (["keys", "new"], "DIR is missing"),
        (["keys", "add", "k"], "NAME is missing"), (["keys", "ad", "k"], "did you mean 'add'?"),
        (["keys", "new", "k", "x"], "'x' is one argument too many"),
        (["keys", "new", "here"], "here: is there already; keys are never overwritten"),
        (["keys", "add", "here", "b/c"], "'b/c' is no name for a worker"),
        (["keys", "add", "here", "node7"], "'node7' has keys already"),
        (["keys", "revoke", "here", "nod7"], "no worker 'nod7' in here; did you mean 'node7'?"),
        (["keys", "list", "nowhere"], "nowhere: no such folder"),
        (["keys", "list", "here/hosts/node7"], "these are the keys of a worker"),
        (["run", "s.yaml", "--keys", "here"], "add --listen tcp://HOST:PORT"),
        (["run", "s.yaml", "--keys", "here", "--insecure"], "contradict each other"),
        (["run", "s.yaml", "--listen", "tcp://0.0.0.0:5555"], "'ranksweep keys new DIR'"),
        (
            ["run", "s.yaml", "--listen", "tcp://0.0.0.0:*", "--keys", "nowhere"],
            "nowhere: no such folder"
        ),
    ])
    func `Wrong use of keys is explained`(arguments: [String], message: String) throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        #expect(try work.run("keys", "new", "here").code == 0)
        #expect(try work.run("keys", "add", "here", "node7").code == 0)
        let end = try work.start("ranksweep", arguments).wait()
        #expect(end.code == 2)
        #expect(end.errors.contains(message), "\(end.errors)")
        #expect(!work.exists("runs"))
    }
}
