import Glibc
import Testing
import Wire

@testable import Transport

@Suite struct AccessPolicyTests {
    private func key(_ number: UInt8) throws -> PublicKey {
        try #require(PublicKey(bytes: [UInt8](repeating: number, count: 32)))
    }

    @Test func `Without a list every worker is let in and heard`() throws {
        var policy = AccessPolicy(list: nil)
        let isLetIn = policy.connect(try key(1))
        #expect(isLetIn)
        #expect(policy.hear(WorkerID(1), key: nil) == .admitted)
        let barred = policy.replace(AllowList())
        #expect(barred.isEmpty)
        #expect(policy.counts.isZero)
    }

    @Test func `With a list only those on it, and the coordinator's own workers`() throws {
        let (a, b, own, unknown) = (try key(1), try key(2), try key(3), try key(4))
        // Revoked counts more than listed.
        var policy = AccessPolicy(list: AllowList(workers: [a: "a", b: "b"], revoked: [b]), own: own)
        let admitted = [a, own, b, unknown, nil].map { policy.connect($0) }
        #expect(admitted == [true, true, false, false, false])
        #expect(policy.counts.unknownKeys == 1 && policy.counts.revokedKeys == 1)
        #expect(policy.hear(WorkerID(1), key: a) == .admitted)
        #expect(policy.hear(WorkerID(2), key: b) == .barred)
        #expect(policy.hear(WorkerID(2), key: nil) == .barred)
        #expect(policy.counts.revokedMessages == 2)
    }

    @Test func `An identity is one key's until its worker leaves`() throws {
        let (a, b) = (try key(1), try key(2))
        var policy = AccessPolicy(list: AllowList(workers: [a: "a", b: "b"]))
        #expect(policy.hear(WorkerID(7), key: a) == .admitted)
        #expect(policy.hear(WorkerID(7), key: b) == .malformed)
        #expect(policy.counts.malformedMessages == 1)
        policy.forget(WorkerID(7))
        #expect(policy.hear(WorkerID(7), key: b) == .admitted)
    }

    @Test func `A key that leaves the list takes its workers along, at once, in order`() throws {
        let (a, b) = (try key(1), try key(2))
        var policy = AccessPolicy(list: AllowList(workers: [a: "a", b: "b"]))
        for id in [9, 3, 5] { #expect(policy.hear(WorkerID(UInt64(id)), key: id == 5 ? b : a) == .admitted) }
        #expect(policy.replace(AllowList(workers: [b: "b"], revoked: [a])) == [WorkerID(3), WorkerID(9)])
        #expect(policy.hear(WorkerID(3), key: a) == .barred)
        #expect(policy.hear(WorkerID(5), key: b) == .admitted)
        #expect(policy.replace(AllowList(workers: [b: "b"], revoked: [a])) == [])
    }

    @Test func `Names do not fill the memory`() throws {
        let a = try key(1)
        var policy = AccessPolicy(list: AllowList(workers: [a: "a"]))
        for id in 0..<UInt64(AccessPolicy.maxWorkers) { _ = policy.hear(WorkerID(id), key: a) }
        #expect(policy.hear(WorkerID(1 << 40), key: a) == .malformed)
        #expect(policy.hear(WorkerID(0), key: a) == .admitted)
        #expect(policy.keys.count == AccessPolicy.maxWorkers)
    }

    @Test func `Connections in progress are no strangers; those that ended without a handshake are`() {
        #expect(ConnectionCount(accepted: 3, succeeded: 2, ended: 0).strangers(refused: 0) == 0)
        #expect(ConnectionCount(accepted: 3, succeeded: 2, ended: 1).strangers(refused: 0) == 1)
        #expect(ConnectionCount(accepted: 3, succeeded: 2, ended: 3).strangers(refused: 1) == 0)
        #expect(ConnectionCount(accepted: 5, succeeded: 5, ended: 5).strangers(refused: 0) == 0)
        // Five workers came and went, three connections were of nobody, and two are at their handshake.
        #expect(ConnectionCount(accepted: 10, succeeded: 5, ended: 8, spoken: 5).strangers(refused: 0) == 3)
        #expect(ConnectionCount(accepted: 7, succeeded: 5, ended: 5, spoken: 5).strangers(refused: 0) == 0)
    }

    @Test func `A worker that is turned away waits longer and longer, and says so once`() {
        var retry = LinkRetry()
        var waits: [Int64] = []
        for attempt in 0..<7 {
            #expect(retry.failed(.keyRefused, at: 100) == (attempt == 0))
            waits.append((retry.deadline ?? 0) - 100)
            #expect(retry.failed(.keyRefused, at: 5000) == false)
            #expect(retry.deadline == 100 + waits[attempt])
            retry.triedAgain()
        }
        #expect(waits == [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
        #expect(retry.failed(.keysOnOneSide, at: 0) == true)
        // The sides race to find out: the vaguer news is none any more.
        let vague = (0..<4).map { retry.failed(.brokenOff, at: $0) }
        #expect(!vague.contains(true) && retry.reported == .keysOnOneSide)
        retry.connected()
        #expect(retry == LinkRetry())
        // ZeroMQ tries again by itself where the other end broke off; once says nothing.
        let reply = (0..<4).map { retry.failed(.brokenOff, at: $0) }
        #expect(reply == [false, false, true, false] && retry.deadline == nil)
    }

    @Test func `A worker that was let in before blames the coordinator's silence, not its keys`() {
        let reply = ConnectionFailure.brokenOff.message(endpoint: "tcp://h:1", hasKeys: true, wasLetIn: true)
        #expect(reply.contains("may have stopped") && !reply.contains("coordinator.public"))
        for hasKeys in [true, false] {
            #expect(
                ConnectionFailure.brokenOff.message(endpoint: "tcp://h:1", hasKeys: hasKeys).contains("key"))
        }
    }

    @Test
    func `A request to a coordinator that takes no more connections fails and does not wait for ever`() throws
    {
        let index = try KeyTests.KeyWorkspace()
        let listener = try ControlListener(in: index.folder)
        var waiting: [ControlClient] = []
        let error = #expect(throws: ControlError.self) {
            for _ in 0..<100 { waiting.append(try ControlClient(in: index.folder, patience: 50)) }
        }
        #expect(error?.code == EAGAIN && error?.isForbidden == false)
        let client = try #require(waiting.first)
        #expect(client.send("status") && !client.hears(within: 0))
        let request = try #require(listener.requests().first)
        #expect(request.text == "status")
        listener.answer(request, "{}")
        #expect(client.hears(within: 5000) && client.receive() == "{}")
    }
}
