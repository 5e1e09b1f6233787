import Foundation
import TestSupport
import Testing

/// Real processes, killed, stopped and started again at random. `RANKSWEEP_CHAOS=50` makes it fifty rounds (twenty
/// minutes), `RANKSWEEP_CHAOS_SEED=7` others: `swift test … --filter Chaos`.
@Suite(.serialized) struct ChaosTests {
    @Test
    func `400 trials under SIGKILL and SIGSTOP of every process: the same bytes, and none is left`() throws {
        let environment = ProcessInfo.processInfo.environment
        let rounds = environment["RANKSWEEP_CHAOS"].flatMap { Int($0) } ?? 4
        let first = environment["RANKSWEEP_CHAOS_SEED"].flatMap { UInt64($0) } ?? 0
        let work = try Workspace()
        let sweep = smallSweep(steps: 150).replacingOccurrences(of: "range: [0, 5]", with: "range: [0, 50]")
        try work.write(sweep, to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)
        let calm = try work.bytes("calm/records.ndjson")
        #expect(calm.count { $0 == UInt8(ascii: "\n") } == 400)
        #expect(try work.run("keys", "new", "keys").code == 0)
        for name in Storm.names { #expect(try work.run("keys", "add", "keys", name).code == 0) }
        for seed in first..<first + UInt64(rounds) {
            var storm = try Storm(work, seed: seed)
            // Without a last restart whoever died holds its trials for as long as a silent worker may.
            try storm.rage(endingWithRestart: rounds < 10 || seed % 2 == 0)
            print("chaos: seed \(seed): \(storm.story)")
            #expect(try work.bytes("\(storm.out)/records.ndjson") == calm, "seed \(seed)")
            #expect(try processes(with: work.folder.path).isEmpty, "seed \(seed)")
            #expect(try work.run("resume", storm.out).code == 0)
            #expect(try work.bytes("\(storm.out)/records.ndjson") == calm, "seed \(seed), resumed")
        }
    }
}

/// One run and what is done to it.
private struct Storm {
    static let names = ["a", "b", "c"]

    let out: String
    private let work: Workspace
    private let address: String
    private var draws: Draws
    private var coordinator: Program
    private var workers: [Program?]
    /// Processes that go on again at some time.
    private var stopped: [(process: pid_t, until: Date)] = []
    private var counts: [String: Int] = [:]

    var story: String {
        counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    init(_ work: Workspace, seed: UInt64) throws {
        self.work = work
        out = "storm-\(seed)"
        draws = Draws(seed)
        let coordinator = try work.start(
            "ranksweep",
            ["run", "s.yaml", "--out", out, "--listen", "tcp://127.0.0.1:\(fixedPort())", "--keys", "keys"])
        self.coordinator = coordinator
        address = try coordinator.listeningAddress()
        workers = Self.names.map { _ in nil }
    }

    /// To the end of the run.
    mutating func rage(endingWithRestart: Bool) throws {
        try startWorkers()
        var blows = 12
        let begin = Date()
        while coordinator.isRunning || !isDone {
            usleep(UInt32(50_000 + below(200_000)))
            wakeStopped()
            if !coordinator.isRunning {
                // Killed, or done.
                if isDone { break }
                try resume()
            }
            if blows > 0 {
                blows -= 1
                try strike()
                if blows == 0, endingWithRestart { kill(coordinator, "coordinators killed") }
            }
            try startWorkers()
            guard Date().timeIntervalSince(begin) < 180 else {
                Issue.record("after three minutes it is not done: \(story)\n\(coordinator.errors)")
                break
            }
        }
        try clear()
    }

    private var isDone: Bool { coordinator.isRunning ? false : coordinator.exitCode == 0 }

    private mutating func below(_ count: Int) -> Int { Int(draws.next() % UInt64(count)) }

    private mutating func count(_ what: String) { counts[what, default: 0] += 1 }

    private mutating func strike() throws {
        let worker = workers[below(workers.count)]
        switch below(10) {
        case 0, 1: kill(coordinator, "coordinators killed")
        case 2: stop(coordinator.pid, "coordinators stopped")
        case 3, 4: if let worker { kill(worker, "workers killed") }
        case 5, 6: if let worker { stop(worker.pid, "workers stopped") }
        case 7:
            if let slot = try slot() {
                Glibc.kill(slot, SIGKILL)
                count("slots killed")
            }
        case 8: if let slot = try slot() { stop(slot, "slots stopped") }
        default:
            guard let worker else { break }
            worker.signal(SIGTERM)
            count("workers ended")
        }
    }

    private mutating func slot() throws -> pid_t? {
        let slots = try processes(with: "--slot ", work.folder.path).sorted()
        return slots.isEmpty ? nil : slots[below(slots.count)]
    }

    private mutating func kill(_ program: Program, _ what: String) {
        guard program.isRunning else { return }
        program.signal(SIGKILL)
        count(what)
    }

    private mutating func stop(_ process: pid_t, _ what: String) {
        Glibc.kill(process, SIGSTOP)
        let milliseconds = below(5) == 0 ? 2000 : 100 + below(900)
        stopped.append((process, Date(timeIntervalSinceNow: Double(milliseconds) / 1000)))
        count(what)
    }

    private mutating func wakeStopped() {
        let now = Date()
        for (process, until) in stopped where until <= now { Glibc.kill(process, SIGCONT) }
        stopped.removeAll { $0.until <= now }
    }

    private mutating func startWorkers() throws {
        for (number, name) in Self.names.enumerated() where workers[number]?.isRunning != true {
            workers[number] = try work.start(
                "ranksweep-worker", ["--connect", address, "--keys", "keys/hosts/\(name)", "--slots", "1"])
        }
    }

    private mutating func resume() throws {
        // One that fails of itself would fail for ever.
        if let code = coordinator.exitCode, code != 128 + SIGKILL {
            Issue.record("the coordinator ended with code \(code): \(story)\n\(coordinator.errors)")
        }
        coordinator = try work.start("ranksweep", ["resume", out])
    }

    /// Those that came too late to hear of the end are told.
    private mutating func clear() throws {
        for (process, _) in stopped { Glibc.kill(process, SIGCONT) }
        stopped = []
        for worker in workers.compactMap({ $0 }) where worker.isRunning { worker.signal(SIGTERM) }
        for worker in workers.compactMap({ $0 }) { _ = try worker.wait() }
        try eventually("nobody is left") { try processes(with: work.folder.path).isEmpty }
    }
}
