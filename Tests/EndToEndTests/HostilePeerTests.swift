import Foundation
import Records
import Sweep
import Testing
import Text
import Transport
import Wire

/// A peer that has a key and means harm.
private final class HostilePeer {
    let socket: WorkerSocket
    private(set) var heard: [CoordinatorMessage] = []

    init(_ endpoint: Endpoint, _ keys: WorkerKeys, _ id: UInt64) throws {
        let socket = try WorkerSocket(connectingTo: endpoint, as: WorkerID(id), keys: keys)
        self.socket = socket
        try eventually("the key is let in") { socket.news().contains(.connected) }
    }

    func send(_ message: WorkerMessage) { _ = socket.send(message.encoded) }

    /// The connection was lost, and messages with it: a peer that sends nothing twice can't go on.
    struct ConnectionLost: Error {}

    /// The coordinator's message, once it sends one of the kind.
    ///
    /// - Parameter asking: called until it comes. The coordinator drops what it has to say to a peer that reads too slowly.
    func wait<Value>(
        _ what: String, asking: () -> Void = {}, _ find: (CoordinatorMessage) -> Value?
    ) throws -> Value {
        try eventually(what) {
            asking()
            if socket.news().contains(.connected) { throw ConnectionLost() }
            while let bytes = socket.receive() { heard.append(try CoordinatorMessage(decoding: bytes)) }
            return heard.contains { find($0) != nil }
        }
        let found = try #require(heard.lazy.compactMap(find).first)
        heard = []
        return found
    }

    /// The reason that the coordinator gives.
    ///
    /// - Parameters:
    ///   - offence: what it is refused for.
    ///   - bytes: the offence, which is repeated; nil: it isn't.
    func refusal(of offence: String, repeating bytes: [UInt8]? = nil) throws -> String {
        try wait("it is refused for \(offence)", asking: { if let bytes { _ = socket.send(bytes) } }) {
            if case .refuse(let reason) = $0 { reason } else { nil }
        }
    }

    /// Joins as a worker does, and is given trials.
    func join() throws -> CoordinatorMessage.Assignment {
        send(.hello(HostilePeer.hello()))
        return try wait("it is given trials") { if case .assign(let given) = $0 { given } else { nil } }
    }

    static func hello(held: [WorkerMessage.HeldTrial] = []) -> WorkerMessage.Hello {
        WorkerMessage.Hello(
            program: programVersion, host: "hostile", process: 1, slots: 2, cpu: "x", kernel: "x", held: held)
    }

    static let provenance = Provenance(
        host: "hostile", process: 1, slot: 0, cpu: "x", kernel: "x", startMilliseconds: 0, seconds: 1,
        peakMemoryBytes: 1)
}

/// A peer with a key can send anything. Nothing of it may count, or take the coordinator's memory.
@Suite(.serialized) struct HostilePeerTests {
    private let work: Workspace
    private let spec: SweepSpec
    /// The bodies of the records that the sweep gives.
    private let bodies: [[UInt8]]

    init() throws {
        work = try Workspace()
        let text = smallSweep(steps: 200) + "\n"
        try work.write(text, to: "s.yaml")
        spec = try SweepSpec(parsing: text, file: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        bodies = try work.text("calm/records.ndjson").split(separator: "\n").map { line in
            let record = try JSONValue(parsing: line.utf8)
            var body: [String: JSONValue] = [:]
            for key in RecordForm.bodyKeys { body[key] = record[key] }
            return JSONValue.object(body).canonicalBytes
        }
        #expect(try work.run("keys", "new", "keys").code == 0)
        for name in ["bad", "good"] { #expect(try work.run("keys", "add", "keys", name).code == 0) }
    }

    /// Bodies that no trial of the sweep can have.
    private func falseBodies(of trial: Int) throws -> [(what: String, body: [UInt8])] {
        let right = try JSONValue(parsing: bodies[trial])
        func changed(_ path: [String], _ value: JSONValue?) -> [UInt8] {
            func change(_ json: JSONValue, _ path: ArraySlice<String>) -> JSONValue {
                guard let key = path.first else { return value ?? .null }
                var members = json.object ?? [:]
                members[key] = path.count == 1 ? value : change(json[key] ?? .object([:]), path.dropFirst())
                return .object(members)
            }
            return change(right, path[...]).canonicalBytes
        }
        let many = JSONValue([Double](repeating: 1, count: 999))
        let long = JSONValue([Double](repeating: 0.1, count: 400_000))
        let depth = 100_000
        return [
            ("empty", []), ("no object", Array("[]".utf8)), ("nothing measured", Array("{}".utf8)),
            ("empty metrics", changed(["metrics"], .object([:]))),
            ("no theory", changed(["theory"], nil)),
            ("999 layers", changed(["metrics", "local_rank", "0.1", "mean"], many)),
            ("too high a rank", changed(["metrics", "local_rank", "0.1", "mean"], JSONValue([999.0, 999]))),
            ("a key of no measure", changed(["metrics", "free_lunch"], .number(1))),
            ("a key of no record", changed(["payload"], .string(String(repeating: "x", count: 1000)))),
            ("text for a number", changed(["metrics", "test_loss"], .string("0.1"))),
            ("null for a number", changed(["metrics", "test_loss"], .null)),
            ("negative KL", changed(["metrics", "kl_nats"], .number(-3))),
            ("another outcome", changed(["outcome"], .string("perfect"))),
            ("diverged later than it lasts", changed(["diverged_at_step"], .number(1e12))),
            ("infinite", Array(#"{"metrics":{"test_loss":1e999},"outcome":"measured"}"#.utf8)),
            ("not canonical", [UInt8(ascii: " ")] + bodies[trial]),
            ("overlong", changed(["metrics", "local_rank", "0.1", "mean"], long)),
            (
                "deep",
                Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
            ),
            (
                "deep in a place",
                Array(
                    (#"{"metrics":{"kl_nats":"# + String(repeating: "[", count: depth)
                        + String(repeating: "]", count: depth) + #"},"outcome":"measured"}"#).utf8)
            ),
        ]
    }

    /// The most memory that the program has held; nil once it has ended.
    private func peakMegabytes(_ program: Program) -> Double? {
        let status = try? String(contentsOfFile: "/proc/\(program.pid)/status", encoding: .utf8)
        guard let line = status?.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }) else {
            return nil
        }
        return Double(line.split(whereSeparator: \.isWhitespace)[1]).map { $0 / 1024 }
    }

    /// A machine that runs all tests at once may lose a connection by itself. Then it begins again.
    @Test func `False records, failures and hellos of a peer with a key do not count`() throws {
        for _ in 0..<3 {
            do { return try attack() } catch is HostilePeer.ConnectionLost {
                try? FileManager.default.removeItem(at: work.folder.appending(path: "h"))
            }
        }
        Issue.record("the connection was lost three times")
    }

    private func attack() throws {
        let coordinator = try work.start(
            "ranksweep", ["run", "s.yaml", "--out", "h", "--listen", "tcp://127.0.0.1:*", "--keys", "keys"])
        defer {
            if coordinator.isRunning {
                coordinator.signal(SIGKILL)
                _ = try? coordinator.wait()
            }
        }
        let endpoint = try Endpoint(parsing: coordinator.listeningAddress())
        let keys = try WorkerKeys(reading: work.folder.appending(path: "keys/hosts/bad").path)
        var next: UInt64 = 0
        func peer() throws -> HostilePeer {
            next += 1
            return try HostilePeer(endpoint, keys, next)
        }
        try sendFalseRecords(peer)
        try sendFailures(try peer())
        try sendHellos(try peer())
        try sendHuge(try peer())

        let status = try JSONValue(parsing: work.run("status", "h", "--json").output.utf8)
        #expect(status["done"] == .number(0) && status["failed_attempts"] == .number(0), "\(status)")
        // Before the good worker starts: with it the run may end at once.
        var peak = try #require(peakMegabytes(coordinator))
        let good = try work.start(
            "ranksweep-worker",
            ["--connect", endpoint.text, "--keys", "keys/hosts/good", "--slots", "2"])
        try eventually("the run ends") {
            if let now = peakMegabytes(coordinator) { peak = max(peak, now) }
            return !coordinator.isRunning
        }
        #expect(peak < 200, "the coordinator took \(peak) MB")
        let end = try coordinator.wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(try good.wait().code == 0)
        #expect(try work.bytes("h/records.ndjson") == work.bytes("calm/records.ndjson"))
        #expect(try !work.text("h/provenance.ndjson").contains("hostile"))
        #expect(try work.run("check", "h").code == 0)
        #expect(end.errors.contains("can't come from this sweep"), "\(end.errors)")
    }

    /// Each by a worker that was given the trial. It is told why, and is heard no more.
    private func sendFalseRecords(_ peer: () throws -> HostilePeer) throws {
        func report(
            _ trial: UInt64, _ given: CoordinatorMessage.Assignment, _ body: [UInt8], id: TrialID? = nil,
            files: [KeptFile] = []
        ) -> WorkerMessage {
            .report(
                WorkerMessage.Report(
                    lease: given.lease, trial: trial, id: id ?? spec.grid[Int(trial)].id,
                    attempt: given.attempt,
                    body: body, files: files, provenance: HostilePeer.provenance))
        }
        for (what, body) in try falseBodies(of: 0) {
            let hostile = try peer()
            let given = try hostile.join()
            let trial = try #require(given.trials.first)
            for _ in 0..<3 { hostile.send(report(trial, given, body)) }
            #expect(try hostile.refusal(of: what).contains("can't come from this sweep"), "\(what)")
            // It may not come again under its name.
            hostile.send(.hello(HostilePeer.hello()))
            #expect(
                try hostile.refusal(of: "coming again after \(what)").contains("can't come from this sweep"),
                "\(what)")
            hostile.send(.goodbye)
        }
        // A right record of another trial, of no trial, and with weights that nobody asked for.
        for (trial, id, files) in [
            (0, spec.grid[1].id, []), (UInt64.max, spec.grid[0].id, []), (41, spec.grid[0].id, []),
            (0, spec.grid[0].id, [KeptFile(step: 1, bytes: 1 << 40)]),
        ] as [(UInt64, TrialID, [KeptFile])] {
            let hostile = try peer()
            let given = try hostile.join()
            hostile.send(report(trial, given, bodies[0], id: id, files: files))
            _ = try hostile.refusal(of: "trial \(trial) and \(files.count) files, given \(given.trials)")
            hostile.send(.goodbye)
        }
    }

    /// Reports on trials that others hold or nobody.
    private func sendFailures(_ hostile: HostilePeer) throws {
        for trial in (0..<40 as Range<UInt64>) {
            for attempt in [0, 1, 2, 3, WireLimit.attempt] as [UInt32] {
                hostile.send(
                    .failure(
                        WorkerMessage.Failure(
                            lease: LeaseID(trial), trial: trial, attempt: attempt,
                            cause: String(repeating: "x", count: 5000),
                            log: String(repeating: "y", count: 5000), provenance: HostilePeer.provenance)))
            }
        }
        hostile.send(
            .failure(
                WorkerMessage.Failure(
                    lease: LeaseID(.max), trial: .max, attempt: 1, cause: "",
                    provenance: HostilePeer.provenance)))
        hostile.send(.chunk(Chunk(trial: 0, file: 0, offset: 0, bytes: [UInt8](repeating: 1, count: 1000))))
        hostile.send(.hello(HostilePeer.hello()))
        _ = try hostile.wait("it is welcome") { if case .welcome = $0 { true } else { nil } }
        hostile.send(.goodbye)
    }

    private func sendHellos(_ hostile: HostilePeer) throws {
        let held = (0..<UInt64(WireLimit.list)).map {
            WorkerMessage.HeldTrial(lease: LeaseID($0), trial: $0 % 50, attempt: 1)
        }
        for _ in 0..<2 { hostile.send(.hello(HostilePeer.hello(held: held))) }
        for _ in 0..<500 { hostile.send(.hello(HostilePeer.hello())) }
        _ = try hostile.wait("it is welcome") { if case .welcome = $0 { true } else { nil } }
        // Lengths that are not true, another version, a list longer than any.
        var bytes = WorkerMessage.hello(HostilePeer.hello()).encoded
        for index in 2..<6 { bytes[index] = 0xff }
        _ = hostile.socket.send(bytes)
        _ = hostile.socket.send([wireVersion, 1])
        _ = hostile.socket.send([wireVersion &+ 1] + bytes.dropFirst())
        _ = hostile.socket.send(
            WorkerMessage.hello(HostilePeer.hello(held: held + [held[0]])).encoded)
        // The answers to five hundred hellos are before this one.
        let refusal = try hostile.refusal(of: "messages that can't be read", repeating: bytes)
        #expect(!refusal.isEmpty)
        hostile.send(.goodbye)
    }

    /// Frames as long as a message may ever be, and many of the longest that are read.
    private func sendHuge(_ hostile: HostilePeer) throws {
        let given = try hostile.join()
        let trial = try #require(given.trials.first)
        func report(bytes count: Int) -> WorkerMessage {
            .report(
                WorkerMessage.Report(
                    lease: given.lease, trial: trial, id: spec.grid[Int(trial)].id, attempt: given.attempt,
                    body: [UInt8](repeating: UInt8(ascii: "["), count: count),
                    provenance: HostilePeer.provenance))
        }
        for _ in 0..<40 { hostile.send(report(bytes: 2_000_000)) }
        #expect(try hostile.refusal(of: "long bodies").contains("bytes"))
        for _ in 0..<5 {
            hostile.send(report(bytes: WireLimit.body))
            // It is cut off, and comes again.
            try eventually("it is cut off") { hostile.socket.news().contains(.connected) }
        }
        hostile.send(.goodbye)
    }
}
