import Foundation
import Testing
import Wire

@testable import Transport

@Suite struct TransportTests {
    @Test(arguments: [
        ("tcp://127.0.0.1:5555", "127.0.0.1", 5555, true), ("tcp://localhost:1", "localhost", 1, false),
        ("tcp://127.evil.example:1", "127.evil.example", 1, false),
        ("tcp://node-7.cluster:65535", "node-7.cluster", 65535, false),
        ("tcp://[::1]:80", "[::1]", 80, true),
        ("tcp://0.0.0.0:5555", "0.0.0.0", 5555, false),
    ])
    func `An address is taken apart`(text: String, host: String, port: UInt16, loopback: Bool) throws {
        let endpoint = try Endpoint(parsing: text)
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
        #expect(endpoint.isLoopback == loopback)
        #expect(endpoint.text == text)
    }

    @Test(arguments: [
        "", "5555", "127.0.0.1:5555", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:*", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1", "tcp://:5555", "ipc://x:1",
        "tcp://a b:1", "tcp://a;b:1", "tcp://::1:80", "tcp://127.0.0.1:5555/x",
    ])
    func `Text that is no address is refused`(text: String) {
        #expect(throws: TransportError.badEndpoint(text)) { try Endpoint(parsing: text) }
    }

    @Test func `A listener may leave the port open`() throws {
        #expect(try Endpoint(parsing: "tcp://127.0.0.1:*", anyPort: true).port == nil)
        #expect(try Endpoint(parsing: "tcp://127.0.0.1:0", anyPort: true).port == nil)
    }

    @Test func `Messages go both ways, each worker known by its identity`() throws {
        let coordinator = try CoordinatorSocket(listeningAt: Endpoint(loopbackPort: nil))
        let endpoint = try Endpoint(parsing: coordinator.endpoint)
        let first = try WorkerSocket(connectingTo: endpoint, as: WorkerID(1))
        let second = try WorkerSocket(connectingTo: endpoint, as: WorkerID(UInt64.max))
        #expect(sendOnceConnected(first, [1, 2, 3]))
        let one = try #require(next(coordinator))
        #expect(one.worker == WorkerID(1) && one.bytes == [1, 2, 3])
        #expect(sendOnceConnected(second, []))
        let two = try #require(next(coordinator))
        #expect(two.worker == WorkerID(UInt64.max) && two.bytes.isEmpty)
        #expect(coordinator.send([9], to: WorkerID(UInt64.max)))
        #expect(next(second) == [9])
        #expect(first.receive() == nil)
    }

    @Test func `A worker that connects anew is heard, though its old connection still seems alive`() throws {
        let coordinator = try CoordinatorSocket(listeningAt: Endpoint(loopbackPort: nil))
        let endpoint = try Endpoint(parsing: coordinator.endpoint)
        let old = try WorkerSocket(connectingTo: endpoint, as: WorkerID(1))
        #expect(sendOnceConnected(old, [1]))
        #expect(next(coordinator)?.bytes == [1])
        let new = try WorkerSocket(connectingTo: endpoint, as: WorkerID(1))
        #expect(sendOnceConnected(new, [2]))
        let heard = try #require(next(coordinator))
        #expect(heard.worker == WorkerID(1) && heard.bytes == [2])
        withExtendedLifetime(old) {}
    }

    @Test
    func `A peer that sends parts without end is cut off and counted, while others are served`() throws {
        let coordinator = try CoordinatorSocket(listeningAt: Endpoint(loopbackPort: nil))
        let endpoint = try Endpoint(parsing: coordinator.endpoint)
        // ZMTP 3.0 by hand (ZeroMQ RFC 23): ZeroMQ itself sends no message before its end.
        let peer = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(peer) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = try #require(endpoint.port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(peer, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(status == 0)
        _ = fcntl(peer, F_SETFL, O_NONBLOCK)
        func property(_ name: String, _ value: [UInt8]) -> [UInt8] {
            [UInt8(name.utf8.count)] + Array(name.utf8) + [0, 0, 0, UInt8(value.count)] + value
        }
        let ready =
            [5] + Array("READY".utf8) + property("Socket-Type", Array("DEALER".utf8))
            + property("Identity", WorkerID(5).routingID)
        var greeting: [UInt8] = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0] + Array("NULL".utf8)
        greeting += [UInt8](repeating: 0, count: 64 - greeting.count)
        var bytes = greeting + [4, UInt8(ready.count)] + ready
        // A part of a mebibyte, and more to come: again and again.
        let part = [3, 0, 0, 0, 0, 0, 0x10, 0, 0] + [UInt8](repeating: 7, count: 1 << 20)
        let other = try WorkerSocket(connectingTo: endpoint, as: WorkerID(6))
        #expect(
            sendOnceConnected(other, [1]) { _ = waitForInput(coordinator, descriptors: [], milliseconds: 0) })
        var (sent, looked, isCutOff) = (0, 0, false)
        while sent < 1 << 30, !isCutOff {
            _ = waitForInput(coordinator, descriptors: [], milliseconds: 0)
            while let message = coordinator.receive() {
                #expect(message.worker == WorkerID(6))
                #expect(other.send([1]))
            }
            if bytes.isEmpty { bytes = part }
            let count = send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                sent += count
                bytes.removeFirst(count)
            } else {
                isCutOff = errno != EAGAIN
                usleep(1000)
            }
            // As a clock would: some ten megabytes between two looks.
            if sent / 10_000_000 > looked {
                looked += 1
                coordinator.endEndlessMessages()
            }
        }
        #expect(isCutOff && sent > 64 << 20 && sent < 200 << 20)
        #expect(coordinator.refusals.malformedMessages == 1)
    }

    @Test func `Only who goes on without a whole message is cut off`() {
        var unfinished = UnfinishedMessageLimit()
        var received: [Int32: UInt64] = [1: 0, 2: 0, 3: 0]
        for descriptor in received.keys.sorted() { unfinished.opened(descriptor) }
        func look() -> [Int32] { unfinished.look { received[$0] ?? 0 } }
        #expect(look() == [])
        for turn in 1...10 {
            // One delivers, one is silent, one sends and never ends.
            received[1] = UInt64(turn) * 50_000_000
            unfinished.delivered(1)
            received[3] = UInt64(turn) * 10_000_000
            #expect(look() == (turn == 7 ? [3] : []))
        }
        // Its number belongs to another connection by now, which begins anew.
        unfinished.opened(3)
        received[3] = 10
        #expect(look() == [])
        received[3] = 67_108_874
        #expect(look() == [])
        received[3] = 67_108_875
        unfinished.closed(2)
        #expect(look() == [3])
    }

    @Test func `A message of a mebibyte arrives whole`() throws {
        let coordinator = try CoordinatorSocket(listeningAt: Endpoint(loopbackPort: nil))
        let worker = try WorkerSocket(
            connectingTo: try Endpoint(parsing: coordinator.endpoint), as: WorkerID(7))
        let bytes = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(sendOnceConnected(worker, bytes))
        #expect(next(coordinator)?.bytes == bytes)
    }

    @Test func `A worker learns of each connection, also after its coordinator was away`() throws {
        var coordinator: CoordinatorSocket? = try CoordinatorSocket(listeningAt: Endpoint(loopbackPort: nil))
        let endpoint = try Endpoint(parsing: try #require(coordinator).endpoint)
        let worker = try WorkerSocket(connectingTo: endpoint, as: WorkerID(7))
        func isConnected() -> Bool {
            for _ in 0..<100 {
                if worker.news().contains(.connected) { return true }
                _ = waitForInput(worker, descriptors: [], milliseconds: 100)
            }
            return false
        }
        #expect(isConnected())
        #expect(worker.news().isEmpty)
        coordinator = nil
        coordinator = try CoordinatorSocket(listeningAt: endpoint)
        #expect(isConnected())
        withExtendedLifetime(coordinator) {}
    }

    @Test func `Sending to a worker that is not there says so`() throws {
        let coordinator = try CoordinatorSocket(listeningAt: Endpoint(loopbackPort: nil))
        #expect(!coordinator.send([1], to: WorkerID(5)))
    }

    @Test func `Nothing is sent to a coordinator that is away`() throws {
        let coordinator = try CoordinatorSocket(listeningAt: Endpoint(loopbackPort: nil))
        let endpoint = try Endpoint(parsing: coordinator.endpoint)
        withExtendedLifetime(coordinator) {}
        let other = Endpoint(loopbackPort: try #require(endpoint.port) == 1 ? 2 : 1)
        let worker = try WorkerSocket(connectingTo: other, as: WorkerID(5))
        #expect(!worker.send([1]))
    }

    @Test func `Two coordinators cannot listen at one address`() throws {
        let coordinator = try CoordinatorSocket(listeningAt: Endpoint(loopbackPort: nil))
        let endpoint = try Endpoint(parsing: coordinator.endpoint)
        #expect {
            _ = try CoordinatorSocket(listeningAt: endpoint)
        } throws: { error in
            (error as? TransportError)?.message.contains("Address already in use") == true
        }
        withExtendedLifetime(coordinator) {}
    }

    /// The harm that a stranger's program may do to an open port.
    @Test func `Garbage on the port does no harm`() throws {
        let coordinator = try CoordinatorSocket(listeningAt: Endpoint(loopbackPort: nil))
        let endpoint = try Endpoint(parsing: coordinator.endpoint)
        for greeting in ["GET / HTTP/1.1\r\n\r\n", "\u{0}\u{0}\u{0}", String(repeating: "x", count: 100_000)]
        {
            let connection = stranger(at: endpoint, saying: Array(greeting.utf8))
            #expect(connection >= 0)
            close(connection)
        }
        let worker = try WorkerSocket(connectingTo: endpoint, as: WorkerID(3))
        #expect(sendOnceConnected(worker, [42]))
        #expect(next(coordinator)?.bytes == [42])
    }

    @Test func `A child program gets its descriptors and says how it ended`() throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        let started = ChildProgram.start(
            "/bin/sh", ["-c", "echo $WORD >&3; exit 7"], environment: ["WORD=hello"],
            descriptors: [(ours: ends[1], theirs: 3)])
        let child = try #require(started)
        close(ends[1])
        #expect(child.wait() == .exited(7))
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(ends[0], &bytes, bytes.count)
        #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == "hello\n")
        close(ends[0])
        // Bytes in our environment that are no text reach it as they are.
        setenv("RANKSWEEP_TEST_BYTES", [CChar](bitPatterns: [0x61, 0xff]), 1)
        defer { unsetenv("RANKSWEEP_TEST_BYTES") }
        let other = try #require(
            ChildProgram.start(
                "/bin/sh", ["-c", "test \"$RANKSWEEP_TEST_BYTES\" = \"$(printf 'a\\377')\""], environment: [])
        )
        #expect(other.wait() == .exited(0))
        let killed = try #require(ChildProgram.start("/bin/sleep", ["60"], environment: []))
        #expect(killed.endIfEnded() == nil)
        killed.send(signal: SIGKILL)
        #expect(killed.wait() == .killed(signal: SIGKILL))
        #expect(ChildProgram.start("/nowhere/at/all", [], environment: []) == nil)
    }
}

extension [CChar] {
    /// A C string of these bytes.
    fileprivate init(bitPatterns bytes: [UInt8]) { self = bytes.map { CChar(bitPattern: $0) } + [0] }
}
