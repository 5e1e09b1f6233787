import Foundation
import Testing
import Transport
import Wire

@Suite("Programs of unlike versions") struct VersionTests {
    @Test("A coordinator refuses a worker of another protocol, tells it, and goes on")
    func otherWorker() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 70_000), to: "s.yaml")
        let coordinator = try work.start(
            "ranksweep", ["run", "s.yaml", "--out", "r", "--listen", "tcp://127.0.0.1:\(fixedPort())"])
        let address = try coordinator.listeningAddress()
        let socket = try WorkerSocket(connectingTo: Endpoint(parsing: address), as: WorkerID(7))
        try eventually("it is connected") { socket.news().contains(.connected) }
        #expect(socket.send([wireVersion - 1, 0, 1, 2, 3]))
        let told =
            "warning: a worker was refused: it speaks version \(wireVersion - 1) of the protocol, the "
            + "coordinator version \(wireVersion)"
        try eventually("the user is told") { coordinator.errors.contains(told) }
        // By its first byte the other side knows our version, whatever else it can read.
        var answer: [UInt8]?
        try eventually("the worker is told") {
            answer = answer ?? socket.receive()
            return answer != nil
        }
        #expect(answer?.first == wireVersion)
        coordinator.signal(SIGTERM)
        #expect(try coordinator.wait().code == 3)
    }

    @Test("A worker ends at once where the coordinator speaks another protocol")
    func otherCoordinator() throws {
        let work = try Workspace()
        let socket = try CoordinatorSocket(listeningAt: Endpoint(loopbackPort: nil))
        let worker = try work.start("ranksweep-worker", ["--connect", socket.endpoint, "--slots", "1"])
        var sender: WorkerID?
        try eventually("it says hello") {
            sender = sender ?? socket.receive()?.worker
            return sender != nil
        }
        #expect(socket.send([wireVersion + 1, 0], to: try #require(sender)))
        let end = try worker.wait()
        #expect(end.code == 2)
        #expect(
            end.errors.contains(
                "error: the coordinator speaks version \(wireVersion + 1) of the protocol, this worker "
                    + "\(wireVersion): use the same version of ranksweep on both sides"), "\(end.errors)")
    }
}
