import Foundation
import Testing
import Wire

@testable import Transport

/// Real sockets on loopback.
@Suite struct SecureSocketTests {
    let pair: KeyPair
    let worker: WorkerKeys

    init() throws {
        pair = try KeyPair.fresh()
        worker = WorkerKeys(pair: try KeyPair.fresh(), coordinator: pair.publicKey)
    }

    private func listener(_ list: AllowList? = nil) throws -> CoordinatorSocket {
        let list = list ?? AllowList(workers: [worker.pair.publicKey: "a"])
        return try CoordinatorSocket(
            listeningAt: Endpoint(loopbackPort: nil), keys: CoordinatorKeys(pair: pair, list: list))
    }

    private func connect(
        _ coordinator: CoordinatorSocket, _ keys: WorkerKeys?, _ id: UInt64 = 1
    ) throws -> WorkerSocket {
        try WorkerSocket(
            connectingTo: try Endpoint(parsing: coordinator.endpoint), as: WorkerID(id), keys: keys)
    }

    private func tend(_ coordinator: CoordinatorSocket) {
        _ = waitForInput(coordinator, descriptors: [], milliseconds: 0)
    }

    /// The next failure that the worker hears of, while the coordinator serves; nil after ten seconds.
    private func failure(_ worker: WorkerSocket, _ coordinator: CoordinatorSocket) -> ConnectionFailure? {
        for _ in 0..<1000 {
            tend(coordinator)
            for news in worker.news() { if case .failed(let trouble) = news { return trouble } }
            usleep(10_000)
        }
        return nil
    }

    private func eventually(_ coordinator: CoordinatorSocket, _ holds: () -> Bool) -> Bool {
        for _ in 0..<1000 {
            tend(coordinator)
            if holds() { return true }
            usleep(10_000)
        }
        return false
    }

    @Test func `A worker with the right key is let in, and messages go both ways`() throws {
        let coordinator = try listener()
        let socket = try connect(coordinator, worker)
        #expect(sendOnceConnected(socket, [1, 2]) { tend(coordinator) })
        #expect(next(coordinator)?.bytes == [1, 2])
        #expect(coordinator.send([3], to: WorkerID(1)))
        #expect(next(socket) == [3])
        #expect(coordinator.refusals.isZero)
    }

    @Test func `The bytes on the wire are not those of the messages`() throws {
        let coordinator = try listener()
        let real = try Endpoint(parsing: coordinator.endpoint)
        // A stranger's eyes: a relay between the two that keeps what passes.
        let relay = try Relay(to: real)
        let socket = try WorkerSocket(
            connectingTo: try Endpoint(parsing: "tcp://127.0.0.1:\(relay.port)"), as: WorkerID(1),
            keys: worker)
        let words = Array("the sweep's secret beta".utf8)
        #expect(sendOnceConnected(socket, words) { tend(coordinator) })
        #expect(next(coordinator)?.bytes == words)
        let seen = relay.seen
        #expect(seen.count > 200)
        #expect(Data(seen).range(of: Data(words)) == nil)
        #expect(Data(seen).range(of: Data("CURVE".utf8)) != nil)
    }

    @Test
    func `An unknown key is refused with a reason, and let in by a new socket once it is on the list`() throws
    {
        let coordinator = try listener(AllowList())
        let socket = try connect(coordinator, worker)
        #expect(failure(socket, coordinator) == .keyRefused)
        #expect(!socket.send([1]))
        #expect(coordinator.receive() == nil)
        #expect(coordinator.refusals.unknownKeys == 1 && coordinator.refusals.strangers == 0)
        #expect(coordinator.refusedKeys.map(\.key) == [worker.pair.publicKey])
        #expect(coordinator.refusedKeys.first?.address == "127.0.0.1")
        #expect(coordinator.replace(AllowList(workers: [worker.pair.publicKey: "a"])).isEmpty)
        try socket.connectAnew(keys: worker)
        #expect(sendOnceConnected(socket, [5]) { tend(coordinator) })
        #expect(next(coordinator)?.bytes == [5])
    }

    @Test
    func `A key revoked while its worker is connected: not heard any more, and not let in again`() throws {
        let other = WorkerKeys(pair: try KeyPair.fresh(), coordinator: pair.publicKey)
        let both = AllowList(workers: [worker.pair.publicKey: "a", other.pair.publicKey: "b"])
        let coordinator = try listener(both)
        let socket = try connect(coordinator, worker, 1)
        let second = try connect(coordinator, other, 2)
        #expect(sendOnceConnected(socket, [1]) { tend(coordinator) })
        #expect(next(coordinator)?.worker == WorkerID(1))
        // Connected, but not heard yet.
        let third = try connect(coordinator, worker, 3)
        #expect(eventually(coordinator) { third.news().contains(.connected) })
        let list = AllowList(workers: [other.pair.publicKey: "b"], revoked: [worker.pair.publicKey])
        #expect(coordinator.replace(list) == [WorkerID(1)])
        #expect(socket.send([2]) && third.send([3]))
        #expect(sendOnceConnected(second, [4]) { tend(coordinator) })
        let heard = try #require(next(coordinator))
        #expect(heard.worker == WorkerID(2) && heard.bytes == [4])
        var others = 0
        let areRefused = eventually(coordinator) {
            if coordinator.receive() != nil { others += 1 }
            return coordinator.refusals.revokedMessages == 2
        }
        #expect(areRefused && others == 0)
        // Both can be told why.
        #expect(Set(coordinator.takeBarred()) == [WorkerID(1), WorkerID(3)])
        #expect(coordinator.send([9], to: WorkerID(3)))
        #expect(next(third) == [9])
        let again = try connect(coordinator, worker, 4)
        #expect(failure(again, coordinator) == .keyRefused)
        #expect(coordinator.refusals.revokedKeys == 1)
    }

    @Test func `A worker that expects another coordinator does not talk to this one`() throws {
        let coordinator = try listener()
        let stranger = WorkerKeys(pair: worker.pair, coordinator: try KeyPair.fresh().publicKey)
        let socket = try connect(coordinator, stranger)
        #expect(failure(socket, coordinator) == .brokenOff)
        #expect(!socket.send([1]) && coordinator.receive() == nil)
        #expect(eventually(coordinator) { coordinator.refusals.strangers > 0 })
        #expect(coordinator.refusals.unknownKeys == 0)
    }

    @Test func `A worker without keys is not let in by a coordinator that has them`() throws {
        let coordinator = try listener()
        let socket = try connect(coordinator, nil)
        // Whichever side finds out first.
        let found = try #require(failure(socket, coordinator))
        #expect(found == .keysOnOneSide || found == .brokenOff)
        #expect(!socket.send([1]) && coordinator.receive() == nil)
        #expect(eventually(coordinator) { coordinator.refusals.strangers >= 1 })
    }

    @Test func `A worker with keys does not talk to a coordinator that has none`() throws {
        let coordinator = try CoordinatorSocket(listeningAt: Endpoint(loopbackPort: nil))
        let socket = try connect(coordinator, worker)
        // Whichever side finds out first.
        let found = try #require(failure(socket, coordinator))
        #expect(found == .keysOnOneSide || found == .brokenOff)
        #expect(!socket.send([1]) && coordinator.receive() == nil)
    }

    @Test
    func `Garbage, other protocols and half handshakes are counted, and workers are served meanwhile`() throws
    {
        let coordinator = try listener()
        let endpoint = try Endpoint(parsing: coordinator.endpoint)
        let greetings: [[UInt8]] = [
            Array("GET / HTTP/1.1\r\n\r\n".utf8), [UInt8](repeating: 255, count: 70), [], [0, 0, 0],
            // The first half of a greeting; a whole one, of the NULL mechanism; one of CURVE, then nonsense.
            [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f], Self.greeting("NULL"), Self.greeting("CURVE"),
            Self.greeting("CURVE") + [4, 0xff] + [UInt8](repeating: 7, count: 300),
            Self.greeting("CURVE") + [6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ]
        let most = 300
        for number in 0..<most {
            let connection = stranger(at: endpoint, saying: greetings[number % greetings.count])
            #expect(connection >= 0)
            if number % 50 == 0 { tend(coordinator) }
            close(connection)
        }
        let socket = try connect(coordinator, worker)
        #expect(sendOnceConnected(socket, [42]) { tend(coordinator) })
        #expect(next(coordinator)?.bytes == [42])
        #expect(eventually(coordinator) { coordinator.refusals.strangers == most })
        #expect(coordinator.refusals.unknownKeys == 0)
    }

    /// ZMTP 3.1's greeting: 64 bytes.
    static func greeting(_ mechanism: String) -> [UInt8] {
        let name = Array(mechanism.utf8)
        return [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1] + name
            + [UInt8](repeating: 0, count: 20 - name.count + 32)
    }
}

/// Passes one connection on, and keeps what it saw.
private final class Relay: Sendable {
    let port: UInt16
    private let lock = NSLock()
    nonisolated(unsafe) private var bytes: [UInt8] = []
    var seen: [UInt8] { lock.withLock { bytes } }

    init(to endpoint: Endpoint) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isUp = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 4) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard isUp else { throw POSIXError(.EADDRINUSE) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [weak self] in
            let near = accept(listener, nil, nil)
            close(listener)
            let far = stranger(at: endpoint)
            Thread.detachNewThread { [weak self] in Self.pass(far, near) { self?.keep($0) } }
            Self.pass(near, far) { self?.keep($0) }
        }
    }

    private func keep(_ chunk: ArraySlice<UInt8>) { lock.withLock { bytes += chunk } }

    private static func pass(_ from: Int32, _ to: Int32, _ keep: (ArraySlice<UInt8>) -> Void) {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(from, &chunk, chunk.count, 0)
            guard count > 0 else { break }
            keep(chunk[..<count])
            _ = send(to, chunk, count, Int32(MSG_NOSIGNAL))
        }
        shutdown(to, Int32(SHUT_RDWR))
    }
}
