import Testing
import Wire

@testable import Transport

@Suite struct AddressTests {
    private func resolved(_ text: String, _ addresses: [String]) throws -> Endpoint {
        try Endpoint(parsing: text, anyPort: true).resolved { _ throws(TransportError) in addresses }
    }

    @Test func `A name is its first IPv4 address, else its first IPv6 one; it keeps its text`() throws {
        let both = try resolved("tcp://head:5", ["[fe80::1]", "10.0.0.7", "10.0.0.8"])
        #expect(both.address == "10.0.0.7" && both.text == "tcp://head:5" && !both.isLoopback)
        #expect(both.bound == "tcp://10.0.0.7:5")
        let six = try resolved("tcp://head:*", ["[2001:db8::1]"])
        #expect(six.bound == "tcp://[2001:db8::1]:*" && !six.isLoopback)
    }

    @Test func `Whether others reach it is what a name stands for, not how it reads`() throws {
        #expect(try resolved("tcp://head:5", ["127.0.1.1"]).isLoopback)
        #expect(try resolved("tcp://head:5", ["[::1]"]).isLoopback)
        #expect(try !resolved("tcp://localhost:5", ["10.0.0.7"]).isLoopback)
        #expect(try !resolved("tcp://127.evil.example:5", ["203.0.113.9"]).isLoopback)
        #expect(try !Endpoint(parsing: "tcp://localhost:5").isLoopback)
    }

    @Test(arguments: ["127.0.0.1", "10.1.2.3", "[::1]", "0.0.0.0", "*"])
    func `Numbers and every address are looked up nowhere`(host: String) throws {
        let endpoint = try Endpoint(parsing: "tcp://\(host):5").resolved { name throws(TransportError) in
            throw .unknownName(name, detail: "it was asked for")
        }
        #expect(endpoint.address == host)
    }

    @Test func `A network card stands for its address: no other machine reaches the loopback's`() throws {
        let loopback = try Endpoint(parsing: "tcp://lo:*", anyPort: true).resolved()
        #expect(loopback.isLoopback && loopback.bound == "tcp://127.0.0.1:*" && loopback.text == "tcp://lo:*")
        // The reader of the address may be on another machine.
        #expect(try CoordinatorSocket(listeningAt: loopback).endpoint.hasPrefix("tcp://127.0.0.1:"))
    }

    @Test func `An unknown name is an error that says so`() throws {
        let error = #expect(throws: TransportError.self) {
            try Endpoint(parsing: "tcp://no-such-machine.invalid:5").resolved()
        }
        #expect(error?.message.hasPrefix("the name 'no-such-machine.invalid' is not known here (") == true)
        #expect(throws: TransportError.unknownName("head", detail: "it has no address")) {
            try resolved("tcp://head:5", [])
        }
    }

    private static let hosts = ["localhost"] + (hasIPv6 ? ["[::1]"] : [])
    private static let hasIPv6 =
        (try? CoordinatorSocket(listeningAt: Endpoint(parsing: "tcp://[::1]:*", anyPort: true))) != nil

    @Test(arguments: hosts) func `Messages go both ways at a name and at an IPv6 address`(host: String) throws
    {
        let listener = try CoordinatorSocket(
            listeningAt: Endpoint(parsing: "tcp://\(host):*", anyPort: true).resolved())
        #expect(listener.endpoint.hasPrefix("tcp://\(host):"))
        let worker = try WorkerSocket(
            connectingTo: Endpoint(parsing: listener.endpoint).resolved(), as: WorkerID(3))
        #expect(sendOnceConnected(worker, [1, 2]))
        let message = try #require(next(listener))
        #expect(message.bytes == [1, 2])
    }
}
